"""What the tests of this folder share: a server with its account, and a call that stands alone."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import anyio
import anyio.lowlevel
from mcp import Client
from mcp.types import CallToolResult, ClientCapabilities, ElicitResult, TextContent

from hostup_mcp.config import Confirm, Group, Settings
from hostup_mcp.sandbox import ManualClock, Sandbox
from hostup_mcp.server.app import build_server
from hostup_mcp.server.services import Ctx, Services
from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.store import ConsumeResult, Lock, RecordKey

PATIENCE = 30.0
"""Seconds until a test gives up; only a hang takes so long."""

REVISIONS = ("legacy", "2026-07-28")
ALL = frozenset(Group)


def settings(
    allow: frozenset[Group] = ALL, confirm: Confirm = Confirm.PERSON, **others: Any
) -> Settings:
    return Settings("test-key", sandbox=True, allow=allow, confirm=confirm, **others)


def account() -> Sandbox:
    """The demo account on a clock that stands still."""
    return Sandbox(clock=ManualClock(), rate_limit=None)


@asynccontextmanager
async def client_of(
    sandbox: Sandbox | None = None,
    allow: frozenset[Group] = frozenset(),
    mode: str = "auto",
    **options: Any,
) -> AsyncIterator[Client]:
    """An assistant's client of a server for `sandbox`, in the same process."""
    box = sandbox or account()
    server = build_server(settings(allow), transport=box.transport(), now=box.clock.now)
    with anyio.fail_after(PATIENCE):
        async with Client(server, mode=mode, **options) as client:
            yield client


async def decline(context: Any, params: Any) -> ElicitResult:
    """A user who can be asked, and says no."""
    return ElicitResult(action="decline")


class Call:
    """A tool call's context without a session: only what this server asks of it."""

    def __init__(self, used: Services, capabilities: ClientCapabilities | None = None) -> None:
        self.request_context = SimpleNamespace(lifespan_context=used)
        self.client_capabilities = capabilities
        self.session = SimpleNamespace(client_capabilities=capabilities)
        self.shown: list[float] = []

    async def report_progress(
        self, progress: float, total: float | None = None, message: str | None = None
    ) -> None:
        self.shown.append(progress)

    async def notify_resource_updated(self, uri: str) -> None:
        """Nobody listens."""


def call(used: Services | None = None, capabilities: ClientCapabilities | None = None) -> Ctx:
    return cast("Ctx", Call(used or Services(settings()), capabilities))


class SlowState(InMemoryState):
    """A store that lets others run before each step, as one across a network does."""

    async def recall_id(self, caller: str, id_: str) -> str | None:
        await anyio.lowlevel.checkpoint()
        return await super().recall_id(caller, id_)

    async def remember_ids(self, caller: str, ids: Mapping[str, str]) -> None:
        await anyio.lowlevel.checkpoint()
        await super().remember_ids(caller, ids)

    async def consume(self, caller: str, keys: Sequence[RecordKey], lock: Lock) -> ConsumeResult:
        await anyio.lowlevel.checkpoint()
        return await super().consume(caller, keys, lock)

    async def acquire(self, name: str, seconds: float) -> Lock | None:
        await anyio.lowlevel.checkpoint()
        return await super().acquire(name, seconds)

    async def release(self, lock: Lock) -> None:
        await anyio.lowlevel.checkpoint()
        await super().release(lock)


def text_of(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))


def error_of(result: CallToolResult) -> dict[str, Any]:
    """The structured part of a failure."""
    assert result.is_error, text_of(result)
    assert result.structured_content is not None
    error: dict[str, Any] = result.structured_content["error"]
    return error


async def ids_of(client: Client) -> dict[str | None, str]:
    """Server names to ids, as list_vps gives them."""
    listed = await client.call_tool("list_vps", {"limit": 100})
    assert listed.structured_content is not None
    return {server["name"]: server["id"] for server in listed.structured_content["data"]}
