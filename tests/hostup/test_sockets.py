"""The same over real connections: what a socket does is typed as the canned failures are."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from hostup_mcp.hostup.http import Http
from hostup_mcp.hostup.problems import (
    ConnectionLost,
    HostUpError,
    Redirected,
    TimedOut,
    TooLarge,
    Unreachable,
)

from .wire import BACKUPS, KEY, encoded


class Listener:
    """A far end that answers every request with the same bytes and counts them."""

    def __init__(self, reply: bytes | None) -> None:
        self.reply = reply
        self.requests: list[bytes] = []
        self.address = ""
        self._over = asyncio.Event()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.requests.append(await reader.readuntil(b"\r\n\r\n"))
            if self.reply is None:
                await self._over.wait()
            else:
                writer.write(self.reply)
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator["Listener"]:
        server = await asyncio.start_server(self.talk, "127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield self
        finally:
            self._over.set()
            server.close()
            await server.wait_closed()


def reply(status: str, body: bytes, length: int | None = None, *headers: str) -> bytes:
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Length: {len(body) if length is None else length}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


async def written(address: str, budget: float = 5.0) -> HostUpError:
    http = Http(address, KEY, budget=budget)
    try:
        with pytest.raises(HostUpError) as caught:
            await http.write("POST", BACKUPS)
    finally:
        await http.close()
    return caught.value


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(reply("202 Accepted", b'{"oper', 100), ConnectionLost, id="cut in the body"),
        pytest.param(b"HTTP/1.1 202 Acc", ConnectionLost, id="cut in the head"),
        pytest.param(b"", ConnectionLost, id="closed unanswered"),
        pytest.param(b"SSH-2.0-OpenSSH_9.6\r\n", ConnectionLost, id="another protocol"),
        pytest.param(b"HTTP/1.1 200 OK\r\nbad header\r\n\r\n", ConnectionLost, id="bad header"),
        pytest.param(
            reply("302 Found", b"", None, "Location: http://127.0.0.1:1/"),
            Redirected,
            id="redirect",
        ),
        pytest.param(reply("202 Accepted", b" " * 10_000_001), TooLarge, id="too large"),
        pytest.param(None, TimedOut, id="silence"),
    ],
)
async def test_a_write_over_a_real_connection_goes_out_once(
    answer: bytes | None, kind: type[HostUpError]
) -> None:
    async with Listener(answer).listening() as far_end:
        error = await written(far_end.address, 0.3 if answer is None else 5.0)
    assert type(error) is kind
    assert error.outcome_unknown is True
    assert len(far_end.requests) == 1
    assert KEY not in str(error)


async def test_where_nobody_listens_nothing_was_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        error = await written(f"http://127.0.0.1:{taken.getsockname()[1]}")
    assert type(error) is Unreachable
    assert str(error) == "no connection to 127.0.0.1: it was refused"
    assert error.outcome_unknown is False


async def test_what_goes_over_the_wire_is_one_plain_request() -> None:
    async with Listener(reply("500 Oops", encoded({"code": "internal_error"}))).listening() as end:
        await written(end.address)
    head, *lines = end.requests[0].decode().split("\r\n")
    assert head == f"POST {BACKUPS} HTTP/1.1"
    assert f"Authorization: Bearer {KEY}" in lines
    assert sum(KEY in line for line in lines) == 1


async def test_a_proxy_of_the_environment_does_not_see_a_plain_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with (
        Listener(reply("500 Oops", b"")).listening() as proxy,
        Listener(reply("500 Oops", b"")).listening() as end,
    ):
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.address)
        await written(end.address)
    assert len(end.requests) == 1
    assert proxy.requests == []
