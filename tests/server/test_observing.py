"""A look at a server: what is read is kept, what is not stays unknown, and time is HostUp's."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import anyio
import httpx
import pytest

from hostup_mcp.hostup.problems import NotFoundError
from hostup_mcp.recovery.evidence import Answer, Port, SeenDisk
from hostup_mcp.server.observing import Looking
from hostup_mcp.server.probe import Probe
from hostup_mcp.server.services import Services

from .wiring import settings

NOW = datetime(2026, 4, 27, 10, tzinfo=UTC)
AHEAD = timedelta(minutes=3)
VPS = "vps_abcdef12"
DATE = {"Date": format_datetime(NOW + AHEAD, usegmt=True)}
DOCUMENTS: dict[str, Any] = {
    "status": {"id": VPS, "powerState": "running", "uptimeSeconds": 90.5},
    "exec": {"available": False, "reason": "No agent.", "vmRunning": True},
    "storage": {"disks": [{"name": "scsi0", "isCdrom": False, "capacity": {"totalGb": 80}}]},
    VPS: {"id": VPS, "primaryIp": "127.0.0.1"},
}


def looking(answers: Callable[[str], Any] = DOCUMENTS.get, probe: Probe | None = None) -> Looking:
    def respond(request: httpx.Request) -> httpx.Response:
        document = answers(request.url.path.rpartition("/")[2])
        status = document if isinstance(document, int) else 200
        return httpx.Response(status, json=document if status == 200 else {}, headers=DATE)

    used = Services(settings(), httpx.MockTransport(respond), lambda: NOW)
    return Looking(used.hostup, probe or Probe(settings()), VPS, NOW)


async def test_what_is_read_is_kept() -> None:
    look = looking()
    seen = await look.look(5)
    assert (seen.power, seen.uptime_seconds, seen.agent) == ("running", 90.5, False)
    assert seen.disks == (SeenDisk("scsi0", 80.0),)
    assert (seen.address, seen.ports) == (None, None)
    assert seen.at == NOW + AHEAD
    assert look.has_read
    assert look.failures == []


@pytest.mark.parametrize(
    ("part", "document"),
    [
        ("status", {"id": VPS, "powerState": 7, "uptimeSeconds": "long"}),
        ("status", {"id": "vps_another1", "powerState": "running"}),
        ("exec", {"available": "perhaps"}),
        ("exec", 403),
        ("storage", {"disks": [], "hasMore": True}),
        ("storage", {}),
        ("storage", 404),
    ],
)
async def test_what_is_not_read_is_unknown(part: str, document: Any) -> None:
    look = looking(lambda name: document if name == part else DOCUMENTS[name])
    seen = await look.look(5)
    unknown = {"status": seen.power, "exec": seen.agent, "storage": seen.disks}
    assert unknown.pop(part) is None
    assert None not in unknown.values()
    assert look.has_read


async def test_a_drive_without_a_kind_is_a_disk() -> None:
    disks = [{"name": "ide2", "isCdrom": True}, {"name": "scsi1", "capacity": None}, {}]
    look = looking(lambda name: {"disks": disks} if name == "storage" else DOCUMENTS[name])
    seen = await look.look(5)
    assert seen.disks == (SeenDisk("scsi1", None), SeenDisk(None, None))


async def test_failures_are_kept() -> None:
    look = looking(lambda _: 404)
    seen = await look.look(5)
    assert not look.has_read
    assert len(look.failures) == 3
    assert all(isinstance(failure, NotFoundError) for failure in look.failures)
    assert (seen.power, seen.agent, seen.disks) == (None, None, None)


PORTS = (Port(443, Answer.TLS),)


class Probing(Probe):
    """A probe that finds `PORTS` at one address, and may not try another."""

    def __init__(self) -> None:
        super().__init__(settings(probe=True))

    def address(self, listed: str | None) -> str | None:
        return listed if listed == "127.0.0.1" else None

    async def look(self, address: str) -> tuple[Port, ...]:
        assert address == "127.0.0.1"
        return PORTS


@pytest.mark.parametrize(
    ("vps", "address", "ports"),
    [
        (DOCUMENTS[VPS], "127.0.0.1", PORTS),
        ({"id": VPS, "primaryIp": "192.0.2.1"}, None, ()),
        ({"id": VPS}, None, ()),
        (404, None, ()),
    ],
)
async def test_ports_are_probed_where_they_may_be(vps: Any, address: str, ports: Any) -> None:
    look = looking(lambda name: vps if name == VPS else DOCUMENTS[name], Probing())
    seen = await look.look(5)
    assert (seen.address, seen.ports) == (address, ports)


async def test_a_look_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    look = looking()

    async def hangs(vps_id: str) -> None:
        await anyio.sleep_forever()

    monkeypatch.setattr(look.hostup, "get_status", hangs)
    seen = await look.look(0.2)
    assert (seen.power, seen.agent) == (None, False)
    assert seen.at == NOW + AHEAD
