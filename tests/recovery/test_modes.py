"""A plan says "possible" only where HostUp does, what would be lost, and what to do before."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostup_mcp.hostup import requests
from hostup_mcp.hostup.models import BackupList, Gate, RestoreSources, SnapshotList, Vps
from hostup_mcp.hostup.requests import NewServer, WriteRequest
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.findings import (
    BackupSmall,
    BackupUnconfirmed,
    Changes,
    EverythingForState,
)
from hostup_mcp.recovery.here import Here
from hostup_mcp.recovery.modes import MODES
from hostup_mcp.recovery.modes.definition import Argument, Facts, Mode, Plan, Read, Target
from hostup_mcp.recovery.modes.from_other_vps import FROM_OTHER_VPS
from hostup_mcp.recovery.modes.in_place import IN_PLACE
from hostup_mcp.recovery.modes.new_cloud_vps import NEW_CLOUD_VPS
from hostup_mcp.recovery.modes.snapshot import SNAPSHOT
from hostup_mcp.recovery.reasons import (
    BackupMissing,
    GateClosed,
    GateMissing,
    GateOpen,
    MayNotFit,
    NoSnapshots,
    SizeMissing,
    SnapshotExpired,
    SnapshotMissing,
)
from hostup_mcp.recovery.situation import Situation, Suggestions
from hostup_mcp.recovery.suggestions import (
    BackedUp,
    BackUpFirst,
    CannotBackUp,
    Evicts,
    NewerSnapshot,
    NewServerFrom,
)
from hostup_mcp.recovery.verdicts import Source, Verdict

from .listings import (
    NOW,
    OPEN,
    backup,
    closed,
    dates,
    gates,
    listed,
    numbers,
    server,
    snapshot,
    snapshots,
    sources,
)

OWN_DISK = [Mode.IN_PLACE, Mode.SNAPSHOT]
UNKNOWN_DATES = [None, "", "yesterday", "2026-02-30T10:00:00Z", "2031-01-01T00:00:00.000Z"]
TWO_HOURS_AGO = "2026-04-27T10:00:00.000Z"
TWO_HOURS = timedelta(hours=2)
FULL = {"create": closed("No slots."), "limit": None, "remaining": 0}

NEW = NewServer("again-x", 4, 8, 80)
TARGETS = {
    Mode.IN_PLACE: Target("vps_1", "bkp_1"),
    Mode.FROM_OTHER_VPS: Target("vps_1", "bkp_1", "vps_2"),
    Mode.NEW_CLOUD_VPS: Target("vps_1", "bkp_1", options=NEW.options),
    Mode.SNAPSHOT: Target("vps_1", "snap"),
}
GATES = {
    Mode.IN_PLACE: "canRestore",
    Mode.FROM_OTHER_VPS: "canRestoreFromAnotherVps",
    Mode.NEW_CLOUD_VPS: "canRestore",
    Mode.SNAPSHOT: "canRestore",
}
MISSING = dict.fromkeys(Mode, BackupMissing()) | {Mode.SNAPSHOT: SnapshotMissing()}


def planned(
    mode: Mode,
    *,
    gate: dict[str, Any] | None = OPEN,
    there: bool = True,
    created: str | None = TWO_HOURS_AGO,
    vps: Vps | None = None,
    size: float = 12.4,
    **rest: Any,
) -> Plan:
    """A plan of any mode, all well but for what is said; `gate` is the one that decides."""
    point = [backup(created=created, size=size)] if there else []
    taken = [snapshot(createdAt=created)] if there else []
    if mode is Mode.FROM_OTHER_VPS:
        own = listed(other=gate, **rest)
    elif mode is Mode.SNAPSHOT:
        own = listed(backup(), **rest)
    else:
        own = listed(*point, restore=gate, **rest)
    offered, snaps = sources(*point), snapshots(*taken, restore=gate)
    facts = Facts(vps or server(), own, offered, snaps)
    return MODES[mode].plan(facts, TARGETS[mode], NOW)


def from_other(
    size: float | None = 12.4, vps: Vps | None = None, own: BackupList | None = None
) -> Plan:
    facts = Facts(vps or server(), own or listed(), sources(backup(size=size)))
    return FROM_OTHER_VPS.plan(facts, TARGETS[Mode.FROM_OTHER_VPS], NOW)


def of_snapshot(taken: SnapshotList, own: BackupList | None = None) -> Plan:
    facts = Facts(server(), own or listed(backup()), snapshots=taken)
    return SNAPSHOT.plan(facts, TARGETS[Mode.SNAPSHOT], NOW)


# The table.


def test_modes_are_keyed_by_name() -> None:
    assert set(MODES) == set(Mode)
    assert all(definition.mode is mode for mode, definition in MODES.items())


def test_each_mode_says_what_it_needs() -> None:
    needs = {mode: set(definition.needs) for mode, definition in MODES.items()}
    assert needs == {
        Mode.IN_PLACE: {Argument.BACKUP_ID},
        Mode.FROM_OTHER_VPS: {Argument.BACKUP_ID, Argument.SOURCE_VPS_ID},
        Mode.NEW_CLOUD_VPS: {Argument.BACKUP_ID},
        Mode.SNAPSHOT: {Argument.SNAPSHOT_NAME},
    }
    assert [m for m, d in MODES.items() if d.builds_server] == [Mode.NEW_CLOUD_VPS]
    assert {m: set(d.reads) for m, d in MODES.items() if d.reads} == {
        Mode.FROM_OTHER_VPS: {Read.SOURCES},
        Mode.NEW_CLOUD_VPS: {Read.PAYG},
        Mode.SNAPSHOT: {Read.SNAPSHOTS},
    }
    assert [m for m, d in MODES.items() if d.goes_back_to != "backup"] == [Mode.SNAPSHOT]
    assert SNAPSHOT.goes_back_to == "snapshot"


@pytest.mark.parametrize(
    ("mode", "request_"),
    [
        (Mode.IN_PLACE, requests.restore_backup("vps_1", "bkp_1")),
        (Mode.FROM_OTHER_VPS, requests.restore_from_vps("vps_1", "vps_2", "bkp_1")),
        (
            Mode.NEW_CLOUD_VPS,
            requests.restore_to_payg("vps_1", "bkp_1", NEW),
        ),
        (Mode.SNAPSHOT, requests.restore_snapshot("vps_1", "snap")),
    ],
)
def test_each_mode_sends_its_request(mode: Mode, request_: WriteRequest) -> None:
    assert MODES[mode].request(TARGETS[mode]) == request_
    assert MODES[mode].scopes == request_.scopes
    assert json.dumps(request_.body)


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.NEW_CLOUD_VPS])
def test_only_a_new_server_has_to_be_settled(mode: Mode) -> None:
    facts = Facts(server(), listed(backup()))
    assert MODES[mode].settle(facts, TARGETS[mode], "x") == TARGETS[mode]


# The verdict.


@pytest.mark.parametrize("mode", Mode)
def test_open_gate_and_point_is_possible(mode: Mode) -> None:
    plan = planned(mode)
    assert plan.verdict is Verdict.POSSIBLE
    assert plan.reasons == (GateOpen(None, None),)
    assert plan.point is not None
    assert plan.gate == Gate(allowed=True, reason=None)


@pytest.mark.parametrize("mode", Mode)
def test_closed_gate_blocks(mode: Mode) -> None:
    plan = planned(mode, gate=closed("Busy.", code="busy"))
    assert plan.verdict is Verdict.BLOCKED
    assert plan.reasons == (GateClosed("Busy.", "busy"),)
    assert plan.gate is not None
    assert not plan.gate.allowed


@pytest.mark.parametrize("mode", [Mode.FROM_OTHER_VPS, Mode.SNAPSHOT])
def test_missing_gate_is_unknown(mode: Mode) -> None:
    plan = planned(mode, gate=None)
    assert plan.verdict is Verdict.UNKNOWN
    assert plan.reasons == (GateMissing(GATES[mode]),)
    assert plan.gate is None
    gone = planned(mode, gate=None, there=False)
    assert gone.verdict is Verdict.BLOCKED
    assert gone.reasons == (MISSING[mode], GateMissing(GATES[mode]))


@pytest.mark.parametrize("mode", Mode)
def test_missing_point_blocks(mode: Mode) -> None:
    plan = planned(mode, there=False)
    assert (plan.verdict, plan.reasons) == (Verdict.BLOCKED, (MISSING[mode],))
    assert plan.point is None
    both = planned(mode, gate=closed("Busy.", code="busy"), there=False)
    assert both.reasons == (GateClosed("Busy.", "busy"), MISSING[mode])


@pytest.mark.parametrize("mode", Mode)
def test_create_gate_does_not_matter(mode: Mode) -> None:
    assert planned(mode, create=closed("No slots.")).verdict is Verdict.POSSIBLE


def test_backup_gates_not_for_snapshots() -> None:
    plan = planned(Mode.SNAPSHOT, restore=closed("Busy."), other=closed("Busy."))
    assert plan.verdict is Verdict.POSSIBLE


@pytest.mark.parametrize("mode", [Mode.IN_PLACE, Mode.NEW_CLOUD_VPS])
@pytest.mark.parametrize("other", [None, closed("Not from others.")])
def test_other_vps_gate_not_for_own_backups(mode: Mode, other: dict[str, Any] | None) -> None:
    assert planned(mode, other=other).verdict is Verdict.POSSIBLE


# Another server's backup.


@pytest.mark.parametrize("other", [OPEN, None])
def test_from_other_needs_the_own_gate_too(
    other: dict[str, Any] | None,
) -> None:
    plan = from_other(own=listed(restore=closed("Running.", code="running"), other=other))
    assert plan.verdict is Verdict.BLOCKED
    doubts = () if other else (GateMissing("canRestoreFromAnotherVps"),)
    assert plan.reasons == (GateClosed("Running.", "running"), *doubts)


def test_from_other_names_both_gates() -> None:
    own = listed(restore=closed("Running."), other=closed("Not here."))
    assert from_other(own=own).reasons == (
        GateClosed("Not here.", None),
        GateClosed("Running.", None),
    )


def test_from_other_names_the_own_gate_before_the_backup() -> None:
    own = listed(restore=closed("Running."))
    facts = Facts(server(), own, sources())
    plan = FROM_OTHER_VPS.plan(facts, TARGETS[Mode.FROM_OTHER_VPS], NOW)
    assert plan.reasons == (GateClosed("Running.", None), BackupMissing())


def test_own_backup_is_not_from_other() -> None:
    facts = Facts(server(), listed(backup()), sources())
    plan = FROM_OTHER_VPS.plan(facts, TARGETS[Mode.FROM_OTHER_VPS], NOW)
    assert plan.reasons == (BackupMissing(),)


@pytest.mark.parametrize(
    ("size", "resources", "reasons"),
    [
        (80.5, {"storageGb": 80}, [MayNotFit(80.5, 80)]),
        (None, {"storageGb": 80}, [SizeMissing()]),
        *((size, {"storageGb": 80}, [GateOpen(None, None)]) for size in (0, 12.4, 80, 80.0)),
        *(
            (12.4, resources, [SizeMissing()])
            for resources in (None, {}, {"storageGb": None}, {"cpuCores": 2})
        ),
    ],
)
def test_doubtful_fit_is_unknown(
    size: float | None, resources: dict[str, Any] | None, reasons: list[Any]
) -> None:
    plan = from_other(size=size, vps=server(resources=resources))
    assert plan.reasons == tuple(reasons)
    assert (plan.verdict is Verdict.POSSIBLE) is isinstance(reasons[0], GateOpen)


def test_size_is_reported_with_other_reasons() -> None:
    may_not_fit = MayNotFit(500, 80)
    blocked = from_other(size=500, own=listed(other=closed("Busy.")))
    assert blocked.reasons == (GateClosed("Busy.", None), may_not_fit)
    unknown = from_other(size=500, own=listed(other=None))
    assert unknown.verdict is Verdict.UNKNOWN
    assert unknown.reasons == (GateMissing("canRestoreFromAnotherVps"), may_not_fit)


@pytest.mark.parametrize("mode", [Mode.IN_PLACE, Mode.SNAPSHOT])
def test_fit_matters_to_from_other_only(mode: Mode) -> None:
    assert planned(mode, vps=server(resources=None), size=500).verdict is Verdict.POSSIBLE


@pytest.mark.parametrize(
    ("created", "loss"),
    [
        (TWO_HOURS_AGO, EverythingForState(TWO_HOURS)),
        (NOW.isoformat(), EverythingForState(timedelta())),
        *((created, Code.EVERYTHING_FOR_UNKNOWN) for created in UNKNOWN_DATES),
    ],
)
def test_from_other_loses_everything(created: str | None, loss: Any) -> None:
    plan = planned(Mode.FROM_OTHER_VPS, created=created)
    assert plan.data_loss == loss
    assert plan.side_effects == (Code.SERVER_STOPPED, Code.NETWORK_KEPT)


def test_from_other_gone_still_loses_all() -> None:
    assert planned(Mode.FROM_OTHER_VPS, there=False).data_loss is Code.EVERYTHING


# Snapshots.


@pytest.mark.parametrize(
    ("expires", "is_over"),
    [
        ("2026-04-27T12:00:00.000Z", True),
        ("2026-04-27T11:59:59Z", True),
        ("2026-04-27T12:00:01Z", False),
        (None, False),
        ("", False),
        ("tomorrow", False),
    ],
)
def test_expired_snapshot_is_unknown(expires: str | None, is_over: bool) -> None:
    plan = of_snapshot(snapshots(snapshot(expiresAt=expires)))
    assert plan.verdict is (Verdict.UNKNOWN if is_over else Verdict.POSSIBLE)
    if is_over:
        assert plan.reasons == (SnapshotExpired(datetime.fromisoformat(str(expires))),)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ({"available": False, "reason": "Your plan has none."}, NoSnapshots("Your plan has none.")),
        ({"available": False, "reason": None}, NoSnapshots(None)),
        ({"available": False, "reason": ""}, NoSnapshots(None)),
        ({"limits": {"totalSnapshots": 0}}, NoSnapshots(None)),
        ({"limits": {"totalSnapshots": 3}}, GateOpen(None, None)),
        ({"limits": {}}, GateOpen(None, None)),
        ({"available": None}, GateOpen(None, None)),
        ({"available": True, "reason": "Fine."}, GateOpen(None, None)),
    ],
)
def test_no_snapshots_blocks_open_gate(said: dict[str, Any], reason: Any) -> None:
    assert of_snapshot(snapshots(snapshot(), **said)).reasons == (reason,)


def test_a_snapshot_lists_everything_that_blocks() -> None:
    plan = of_snapshot(snapshots(restore=closed("Busy."), available=False))
    assert plan.reasons == (GateClosed("Busy.", None), NoSnapshots(None), SnapshotMissing())


def test_snapshot_matches_exact_name() -> None:
    taken = snapshots(snapshot("other", createdAt=None), snapshot("snap"))
    assert of_snapshot(taken).data_loss == Changes(datetime(2026, 4, 27, 10, tzinfo=UTC), TWO_HOURS)
    assert of_snapshot(snapshots(snapshot("SNAP"))).reasons == (SnapshotMissing(),)


@pytest.mark.parametrize(
    ("memory", "effect"), [(True, Code.MEMORY_RESUMED), (False, Code.COLD_START)]
)
def test_memory_decides_how_it_starts(memory: bool, effect: Code) -> None:
    plan = of_snapshot(snapshots(snapshot(includesMemoryState=memory)))
    assert plan.side_effects == (Code.DISK_ROLLED_BACK, effect)
    assert of_snapshot(snapshots()).side_effects == (Code.DISK_ROLLED_BACK, Code.COLD_START)


# What is lost, what else happens, what comes first, what risks less.


@pytest.mark.parametrize("mode", OWN_DISK)
def test_changes_since_would_be_lost(mode: Mode) -> None:
    since = Changes(datetime(2026, 4, 27, 10, tzinfo=UTC), TWO_HOURS)
    assert planned(mode).data_loss == since
    assert planned(mode, gate=closed("Busy.")).data_loss == since
    assert planned(mode, there=False).data_loss is Code.LOSS_UNKNOWN


@pytest.mark.parametrize("mode", OWN_DISK)
@pytest.mark.parametrize("created", UNKNOWN_DATES)
def test_unknown_date_does_not_block(mode: Mode, created: str | None) -> None:
    plan = planned(mode, created=created)
    assert (plan.verdict, plan.data_loss) == (Verdict.POSSIBLE, Code.CHANGES_UNKNOWN)


def test_restore_promises_no_power_state() -> None:
    assert planned(Mode.IN_PLACE).side_effects == (Code.DISK_REPLACED, Code.POWER_STATE_UNKNOWN)


@pytest.mark.parametrize("gate", [OPEN, closed("Busy.")])
@pytest.mark.parametrize("there", [True, False])
def test_new_server_costs_loses_nothing(gate: dict[str, Any], there: bool) -> None:
    plan = planned(Mode.NEW_CLOUD_VPS, gate=gate, there=there, **FULL)
    assert plan.data_loss is Code.NOTHING
    assert plan.side_effects == (
        Code.PRICE_UNKNOWN,
        Code.TWIN_STARTS,
        Code.NEW_ADDRESS,
        Code.MAY_BE_REFUSED,
    )
    assert plan.doubts == ()
    assert suggested(Mode.NEW_CLOUD_VPS) == Suggestions()


@pytest.mark.parametrize("created", UNKNOWN_DATES)
def test_new_server_from_undated_backup(created: str | None) -> None:
    assert planned(Mode.NEW_CLOUD_VPS, created=created).verdict is Verdict.POSSIBLE


HERE = Situation(Here(), Here(), snapshots(snapshot(createdAt="2026-04-27T11:00:00Z")))
RIGHT_HERE = BackUpFirst(Code.WITH_TOOL)


def suggested(
    mode: Mode,
    situation: Situation = HERE,
    own: BackupList | None = None,
    offered: RestoreSources | None = None,
    vps: Vps | None = None,
) -> Suggestions:
    facts = Facts(vps or server(), own or listed(backup()), offered or sources(backup()))
    return MODES[mode].suggest(facts, TARGETS[mode], situation, NOW)


def test_only_in_place_protects_its_point() -> None:
    own = listed(backup("bkp_1", "2026-04-20T10:00:00Z"), backup("bkp_2"), limit=None, remaining=0)
    found = {mode: suggested(mode, own=own).recommended_first for mode in Mode}
    oldest = Evicts(Code.WITH_TOOL, "bkp_1", datetime(2026, 4, 20, 10, tzinfo=UTC))
    assert found == {
        Mode.IN_PLACE: (Code.EVICTS_POINT,),
        Mode.FROM_OTHER_VPS: (oldest,),
        Mode.NEW_CLOUD_VPS: (),
        Mode.SNAPSHOT: (oldest,),
    }


OVERWRITING = [mode for mode in Mode if mode is not Mode.NEW_CLOUD_VPS]


@pytest.mark.parametrize("mode", OVERWRITING)
def test_back_up_first_or_say_why_not(mode: Mode) -> None:
    assert suggested(mode).recommended_first == (RIGHT_HERE,)
    own = listed(backup(), create=closed("No."))
    (cannot,) = suggested(mode, own=own, vps=server(serviceStatus="suspended")).recommended_first
    assert cannot == CannotBackUp(GateClosed("No.", None), Code.LIFT_SUSPENSION)


@pytest.mark.parametrize("mode", OVERWRITING)
def test_an_unconfirmed_backup_is_none_of_the_current_state(mode: Mode) -> None:
    """A recent backup is enough, unless it may come from a request that failed."""
    own = listed(backup("bkp_1"), backup("bkp_9", "2026-04-27T11:30:00Z"))
    (usual,) = suggested(mode, own=own).recommended_first
    assert usual == BackedUp("bkp_9", timedelta(minutes=30), is_new=False)
    lost = replace(HERE, unconfirmed={"bkp_9": BackupUnconfirmed(NOW, has_failed=False)})
    assert suggested(mode, lost, own=own).recommended_first == (RIGHT_HERE,)


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.SNAPSHOT])
def test_doubtful_backup_is_mentioned_first(mode: Mode) -> None:
    usual, empty = planned(mode), planned(mode, size=0)
    assert (usual.doubts, empty.doubts) == ((), (Code.BACKUP_EMPTY,))
    assert empty.verdict is Verdict.POSSIBLE


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.SNAPSHOT])
def test_doubts_compare_with_siblings(mode: Mode) -> None:
    """Of its own server: the other servers' backups say nothing."""
    small, usual = backup("bkp_1", size=1), backup("bkp_9", size=50)
    is_other = mode is Mode.FROM_OTHER_VPS
    facts = Facts(
        server(),
        listed(usual if is_other else small, usual),
        sources(*((small, usual) if is_other else (small,))),
    )
    plan = MODES[mode].plan(facts, TARGETS[mode], NOW)
    assert plan.doubts == (BackupSmall(1, 50),)


