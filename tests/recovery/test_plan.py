"""A plan says "possible" only where HostUp does, what would be lost, and what to do before."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostup_mcp.hostup.models import BackupList, Gate, RestoreSources, SnapshotList, Vps
from hostup_mcp.recovery.assessment import is_full
from hostup_mcp.recovery.findings import Reason, Source, Verdict
from hostup_mcp.recovery.plan import (
    Mode,
    Plan,
    plan_from_other_vps,
    plan_in_place,
    plan_new_cloud_vps,
    plan_snapshot,
)

from .listings import NOW, OPEN, backup, closed, dates, gates, listing, numbers

MODES = list(Mode)
OVERWRITING = [mode for mode in MODES if mode is not Mode.NEW_CLOUD_VPS]
UNKNOWN_DATES = [None, "", "yesterday", "2026-02-30T10:00:00Z", "2031-01-01T00:00:00.000Z"]
TWO_HOURS_AGO = "2026-04-27T10:00:00.000Z"
FULL = {"create": closed("No slots."), "used": 3, "limit": 3, "remaining": 0}
ROOM_IS_MADE = {"used": 3, "limit": 3, "remaining": 0}


def server(name: str | None = "web-01", **rest: Any) -> Vps:
    fields = {"name": name, "resources": {"storageGb": 80}} | rest
    return Vps.model_validate({"id": "vps_1", **fields})


def listed(
    *backups: dict[str, Any], other: dict[str, Any] | None = OPEN, **rest: Any
) -> BackupList:
    """A backup list with (or, for None, without) the gate of another server's backups."""
    plain = listing(*backups, **rest)
    gate = None if other is None else Gate.model_validate(other)
    actions = plain.actions.model_copy(update={"can_restore_from_another_vps": gate})
    return plain.model_copy(update={"actions": actions})


def sources(
    *backups: dict[str, Any], id_: str = "vps_2", size: float | None = None
) -> RestoreSources:
    sized = backups if size is None else [one | {"sizeGb": size} for one in backups]
    source = {"id": id_, "name": "old", "serviceStatus": "terminated", "sourceType": "retained"}
    return RestoreSources.model_validate({"sources": [source | {"backups": list(sized)}]})


def snapshot(name: str = "snap", **rest: Any) -> dict[str, Any]:
    return {
        "displayId": name,
        "name": name,
        "description": None,
        "createdAt": TWO_HOURS_AGO,
        "expiresAt": "2026-04-28T10:00:00.000Z",
        "includesMemoryState": False,
        "parentName": None,
    } | rest


def snapshots(
    *some: dict[str, Any], restore: dict[str, Any] | None = OPEN, **rest: Any
) -> SnapshotList:
    actions = {} if restore is None else {"canRestore": restore}
    return SnapshotList.model_validate({"data": list(some), "actions": actions} | rest)


def planned(
    mode: Mode,
    *,
    gate: dict[str, Any] | None = OPEN,
    there: bool = True,
    created: str | None = TWO_HOURS_AGO,
    vps: Vps | None = None,
    **rest: Any,
) -> Plan:
    """A plan of any mode, all well but for what is said; `gate` is the one that decides."""
    vps = vps or server()
    point = [backup(created=created)] if there else []
    match mode:
        case Mode.IN_PLACE:
            return plan_in_place(vps, listed(*point, restore=gate, **rest), "bkp_1", NOW)
        case Mode.NEW_CLOUD_VPS:
            return plan_new_cloud_vps(listed(*point, restore=gate, **rest), "bkp_1")
        case Mode.FROM_OTHER_VPS:
            own = listed(other=gate, **rest)
            return plan_from_other_vps(vps, own, sources(*point), "vps_2", "bkp_1", NOW)
        case Mode.SNAPSHOT:
            taken = [snapshot(createdAt=created)] if there else []
            own = listed(backup(), **rest)
            return plan_snapshot(vps, snapshots(*taken, restore=gate), own, "snap", NOW)


def from_other(size: float = 12.4, vps: Vps | None = None, own: BackupList | None = None) -> Plan:
    vps, own = vps or server(), own or listed()
    return plan_from_other_vps(vps, own, sources(backup(), size=size), "vps_2", "bkp_1", NOW)


