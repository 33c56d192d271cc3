"""Limits hold for each caller and leave other callers alone."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from limits.aio.storage import MemoryStorage

from hostup_mcp.remote import bodies, limits
from hostup_mcp.remote.limits import CallerLimits

from .wiring import PATIENCE

CHUNKED = (b"transfer-encoding", b"chunked")


class InnerApp:
    """The application behind the limits; requests run until `open` is set."""

    def __init__(self) -> None:
        self.open = anyio.Event()
        self.open.set()
        self.running = 0
        self.peak = 0
        self.calls = 0
        self.received: list[Any] = []
        self.reads = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.calls += 1
        self.running += 1
        self.peak = max(self.peak, self.running)
        try:
            for _ in range(self.reads):
                self.received.append(await receive())
            await self.open.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.running -= 1


class Client:
    """Sends requests through the limits as a given caller."""

    def __init__(self, per_minute: int = 1_000, at_once: int = 100, **others: Any) -> None:
        self.caller: str | None = "web-team"
        self.inner = InnerApp()
        self.refused: list[str] = []
        self.app = CallerLimits(
            self.inner,
            lambda: self.caller,
            per_minute,
            at_once,
            on_refused=self.refused.append,
            **others,
        )

    async def request(
        self,
        caller: str | None = "web-team",
        method: str = "POST",
        receive: Any = None,
        asks: bytes = b"tools/call",
        path: str = "/mcp",
        given: Sequence[tuple[bytes, bytes]] = (),
    ) -> tuple[int, dict[str, str], bytes]:
        self.sent = sent = list[Any]()

        async def send(message: Any) -> None:
            sent.append(message)

        async def nothing() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        self.caller = caller
        with anyio.fail_after(PATIENCE):
            headers = [(b"mcp-method", asks), *given]
            scope = {"type": "http", "method": method, "path": path, "headers": headers}
            await self.app(scope, receive or nothing, send)
        response = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
        return sent[0]["status"], response, b"".join(message["body"] for message in sent[1:])


async def test_rate_limit_says_how_long_to_wait() -> None:
    client = Client(per_minute=3)
    assert [(await client.request())[0] for _ in range(5)] == [200, 200, 200, 429, 429]
    status, headers, body = await client.request()
    assert status == 429
    assert 1 <= int(headers["retry-after"]) <= 120
    assert json.loads(body)["error"] == "too_many_requests"
    assert client.inner.calls == 3
    assert client.refused == ["calls_per_minute"] * 3


async def test_rate_is_per_caller() -> None:
    client = Client(per_minute=2)
    for _ in range(10):
        await client.request("web-team")
    assert [(await client.request("ops-team"))[0] for _ in range(3)] == [200, 200, 429]


async def test_retry_after_is_long_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [time.time()]
    monkeypatch.setattr(time, "time", lambda: now[0])
    client = Client(per_minute=2)
    assert [(await client.request())[0] for _ in range(3)] == [200, 200, 429]
    wait = int((await client.request())[1]["retry-after"])
    now[0] += wait + 0.01
    # The window slides: at least one call is free again by then.
    assert (await client.request())[0] == 200


async def test_calls_at_once_are_bounded() -> None:
    client = Client(at_once=2)
    client.inner.open = anyio.Event()
    async with anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(client.request)
        with anyio.fail_after(PATIENCE):
            while client.inner.running < 2:
                await anyio.lowlevel.checkpoint()
        status, headers, _ = await client.request()
        assert (status, headers["retry-after"]) == (429, "1")
        assert client.refused == ["calls_at_once"]
        client.inner.open.set()
    assert (await client.request())[0] == 200
    assert client.inner.peak == 2


async def test_failed_calls_free_their_slot() -> None:
    client = Client(at_once=1)

    async def broken(*_: Any) -> None:
        raise RuntimeError

    original = client.app._app
    client.app._app = broken
    with pytest.raises(RuntimeError):
        await client.request()
    client.app._app = original
    client.inner.open = anyio.Event()
    with anyio.move_on_after(0.05):
        await client.request()
    client.inner.open.set()
    assert (await client.request())[0] == 200
    assert not client.app._running, "nothing is kept of callers without a request"


async def test_a_response_frees_all_before_the_request_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # Else a client that sends its next request at once is refused from time to time.
    monkeypatch.setattr(limits, "MAX_BYTES", 3)
    client, ended = Client(at_once=1, has_sessions=False), anyio.Event()
    respond = client.app._app

    async def slow_to_end(scope: Any, receive: Any, send: Any) -> None:
        await respond(scope, receive, send)
        await ended.wait()

    client.app._app = slow_to_end

    async def call() -> None:
        length = (b"content-length", b"3")
        await client.request(receive=trickle(0, 3), given=[length])

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call)
        with anyio.fail_after(PATIENCE):
            while client.inner.calls < 1 or client.inner.running:
                await anyio.lowlevel.checkpoint()
        tasks.start_soon(call)
        with anyio.fail_after(PATIENCE):
            while client.inner.calls < 2 and not client.refused:
                await anyio.lowlevel.checkpoint()
        ended.set()
    assert client.refused == []
    assert not client.app._running
    assert not client.app._bytes


async def test_slots_are_per_caller() -> None:
    client = Client(at_once=1)
    client.inner.open = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(client.request, "web-team")
        with anyio.fail_after(PATIENCE):
            while client.inner.running < 1:
                await anyio.lowlevel.checkpoint()
        tasks.start_soon(client.request, "ops-team")
        with anyio.fail_after(PATIENCE):
            while client.inner.running < 2:
                await anyio.lowlevel.checkpoint()
        client.inner.open.set()
    assert client.refused == []


@pytest.mark.parametrize(
    "stream", [{"method": "GET"}, {"asks": b"subscriptions/listen"}], ids=["session", "changes"]
)
async def test_streams_have_their_own_slots(
    monkeypatch: pytest.MonkeyPatch, stream: dict[str, Any]
) -> None:
    monkeypatch.setattr(limits, "MAX_STREAMS", 3)
    client = Client(at_once=1)
    client.inner.open = anyio.Event()
    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(lambda: client.request(**stream))
        with anyio.fail_after(PATIENCE):
            while client.inner.running < 3:
                await anyio.lowlevel.checkpoint()
        assert (await client.request(**stream))[0] == 429
        assert client.refused == ["streams"]
        tasks.start_soon(client.request)
        with anyio.fail_after(PATIENCE):
            while client.inner.running < 4:
                await anyio.lowlevel.checkpoint()
        tasks.start_soon(lambda: client.request("ops-team", **stream))
        with anyio.fail_after(PATIENCE):
            while client.inner.running < 5:
                await anyio.lowlevel.checkpoint()
        client.inner.open.set()
    assert client.refused == ["streams"]
    assert not client.app._running


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "HEAD", "BREW"])
async def test_every_method_counts(method: str) -> None:
    client = Client(per_minute=1)
    assert [(await client.request(method=method))[0] for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_health_is_never_refused(path: str) -> None:
    client = Client(per_minute=1, at_once=1)
    assert [(await client.request(method="GET", path=path))[0] for _ in range(3)] == [200] * 3
    assert (await client.request())[0] == 200, "and is not counted"


async def test_unauthenticated_is_not_counted() -> None:
    client = Client(per_minute=1)
    for _ in range(5):
        assert (await client.request(None))[0] == 200
    assert (await client.request("web-team"))[0] == 200


async def test_other_scopes_pass_through() -> None:
    seen: list[str] = []

    async def app(scope: Any, *_: Any) -> None:
        seen.append(scope["type"])

    await CallerLimits(app, lambda: "a", 1, 1)({"type": "lifespan"}, None, None)  # type: ignore[arg-type]
    assert seen == ["lifespan"]


# Shared state -------------------------------------------------------------------------------------


class UnreachableStorage(MemoryStorage):
    """A storage that cannot be reached."""

    async def acquire_sliding_window_entry(self, *_: Any, **__: Any) -> bool:
        raise ConnectionError("redis://:secret@host:6379 refused")


async def test_shared_state_counts_together() -> None:
    storage = MemoryStorage()
    one, other = Client(per_minute=2, shared=storage), Client(per_minute=2, shared=storage)
    assert [(await client.request())[0] for client in (one, other, one, other)] == [
        200,
        200,
        429,
        429,
    ]


async def test_state_outage_counts_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = Client(per_minute=2, shared=UnreachableStorage())
    assert [(await client.request())[0] for _ in range(3)] == [200, 200, 429]
    assert "counts calls per minute alone" in caplog.text
    assert "secret" not in caplog.text


# Bodies -------------------------------------------------------------------------------------------


def trickle(pause: float, parts: int, size: int = 1) -> Callable[[], Any]:
    """A body of `parts` parts with a pause before each, and then a connection that stays."""
    left = [parts]

    async def receive() -> Any:
        if left[0] == 0:
            await anyio.sleep_forever()
        await anyio.sleep(pause)
        left[0] -= 1
        return {"type": "http.request", "body": b"x" * size, "more_body": left[0] > 0}

    return receive


async def forbidden() -> Any:
    pytest.fail("the body is read")


async def test_slow_body_gets_408(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.2)
    monkeypatch.setattr(bodies, "LINGER_SECONDS", 0.01)
    client = Client(at_once=1)
    began = time.monotonic()
    # Single bytes do not extend the time limit.
    status, headers, body = await client.request(receive=trickle(0.03, 100), given=[CHUNKED])
    assert time.monotonic() - began < 2
    assert (status, headers.get("connection")) == (408, "close")
    assert "within 0.2 seconds" in json.loads(body)["error_description"]
    assert client.refused == ["body_timeout"]
    assert client.inner.calls == 0
    assert (await client.request())[0] == 200, "its slot is free again"
    assert not client.app._bytes


async def test_body_timeout_ends_with_the_body(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(bodies, "BODY_SECONDS", 1.0)
    client = Client()
    client.inner.reads = 2
    with anyio.move_on_after(1.5):
        await client.request(receive=trickle(0.01, 3), given=[CHUNKED])
    whole = {"type": "http.request", "body": b"xxx", "more_body": False}
    assert client.inner.received == [whole], "the end of the connection comes next"


async def test_declared_large_body_is_not_kept() -> None:
    client = Client()
    length = (b"content-length", str(bodies.MAX_BODY_BYTES + 1).encode())
    status, headers, body = await client.request(receive=trickle(0, 9), given=[length])
    assert status == 413
    assert "larger than 64 KiB" in json.loads(body)["error_description"]
    assert "connection" not in headers, "all of it was discarded"
    assert client.refused == ["body_size"]
    assert client.inner.calls == 0


async def test_body_ends_before_a_response_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the proxy that sends it may give up on the response."""
    monkeypatch.setattr(bodies, "LINGER_SECONDS", 0.2)
    length = (b"content-length", str(bodies.MAX_BODY_BYTES + 1).encode())
    began = time.monotonic()
    status, headers, _ = await Client().request(receive=trickle(0, 10**9), given=[length])
    assert (status, headers["connection"]) == (413, "close")
    assert 0.2 <= time.monotonic() - began < 2


