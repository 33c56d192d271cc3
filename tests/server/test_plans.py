"""A planId: made here, for one caller, for ten minutes; nothing else opens as one."""

import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from mcp.server.request_state import AESGCMRequestStateCodec

from hostup_mcp.hostup.models import Backup, Gate
from hostup_mcp.recovery.plan import Mode
from hostup_mcp.server.failures import Refusal
from hostup_mcp.server.plans import LIFE, PlanSealer, SealedPlan, digest, milliseconds

NOW = datetime(2026, 4, 27, 10, 0, tzinfo=UTC)
KEY, OTHER_KEY = os.urandom(32), os.urandom(32)
SEALER = PlanSealer([KEY])
IN_26 = "01hzy3v7k8q9m2n4p5r6s7t8w9"


def plan(**changes: Any) -> SealedPlan:
    known: dict[str, Any] = {
        "caller": "local",
        "vps_id": f"vps_{IN_26}",
        "mode": Mode.IN_PLACE,
        "point": f"bkp_{IN_26}",
        "facts": "0123456789abcdef",
        "issued": milliseconds(NOW),
    }
    return SealedPlan(**(known | changes))


def refused(plan_id: str, sealer: PlanSealer = SEALER, caller: str = "local") -> str:
    """The refusal of `plan_id`; what it says is the same for every sort of forgery."""
    with pytest.raises(Refusal) as refusal:
        sealer.open(plan_id, caller, NOW)
    failure = refusal.value.failure
    assert failure.kind == "plan_again"
    assert "Nothing was changed" in failure.message
    assert "plan_restore" in failure.next_step
    return failure.message


@pytest.mark.parametrize(
    "sealed",
    [
        plan(),
        plan(mode=Mode.SNAPSHOT, point="before-update"),
        plan(mode=Mode.FROM_OTHER_VPS, source_id="vps_source01"),
        plan(mode=Mode.NEW_CLOUD_VPS, wishes={"name": "again", "cpuCores": 4, "region": "4"}),
    ],
    ids=lambda p: p.mode,
)
def test_what_is_sealed_opens_as_it_was(sealed: SealedPlan) -> None:
    assert SEALER.open(SEALER.seal(sealed), "local", NOW) == sealed


@examples(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    wishes=st.dictionaries(st.text(max_size=9), st.integers(0, 2**40) | st.text(max_size=9)),
    point=st.text(max_size=40),
)
def test_whatever_is_planned_opens_as_it_was(wishes: dict[str, str | int], point: str) -> None:
    sealed = plan(mode=Mode.NEW_CLOUD_VPS, wishes=wishes, point=point)
    assert SEALER.open(SEALER.seal(sealed), "local", NOW) == sealed


def test_a_plan_is_no_older_than_a_backup_made_a_millisecond_before_it() -> None:
    made = NOW + timedelta(milliseconds=567)
    assert plan(issued=milliseconds(made)).issued_at == made


def test_a_plain_plan_is_short_enough_to_be_copied() -> None:
    assert len(SEALER.seal(plan())) < 400


def test_spaces_around_a_plan_id_do_not_matter() -> None:
    assert SEALER.open(f" {_fixed()}\n", "local", NOW) == plan(nonce="one")


def _fixed() -> str:
    return SEALER.seal(plan(nonce="one"))


def test_each_plan_is_one_of_its_own() -> None:
    first, second = plan(), plan()
    assert first.nonce != second.nonce
    assert SEALER.seal(first) != SEALER.seal(second)


def test_a_plan_id_tells_nothing_of_what_is_in_it() -> None:
    token = SEALER.seal(plan(caller="ann"))
    assert IN_26 not in token
    assert "ann" not in token


def test_a_plan_id_altered_anywhere_is_refused() -> None:
    token = _fixed()
    for position in range(len(token)):
        other = "A" if token[position] != "A" else "B"
        refused(token[:position] + other + token[position + 1 :])


def test_a_plan_id_cut_short_or_made_longer_is_refused() -> None:
    token = _fixed()
    for length in range(len(token)):
        refused(token[:length])
    for more in ("A", "=", "==", "AAAA", ".", "é"):
        refused(token + more)


@pytest.mark.parametrize(
    "made_up",
    ["", "v1", "v1.", "v1.AAAA", "v2.AAAA", "v1.é", "v1." + "A" * 2000, "yes", "\0", "null", "{}"],
)
def test_a_made_up_plan_id_is_refused(made_up: str) -> None:
    refused(made_up)


def test_two_halves_of_two_plans_are_no_plan() -> None:
    one, two = _fixed(), SEALER.seal(plan(nonce="two"))
    half = len(one) // 2
    refused(one[:half] + two[half:])


