"""Every writing tool that there is, through everything that can befall a write.

The tools come from the registry and their arguments from their schemas, so a tool that is added
later is driven through the same without a word here. What counts is what reached the account.

Each tool meets each kind of end in both revisions. Which refusal or failure it meets is taken in
turn: what each of them means is tested with the client (`tests/hostup/test_writing.py`) and the
pipeline (`tests/server/writes/`), the same code for every tool.
"""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from mcp.client import Client, advertise
from mcp.server.apps import APP_MIME_TYPE, EXTENSION_ID
from mcp.shared.exceptions import MCPError
from mcp.types import CallToolResult, ElicitResult, InputRequiredResult
from support.account import fresh_account
from support.catalog import READING
from support.product import LEGACY, MODERN, REVISIONS

from hostup_mcp.recovery.modes.definition import Mode
from hostup_mcp.sandbox import (
    SANDBOX_API_KEY,
    Clock,
    Fault,
    RecordedRequest,
    Sandbox,
    Variants,
)
from hostup_mcp.server.app import serve_with
from hostup_mcp.server.catalog import WRITING
from hostup_mcp.server.definition import WritingTool
from hostup_mcp.server.services import Services
from hostup_mcp.server.writes import asking
from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.store import (
    ConsumeResult,
    Lock,
    StateReplyLostError,
    StateStore,
    StateUnavailableError,
)

from .harness import CANCEL, DECLINE, agree, hurried, plainly, settings, typed

NAME = "web-01"
SETTLED = {"done", "started", "accepted"}


@dataclass(frozen=True)
class Way:
    """A way to change something: a tool, and for a tool that takes a plan, the mode of the plan."""

    tool: str
    mode: Mode | None = None

    @property
    def definition(self) -> WritingTool:
        return WRITING[self.tool]

    @property
    def asks_in_window(self) -> bool:
        return not self.definition.is_always_harmless and not self.definition.confirmed_in_panel

    def __str__(self) -> str:
        return self.tool if self.mode is None else f"{self.tool}-{self.mode}"


def _takes_plan(tool: WritingTool) -> bool:
    return "planId" in inspect.signature(tool.propose).parameters


WAYS = [
    Way(name, mode)
    for name, tool in sorted(WRITING.items())
    for mode in (Mode if _takes_plan(tool) else (None,))
]

ASKING = [way for way in WAYS if not way.definition.is_always_harmless]
IN_WINDOW = [way for way in WAYS if way.asks_in_window]

revisions = pytest.mark.parametrize("revision", REVISIONS)
ways = pytest.mark.parametrize("way", WAYS, ids=str)
window_ways = pytest.mark.parametrize("way", IN_WINDOW, ids=str)


