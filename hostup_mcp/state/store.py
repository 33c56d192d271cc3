"""The interface of the state stores."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

MAX_IDS = 10_000
"""Ids remembered per caller; the least recently used is forgotten first."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class StateUnavailableError(Exception):
    """The store cannot be reached now; nothing was changed in it."""


class StateReplyLostError(StateUnavailableError):
    """The store may have received the request; whether it took effect is not known."""


class RecordKind(StrEnum):
    """What a record stands for. Plans and questions are for a single use."""

    PLAN = "plan"
    QUESTION = "question"
    JOB = "job"
    WRITE = "write"


@dataclass(frozen=True, slots=True)
class RecordKey:
    """Names one record of one caller. The `id` of a plan or question is a `new_handle`."""

    kind: RecordKind
    id: str


@dataclass(frozen=True, slots=True)
class Record:
    """A stored record. `body` is what was put; the store does not look into it."""

    body: str
    is_consumed: bool
    is_current: bool
    """False if the store has lost state since the record was made, its consumption perhaps."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock that was acquired. `token` tells its holder from a later one."""

    name: str
    token: str


class Consumption(StrEnum):
    """How an attempt to consume records ended."""

    CONSUMED = "consumed"
    LOCK_LOST = "lock_lost"
    MISSING = "missing"
    ALREADY_CONSUMED = "already_consumed"
    OTHER_GENERATION = "other_generation"


@dataclass(frozen=True, slots=True)
class ConsumeResult:
    """How `consume` ended, and the record that stopped it, if one did."""

    outcome: Consumption
    key: RecordKey | None = None


class StateStore(Protocol):
    """State shared by all calls of a server, and by its replicas or sessions where there are more.

    Every method but `is_available` raises `StateUnavailableError` if the store cannot be reached.
    """

    shared: bool
    """Whether the state outlives this process."""

    async def is_available(self) -> bool:
        """Return whether the store can be read and written now. Never raises."""
        ...

    async def generation(self) -> str:
        """Return an id that changes once stored state may have been lost."""
        ...

    async def remember_ids(self, caller: str, ids: Mapping[str, str]) -> None:
        """Record that `ids` were returned to `caller`, each with a note."""
        ...

    async def recall_id(self, caller: str, id_: str) -> str | None:
        """Return the note stored with an id; None if the id was not returned to `caller`."""
        ...

    async def recall_ids(self, caller: str, ids: Sequence[str]) -> list[str | None]:
        """Return the notes stored with `ids`, in one step; see `recall_id`."""
        ...

    async def known_ids(self, caller: str) -> list[str]:
        """Return the ids that were returned to `caller`, least recently used first."""
        ...

    async def put_record(
        self, caller: str, key: RecordKey, body: str, *, seconds: float, at_most: int
    ) -> None:
        """Store a record for `seconds`.

        It replaces an open record under the same key; a consumed one stays as it is. Beyond
        `at_most` open records of its kind, the caller's oldest are dropped.
        """
        ...

    async def get_record(self, caller: str, key: RecordKey) -> Record | None:
        """Return the record of `caller` under `key`; None if there is none, or no longer."""
        ...

    async def consume(self, caller: str, keys: Sequence[RecordKey], lock: Lock) -> ConsumeResult:
        """Consume all of `keys` in one step, provided that `lock` is still held; else none of them.

        Checked in this order: the lock, then each record: whether it exists, was not consumed
        before, and is current. A consumed record is kept until it expires.

        Raises:
            StateReplyLostError: it is not known whether they were consumed.
        """
        ...

    async def reopen(self, caller: str, key: RecordKey) -> None:
        """Undo the consumption of a current record: nothing was sent under it."""
        ...

    async def acquire(self, name: str, seconds: float) -> Lock | None:
        """Take the lock `name` for `seconds`; None if it is taken.

        If the caller is cancelled, no lock is left behind.

        Raises:
            StateReplyLostError: it may have been taken; it was released as far as possible.
        """
        ...

    async def seconds_locked(self, name: str) -> float:
        """Return how many more seconds the lock `name` is taken; 0 if it is free."""
        ...

    async def release(self, lock: Lock) -> None:
        """Release `lock`, unless it has expired and another caller holds it."""
        ...

    async def put_recovery(self, subject: str, id_: str, body: str) -> None:
        """Store what was carried out on `subject`, until it is deleted; replaces the same `id_`."""
        ...

    async def recoveries(self, subject: str) -> Mapping[str, str]:
        """Return what was carried out on `subject`, by id, in the order in which it was stored."""
        ...

    async def delete_recovery(self, subject: str, id_: str) -> None:
        """Delete a stored recovery."""
        ...

    async def close(self) -> None:
        """Release what the store holds open."""
        ...


def new_handle(prefix: str) -> str:
    """Make a random 80-bit identifier: `prefix`, an underscore and 16 lower-case characters."""
    return f"{prefix}_{random_text(16)}"


def random_text(length: int) -> str:
    """Make a random text of `length` lower-case letters and digits, with 5 bits in each."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