def of_snapshot(**rest: Any) -> Plan:
    return plan_snapshot(server(), snapshots(snapshot(), **rest), listed(backup()), "snap", NOW)


def texts(plan: Plan) -> str:
    reasons = [reason.message for reason in plan.reasons]
    return "\n".join([*reasons, plan.lost, *plan.happens, *plan.first, *plan.alternatives])


def codes(plan: Plan) -> list[str | None]:
    return [reason.code for reason in plan.reasons]


# The verdict.


@pytest.mark.parametrize("mode", MODES)
def test_an_open_gate_and_something_to_go_back_to_make_it_possible(mode: Mode) -> None:
    plan = planned(mode)
    assert (plan.mode, plan.verdict) == (mode, Verdict.POSSIBLE)
    assert plan.reasons == (Reason(code=None, message="HostUp allows it.", source=Source.GATE),)


@pytest.mark.parametrize("mode", MODES)
def test_an_open_gate_is_quoted_where_it_says_something(mode: Mode) -> None:
    gate = {"allowed": True, "reason": "Slow today.", "code": "slow"}
    assert planned(mode, gate=gate).reasons == (
        Reason(code="slow", message="Slow today.", source=Source.GATE),
    )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("gate", "reason"),
    [
        (
            closed("An order is pending.", code="pending_order"),
            Reason(code="pending_order", message="An order is pending.", source=Source.GATE),
        ),
        (closed("Busy."), Reason(code=None, message="Busy.", source=Source.GATE)),
        (closed("Busy.", code=None), Reason(code=None, message="Busy.", source=Source.GATE)),
        (
            closed(code="new_code"),
            Reason(
                code="new_code",
                message="HostUp closed this with the code new_code and no explanation.",
                source=Source.GATE,
            ),
        ),
        (
            closed(),
            Reason(
                code=None, message="HostUp closed this and gave no reason.", source=Source.UNKNOWN
            ),
        ),
    ],
    ids=["reason and code", "reason", "null code", "code", "nothing"],
)
def test_a_closed_gate_blocks_with_what_hostup_says(
    mode: Mode, gate: dict[str, Any], reason: Reason
) -> None:
    plan = planned(mode, gate=gate)
    assert plan.verdict is Verdict.BLOCKED
    assert plan.reasons == (reason,)


@pytest.mark.parametrize(
    ("mode", "name"),
    [(Mode.FROM_OTHER_VPS, "canRestoreFromAnotherVps"), (Mode.SNAPSHOT, "canRestore")],
)
def test_a_gate_that_did_not_come_is_unknown_and_never_open(mode: Mode, name: str) -> None:
    plan = planned(mode, gate=None)
    assert plan.verdict is Verdict.UNKNOWN
    (reason,) = plan.reasons
    assert (reason.code, reason.source) == ("gate_missing", Source.UNKNOWN)
    assert f"no gate {name}," in reason.message


@pytest.mark.parametrize("mode", MODES)
def test_an_open_gate_without_anything_to_go_back_to_is_blocked(mode: Mode) -> None:
    plan = planned(mode, there=False)
    assert plan.verdict is Verdict.BLOCKED
    (reason,) = plan.reasons
    missing = "snapshot_missing" if mode is Mode.SNAPSHOT else "backup_missing"
    assert (reason.code, reason.source) == (missing, Source.STATE)
    assert "is not there (any more)" in reason.message


@pytest.mark.parametrize("mode", MODES)
def test_everything_that_blocks_is_told_at_once(mode: Mode) -> None:
    plan = planned(mode, gate=closed("Busy.", code="busy"), there=False)
    assert plan.verdict is Verdict.BLOCKED
    missing = "snapshot_missing" if mode is Mode.SNAPSHOT else "backup_missing"
    assert set(codes(plan)) == {"busy", missing}


@pytest.mark.parametrize("mode", [Mode.FROM_OTHER_VPS, Mode.SNAPSHOT])
def test_what_blocks_outweighs_a_missing_gate_and_both_are_told(mode: Mode) -> None:
    plan = planned(mode, gate=None, there=False)
    assert plan.verdict is Verdict.BLOCKED
    assert codes(plan)[-1] == "gate_missing"
    assert len(plan.reasons) == 2