ELEVEN = NewerSnapshot(
    "snap", datetime(2026, 4, 27, 11, tzinfo=UTC), timedelta(hours=1), is_instead=False
)


def test_alternatives_exist() -> None:
    def found(mode: Mode, *args: Any, **rest: Any) -> tuple[Any, ...]:
        return suggested(mode, *args, **rest).alternatives

    assert found(Mode.IN_PLACE) == (Code.USE_NEW_SERVER, ELEVEN)
    assert found(Mode.SNAPSHOT) == (Code.USE_NEW_SERVER,)
    for no_way in (listed(), listed(backup(), restore=closed("Busy."))):
        assert Code.USE_NEW_SERVER not in found(Mode.IN_PLACE, own=no_way)
        assert found(Mode.SNAPSHOT, own=no_way) == ()
    elsewhere = Situation(Here(), Here((Code.STORE_UNAVAILABLE,)))
    for mode in (Mode.IN_PLACE, Mode.SNAPSHOT):
        assert found(mode, elsewhere) == (Code.NEW_SERVER_ELSEWHERE,)


@pytest.mark.parametrize(
    ("kind", "status", "is_offered"),
    [
        ("server", "active", True),
        ("retained", "terminated", False),
        ("server", "suspended", False),
        (None, "active", False),
    ],
)
def test_new_server_of_an_active_source_only(
    kind: str | None, status: str, is_offered: bool
) -> None:
    offered = sources(backup())
    (source,) = offered.sources
    source = source.model_copy(update={"source_type": kind, "service_status": status})
    offered = offered.model_copy(update={"sources": (source,)})
    found = suggested(Mode.FROM_OTHER_VPS, offered=offered).alternatives
    assert found == ((NewServerFrom("vps_2"),) if is_offered else ())


