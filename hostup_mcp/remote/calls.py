"""Calls of sessions, which may outlive the request that brought them.

Over streamable HTTP, a client of an older revision may close a request, and the call goes on. Over
SSE, each request is accepted at once, and its response comes on the stream of the session.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.shared.exceptions import MCPError
from starlette.datastructures import QueryParams
from starlette.types import Message, Scope, Send

from hostup_mcp.server.busy import BUSY_CODE
from hostup_mcp.server.services import Services

_Key = TypeVar("_Key")
_BUSY = (
    "Busy: too many calls of this caller are still running. This one has no effect. Try again when "
    "one has ended."
)


class RunningCalls:
    """Middleware of the MCP server that bounds the requests of a caller that run at once."""

    def __init__(
        self, caller_of: Callable[[], str | None], at_once: int, on_refused: Callable[[str], None]
    ) -> None:
        self._caller_of = caller_of
        self._at_once = at_once
        self._on_refused = on_refused
        self._running: Counter[str] = Counter()

    async def __call__(
        self, ctx: ServerRequestContext[Services, Any], call_next: CallNext
    ) -> HandlerResult:
        caller = self._caller_of()
        # Subscriptions are streams, which have a limit of their own.
        if caller is None or ctx.request_id is None or ctx.method == "subscriptions/listen":
            return await call_next(ctx)
        if self._running[caller] >= self._at_once:
            self._on_refused("calls_at_once")
            raise MCPError(code=BUSY_CODE, message=_BUSY)
        self._running[caller] += 1
        try:
            return await call_next(ctx)
        finally:
            subtract(self._running, caller, 1)


def subtract(counter: Counter[_Key], key: _Key, number: int) -> None:
    """Subtract `number`, and delete an entry that becomes zero."""
    counter[key] -= number
    if not counter[key]:
        del counter[key]


class SseCalls:
    """Which calls over SSE have no response yet, per caller.

    The SDK accepts each before it runs, and a client may never read the responses.
    """

    def __init__(self) -> None:
        self._open: dict[str, dict[int | str, list[int]]] = {}
        self._callers: dict[str, str] = {}

    def of(self, caller: str) -> list[int]:
        """Return the sizes of the caller's calls, in bytes."""
        mine = [self._open[session] for session, who in self._callers.items() if who == caller]
        return [size for calls in mine for sizes in calls.values() for size in sizes]

    @contextmanager
    def stream(self, caller: str, send: Send) -> Iterator[Send]:
        """Follow the stream of a session; gives the `send` for it."""
        session = ""

        async def send_and_follow(message: Message) -> None:
            nonlocal session
            body: bytes = message.get("body", b"")
            if not session and (found := _ENDPOINT.search(body)):
                session = found[1].decode()
                self._open[session], self._callers[session] = {}, caller
            await send(message)
            # Only now has the client taken it.
            if session and (response := _RESPONSE.match(body)):
                self._settle(session, json.loads(response[1]))

        try:
            yield send_and_follow
        finally:
            self._open.pop(session, None)
            self._callers.pop(session, None)

    def follow(self, scope: Scope, send: Send, sent: Sent | None) -> Send:
        """Return the `send` with which to respond to the message `sent`."""
        session = QueryParams(scope["query_string"]).get("session_id", "")

        async def send_and_follow(message: Message) -> None:
            # Anything else is refused: without such a session, or to another caller.
            if sent and message.get("status") == 202 and session in self._open:
                if sent.is_call:
                    self._open[session].setdefault(sent.id, []).append(sent.size)
                else:
                    self._settle(session, sent.id)  # a cancelled call gets no response
            await send(message)

        return send_and_follow

    def _settle(self, session: str, id_: int | str) -> None:
        calls = self._open.get(session, {})
        if sizes := calls.get(id_):
            sizes.pop()
        if not sizes:
            calls.pop(id_, None)


@dataclass(frozen=True)
class Sent:
    """A call, or the cancellation of one."""

    id: int | str
    is_call: bool
    size: int


def read_sent(content: bytes) -> Sent | None:
    """Return what the message in `content` does to the calls that have no response yet."""
    try:
        parsed: object = json.loads(content)
    except (ValueError, RecursionError):
        return None
    match parsed:
        case {"method": str(), "id": int() | str() as id_}:
            return Sent(id_, True, len(content))
        case {
            "method": "notifications/cancelled",
            "params": {"requestId": int() | str() as id_},
        }:
            return Sent(id_, False, len(content))
        case _:
            return None


_ENDPOINT = re.compile(rb"session_id=([0-9a-f]{32})")
_RESPONSE = re.compile(
    rb'event: message\r\ndata: \{"jsonrpc":"2\.0","id":'
    rb'(-?\d+|"(?:[^"\\]|\\.)*"),"(?:result|error)":'
)
