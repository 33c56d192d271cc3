"""A write whose process, connection or session ends before HostUp has responded.

Once it was sent, the server stays locked, the audit log says that the outcome is unknown, and the
caller is told so for as long as their connection lives. Real processes, real sockets.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client.stdio import StdioServerParameters, stdio_client
from support.account import Upstream
from support.product import LEGACY, MODERN, REVISIONS, ServerProcess, command, environment
from support.waiting import until

from .harness import Assistant, Result, User, at, connected

revisions = pytest.mark.parametrize("mode", REVISIONS)
http = pytest.mark.parametrize(
    ("transport", "mode"),
    [("streamable-http", LEGACY), ("streamable-http", MODERN), ("sse", LEGACY)],
)

# The product as a process, with less patience at its end.
SERVE = [
    sys.executable,
    "-c",
    "from hostup_mcp.remote import serve\n"
    "serve.SETTLE_SECONDS = 1.0\n"
    "from hostup_mcp.cli import main\n"
    "raise SystemExit(main())",
    "serve",
]


class StallingUpstream(Upstream):
    """An account that keeps its response to a change until it is released.

    It has carried the change out by then, unless it `stalls_first`.
    """

    def __init__(self) -> None:
        self.stalls_first = False
        self.reached = threading.Event()
        self.released = threading.Event()
        super().__init__()

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] == "GET":
            await super()._serve(scope, receive, send)
            return
        held: list[Any] = []

        async def hold(message: Any) -> None:
            held.append(message)

        if not self.stalls_first:
            await super()._serve(scope, receive, hold)
        self.reached.set()
        while not self.released.is_set():  # noqa: ASYNC110 - set from another thread
            await anyio.sleep(0.02)
        if self.stalls_first:
            await super()._serve(scope, receive, hold)
        for message in held:
            await send(message)

    def close(self) -> None:
        self.released.set()
        super().close()


@pytest.fixture
def upstream() -> Iterator[StallingUpstream]:
    stalling = StallingUpstream()
    yield stalling
    stalling.close()


@pytest.fixture
def audit_log(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def outcomes(audit_log: Path) -> list[str]:
    return [json.loads(line)["outcome"] for line in audit_log.read_text().splitlines()]


async def restore_and(assistant: Assistant, upstream: StallingUpstream, meanwhile: Any) -> Result:
    """Restore web-01, do `meanwhile` once HostUp has the request, and wait for the result."""
    _, plan = await assistant.planned()
    results: list[Result] = []

    async def restore() -> None:
        results.append(await assistant.call("restore_vps", planId=plan))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(restore)
        await until(upstream.reached.is_set)
        meanwhile()
    return results[0]


# HTTP ---------------------------------------------------------------------------------------------


@http
async def test_a_stop_while_hostup_stalls_is_unknown(
    transport: str, mode: str, upstream: StallingUpstream, tmp_path: Path, audit_log: Path
) -> None:
    env = environment(**upstream.variables)
    flags = ("--allow", "all", "--audit-log", str(audit_log))
    child = ServerProcess(tmp_path, env, *flags, transport=transport, program=SERVE).wait_for_url()
    async with at(child, mode, User()) as assistant:
        result = await restore_and(assistant, upstream, child.process.terminate)
    assert result.kind == "outcome_unknown", result.text
    assert "told to stop" in result.text
    assert outcomes(audit_log)[-2:] == ["sent", "outcome_unknown"]
    assert child.process.wait(20) == 0
    assert len(upstream.sandbox.writes) == 1


@http
async def test_a_response_while_draining_is_returned(
    transport: str, mode: str, upstream: StallingUpstream, tmp_path: Path, audit_log: Path
) -> None:
    env = environment(**upstream.variables)
    flags = ("--allow", "all", "--audit-log", str(audit_log))
    child = ServerProcess(tmp_path, env, *flags, transport=transport).wait_for_url()

    def stop_then_respond() -> None:
        child.process.terminate()
        threading.Timer(4.0, upstream.released.set).start()

    async with at(child, mode, User()) as assistant:
        result = await restore_and(assistant, upstream, stop_then_respond)
    assert not result.is_error, result.text
    assert result.data["state"] == "started"
    assert outcomes(audit_log)[-2:] == ["sent", "accepted by HostUp"]
    assert child.process.wait(20) == 0


# Stdio --------------------------------------------------------------------------------------------


class Home:
    """A user's home folder, where the sessions of one machine share their state."""

    def __init__(self, folder: Path, upstream: Upstream, audit_log: Path) -> None:
        self.folder = folder
        own = {"HOME": str(folder), "XDG_STATE_HOME": str(folder / "state")}
        self._env = environment(**upstream.variables, **own)
        self._words = command("--allow", "all", "--audit-log", str(audit_log))

    def session(self, user: User, mode: str = MODERN) -> Any:
        parameters = StdioServerParameters(
            command=self._words[0], args=self._words[1:], env=self._env
        )
        return connected(stdio_client(parameters), user, mode)

    def state_file(self) -> Path:
        [found] = self.folder.rglob("state.db")
        return found


