"""Remembers which writes HostUp refused with 403, so that none is offered that it would refuse.

In this process only: another replica offers the write, and HostUp refuses it again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

LIFE = timedelta(minutes=10)
"""How long a refusal is remembered; the user may have changed the key since."""

MOST_REFUSALS = 1000
"""For all callers together; one more replaces the oldest."""

_Kind: TypeAlias = tuple[str, str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A write that HostUp refused with 403."""

    at: datetime
    scopes: frozenset[str]
    """What the write needs, so that the key lacks at least one of them."""

    @property
    def until(self) -> datetime:
        """When it is forgotten."""
        return self.at + LIFE


class Refusals:
    """The latest 403 of each caller, server and set of scopes that a write needs."""

    def __init__(self) -> None:
        self._times: dict[_Kind, datetime] = {}

    def note(self, caller: str, vps_id: str, scopes: Iterable[str], at: datetime) -> None:
        """Record that HostUp refused a write that needs `scopes`."""
        kind = (caller, vps_id, frozenset(scopes))
        self._times.pop(kind, None)
        self._times[kind] = at
        if len(self._times) > MOST_REFUSALS:
            del self._times[next(iter(self._times))]

    def forget(self, caller: str, vps_id: str, scopes: Iterable[str]) -> None:
        """Forget the refusals of writes that need no more than `scopes`: one was accepted."""
        for kind in self._of(caller, vps_id, scopes):
            del self._times[kind]

    def latest(
        self, caller: str, vps_id: str, scopes: Iterable[str], now: datetime
    ) -> Refusal | None:
        """Return the latest recent refusal of a write that needs only `scopes`, if any."""
        recent = [
            (at, refused)
            for _, _, refused in self._of(caller, vps_id, scopes)
            if now - (at := self._times[caller, vps_id, refused]) < LIFE
        ]
        if not recent:
            return None
        at, refused = max(recent, key=lambda each: each[0])
        return Refusal(at, refused)

    def _of(self, caller: str, vps_id: str, scopes: Iterable[str]) -> list[_Kind]:
        given = frozenset(scopes)
        return [kind for kind in self._times if kind[:2] == (caller, vps_id) and kind[2] <= given]
