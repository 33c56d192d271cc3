"""Progress grows with each report, is reported while nothing happens, and never disturbs a call."""

from __future__ import annotations

import anyio
import pytest

from hostup_mcp.server import progress
from hostup_mcp.server.progress import growing_progress

from .wiring import PATIENCE


class Heard:
    """What a client heard of a call's progress."""

    def __init__(self) -> None:
        self.numbers: list[float] = []
        self.totals: list[float | None] = []
        self.enough = anyio.Event()

    async def __call__(
        self, number: float, total: float | None = None, message: str | None = None, /
    ) -> None:
        self.numbers.append(number)
        self.totals.append(total)
        if len(self.numbers) >= 5:
            self.enough.set()

    @property
    def grows(self) -> bool:
        return self.numbers == sorted(set(self.numbers))


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress, "REPORT_EVERY_SECONDS", 0.01)


async def test_it_grows_while_nothing_happens() -> None:
    heard = Heard()
    with anyio.fail_after(PATIENCE):
        async with growing_progress(heard):
            await heard.enough.wait()
    assert heard.grows
    assert heard.numbers[-1] < 1, "nothing was done"
    assert set(heard.totals) == {None}


async def test_own_reports_count_too() -> None:
    """A number that does not grow is sent as one that does; the total stays."""
    heard = Heard()
    with anyio.fail_after(PATIENCE):
        async with growing_progress(heard) as report:
            for number in (0, 40, 40, 7):
                await report(number, 100)
            await heard.enough.wait()
    assert heard.grows
    assert heard.numbers[:2] == [0, 40]
    assert heard.numbers[-1] < 41
    assert set(heard.totals) <= {None, 100}


async def test_it_ends_with_the_call() -> None:
    heard = Heard()
    async with growing_progress(heard):
        pass
    before = len(heard.numbers)
    await anyio.sleep(0.05)
    assert len(heard.numbers) == before


async def test_failures_of_the_call_pass_as_they_are() -> None:
    with pytest.raises(LookupError, match="of the call"):
        async with growing_progress(Heard()):
            raise LookupError("of the call")


async def test_a_client_that_hears_nothing_is_no_failure() -> None:
    tried = anyio.Event()

    async def broken(number: float, total: float | None = None, message: str | None = None) -> None:
        tried.set()
        raise anyio.BrokenResourceError

    with anyio.fail_after(PATIENCE):
        async with growing_progress(broken):
            await tried.wait()
            await anyio.sleep(0.03)
