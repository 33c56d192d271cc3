"""The harness of the end-to-end tests: the account, the product, an assistant, a user."""

from __future__ import annotations

import asyncio
import re
import selectors
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import anyio
from mcp.client import Client
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.types import CallToolResult, ElicitResult, InputRequiredResult, TextContent
from support.account import Upstream
from support.catalog import DESTRUCTIVE
from support.product import (
    ALL_DOORS,
    LEGACY,
    MODERN,
    UNLIMITED,
    Door,
    ServerProcess,
    command,
    environment,
    running,
)
from support.waiting import PATIENCE

from hostup_mcp.config import Confirm, Group, Settings
from hostup_mcp.sandbox import SANDBOX_API_KEY, Sandbox
from hostup_mcp.server import catalog
from hostup_mcp.server.app import build_server
from hostup_mcp.server.writes.proposal import Harmless

T = TypeVar("T")


# The user -----------------------------------------------------------------------------------------

Reply = Callable[[str], "ElicitResult | Awaitable[ElicitResult]"]


def typed(text: str) -> ElicitResult:
    return ElicitResult(action="accept", content={"serverName": text})


def plainly(yes: bool) -> ElicitResult:
    return ElicitResult(action="accept", content={"yes": yes})


DECLINE = ElicitResult(action="decline")
CANCEL = ElicitResult(action="cancel")


def agree(question: str) -> ElicitResult:
    """The answer of a user who wants it: the name that the question names, or a plain yes."""
    to_type = re.search(r"To go ahead, type: (.+)$", question)
    return typed(to_type[1]) if to_type else plainly(True)


@dataclass
class User:
    """Reads each question and replies; `reply` may be exchanged at any time."""

    reply: Reply = agree
    questions: list[str] = field(default_factory=list)

    async def __call__(self, context: Any, params: Any) -> ElicitResult:
        self.questions.append(params.message)
        answer = self.reply(params.message)
        return answer if isinstance(answer, ElicitResult) else await answer

    def says(self, answer: ElicitResult) -> None:
        self.reply = lambda _: answer


# The assistant ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Result:
    """What came back from a tool: the text for the model and the data for the program."""

    text: str
    data: dict[str, Any]
    is_error: bool

    @property
    def error(self) -> dict[str, Any]:
        assert self.is_error, self.text
        error: dict[str, Any] = self.data["error"]
        return error

    @property
    def kind(self) -> str | None:
        return self.error["kind"] if self.is_error else None

    @property
    def next_step(self) -> str:
        return str(self.error["nextStep"])


