"""What is remembered between calls: ids given out, plans used, writes under way.

A dependent id is remembered below its parent (`vps_1/bkp_2`), and an id may carry a note. A claim
is a name that one holder at a time can have; it lets go by itself after a while.
"""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Protocol

MOST_CALLERS = 1_000
MOST_IDS = 10_000
"""Ids remembered for one caller; the longest unused is forgotten first."""

MOST_CLAIMS = 100_000


class MemoryAway(Exception):
    """What is remembered cannot be reached now (only where it is kept outside the process)."""


class Memory(Protocol):
    """Shared by all calls of a server, and by its replicas where there are some.

    Each method may raise `MemoryAway`.
    """

    shared: bool
    """Whether it is kept outside the process, for replicas and over restarts."""

    async def is_there(self) -> bool:
        """Whether it can be reached now; never raises."""
        ...

    async def remember(self, caller: str, ids: Mapping[str, str]) -> None:
        """Note that `caller` was given `ids`, each with its note."""
        ...

    async def recall(self, caller: str, id_: str) -> str | None:
        """The note of an id that `caller` was given; None if it was not."""
        ...

    async def given_to(self, caller: str) -> list[str]:
        """The ids that `caller` was given, the longest unused first."""
        ...

    async def claim(self, name: str, seconds: float) -> bool:
        """Take `name` for `seconds`; false if somebody holds it."""
        ...

    async def held(self, name: str) -> float:
        """For how many more seconds somebody holds `name`; 0 if nobody does."""
        ...

    async def release(self, name: str) -> None:
        """Let go of `name`."""
        ...

    async def era(self) -> str:
        """A word that is another one when what was remembered before has been lost."""
        ...


class InMemory:
    """`Memory` of one process, bounded in every direction."""

    shared = False

    def __init__(
        self,
        most_callers: int = MOST_CALLERS,
        most_ids: int = MOST_IDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most_callers = most_callers
        self._most_ids = most_ids
        self._clock = clock
        self._callers: OrderedDict[str, OrderedDict[str, str]] = OrderedDict()
        self._claims: OrderedDict[str, float] = OrderedDict()
        self._era = secrets.token_hex(8)

    async def is_there(self) -> bool:
        return True

    async def remember(self, caller: str, ids: Mapping[str, str]) -> None:
        known = self._callers.setdefault(caller, OrderedDict())
        self._callers.move_to_end(caller)
        for id_, note in ids.items():
            known[id_] = note
            known.move_to_end(id_)
        while len(known) > self._most_ids:
            known.popitem(last=False)
        while len(self._callers) > self._most_callers:
            self._callers.popitem(last=False)

    async def recall(self, caller: str, id_: str) -> str | None:
        known = self._callers.get(caller)
        if known is None or id_ not in known:
            return None
        known.move_to_end(id_)
        self._callers.move_to_end(caller)
        return known[id_]

    async def given_to(self, caller: str) -> list[str]:
        return list(self._callers.get(caller, ()))

    async def claim(self, name: str, seconds: float) -> bool:
        now = self._clock()
        if await self.held(name):
            return False
        if name not in self._claims and len(self._claims) >= MOST_CLAIMS:
            self._claims = OrderedDict((n, t) for n, t in self._claims.items() if t > now)
            if len(self._claims) >= MOST_CLAIMS:
                return False
        self._claims[name] = now + seconds
        return True

    async def held(self, name: str) -> float:
        return max(0.0, self._claims.get(name, 0.0) - self._clock())

    async def release(self, name: str) -> None:
        self._claims.pop(name, None)

    async def era(self) -> str:
        return self._era