@pytest.mark.parametrize("create", [OPEN, closed("No slots.")])
@pytest.mark.parametrize("mode", MODES)
def test_the_gate_for_making_backups_has_no_say_in_restoring(
    mode: Mode, create: dict[str, Any]
) -> None:
    assert planned(mode, create=create).verdict is Verdict.POSSIBLE


def test_the_gates_of_backups_have_no_say_in_snapshots() -> None:
    plan = planned(Mode.SNAPSHOT, restore=closed("Busy."), other=closed("Busy."))
    assert plan.verdict is Verdict.POSSIBLE


@pytest.mark.parametrize("mode", [Mode.IN_PLACE, Mode.NEW_CLOUD_VPS])
@pytest.mark.parametrize("other", [None, closed("Not from others.")])
def test_the_gate_of_other_servers_has_no_say_in_its_own_backups(
    mode: Mode, other: dict[str, Any] | None
) -> None:
    assert planned(mode, other=other).verdict is Verdict.POSSIBLE


# Another server's backup.


@pytest.mark.parametrize("other", [OPEN, None])
def test_a_server_that_may_not_be_restored_takes_no_other_backup_either(
    other: dict[str, Any] | None,
) -> None:
    own = listed(restore=closed("A restore is running.", code="running"), other=other)
    plan = from_other(own=own)
    assert plan.verdict is Verdict.BLOCKED
    assert plan.reasons[0] == Reason(
        code="running", message="A restore is running.", source=Source.GATE
    )
    assert ("gate_missing" in codes(plan)) is (other is None)


def test_an_open_gate_for_its_own_backups_does_not_open_that_for_others() -> None:
    plan = from_other(own=listed(restore=OPEN, other=closed("Not here.", code="no")))
    assert (plan.verdict, codes(plan)) == (Verdict.BLOCKED, ["no"])


@pytest.mark.parametrize(("source", "point"), [("vps_3", "bkp_1"), ("vps_2", "bkp_2")])
def test_a_backup_counts_only_together_with_its_source(source: str, point: str) -> None:
    offered = RestoreSources(
        sources=(
            *sources(backup("bkp_1")).sources,
            *sources(backup("bkp_2"), id_="vps_3").sources,
        )
    )
    plan = plan_from_other_vps(server(), listed(), offered, source, point, NOW)
    assert (plan.verdict, codes(plan)) == (Verdict.BLOCKED, ["backup_missing"])


def test_a_source_that_is_listed_twice_is_looked_through_twice() -> None:
    offered = RestoreSources(sources=(*sources().sources, *sources(backup()).sources))
    plan = plan_from_other_vps(server(), listed(), offered, "vps_2", "bkp_1", NOW)
    assert plan.verdict is Verdict.POSSIBLE


def test_the_backups_of_the_server_itself_are_none_of_another_one() -> None:
    plan = plan_from_other_vps(server(), listed(backup()), sources(), "vps_2", "bkp_1", NOW)
    assert codes(plan) == ["backup_missing"]


def test_a_backup_larger_than_the_disk_may_not_fit() -> None:
    plan = from_other(size=80.5)
    assert plan.verdict is Verdict.UNKNOWN
    (reason,) = plan.reasons
    assert (reason.code, reason.source) == ("may_not_fit", Source.UNKNOWN)
    assert "80.5 GB" in reason.message
    assert "80 GB" in reason.message


@pytest.mark.parametrize("size", [0, 12.4, 80, 80.0])
def test_a_backup_up_to_the_size_of_the_disk_fits(size: float) -> None:
    assert from_other(size=size).verdict is Verdict.POSSIBLE


def test_a_backup_that_may_not_fit_is_told_beside_what_blocks() -> None:
    plan = from_other(size=500, own=listed(other=closed("Busy.", code="busy")))
    assert plan.verdict is Verdict.BLOCKED
    assert codes(plan) == ["busy", "may_not_fit"]


def test_a_backup_that_may_not_fit_is_told_beside_a_missing_gate() -> None:
    plan = from_other(size=500, own=listed(other=None))
    assert plan.verdict is Verdict.UNKNOWN
    assert set(codes(plan)) == {"gate_missing", "may_not_fit"}


@pytest.mark.parametrize("resources", [None, {}, {"storageGb": None}, {"cpuCores": 2}])
def test_a_disk_of_unknown_size_is_not_taken_for_large_enough(
    resources: dict[str, Any] | None,
) -> None:
    plan = from_other(vps=server(resources=resources))
    assert plan.verdict is Verdict.UNKNOWN
    assert {reason.source for reason in plan.reasons} == {Source.UNKNOWN}


