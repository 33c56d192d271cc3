"""A write from top to bottom: confirmed, alone on its server, checked again, and sent once."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest
from mcp.types import CallToolResult, InputRequiredResult

from hostup_mcp.config import Confirm
from hostup_mcp.hostup.problems import TimedOutError, UnreachableError
from hostup_mcp.server.caller import LOCAL
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.tracked import require_job
from hostup_mcp.server.writes import pipeline
from hostup_mcp.server.writes.proposal import Destructive, Harmless, Proposal
from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.store import (
    ConsumeResult,
    Consumption,
    Lock,
    RecordKey,
    RecordKind,
    StateReplyLostError,
    StateUnavailableError,
)
from hostup_mcp.wording.question_texts import Words
from hostup_mcp.wording.questions import say

from ..wiring import PATIENCE, SlowState, error_of
from .bench import (
    ACCEPTED,
    DECLINED,
    DESTRUCTIVE,
    HANDSHAKE,
    HARMLESS,
    NAME,
    NOW,
    OTHER_VPS,
    REVISIONS,
    STATELESS,
    TYPED,
    VPS,
    Bench,
    happens,
    refused,
    request,
)

both_revisions = pytest.mark.parametrize("revision", REVISIONS)
ANY = frozenset({Destructive, Harmless})
ALWAYS_HARMLESS = frozenset({Harmless})


# The order ----------------------------------------------------------------------------------------

IN_ORDER = {
    HANDSHAKE: ["propose", "asked", "propose", "log: sent", "request", "log: accepted by HostUp"],
    STATELESS: [
        *("propose", "log: asked the user"),
        *("propose", "log: sent", "request", "log: accepted by HostUp"),
    ],
}


@pytest.mark.parametrize(("revision", "order"), IN_ORDER.items(), ids=IN_ORDER)
async def test_a_write_runs_in_one_order(revision: str, order: list[str]) -> None:
    bench = Bench(revision)
    result = await bench.run()
    assert not result.is_error
    assert bench.events == order
    assert bench.given == [{"id": VPS}] * 2
    entry = bench.log.entries[-1]
    assert (entry["tool"], entry["ids"], entry["jobId"]) == ("change_vps", {"id": VPS}, "job_1")
    assert entry["consent"] == {"by": "user", "how": "typed the server's name"}
    assert entry["request"] == {"method": "POST", "path": request().path, "body": {"note": "x"}}


@pytest.mark.parametrize(
    ("may", "proposal", "times"),
    [
        (frozenset({Destructive}), DESTRUCTIVE, 2),
        (ANY, DESTRUCTIVE, 2),
        (ANY, HARMLESS, 2),
        (ALWAYS_HARMLESS, HARMLESS, 1),
    ],
    ids=["destructive", "either, destructive", "either, harmless", "always harmless"],
)
@both_revisions
async def test_propose_runs_at_most_twice(
    revision: str, may: frozenset[Any], proposal: Proposal, times: int
) -> None:
    bench = Bench(revision)
    bench.may_propose, bench.proposals = may, [proposal]
    assert not (await bench.run()).is_error
    assert bench.proposed == times
    assert bench.events.count("request") == 1


async def test_nobody_is_asked_about_harmless() -> None:
    bench = Bench()
    bench.may_propose, bench.proposals = ANY, [HARMLESS]
    await bench.run()
    assert "asked" not in bench.events
    assert bench.log.entries[-1]["consent"] == {"by": "nobody", "how": "not asked: a slot"}


@both_revisions
async def test_confirming_can_be_the_clients_task(revision: str) -> None:
    bench = Bench(revision, confirm=Confirm.CLIENT)
    bench.capabilities = None
    assert not (await bench.run()).is_error
    assert "asked" not in bench.events
    assert bench.log.entries[-1]["consent"] == {
        "by": "client",
        "how": "HOSTUP_MCP_CONFIRM=client",
    }


async def test_an_unknown_id_stops_everything() -> None:
    bench = Bench()
    result = await pipeline.write(bench.definition(), {"id": VPS}, bench.context())
    assert isinstance(result, CallToolResult)
    assert error_of(result)["kind"] == "unknown_id"
    assert bench.events == ["log: refused: unknown_id"]


async def test_each_id_is_logged() -> None:
    """And no other argument."""
    bench = Bench()
    ids = {"id": VPS, "backupId": "bkp_1", "snapshotName": "before", "planId": "plan_1"}
    await pipeline.write(bench.definition(), {**ids, "note": "x"}, bench.context())
    assert bench.log.entries[-1]["ids"] == ids


@both_revisions
async def test_without_the_store_nobody_is_asked(revision: str) -> None:
    class Unavailable(InMemoryState):
        async def is_available(self) -> bool:
            return False

    bench = Bench(revision, state=Unavailable())
    refused(await bench.run(), "state_unavailable")
    assert bench.events == ["log: refused: state_unavailable"]


@both_revisions
async def test_the_tools_refusal_ends_the_call(revision: str) -> None:
    bench = Bench(revision)
    bench.proposals = [refuse(texts.JOB_RUNNING)]
    refused(await bench.run(), "job_running")
    assert bench.events == ["propose", "log: refused: job_running"]


@both_revisions
async def test_a_read_that_fails_changes_nothing(revision: str) -> None:
    for number, error in enumerate((TimedOutError("too slow"), UnreachableError("no connection"))):
        bench = Bench(revision)
        bench.proposals = [DESTRUCTIVE, error] if number else [error]
        assert "Nothing was changed." in error_of(await bench.run())["message"]
        assert "request" not in bench.events
        assert not await bench.is_locked()


# The same still? ----------------------------------------------------------------------------------

CHANGED: dict[str, Proposal] = {
    "facts": replace(DESTRUCTIVE, facts={"name": "web-02"}),
    "request": replace(DESTRUCTIVE, request=request("/api/v2/vps/x")),
    "server": replace(DESTRUCTIVE, vps_id=OTHER_VPS),
    "kind": HARMLESS,
}


@pytest.mark.parametrize("then", CHANGED.values(), ids=CHANGED)
@both_revisions
async def test_what_changed_is_not_sent(revision: str, then: Proposal) -> None:
    """And the user is not asked a second question for it."""
    bench = Bench(revision)
    bench.may_propose, bench.proposals = ANY, [DESTRUCTIVE, then]
    refused(await bench.run(), "changed_meanwhile")
    assert "request" not in bench.events
    assert bench.events.count("asked") == (revision == HANDSHAKE)
    assert bench.proposed == 2
    assert not await bench.is_locked()


@both_revisions
async def test_harmless_turned_destructive(revision: str) -> None:
    bench = Bench(revision)
    bench.may_propose, bench.proposals = ANY, [HARMLESS, DESTRUCTIVE]
    refused(await bench.run(), "changed_meanwhile")
    assert not {"asked", "request"} & set(bench.events)


@both_revisions
async def test_changed_texts_are_no_change(revision: str) -> None:
    bench = Bench(revision)
    other = replace(DESTRUCTIVE.question, what=say(Words.DELETE_BACKUP, made=None))
    bench.proposals = [DESTRUCTIVE, replace(DESTRUCTIVE, question=other)]
    assert not (await bench.run()).is_error


@both_revisions
async def test_ages_count_from_when_the_user_was_asked(revision: str) -> None:
    """A backup that is minutes older after the yes is still the one in the question."""
    bench, minutes = Bench(revision), count()
    bench.services.now = lambda: NOW + timedelta(minutes=next(minutes))
    assert not (await bench.run()).is_error
    first, second = bench.as_of
    assert first == second


@pytest.mark.parametrize("way", ["the client asks", "nobody is asked", "in the panel"])
async def test_ages_count_from_the_first_proposal(way: str) -> None:
    """Without a question too: what is a moment older is not changed meanwhile."""
    bench, minutes = Bench(confirm=Confirm.CLIENT), count()
    bench.services.now = lambda: NOW + timedelta(minutes=next(minutes))
    arguments = {"id": VPS}
    if way == "nobody is asked":
        bench.may_propose = frozenset({Destructive, Harmless})
        bench.proposals = [HARMLESS]
    elif way == "in the panel":
        bench.in_panel = True
        arguments["typedName"] = NAME
    assert not (await bench.run(arguments)).is_error
    first, second = bench.as_of
    assert first == second


@pytest.mark.parametrize("proposal", [DESTRUCTIVE, replace(HARMLESS, vps_id=OTHER_VPS)])
@both_revisions
async def test_a_wrong_proposal_sends_nothing(revision: str, proposal: Proposal) -> None:
    """It may propose only what is harmless for its server, so nobody was asked."""
    bench = Bench(revision)
    bench.may_propose, bench.proposals = ALWAYS_HARMLESS, [proposal]
    refused(await bench.run(), "changed_meanwhile")
    assert not {"asked", "request"} & set(bench.events)
    assert not await bench.is_locked()


async def test_a_slow_check_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    monkeypatch.setattr(pipeline, "CHECK_SECONDS", 0.02)

    async def slow_the_second_time() -> None:
        if bench.proposed == 2:
            await anyio.sleep(PATIENCE)

    bench.before_propose = slow_the_second_time
    refused(await bench.run(), "check too slow")
    assert "request" not in bench.events
    assert not await bench.is_locked()


# Alone on its server ------------------------------------------------------------------------------


async def test_a_second_write_is_refused() -> None:
    bench, other = Bench(), Bench()
    other.services.state = bench.services.state

    async def try_others(_: httpx.Request) -> httpx.Response:
        refused(await other.run(), "in progress")
        other.proposals = [replace(DESTRUCTIVE, vps_id=OTHER_VPS)]
        assert not (await other.run({"id": OTHER_VPS})).is_error
        return httpx.Response(204)

    bench.response = try_others
    assert not (await bench.run()).is_error
    assert bench.events.count("request") == other.events.count("request") == 1
    assert not await bench.is_locked()


async def test_a_lock_holds_for_all_callers(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = Bench()
    name = f"write/{bench.services.base_url}/{VPS}"
    assert await bench.services.state.acquire(name, 60)
    refused(await bench.run(), "in progress")
    assert await bench.is_locked()


async def test_of_many_at_once_one_is_sent() -> None:
    bench = Bench()
    results: list[CallToolResult] = []

    async def one() -> None:
        results.append(await bench.run())

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(one)
    assert bench.events.count("request") == 1
    kinds = [error_of(result)["kind"] for result in results if result.is_error]
    assert kinds == ["write_in_flight"] * 19


async def test_an_unavailable_lock_sends_nothing() -> None:
    class Unavailable(SlowState):
        async def acquire(self, name: str, seconds: float) -> Lock | None:
            raise StateUnavailableError

    bench = Bench(state=Unavailable())
    refused(await bench.run(), "state_unavailable")
    assert "request" not in bench.events


async def test_a_lock_that_cannot_be_released() -> None:
    class Unavailable(SlowState):
        async def release(self, lock: Lock) -> None:
            raise StateUnavailableError

    bench = Bench(state=Unavailable())
    assert not (await bench.run()).is_error
    assert await bench.is_locked()


async def test_an_expired_lock_sends_nothing() -> None:
    """Its holder was suspended for longer than it lasts, so another call may hold it now."""
    time = 0.0
    bench = Bench(state=InMemoryState(clock=lambda: time))

    async def suspended() -> None:
        nonlocal time
        if bench.proposed == 2:
            time += pipeline.LOCK_SECONDS

    bench.before_propose = suspended
    refused(await bench.run(), "lock expired")
    assert "request" not in bench.events


async def test_a_lock_about_to_expire_sends_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The store and this machine may not agree on how much time has passed."""
    allowed = pipeline.LOCK_SECONDS - pipeline.LOCK_MARGIN_SECONDS
    clock = iter((5.0, 5.0 + allowed, 5.0, 6.0 + allowed))
    monkeypatch.setattr(pipeline, "time", SimpleNamespace(time=lambda: next(clock)))
    assert not (await Bench().run()).is_error
    bench = Bench()
    plan = await bench.plan()
    refused(await bench.run({"planId": plan}), "lock expired")
    assert "request" not in bench.events
    assert not await bench.is_locked()
    assert not await bench.is_consumed(plan)


