"""State in Redis or Valkey, for replicas.

Every call is limited in time, and none is retried. While the server is unavailable, the ids that
this process handed out are still known; everything else raises `StateUnavailableError`.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import secrets
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import cast

from redis.asyncio import BlockingConnectionPool, ConnectionPool, Redis
from redis.asyncio.connection import AbstractConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, BusyLoadingError, RedisError, ResponseError

from hostup_mcp.state import scripts
from hostup_mcp.state.finish import run_to_end, wait_to_end
from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.store import (
    MAX_IDS,
    ConsumeResult,
    Consumption,
    Lock,
    Record,
    RecordKey,
    RecordKind,
    StateReplyLostError,
    StateUnavailableError,
)

log = logging.getLogger(__name__)

PREFIX = "hostup-mcp"
"""What every key and channel begins with."""

LABELS = f"{PREFIX}/labels"
"""The labels that replicas announce, by the second in which they end."""

ID_SECONDS = 24 * 3600
"""How long an id stays known after its caller's last call."""

REPLY_SECONDS = 1.0
"""How long the server may take to accept a connection, and to send one reply."""

CALL_SECONDS = 3.0
"""How long one call may take in all, including the wait for a connection and authentication."""

REVOKED_MILLISECONDS = 60_000
"""How long a request to acquire whose reply was lost is kept from taking effect later."""

# The server did reply, although the client library calls some of these connection errors.
_ERROR_REPLIES = (ResponseError, BusyLoadingError, AuthenticationError)


# With the names of the library as a greeting, the reply of a server that refuses every connection
# (such as DENIED) would be lost. The first is the option of version 8 of the library.
_ANONYMOUS: Mapping[str, None] = (
    {"driver_info": None}
    if "driver_info" in signature(AbstractConnection.__init__).parameters
    else {"lib_name": None, "lib_version": None}
)


def connect(url: str) -> Redis:
    """Return a client for the server at `url`. A call waits while all 50 connections are in use.

    Raises:
        ValueError: `url` is not an address; the message may quote a part of its password.
    """
    pool = BlockingConnectionPool.from_url(
        url,
        decode_responses=True,
        # With version 3 of the protocol, the library does not notice that the server closed an idle
        # connection, and the next request on it counts as lost.
        protocol=2,
        socket_timeout=REPLY_SECONDS,
        socket_connect_timeout=REPLY_SECONDS,
        # A write must not be sent twice, and retries would make each call slow in an outage.
        retry=Retry(NoBackoff(), 0),
        **_ANONYMOUS,
    )
    try:
        # Connects to nothing, but rejects options of the address that the pool took unseen.
        pool.connection_class(**pool.connection_kwargs)
    except (TypeError, RedisError):
        raise ValueError("invalid options in the address") from None
    return Redis.from_pool(pool)


@dataclass(frozen=True, slots=True)
class _Request:
    words: list[bytes]
    reply: asyncio.Future[object]


