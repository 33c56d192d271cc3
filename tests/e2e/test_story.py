"""Random stories of an assistant, a user, the passing of time and an unkind network.

A witness stands at HostUp's door. Nothing arrives there without a yes to that very change, without
a fresh plan where one is needed, or against a closed gate; nothing arrives twice for one yes; and
what the assistant was told agrees with the account, or says that it is unknown.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

import anyio
import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from mcp.types import CallToolResult, ElicitResult, InputRequiredResult
from support.product import MODERN, REVISIONS

from hostup_mcp.sandbox import Fault, Gate, Key, ManualClock, Sandbox, Variants, gates
from hostup_mcp.sandbox.jobs import phase
from hostup_mcp.server.app import build_server

from . import harness
from .harness import CANCEL, DECLINE, Assistant, Result, User, agree, connected, typed

SERVERS = ("web-01", "dev-01", "mail", "shop-prod", "db-01")
servers = st.sampled_from(SERVERS)
replies = st.sampled_from(["decline", "cancel", "wrong name"])
UNKNOWN_FAULTS = ("drop_before", "drop_after", "error_after", "garble_after")
faults = st.sampled_from([*UNKNOWN_FAULTS, "status-409", "status-429", "status-503", "fail_job"])
modes = st.sampled_from(["in_place", "new_cloud_vps", "snapshot", "from_other_vps"])


@dataclass(frozen=True)
class Arrival:
    """A write as it came to HostUp's door, and whether HostUp allowed it at that moment."""

    method: str
    path: str
    allowed: bool


class Witness(httpx.AsyncBaseTransport):
    """The way to the account, which the machine may cut. It notes each write that arrives."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.inner = sandbox.transport()
        self.cut = False
        self.arrivals: list[Arrival] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method != "GET":
            if self.cut:
                self.cut = False
                raise httpx.ConnectError("no way", request=request)
            path = request.url.path
            self.arrivals.append(Arrival(request.method, path, self.allows(request.method, path)))
        return await self.inner.handle_async_request(request)

    def allows(self, method: str, path: str) -> bool:
        """What the account's own gates say, and for what has none: that no job is at work."""
        state, now = self.sandbox.state, self.sandbox.clock.now()
        server = state.servers[path.split("/")[4]]
        busy = state.busy(server.id, now)
        view = gates.View(server, busy, Key(), self.sandbox.variants)
        if method == "DELETE":
            return not state.running(server.id, now)
        for end, gate in (
            ("/restore-from-vps", gates.can_restore_from_vps),
            ("/restore-to-payg", gates.can_restore_backup),
            ("/snapshots", gates.can_create_snapshot),
            ("/backups", gates.can_create_backup),
        ):
            if path.endswith(end):
                return gate(view).allowed
        if path.endswith("/actions/restore"):
            of = gates.can_restore_snapshot if "/snapshots/" in path else gates.can_restore_backup
            return of(view).allowed
        return path.endswith("/backup-schedules")


