"""Running rehearsals: found, looked at as often as needed, and mentioned whatever happens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import anyio
import pytest

from hostup_mcp.hostup.problems import HostUpError
from hostup_mcp.recovery.costs import (
    Money,
    RehearsalEnding,
    RehearsalLost,
    RehearsalRuns,
    RehearsalUnpriced,
    RunningRehearsal,
)
from hostup_mcp.recovery.modes.definition import Mode
from hostup_mcp.sandbox import Fault, ManualClock, Sandbox
from hostup_mcp.sandbox.models import Billing
from hostup_mcp.server import recoveries, rehearsals
from hostup_mcp.server.caller import caller
from hostup_mcp.server.recoveries import KeptRecovery, Recovery, Restored
from hostup_mcp.server.rehearsals import (
    LOOK_SECONDS,
    MOST_LOOKED_AT,
    find_built,
    find_servers,
    mention,
    sent_of,
)
from hostup_mcp.server.services import Services
from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.store import StateUnavailableError

from .test_recoveries import recovery
from .wiring import settings

NAME = "rehearsal-web-01-0123456789abc"
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
PRICE = {"perHour": "0.66", "currencyCode": "SEK"}
RATE = Money(Decimal("0.66"), "SEK")
PAYG = Billing(66, is_payg=True)


@dataclass
class Setting:
    """An account with the server `built`, which has the name of a rehearsal, and its source."""

    sandbox: Sandbox
    services: Services
    built: str
    source: str

    @property
    def reads(self) -> list[str]:
        """The paths that HostUp was asked for."""
        return [request.path for request in self.sandbox.requests]

    def pass_time(self, by: timedelta) -> None:
        self.sandbox.clock.advance(by)  # type: ignore[attr-defined]

    def change(self, vps: str, **fields: Any) -> None:
        self.sandbox.state.put(replace(self.sandbox.state.servers[vps], **fields))

    def remove(self, vps: str) -> None:
        """HostUp does not show the server any more."""
        self.sandbox.faults.add(Fault("status", "GET", f"*/vps/{vps}", status=404, times=None))

    async def put(self, id_: str = "rec_1", **fields: Any) -> KeptRecovery:
        """The record of a rehearsal that was sent now."""
        more = {name: fields.pop(name) for name in ("name", "ids_before") if name in fields}
        restored = Restored(
            mode=Mode.NEW_CLOUD_VPS,
            point="bkp_1",
            kind="rehearsal",
            new_name=more.get("name", NAME),
            ids_before=more.get("ids_before", frozenset({self.source})),
        )
        made = recovery(
            **{
                "caller": caller(),
                "sent_at": self.services.now(),
                "vps_id": self.source,
                "restored": restored,
                "price": PRICE,
                "new_vps_id": self.built,
                **fields,
            }
        )
        kept = KeptRecovery(recoveries.subject_of(self.services, self.source), id_, made)
        await recoveries.put(self.services, kept)
        return kept

    async def now(self, id_: str = "rec_1") -> Recovery:
        kept = await recoveries.own(self.services, caller(), id_)
        assert kept is not None
        return kept.recovery

    async def mention(self) -> list[RunningRehearsal]:
        return await mention(self.services, caller())


@pytest.fixture
async def setting() -> AsyncIterator[Setting]:
    sandbox = Sandbox(clock=ManualClock(), rate_limit=None)
    built, source = (sandbox.state.by_name(name) for name in ("db-01", "web-01"))
    sandbox.state.put(replace(built, name=NAME))
    services = Services(settings(), sandbox.transport(), sandbox.clock.now)
    async with services.used():
        yield Setting(sandbox, services, built.id, source.id)


# What is recorded ---------------------------------------------------------------------------------


def test_only_a_rehearsal_may_be_ended() -> None:
    made = Restored(mode=Mode.NEW_CLOUD_VPS, point="bkp_1", kind="rehearsal", new_name=NAME)
    found = sent_of(recovery(restored=made, new_vps_id="vps_1", given_name="given"))
    assert found is not None
    assert (found.name, found.ids_before) == (NAME, None)
    assert (found.vps_id, found.given_name) == ("vps_1", "given")
    for other in ({"kind": "restore"}, {"new_name": None}):
        assert sent_of(recovery(restored=made.model_copy(update=other))) is None


# Which one built a server -------------------------------------------------------------------------


async def test_the_server_of_a_response_is_found(setting: Setting) -> None:
    first = await setting.put("rec_1")
    hostup = setting.services.hostup
    assert await find_built(hostup, [], setting.built) is None
    found = await find_built(hostup, [first], setting.built)
    assert found is not None
    assert (found[0], found[1].vps_id) == (first, setting.built)
    assert await find_built(hostup, [first], setting.source) is None
    assert setting.reads == [], "a known id needs no look"
    # Of an id that is used again, only the latest can be meant.
    second = await setting.put("rec_2", name="another")
    found = await find_built(hostup, [first, second], setting.built)
    assert found is not None
    assert found[0] == second


async def test_a_lost_server_is_found_by_its_name(setting: Setting) -> None:
    lost = await setting.put("rec_1", new_vps_id=None, given_name="given")
    other = await setting.put("rec_2", new_vps_id=None, name="rehearsal-of-another")
    hostup = setting.services.hostup
    found = await find_built(hostup, [lost, other], setting.built)
    assert found is not None
    kept, sent = found
    # Asked for by name: a list of all servers may have more pages.
    names = [dict(request.query) for request in setting.sandbox.requests]
    assert names == [
        {"limit": "100", "name": "rehearsal-of-another"},
        {"limit": "100", "name": NAME},
    ]
    known = await setting.put("rec_4", new_vps_id="vps_another", name="known")
    assert await find_built(hostup, [lost, known], setting.built) == found
    assert (kept, sent.vps_id, sent.name, sent.given_name) == (lost, setting.built, NAME, "given")
    assert await find_built(hostup, [lost, other], setting.source) is None
    for ids_before in (None, frozenset({setting.built})):
        doubtful = await setting.put("rec_3", new_vps_id=None, ids_before=ids_before)
        assert await find_built(hostup, [doubtful], setting.built) is None


async def test_what_is_not_read_is_not_found(setting: Setting) -> None:
    lost = await setting.put("rec_1", new_vps_id=None)
    setting.sandbox.faults.add(Fault("status", "GET", "*/vps", status=401, times=None))
    with pytest.raises(HostUpError):
        await find_built(setting.services.hostup, [lost], setting.built)


# Which servers are not checked for backups --------------------------------------------------------


async def servers_of_rehearsals(setting: Setting) -> frozenset[str]:
    page = await setting.services.hostup.list_vps(limit=100)
    return await find_servers(setting.services, caller(), page.data)


async def test_what_may_be_ended_is_known_as_a_rehearsal(setting: Setting) -> None:
    assert await servers_of_rehearsals(setting) == frozenset(), "its name alone says nothing"
    setting.change(setting.built, billing=PAYG)
    assert await servers_of_rehearsals(setting) == frozenset(), "its name alone says nothing"
    await setting.put()
    assert await servers_of_rehearsals(setting) == {setting.built}
    await setting.put(end_requested_at=setting.services.now())
    assert await servers_of_rehearsals(setting) == {setting.built}, "it is still there"


async def test_a_lost_one_is_found_first(setting: Setting) -> None:
    setting.change(setting.built, billing=PAYG)
    await setting.put(new_vps_id=None)
    assert await servers_of_rehearsals(setting) == {setting.built}


@pytest.mark.parametrize(
    ("recorded", "server"),
    [
        ({"over_at": datetime(2026, 1, 1, tzinfo=UTC)}, {}),
        ({"caller": "another"}, {}),
        ({"new_vps_id": "vps_another"}, {}),
        ({}, {"name": "in-use-now"}),
        ({}, {"billing": Billing(66)}),
    ],
)
async def test_any_other_server_is_none(
    setting: Setting, recorded: dict[str, Any], server: dict[str, Any]
) -> None:
    setting.change(setting.built, **{"billing": PAYG, **server})
    await setting.put(**recorded)
    assert await servers_of_rehearsals(setting) == frozenset()


async def test_without_the_store_none_is_known(setting: Setting) -> None:
    class Failing(InMemoryState):
        async def recoveries(self, subject: str) -> dict[str, str]:
            raise StateUnavailableError

    setting.services.state = Failing()
    assert await servers_of_rehearsals(setting) == frozenset()


# What is mentioned --------------------------------------------------------------------------------


async def test_nobody_is_asked_without_a_rehearsal(setting: Setting) -> None:
    assert await setting.mention() == []
    await setting.put("rec_1", over_at=setting.services.now())
    assert await setting.mention() == []
    assert setting.reads == []


async def test_it_is_looked_at_once_a_minute(setting: Setting) -> None:
    await setting.put()
    setting.pass_time(2 * HOUR)
    spent = Money(Decimal("1.32"), "SEK")
    runs = RehearsalRuns(setting.built, NAME, 2 * HOUR, RATE, spent)
    assert await setting.mention() == [runs]
    assert (await setting.now()).seen_at == setting.services.now()
    setting.pass_time(timedelta(seconds=59))
    await setting.mention()
    assert setting.reads == [f"/api/v2/vps/{setting.built}"]
    setting.pass_time(timedelta(seconds=1))
    await setting.mention()
    assert len(setting.reads) == 2
    # A clock that was set back does not stop the looks.
    setting.services.now = lambda: setting.sandbox.clock.now() - HOUR
    await setting.mention()
    assert len(setting.reads) == 3


async def test_only_some_are_looked_at_for_one_result(setting: Setting) -> None:
    count = MOST_LOOKED_AT + 2
    for number in range(count):
        await setting.put(f"rec_{number}", name=f"try-{number}")
    assert len(await setting.mention()) == count, "each is mentioned"
    assert len(setting.reads) == MOST_LOOKED_AT
    await setting.mention()
    assert len(setting.reads) == count, "the others are looked at next"


@pytest.mark.parametrize("status", ["terminated", "cancelled", "expired"])
async def test_it_is_over_once_it_is_gone(setting: Setting, status: str) -> None:
    await setting.put()
    setting.change(setting.built, service_status=status)
    assert await setting.mention() == []
    assert (await setting.now()).over_at == setting.services.now()
    setting.pass_time(HOUR)
    assert await setting.mention() == []
    assert len(setting.reads) == 1, "it is not looked at again"


@pytest.mark.parametrize(
    ("age", "was_seen", "is_over"),
    [(HOUR, True, True), (HOUR, False, False), (DAY, False, False), (DAY + HOUR, False, True)],
)
async def test_a_404_says_that_it_is_gone(
    setting: Setting, age: timedelta, was_seen: bool, is_over: bool
) -> None:
    """If it was there: a new server may not be shown yet."""
    await setting.put(seen_at=setting.services.now() if was_seen else None)
    setting.remove(setting.built)
    setting.pass_time(age)
    assert (await setting.mention() == []) is is_over


async def test_another_account_says_nothing_of_it(setting: Setting) -> None:
    await setting.put(seen_at=setting.services.now())
    setting.remove(setting.built)
    setting.remove(setting.source)
    setting.pass_time(2 * DAY)
    assert await setting.mention() != []
    assert (await setting.now()).over_at is None


async def test_a_lost_one_is_looked_for_by_name(setting: Setting) -> None:
    await setting.put(new_vps_id=None, price=None)
    setting.pass_time(HOUR)
    assert await setting.mention() == [RehearsalUnpriced(setting.built, NAME, HOUR)]
    assert (await setting.now()).new_vps_id == setting.built
    assert dict(setting.sandbox.requests[0].query) == {"limit": "100", "name": NAME}
    known = await setting.services.state.recall_id(caller(), setting.built)
    assert NAME in (known or ""), "its id may be used now, and its name is known"
    [entry] = await recoveries.running(setting.services, caller())
    assert await recoveries.last_own(setting.services, caller(), setting.built) == entry


async def test_one_that_is_not_found_is_given_up(setting: Setting) -> None:
    await setting.put(new_vps_id=None)
    setting.change(setting.built, name="db-01")
    setting.pass_time(DAY)
    assert await setting.mention() == [RehearsalLost(NAME, DAY)]
    setting.pass_time(timedelta(seconds=60))
    assert await setting.mention() == []
    assert (await setting.now()).over_at is not None


async def test_an_incomplete_list_gives_up_nothing(setting: Setting) -> None:
    await setting.put(new_vps_id=None)
    page = {"data": [], "hasMore": True, "nextCursor": None}
    setting.sandbox.faults.add(Fault("json", "GET", "*/vps", content=page, times=None))
    setting.pass_time(2 * DAY)
    assert await setting.mention() == [RehearsalLost(NAME, 2 * DAY)]


async def test_its_end_is_counted_from_the_request(setting: Setting) -> None:
    await setting.put(end_requested_at=setting.services.now() + HOUR)
    setting.pass_time(3 * HOUR)
    assert await setting.mention() == [RehearsalEnding(setting.built, NAME, 2 * HOUR)]


async def test_ages_are_by_hostups_clock(setting: Setting) -> None:
    """By this machine's it was an hour earlier, both when it was sent and when it is mentioned."""
    setting.services._connection().clock_offset = 3600.0
    sent_at = setting.services.now()
    await setting.put(ahead=3600.0)
    await setting.put("rec_2", ahead=3600.0, end_requested_at=sent_at)
    setting.pass_time(2 * HOUR)
    runs, ending = await setting.mention()
    assert isinstance(runs, RehearsalRuns)
    assert isinstance(ending, RehearsalEnding)
    assert (runs.age, ending.since) == (2 * HOUR, 2 * HOUR)
    setting.services._connection().clock_offset = 0.0
    [runs, _] = await setting.mention()
    assert isinstance(runs, RehearsalRuns)
    assert runs.age == HOUR