@pytest.mark.parametrize("mode", [Mode.IN_PLACE, Mode.NEW_CLOUD_VPS, Mode.SNAPSHOT])
def test_the_size_of_the_disk_matters_only_to_other_servers_backups(mode: Mode) -> None:
    assert planned(mode, vps=server(resources=None)).verdict is Verdict.POSSIBLE


def test_another_servers_backup_replaces_everything_and_leaves_that_server_alone() -> None:
    plan = from_other()
    assert plan.lost == (
        'Everything on "web-01" would be lost. It then holds the other server as it was '
        "2 hours ago."
    )
    happens = " ".join(plan.happens)
    assert "stopped" in happens
    assert "network settings" in happens
    assert "the other server is not touched" in happens


def test_another_servers_backup_of_just_now_is_dated_too() -> None:
    plan = planned(Mode.FROM_OTHER_VPS, created=NOW.isoformat())
    assert "as it was less than a minute ago" in plan.lost


@pytest.mark.parametrize("created", UNKNOWN_DATES)
def test_another_servers_backup_of_unknown_date_is_said_to_be_that(created: str | None) -> None:
    plan = planned(Mode.FROM_OTHER_VPS, created=created)
    assert plan.lost.startswith('Everything on "web-01" would be lost.')
    assert "unknown" in plan.lost


def test_another_servers_backup_that_is_gone_still_means_losing_everything() -> None:
    assert planned(Mode.FROM_OTHER_VPS, there=False).lost.startswith("Everything")


# Snapshots.


@pytest.mark.parametrize("expires", ["2026-04-27T12:00:00.000Z", "2026-04-27T11:59:59Z"])
def test_a_snapshot_past_its_time_may_be_gone_at_any_moment(expires: str) -> None:
    some = snapshots(snapshot(expiresAt=expires))
    plan = plan_snapshot(server(), some, listed(), "snap", NOW)
    assert plan.verdict is Verdict.UNKNOWN
    (reason,) = plan.reasons
    assert (reason.code, reason.source) == ("snapshot_expired", Source.UNKNOWN)
    assert expires in reason.message


@pytest.mark.parametrize("expires", [None, "", "tomorrow", "2026-04-27T12:00:01Z"])
def test_a_snapshot_that_is_there_and_not_known_to_be_over_counts(expires: str | None) -> None:
    some = snapshots(snapshot(expiresAt=expires))
    assert plan_snapshot(server(), some, listed(), "snap", NOW).verdict is Verdict.POSSIBLE


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("Your plan has none.", "Your plan has none."),
        (None, "This server has no snapshots."),
        ("", "This server has no snapshots."),
    ],
)
def test_a_server_without_snapshots_is_blocked_however_open_the_gate(
    reason: str | None, told: str
) -> None:
    plan = of_snapshot(available=False, reason=reason)
    assert plan.verdict is Verdict.BLOCKED
    assert plan.reasons == (Reason(code="no_snapshots", message=told, source=Source.STATE),)


def test_a_plan_without_any_snapshot_slot_has_no_snapshots() -> None:
    plan = of_snapshot(limits={"totalSnapshots": 0})
    assert plan.verdict is Verdict.BLOCKED
    assert "no_snapshots" in [reason.code for reason in plan.reasons]
    assert of_snapshot(limits={"totalSnapshots": 3}).verdict is Verdict.POSSIBLE


@pytest.mark.parametrize("said", [{}, {"available": None}, {"available": True, "reason": "Fine."}])
def test_snapshots_that_are_not_said_to_be_missing_block_nothing(said: dict[str, Any]) -> None:
    assert of_snapshot(**said).verdict is Verdict.POSSIBLE


def test_all_that_blocks_a_snapshot_is_told_together() -> None:
    some = snapshots(restore=closed("Busy.", code="busy"), available=False)
    plan = plan_snapshot(server(), some, listed(), "snap", NOW)
    assert plan.verdict is Verdict.BLOCKED
    assert codes(plan) == ["busy", "no_snapshots", "snapshot_missing"]


