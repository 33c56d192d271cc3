"""Possible at HostUp is not possible here: each reason, and who can change it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.here import (
    Asks,
    ClientCannotAsk,
    Connection,
    Here,
    JobRunning,
    KeyRefused,
    Locked,
    Needs,
    RememberedUntil,
    UnlockBySetting,
    UnlockForCaller,
    find_lock,
    look_here,
)

NOW = datetime(2026, 4, 27, 12, tzinfo=UTC)
LATER = NOW + timedelta(minutes=4)
RESTORE = Needs(frozenset({"restore"}), Asks.IN_WINDOW_OR_PANEL)
BACKUP = Needs(frozenset({"create"}), Asks.IN_WINDOW)
FREE_SLOT = Needs(frozenset({"create"}), Asks.NEVER)
REFUSED = KeyRefused(NOW, "backup:vm", RememberedUntil(LATER))


def connection(**other: Any) -> Connection:
    """One that allows everything, but for what is said."""
    usual = {
        "unlocked": frozenset({"create", "restore"}),
        "unlocks_per_caller": False,
        "can_ask": True,
        "keeps_no_sessions": False,
        "shows_panel": False,
        "trusts_client": False,
        "is_store_available": True,
    }
    return Connection(**{**usual, **other})


def test_nothing_speaks_against_it() -> None:
    for needs in (RESTORE, BACKUP, FREE_SLOT):
        here = look_here(connection(), needs)
        assert (here.allowed, here.reasons) == (True, ())


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (
            {"unlocked": frozenset({"create"})},
            Locked(("restore",), UnlockBySetting("create,restore")),
        ),
        (
            {"unlocked": frozenset(), "unlocks_per_caller": True},
            Locked(("restore",), UnlockForCaller("restore")),
        ),
        ({"can_ask": False}, ClientCannotAsk(Code.USE_ASKING_CLIENT)),
        ({"can_ask": False, "keeps_no_sessions": True}, ClientCannotAsk(Code.USE_NEWER_CLIENT)),
        ({"is_store_available": False}, Code.STORE_UNAVAILABLE),
        ({"locked_until": LATER}, JobRunning(LATER)),
    ],
)
def test_each_reason_alone_forbids_it(other: dict[str, Any], reason: Any) -> None:
    here = look_here(connection(**other), RESTORE)
    assert (here.allowed, here.reasons) == (False, (reason,))


def test_a_refused_key_forbids_it() -> None:
    assert look_here(connection(), RESTORE, REFUSED).reasons == (REFUSED,)


def test_all_reasons_are_told() -> None:
    worst = connection(
        unlocked=frozenset(), can_ask=False, is_store_available=False, locked_until=LATER
    )
    codes = [
        reason if isinstance(reason, Code) else reason.code
        for reason in look_here(worst, RESTORE, REFUSED).reasons
    ]
    assert codes == [
        "locked",
        "client_cannot_ask",
        "key_refused",
        "store_unavailable",
        "job_running",
    ]


@pytest.mark.parametrize(
    ("asks", "can_ask", "shows_panel", "trusts_client", "allowed"),
    [
        (Asks.NEVER, False, False, False, True),
        (Asks.IN_WINDOW, True, False, False, True),
        (Asks.IN_WINDOW, False, True, False, False),
        (Asks.IN_WINDOW, False, False, True, True),
        (Asks.IN_WINDOW_OR_PANEL, False, True, False, True),
        (Asks.IN_WINDOW_OR_PANEL, True, False, False, True),
        (Asks.IN_WINDOW_OR_PANEL, False, False, True, True),
        (Asks.IN_WINDOW_OR_PANEL, False, False, False, False),
    ],
)
def test_who_can_be_asked_where(
    asks: Asks, can_ask: bool, shows_panel: bool, trusts_client: bool, allowed: bool
) -> None:
    here = connection(can_ask=can_ask, shows_panel=shows_panel, trusts_client=trusts_client)
    assert look_here(here, Needs(frozenset(), asks)).allowed is allowed
    assert here.asks_in_panel_only is (shows_panel and not can_ask and not trusts_client)


@given(st.sets(st.sampled_from("abcd")), st.sets(st.sampled_from("abcd")))
def test_unlocking_keeps_what_is_unlocked(unlocked: set[str], needed: set[str]) -> None:
    lock = find_lock(frozenset(unlocked), frozenset(needed), per_caller=False)
    assert set(lock.groups) == needed - unlocked
    assert set(filter(None, lock.how.allow.split(","))) == unlocked | needed


def test_the_panel_is_no_way_round_a_change() -> None:
    assert not Here().is_possible_elsewhere
    assert Here((Code.STORE_UNAVAILABLE,)).is_possible_elsewhere
    assert not Here((Code.STORE_UNAVAILABLE, JobRunning(LATER))).is_possible_elsewhere
