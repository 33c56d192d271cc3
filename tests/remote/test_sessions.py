"""Sessions of older protocol revisions are counted per caller, and end."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from hostup_mcp.remote import bodies, sessions
from hostup_mcp.remote.limits import MAX_BYTES, CallerLimits
from hostup_mcp.remote.sessions import IDLE_SECONDS, MAX_SESSIONS


class Server:
    """Limits in front of an application that opens sessions as the SDK does."""

    def __init__(self, has_sessions: bool = True) -> None:
        self.caller = "web-team"
        self.open: set[str] = set()
        self.made = 0
        self.refuses = False
        self.refused: list[str] = []
        self.app = CallerLimits(
            self.inner,
            lambda: self.caller,
            100_000,
            100,
            has_sessions=has_sessions,
            on_refused=self.refused.append,
        )

    async def inner(self, scope: Any, receive: Any, send: Any) -> None:
        await receive()
        given = dict(scope["headers"])
        session = given.get(b"mcp-session-id", b"").decode()
        if not session:
            session = f"session-{self.made}"
            self.made += 1
            status = 400 if self.refuses else 200
            if not self.refuses:
                self.open.add(session)
        elif session not in self.open:
            status = 404
        else:
            status = 200
            if scope["method"] == "DELETE":
                self.open.remove(session)
        headers = [(b"mcp-session-id", session.encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    async def request(
        self,
        session: str | None = None,
        *,
        method: str = "POST",
        caller: str = "web-team",
        size: int = 10,
        version: bytes | None = None,
    ) -> tuple[int, dict[str, str], bytes]:
        sent: list[Any] = []

        async def send(message: Any) -> None:
            sent.append(message)

        async def receive() -> Any:
            return {"type": "http.request", "body": b"x" * size, "more_body": False}

        headers = [(b"content-length", str(size).encode())]
        headers += [(b"mcp-session-id", session.encode())] if session else []
        headers += [(b"mcp-protocol-version", version)] if version else []
        self.caller = caller
        scope = {"type": "http", "method": method, "path": "/mcp", "headers": headers}
        await self.app(scope, receive, send)
        response = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
        return sent[0]["status"], response, b"".join(m["body"] for m in sent[1:])

    async def opens(self, **how: Any) -> int:
        return (await self.request(**how))[0]

    async def fill(self) -> list[str]:
        replies = [await self.request() for _ in range(MAX_SESSIONS)]
        assert {status for status, _, _ in replies} == {200}
        return [headers["mcp-session-id"] for _, headers, _ in replies]


async def test_sessions_are_bounded_per_caller() -> None:
    server = Server()
    [first, *_] = await server.fill()
    status, headers, body = await server.request()
    assert status == 429
    assert int(headers["retry-after"]) >= 1
    description = json.loads(body)["error_description"]
    assert f"{MAX_SESSIONS} open sessions" in description
    assert "DELETE" in description
    assert server.refused == ["sessions"]
    assert server.made == MAX_SESSIONS, "the application has not seen it"
    assert await server.opens(caller="ops-team") == 200
    assert (await server.request(first))[0] == 200, "open sessions go on"
    assert await server.opens(version=b"2026-07-28") == 200, "revisions without sessions too"


async def test_ended_session_frees_its_place() -> None:
    server = Server()
    [first, *_] = await server.fill()
    assert (await server.request(first, method="DELETE"))[0] == 200
    assert [await server.opens(), await server.opens()] == [200, 429]


async def test_crashed_session_frees_its_place() -> None:
    server = Server()
    [first, *_] = await server.fill()
    server.open.remove(first)
    assert (await server.request(first))[0] == 404
    assert [await server.opens(), await server.opens()] == [200, 429]


async def test_idle_sessions_free_their_places(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [time.monotonic()]
    monkeypatch.setattr(sessions, "monotonic", lambda: now[0])
    server = Server()
    [first, *_] = await server.fill()
    now[0] += IDLE_SECONDS - 1
    assert await server.opens() == 429
    await server.request(first)
    now[0] += 2
    assert [await server.opens() for _ in range(MAX_SESSIONS)] == [200] * (MAX_SESSIONS - 1) + [429]


async def test_other_callers_end_no_session() -> None:
    server = Server()
    [first, *_] = await server.fill()
    server.open.remove(first)  # so that the application responds 404, as to another caller
    assert (await server.request(first, method="DELETE", caller="ops-team"))[0] == 404
    assert await server.opens() == 429


async def test_refused_opening_takes_no_place() -> None:
    server = Server()
    server.refuses = True
    for _ in range(MAX_SESSIONS + 1):
        assert await server.opens() == 400
    server.refuses = False
    await server.fill()


async def test_sessions_count_what_opened_them() -> None:
    server = Server()
    most = MAX_BYTES // bodies.MAX_BODY_BYTES
    large = [await server.request(size=bodies.MAX_BODY_BYTES) for _ in range(most)]
    assert {status for status, _, _ in large} == {200}
    assert await server.opens(size=bodies.MAX_BODY_BYTES) == 429
    assert server.refused == ["bytes"]
    assert await server.opens(size=bodies.MAX_BODY_BYTES, caller="ops-team") == 200
    await server.request(large[0][1]["mcp-session-id"], method="DELETE")
    assert await server.opens(size=bodies.MAX_BODY_BYTES) == 200


async def test_without_sessions_none_is_counted() -> None:
    server = Server(has_sessions=False)
    assert {await server.opens() for _ in range(MAX_SESSIONS + 10)} == {200}


async def test_nothing_is_kept_of_callers_without_sessions() -> None:
    """An issuer may name any number of them."""
    server = Server()
    kept = server.app._sessions._of
    for number in range(3):
        await server.request(version=b"2026-07-28", caller=f"caller-{number}")
    assert kept == {}
    _, headers, _ = await server.request()
    assert list(kept) == ["web-team"]
    await server.request(headers["mcp-session-id"], method="DELETE")
    assert kept == {}