def in_turn(some_ways: list[Way], name: str, values: Collection[str]) -> pytest.MarkDecorator:
    """Each way in both revisions, and with the next of `values` each time."""
    pairs = list(product(some_ways, REVISIONS))
    assert len(pairs) >= len(values)
    # One further in each round, so that a value does not meet the same revision every time.
    turns = (i + i // len(values) for i in range(len(pairs)))
    rows = [(*pair, [*values][turn % len(values)]) for pair, turn in zip(pairs, turns, strict=True)]
    return pytest.mark.parametrize(("way", "revision", name), rows, ids=lambda value: str(value))


Reply = Callable[[str], "ElicitResult | Awaitable[ElicitResult]"]


@dataclass
class Session:
    """A client of the product in this process, the account behind it, and the user's answers."""

    client: Client
    sandbox: Sandbox
    reply: Reply = agree
    typed_in_panel: str = NAME
    questions: list[str] = field(default_factory=list)
    results: list[CallToolResult] = field(default_factory=list)
    subject: str | None = None
    """The server that is written to, if it is not the usual one."""
    sent_before: int = 0
    """Requests that prepared the account."""
    _plan_id: str | None = None
    _ticket: str | None = None

    async def answer(self, context: Any, params: Any) -> ElicitResult:
        self.questions.append(params.message)
        reply = self.reply(params.message)
        return reply if isinstance(reply, ElicitResult) else await reply

    async def ok(self, tool: str, **arguments: Any) -> CallToolResult:
        result = await self.client.call_tool(tool, arguments)
        assert not result.is_error, result
        return result

    async def prepared(self, way: Way) -> dict[str, Any]:
        """Arguments that are all right: ids from results, the rest from the schema of the tool."""
        await self.ok("list_vps")
        if way.tool == "end_rehearsal":
            self.subject = await self._rehearsal()
        given = {"mode": way.mode} if way.mode is not None else {}
        if way.mode is not None:
            plan = await self.ok("plan_restore", **await self._complete("plan_restore", given))
            assert plan.structured_content is not None
            self._plan_id = plan.structured_content["planId"]
            self._ticket = (plan.meta or {}).get("hostup-mcp/confirm", {}).get("ticket")
            assert self._plan_id, plan
        arguments = await self._complete(way.tool, {}, calls=way.asks_in_window)
        self.questions.clear()
        self.sent_before = len(self.sandbox.writes)
        return arguments

    async def _rehearsal(self) -> str:
        """The server of a rehearsal that is running."""
        vps = self.sandbox.state.by_name(NAME).id
        listing = await self._data("list_vps_backups", vps)
        given = {"mode": Mode.NEW_CLOUD_VPS, "backupId": listing["backups"][0]["id"]}
        plan = await self.ok("plan_restore", id=vps, rehearsal=True, **given)
        assert plan.structured_content is not None
        built = await self.ok("restore_vps", planId=plan.structured_content["planId"])
        assert built.structured_content is not None
        return str(built.structured_content["vpsId"])

    async def _complete(
        self, tool: str, given: dict[str, Any], *, calls: bool = True
    ) -> dict[str, Any]:
        """`given`, with what the schema requires and, if it may be called, what the tool wants."""
        listed = (await self.client.list_tools()).tools
        schema = next(each for each in listed if each.name == tool).input_schema
        wanted = [name for name in schema.get("required", []) if name not in given]
        while wanted:
            for name in wanted:
                given[name] = await self._value(name, schema["properties"][name], given)
            wanted = await self._missing(tool, given, schema) if calls else []
        return given

    async def _missing(self, tool: str, given: dict[str, Any], schema: dict[str, Any]) -> list[str]:
        """The arguments that the server asks for when it is called with `given`, and declined."""
        agreeing, self.reply = self.reply, lambda _: DECLINE
        result = await self.client.call_tool(tool, given)
        self.reply = agreeing
        error = (result.structured_content or {}).get("error", {})
        if error.get("kind") != "invalid_arguments":
            return []
        said = " ".join([error["nextStep"], *error.get("fields", [])])
        named = [n for n in schema["properties"] if n in said and n not in given]
        assert named, f"{tool} does not say what it wants: {said}"
        return named

    async def _value(self, name: str, schema: dict[str, Any], given: dict[str, Any]) -> Any:
        vps = self.subject or self.sandbox.state.by_name(NAME).id
        match name:
            case "id":
                return vps
            case "backupId" if given.get("mode") == Mode.FROM_OTHER_VPS:
                return (await self._source(vps))["backups"][0]["id"]
            case "backupId":
                return (await self._data("list_vps_backups", vps))["backups"][0]["id"]
            case "sourceVpsId":
                return (await self._source(vps))["id"]
            case "snapshotName":
                return (await self._data("list_vps_snapshots", vps))["data"][0]["name"]
            case "planId":
                return self._plan_id
            case "action":
                return "restart"
            case "ticket":
                return self._ticket
            case "typedName":
                return self.typed_in_panel
        return _sample(schema)

    async def _data(self, tool: str, vps: str) -> dict[str, Any]:
        result = await self.ok(tool, id=vps)
        assert result.structured_content is not None
        return result.structured_content

    async def _source(self, vps: str) -> dict[str, Any]:
        sources = (await self._data("list_restore_sources", vps))["sources"]
        found: dict[str, Any] = next(s for s in sources if s["name"] == "dev-01")
        return found

    async def kind(self, way: Way, arguments: dict[str, Any]) -> str:
        """Call a tool: `ok`, or the kind of its error."""
        result = await self.client.call_tool(way.tool, arguments)
        self.results.append(result)
        content = result.structured_content or {}
        if not result.is_error:
            assert content["state"] in SETTLED
            return "ok"
        kind: str = content["error"]["kind"]
        if kind != "outcome_unknown":
            assert "othing was changed" in content["error"]["message"], content
        return kind

    @property
    def sent(self) -> int:
        """How many requests that change something have reached the account."""
        return len(self.writes)

    @property
    def writes(self) -> list[RecordedRequest]:
        """Those requests."""
        return self.sandbox.writes[self.sent_before :]


def _sample(schema: dict[str, Any]) -> Any:
    if "enum" in schema:
        return schema["enum"][0]
    match schema["type"]:
        case "boolean":
            return True
        case "integer":
            return schema.get("minimum", 1)
        case "string":
            assert re.fullmatch(schema.get("pattern", ".*"), "sample"), "no sample for this pattern"
            return "sample"
    raise AssertionError(f"no sample for {schema}")


def account(**others: Any) -> Sandbox:
    """An account in which each tool destroys something if it ever does: a new backup evicts one."""
    sandbox = fresh_account(variants=Variants(from_vps_gate="backups"), **others)
    web = sandbox.state.by_name(NAME)
    full = replace(web.retention, limit=len(web.backups), auto_delete_oldest=True)
    sandbox.state.put(replace(web, retention=full))
    return sandbox


@asynccontextmanager
async def session(
    revision: str,
    *,
    state: StateStore | None = None,
    wrap: Callable[[httpx.AsyncBaseTransport], httpx.AsyncBaseTransport] = lambda inner: inner,
    audit_log: Path | None = None,
    **others: Any,
) -> AsyncIterator[Session]:
    sandbox = account(**others)
    services = Services(
        settings(audit_log=audit_log),
        wrap(sandbox.transport()),
        sandbox.clock.now,
        state or InMemoryState(),
    )
    made: list[Session] = []

    async def answer(context: Any, params: Any) -> ElicitResult:
        return await made[0].answer(context, params)

    apps = [advertise(EXTENSION_ID, {"mimeTypes": [APP_MIME_TYPE]})]
    async with Client(
        serve_with(services), mode=revision, elicitation_callback=answer, extensions=apps
    ) as client:
        made.append(Session(client, sandbox))
        with anyio.fail_after(60):
            yield made[0]


# It goes well -------------------------------------------------------------------------------------


@revisions
@pytest.mark.parametrize(
    ("way", "reads", "looks"),
    [
        (Way("restore_vps", Mode.IN_PLACE), 3, 3),
        (Way("confirm_restore", Mode.IN_PLACE), 3, 3),
        (Way("delete_vps_backup"), 4, 0),
    ],
    ids=str,
)
async def test_facts_are_read_twice(way: Way, reads: int, looks: int, revision: str) -> None:
    async with session(revision) as s:
        arguments = await s.prepared(way)
        before = len(s.sandbox.requests)
        assert await s.kind(way, arguments) == "ok"
        methods = [request.method for request in s.sandbox.requests[before:]]
        # A server is also looked at once before its restore.
        assert methods == ["GET"] * (2 * reads + looks) + [s.writes[0].method]


# It is refused ------------------------------------------------------------------------------------

NO: dict[str, ElicitResult] = {
    "decline": DECLINE,
    "cancel": CANCEL,
    "nothing filled in": ElicitResult(action="accept"),
    "empty form": ElicitResult(action="accept", content={}),
}


@in_turn(IN_WINDOW, "no", NO)
async def test_a_declined_question_sends_nothing(way: Way, revision: str, no: str) -> None:
    async with session(revision) as s:
        arguments = await s.prepared(way)
        s.reply = lambda _: NO[no]
        assert await s.kind(way, arguments) == "not_confirmed"
        assert len(s.questions) == 1
        assert s.sent == 0


@in_turn(ASKING, "name", ["web-02", "WEB-01", "web"])
async def test_a_wrong_name_sends_nothing(way: Way, revision: str, name: str) -> None:
    async with session(revision) as s:
        s.typed_in_panel = name
        arguments = await s.prepared(way)
        s.reply = lambda q: typed(name) if "To go ahead, type: " in q else plainly(False)
        assert await s.kind(way, arguments) == "not_confirmed"
        assert s.sent == 0


@window_ways
async def test_no_answer_sends_nothing(way: Way, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(_: str) -> ElicitResult:
        await anyio.sleep_forever()
        raise AssertionError

    async with session(LEGACY) as s:
        arguments = await s.prepared(way)
        s.reply = never
        # Not for what prepares the second session, which is answered.
        with monkeypatch.context() as patched:
            patched.setattr(asking, "QUESTION_SECONDS", 0.1)
            assert await s.kind(way, arguments) == "not_confirmed"
        assert s.sent == 0
    async with session(MODERN) as s:
        arguments = await s.prepared(way)
        await _ask(s, way, arguments)
        assert s.sent == 0


@window_ways
async def test_a_client_that_fails_to_ask_sends_nothing(way: Way) -> None:
    code = [0, -32000, -32603][IN_WINDOW.index(way) % 3]

    def fail(_: str) -> ElicitResult:
        raise MCPError(code=code, message="the window broke")

    async with session(LEGACY) as s:
        arguments = await s.prepared(way)
        s.reply = fail
        assert await s.kind(way, arguments) == "not_confirmed"
        assert s.sent == 0


@revisions
@window_ways
async def test_facts_changed_while_asking_send_nothing(way: Way, revision: str) -> None:
    async with session(revision) as s:
        arguments = await s.prepared(way)

        def rename_and_agree(question: str) -> ElicitResult:
            state = s.sandbox.state
            server = state.servers[s.subject] if s.subject else state.by_name(NAME)
            state.put(replace(server, name="renamed"))
            return agree(question)

        s.reply = rename_and_agree
        told = ("changed_meanwhile", "plan_again", "not_a_rehearsal")
        assert await s.kind(way, arguments) in told
        assert len(s.questions) == 1, "no second question without a word"
        assert s.sent == 0


# It comes twice -----------------------------------------------------------------------------------


@window_ways
async def test_an_answered_question_works_once(way: Way) -> None:
    async with session(MODERN) as s:
        arguments = await s.prepared(way)
        state, answers = await _ask(s, way, arguments)
        kinds = [await _answer(s, way, arguments, state, answers) for _ in range(3)]
        assert kinds[0] == "ok"
        assert "ok" not in kinds[1:]
        assert s.sent == 1


@revisions
@ways
async def test_of_two_calls_at_once_one_is_sent(way: Way, revision: str) -> None:
    prepared, second_over = anyio.Event(), anyio.Event()

    def hold_writes(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        class Held(httpx.AsyncBaseTransport):
            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                if request.method != "GET" and prepared.is_set():
                    await second_over.wait()
                return await inner.handle_async_request(request)

        return Held()

    async with session(revision, wrap=hold_writes) as s:
        arguments = await s.prepared(way)
        prepared.set()
        kinds: list[str] = []

        async def call() -> None:
            kinds.append(await s.kind(way, arguments))
            second_over.set()

        async with anyio.create_task_group() as calls:
            calls.start_soon(call)
            calls.start_soon(call)
        kinds.remove("ok")
        assert kinds[0] in ("write_in_flight", "plan_used")
        assert s.sent == 1


# HostUp fails -------------------------------------------------------------------------------------

LOST: dict[str, dict[str, Any]] = {
    "drop_before": {},
    "drop_after": {},
    "error_after": {"status": 502},
    "garble_after": {},
    "status-503": {"status": 503},
    "status-500": {"status": 500},
    "html-502": {"status": 502},
    "html-200": {"status": 200},
    "redirect": {},
    "empty": {"status": 200},
    "huge": {},
}
REFUSED = {
    "status-400": 400,
    "status-401": 401,
    "status-403": 403,
    "status-404": 404,
    "status-409": 409,
    "status-429": 429,
    "html-403": 403,
}


def fail_writes(sandbox: Sandbox, name: str, **how: Any) -> None:
    kind: Any = name.split("-")[0]
    for method in ("POST", "PATCH", "PUT", "DELETE"):
        sandbox.faults.add(Fault(kind, method=method, path="*", times=None, **how))


def truth(sandbox: Sandbox) -> object:
    """All that a write could have changed."""
    return dict(sandbox.state.servers), set(sandbox.state.jobs)


@in_turn(WAYS, "fault", LOST)
async def test_a_lost_response_is_unknown_and_final(way: Way, revision: str, fault: str) -> None:
    async with session(revision) as s:
        arguments = await s.prepared(way)
        fail_writes(s.sandbox, fault, **LOST[fault])
        assert await s.kind(way, arguments) == "outcome_unknown"
        assert_unknown(s.results[-1])
        assert s.sent == 1
        reads_after = s.sandbox.requests[s.sandbox.requests.index(s.writes[0]) + 1 :]
        assert 1 <= len(reads_after) <= 2, "it tries to find out, once"
        assert await s.kind(way, arguments) != "ok", "the server stays locked"
        assert s.sent == 1


@pytest.mark.parametrize(
    "way", [Way("confirm_restore", Mode.IN_PLACE), Way("delete_vps_backup")], ids=str
)
def test_a_response_that_comes_too_late_is_unknown(way: Way) -> None:
    async def main() -> None:
        async with session(MODERN, clock=Clock()) as s:
            arguments = await s.prepared(way)
            fail_writes(s.sandbox, "slow_after", seconds=60)
            assert await s.kind(way, arguments) == "outcome_unknown"
            assert_unknown(s.results[-1])
            assert s.sent == 1

    hurried(main, speed=15)


def assert_unknown(result: CallToolResult) -> None:
    error = (result.structured_content or {})["error"]
    assert "NOT KNOWN" in error["message"]
    assert "othing was changed" not in error["message"]
    assert "Do not send it again" in error["nextStep"]
    looking = READING - {"get_job"}
    assert looking & set(re.findall(r"\w+", error["nextStep"])), "it says where to look"


@in_turn(WAYS, "fault", REFUSED)
async def test_a_refusal_by_hostup_changed_nothing(way: Way, revision: str, fault: str) -> None:
    async with session(revision) as s:
        arguments = await s.prepared(way)
        fail_writes(s.sandbox, fault, status=REFUSED[fault])
        before = truth(s.sandbox)
        result = await s.client.call_tool(way.tool, arguments)
        error = (result.structured_content or {})["error"]
        assert error["kind"] != "outcome_unknown"
        has_side_effect = way.tool == "end_rehearsal" and REFUSED[fault] == 409
        assert error["message"].endswith("Nothing was changed.") is not has_side_effect
        assert error["status"] == REFUSED[fault]
        assert s.sent == 1
        assert truth(s.sandbox) == before


@in_turn(IN_WINDOW, "status", ["401", "403", "500"])
async def test_failed_reads_after_the_yes_send_nothing(
    way: Way, revision: str, status: str
) -> None:
    async with session(revision) as s:
        arguments = await s.prepared(way)

        def fail_reads_and_agree(question: str) -> ElicitResult:
            s.sandbox.faults.add(Fault("status", method="GET", status=int(status), times=None))
            return agree(question)

        s.reply = fail_reads_and_agree
        assert await s.kind(way, arguments) not in ("ok", "outcome_unknown")
        assert len(s.questions) == 1
        assert s.sent == 0


# The audit log ------------------------------------------------------------------------------------


def lines(audit_log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in audit_log.read_text().splitlines()]


@revisions
@ways
async def test_a_yes_is_one_request_logged_before(way: Way, revision: str, tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    at_the_request: list[list[dict[str, Any]]] = []

    def look(inner: httpx.AsyncBaseTransport) -> httpx.AsyncBaseTransport:
        class Looking(httpx.AsyncBaseTransport):
            async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
                if request.method != "GET":
                    at_the_request.append(lines(path))
                return await inner.handle_async_request(request)

        return Looking()

    async with session(revision, wrap=look, audit_log=path) as s:
        arguments = await s.prepared(way)
        assert await s.kind(way, arguments) == "ok"
        assert len(s.questions) == way.asks_in_window
        [write] = s.writes
    seen = at_the_request[-1]
    assert len(at_the_request) == 1 + (way.tool == "end_rehearsal")
    assert seen[-1]["outcome"] == "sent"
    ended = lines(path)[-1]
    assert ended["outcome"] == "accepted by HostUp"
    for line in (seen[-1], ended):
        assert line["tool"] == way.tool
        assert line["request"]["method"] == write.method
        assert line["request"]["path"] == write.path
        assert (line["request"]["body"] or {}) == json.loads(write.body or b"{}")
        assert line["consent"]["by"] == ("nobody" if way.definition.is_always_harmless else "user")
    assert SANDBOX_API_KEY not in path.read_text()
    assert path.stat().st_mode & 0o077 == 0


@revisions
@ways
async def test_what_cannot_be_logged_is_not_sent(way: Way, revision: str, tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    async with session(revision, audit_log=path) as s:
        arguments = await s.prepared(way)
        path.unlink(missing_ok=True)
        path.mkdir()
        assert await s.kind(way, arguments) == "audit_log_unavailable"
        assert s.sent == 0


# The store fails ----------------------------------------------------------------------------------


class FailingState(InMemoryState):
    """A store that one method of is unavailable from some moment on."""

    broken = ""

    async def is_available(self) -> bool:
        return self.broken != "is_available"

    async def acquire(self, name: str, seconds: float) -> Lock | None:
        if self.broken == "acquire" and name.startswith("write/"):
            raise StateUnavailableError
        return await super().acquire(name, seconds)

    async def consume(self, caller: str, keys: Any, lock: Lock) -> ConsumeResult:
        result = await super().consume(caller, keys, lock)
        if self.broken == "consume":
            raise StateReplyLostError
        return result


@in_turn(WAYS, "method", ["is_available", "acquire", "consume"])
async def test_an_unavailable_store_sends_nothing(way: Way, revision: str, method: str) -> None:
    state = FailingState()
    async with session(revision, state=state) as s:
        arguments = await s.prepared(way)
        state.broken = method
        assert await s.kind(way, arguments) == "state_unavailable"
        assert len(s.questions) == (method != "is_available" and way.asks_in_window)
        assert s.sent == 0


async def _ask(
    s: Session, way: Way, arguments: dict[str, Any]
) -> tuple[str, dict[str, ElicitResult]]:
    """Call a tool that asks, by hand: the sealed state, and a yes to what was asked."""
    asked = await s.client.session.call_tool(way.tool, arguments, allow_input_required=True)
    assert isinstance(asked, InputRequiredResult), asked
    assert asked.request_state is not None
    questions: dict[str, Any] = dict(asked.input_requests or {})
    return asked.request_state, {key: agree(q.params.message) for key, q in questions.items()}


async def _answer(
    s: Session,
    way: Way,
    arguments: dict[str, Any],
    state: str,
    answers: dict[str, ElicitResult],
) -> str:
    """Send an answered round, as often as a client may."""
    result = await s.client.session.call_tool(
        way.tool,
        arguments,
        input_responses=dict(answers),
        request_state=state,
        allow_input_required=True,
    )
    assert isinstance(result, CallToolResult), result
    return "ok" if not result.is_error else str((result.structured_content or {})["error"]["kind"])