# Good for once ------------------------------------------------------------------------------------


async def test_a_plan_is_carried_out_once() -> None:
    """However many try at once, and even if the lock did not keep them apart."""

    class NoLocks(InMemoryState):
        async def acquire(self, name: str, seconds: float) -> Lock | None:
            await anyio.lowlevel.checkpoint()
            self._locks.pop(name, None)
            return await super().acquire(name, seconds)

        async def consume(
            self, caller: str, keys: Sequence[RecordKey], lock: Lock
        ) -> ConsumeResult:
            await anyio.lowlevel.checkpoint()
            ((held, _),) = self._locks.values()
            return await super().consume(caller, keys, held)

        async def release(self, lock: Lock) -> None:
            """Whoever is last keeps it."""

    bench = Bench(state=NoLocks())
    plan = await bench.plan()
    results: list[CallToolResult] = []

    async def one() -> None:
        results.append(await bench.run({"planId": plan}))

    async with anyio.create_task_group() as tasks:
        for _ in range(30):
            tasks.start_soon(one)
    assert bench.events.count("request") == 1
    kinds = [error_of(result)["kind"] for result in results if result.is_error]
    assert kinds == ["plan_used"] * 29


@both_revisions
async def test_a_plan_works_once(revision: str) -> None:
    bench = Bench(revision)
    plan, another = await bench.plan(), await bench.plan()
    assert not (await bench.run({"planId": plan})).is_error
    refused(await bench.run({"planId": plan}), "plan_used")
    assert bench.events.count("request") == 1
    assert not (await bench.run({"planId": another})).is_error


