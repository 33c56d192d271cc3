"""Sessions of the protocol revisions that have them, over streamable HTTP, counted per caller."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from time import monotonic

from mcp.server.streamable_http import MCP_SESSION_ID_HEADER
from mcp.shared.inbound import MCP_PROTOCOL_VERSION_HEADER
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from starlette.datastructures import Headers
from starlette.types import Message, Scope, Send

MAX_SESSIONS = 50
"""Open sessions per caller. Many clients never end theirs."""

IDLE_SECONDS = 30 * 60.0
"""How long a session lives without a request or an open stream."""


@dataclass
class Session:
    """A session that is open, or is being opened."""

    size: int = 0
    """Bytes of the request that opened it: what the client says of itself stays in memory."""
    requests: int = 0
    used: float = 0.0
    """When its last request ended, by the monotonic clock."""


class Sessions:
    """Which sessions each caller has.

    It follows what the SDK does from its responses: the SDK ends a session for a DELETE and after
    `IDLE_SECONDS`. If one has ended for another reason, the next response is 404.
    """

    def __init__(self, exist: bool) -> None:
        """With `exist` false, the SDK serves every request on its own, and none is counted."""
        self._exist = exist
        self._of: dict[str, dict[str, Session]] = {}
        self._numbers = count()

    def opens(self, scope: Scope) -> bool:
        """Return whether a request asks for a session: of a revision that has them, without one."""
        headers = Headers(scope=scope)
        version = headers.get(MCP_PROTOCOL_VERSION_HEADER)
        return (
            self._exist
            and scope["method"] == "POST"
            and MCP_SESSION_ID_HEADER not in headers
            and (version is None or version in HANDSHAKE_PROTOCOL_VERSIONS)
        )

    def of(self, caller: str) -> list[Session]:
        """Return the sessions that the caller has now."""
        sessions, now = self._of.get(caller, {}), monotonic()
        for id_, session in list(sessions.items()):
            if not session.requests and now - session.used > IDLE_SECONDS:
                del sessions[id_]
        return list(sessions.values())

    @contextmanager
    def follow(self, scope: Scope, send: Send, caller: str) -> Iterator[tuple[Session, Send]]:
        """Follow a request while it runs; gives its session, and the `send` to respond with.

        From here on, a session that it may open is one of the caller's. Its size is to be set.
        """
        id_ = Headers(scope=scope).get(MCP_SESSION_ID_HEADER)
        sessions = self._of.setdefault(caller, {})
        if self.opens(scope):
            key = f"being opened: {next(self._numbers)}"  # never an id: those have no space
            sessions[key] = Session()
        else:
            key = id_ or ""
        session = sessions.get(key) or Session()
        session.requests += 1

        async def send_and_follow(message: Message) -> None:
            nonlocal key
            if message["type"] == "http.response.start":
                status = message["status"]
                given = Headers(raw=message["headers"]).get(MCP_SESSION_ID_HEADER)
                if id_ is None and key in sessions and given and status < 400:
                    sessions[given] = sessions.pop(key)
                    key = given
                elif status == 404 or (scope["method"] == "DELETE" and status < 300):
                    sessions.pop(key, None)
            await send(message)

        try:
            yield session, send_and_follow
        finally:
            session.requests -= 1
            session.used = monotonic()
            if " " in key:
                sessions.pop(key, None)
            # Another request may have begun a new collection for the caller.
            if not sessions and self._of.get(caller) is sessions:
                del self._of[caller]
