"""A planId: a random handle of a caller's plan, valid once, for ten minutes and the same facts."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from mcp import Client

from hostup_mcp.config import Group
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.recovery.modes import MODES
from hostup_mcp.recovery.modes.definition import Mode
from hostup_mcp.recovery.verdicts import Verdict
from hostup_mcp.sandbox import Sandbox
from hostup_mcp.server.app import serve_with
from hostup_mcp.server.errors.failure import RefusalError
from hostup_mcp.server.plans import (
    LIFE,
    MAX_OPEN_PLANS,
    PlanFacts,
    Plans,
    StoredPlan,
    milliseconds,
    needed_groups,
    new_suffix,
    new_ticket,
    read_facts,
)
from hostup_mcp.server.reader import Reader
from hostup_mcp.server.services import Services
from hostup_mcp.server.tools import confirm_restore
from hostup_mcp.server.writes.proposal import Destructive
from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.store import Lock, Record, RecordKey, RecordKind, StateUnavailableError
from hostup_mcp.wording.viewer import Viewer

from .wiring import account, decline, ids_of, settings, text_of

NOW = datetime(2026, 4, 27, 10, 0, 0, 567_000, tzinfo=UTC)
VPS = "vps_abcdef12"


def plan(**changes: Any) -> StoredPlan:
    known: dict[str, Any] = {
        "vps_id": VPS,
        "mode": Mode.IN_PLACE,
        "point": "bkp_abcdef12",
        "facts": "0123456789abcdef",
        "issued": milliseconds(NOW),
    }
    return StoredPlan(**(known | changes))


@pytest.fixture
def state() -> InMemoryState:
    return InMemoryState()


@pytest.fixture
def plans(state: InMemoryState) -> Plans:
    return Plans(state, "ann", NOW)


async def refused(plans: Plans, plan_id: str, kind: str = "plan_again") -> str:
    with pytest.raises(RefusalError) as refusal:
        await plans.open(plan_id)
    failure = refusal.value.failure
    assert failure.kind == kind
    assert "Nothing was changed" in failure.message
    return failure.message


async def consume(plans: Plans, plan_id: str) -> None:
    lock = await plans.state.acquire("lock", 60)
    assert isinstance(lock, Lock)
    await plans.state.consume(plans.caller, [RecordKey(RecordKind.PLAN, plan_id)], lock)
    await plans.state.release(lock)


# The handle ---------------------------------------------------------------------------------------

STORED = {
    "in place": plan(),
    "snapshot": plan(mode=Mode.SNAPSHOT, point="before-update"),
    "from another": plan(mode=Mode.FROM_OTHER_VPS, source_id="vps_source01"),
    "new": plan(mode=Mode.NEW_CLOUD_VPS, options={"name": "again", "cpuCores": 4, "region": "4"}),
}


@pytest.mark.parametrize("stored", STORED.values(), ids=STORED)
async def test_a_plan_opens_as_it_was(plans: Plans, stored: StoredPlan) -> None:
    assert await plans.open(await plans.store(stored)) == stored


def test_a_plan_keeps_its_milliseconds() -> None:
    assert plan().issued_at == NOW


async def test_a_plan_id_is_short_and_random(plans: Plans) -> None:
    one, other = await plans.store(plan()), await plans.store(plan())
    assert one != other
    assert one.startswith("plan_")
    assert len(one) <= 24
    assert one.removeprefix("plan_").isalnum()


@pytest.mark.parametrize("made_up", ["", "plan_", "plan_0000000000000000", "v1.AAAA", "yes", "{}"])
async def test_a_made_up_plan_id_is_refused(plans: Plans, made_up: str) -> None:
    await plans.store(plan())
    await refused(plans, made_up)


async def test_a_question_is_no_plan(plans: Plans) -> None:
    key = RecordKey(RecordKind.QUESTION, "plan_0000000000000000")
    body = plan().model_dump_json()
    await plans.state.put_record("ann", key, body, seconds=60, at_most=50)
    await refused(plans, key.id)


async def test_another_callers_plan_is_refused(plans: Plans, state: InMemoryState) -> None:
    plan_id = await plans.store(plan())
    await refused(Plans(state, "bob", NOW), plan_id)
    assert await plans.open(plan_id)


async def test_a_plan_is_valid_for_ten_minutes(plans: Plans) -> None:
    assert timedelta(minutes=10) == LIFE
    plan_id = await plans.store(plan())
    assert await replace(plans, now=NOW + LIFE - timedelta(seconds=1)).open(plan_id)
    assert "expired" in await refused(replace(plans, now=NOW + LIFE), plan_id)


async def test_the_oldest_open_plan_makes_room(plans: Plans) -> None:
    oldest, next_, *rest = [await plans.store(plan()) for _ in range(MAX_OPEN_PLANS + 1)]
    await refused(plans, oldest)
    for plan_id in (next_, *rest):
        assert await plans.open(plan_id)


async def test_others_plans_make_no_room(plans: Plans, state: InMemoryState) -> None:
    plan_id = await plans.store(plan())
    for _ in range(MAX_OPEN_PLANS + 1):
        await Plans(state, "bob", NOW).store(plan())
    assert await plans.open(plan_id)


async def test_a_plan_from_before_a_loss_is_void() -> None:
    """The store may have lost that it was carried out."""

    class Restarted(InMemoryState):
        async def get_record(self, caller: str, key: RecordKey) -> Record | None:
            record = await super().get_record(caller, key)
            return None if record is None else Record(record.body, record.is_consumed, False)

    plans = Plans(Restarted(), "ann", NOW)
    assert "lost its stored state" in await refused(plans, await plans.store(plan()))


# The panel's ticket -------------------------------------------------------------------------------


def test_a_ticket_is_stored_only_as_a_hash() -> None:
    (ticket, hashed), (other, _) = new_ticket(), new_ticket()
    stored = plan(ticket_hash=hashed)
    assert stored.is_ticket(ticket)
    assert ticket not in stored.model_dump_json()
    for wrong in ("", other, hashed, ticket[:-1], ticket + "A"):
        assert not stored.is_ticket(wrong)


def test_a_plan_without_a_ticket_has_none() -> None:
    for wrong in ("", "x"):
        assert not plan().is_ticket(wrong)


# The facts ----------------------------------------------------------------------------------------


class At:
    """The sandbox's account, and a plan of each mode for a server in it."""

    def __init__(self, sandbox: Sandbox, services: Services) -> None:
        self.vps_id = sandbox.state.by_name("web-01").id
        self.hostup: ReadingClient = services.hostup
        self.now = sandbox.clock.now()

    async def draft(self, mode: Mode) -> StoredPlan:
        known = {"vps_id": self.vps_id, "mode": mode, "issued": milliseconds(self.now)}
        match mode:
            case Mode.SNAPSHOT:
                snapshots = await self.hostup.list_snapshots(self.vps_id)
                return plan(**known, point=snapshots.data[0].name)
            case Mode.FROM_OTHER_VPS:
                source = (await self.hostup.list_restore_sources(self.vps_id)).sources[0]
                return plan(**known, point=source.backups[0].id, source_id=source.id)
            case _:
                listing = await self.hostup.list_backups(self.vps_id)
                return plan(**known, point=listing.backups[0].id)