async def test_a_yes_works_once() -> None:
    bench = Bench(STATELESS)
    question = await bench.ask()
    assert not (await bench.reply(question)).is_error
    refused(await bench.reply(question), "already answered")
    assert bench.events.count("request") == 1


async def test_a_yes_to_a_plan_works_once() -> None:
    """Then the plan was consumed too, and its message names the next step."""
    bench = Bench(STATELESS)
    arguments = {"planId": await bench.plan()}
    question = await bench.ask(arguments)
    assert not (await bench.reply(question, arguments)).is_error
    refused(await bench.reply(question, arguments), "plan_used")
    assert bench.events.count("request") == 1


async def test_declining_does_not_consume_the_plan() -> None:
    for revision in REVISIONS:
        bench = Bench(revision)
        plan = await bench.plan()
        bench.answer = DECLINED
        refused(await bench.run({"planId": plan}), "declined")
        assert not await bench.is_consumed(plan)
        bench.answer = TYPED
        assert not (await bench.run({"planId": plan})).is_error


@both_revisions
async def test_what_changed_consumes_no_plan(revision: str) -> None:
    bench = Bench(revision)
    bench.proposals = [DESTRUCTIVE, CHANGED["facts"]]
    plan = await bench.plan()
    refused(await bench.run({"planId": plan}), "changed_meanwhile")
    assert not await bench.is_consumed(plan)