class RedisState:
    """A `StateStore` for many replicas. `redis` comes from `connect` and is closed with it."""

    shared = True

    def __init__(self, redis: Redis, max_ids: int = MAX_IDS) -> None:
        self._redis = redis
        self._max_ids = max_ids
        self._own = InMemoryState(max_ids=max_ids)
        self._waiting: list[_Request] = []
        self._sending: set[asyncio.Task[None]] = set()

    async def is_available(self) -> bool:
        try:
            await self.evaluate(scripts.PROBE, [f"{PREFIX}/probe"])
        except StateUnavailableError:
            return False
        return True

    async def generation(self) -> str:
        return str(await self.evaluate(scripts.GENERATION))

    async def remember_ids(self, caller: str, ids: Mapping[str, str]) -> None:
        await self._own.remember_ids(caller, ids)
        if ids:
            pairs = json.dumps([part for pair in ids.items() for part in pair])
            await self.evaluate(scripts.REMEMBER, _ids(caller), [ID_SECONDS, self._max_ids, pairs])

    async def recall_id(self, caller: str, id_: str) -> str | None:
        try:
            return (await self.recall_ids(caller, [id_]))[0]
        except StateUnavailableError:
            if (own := await self._own.recall_id(caller, id_)) is not None:
                return own
            raise

    async def recall_ids(self, caller: str, ids: Sequence[str]) -> list[str | None]:
        if not ids:
            return []
        notes = await self.evaluate(scripts.RECALL, _ids(caller), [ID_SECONDS, json.dumps([*ids])])
        return cast("list[str | None]", json.loads(cast("str", notes)))

    async def known_ids(self, caller: str) -> list[str]:
        _, order = _ids(caller)
        return cast("list[str]", await self.evaluate(scripts.KNOWN, [order]))

    async def put_record(
        self, caller: str, key: RecordKey, body: str, *, seconds: float, at_most: int
    ) -> None:
        await self.evaluate(
            scripts.PUT_RECORD,
            [_record(caller, key), _open(caller, key.kind)],
            [body, _milliseconds(seconds), at_most, key.id, _records(caller, key.kind)],
        )

    async def get_record(self, caller: str, key: RecordKey) -> Record | None:
        found = await self.evaluate(scripts.GET_RECORD, [_record(caller, key)])
        if found is None:
            return None
        body, consumed, current = cast("list[str]", found)
        return Record(body, is_consumed=bool(consumed), is_current=bool(current))

    async def consume(self, caller: str, keys: Sequence[RecordKey], lock: Lock) -> ConsumeResult:
        touched = [_lock(lock.name)]
        for key in keys:
            touched += [_record(caller, key), _open(caller, key.kind)]
        reply = await self.evaluate(
            scripts.CONSUME, touched, [lock.token, *(key.id for key in keys)]
        )
        outcome, number = cast("tuple[str, int]", reply)
        return ConsumeResult(Consumption(outcome), keys[number - 1] if number else None)

    async def reopen(self, caller: str, key: RecordKey) -> None:
        await self.evaluate(
            scripts.REOPEN, [_record(caller, key), _open(caller, key.kind)], [key.id]
        )

    async def acquire(self, name: str, seconds: float) -> Lock | None:
        return await run_to_end(
            self._acquire(Lock(name, secrets.token_hex(8)), seconds), self._undo_acquire
        )

    async def seconds_locked(self, name: str) -> float:
        left = await self.evaluate(scripts.MILLISECONDS_LOCKED, [_lock(name)])
        return max(0.0, cast("int", left) / 1000)

    async def release(self, lock: Lock) -> None:
        await self.evaluate(scripts.RELEASE, [_lock(lock.name)], [lock.token])

    async def put_recovery(self, subject: str, id_: str, body: str) -> None:
        await self.evaluate(scripts.PUT_RECOVERY, _recoveries(subject), [id_, body])

    async def recoveries(self, subject: str) -> Mapping[str, str]:
        flat = cast("list[str]", await self.evaluate(scripts.RECOVERIES, _recoveries(subject)))
        return {flat[n]: flat[n + 1] for n in range(0, len(flat), 2)}

    async def delete_recovery(self, subject: str, id_: str) -> None:
        await self.evaluate(scripts.DELETE_RECOVERY, _recoveries(subject), [id_])

    async def announce(self, label: str, seconds: int) -> list[str]:
        """Store `label` for `seconds`; return the labels that all replicas have stored now."""
        labels = await self.evaluate(scripts.ANNOUNCE, [LABELS], [label, seconds])
        return cast("list[str]", labels)

    async def close(self) -> None:
        await self._redis.aclose()

    async def _acquire(self, lock: Lock, seconds: float) -> Lock | None:
        keys = [_lock(lock.name), _revoked(lock)]
        try:
            taken = await self.evaluate(scripts.ACQUIRE, keys, [lock.token, _milliseconds(seconds)])
        except StateReplyLostError:
            try:
                await self.evaluate(scripts.REVOKE, keys, [lock.token, REVOKED_MILLISECONDS])
            except StateUnavailableError:
                log.warning("a lock may stay taken until it expires in %d s", seconds)
            raise
        return lock if taken else None

    async def _undo_acquire(self, lock: Lock | None) -> None:
        if lock is not None:
            await self.release(lock)

    async def evaluate(
        self, script: str, keys: Sequence[str] = (), arguments: Sequence[str | int] = ()
    ) -> object:
        """Run a script on the server and wait for its reply, even if the caller is cancelled.

        Requests that are made in the same turn of the event loop are sent together.
        """
        words = [str(word).encode() for word in ("EVAL", script, len(keys), *keys, *arguments)]
        loop = asyncio.get_running_loop()
        request = _Request(words, loop.create_future())
        if not self._waiting:
            loop.call_soon(self._start)
        self._waiting.append(request)
        return await wait_to_end(request.reply)

    def _start(self) -> None:
        """Send what is waiting."""
        requests, self._waiting = deque(self._waiting), []
        sending = asyncio.create_task(self._send(requests))
        self._sending.add(sending)

        def end(_: asyncio.Task[None]) -> None:
            self._sending.discard(sending)
            # None is left, unless the event loop is closing.
            for request in requests:
                request.reply.cancel()

        sending.add_done_callback(end)

    async def _send(self, requests: deque[_Request]) -> None:
        """Send `requests` once on one connection, and take out each whose reply has come."""
        # Not by the client, since it matters whether a failure came before they were sent.
        pool = self._redis.connection_pool
        error_type: type[StateUnavailableError] = StateUnavailableError
        try:
            async with asyncio.timeout(CALL_SECONDS):
                connection = await _connection(pool)
                try:
                    packed = connection.pack_commands([each.words for each in requests])
                    error_type = StateReplyLostError
                    await connection.send_packed_command(packed)
                    while requests:
                        await _read_reply(connection, requests)
                finally:
                    await pool.release(connection)
        # Also a reply that is no text: a call that waits must hear of whatever happens here.
        except Exception as error:
            log_unavailable(error)
            while requests:
                requests.popleft().reply.set_exception(error_type())


