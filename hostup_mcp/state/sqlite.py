"""State in a SQLite file, for the stdio servers of one user.

Every call but those about ids is one transaction. Ids stay in the process: a session is a session.
"""

from __future__ import annotations

import logging
import secrets
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import anyio
import anyio.to_thread

from hostup_mcp.state import sqlite_file
from hostup_mcp.state.finish import run_to_end
from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.store import (
    MAX_IDS,
    ConsumeResult,
    Consumption,
    Lock,
    Record,
    RecordKey,
    StateReplyLostError,
    StateUnavailableError,
)

log = logging.getLogger(__name__)
T = TypeVar("T")

BUSY_SECONDS = 1.0
"""How long a call waits for other processes to finish with the file."""


@dataclass(frozen=True, slots=True)
class _Transaction:
    sql: sqlite3.Connection
    generation: str
    now: float


class SqliteState:
    """A `StateStore` in the file `path`, shared by the processes of one user.

    `clock` counts seconds and is the same for all of them.
    """

    shared = True

    def __init__(
        self, path: Path, max_ids: int = MAX_IDS, clock: Callable[[], float] = time.time
    ) -> None:
        self._path = path
        self._clock = clock
        self._ids = InMemoryState(max_ids=max_ids)
        self._one_at_a_time = anyio.CapacityLimiter(1)
        self._seen = sqlite_file.FileVersion()

    async def is_available(self) -> bool:
        try:
            await self._transact(_count_change)
        except StateUnavailableError:
            return False
        return True

    def is_usable(self) -> bool:
        """Return whether the file can be read and written now; for use outside an event loop."""
        try:
            self._transact_here(_count_change, time.monotonic())
        except StateUnavailableError:
            return False
        return True

    async def generation(self) -> str:
        return await self._transact(lambda t: t.generation)

    async def remember_ids(self, caller: str, ids: Mapping[str, str]) -> None:
        await self._ids.remember_ids(caller, ids)

    async def recall_id(self, caller: str, id_: str) -> str | None:
        return await self._ids.recall_id(caller, id_)

    async def recall_ids(self, caller: str, ids: Sequence[str]) -> list[str | None]:
        return await self._ids.recall_ids(caller, ids)

    async def known_ids(self, caller: str) -> list[str]:
        return await self._ids.known_ids(caller)

    async def put_record(
        self, caller: str, key: RecordKey, body: str, *, seconds: float, at_most: int
    ) -> None:
        await self._transact(lambda t: _put_record(t, caller, key, body, seconds, at_most))

    async def get_record(self, caller: str, key: RecordKey) -> Record | None:
        return await self._transact(lambda t: _get_record(t, caller, key))

    async def consume(self, caller: str, keys: Sequence[RecordKey], lock: Lock) -> ConsumeResult:
        return await self._transact(lambda t: _consume(t, caller, keys, lock))

    async def reopen(self, caller: str, key: RecordKey) -> None:
        await self._transact(lambda t: _reopen(t, caller, key))

    async def acquire(self, name: str, seconds: float) -> Lock | None:
        lock = Lock(name, secrets.token_hex(8))
        try:
            taken = await self._transact(
                lambda t: _acquire(t, lock, seconds), undo=lambda _: self.release(lock)
            )
        except StateReplyLostError:
            try:
                await self.release(lock)
            except StateUnavailableError:
                log.warning("a lock may stay taken until it expires in %d s", seconds)
            raise
        return lock if taken else None

    async def seconds_locked(self, name: str) -> float:
        return await self._transact(lambda t: _seconds_locked(t, name))

    async def release(self, lock: Lock) -> None:
        await self._transact(lambda t: _release(t, lock))

    async def put_recovery(self, subject: str, id_: str, body: str) -> None:
        await self._transact(lambda t: _put_recovery(t, subject, id_, body))

    async def recoveries(self, subject: str) -> Mapping[str, str]:
        return await self._transact(lambda t: select_recoveries(t.sql, subject))

    async def delete_recovery(self, subject: str, id_: str) -> None:
        await self._transact(lambda t: _delete_recovery(t, subject, id_))

    async def close(self) -> None:
        """Do nothing: no connection is held open."""

    async def _transact(
        self,
        work: Callable[[_Transaction], T],
        undo: Callable[[T], Awaitable[object]] | None = None,
    ) -> T:
        """Do `work` in a transaction in a thread; it finishes even if the caller is cancelled."""
        began = time.monotonic()
        return await run_to_end(
            anyio.to_thread.run_sync(self._transact_here, work, began, limiter=self._one_at_a_time),
            undo,
        )

    def _transact_here(self, work: Callable[[_Transaction], T], began: float) -> T:
        # A call that already waited for others of this process waits only a little longer.
        patience = max(0.1, began + BUSY_SECONDS - time.monotonic())
        try:
            with sqlite_file.begin(self._path, patience) as sql:
                seen = sqlite_file.check(sql, self._path, self._seen)
                result = work(_Transaction(sql, seen.generation, self._clock()))
                self._seen = sqlite_file.commit(sql, seen)
                return result
        except sqlite_file.CommitUnknownError:
            log.warning("the state file is unavailable: a change may be lost")
            raise StateReplyLostError from None
        except sqlite_file.NewerSchemaError:
            log.warning("the state file was made by a newer version of hostup-mcp")
            raise StateUnavailableError from None
        except (sqlite3.Error, OSError, ValueError) as error:
            reason = getattr(error, "sqlite_errorname", type(error).__name__)
            log.warning("the state file is unavailable: %s", reason)
            raise StateUnavailableError from None