@pytest.fixture
def home(tmp_path: Path, upstream: StallingUpstream, audit_log: Path) -> Home:
    folder = tmp_path / "home"
    folder.mkdir()
    return Home(folder, upstream, audit_log)


def children_of(pid: int) -> list[int]:
    """The processes that `pid` has started (Linux)."""
    tasks = Path(f"/proc/{pid}/task")
    lists = [(task / "children").read_text().split() for task in tasks.iterdir()]
    return [int(child) for found in lists for child in found]


async def test_a_users_sessions_share_the_lock(home: Home, upstream: StallingUpstream) -> None:
    upstream.stalls_first = True
    async with home.session(User()) as first, home.session(User()) as second:
        _, other_plan = await second.planned()
        tried: list[Result] = []

        async def try_meanwhile() -> None:
            tried.append(await second.call("restore_vps", planId=other_plan))
            upstream.released.set()

        async with anyio.create_task_group() as tasks:
            result = await restore_and(first, upstream, lambda: tasks.start_soon(try_meanwhile))
        assert not result.is_error, result.text
    assert [each.kind for each in tried] == ["write_in_flight"]
    assert len(upstream.sandbox.writes) == 1
    assert home.state_file().stat().st_mode & 0o777 == 0o600


@revisions
async def test_a_session_that_ends_is_logged_unknown(
    home: Home, upstream: StallingUpstream, audit_log: Path, mode: str
) -> None:
    async with anyio.create_task_group() as tasks:
        async with home.session(User(), mode) as assistant:
            _, plan = await assistant.planned()
            tasks.start_soon(_call_in_vain, assistant, plan)
            await until(upstream.reached.is_set)
        tasks.cancel_scope.cancel()
    await until(lambda: outcomes(audit_log)[-1] == "outcome_unknown")
    assert outcomes(audit_log)[-2:] == ["sent", "outcome_unknown"]
    await _is_still_locked(home)
    assert len(upstream.sandbox.writes) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="finds its child in /proc")
async def test_a_killed_session_leaves_the_vps_locked(
    home: Home, upstream: StallingUpstream, audit_log: Path
) -> None:
    before = set(children_of(os.getpid()))
    async with anyio.create_task_group() as tasks:
        async with home.session(User()) as assistant:
            [child] = set(children_of(os.getpid())) - before
            _, plan = await assistant.planned()
            tasks.start_soon(_call_in_vain, assistant, plan)
            await until(upstream.reached.is_set)
            os.kill(child, signal.SIGKILL)
        tasks.cancel_scope.cancel()
    assert outcomes(audit_log)[-1] == "sent", "nobody was left to note more"
    await _is_still_locked(home)


async def _call_in_vain(assistant: Assistant, plan: str) -> None:
    try:
        await assistant.call("restore_vps", planId=plan)
    except Exception:
        return  # its session is gone


async def _is_still_locked(home: Home) -> None:
    """A later session of the same user does not write to that server yet."""
    async with home.session(User()) as later:
        vps = await later.find("web-01")
        result = await later.call("set_backup_retention", id=vps, maxTotalBackups=3)
        assert result.kind == "write_in_flight", result.text