NOT_SENT: dict[str, Exception] = {
    "no connection": httpx.ConnectError("refused"),
    "no connection in time": httpx.ConnectTimeout("slow"),
}


@pytest.mark.parametrize("error", NOT_SENT.values(), ids=NOT_SENT)
@both_revisions
async def test_an_unsent_plan_stays_open(revision: str, error: Exception) -> None:
    bench = Bench(revision)
    plan = await bench.plan()
    bench.response = error
    refused(await bench.run({"planId": plan}), "unreachable")
    assert not await bench.is_consumed(plan)
    assert not await bench.is_locked()
    bench.response = httpx.Response(204)
    assert not (await bench.run({"planId": plan})).is_error


async def test_a_rate_limited_plan_stays_open() -> None:
    """HostUp wants no request with this key now, so none leaves."""
    bench = Bench()
    plan = await bench.plan()
    bench.response = httpx.Response(429, headers={"Retry-After": "60"}, json={"code": "limited"})
    await bench.run()
    refused(await bench.run({"planId": plan}), "rate_limited")
    assert bench.events.count("request") == 1
    assert not await bench.is_consumed(plan)


async def test_an_unlogged_plan_stays_open() -> None:
    bench = Bench()
    plan = await bench.plan()
    bench.log.is_full = True
    result = await bench.run({"planId": plan})
    assert error_of(result)["kind"] == "audit_log_unavailable"
    assert "request" not in bench.events
    assert not await bench.is_locked()
    assert not await bench.is_consumed(plan)


async def test_a_read_that_failed_reopens_nothing() -> None:
    """What another call has consumed stays consumed, although this one sent nothing."""
    bench = Bench()
    plan = await bench.plan()
    key = RecordKey(RecordKind.PLAN, plan)

    async def consumed_by_another_call() -> None:
        if bench.proposed == 2:
            lock = await bench.services.state.acquire("another", 60)
            assert lock is not None
            await bench.services.state.consume(LOCAL, [key], lock)
            raise UnreachableError("no connection")

    bench.before_propose = consumed_by_another_call
    refused(await bench.run({"planId": plan}), "unreachable")
    assert await bench.is_consumed(plan)