def test_a_snapshot_past_its_time_is_told_beside_what_blocks() -> None:
    some = snapshots(
        snapshot(expiresAt="2026-04-27T11:00:00Z"), restore=closed("Busy.", code="busy")
    )
    plan = plan_snapshot(server(), some, listed(), "snap", NOW)
    assert (plan.verdict, codes(plan)) == (Verdict.BLOCKED, ["busy", "snapshot_expired"])


def test_snapshots_are_told_apart_by_their_names() -> None:
    some = snapshots(snapshot("a", createdAt=None), snapshot("b"))
    assert "2 hours" in plan_snapshot(server(), some, listed(), "b", NOW).lost
    assert plan_snapshot(server(), some, listed(), "A", NOW).verdict is Verdict.BLOCKED


@pytest.mark.parametrize(
    ("memory", "told"), [(True, "runs on from there"), (False, "as after a power cut")]
)
def test_a_snapshot_with_memory_runs_on_and_one_without_starts_afresh(
    memory: bool, told: str
) -> None:
    some = snapshots(snapshot(includesMemoryState=memory))
    happens = plan_snapshot(server(), some, listed(), "snap", NOW).happens
    assert told in " ".join(happens)
    assert len(happens) == 2


# What is lost.


@pytest.mark.parametrize("mode", [Mode.IN_PLACE, Mode.SNAPSHOT])
def test_what_was_written_since_would_be_lost(mode: Mode) -> None:
    assert planned(mode).lost == (
        'Everything written on "web-01" since 2026-04-27T10:00:00.000Z: 2 hours of changes.'
    )


@pytest.mark.parametrize("mode", [Mode.IN_PLACE, Mode.SNAPSHOT])
@pytest.mark.parametrize("created", UNKNOWN_DATES)
def test_a_loss_since_an_unknown_date_is_unknown_and_no_reason_against(
    mode: Mode, created: str | None
) -> None:
    plan = planned(mode, created=created)
    assert plan.verdict is Verdict.POSSIBLE
    assert plan.lost.startswith('Everything written on "web-01" since then.')
    assert plan.lost.endswith("how much is unknown.")


@pytest.mark.parametrize("mode", [Mode.IN_PLACE, Mode.SNAPSHOT])
def test_a_date_a_little_ahead_of_this_clock_is_now(mode: Mode) -> None:
    created = (NOW + timedelta(minutes=5)).isoformat()
    assert planned(mode, created=created).lost.endswith("less than a minute of changes.")


@pytest.mark.parametrize("mode", [Mode.IN_PLACE, Mode.SNAPSHOT])
def test_what_going_back_to_nothing_would_destroy_is_unknown(mode: Mode) -> None:
    assert planned(mode, there=False).lost == "Unknown: what to go back to was not found."


@pytest.mark.parametrize("mode", OVERWRITING)
@pytest.mark.parametrize("name", [None, ""])
def test_a_server_without_a_name_is_called_the_server(mode: Mode, name: str | None) -> None:
    assert "Everything " in planned(mode, vps=server(name)).lost
    assert " on the server " in planned(mode, vps=server(name)).lost


@pytest.mark.parametrize("mode", OVERWRITING)
def test_a_name_cannot_leave_its_quotes(mode: Mode) -> None:
    lost = planned(mode, vps=server('x". Nothing is lost. "')).lost
    assert '"x\\". Nothing is lost. \\""' in lost


@pytest.mark.parametrize("gate", [OPEN, closed("Busy.")])
@pytest.mark.parametrize("mode", OVERWRITING)
def test_what_would_be_lost_is_told_for_a_closed_gate_too(mode: Mode, gate: dict[str, Any]) -> None:
    assert planned(mode, gate=gate).lost == planned(mode).lost


# A new server.


@pytest.mark.parametrize("gate", [OPEN, closed("Busy.")])
@pytest.mark.parametrize("there", [True, False])
def test_a_new_server_loses_nothing_and_costs_money(gate: dict[str, Any], there: bool) -> None:
    plan = planned(Mode.NEW_CLOUD_VPS, gate=gate, there=there, **FULL)
    assert plan.lost.startswith("Nothing")
    assert "stays as it is" in plan.lost
    happens = " ".join(plan.happens)
    assert "costs money" in happens
    assert "address of its own" in happens
    assert "DNS" in happens
    assert (plan.first, plan.alternatives) == ((), ())