async def _read_reply(connection: AbstractConnection, requests: deque[_Request]) -> None:
    """Settle the first of `requests`."""
    try:
        reply = await connection.read_response()
    except _ERROR_REPLIES as error:
        log_unavailable(error)
        requests.popleft().reply.set_exception(StateUnavailableError())
    else:
        requests.popleft().reply.set_result(reply)


async def _connection(pool: ConnectionPool) -> AbstractConnection:
    connection: AbstractConnection = await pool.get_connection()  # type: ignore[no-untyped-call]
    return connection


def log_unavailable(error: Exception) -> None:
    """Log why the server is unavailable, in one word, since messages quote what was sent."""
    word = getattr(error, "status_code", None) or str(error).partition(" ")[0]
    is_code = isinstance(error, RedisError) and word.isalpha() and word.isupper()
    log.warning("shared state is unavailable: %s", word if is_code else type(error).__name__)


def _who(caller: str) -> str:
    return hashlib.sha256(caller.encode()).hexdigest()[:32]


def _ids(caller: str) -> tuple[str, str]:
    who = _who(caller)
    return f"{PREFIX}/ids/{who}/notes", f"{PREFIX}/ids/{who}/order"


def _records(caller: str, kind: RecordKind) -> str:
    return f"{PREFIX}/records/{_who(caller)}/{kind}/"


def _record(caller: str, key: RecordKey) -> str:
    return f"{_records(caller, key.kind)}{key.id}"


def _open(caller: str, kind: RecordKind) -> str:
    return f"{PREFIX}/open/{_who(caller)}/{kind}"


def _lock(name: str) -> str:
    return f"{PREFIX}/locks/{name}"


def _revoked(lock: Lock) -> str:
    return f"{PREFIX}/revoked/{lock.token}"


def _recoveries(subject: str) -> tuple[str, str]:
    return f"{PREFIX}/recoveries/bodies/{subject}", f"{PREFIX}/recoveries/order/{subject}"


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