# What would have to change.


@pytest.mark.parametrize("mode", Mode)
def test_a_plan_has_one_step(mode: Mode) -> None:
    assert planned(mode).steps == ()
    missing = Code.CHOOSE_SNAPSHOT if mode is Mode.SNAPSHOT else Code.CHOOSE_BACKUP
    assert planned(mode, there=False).steps == (missing,)
    busy = planned(mode, gate=closed("Busy."), vps=server(serviceStatus="suspended"))
    assert busy.steps == (Code.LIFT_SUSPENSION,)


@pytest.mark.parametrize(
    ("own", "other", "step"),
    [
        (closed("Order.", code="pending_order"), OPEN, Code.COMPLETE_ORDER),
        (closed("Order.", code="pending_order"), None, Code.COMPLETE_ORDER),
        (closed("Busy."), closed("Order.", code="pending_order"), Code.COMPLETE_ORDER),
        (OPEN, closed("Order.", code="pending_order"), Code.COMPLETE_ORDER),
        (OPEN, None, Code.ASK_WHETHER),
        (None, OPEN, Code.ASK_WHETHER),
    ],
)
def test_from_other_says_what_opens_the_gate(
    own: dict[str, Any] | None, other: dict[str, Any] | None, step: Code
) -> None:
    plan = from_other(own=listed(restore=own, other=other))
    assert plan.verdict is not Verdict.POSSIBLE
    assert plan.steps == (step,)