@pytest.fixture
async def at() -> AsyncIterator[At]:
    sandbox = account()
    services = Services(settings(), sandbox.transport(), sandbox.clock.now)
    async with services.used():
        yield At(sandbox, services)


@pytest.mark.parametrize("mode", Mode)
async def test_unchanged_facts_have_one_digest(at: At, mode: Mode) -> None:
    draft = await at.draft(mode)
    if mode is Mode.NEW_CLOUD_VPS:
        settled = (await read_facts(at.hostup, draft, new_suffix())).target.options
        draft = draft.model_copy(update={"options": settled})
    one, other = await read_facts(at.hostup, draft), await read_facts(at.hostup, draft)
    assert one.digest == other.digest
    assert one.plan.point is not None
    assert one.vps.id == draft.vps_id
    # Without a gate of its own, a restore from another server is neither possible nor blocked.
    has_gate = mode is not Mode.FROM_OTHER_VPS
    assert one.documented["gate"] == ({"allowed": True, "code": None} if has_gate else None)
    assert one.plan.verdict is (Verdict.POSSIBLE if has_gate else Verdict.UNKNOWN)


@pytest.mark.parametrize("mode", Mode)
async def test_a_missing_point_is_another_fact(at: At, mode: Mode) -> None:
    draft = await at.draft(mode)
    gone = draft.model_copy(update={"point": "bkp_gone1234"})
    facts = await read_facts(at.hostup, gone)
    assert facts.documented["point"] is None
    assert facts.plan.point is None
    assert facts.plan.verdict is not Verdict.POSSIBLE
    assert facts.digest != (await read_facts(at.hostup, draft)).digest