def _count_change(t: _Transaction) -> None:
    t.sql.execute("UPDATE file SET changes = changes")


def _put_record(
    t: _Transaction, caller: str, key: RecordKey, body: str, seconds: float, at_most: int
) -> None:
    t.sql.execute("DELETE FROM records WHERE expires <= ?", (t.now,))
    name = (caller, key.kind, key.id)
    t.sql.execute(
        "DELETE FROM records WHERE caller = ? AND kind = ? AND id = ? AND NOT consumed", name
    )
    t.sql.execute(
        "INSERT INTO records (caller, kind, id, body, generation, expires)"
        " VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (*name, body, t.generation, t.now + seconds),
    )
    t.sql.execute(
        "DELETE FROM records WHERE number IN (SELECT number FROM records"
        " WHERE caller = ? AND kind = ? AND NOT consumed ORDER BY number DESC LIMIT -1 OFFSET ?)",
        (caller, key.kind, at_most),
    )


def _get_record(t: _Transaction, caller: str, key: RecordKey) -> Record | None:
    row = t.sql.execute(
        "SELECT body, consumed, generation FROM records"
        " WHERE caller = ? AND kind = ? AND id = ? AND expires > ?",
        (caller, key.kind, key.id, t.now),
    ).fetchone()
    if row is None:
        return None
    return Record(str(row[0]), is_consumed=bool(row[1]), is_current=row[2] == t.generation)


def _consume(t: _Transaction, caller: str, keys: Sequence[RecordKey], lock: Lock) -> ConsumeResult:
    held = t.sql.execute(
        "SELECT 1 FROM locks WHERE name = ? AND token = ? AND expires > ?",
        (lock.name, lock.token, t.now),
    ).fetchone()
    if held is None:
        return ConsumeResult(Consumption.LOCK_LOST)
    for key in keys:
        record = _get_record(t, caller, key)
        if record is None:
            return ConsumeResult(Consumption.MISSING, key)
        if record.is_consumed:
            return ConsumeResult(Consumption.ALREADY_CONSUMED, key)
        if not record.is_current:
            return ConsumeResult(Consumption.OTHER_GENERATION, key)
    t.sql.executemany(
        "UPDATE records SET consumed = 1 WHERE caller = ? AND kind = ? AND id = ?",
        [(caller, key.kind, key.id) for key in keys],
    )
    return ConsumeResult(Consumption.CONSUMED)


def _reopen(t: _Transaction, caller: str, key: RecordKey) -> None:
    t.sql.execute(
        "UPDATE records SET consumed = 0"
        " WHERE caller = ? AND kind = ? AND id = ? AND generation = ?",
        (caller, key.kind, key.id, t.generation),
    )


def _acquire(t: _Transaction, lock: Lock, seconds: float) -> bool:
    t.sql.execute("DELETE FROM locks WHERE expires <= ?", (t.now,))
    taken = t.sql.execute(
        "INSERT INTO locks VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (lock.name, lock.token, t.now + seconds),
    )
    return taken.rowcount == 1


def _seconds_locked(t: _Transaction, name: str) -> float:
    row = t.sql.execute("SELECT expires FROM locks WHERE name = ?", (name,)).fetchone()
    return max(0.0, float(row[0]) - t.now) if row is not None else 0.0


def _release(t: _Transaction, lock: Lock) -> None:
    t.sql.execute("DELETE FROM locks WHERE name = ? AND token = ?", (lock.name, lock.token))


def _put_recovery(t: _Transaction, subject: str, id_: str, body: str) -> None:
    t.sql.execute(
        "INSERT INTO recoveries (subject, id, body) VALUES (?, ?, ?)"
        " ON CONFLICT (subject, id) DO UPDATE SET body = excluded.body",
        (subject, id_, body),
    )


def select_recoveries(sql: sqlite3.Connection, subject: str) -> dict[str, str]:
    """Return what was carried out on `subject`, by id, in the order in which it was stored."""
    rows = sql.execute(
        "SELECT id, body FROM recoveries WHERE subject = ? ORDER BY number", (subject,)
    )
    return {str(id_): str(body) for id_, body in rows}


def _delete_recovery(t: _Transaction, subject: str, id_: str) -> None:
    t.sql.execute("DELETE FROM recoveries WHERE subject = ? AND id = ?", (subject, id_))
