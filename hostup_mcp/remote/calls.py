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
    """Subtract `number`; what comes to nothing is not kept."""
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

    def follow(self, scope: Scope, send: Send, content: bytes) -> Send:
        """Return the `send` with which to respond to the message in `content`."""
        session = QueryParams(scope["query_string"]).get("session_id", "")

        async def send_and_follow(message: Message) -> None:
            # Anything else is refused: without such a session, or to another caller.
            if message.get("status") == 202 and (calls := self._open.get(session)) is not None:
                match _parse(content):
                    case {"method": str(), "id": int() | str() as id_}:
                        calls.setdefault(id_, []).append(len(content))
                    case {
                        "method": "notifications/cancelled",
                        "params": {"requestId": int() | str() as id_},
                    }:
                        self._settle(session, id_)  # it gets no response
                    case _:
                        pass
            await send(message)

        return send_and_follow

    def _settle(self, session: str, id_: int | str) -> None:
        calls = self._open.get(session, {})
        if sizes := calls.get(id_):
            sizes.pop()
        if not sizes:
            calls.pop(id_, None)


def is_call(content: bytes) -> bool:
    """Return whether a body is a request, which gets a response; nothing else is refused."""
    match _parse(content):
        case {"method": str(), "id": _}:
            return True
        case _:
            return False


def _parse(content: bytes) -> object:
    try:
        parsed: object = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return parsed


_ENDPOINT = re.compile(rb"session_id=([0-9a-f]{32})")
_RESPONSE = re.compile(
    rb'event: message\r\ndata: \{"jsonrpc":"2\.0","id":'
    rb'(-?\d+|"(?:[^"\\]|\\.)*"),"(?:result|error)":'
)