@pytest.mark.parametrize("created", UNKNOWN_DATES)
def test_a_new_server_may_be_built_from_a_backup_of_unknown_date(created: str | None) -> None:
    assert planned(Mode.NEW_CLOUD_VPS, created=created).verdict is Verdict.POSSIBLE


# What comes first.


@pytest.mark.parametrize("mode", OVERWRITING)
def test_the_present_state_is_backed_up_first_where_gate_and_quota_allow(mode: Mode) -> None:
    (step,) = planned(mode).first
    assert step.startswith("Back up the present state first")


OLD, NEW = "2026-04-20T10:00:00Z", "2026-04-27T10:00:00Z"


@pytest.mark.parametrize(
    ("dates_", "point", "told"),
    [
        # going back to the newest, the oldest goes; to the oldest, it would take itself away
        ([OLD, NEW], "bkp_1", "bkp_0 of 2026-04-20T10:00:00Z. Whether"),
        ([OLD, NEW], "bkp_0", "which is the one to go back to. So no backup"),
        ([None, NEW], "bkp_1", "which may be the one to go back to. So no backup"),
        ([None, NEW], "bkp_0", "which may be the one to go back to. So no backup"),
    ],
)
def test_a_backup_made_first_must_not_push_out_the_way_back(
    dates_: list[str | None], point: str, told: str
) -> None:
    """The gate is open though the slots are full: HostUp deletes the oldest by itself."""
    (step,) = plan_in_place(server(), listed(*three(*dates_), **ROOM_IS_MADE), point, NOW).first
    assert "HostUp may remove the oldest" in step
    assert told in step
    assert "Back up the present state first" not in step


@pytest.mark.parametrize("mode", OVERWRITING)
@pytest.mark.parametrize(
    ("create", "why"),
    [
        (closed("The server is suspended."), "The server is suspended."),
        (closed(code="pending_order"), "pending_order"),
        (closed(), "gave no reason"),
    ],
)
def test_where_the_present_state_cannot_be_backed_up_it_says_why(
    mode: Mode, create: dict[str, Any], why: str
) -> None:
    (step,) = planned(mode, create=create).first
    assert step.startswith("The present state cannot be backed up now: ")
    assert why in step


def steps(own: BackupList) -> tuple[str, ...]:
    """What comes first on a way back that is none of the server's own backups."""
    return plan_snapshot(server(), snapshots(snapshot()), own, "snap", NOW).first


def three(*dates_: str | None) -> list[dict[str, Any]]:
    return [backup(f"bkp_{n}", created) for n, created in enumerate(dates_)]


def test_where_the_slots_are_full_the_oldest_backup_is_named_and_left_to_the_person() -> None:
    some = three("2026-04-26T10:00:00Z", "2026-04-20T10:00:00Z", "2026-04-27T10:00:00Z")
    _, slot = steps(listed(*some, **FULL))
    assert "All 3 slots are in use" in slot
    assert "bkp_1 of 2026-04-20T10:00:00Z" in slot
    assert "the person's choice" in slot


def test_where_the_slots_are_full_what_is_named_is_the_same_for_each_way_back() -> None:
    point = backup("bkp_9", "2026-04-27T11:00:00Z")
    own = listed(backup("bkp_old", "2026-04-20T10:00:00Z"), point, **FULL)
    offered = sources(backup())
    for plan in (
        plan_in_place(server(), own, "bkp_9", NOW),
        plan_from_other_vps(server(), own, offered, "vps_2", "bkp_1", NOW),
        plan_snapshot(server(), snapshots(snapshot()), own, "snap", NOW),
    ):
        assert "bkp_old of 2026-04-20T10:00:00Z" in plan.first[1]


@pytest.mark.parametrize(
    "numbers_",
    [
        {"used": 3, "limit": None, "remaining": None},
        {"used": 3, "limit": 4, "remaining": 1},
        {"used": 2, "limit": 3, "remaining": None},
        {"used": 3, "limit": 3, "remaining": 1},
    ],
)
def test_where_the_slots_are_not_known_to_be_full_no_backup_is_named(
    numbers_: dict[str, int | None],
) -> None:
    some = three("2026-04-26T10:00:00Z", "2026-04-20T10:00:00Z", "2026-04-27T10:00:00Z")
    (step,) = steps(listed(*some, create=closed("Busy."), **numbers_))  # type: ignore[arg-type]
    assert "bkp_" not in step


