"""Looks at a server: power, guest agent, disks and, with the probe, ports."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import anyio

from hostup_mcp.hostup.live import VpsStorage
from hostup_mcp.hostup.problems import HostUpError
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.recovery.evidence import Observation, SeenDisk
from hostup_mcp.server.clocks import by_hostup
from hostup_mcp.server.probe import Probe


@dataclass
class Looking:
    """One look at the server `vps_id`. What cannot be read stays None in `seen`."""

    hostup: ReadingClient
    probe: Probe
    vps_id: str
    began: datetime
    """When it began, by this machine's clock."""
    seen: Observation = field(init=False)
    failures: list[HostUpError] = field(default_factory=list)
    """Why reads of HostUp failed."""
    has_read: bool = False
    """Whether HostUp responded to anything."""

    def __post_init__(self) -> None:
        self.seen = Observation(self.began, ports=() if self.probe.is_on else None)

    async def look(self, seconds: float) -> Observation:
        """Look for at most `seconds`, at everything at once; return what was seen by then.

        Its time is by HostUp's clock, which uptimes and the ends of jobs are compared with.
        """
        with anyio.move_on_after(seconds):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._status)
                tasks.start_soon(self._agent)
                tasks.start_soon(self._storage)
                tasks.start_soon(self._ports)
        self._note(at=by_hostup(self.hostup, self.began))
        return self.seen

    async def _status(self) -> None:
        with self._reading():
            status = await self.hostup.get_status(self.vps_id)
            self._note(power=status.power_state, uptime_seconds=status.uptime_seconds)

    async def _agent(self) -> None:
        with self._reading():
            agent = await self.hostup.get_guest_agent(self.vps_id)
            self._note(agent=agent.available)

    async def _storage(self) -> None:
        with self._reading():
            self._note(disks=_disks(await self.hostup.get_storage(self.vps_id)))

    async def _ports(self) -> None:
        if not self.probe.is_on:
            return
        address = None
        with self._reading():
            address = self.probe.address((await self.hostup.get_vps(self.vps_id)).primary_ip)
        if address is not None:
            self._note(address=address, ports=await self.probe.look(address))

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except HostUpError as error:
            self.failures.append(error)
        else:
            self.has_read = True

    def _note(self, **seen: Any) -> None:
        self.seen = replace(self.seen, **seen)


def _disks(storage: VpsStorage) -> tuple[SeenDisk, ...] | None:
    """Return the disks; None if HostUp has some that could not be read."""
    if not storage.is_whole:
        return None
    return tuple(
        SeenDisk(disk.name, None if disk.capacity is None else disk.capacity.total_gb)
        for disk in storage.disks
        if not disk.is_cdrom
    )