@pytest.mark.parametrize(
    "given",
    [
        [
            (b"content-length", str(bodies.MAX_BODY_BYTES + 1).encode()),
            (b"expect", b"100-continue"),
        ],
        [(b"content-length", b"%d" % (bodies.MAX_AWAITED_BYTES + 1))],
    ],
    ids=["held back", "much too long"],
)
async def test_response_does_not_wait_for_other_bodies(
    given: list[tuple[bytes, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "LINGER_SECONDS", 0.01)
    client = Client()

    async def receive() -> Any:
        assert client.sent, "the response has begun"
        await anyio.sleep_forever()

    status, headers, _ = await client.request(receive=receive, given=given)
    assert (status, headers["connection"]) == (413, "close")


async def test_undeclared_large_body_is_cut() -> None:
    client = Client()
    part = 16 * 1024
    receive = trickle(0, 1_000, part)
    assert (await client.request(receive=receive, given=[CHUNKED]))[0] == 413
    assert client.inner.calls == 0
    exact = trickle(0, bodies.MAX_BODY_BYTES // part, part)
    assert (await client.request(receive=exact, given=[CHUNKED]))[0] == 200


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS", "HEAD", "BREW"])
@pytest.mark.parametrize("declared", [CHUNKED, (b"content-length", b"9")], ids=["chunks", "length"])
async def test_only_the_body_of_a_post_is_read(
    method: str, declared: tuple[bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "MAX_LINGERING", 0)
    client = Client()
    client.inner.reads = 1
    status, headers, _ = await client.request(method=method, receive=forbidden, given=[declared])
    assert (status, headers["connection"]) == (200, "close")
    assert client.inner.received == [{"type": "http.request", "body": b"", "more_body": False}]


@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
async def test_unauthenticated_body_is_not_read(
    method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "MAX_LINGERING", 0)
    client = Client()
    client.inner.reads = 1
    length = (b"content-length", b"1000000")
    _, headers, _ = await client.request(None, method, receive=forbidden, given=[length])
    assert headers["connection"] == "close"
    assert client.inner.received[0]["body"] == b""


async def test_endless_body_ends_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MAX_LINGERING", 0)
    client = Client()
    client.inner.reads = 2
    endless = trickle(0, 10**6, 1024)
    await client.request(method="GET", receive=endless, given=[CHUNKED])
    assert client.inner.received[1] == {"type": "http.disconnect"}


async def test_complete_body_keeps_the_connection() -> None:
    client = Client()
    length = (b"content-length", b"3")
    _, headers, _ = await client.request(receive=trickle(0, 3), given=[length])
    assert "connection" not in headers


async def test_bytes_at_once_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LINGER_SECONDS", 0.01)
    client = Client()
    client.inner.open = anyio.Event()
    length = (b"content-length", str(bodies.MAX_BODY_BYTES).encode())
    most = limits.MAX_BYTES // bodies.MAX_BODY_BYTES

    async def large(caller: str = "web-team") -> int:
        part = bodies.MAX_BODY_BYTES // 4
        reply = await client.request(caller, receive=trickle(0, 4, part), given=[length])
        return reply[0]

    async with anyio.create_task_group() as tasks:
        for _ in range(most):
            tasks.start_soon(large)
            await anyio.lowlevel.checkpoint()
        with anyio.fail_after(PATIENCE):
            while client.inner.running < most:
                await anyio.lowlevel.checkpoint()
        assert await large() == 429
        assert client.refused == ["bytes"]
        tasks.start_soon(large, "ops-team")
        with anyio.fail_after(PATIENCE):
            while client.inner.running < most + 1:
                await anyio.lowlevel.checkpoint()
        client.inner.open.set()
    assert await large() == 200
    assert not client.app._bytes