async def test_a_refused_plan_is_consumed() -> None:
    bench = Bench()
    plan = await bench.plan()
    bench.response = httpx.Response(409, json={"code": "vps_not_ready"})
    error = error_of(await bench.run({"planId": plan}))
    assert error["kind"] == "conflict"
    assert "another restore needs a new one from plan_restore" in error["nextStep"]
    assert await bench.is_consumed(plan)
    assert "If it started a job" in error_of(await bench.run({"planId": plan}))["nextStep"]


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 423, 429])
async def test_a_refused_write_changed_nothing(status: int) -> None:
    bench = Bench()
    for body in ({"json": {"code": "no", "detail": "No."}}, {"html": "<p>no</p>"}):
        bench.response = httpx.Response(status, **body)
        error = error_of(await bench.run())
        assert error["kind"] != "outcome_unknown"
        assert error["message"].endswith("Nothing was changed.")


async def test_reopening_may_fail() -> None:
    """It cannot be reopened; nothing was sent all the same, and the call says so."""

    class Unavailable(SlowState):
        async def reopen(self, caller: str, key: RecordKey) -> None:
            raise StateUnavailableError

    bench = Bench(state=Unavailable())
    bench.response = httpx.ConnectError("refused")
    plan = await bench.plan()
    refused(await bench.run({"planId": plan}), "unreachable")
    assert await bench.is_consumed(plan)


class Consuming(SlowState):
    """A store in which something else happens when a write consumes."""

    result: ConsumeResult | Exception = StateReplyLostError()

    async def consume(self, caller: str, keys: Sequence[RecordKey], lock: Lock) -> ConsumeResult:
        if isinstance(self.result, Exception):
            raise self.result
        return self.result


PLAN = RecordKey(RecordKind.PLAN, "plan_1")
QUESTION = RecordKey(RecordKind.QUESTION, "ask_1")
NOT_CONSUMED = {
    "plan, consumed": (Consumption.ALREADY_CONSUMED, PLAN, "plan_used"),
    "plan, expired": (Consumption.MISSING, PLAN, "plan expired"),
    "plan, lost": (Consumption.OTHER_GENERATION, PLAN, "plan lost"),
    "yes, consumed": (Consumption.ALREADY_CONSUMED, QUESTION, "already answered"),
    "yes, expired": (Consumption.MISSING, QUESTION, "no longer open"),
    "yes, lost": (Consumption.OTHER_GENERATION, QUESTION, "question lost"),
    "lock": (Consumption.LOCK_LOST, None, "lock expired"),
}


@pytest.mark.parametrize(("outcome", "key", "words"), NOT_CONSUMED.values(), ids=NOT_CONSUMED)
@both_revisions
async def test_what_cannot_be_consumed_is_not_sent(
    revision: str, outcome: Consumption, key: RecordKey | None, words: str
) -> None:
    state = Consuming()
    state.result = ConsumeResult(outcome, key)
    bench = Bench(revision, state=state)
    refused(await bench.run(), words)
    assert not {"log: sent", "request"} & set(bench.events)
    assert not await bench.is_locked()


@both_revisions
async def test_a_lost_reply_says_what_is_unknown(revision: str) -> None:
    bench = Bench(revision, state=Consuming())
    for arguments, words in (
        ({"planId": await bench.plan()}, "plan unknown"),
        ({"id": VPS}, "yes unknown"),
    ):
        refused(await bench.run(arguments), words)
    assert "request" not in bench.events
    assert not await bench.is_locked()


# Cancelled ----------------------------------------------------------------------------------------


async def settle(bench: Bench) -> None:
    """Wait until no write is in progress."""
    with anyio.fail_after(PATIENCE):
        while bench.services.in_flight.count:
            await anyio.lowlevel.checkpoint()


async def cancelled_when(bench: Bench, happened: anyio.Event, **arguments: str) -> None:
    """Cancel the task of a call, as a server that stops does, once something has happened."""
    call = asyncio.create_task(bench.run(arguments or {"id": VPS}))
    with anyio.fail_after(PATIENCE):
        await happened.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call


async def test_cancelled_while_asked() -> None:
    bench, asked = Bench(), anyio.Event()

    async def wait() -> None:
        asked.set()
        await anyio.sleep(PATIENCE)

    bench.while_asking = wait
    plan = await bench.plan()
    await cancelled_when(bench, asked, planId=plan)
    assert bench.outcomes == ["cancelled by the client"]
    assert not await bench.is_consumed(plan)
    assert not await bench.is_locked()