@pytest.mark.parametrize("created", UNKNOWN_DATES)
def test_a_backup_of_unknown_date_is_never_named_as_the_oldest(created: str | None) -> None:
    own = listed(backup("bkp_x", created), backup("bkp_y", created), **FULL)
    (step,) = steps(own)
    assert "bkp_" not in step


def test_beside_backups_of_unknown_date_the_oldest_is_only_that_of_known_dates() -> None:
    own = listed(*three(None, "2026-04-20T10:00:00Z", "2026-04-27T10:00:00Z"), **FULL)
    slot = steps(own)[1]
    assert "bkp_1 of 2026-04-20T10:00:00Z" in slot
    assert "oldest dated backup" in slot or "known date" in slot


def test_full_slots_without_a_backup_name_none() -> None:
    (step,) = steps(listed(**FULL))
    assert "slots" not in step or "No slots." in step


@pytest.mark.parametrize("others", [[], ["2026-04-26T10:00:00Z", "2026-04-27T10:00:00Z"]])
def test_the_backup_to_go_back_to_is_never_named_as_the_one_that_may_go(
    others: list[str],
) -> None:
    own = listed(backup("bkp_way_back", "2026-04-20T10:00:00Z"), *three(*others), **FULL)
    first = plan_in_place(server(), own, "bkp_way_back", NOW).first
    assert first[0].startswith("The present state cannot be backed up now")
    assert "bkp_way_back" not in " ".join(first)


# Ways that risk less.


def test_ways_that_risk_less_are_named_for_a_backup_over_its_server() -> None:
    alternatives = " ".join(planned(Mode.IN_PLACE).alternatives)
    assert "new_cloud_vps" in alternatives
    assert "paid" in alternatives
    assert "list_vps_snapshots" in alternatives


def test_a_new_server_risks_less_than_another_servers_backup() -> None:
    assert "new_cloud_vps" in " ".join(from_other().alternatives)


@pytest.mark.parametrize("there", [True, False])
def test_a_new_server_is_offered_beside_a_snapshot_where_there_is_a_backup(there: bool) -> None:
    own = listed(backup()) if there else listed()
    plan = plan_snapshot(server(), snapshots(snapshot()), own, "snap", NOW)
    assert ("new_cloud_vps" in " ".join(plan.alternatives)) is there


@pytest.mark.parametrize("mode", [Mode.IN_PLACE, Mode.SNAPSHOT])
def test_a_new_server_is_not_offered_where_hostup_restores_nothing(mode: Mode) -> None:
    own = listed(backup(), restore=closed("A restore is running."))
    if mode is Mode.IN_PLACE:
        plan = plan_in_place(server(), own, "bkp_1", NOW)
    else:
        plan = plan_snapshot(server(), snapshots(snapshot()), own, "snap", NOW)
    assert plan_new_cloud_vps(own, "bkp_1").verdict is Verdict.BLOCKED
    assert "new_cloud_vps" not in " ".join(plan.alternatives)


def test_a_new_server_is_not_offered_where_there_is_no_backup_to_build_it_from() -> None:
    plan = plan_in_place(server(), listed(), "bkp_1", NOW)
    assert "new_cloud_vps" not in " ".join(plan.alternatives)


# All together.


def test_a_plan_leaves_in_the_words_of_the_api() -> None:
    plan = planned(Mode.IN_PLACE)
    dumped = plan.model_dump(by_alias=True, mode="json")
    assert (dumped["mode"], dumped["verdict"]) == ("in_place", "possible")
    assert dumped["reasons"] == [{"code": None, "message": "HostUp allows it.", "source": "gate"}]
    assert set(dumped) == {
        "mode",
        "verdict",
        "reasons",
        "lost",
        "happens",
        "first",
        "alternatives",
    }


def test_a_restore_does_not_promise_that_the_server_is_started_again() -> None:
    happens = " ".join(planned(Mode.IN_PLACE).happens)
    assert "does not say whether it is started again" in happens
    assert "down meanwhile" in happens