class Story(RuleBasedStateMachine):
    """One assistant at one account; every rule is something that may happen next."""

    seen: ClassVar[Counter[str]] = Counter()
    """How often which sort of answer came, over all stories."""

    @initialize(mode=st.sampled_from(REVISIONS))
    def begin(self, mode: str) -> None:
        self.clock = ManualClock()
        self.sandbox = Sandbox(
            clock=self.clock, variants=Variants(from_vps_gate="backups"), rate_limit=None
        )
        self.witness = Witness(self.sandbox)
        self.mode = mode
        self.user = User(self.answer)
        self.reply = "yes"
        self.meanwhile: Callable[[], None] | None = None
        self.yeses: list[str] = []
        self.jobs: list[str] = []
        self.plans: list[tuple[str, str, datetime]] = []
        self.carried_out: set[str] = set()
        self.writes_seen = 0
        self.told: Result | None = None
        self.stack = ExitStack()
        self.portal: BlockingPortal = self.stack.enter_context(start_blocking_portal())
        server = build_server(harness.settings(), transport=self.witness, now=self.clock.now)
        way: AbstractContextManager[Assistant] = self.portal.wrap_async_context_manager(
            connected(server, self.user, mode)
        )
        self.assistant = self.stack.enter_context(way)
        self.run(self.get_to_know)

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    def run(self, what: Callable[[], Awaitable[Any]]) -> Any:
        async def bounded() -> Any:
            with anyio.fail_after(harness.PATIENCE):
                return await what()

        return self.portal.call(bounded)

    async def get_to_know(self) -> None:
        await self.assistant.ok("list_vps", limit=100)
        for name in SERVERS:
            await self.look(name)

    async def look(self, name: str) -> None:
        vps = self.id(name)
        for tool in ("list_vps_backups", "list_vps_snapshots", "list_restore_sources"):
            result = await self.assistant.call(tool, id=vps)
            if tool == "list_vps_backups" and not result.is_error:
                server = self.sandbox.state.by_name(name)
                told = {b["id"] for b in result.data["backups"]}
                assert told == {b.id for b in server.backups}
                open_ = self.witness.allows("POST", f"/api/v2/vps/{vps}/backups/x/actions/restore")
                assert result.data["actions"]["canRestore"]["allowed"] is open_
                verdict = result.data["explanation"]["restore"]["verdict"]
                assert (verdict == "possible") is bool(open_ and server.backups)

    def id(self, name: str) -> str:
        return self.sandbox.state.by_name(name).id

    def answer(self, question: str) -> ElicitResult:
        if self.meanwhile is not None:
            self.meanwhile()
        given = {"decline": DECLINE, "cancel": CANCEL, "wrong name": typed("somewhere-else")}
        reply, self.reply = self.reply, "yes"
        if reply == "wrong name" and "To go ahead, type" not in question:
            return DECLINE
        if reply == "yes":
            self.yeses.append(question)
            return agree(question)
        return given[reply]

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
        self.witness.cut = False

    @rule()
    def the_next_write_finds_no_way(self) -> None:
        self.witness.cut = True

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
    def the_user_makes_up_their_mind_about_the_next_question(self, reply: str) -> None:
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
        result: Result = self.run(
            lambda: self.assistant.call("plan_restore", id=server.id, mode=mode, **point)
        )
        assert self.new_writes() == []
        if not result.is_error and result.data["planId"]:
            assert result.data["verdict"] == "possible"
            plan = result.data["planId"]
            self.plans.append((plan, name, self.clock.now()))

    @precondition(lambda self: self.plans)
    @rule(data=st.data())
    def it_carries_out_a_plan(self, data: st.DataObject) -> None:
        plan, name, planned = data.draw(st.sampled_from(self.plans[-4:]))
        old = self.clock.now() - planned >= timedelta(minutes=10)
        sent = self.change("restore_vps", name, needs_yes=True, planId=plan)
        if sent:
            assert not old, "an old plan"
            assert plan not in self.carried_out, "a plan that was used"
            told = self.told
            assert told is not None
            if not told.is_error or told.kind == "outcome_unknown":
                self.carried_out.add(plan)

    @rule(name=servers, mode=modes)
    def it_carries_out_a_plan_and_again(self, name: str, mode: str) -> None:
        already = len(self.plans)
        self.it_plans(name, mode, 0)  # type: ignore[call-arg]
        if len(self.plans) == already:
            return
        plan = self.plans[-1][0]
        if self.change("restore_vps", name, needs_yes=True, planId=plan):
            self.carried_out.add(plan)
            self.clock.advance(60)
            assert not self.change("restore_vps", name, needs_yes=True, planId=plan)
            assert self.told is not None
            assert self.told.kind in ("plan_used", "plan_again")
            self.it_verifies(name)  # type: ignore[call-arg]

    @rule(name=servers, mode=modes, what=st.sampled_from(["gate", "backup", "time"]))
    def it_carries_out_a_plan_whose_facts_have_changed(
        self, name: str, mode: str, what: str
    ) -> None:
        already = len(self.plans)
        self.it_plans(name, mode, 0)  # type: ignore[call-arg]
        if len(self.plans) == already:
            return
        plan = self.plans[-1][0]
        if what == "gate":
            self.a_gate_moves(name, True)  # type: ignore[call-arg]
        elif what == "backup":
            self.somebody_else_deletes_a_backup(name)  # type: ignore[call-arg]
        else:
            self.clock.advance(timedelta(minutes=10))
        sent = self.change("restore_vps", name, needs_yes=True, planId=plan)
        # A snapshot depends on neither; a backup of another server not on this one's.
        untouched = mode == "snapshot" or (mode == "from_other_vps" and what == "backup")
        assert not sent or (untouched and what != "time")

    @rule(name=servers, kind=st.sampled_from(UNKNOWN_FAULTS))
    def an_answer_is_lost_and_it_tries_something_else(self, name: str, kind: Any) -> None:
        self.sandbox.faults.clear()
        self.sandbox.faults.add(Fault(kind, method="PATCH"))
        arguments = {"id": self.id(name), "maxTotalBackups": 2}
        sent = self.change("set_backup_retention", name, needs_yes=True, **arguments)
        self.sandbox.faults.clear()
        assert self.told is not None
        # A refusal is one, however its text was garbled on the way.
        assert not sent or self.told.kind in ("outcome_unknown", "conflict")
        if self.told.kind == "outcome_unknown":
            assert not self.change("create_vps_backup", name, needs_yes=False, id=self.id(name))
            assert self.told.kind in ("write_in_flight", "gate_closed", "not_confirmed")

    @rule(name=servers, which=st.integers(0, 3))
    def it_deletes_a_backup(self, name: str, which: int) -> None:
        server = self.sandbox.state.by_name(name)
        if server.backups:
            backup = server.backups[which % len(server.backups)].id
            self.change("delete_vps_backup", name, needs_yes=True, id=server.id, backupId=backup)
            told, there = self.told, self.sandbox.state.by_name(name).backup(backup)
            assert told is not None
            if not told.is_error or "The backup is no longer listed" in told.text:
                assert there is None
            if "The backup is still listed" in told.text:
                assert there is not None

    @rule(name=servers)
    def it_verifies(self, name: str) -> None:
        vps = self.id(name)
        found: Result = self.run(lambda: self.assistant.call("verify_recovery", id=vps))
        verdict = found.kind if found.is_error else found.data["verdict"]
        assert verdict in ("no_recovery", "back", "not_back", "not_known"), found.text
        self.seen[verdict] += 1
        if verdict == "back":
            server = self.sandbox.state.by_name(name)
            assert server.power_state == "running"
            assert server.boots
            assert server.disk.startswith("state as of"), server.disk

    @rule(name=servers)
    def it_deletes_a_snapshot(self, name: str) -> None:
        arguments = {"id": self.id(name), "snapshotName": "before-php-83"}
        self.change("delete_vps_snapshot", name, needs_yes=True, **arguments)

    @rule(name=servers)
    def it_makes_a_backup(self, name: str) -> None:
        server = self.sandbox.state.by_name(name)
        limit = server.retention.limit
        full = limit is not None and len(server.backups) >= limit
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

    @precondition(lambda self: self.jobs)
    @rule(data=st.data())
    def it_follows_a_job(self, data: st.DataObject) -> None:
        job_id = data.draw(st.sampled_from(self.jobs[-4:]))
        result: Result = self.run(lambda: self.assistant.call("get_job", jobId=job_id))
        assert not result.is_error, result.text
        truly = phase(self.sandbox.state.jobs[job_id], self.clock.now())
        told = {
            "pending": "waiting",
            "queued": "waiting",
            "in_progress": "running",
            "completed": "succeeded",
        }
        assert result.data["state"] == told.get(truly, truly)
        self.seen[f"job {truly}"] += 1

    @precondition(lambda self: self.mode == MODERN)
    @rule(name=servers, times=st.integers(2, 3), later=st.sampled_from([0, 120]))
    def its_client_repeats_an_answered_question(self, name: str, times: int, later: int) -> None:
        """A yes in its sealed round can be sent as often as a client likes."""
        arguments = {"id": self.id(name), "maxTotalBackups": 2}

        async def once(**more: Any) -> CallToolResult | InputRequiredResult:
            return await self.assistant.client.session.call_tool(
                "set_backup_retention", arguments, allow_input_required=True, **more
            )

        asked = self.run(once)
        if not isinstance(asked, InputRequiredResult):
            return
        questions = asked.input_requests or {}
        yes = {key: agree(each.params.message) for key, each in questions.items()}  # type: ignore[union-attr]
        state, ends = asked.request_state, []
        for _ in range(times):
            result = self.run(lambda: once(input_responses=yes, request_state=state))
            if isinstance(result, CallToolResult):
                ends.append(result.is_error)
            self.clock.advance(later)
        writes = self.new_writes()
        assert len(writes) <= 1, "two writes for one yes"
        assert ends.count(False) <= 1
        self.seen["repeated"] += len(writes)

    # What has to hold

    def new_writes(self) -> list[Any]:
        writes = self.sandbox.writes[self.writes_seen :]
        self.writes_seen += len(writes)
        return writes

    def truth(self) -> object:
        """What the account holds, apart from what the world itself does while the user thinks."""
        state = self.sandbox.state
        return {
            s.id: (s.disk, {x.name for x in s.snapshots}, s.schedules, s.retention, s.name)
            for s in state.servers.values()
        }, set(state.jobs)

    def change(self, tool: str, where: str, /, *, needs_yes: bool, **arguments: Any) -> bool:
        """Let the assistant call a tool that writes; whether anything was sent."""
        yeses, before = len(self.yeses), self.truth()
        backups = {b.id for b in self.sandbox.state.by_name(where).backups}
        during = self.meanwhile is not None
        result: Result = self.run(lambda: self.assistant.call(tool, **arguments))
        self.meanwhile = None
        self.told = result
        self.seen[result.kind or "accepted"] += 1
        if job := result.data.get("jobId"):
            self.jobs.append(job)
        sent = self.new_writes()
        assert len(sent) <= 1, "never twice"
        if sent and (needs_yes or len(self.yeses) > yeses):
            assert len(self.yeses) == yeses + 1, "one yes, in this very call"
            self.is_about(self.yeses[-1], sent[0])
        unchanged = self.truth() == before
        if not sent:
            assert result.is_error
            assert result.kind != "outcome_unknown"
            assert unchanged or during
        elif not result.is_error:
            gone = backups - {b.id for b in self.sandbox.state.by_name(where).backups}
            assert not unchanged or gone or tool.startswith("set_"), "it was told to be done"
        elif result.kind != "outcome_unknown":
            assert unchanged or during, f"it changed, and was told: {result.text}"
        else:
            assert "Do not send it again" in result.text
        return bool(sent)

    def is_about(self, question: str, write: Any) -> None:
        """The yes was to a question that names what the write is about."""
        _, _, _, _, vps, *rest = write.path.split("/")
        assert vps in question
        for point in re.findall(r"bkp_\w+|before-php-83", f"{rest} {write.body.decode()}"):
            assert point in question

    @invariant()
    def hostup_was_asked_for_nothing_that_it_had_closed(self) -> None:
        if hasattr(self, "witness"):
            assert all(arrival.allowed for arrival in self.witness.arrivals)

    @invariant()
    def nothing_was_sent_behind_our_back(self) -> None:
        if hasattr(self, "sandbox"):
            assert self.new_writes() == []
            assert not [a for a in self.assistant.results if "Error executing tool" in a.text]


STORIES = settings(
    max_examples=40,
    stateful_step_count=25,
    deadline=None,
    # A story that fails is shown as it was found: to shorten it takes minutes.
    phases=(Phase.explicit, Phase.generate),
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def test_random_stories_keep_the_promises() -> None:
    Story.seen.clear()
    run_state_machine_as_test(Story, settings=STORIES)
    eventful = {"accepted", "outcome_unknown", "not_confirmed", "plan_again", "plan_used"}
    eventful |= {"write_in_flight", "gate_closed", "unreachable", "repeated", "job completed"}
    eventful |= {"no_recovery", "back", "not_known"}
    assert eventful - set(+Story.seen) == set(), Story.seen
