"""Random stories of an assistant, a person, the passing of time and an unkind network.

After each step: nothing was sent without a yes to that very change, nothing was sent twice for one
yes, and what the assistant was told agrees with the account or says that it is unknown.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import anyio
import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from mcp.types import ElicitResult

from hostup_mcp.sandbox import Fault, Gate, ManualClock, Readings, Sandbox
from hostup_mcp.server.app import build_server

from . import world
from .world import CANCEL, DECLINE, ERAS, Answer, Assistant, Person, agree, connected, typed

SERVERS = ("web-01", "dev-01", "mail", "shop-prod", "db-01")
servers = st.sampled_from(SERVERS)
replies = st.sampled_from(["yes", "yes", "yes", "decline", "cancel", "wrong name"])
UNKNOWN_FAULTS = ("drop_before", "drop_after", "error_after", "garble_after")
faults = st.sampled_from([*UNKNOWN_FAULTS, "status-409", "status-429", "status-503", "fail_job"])
modes = st.sampled_from(["in_place", "new_cloud_vps", "snapshot", "from_other_vps"])


class Steady(httpx.AsyncBaseTransport):
    """The way to the account, which the machine may cut."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.inner = sandbox.transport()
        self.down = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.down and request.method != "GET":
            raise httpx.ConnectError("no way", request=request)
        return await self.inner.handle_async_request(request)


