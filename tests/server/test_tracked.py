"""`get_job` can be asked about a caller's jobs and writes for a week, by a later process too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hostup_mcp.server.errors.failure import Failure, RefusalError
from hostup_mcp.server.services import Services
from hostup_mcp.server.tracked import KEPT, MOST, put_tracked, require_job, require_write
from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.sqlite import SqliteState
from hostup_mcp.state.store import Record, RecordKey, RecordKind, StateUnavailableError

from .wiring import settings

Require = Callable[[Services, str], Awaitable[str]]
KINDS = pytest.mark.parametrize(
    ("kind", "require"), [(RecordKind.JOB, require_job), (RecordKind.WRITE, require_write)]
)


async def refusal(call: Awaitable[str]) -> Failure:
    with pytest.raises(RefusalError) as refused:
        await call
    return refused.value.failure


@KINDS
async def test_it_outlives_the_process(tmp_path: Path, kind: RecordKind, require: Require) -> None:
    def session(base_url: str = "http://127.0.0.1:9") -> Services:
        given = replace(settings(), sandbox=False, base_url=base_url)
        return Services(given, state=SqliteState(path))

    path = tmp_path / "state.db"
    await put_tracked(session(), kind, "id_1", "first")
    await put_tracked(session(), kind, "id_1", "changed")
    assert await require(session(), "id_1") == "changed"
    assert (await refusal(require(session(), "id_2"))).kind == "unknown_id"
    elsewhere = session("http://127.0.0.1:10")
    assert (await refusal(require(elsewhere, "id_1"))).kind == "unknown_id"


@KINDS
async def test_it_is_kept_for_a_week(kind: RecordKind, require: Require) -> None:
    clock = [0.0]
    services = Services(settings(), state=InMemoryState(clock=lambda: clock[0]))
    await put_tracked(services, kind, "id_1", "body")
    clock[0] = timedelta(days=6, hours=23).total_seconds()
    assert await require(services, "id_1") == "body"
    clock[0] = KEPT.total_seconds()
    failure = await refusal(require(services, "id_1"))
    assert "last 7 days" in failure.message
    assert "verify_recovery after a restore" in failure.next_step


async def test_the_oldest_make_room() -> None:
    services = Services(settings())
    for number in range(MOST + 1):
        await put_tracked(services, RecordKind.JOB, f"job_{number}", "body")
    await put_tracked(services, RecordKind.WRITE, "write", "body")
    await refusal(require_job(services, "job_0"))
    assert await require_job(services, "job_1") == "body"
    await refusal(require_write(services, "job_1"))


async def test_without_the_store() -> None:
    class Unavailable(InMemoryState):
        async def put_record(self, *given: object, **how: object) -> None:
            raise StateUnavailableError

        async def get_record(self, caller: str, key: RecordKey) -> Record | None:
            raise StateUnavailableError

    services = Services(settings(), state=Unavailable())
    await put_tracked(services, RecordKind.JOB, "job_1", "body")
    assert (await refusal(require_job(services, "job_1"))).kind == "state_unavailable"