def test_each_doubt_about_the_disk_has_a_step() -> None:
    assert from_other(size=500).steps == (Code.GET_LARGER_DISK,)
    assert from_other(size=None).steps == (Code.ASK_WHETHER,)
    assert of_snapshot(snapshots(snapshot(), available=False)).steps == (Code.USE_BACKUP,)


# All together.

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


@settings(max_examples=400)
@given(servers, own_listings, offers, snapshot_lists, st.sampled_from(list(Mode)))
def test_plan_never_exceeds_gates(
    vps: Vps, own: BackupList, offered: RestoreSources, taken: SnapshotList, mode: Mode
) -> None:
    mine = [one for one in own.backups if one.id == "bkp_1"]
    theirs = [b for s in offered.sources if s.id == "vps_2" for b in s.backups if b.id == "bkp_1"]
    deciding: list[Gate | None] = [own.actions.can_restore]
    there = bool(mine)
    if mode is Mode.FROM_OTHER_VPS:
        there = bool(theirs)
        deciding.append(own.actions.can_restore_from_another_vps)
    elif mode is Mode.SNAPSHOT:
        deciding = [taken.actions.can_restore]
        there = any(one.name == "snap" for one in taken.data) and taken.available is not False
    plan = MODES[mode].plan(Facts(vps, own, offered, taken), TARGETS[mode], NOW)

    blocked = not there or any(gate is not None and not gate.allowed for gate in deciding)
    assert (plan.verdict is Verdict.BLOCKED) is blocked
    assert plan.gate == deciding[-1]
    if None in deciding:
        assert plan.verdict is not Verdict.POSSIBLE
    if plan.verdict is Verdict.POSSIBLE:
        assert all(reason.source is Source.GATE for reason in plan.reasons)
    if plan.verdict is Verdict.UNKNOWN:
        assert all(reason.source is Source.UNKNOWN for reason in plan.reasons)
    assert plan.reasons
    assert plan.side_effects
    assert bool(plan.steps) is (plan.verdict is not Verdict.POSSIBLE)


def test_unread_facts_are_empty() -> None:
    bare = Facts(server(), listed(backup()))
    assert IN_PLACE.plan(bare, TARGETS[Mode.IN_PLACE], NOW).verdict is Verdict.POSSIBLE
    assert NEW_CLOUD_VPS.plan(bare, TARGETS[Mode.NEW_CLOUD_VPS], NOW).verdict is Verdict.POSSIBLE
    for mode in (Mode.FROM_OTHER_VPS, Mode.SNAPSHOT):
        assert MODES[mode].plan(bare, TARGETS[mode], NOW).verdict is not Verdict.POSSIBLE
