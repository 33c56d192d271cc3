"""Whether a server can be restored, and why (not): every situation that a person may be in."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hostup.documents import listings as documents  # type: ignore[import-not-found]
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hostup_mcp.hostup.models import Backup, BackupList, QuotaInfo
from hostup_mcp.hostup.text import clean_json
from hostup_mcp.recovery.assessment import (
    assess,
    assess_create,
    assess_restore,
    describe_quota,
    is_full,
    newest_first,
    overwrites,
)
from hostup_mcp.recovery.findings import Reason, Source, Verdict
from hostup_mcp.recovery.gates import ASK_HOSTUP

from .listings import NOW, backup, backup_tuples, closed, listing, listings

SLOTS = " All backup slots are in use; the panel sells more."


def quota(used: int, limit: int | None, remaining: int | None) -> QuotaInfo:
    return QuotaInfo(used=used, limit=limit, remaining=remaining)


# Restoring.


def test_an_open_gate_and_a_backup_make_a_restore_possible() -> None:
    restore = assess_restore(listing(backup()), NOW)
    assert restore.verdict is Verdict.POSSIBLE
    assert restore.reasons == (Reason(code=None, message="HostUp allows it.", source=Source.GATE),)
    assert restore.to_unblock is None
    assert restore.overwrites is not None
    assert restore.overwrites.backup_id == "bkp_1"


def test_an_open_gate_is_quoted_where_it_says_something() -> None:
    gate = {"allowed": True, "reason": "Restores are slow today.", "code": "slow"}
    (reason,) = assess_restore(listing(backup(), restore=gate), NOW).reasons
    assert reason == Reason(code="slow", message="Restores are slow today.", source=Source.GATE)


def test_an_open_gate_without_backups_is_no_way_back() -> None:
    restore = assess_restore(listing(), NOW)
    assert restore.verdict is Verdict.BLOCKED
    (reason,) = restore.reasons
    assert (reason.code, reason.source) == ("no_backups", Source.STATE)
    assert restore.to_unblock is not None
    assert "holds only the present state" in restore.to_unblock
    assert restore.overwrites is None


def test_a_closed_gate_stays_closed_however_many_backups_there_are() -> None:
    gate = closed("A restore is running.", code="job_running")
    many = [backup(f"bkp_{n}") for n in range(20)]
    restore = assess_restore(listing(*many, restore=gate), NOW)
    assert restore.verdict is Verdict.BLOCKED
    assert restore.reasons == (
        Reason(code="job_running", message="A restore is running.", source=Source.GATE),
    )
    assert restore.to_unblock is not None
    assert restore.to_unblock.endswith(ASK_HOSTUP)
    assert restore.overwrites is not None


def test_a_closed_gate_without_reason_and_code_is_said_to_give_none() -> None:
    restore = assess_restore(listing(backup(), restore=closed()), NOW)
    assert restore.verdict is Verdict.BLOCKED
    assert restore.reasons == (
        Reason(code=None, message="HostUp closed this and gave no reason.", source=Source.UNKNOWN),
    )
    assert restore.to_unblock is not None
    assert "not known" in restore.to_unblock


def test_a_pending_order_is_unblocked_by_the_order() -> None:
    gate = closed("There is a pending order.", code="pending_order")
    restore = assess_restore(listing(backup(), restore=gate), NOW)
    assert restore.reasons[0].code == "pending_order"
    assert restore.reasons[0].message == "There is a pending order."
    assert restore.to_unblock == (
        "The pending order has to be completed or cancelled in HostUp's panel."
    )


def test_a_closed_gate_without_backups_has_both_reasons() -> None:
    gate = closed("There is a pending order.", code="pending_order")
    restore = assess_restore(listing(restore=gate), NOW)
    assert [reason.code for reason in restore.reasons] == ["pending_order", "no_backups"]
    assert restore.to_unblock is not None
    assert "pending order" in restore.to_unblock
    assert "There has to be a backup" in restore.to_unblock


def test_the_gate_for_creating_has_no_say_in_restoring() -> None:
    both = assess(listing(backup(), create=closed("Full."), used=3, remaining=0), NOW)
    assert both.restore.verdict is Verdict.POSSIBLE
    assert both.create.verdict is Verdict.BLOCKED


def test_the_gate_for_restoring_has_no_say_in_creating() -> None:
    both = assess(listing(backup(), restore=closed("Busy.")), NOW)
    assert both.restore.verdict is Verdict.BLOCKED
    assert both.create.verdict is Verdict.POSSIBLE


# What a restore overwrites.


def test_what_was_written_since_the_newest_backup_would_be_lost() -> None:
    old, new = backup("bkp_old", "2026-04-20T10:00:00.000Z"), backup("bkp_new")
    lost = assess_restore(listing(old, new), NOW).overwrites
    assert lost is not None
    assert lost.backup_id == "bkp_new"
    assert lost.since == "2026-04-27T10:00:00.000Z"
    assert lost.span == "2 hours"
    assert "2026-04-27T10:00:00.000Z" in lost.message
    assert "2 hours" in lost.message


def test_what_would_be_lost_is_told_for_a_closed_gate_too() -> None:
    assert assess_restore(listing(backup(), restore=closed()), NOW).overwrites is not None


@pytest.mark.parametrize("created", [None, "yesterday", "", "2026-02-30T10:00:00Z"])
def test_a_loss_since_an_unknown_date_is_unknown_and_not_small(created: str | None) -> None:
    lost = overwrites(Backup.model_validate(backup(created=created)), NOW)
    assert lost.span is None
    assert lost.since == created
    assert lost.message.endswith("When that was is unknown.")


def test_a_date_in_the_future_is_not_believed() -> None:
    lost = overwrites(Backup.model_validate(backup(created="2026-05-01T10:00:00.000Z")), NOW)
    assert lost.span is None
    assert lost.since == "2026-05-01T10:00:00.000Z"


def test_a_date_a_little_ahead_of_this_clock_is_now() -> None:
    lost = overwrites(Backup.model_validate(backup(created="2026-04-27T12:05:00.000Z")), NOW)
    assert lost.span == "less than a minute"


# The order.


def ids(*backups: dict[str, Any]) -> list[str]:
    return [one.id for one in newest_first(listing(*backups).backups)]


def test_backups_are_told_newest_first_and_unknown_dates_last() -> None:
    assert ids(
        backup("unknown", None),
        backup("old", "2026-04-01T10:00:00Z"),
        backup("unreadable", "last week"),
        backup("new", "2026-04-27T10:00:00Z"),
        backup("middle", "2026-04-26T23:00:00-05:00"),
    ) == ["new", "middle", "old", "unknown", "unreadable"]


def test_backups_of_the_same_date_keep_their_order() -> None:
    assert ids(backup("c"), backup("a"), backup("b")) == ["c", "a", "b"]
    assert ids(backup("c", None), backup("a", "?"), backup("b", None)) == ["c", "a", "b"]


def test_one_moment_in_two_time_zones_is_one_date() -> None:
    assert ids(backup("a", "2026-04-27T10:00:00Z"), backup("b", "2026-04-27T12:00:00+02:00")) == [
        "a",
        "b",
    ]


def test_the_first_moment_of_the_calendar_is_still_a_known_date() -> None:
    assert ids(backup("unknown", None), backup("first", "0001-01-01T00:00:00Z")) == [
        "first",
        "unknown",
    ]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(backup_tuples)
def test_ordering_loses_nothing_and_puts_unknown_dates_last(backups: tuple[Backup, ...]) -> None:
    ordered = newest_first(backups)
    assert sorted(map(id, ordered)) == sorted(map(id, backups))
    known = [one.created for one in ordered if one.created is not None]
    assert known == sorted(known, reverse=True)
    assert all(one.created is None for one in ordered[len(known) :])
    places = {id(one): place for place, one in enumerate(backups)}
    for one, following in pairwise(ordered):
        if one.created == following.created:
            assert places[id(one)] < places[id(following)]


# Creating.


def test_an_open_gate_makes_a_backup_possible() -> None:
    create = assess_create(listing())
    assert create.verdict is Verdict.POSSIBLE
    assert create.reasons == (Reason(code=None, message="HostUp allows it.", source=Source.GATE),)
    assert create.to_unblock is None


def test_an_open_gate_decides_where_the_quota_reads_full() -> None:
    create = assess_create(listing(used=3, limit=3, remaining=0))
    assert create.verdict is Verdict.POSSIBLE
    assert create.to_unblock is None
    gate, full = create.reasons
    assert gate.source is Source.GATE
    assert (full.code, full.source) == ("quota_reads_full", Source.STATE)
    assert full.message == (
        "The quota reads as full (3 of 3 used, 0 left), but the gate decides. "
        "HostUp may remove the oldest backup to make room."
    )


def test_a_closed_gate_decides_where_the_quota_reads_free() -> None:
    create = assess_create(listing(create=closed("The server is suspended.")))
    assert create.verdict is Verdict.BLOCKED
    assert [reason.message for reason in create.reasons] == ["The server is suspended."]
    assert create.to_unblock is not None
    assert "slots" not in create.to_unblock


def test_a_closed_gate_with_a_full_quota_says_where_there_are_more_slots() -> None:
    create = assess_create(listing(create=closed("No slots."), used=3, limit=3, remaining=0))
    assert create.verdict is Verdict.BLOCKED
    assert create.to_unblock is not None
    assert create.to_unblock.endswith(SLOTS)


def test_a_pending_order_blocks_a_backup_like_a_restore() -> None:
    create = assess_create(listing(create=closed(None, code="pending_order")))
    assert create.reasons[0].code == "pending_order"
    assert create.to_unblock == (
        "The pending order has to be completed or cancelled in HostUp's panel."
    )


# The quota.


@pytest.mark.parametrize(
    ("numbers", "full", "described"),
    [
        ((1, 3, 2), False, "1 of 3 used, 2 left"),
        ((3, 3, 0), True, "3 of 3 used, 0 left"),
        ((4, 3, -1), True, "4 of 3 used, -1 left"),
        ((0, 0, 0), True, "0 of 0 used, 0 left"),
        ((3, 3, None), True, "3 of 3 used, how many are left is not stated"),
        ((2, 3, None), False, "2 of 3 used, how many are left is not stated"),
        ((3, None, None), False, "3 used, no limit stated, how many are left is not stated"),
        ((3, None, 2), False, "3 used, no limit stated, 2 left"),
        ((3, None, 0), True, "3 used, no limit stated, 0 left"),
        ((3, 3, 1), False, "3 of 3 used, 1 left"),
    ],
)
def test_a_number_that_did_not_come_is_neither_full_nor_unlimited(
    numbers: tuple[int, int | None, int | None], full: bool, described: str
) -> None:
    assert is_full(quota(*numbers)) is full
    assert describe_quota(quota(*numbers)) == described
    assert "unlimited" not in described


# Advice.


def test_a_fresh_dated_backup_needs_no_advice() -> None:
    assert assess(listing(backup()), NOW).advice == ()


def test_a_snapshot_is_brought_up_where_no_backup_is_from_the_last_day() -> None:
    (advice,) = assess(listing(backup(created="2026-04-26T11:59:59Z")), NOW).advice
    assert "A snapshot may be another way back" in advice
    assert "24 hours" in advice


def test_a_backup_of_just_a_day_still_counts_as_of_the_last_day() -> None:
    assert assess(listing(backup(created="2026-04-26T12:00:00Z")), NOW).advice == ()


def test_a_snapshot_is_brought_up_where_there_are_no_backups() -> None:
    (advice,) = assess(listing(), NOW).advice
    assert advice.startswith("No backup is known to be from the last day.")


@pytest.mark.parametrize(
    ("created", "told", "place"),
    [
        (None, "Some dates are unknown: those backups are listed last", -1),
        ("yesterday", "Some dates are unknown: those backups are listed last", -1),
        ("2027-01-01T00:00:00Z", "Some dates lie in the future: those backups are listed first", 0),
    ],
)
def test_a_date_that_is_no_help_is_pointed_out_with_its_place(
    created: str | None, told: str, place: int
) -> None:
    odd, snapshots = assess(listing(backup(created=created)), NOW).advice
    assert odd.startswith(told)
    assert snapshots.startswith("No backup is known")
    both = listing(backup("bkp_odd", created), backup("bkp_good"))
    assert assess(both, NOW).advice == (odd,)
    assert newest_first(both.backups)[place].id == "bkp_odd"


# All together.


def test_an_assessment_leaves_in_the_words_of_the_api() -> None:
    found = assess(listing(backup()), NOW)
    dumped = found.model_dump(by_alias=True, mode="json")
    assert found.restore.overwrites is not None
    assert dumped["restore"] == {
        "verdict": "possible",
        "reasons": [{"code": None, "message": "HostUp allows it.", "source": "gate"}],
        "toUnblock": None,
        "overwrites": {
            "backupId": "bkp_1",
            "since": "2026-04-27T10:00:00.000Z",
            "span": "2 hours",
            "message": found.restore.overwrites.message,
        },
    }


moments = st.datetimes(timezones=st.just(UTC))


@settings(max_examples=250, deadline=None, derandomize=True)
@given(listings, moments | st.just(NOW))
@example(listing(backup(created="9999-12-31T23:59:59Z")), datetime.min.replace(tzinfo=UTC))
@example(listing(backup(created="0001-01-01T00:00:00Z")), datetime.max.replace(tzinfo=UTC))
def test_a_verdict_never_promises_what_the_platform_refuses(
    some: BackupList, now: datetime
) -> None:
    found = assess(some, now)
    if not some.actions.can_restore.allowed or not some.backups:
        assert found.restore.verdict is not Verdict.POSSIBLE
    else:
        assert found.restore.verdict is Verdict.POSSIBLE
    assert (found.create.verdict is Verdict.POSSIBLE) is some.actions.can_create_backup.allowed
    for explanation in (found.restore, found.create):
        assert explanation.reasons
        assert all(reason.message for reason in explanation.reasons)
        assert (explanation.to_unblock is None) is (explanation.verdict is Verdict.POSSIBLE)
    assert (found.restore.overwrites is None) is (not some.backups)
    if found.restore.overwrites is not None:
        assert found.restore.overwrites.backup_id in {one.id for one in some.backups}


@settings(max_examples=250, deadline=None, derandomize=True)
@given(listings)
def test_what_a_gate_says_comes_through_as_it_came(some: BackupList) -> None:
    for gate, reasons in (
        (some.actions.can_restore, assess_restore(some, NOW).reasons),
        (some.actions.can_create_backup, assess_create(some).reasons),
    ):
        if gate.allowed:
            continue
        assert (reasons[0].code or None) == (gate.code or None)
        if gate.reason:
            assert reasons[0].message == gate.reason


@settings(max_examples=100, deadline=None, derandomize=True)
@given(documents, st.timedeltas(timedelta(days=-4000), timedelta(days=4000)))
def test_every_answer_that_the_page_permits_can_be_assessed(
    document: dict[str, Any], later: timedelta
) -> None:
    some = BackupList.model_validate(clean_json(document))
    found = assess(some, NOW + later)
    assert type(found).model_validate_json(found.model_dump_json(by_alias=True)) == found