async def test_cancelled_during_the_check() -> None:
    bench, checking = Bench(), anyio.Event()

    async def wait() -> None:
        if bench.proposed == 2:
            assert await bench.is_locked()
            checking.set()
            await anyio.sleep(PATIENCE)

    bench.before_propose = wait
    plan = await bench.plan()
    await cancelled_when(bench, checking, planId=plan)
    await settle(bench)
    assert bench.outcomes == ["cancelled by the client"]
    assert "request" not in bench.events
    assert not await bench.is_consumed(plan)
    assert not await bench.is_locked()


async def test_cancelled_while_consuming() -> None:
    consuming, go_on = anyio.Event(), anyio.Event()

    class Slow(SlowState):
        async def consume(
            self, caller: str, keys: Sequence[RecordKey], lock: Lock
        ) -> ConsumeResult:
            consuming.set()
            await go_on.wait()
            return await super().consume(caller, keys, lock)

    bench = Bench(state=Slow())
    await cancelled_when(bench, consuming)
    go_on.set()
    await settle(bench)
    assert bench.events[-3:] == ["log: sent", "request", "log: accepted by HostUp"]
    assert not await bench.is_locked()


@pytest.mark.parametrize(
    ("status", "outcome", "stays_locked"),
    [
        (202, "accepted by HostUp", False),
        (409, "refused: conflict", False),
        (500, "outcome_unknown", True),
    ],
)
async def test_cancelled_after_sending(status: int, outcome: str, stays_locked: bool) -> None:
    bench, sent, go_on = Bench(), anyio.Event(), anyio.Event()

    async def respond(_: httpx.Request) -> httpx.Response:
        sent.set()
        await go_on.wait()
        return httpx.Response(status, json=ACCEPTED if status == 202 else {})

    bench.response = respond
    await cancelled_when(bench, sent)
    go_on.set()
    await settle(bench)
    assert bench.outcomes == [outcome]
    assert await bench.is_locked() is stays_locked


async def test_an_ended_loop_leaves_it_unknown() -> None:
    """The task of the write itself is cancelled after the request may have left."""
    bench, sent = Bench(), anyio.Event()

    async def respond(_: httpx.Request) -> httpx.Response:
        sent.set()
        await anyio.sleep(PATIENCE)
        raise AssertionError("it was cancelled")

    bench.response = respond
    call = asyncio.create_task(bench.run())
    await happens(sent)
    (task,) = bench.services.in_flight._tasks
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert bench.outcomes == ["outcome_unknown"]
    assert await bench.is_locked()


# A server that stops ------------------------------------------------------------------------------


async def test_a_stopping_server_sends_nothing() -> None:
    for revision in REVISIONS:
        bench = Bench(revision)
        plan = await bench.plan()
        await bench.services.in_flight.stop(0)
        refused(await bench.run({"planId": plan}), "server_stopping")
        assert "request" not in bench.events
        assert not await bench.is_locked()
        assert not await bench.is_consumed(plan)


async def test_stopping_lets_a_write_end() -> None:
    bench, sent = Bench(), anyio.Event()

    async def respond(_: httpx.Request) -> httpx.Response:
        sent.set()
        await anyio.sleep(0.02)
        return httpx.Response(204)

    bench.response = respond
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(bench.run)
        await happens(sent)
        await bench.services.in_flight.stop(PATIENCE)
        assert bench.outcomes == ["accepted by HostUp"]


async def test_stopping_interrupts_what_waits() -> None:
    bench, sent = Bench(), anyio.Event()

    async def respond(_: httpx.Request) -> httpx.Response:
        sent.set()
        await anyio.sleep(PATIENCE)
        raise AssertionError("it was interrupted")

    bench.response = respond
    results: list[CallToolResult] = []

    async def run() -> None:
        results.append(await bench.run())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(run)
        await happens(sent)
        await bench.services.in_flight.stop(0.01)
        assert bench.outcomes == ["outcome_unknown"]
    error = error_of(results[0])
    assert error["kind"] == "outcome_unknown"
    reason = "hostup-mcp was told to stop before HostUp responded."
    assert error["message"].endswith(f"carried out: {reason}")
    assert "seen" not in error
    assert await bench.is_locked()
    assert "read state" not in bench.events


# The audit log ------------------------------------------------------------------------------------