class Story(RuleBasedStateMachine):
    """One assistant at one account; every rule is something that may happen next."""

    @initialize(mode=st.sampled_from(ERAS))
    def begin(self, mode: str) -> None:
        self.clock = ManualClock()
        self.sandbox = Sandbox(
            clock=self.clock, readings=Readings(from_vps_gate="backups"), rate_limit=None
        )
        self.steady = Steady(self.sandbox)
        self.person = Person(self.answer)
        self.reply = "yes"
        self.meanwhile: Callable[[], None] | None = None
        self.yeses = 0
        self.plans: list[tuple[str, str, str, datetime]] = []
        self.carried_out: set[str] = set()
        self.writes_seen = 0
        self.told: Answer | None = None
        self.stack = ExitStack()
        self.portal: BlockingPortal = self.stack.enter_context(start_blocking_portal())
        server = build_server(world.settings(), transport=self.steady, now=self.clock.now)
        way: AbstractContextManager[Assistant] = self.portal.wrap_async_context_manager(
            connected(server, self.person, mode)
        )
        self.assistant = self.stack.enter_context(way)
        self.run(self.get_to_know)

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    def run(self, what: Callable[[], Awaitable[Any]]) -> Any:
        async def bounded() -> Any:
            with anyio.fail_after(world.PATIENCE):
                return await what()

        return self.portal.call(bounded)

    async def get_to_know(self) -> None:
        await self.assistant.ok("list_vps", limit=100)
        for name in SERVERS:
            await self.look(name)

    async def look(self, name: str) -> None:
        vps = self.id(name)
        for tool in ("list_vps_backups", "list_vps_snapshots", "list_restore_sources"):
            answer = await self.assistant.call(tool, id=vps)
            if tool == "list_vps_backups" and not answer.is_error:
                told = {b["id"] for b in answer.data["backups"]}
                assert told == {b.id for b in self.sandbox.state.by_name(name).backups}

    def id(self, name: str) -> str:
        return self.sandbox.state.by_name(name).id

    def answer(self, question: str) -> ElicitResult:
        if self.meanwhile is not None:
            self.meanwhile()
        given = {"decline": DECLINE, "cancel": CANCEL, "wrong name": typed("somewhere-else")}
        if self.reply == "wrong name" and "To go ahead, type" not in question:
            return DECLINE
        if self.reply == "yes":
            self.yeses += 1
            return agree(question)
        return given[self.reply]

    # What happens in the world

    @rule(seconds=st.sampled_from([1, 10, 60, 300, 601, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    @rule(kind=faults, times=st.integers(1, 2))
    def something_will_go_wrong(self, kind: str, times: int) -> None:
        name, _, status = kind.partition("-")
        for method in ("POST", "DELETE", "PATCH"):
            fault: Any = name
            code = int(status) if status else None
            # A wait of no seconds, so that the pause after a 429 does not stop the story.
            headers = {"Retry-After": "0"} if status == "429" else None
            self.sandbox.faults.add(
                Fault(fault, method=method, times=times, status=code, headers=headers)
            )

    @rule()
    def all_goes_well_again(self) -> None:
        self.sandbox.faults.clear()
        self.steady.down = False

    @rule()
    def the_way_is_cut(self) -> None:
        self.steady.down = True

    @rule(name=servers, closed=st.booleans())
    def a_gate_moves(self, name: str, closed: bool) -> None:
        server = self.sandbox.state.by_name(name)
        gate = Gate(False, "Storage is being moved.", "moving") if closed else None
        self.sandbox.state.put(replace(server, restore_gate=gate))

    @rule(name=servers)
    def somebody_else_deletes_a_backup(self, name: str) -> None:
        server = self.sandbox.state.by_name(name)
        self.sandbox.state.put(replace(server, backups=server.backups[1:]))

    @rule(reply=replies)
    def the_person_makes_up_their_mind(self, reply: str) -> None:
        self.reply = reply

    @rule(name=servers, what=st.sampled_from(["nothing", "gate", "backup", "time"]))
    def something_happens_during_the_next_question(self, name: str, what: str) -> None:
        self.meanwhile = {
            "nothing": None,
            "gate": lambda: self.a_gate_moves(name, True),  # type: ignore[call-arg]
            "backup": lambda: self.somebody_else_deletes_a_backup(name),  # type: ignore[call-arg]
            "time": lambda: self.clock.advance(timedelta(minutes=11)),
        }[what]

    # What the assistant does

    @rule(name=servers)
    def it_looks(self, name: str) -> None:
        self.run(lambda: self.look(name))

    @rule(name=servers, mode=modes, which=st.integers(0, 3))
    def it_plans(self, name: str, mode: str, which: int) -> None:
        server = self.sandbox.state.by_name(name)
        point: dict[str, str] = {}
        if mode == "snapshot":
            point = {"snapshotName": "before-php-83"}
        elif mode == "from_other_vps":
            source = self.sandbox.state.by_name("api-sthlm")
            point = {"sourceVpsId": source.id, "backupId": source.backups[0].id}
        elif server.backups:
            point = {"backupId": server.backups[which % len(server.backups)].id}
        answer: Answer = self.run(
            lambda: self.assistant.call("plan_restore", id=server.id, mode=mode, **point)
        )
        assert self.new_writes() == []
        if not answer.is_error and answer.data["planId"]:
            assert answer.data["verdict"] == "possible"
            plan = answer.data["planId"]
            self.plans.append((plan, name, mode, self.clock.now()))

    @precondition(lambda self: self.plans)
    @rule(data=st.data())
    def it_carries_out_a_plan(self, data: st.DataObject) -> None:
        plan, name, mode, planned = data.draw(st.sampled_from(self.plans[-4:]))
        old = self.clock.now() - planned >= timedelta(minutes=10)
        sent = self.change("restore_vps", name, needs_yes=True, planId=plan)
        if sent:
            assert not old, "an old plan"
            assert plan not in self.carried_out, "a plan that was used"
            gate = self.sandbox.state.by_name(name).restore_gate
            assert gate is None or mode == "snapshot", "a closed gate"
            told = self.told
            assert told is not None
            if not told.is_error or told.kind == "outcome_unknown":
                self.carried_out.add(plan)

    @rule(name=servers, which=st.integers(0, 3))
    def it_deletes_a_backup(self, name: str, which: int) -> None:
        server = self.sandbox.state.by_name(name)
        if server.backups:
            backup = server.backups[which % len(server.backups)].id
            self.change("delete_vps_backup", name, needs_yes=True, id=server.id, backupId=backup)

    @rule(name=servers)
    def it_deletes_a_snapshot(self, name: str) -> None:
        arguments = {"id": self.id(name), "snapshotName": "before-php-83"}
        self.change("delete_vps_snapshot", name, needs_yes=True, **arguments)

    @rule(name=servers)
    def it_makes_a_backup(self, name: str) -> None:
        full = name == "mail"
        self.change("create_vps_backup", name, needs_yes=full, id=self.id(name))

    @rule(name=servers, number=st.integers(1, 3))
    def it_makes_a_snapshot(self, name: str, number: int) -> None:
        arguments = {"id": self.id(name), "name": f"s{number}"}
        self.change("create_vps_snapshot", name, needs_yes=False, **arguments)

    @rule(name=servers, keep=st.integers(1, 3), delete=st.booleans())
    def it_sets_retention(self, name: str, keep: int, delete: bool) -> None:
        arguments = {"id": self.id(name), "maxTotalBackups": keep, "autoDeleteOldest": delete}
        self.change("set_backup_retention", name, needs_yes=True, **arguments)

    @rule(name=servers, on=st.booleans())
    def it_sets_a_schedule(self, name: str, on: bool) -> None:
        timing = {"frequency": "daily", "hour": 2, "retentionCount": 1} if on else {}
        arguments = {"id": self.id(name), "enabled": on, **timing}
        self.change("set_backup_schedule", name, needs_yes=True, **arguments)

    # What has to hold

    def new_writes(self) -> list[Any]:
        writes = self.sandbox.writes[self.writes_seen :]
        self.writes_seen += len(writes)
        return writes

    def truth(self) -> object:
        """What the account holds, apart from what the world itself does while the person thinks."""
        state = self.sandbox.state
        return {
            s.id: (s.disk, {x.name for x in s.snapshots}, s.schedules, s.retention, s.name)
            for s in state.servers.values()
        }, set(state.jobs)

    def change(self, tool: str, where: str, /, *, needs_yes: bool, **arguments: Any) -> bool:
        """Let the assistant call a tool that writes; whether anything was sent."""
        yeses, before = self.yeses, self.truth()
        backups = {b.id for b in self.sandbox.state.by_name(where).backups}
        during = self.meanwhile is not None
        answer: Answer = self.run(lambda: self.assistant.call(tool, **arguments))
        self.meanwhile = None
        self.told = answer
        sent = self.new_writes()
        assert len(sent) <= 1, "never twice"
        if sent and needs_yes and tool != "create_vps_backup":
            assert self.yeses == yeses + 1, "no write without a yes"
        unchanged = self.truth() == before
        if not sent:
            assert answer.is_error
            assert answer.kind != "outcome_unknown"
            assert unchanged or during
        elif not answer.is_error:
            gone = backups - {b.id for b in self.sandbox.state.by_name(where).backups}
            assert not unchanged or gone or tool.startswith("set_"), "it was told to be done"
        elif answer.kind != "outcome_unknown":
            assert unchanged or during, f"it changed, and was told: {answer.text}"
        else:
            assert "Do not send it again" in answer.text
        return bool(sent)

    @invariant()
    def nothing_was_sent_behind_our_back(self) -> None:
        if hasattr(self, "sandbox"):
            assert self.new_writes() == []
            assert not [a for a in self.assistant.heard if "Error executing tool" in a.text]


TestStory = Story.TestCase
TestStory.settings = settings(
    max_examples=15,
    stateful_step_count=20,
    deadline=None,
    # A story that fails is shown as it was found: to shorten it takes minutes.
    phases=(Phase.explicit, Phase.generate),
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
