"""A write: noted before it leaves, alone on its server, sent once, and never half-way given up."""

import re
from collections.abc import Awaitable, Callable
from datetime import datetime
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import httpx
import pytest
from mcp.types import CallToolResult

from hostup_mcp.config import Misconfigured
from hostup_mcp.hostup.jobs import Started
from hostup_mcp.hostup.problems import (
    BadAnswer,
    Conflict,
    ConnectionLost,
    EdgeRefused,
    Forbidden,
    HostUpError,
    InvalidRequest,
    NotFound,
    Problem,
    RateLimited,
    Redirected,
    Refused,
    ServerFault,
    TimedOut,
    TooLarge,
    Unauthorized,
    Unreachable,
)
from hostup_mcp.server import attempts, failures
from hostup_mcp.server.answer import answer
from hostup_mcp.server.attempts import WriteTool, attempt, write_tool
from hostup_mcp.server.consent import answering
from hostup_mcp.server.ids import require_job
from hostup_mcp.server.services import Ctx, Services
from hostup_mcp.server.writes import OutcomeUnknown, alone_on, plan_claim, send

from .wiring import PATIENCE, SlowMemory, call, error_of, settings, text_of

VPS = "vps_abcdef12"
CHECK = "Look with list_vps_backups."
Write = Callable[[], Awaitable[Started]]

UNKNOWN: dict[str, HostUpError] = {
    "timed out": TimedOut("HostUp did not answer within 20 s"),
    "cut": ConnectionLost("the connection to HostUp broke: ReadError"),
    "unreadable success": BadAnswer("HostUp's answer was cut short", status=202),
    "too large": TooLarge("HostUp's answer is larger than 10 MB", status=202),
    "redirected": Redirected("a redirect came", status=302),
    "fault": ServerFault("Internal error", status=500, code="internal_error"),
    "unavailable": ServerFault("Try again later", status=503, retry_after=7.0),
    "gateway": BadAnswer("a web page came instead of an API answer", status=502),
}

CERTAIN: dict[str, HostUpError] = {
    "invalid": InvalidRequest("no", status=400),
    "key": Unauthorized("no", status=401),
    "scope": Forbidden("no", status=403),
    "edge": EdgeRefused("a web page", status=403),
    "missing": NotFound("no", status=404),
    "conflict": Conflict("no", status=409, code="vps_not_ready"),
    "refused": Refused("no", status=422),
    "limited": RateLimited("no", status=429, retry_after=3.0),
}

# Whoever is told to come back later may come back with the same plan.
USING_UP = {name: e for name, e in {**CERTAIN, **UNKNOWN}.items() if name != "limited"}


class Diary:
    """A trail that writes into a list, beside what else happens."""

    def __init__(self, events: list[str]) -> None:
        self.events = events
        self.entries: list[dict[str, Any]] = []
        self.full = False

    def note(self, now: datetime, entry: dict[str, Any]) -> None:
        if self.full:
            raise failures.refuse("no_audit_log", "cannot be written", "Tell the person.")
        self.entries.append(entry)
        self.events.append(f"trail: {entry['outcome']}")