ids = st.sampled_from(["bkp_1", "bkp_2", "bkp_3"])
some_backups = st.lists(st.builds(backup, ids, dates), max_size=4)
maybe_gates = st.none() | gates
sizes = st.sampled_from([0, 1, 12.4, 79.9, 80, 80.1, 10**9]) | st.floats(0, 1e12)
servers = st.builds(
    server,
    st.none() | st.text(max_size=10),
    resources=st.none()
    | st.fixed_dictionaries({}, optional={"storageGb": st.none() | sizes})
    | st.just({"storageGb": 80}),
)
own_listings = st.builds(
    lambda backups, **rest: listed(*backups, **rest),
    some_backups,
    restore=gates,
    create=gates,
    other=maybe_gates,
    used=numbers,
    limit=st.none() | numbers,
    remaining=st.none() | numbers,
)
offers = st.builds(
    lambda backups, id_, size: sources(*backups, id_=id_, size=size),
    some_backups,
    st.sampled_from(["vps_2", "vps_3"]),
    sizes,
)
snapshot_lists = st.builds(
    lambda some, **rest: snapshots(*some, **rest),
    st.lists(
        st.builds(
            lambda name, created, expires, memory: snapshot(
                name, createdAt=created, expiresAt=expires, includesMemoryState=memory
            ),
            st.sampled_from(["snap", "other"]),
            dates,
            dates,
            st.booleans(),
        ),
        max_size=3,
    ),
    restore=maybe_gates,
    available=st.none() | st.booleans(),
    reason=st.none() | st.text(max_size=10),
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(servers, own_listings, offers, snapshot_lists, st.sampled_from(MODES))
def test_no_plan_ever_promises_what_hostup_did_not_allow(
    vps: Vps, own: BackupList, offered: RestoreSources, taken: SnapshotList, mode: Mode
) -> None:
    mine = [one for one in own.backups if one.id == "bkp_1"]
    theirs = [s.backups for s in offered.sources if s.id == "vps_2"]
    deciding: list[Gate | None] = [own.actions.can_restore]
    match mode:
        case Mode.IN_PLACE:
            plan, there = plan_in_place(vps, own, "bkp_1", NOW), bool(mine)
        case Mode.NEW_CLOUD_VPS:
            plan, there = plan_new_cloud_vps(own, "bkp_1"), bool(mine)
        case Mode.FROM_OTHER_VPS:
            plan = plan_from_other_vps(vps, own, offered, "vps_2", "bkp_1", NOW)
            there = any(one.id == "bkp_1" for some in theirs for one in some)
            deciding.append(own.actions.can_restore_from_another_vps)
        case Mode.SNAPSHOT:
            plan = plan_snapshot(vps, taken, own, "snap", NOW)
            there = any(one.name == "snap" for one in taken.data)
            deciding = [taken.actions.can_restore]
            there = there and taken.available is not False

    blocked = not there or any(gate is not None and not gate.allowed for gate in deciding)
    assert (plan.verdict is Verdict.BLOCKED) is blocked
    if None in deciding:
        assert plan.verdict is not Verdict.POSSIBLE
    if plan.verdict is Verdict.POSSIBLE:
        assert all(reason.source is Source.GATE for reason in plan.reasons)
    if plan.verdict is Verdict.UNKNOWN:
        assert all(reason.source is Source.UNKNOWN for reason in plan.reasons)
    assert plan.reasons
    assert all(reason.message for reason in plan.reasons)
    assert plan.lost
    assert plan.happens
    assert bool(plan.first) is (mode is not Mode.NEW_CLOUD_VPS)
    assert "delete" not in texts(plan).lower()
    assert Plan.model_validate_json(plan.model_dump_json(by_alias=True)) == plan


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.sampled_from(OVERWRITING), dates)
def test_a_loss_is_either_measured_or_called_unknown(mode: Mode, created: str | None) -> None:
    lost = planned(mode, created=created).lost
    measured = any(unit in lost for unit in ("minute", "hour", "day", "year"))
    assert measured is not ("unknown" in lost)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(own_listings)
def test_what_comes_first_names_no_slot_to_free_while_a_backup_can_be_made(own: BackupList) -> None:
    told = steps(own)
    gate = own.actions.can_create_backup
    made = "All slots read" if is_full(own.quota_info) and own.backups else "Back up"
    assert told[0].startswith(made if gate.allowed else "The present state cannot")
    assert len(told) == 1 or not gate.allowed
    assert len(told) == 1 or own.backups
