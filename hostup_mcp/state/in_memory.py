"""State of one process, bounded in every direction."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from hostup_mcp.state.store import (
    MAX_IDS,
    ConsumeResult,
    Consumption,
    Lock,
    Record,
    RecordKey,
    RecordKind,
)

MAX_CALLERS = 1_000
MAX_LOCKS = 100_000


@dataclass
class _Entry:
    body: str
    expires: float
    is_consumed: bool = False


class InMemoryState:
    """A `StateStore` that lasts as long as the process. `clock` counts seconds."""

    shared = False

    def __init__(
        self,
        max_callers: int = MAX_CALLERS,
        max_ids: int = MAX_IDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_callers = max_callers
        self._max_ids = max_ids
        self._clock = clock
        self._ids: OrderedDict[str, OrderedDict[str, str]] = OrderedDict()
        self._records: OrderedDict[str, dict[RecordKey, _Entry]] = OrderedDict()
        self._locks: dict[str, tuple[Lock, float]] = {}
        self._recoveries: dict[str, dict[str, str]] = {}
        self._generation = secrets.token_hex(8)

    async def is_available(self) -> bool:
        return True

    async def generation(self) -> str:
        return self._generation

    async def remember_ids(self, caller: str, ids: Mapping[str, str]) -> None:
        known = self._ids.setdefault(caller, OrderedDict())
        self._ids.move_to_end(caller)
        for id_, note in ids.items():
            known[id_] = note
            known.move_to_end(id_)
        while len(known) > self._max_ids:
            known.popitem(last=False)
        while len(self._ids) > self._max_callers:
            self._ids.popitem(last=False)

    async def recall_id(self, caller: str, id_: str) -> str | None:
        known = self._ids.get(caller)
        if known is None or id_ not in known:
            return None
        known.move_to_end(id_)
        self._ids.move_to_end(caller)
        return known[id_]

    async def recall_ids(self, caller: str, ids: Sequence[str]) -> list[str | None]:
        return [await self.recall_id(caller, id_) for id_ in ids]

    async def known_ids(self, caller: str) -> list[str]:
        return list(self._ids.get(caller, ()))

    async def put_record(
        self, caller: str, key: RecordKey, body: str, *, seconds: float, at_most: int
    ) -> None:
        records = self._records.setdefault(caller, {})
        self._records.move_to_end(caller)
        now = self._clock()
        for old in [k for k, entry in records.items() if entry.expires <= now]:
            del records[old]
        if key in records and records[key].is_consumed:
            return
        records.pop(key, None)
        records[key] = _Entry(body, now + seconds)
        for old in _open(records, key.kind)[:-at_most]:
            del records[old]
        while len(self._records) > self._max_callers:
            self._records.popitem(last=False)

    async def get_record(self, caller: str, key: RecordKey) -> Record | None:
        entry = self._entry(caller, key)
        if entry is None:
            return None
        return Record(entry.body, entry.is_consumed, is_current=True)

    async def consume(self, caller: str, keys: Sequence[RecordKey], lock: Lock) -> ConsumeResult:
        if self._held(lock.name) != lock:
            return ConsumeResult(Consumption.LOCK_LOST)
        entries: list[_Entry] = []
        for key in keys:
            entry = self._entry(caller, key)
            if entry is None:
                return ConsumeResult(Consumption.MISSING, key)
            if entry.is_consumed:
                return ConsumeResult(Consumption.ALREADY_CONSUMED, key)
            entries.append(entry)
        for entry in entries:
            entry.is_consumed = True
        return ConsumeResult(Consumption.CONSUMED)

    async def reopen(self, caller: str, key: RecordKey) -> None:
        if (entry := self._entry(caller, key)) is not None:
            entry.is_consumed = False

    async def acquire(self, name: str, seconds: float) -> Lock | None:
        now = self._clock()
        if self._held(name) is not None:
            return None
        if len(self._locks) >= MAX_LOCKS:
            self._locks = {n: held for n, held in self._locks.items() if held[1] > now}
            if len(self._locks) >= MAX_LOCKS:
                return None
        lock = Lock(name, secrets.token_hex(8))
        self._locks[name] = lock, now + seconds
        return lock

    async def seconds_locked(self, name: str) -> float:
        return 0.0 if self._held(name) is None else self._locks[name][1] - self._clock()

    async def release(self, lock: Lock) -> None:
        if self._held(lock.name) == lock:
            del self._locks[lock.name]

    async def put_recovery(self, subject: str, id_: str, body: str) -> None:
        self._recoveries.setdefault(subject, {})[id_] = body

    async def recoveries(self, subject: str) -> Mapping[str, str]:
        return dict(self._recoveries.get(subject, {}))

    async def delete_recovery(self, subject: str, id_: str) -> None:
        self._recoveries.get(subject, {}).pop(id_, None)

    async def close(self) -> None:
        """Do nothing: no connection is held open."""

    def _held(self, name: str) -> Lock | None:
        """Return the lock `name`, if it is taken and has not expired."""
        held = self._locks.get(name)
        return held[0] if held is not None and held[1] > self._clock() else None

    def _entry(self, caller: str, key: RecordKey) -> _Entry | None:
        entry = self._records.get(caller, {}).get(key)
        return entry if entry is not None and entry.expires > self._clock() else None


def _open(records: Mapping[RecordKey, _Entry], kind: RecordKind) -> list[RecordKey]:
    """Return the keys of the records of `kind` that were not consumed, oldest first."""
    return [k for k, entry in records.items() if k.kind is kind and not entry.is_consumed]
