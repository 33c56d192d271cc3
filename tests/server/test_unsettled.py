"""The last write with an unknown outcome is known for as long as it should not be sent again."""

from __future__ import annotations

from datetime import timedelta

from hostup_mcp.recovery.effects import SETTLED
from hostup_mcp.recovery.findings import WriteUnsettled
from hostup_mcp.sandbox import ManualClock
from hostup_mcp.server.services import Services
from hostup_mcp.server.unsettled import find_unsettled, mark_unsettled, settle
from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.store import Record, RecordKey, StateUnavailableError

from .wiring import settings

VPS = "vps_1"
SECOND = timedelta(seconds=1)


def wired() -> tuple[Services, ManualClock]:
    clock = ManualClock()
    return Services(settings(), now=clock.now), clock


async def test_it_is_known_until_it_is_settled() -> None:
    services, clock = wired()
    sent = clock.now()
    await mark_unsettled(services, VPS, "first", sent - SECOND)
    await mark_unsettled(services, VPS, "last", sent)
    clock.advance(SETTLED - SECOND)
    assert await find_unsettled(services, VPS) == WriteUnsettled(sent, sent + SETTLED, "last")
    assert await find_unsettled(services, "vps_2") is None
    clock.advance(SECOND)
    assert await find_unsettled(services, VPS) is None


async def test_what_became_of_another_write_settles_nothing() -> None:
    services, clock = wired()
    await mark_unsettled(services, VPS, "last", clock.now())
    await settle(services, VPS, "first")
    assert await find_unsettled(services, VPS) is not None
    await settle(services, VPS, "last")
    assert await find_unsettled(services, VPS) is None


async def test_without_state_nothing_is_known() -> None:
    class Failing(InMemoryState):
        async def get_record(self, caller: str, key: RecordKey) -> Record | None:
            raise StateUnavailableError

        async def put_record(self, *args: object, **others: object) -> None:
            raise StateUnavailableError

    services, clock = wired()
    services.state = Failing()
    await mark_unsettled(services, VPS, "last", clock.now())
    assert await find_unsettled(services, VPS) is None