async def test_a_plan_without_a_source_finds_none(at: At) -> None:
    draft = (await at.draft(Mode.FROM_OTHER_VPS)).model_copy(update={"source_id": ""})
    assert (await read_facts(at.hostup, draft)).documented["point"] is None


OTHER_FACTS: dict[str, tuple[str, dict[str, Any] | None]] = {
    "gate closed": ("gate", {"allowed": False}),
    "code": ("gate", {"code": "c"}),
    "no gate": ("gate", None),
    "no point": ("point", None),
    "date": ("point", {"created_at": "2026-04-27T02:00:01Z"}),
    "size": ("point", {"size_gb": 12.6}),
}


@pytest.mark.parametrize(("part", "changes"), OTHER_FACTS.values(), ids=OTHER_FACTS)
async def test_any_other_fact_changes_the_digest(
    at: At, part: str, changes: dict[str, Any] | None
) -> None:
    before = await read_facts(at.hostup, await at.draft(Mode.IN_PLACE))

    def with_(changes: dict[str, Any] | None) -> PlanFacts:
        known = getattr(before.plan, part)
        changed = None if changes is None else known.model_copy(update=changes)
        return replace(before, plan=replace(before.plan, **{part: changed}))

    assert with_(changes).digest != before.digest
    assert with_({"reason": "Other words.", "checked_at": "now"}).digest == before.digest


@pytest.mark.parametrize("mode", Mode)
def test_what_costs_money_needs_its_group(mode: Mode) -> None:
    groups = {Group.RESTORE, Group.SPEND} if mode is Mode.NEW_CLOUD_VPS else {Group.RESTORE}
    assert needed_groups(MODES[mode]) == groups


async def test_confirming_needs_panel_and_ticket(at: At) -> None:
    draft = await at.draft(Mode.IN_PLACE)
    ticket, hashed = new_ticket()
    facts = await read_facts(at.hostup, draft)
    plans = Plans(InMemoryState(), "ann", at.now)
    plan_id = await plans.store(
        draft.model_copy(update={"facts": facts.digest, "ticket_hash": hashed})
    )
    panel = Reader(at.hostup, plans, at.now, frozenset({Group.RESTORE}), Viewer(), shows_panel=True)
    for reader, given in ((panel, "wrong"), (replace(panel, shows_panel=False), ticket)):
        with pytest.raises(RefusalError) as refusal:
            await confirm_restore.propose(reader, plan_id, given, "web-01")
        assert refusal.value.failure.kind == "not_from_panel"
        assert "Nothing was changed" in refusal.value.failure.message
    proposal = await confirm_restore.propose(panel, plan_id, ticket, "web-01")
    assert isinstance(proposal, Destructive)


async def test_without_the_store_a_plan_has_no_id() -> None:
    class Unavailable(InMemoryState):
        async def put_record(
            self, caller: str, key: RecordKey, body: str, *, seconds: float, at_most: int
        ) -> None:
            raise StateUnavailableError

    sandbox = account()
    used = Services(settings(), sandbox.transport(), sandbox.clock.now, Unavailable())
    async with Client(serve_with(used), elicitation_callback=decline) as client:
        vps = (await ids_of(client))["web-01"]
        listing = (await client.call_tool("list_vps_backups", {"id": vps})).structured_content
        assert listing is not None
        backup = listing["backups"][0]["id"]
        arguments = {"id": vps, "mode": "in_place", "backupId": backup}
        result = await client.call_tool("plan_restore", arguments)
    plan = result.structured_content
    assert plan is not None
    assert plan["verdict"] == "possible"
    assert (plan["planId"], plan["expiresAt"]) == (None, None)
    assert [reason["code"] for reason in plan["here"]["reasons"]] == ["store_unavailable"]
    assert "Shared state is unavailable" in text_of(result)