@both_revisions
async def test_each_call_logs_its_outcome_once(revision: str) -> None:
    bench = Bench(revision)
    for response in (httpx.Response(409), httpx.Response(500), httpx.Response(204)):
        bench.response = response
        await bench.run()
    ends = [outcome for outcome in bench.outcomes if outcome != "asked the user"]
    assert ends == ["refused: conflict", "outcome_unknown", "refused: write_in_flight"]


async def test_a_log_that_fails_late_is_no_failure() -> None:
    bench = Bench()

    async def respond(_: httpx.Request) -> httpx.Response:
        bench.log.is_full = True
        return httpx.Response(204)

    bench.response = respond
    assert not (await bench.run()).is_error


async def test_what_cannot_be_logged_is_not_asked() -> None:
    bench = Bench(STATELESS)
    bench.log.is_full = True
    result = await bench.call()
    assert not isinstance(result, InputRequiredResult)
    assert error_of(result)["kind"] == "audit_log_unavailable"


async def test_a_fault_before_sending_is_logged() -> None:
    bench = Bench()
    bench.proposals = [DESTRUCTIVE, RuntimeError("a bug")]
    with pytest.raises(RuntimeError):
        await bench.run()
    assert bench.outcomes == ["failed: a fault of this server"]
    assert "request" not in bench.events
    assert not await bench.is_locked()


async def test_a_fault_after_sending_is_unknown(caplog: pytest.LogCaptureFixture) -> None:
    """What was sent may be at work, so neither log nor result may say that it failed."""

    class Broken(SlowState):
        async def put_record(self, caller: str, key: RecordKey, body: str, **how: Any) -> None:
            if key.kind is RecordKind.JOB:
                raise RuntimeError("a bug")
            await super().put_record(caller, key, body, **how)

    bench = Bench(state=Broken())
    result = await bench.run()
    error = error_of(result)
    assert error["kind"] == "outcome_unknown"
    assert error["writeId"] == bench.log.entries[-1]["writeId"]
    assert error["writeId"] in error["nextStep"]
    assert "a bug" not in str(result)
    assert caplog.messages == ["a write failed after it was sent"]
    assert "RuntimeError" in caplog.text
    assert bench.outcomes == ["outcome_unknown"]
    assert await bench.is_locked()


@both_revisions
async def test_nobody_is_asked_while_it_stops(revision: str) -> None:
    bench = Bench(revision)
    await bench.services.in_flight.stop(0)
    assert error_of(await bench.run())["kind"] == "server_stopping"
    assert "asked" not in bench.events


# The panel ----------------------------------------------------------------------------------------


@both_revisions
async def test_the_panels_yes_is_the_typed_name(revision: str) -> None:
    bench = Bench(revision)
    bench.in_panel, bench.capabilities = True, None
    typed = {"id": VPS, "typedName": "web-01"}
    assert not (await bench.run(typed)).is_error
    assert "asked" not in bench.events
    assert bench.log.entries[-1]["consent"] == {
        "by": "user",
        "how": "typed the server's name in the panel",
    }


async def test_a_wrong_name_in_the_panel_is_a_no() -> None:
    bench = Bench()
    bench.in_panel = True
    refused(await bench.run({"id": VPS, "typedName": "web-02"}), "wrong name in the panel")
    assert "request" not in bench.events


# Afterwards ---------------------------------------------------------------------------------------


async def test_a_job_that_was_started_is_known() -> None:
    bench = Bench()
    await bench.run()
    assert VPS in await require_job(bench.services, "job_1")


# What was agreed to is what is sent ---------------------------------------------------------------


@both_revisions
@pytest.mark.parametrize("changed", CHANGED.values(), ids=CHANGED)
async def test_the_panels_yes_is_for_one_proposal(changed: Proposal, revision: str) -> None:
    bench = Bench(revision)
    bench.in_panel, bench.capabilities = True, None
    bench.proposals = [DESTRUCTIVE, changed]
    refused(await bench.run({"id": VPS, "typedName": "web-01"}), "changed_meanwhile")
    assert "request" not in bench.events


async def test_harmless_that_changed_is_not_sent() -> None:
    bench = Bench()
    bench.may_propose = frozenset({Destructive, Harmless})
    bench.proposals = [HARMLESS, replace(HARMLESS, facts={"name": "another"})]
    refused(await bench.run(), "changed_meanwhile")
    assert "request" not in bench.events