# Whatever happens ---------------------------------------------------------------------------------


async def test_hostup_may_fail(setting: Setting) -> None:
    await setting.put()
    await setting.put("rec_2", new_vps_id=None, name="lost")
    setting.sandbox.faults.add(Fault("status", "GET", "*", status=401, times=None))
    runs, lost = await setting.mention()
    assert isinstance(runs, RehearsalRuns)
    assert isinstance(lost, RehearsalLost)


async def test_the_store_may_fail(setting: Setting, caplog: pytest.LogCaptureFixture) -> None:
    class Failing(InMemoryState):
        trouble: Exception = StateUnavailableError()

        async def recoveries(self, subject: str) -> dict[str, str]:
            raise self.trouble

    state = setting.services.state = Failing()
    assert await setting.mention() == []
    assert caplog.messages == []
    state.trouble = RuntimeError("a fault of ours")
    assert await setting.mention() == []
    assert caplog.messages == ["the rehearsals could not be looked at"]


async def test_a_slow_hostup_costs_little(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rehearsals, "LOOK_SECONDS", 0.1)
    await setting.put()
    setting.sandbox.faults.add(Fault("slow", "GET", "*", seconds=30.0, times=None))
    with anyio.fail_after(10):
        assert len(await setting.mention()) == 1
    assert LOOK_SECONDS <= 5.0
