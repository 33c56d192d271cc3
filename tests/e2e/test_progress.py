"""Progress while the user thinks, a job runs or a fleet is read, so that no client gives up."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp.client.sse import sse_client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError
from mcp.types import ElicitResult
from support.account import Upstream
from support.product import ALL_DOORS, LEGACY, REVISIONS, Door, environment, running

from hostup_mcp.sandbox import Clock, Durations, Fault, Sandbox, Variants

from .harness import Assistant, User, agree, connected, hurried, in_memory

SPEED = 100.0
IMPATIENT = 60.0
"""After so many seconds without progress a common client gives up."""


class Listener:
    """A client's ear for the progress of a call."""

    def __init__(self) -> None:
        self.numbers: list[float] = []
        self.pauses: list[float] = []
        self._last = anyio.current_time()

    async def __call__(self, number: float, total: float | None, message: str | None) -> None:
        self.numbers.append(number)
        self.pauses.append(anyio.current_time() - self._last)
        self._last = anyio.current_time()

    def heard_enough(self, seconds: float) -> bool:
        """Whether a client that gives up without progress would still be there after `seconds`."""
        grows = self.numbers == sorted(set(self.numbers))
        return grows and len(self.numbers) >= seconds // IMPATIENT and max(self.pauses) < IMPATIENT


async def call(assistant: Assistant, tool: str, listener: Listener, **arguments: Any) -> Any:
    return await assistant.client.call_tool(tool, arguments, progress_callback=listener)


def long_jobs() -> Sandbox:
    """An account whose jobs take an hour, and tell nothing on the way."""
    return Sandbox(
        clock=Clock(speed=SPEED),
        variants=Variants(job_envelope="operation"),
        durations=Durations(backup=3600),
        rate_limit=None,
    )


async def begun(assistant: Assistant) -> str:
    vps = await assistant.find("web-01")
    return str((await assistant.ok("create_vps_backup", id=vps))["jobId"])


def test_a_question_may_stay_open() -> None:
    """Up to revision 2025-11-25; from then on the call ends with the question."""

    async def main() -> None:
        async def thinking(question: str) -> ElicitResult:
            await anyio.sleep(300)
            return agree(question)

        sandbox = Sandbox(clock=Clock(speed=SPEED), rate_limit=None)
        user = User(lambda question: thinking(question))
        async with in_memory(sandbox, user, mode=LEGACY) as assistant:
            assistant.patience = 3600
            _, plan = await assistant.planned()
            listener = Listener()
            result = await call(assistant, "restore_vps", listener, planId=plan)
            assert not result.is_error
        assert listener.heard_enough(300), listener.pauses

    hurried(main, SPEED)


@pytest.mark.parametrize("mode", REVISIONS)
def test_a_job_may_be_waited_for(mode: str) -> None:
    """Also where HostUp says nothing of how far it is, and the same again and again."""

    async def main() -> None:
        async with in_memory(long_jobs(), None, mode=mode) as assistant:
            assistant.patience = 3600
            job = await begun(assistant)
            listener = Listener()
            await call(assistant, "get_job", listener, jobId=job, waitSeconds=300)
        assert listener.heard_enough(250), listener.pauses

    hurried(main, SPEED)


QUICK = (
    "from hostup_mcp.server import progress; progress.REPORT_EVERY_SECONDS = 0.05; "
    "from hostup_mcp.cli import main; raise SystemExit(main())"
)
"""The product, which reports more often than it does otherwise."""


@pytest.mark.parametrize("door", ALL_DOORS, ids=str)
async def test_it_comes_through_every_door(door: Door, upstream: Upstream, tmp_path: Path) -> None:
    program = [sys.executable, "-c", QUICK, "serve", "--allow", "create"]
    env = environment(**upstream.variables)
    upstream.sandbox.faults.add(Fault("slow", "GET", "/api/v2/vps", seconds=1.0))
    listener = Listener()
    if door.transport == "stdio":
        words = StdioServerParameters(command=program[0], args=program[1:], env=env)
        with (tmp_path / "err").open("w") as log:
            async with connected(stdio_client(words, errlog=log), None, door.revision) as assistant:
                await call(assistant, "check_backups", listener)
    else:
        with running(tmp_path, env, transport=door.transport, program=program) as child:
            way: Any = sse_client(child.url) if door.transport == "sse" else child.url
            async with connected(way, None, door.revision) as assistant:
                await call(assistant, "check_backups", listener)
    assert listener.numbers == sorted(set(listener.numbers))
    assert [n for n in listener.numbers if n < 1], "before the first server was read"
    assert listener.numbers[-1] > 10, "servers"


def test_the_sdks_own_time_out_is_not_extended() -> None:
    """With a limit on reads, the Python SDK's client gives up however much progress it hears of."""

    async def main() -> None:
        async with in_memory(long_jobs(), None, mode=LEGACY) as assistant:
            assistant.patience = 3600
            job = await begun(assistant)
            listener = Listener()
            with pytest.raises(MCPError, match=r"[Tt]imed out"):
                await assistant.client.call_tool(
                    "get_job",
                    {"jobId": job, "waitSeconds": 300},
                    progress_callback=listener,
                    read_timeout_seconds=IMPATIENT,
                )
            assert listener.numbers

    hurried(main, SPEED)