class Bench:
    """One server's means, with everything that happens in `events`."""

    def __init__(self, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.events: list[str] = []
        self.means = Services(settings(), transport, memory=SlowMemory())
        self.diary = Diary(self.events)
        trail: Any = self.diary
        self.means.trail = trail
        self.ctx = call(self.means)
        self.answer: Started | Exception = Started(job_id="job_1", state=None)
        self.seen: str | Exception = "The gate is closed now."

    async def write(self) -> Started:
        self.events.append("write")
        await anyio.lowlevel.checkpoint()
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def look(self) -> str:
        self.events.append("look")
        await anyio.lowlevel.checkpoint()
        if isinstance(self.seen, Exception):
            raise self.seen
        return self.seen

    def tool(
        self, plan: str | None = None, write: Write | None = None, before: float = 0
    ) -> WriteTool:
        """A tool that does nothing but send one write."""

        async def change(ctx: Ctx) -> CallToolResult:
            """Changes something."""
            attempt().plan = plan
            attempt().ids = {"id": VPS}
            await anyio.sleep(before)
            async with alone_on(ctx, VPS):
                await send(ctx, VPS, write or self.write, self.look, CHECK)
            return answer(["Started."], {"state": "started"})

        return write_tool(change, "Change", destroys=True, idempotent=False)

    async def run(self, tool: WriteTool | None = None) -> CallToolResult:
        with anyio.fail_after(PATIENCE):
            result = await (tool or self.tool()).run({}, self.ctx, convert_result=True)
        assert isinstance(result, CallToolResult)
        return result

    async def is_free(self) -> bool:
        """Whether another write on the server would be let through."""
        try:
            async with alone_on(self.ctx, VPS):
                return True
        except failures.Refusal:
            return False

    async def is_used(self, plan: str) -> bool:
        return bool(await self.means.memory.held(plan_claim(plan)))


@pytest.fixture
async def bench() -> Bench:
    return Bench()


# Alone on its server ------------------------------------------------------------------------------


async def test_a_second_write_on_a_server_is_refused_while_the_first_is_under_way(
    bench: Bench,
) -> None:
    async with alone_on(bench.ctx, VPS):
        with pytest.raises(failures.Refusal) as refusal:
            async with alone_on(bench.ctx, VPS):
                raise AssertionError("two at once")
        assert refusal.value.failure.kind == "write_in_flight"
        assert "Nothing was changed by this call" in refusal.value.failure.message
        async with alone_on(bench.ctx, "vps_another1"):
            pass
    assert await bench.is_free()


async def test_the_second_one_does_not_let_go_of_what_the_first_holds(bench: Bench) -> None:
    async with alone_on(bench.ctx, VPS):
        assert not await bench.is_free()
        assert not await bench.is_free()


@pytest.mark.parametrize("error", [ValueError("x"), failures.refuse("k", "m", "n"), TimedOut("t")])
async def test_a_server_is_free_again_after_a_failure(bench: Bench, error: Exception) -> None:
    with pytest.raises(type(error)):
        async with alone_on(bench.ctx, VPS):
            raise error
    assert await bench.is_free()


async def test_a_server_is_free_again_after_a_cancellation(bench: Bench) -> None:
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:

            async def hold() -> None:
                async with alone_on(bench.ctx, VPS):
                    tasks.cancel_scope.cancel()
                    await anyio.sleep_forever()

            tasks.start_soon(hold)
    assert await bench.is_free()


async def test_a_server_is_free_again_when_the_client_gives_up_during_the_write(
    bench: Bench,
) -> None:
    with anyio.fail_after(PATIENCE), anyio.CancelScope() as client:

        async def write() -> Started:
            client.cancel()
            return await bench.write()

        await bench.tool(write=write).run({}, bench.ctx, convert_result=True)
    assert "write" in bench.events
    assert await bench.is_free()


async def test_a_server_stays_taken_where_the_outcome_is_not_known(bench: Bench) -> None:
    with pytest.raises(OutcomeUnknown):
        async with alone_on(bench.ctx, VPS):
            raise OutcomeUnknown(failures.of_hostup(TimedOut("t")))
    assert not await bench.is_free()


async def test_of_many_writes_on_a_server_at_once_one_is_sent(bench: Bench) -> None:
    results: list[CallToolResult] = []

    async def one() -> None:
        results.append(await bench.run())

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(one)
    assert bench.events.count("write") == 1
    refused = [error_of(r)["kind"] for r in results if r.is_error]
    assert refused == ["write_in_flight"] * 19


# The trail ----------------------------------------------------------------------------------------


async def test_the_trail_has_the_write_before_it_leaves_and_its_end_after(bench: Bench) -> None:
    result = await bench.run()
    assert not result.is_error
    assert bench.events == ["trail: sent", "write", "trail: accepted by HostUp"]
    assert bench.diary.entries[0]["ids"] == {"id": VPS}
    assert bench.diary.entries[-1]["jobId"] == "job_1"


async def test_what_cannot_be_noted_is_not_sent(bench: Bench) -> None:
    bench.diary.full = True
    result = await bench.run(bench.tool(plan="p"))
    assert error_of(result)["kind"] == "no_audit_log"
    assert "write" not in bench.events
    assert await bench.is_free()
    assert not await bench.is_used("p")


async def test_an_end_that_cannot_be_noted_does_not_turn_a_success_into_a_failure(
    bench: Bench,
) -> None:
    async def write() -> Started:
        bench.diary.full = True
        return await bench.write()

    assert not (await bench.run(bench.tool(write=write))).is_error


@pytest.mark.parametrize("error", CERTAIN.values(), ids=CERTAIN)
async def test_a_refusal_of_hostup_is_noted_as_one(bench: Bench, error: HostUpError) -> None:
    bench.answer = error
    error.request_id = "req_1"
    kind = error_of(await bench.run())["kind"]
    assert bench.events == ["trail: sent", "write", f"trail: refused: {kind}"]
    assert bench.diary.entries[-1]["requestId"] == "req_1"


async def test_a_call_that_the_client_gave_up_is_noted_as_that(bench: Bench) -> None:
    with anyio.fail_after(PATIENCE), anyio.move_on_after(0.05):
        await bench.tool(before=PATIENCE).run({}, bench.ctx, convert_result=True)
    assert bench.events == ["trail: given up by the client"]


async def test_a_fault_of_this_program_is_not_noted_as_the_clients_doing(bench: Bench) -> None:
    async def change(ctx: Ctx) -> CallToolResult:
        """Changes something."""
        raise RuntimeError("a bug")

    with pytest.raises(Exception, match="Error executing tool"):
        await bench.run(write_tool(change, "Change", destroys=True, idempotent=False))
    assert bench.events == ["trail: failed: a fault of this server"]


async def test_a_fault_of_this_program_during_the_write_leaves_its_outcome_unknown(
    bench: Bench,
) -> None:
    bench.answer = RuntimeError("a bug")
    told = error_of(await bench.run(bench.tool(plan="p")))
    assert told["kind"] == "outcome_unknown"
    assert "Do not send it again" in told["nextStep"]
    assert "a bug" not in told["message"]
    assert bench.events == ["trail: sent", "write", "look", "trail: outcome_unknown"]
    assert await bench.is_used("p")
    assert not await bench.is_free()


async def test_each_call_leaves_exactly_one_line_of_its_end(bench: Bench) -> None:
    bench.answer = Conflict("no", status=409)
    await bench.run()
    bench.answer = TimedOut("t")
    await bench.run()
    await bench.run()
    ends = [event for event in bench.events if event.startswith("trail") and "sent" not in event]
    assert ends == [
        "trail: refused: conflict",
        "trail: outcome_unknown",
        "trail: refused: write_in_flight",
    ]


# A plan is good for once --------------------------------------------------------------------------


async def test_a_plan_is_carried_out_once_however_many_try_at_once(bench: Bench) -> None:
    results: list[Exception | Started] = []

    async def carry_out(ctx: Ctx) -> CallToolResult:
        """Not alone on its server on purpose: the plan alone has to hold."""
        attempt().plan = "p"
        results.append(await send(ctx, VPS, bench.write, bench.look, CHECK))
        return answer(["Started."], {})

    tool = write_tool(carry_out, "Carry out", destroys=True, idempotent=False)
    kinds: list[str] = []

    async def one() -> None:
        result = await bench.run(tool)
        if result.is_error:
            kinds.append(error_of(result)["kind"])

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(one)
    assert len(results) == 1
    assert bench.events.count("write") == 1
    assert kinds == ["plan_used"] * 49


async def test_a_plan_stays_used_after_it_was_carried_out(bench: Bench) -> None:
    await bench.run(bench.tool(plan="p"))
    again = error_of(await bench.run(bench.tool(plan="p")))
    assert again["kind"] == "plan_used"
    assert "Nothing was changed by this call" in again["message"]
    assert bench.events.count("write") == 1
    assert not (await bench.run(bench.tool(plan="another"))).is_error


async def test_a_write_that_could_not_even_be_sent_does_not_use_the_plan_up(bench: Bench) -> None:
    bench.answer = Unreachable("no connection")
    assert error_of(await bench.run(bench.tool(plan="p")))["kind"] == "unreachable"
    assert not await bench.is_used("p")
    bench.answer = Started()
    assert not (await bench.run(bench.tool(plan="p"))).is_error


async def test_a_write_held_back_because_hostup_wants_no_request_now_does_not_use_the_plan_up() -> (
    None
):
    asked: list[str] = []

    def limited(request: httpx.Request) -> httpx.Response:
        asked.append(request.method)
        return httpx.Response(429, headers={"Retry-After": "60"}, json={"code": "rate_limited"})

    bench = Bench(httpx.MockTransport(limited))
    async with bench.means.used():
        with pytest.raises(RateLimited):
            await bench.means.hostup.get_vps(VPS)
        write = partial(bench.means.hostup.restore_backup, VPS, "bkp_abcdef12")
        result = await bench.run(bench.tool(plan="p", write=write))
    assert error_of(result)["kind"] == "rate_limited"
    assert asked == ["GET"]
    assert "Nothing was changed." in error_of(result)["message"]
    assert not await bench.is_used("p")


@pytest.mark.parametrize("error", USING_UP.values(), ids=USING_UP)
async def test_a_plan_whose_write_reached_hostup_is_used_up(
    bench: Bench, error: HostUpError
) -> None:
    bench.answer = error
    await bench.run(bench.tool(plan="p"))
    assert await bench.is_used("p")


# A yes is good for once ---------------------------------------------------------------------------


async def test_a_yes_that_comes_twice_is_good_for_one_write(bench: Bench) -> None:
    answering.set("v1.sealed")
    assert not (await bench.run()).is_error
    again = error_of(await bench.run())
    assert again["kind"] == "not_confirmed"
    assert "Nothing was changed." in again["message"]
    assert bench.events.count("write") == 1
    answering.set("v1.another")
    assert not (await bench.run()).is_error


async def test_a_yes_is_good_for_another_try_where_nothing_was_sent(bench: Bench) -> None:
    answering.set("v1.sealed")
    bench.answer = Unreachable("no connection")
    told = error_of(await bench.run(bench.tool(plan="p")))
    assert "Nothing was changed." in told["message"]
    bench.answer = Started()
    assert not (await bench.run(bench.tool(plan="p"))).is_error


async def test_a_used_yes_does_not_use_a_plan_up(bench: Bench) -> None:
    answering.set("v1.sealed")
    await bench.run()
    assert error_of(await bench.run(bench.tool(plan="p")))["kind"] == "not_confirmed"
    assert not await bench.is_used("p")


# Never interrupted, never twice -------------------------------------------------------------------


async def test_a_write_that_has_begun_is_finished_though_the_client_gives_up(bench: Bench) -> None:
    with anyio.fail_after(PATIENCE), anyio.CancelScope() as client:

        async def write() -> Started:
            client.cancel()
            await anyio.sleep(0.02)
            bench.events.append("written")
            return Started(job_id="job_1")

        await bench.tool(plan="p", write=write).run({}, bench.ctx, convert_result=True)
    assert bench.events[:2] == ["trail: sent", "written"]
    assert bench.diary.entries[-1]["jobId"] == "job_1"
    assert await bench.is_used("p")


async def test_what_is_lost_after_the_client_gave_up_is_still_looked_at_and_noted(
    bench: Bench,
) -> None:
    with anyio.fail_after(PATIENCE), anyio.CancelScope() as client:

        async def write() -> Started:
            client.cancel()
            await anyio.sleep(0.02)
            raise TimedOut("t")

        await bench.tool(write=write).run({}, bench.ctx, convert_result=True)
    assert "look" in bench.events
    assert not await bench.is_free()


@pytest.mark.parametrize("error", {**CERTAIN, **UNKNOWN}.values(), ids={**CERTAIN, **UNKNOWN})
async def test_a_write_is_sent_once_whatever_comes_back(bench: Bench, error: HostUpError) -> None:
    bench.answer = error
    await bench.run()
    assert bench.events.count("write") == 1


async def test_a_job_that_was_started_is_known_afterwards(bench: Bench) -> None:
    await bench.run()
    assert VPS in str(await require_job(bench.ctx, "job_1"))


async def test_a_write_that_was_accepted_is_told_as_such_though_nobody_can_be_told_the_news(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: str) -> None:
        raise ConnectionError("nobody listens")

    monkeypatch.setattr(bench.ctx, "notify_resource_updated", broken)
    assert not (await bench.run()).is_error
    assert bench.events[-1] == "trail: accepted by HostUp"


# Outcome unknown ----------------------------------------------------------------------------------

AGAIN = re.compile(r"\b(try|call|send|run|do)\b[^.]*\bagain\b|\bretry|\brepeat|\bwait \d", re.I)


@pytest.mark.parametrize("error", UNKNOWN.values(), ids=UNKNOWN)
async def test_a_lost_answer_is_told_as_unknown_after_one_look(
    bench: Bench, error: HostUpError
) -> None:
    bench.answer = error
    result = await bench.run()
    told = error_of(result)
    assert told["kind"] == "outcome_unknown"
    assert "NOT KNOWN" in told["message"]
    assert "The gate is closed now." in told["message"]
    assert CHECK in told["nextStep"]
    assert bench.events == ["trail: sent", "write", "look", "trail: outcome_unknown"]


@pytest.mark.parametrize("error", UNKNOWN.values(), ids=UNKNOWN)
async def test_a_lost_answer_is_never_a_reason_to_send_again(
    bench: Bench, error: HostUpError
) -> None:
    bench.answer = error
    result = await bench.run()
    told = error_of(result)
    assert "Do not send it again." in told["nextStep"]
    ours = text_of(result).replace("Do not send it again.", "").replace(str(error), "")
    assert not AGAIN.search(ours), ours
    assert "retryAfterSeconds" not in told


@pytest.mark.parametrize(
    "seen",
    [TimedOut("t"), Unreachable("u"), RateLimited("no", status=429), NotFound("no", status=404)],
    ids=lambda e: type(e).__name__,
)
async def test_a_look_that_fails_leaves_it_unknown(bench: Bench, seen: Exception) -> None:
    bench.answer, bench.seen = TimedOut("t"), seen
    told = error_of(await bench.run())
    assert told["kind"] == "outcome_unknown"
    assert "no answer either" in told["message"]
    assert not await bench.is_free()


async def test_a_look_that_breaks_leaves_it_unknown_too(bench: Bench) -> None:
    bench.answer, bench.seen = TimedOut("t"), RuntimeError("a bug")
    told = error_of(await bench.run())
    assert told["kind"] == "outcome_unknown"
    assert not await bench.is_free()


@pytest.mark.parametrize("error", CERTAIN.values(), ids=CERTAIN)
async def test_a_plain_refusal_needs_no_look_and_frees_the_server(
    bench: Bench, error: HostUpError
) -> None:
    bench.answer = error
    assert error_of(await bench.run())["kind"] != "outcome_unknown"
    assert "look" not in bench.events
    assert await bench.is_free()


def test_every_sort_of_failure_is_in_one_of_the_two_tables() -> None:
    def below(cls: type[HostUpError]) -> set[type[HostUpError]]:
        return {cls}.union(*(below(sub) for sub in cls.__subclasses__()))

    tried = {type(error) for error in (*UNKNOWN.values(), *CERTAIN.values())}
    assert below(HostUpError) - tried == {HostUpError, Problem, Unreachable}
    assert all(error.outcome_unknown for error in UNKNOWN.values())
    assert not any(error.outcome_unknown for error in CERTAIN.values())


# A question that nobody answers -------------------------------------------------------------------


async def test_a_question_that_stays_open_too_long_is_a_no(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "QUESTION_SECONDS", 0.02)
    result = await bench.run(bench.tool(before=PATIENCE))
    told = error_of(result)
    assert told["kind"] == "not_confirmed"
    assert "Nothing was changed." in told["message"]
    assert bench.events == ["trail: refused: not_confirmed"]


async def test_the_time_for_the_question_does_not_cut_the_write_short(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts, "QUESTION_SECONDS", 0.05)

    async def write() -> Started:
        await anyio.sleep(0.15)
        return await bench.write()

    assert not (await bench.run(bench.tool(write=write))).is_error


# What else ----------------------------------------------------------------------------------------


async def test_a_server_that_is_not_set_up_says_so_and_notes_nothing(bench: Bench) -> None:
    async def change(ctx: Ctx) -> CallToolResult:
        """Changes something."""
        raise failures.Refusal(failures.not_configured(Misconfigured(("no key.",))))

    bench.means.configuration = Misconfigured(("no key.",))
    tool = write_tool(change, "Change", destroys=True, idempotent=False)
    assert error_of(await bench.run(tool))["kind"] == "not_configured"
    assert bench.events == []


@pytest.mark.parametrize("destroys", [True, False])
@pytest.mark.parametrize("idempotent", [True, False])
def test_a_tool_that_writes_never_counts_as_one_that_reads(
    destroys: bool, idempotent: bool
) -> None:
    async def change(ctx: Ctx) -> CallToolResult:
        """Changes something."""
        raise NotImplementedError

    annotations = write_tool(change, "C", destroys=destroys, idempotent=idempotent).annotations
    assert annotations is not None
    assert annotations.read_only_hint is False
    assert annotations.destructive_hint is destroys
    assert annotations.idempotent_hint is idempotent
    assert annotations.open_world_hint is True