def test_a_plan_of_another_server_is_refused() -> None:
    refused(PlanSealer([OTHER_KEY]).seal(plan()))


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"k": "state", "q": {"yes": True}},
        {"v": 1, "method": "tools/call", "exp": 9_999_999_999, "state": "{}"},
        json.loads(plan().model_dump_json(by_alias=True)) | {"k": "state"},
        json.loads(plan().model_dump_json(by_alias=True)) | {"more": 1},
        json.loads(plan().model_dump_json(by_alias=True)) | {"m": "everything"},
        [],
        None,
        "plan",
    ],
)
def test_what_was_sealed_with_the_same_key_for_something_else_is_no_plan(payload: object) -> None:
    refused(AESGCMRequestStateCodec([KEY]).seal(json.dumps(payload).encode()))


def test_sealed_bytes_that_are_no_text_are_no_plan() -> None:
    refused(AESGCMRequestStateCodec([KEY]).seal(b"\xff\x00"))


def test_forgeries_of_every_sort_are_answered_alike() -> None:
    token = _fixed()
    said = {
        refused(token[:-2] + "AA"),
        refused(token[:9]),
        refused("made up"),
        refused(PlanSealer([OTHER_KEY]).seal(plan())),
        refused(AESGCMRequestStateCodec([KEY]).seal(b"{}")),
    }
    assert len(said) == 1


def test_a_plan_of_another_caller_is_refused() -> None:
    assert "another caller" in refused(SEALER.seal(plan(caller="ann")), caller="bob")
    assert SEALER.open(SEALER.seal(plan(caller="ann")), "ann", NOW).caller == "ann"


def test_a_plan_is_good_for_ten_minutes() -> None:
    assert timedelta(minutes=10) == LIFE
    token = SEALER.seal(plan())
    assert SEALER.open(token, "local", NOW + LIFE - timedelta(seconds=1))
    for late in (LIFE, LIFE + timedelta(days=400)):
        with pytest.raises(Refusal, match="expired"):
            SEALER.open(token, "local", NOW + late)


def test_replicas_with_the_same_key_open_each_others_plans() -> None:
    assert PlanSealer([KEY]).open(PlanSealer([KEY]).seal(plan()), "local", NOW)


def test_keys_can_be_changed_without_breaking_plans_under_way() -> None:
    old, both, new = (PlanSealer(k) for k in ([KEY], [OTHER_KEY, KEY], [OTHER_KEY]))
    assert both.open(old.seal(plan()), "local", NOW)
    assert new.open(both.seal(plan()), "local", NOW)
    refused(old.seal(plan()), new)


# The panel's ticket -------------------------------------------------------------------------------


def test_a_ticket_is_good_for_the_plan_that_it_was_made_with() -> None:
    first, second = plan(), plan()
    assert SEALER.is_ticket(SEALER.ticket(first), first)
    assert not SEALER.is_ticket(SEALER.ticket(first), second)


def test_a_ticket_is_no_plan_and_a_plan_no_ticket() -> None:
    made = plan()
    refused(SEALER.ticket(made))
    assert not SEALER.is_ticket(SEALER.seal(made), made)


def test_no_other_text_is_a_ticket() -> None:
    made = plan()
    ticket = SEALER.ticket(made)
    other = PlanSealer([OTHER_KEY]).ticket(made)
    for text in ("", "v1.", made.nonce, f"ticket:{made.nonce}", ticket[:-1], ticket + "A", other):
        assert not SEALER.is_ticket(text, made)


# The digest ---------------------------------------------------------------------------------------


def backup(**changes: Any) -> Backup:
    known = {
        "id": "bkp_a",
        "displayId": "d",
        "storageKey": "s",
        "createdAt": "2026-04-27T02:00:00Z",
        "sizeGb": 12.5,
        "backupType": "manual",
        "note": None,
    }
    return Backup.model_validate(known | changes)


OPEN = Gate(allowed=True, reason=None)


def test_the_same_facts_have_the_same_digest() -> None:
    again = Gate.model_validate({"reason": None, "allowed": True})
    assert digest(OPEN, backup()) == digest(again, backup())
    assert digest(OPEN, backup(x=1, y=2)) == digest(OPEN, backup(y=2, x=1))
    assert len(digest(OPEN, backup())) == 16


@pytest.mark.parametrize(
    "changed",
    [
        (Gate(allowed=False, reason=None), backup()),
        (Gate(allowed=True, reason="soon"), backup()),
        (Gate(allowed=True, reason=None, code="c"), backup()),
        (None, backup()),
        (OPEN, None),
        (backup(), OPEN),
        (OPEN, backup(), None),
        (OPEN, backup(id="bkp_b")),
        (OPEN, backup(createdAt="2026-04-27T02:00:01Z")),
        (OPEN, backup(createdAt=None)),
        (OPEN, backup(sizeGb=12.6)),
        (OPEN, backup(storageKey="t")),
        (OPEN, backup(note="n")),
        (OPEN, backup(status="corrupt")),
    ],
)
def test_any_fact_that_changes_changes_the_digest(changed: tuple[Any, ...]) -> None:
    assert digest(*changed) != digest(OPEN, backup())