@dataclass
class Assistant:
    """A client that calls tools and keeps every result."""

    client: Client
    user: User | None = None
    results: list[Result] = field(default_factory=list)
    patience: float = PATIENCE

    async def call(self, tool: str, /, **arguments: Any) -> Result:
        with anyio.fail_after(self.patience):
            result = await self.client.call_tool(tool, arguments)
        return self._keep_result(result)

    def _keep_result(self, result: CallToolResult) -> Result:
        text = "\n".join(c.text for c in result.content if isinstance(c, TextContent))
        kept = Result(text, dict(result.structured_content or {}), bool(result.is_error))
        self.results.append(kept)
        return kept

    async def round(self, tool: str, /, **arguments: Any) -> tuple[str, dict[str, Any]]:
        """Call a tool that asks: the sealed state, and a yes to the question, which is not sent."""
        with anyio.fail_after(self.patience):
            asked = await self.client.session.call_tool(tool, arguments, allow_input_required=True)
        assert isinstance(asked, InputRequiredResult), asked
        assert asked.request_state is not None
        questions = {key: each.params.message for key, each in (asked.input_requests or {}).items()}
        return asked.request_state, {key: agree(text) for key, text in questions.items()}

    async def resume(
        self, tool: str, state: str, answers: dict[str, Any], /, **arguments: Any
    ) -> Result:
        """Send an answered round, as often as a client may."""
        with anyio.fail_after(self.patience):
            result = await self.client.session.call_tool(
                tool,
                arguments,
                input_responses=answers,
                request_state=state,
                allow_input_required=True,
            )
        assert isinstance(result, CallToolResult), result
        return self._keep_result(result)

    async def ok(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        """Call a tool that must succeed; its data."""
        result = await self.call(tool, **arguments)
        assert not result.is_error, result.text
        return result.data

    async def no(self, tool: str, /, **arguments: Any) -> Result:
        """Call a tool that must refuse."""
        result = await self.call(tool, **arguments)
        assert result.is_error, result.text
        return result

    async def find(self, name: str) -> str:
        """The id of a server, as the assistant learns it."""
        servers = (await self.ok("list_vps", name=name))["data"]
        assert len(servers) == 1, f"no single server {name}"
        return str(servers[0]["id"])

    async def backups(self, name: str) -> tuple[str, list[str]]:
        """The id of a server and those of its backups, newest first."""
        vps = await self.find(name)
        listing = await self.ok("list_vps_backups", id=vps)
        return vps, [backup["id"] for backup in listing["backups"]]

    async def planned(self, name: str = "web-01") -> tuple[str, str]:
        """A server and a planId to restore its newest backup in place."""
        vps, backups = await self.backups(name)
        plan = await self.ok("plan_restore", id=vps, mode="in_place", backupId=backups[0])
        assert plan["verdict"] == "possible", plan
        return vps, plan["planId"]

    async def tools(self) -> set[str]:
        with anyio.fail_after(PATIENCE):
            return {tool.name for tool in (await self.client.list_tools()).tools}


# The product in this process ----------------------------------------------------------------------

EVERYTHING = frozenset(Group)


def settings(**others: Any) -> Settings:
    return Settings(
        **{
            "api_key": SANDBOX_API_KEY,
            "base_url": "http://127.0.0.1:9",
            "allow": EVERYTHING,
            "confirm": Confirm.PERSON,
            **others,
        }
    )


@asynccontextmanager
async def in_memory(
    sandbox: Sandbox,
    user: User | None = None,
    *,
    mode: str = MODERN,
    now: Callable[[], datetime] | None = None,
    **others: Any,
) -> AsyncIterator[Assistant]:
    """An assistant that talks to the product without a process in between."""
    clock = now or sandbox.clock.now
    server = build_server(settings(**others), transport=sandbox.transport(), now=clock)
    async with connected(server, user, mode) as assistant:
        yield assistant


@asynccontextmanager
async def connected(server: Any, user: User | None, mode: str) -> AsyncIterator[Assistant]:
    failed: Exception | None = None
    async with Client(server, mode=mode, elicitation_callback=user) as client:
        try:
            yield Assistant(client, user)
        except Exception as error:
            # Outside, so that it is not buried in the groups of the client's tasks.
            failed = error
    if failed is not None:
        raise failed


# The product as a process -------------------------------------------------------------------------

SAFETY_DOORS = [door for door in ALL_DOORS if door.transport != "sse"]
ONE_DOOR_EACH = [Door("stdio", MODERN), Door("streamable-http", LEGACY)]
"""Each transport and each revision once, where what is tested does not depend on the pair."""


class Product:
    """The product over each door, with its account. HTTP servers are shared between tests."""

    def __init__(self, folder: Path, upstream: Upstream) -> None:
        self.folder = folder
        self.upstream = upstream
        self.audit_log = folder / "audit.jsonl"
        self.stderr = folder / "stdio.err"
        self._shared: dict[str, ServerProcess] = {}

    @property
    def sandbox(self) -> Sandbox:
        return self.upstream.sandbox

    def close(self) -> None:
        for child in self._shared.values():
            child.close()

    def audit_lines(self) -> list[str]:
        return self.audit_log.read_text().splitlines() if self.audit_log.exists() else []

    @property
    def flags(self) -> tuple[str, ...]:
        return ("--allow", "all", "--audit-log", str(self.audit_log))

    @asynccontextmanager
    async def enter(self, door: Door, user: User | None = None) -> AsyncIterator[Assistant]:
        """An assistant at the product with everything unlocked, sharing the HTTP children."""
        if door.transport == "stdio":
            async with self.by_stdio(door.revision, user, *self.flags) as assistant:
                yield assistant
            return
        child = self._shared.get(door.transport)
        if child is None:
            # Shared by many tests, so it is called more often than one assistant would.
            env = environment(**self.upstream.variables, **UNLIMITED)
            child = ServerProcess(self.folder, env, *self.flags, transport=door.transport)
            self._shared[door.transport] = child.wait_for_url()
        async with at(child, door.revision, user) as assistant:
            yield assistant

    @asynccontextmanager
    async def enter_alone(
        self, door: Door, user: User | None, *flags: str, **env: str
    ) -> AsyncIterator[Assistant]:
        """The same at a child of its own, with just these flags and variables."""
        if door.transport == "stdio":
            async with self.by_stdio(door.revision, user, *flags, **env) as assistant:
                yield assistant
            return
        given = environment(**{**self.upstream.variables, **env})
        with running(self.folder, given, *flags, transport=door.transport) as child:
            async with at(child, door.revision, user) as assistant:
                yield assistant

    @asynccontextmanager
    async def by_stdio(
        self, mode: str, user: User | None, *flags: str, **env: str
    ) -> AsyncIterator[Assistant]:
        given = environment(**{**self.upstream.variables, **env})
        words = command(*flags)
        parameters = StdioServerParameters(command=words[0], args=words[1:], env=given)
        with self.stderr.open("a") as log:
            transport = stdio_client(parameters, errlog=log)
            async with connected(transport, user, mode) as assistant:
                yield assistant


@asynccontextmanager
async def at(child: ServerProcess, mode: str, user: User | None) -> AsyncIterator[Assistant]:
    """An assistant at a child that listens."""
    way: Any = sse_client(child.url) if child.transport == "sse" else child.url
    async with connected(way, user, mode) as assistant:
        yield assistant


# Time ---------------------------------------------------------------------------------------------


class _Hurried(selectors.DefaultSelector):
    def __init__(self, speed: float) -> None:
        super().__init__()
        self.speed = speed

    def select(self, timeout: float | None = None) -> Any:
        return super().select(None if timeout is None else timeout / self.speed)


class FastLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock runs `speed` times as fast, time-outs and pauses with it."""

    def __init__(self, speed: float) -> None:
        self.speed = speed
        super().__init__(_Hurried(speed))

    def time(self) -> float:
        return super().time() * self.speed


def hurried(main: Callable[[], Awaitable[T]], speed: float = 100.0) -> T:
    """Run `main` with time running faster; everything in it must be in this process."""
    return anyio.run(main, backend_options={"loop_factory": partial(FastLoop, speed)})


# Texts --------------------------------------------------------------------------------------------


def says_nothing_was_changed(result: Result) -> bool:
    return "othing was changed" in result.text


def suggests(result: Result) -> set[str]:
    """The tools that always destroy something, as far as `result` names them."""
    always = (n for n in DESTRUCTIVE if Harmless not in catalog.WRITING[n].may_propose)
    return {name for name in always if name in result.text}
