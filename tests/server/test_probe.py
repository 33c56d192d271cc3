"""The probe, on real sockets: what answers, and that nothing else is contacted or sent."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TypeAlias

import pytest
from support.certificates import make_certificate
from support.sockets import free_port

from hostup_mcp.config import Settings
from hostup_mcp.recovery.evidence import Answer, Port
from hostup_mcp.server import probe as module
from hostup_mcp.server.probe import PORTS, Probe, Talk, probed_address

LOOPBACK = "http://127.0.0.1:8080"
Serve: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def probe(ports: dict[int, Talk], **others: object) -> Probe:
    return Probe(Settings("key", base_url=LOOPBACK, probe=True, **others), ports)  # type: ignore[arg-type]


class Listener:
    """A server on loopback that keeps what came, and says `says` once something has come."""

    def __init__(self, says: bytes | None = None, *, hangs_up: bool = False) -> None:
        self.says = says
        self.hangs_up = hangs_up
        self.came: list[bytes] = []
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not self.hangs_up and (part := await reader.read(65_536)):
                self.came.append(part)
                if self.says is not None:
                    writer.write(self.says)
        except ConnectionError:
            pass
        finally:
            writer.close()

    @asynccontextmanager
    async def listening(self, tls: ssl.SSLContext | None = None) -> AsyncIterator["Listener"]:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0, ssl=tls)
        self.port = int(server.sockets[0].getsockname()[1])
        try:
            yield self
        finally:
            server.close()
            await server.wait_closed()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What hangs is given up soon; nothing here depends on how soon."""
    monkeypatch.setattr(module, "TALK_SECONDS", 0.3)


@pytest.mark.parametrize(
    ("talk", "says", "answer", "status"),
    [
        (Talk.NOTHING, None, Answer.CONNECTION, None),
        (Talk.HTTP, b"HTTP/1.1 200 OK\r\n\r\n", Answer.HTTP, 200),
        (Talk.HTTP, b"HTTP/1.0 502 Bad Gateway\r\n\r\n", Answer.HTTP, 502),
        (
            Talk.HTTP,
            b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:1/\r\n\r\n",
            Answer.HTTP,
            301,
        ),
        (Talk.HTTP, b"SSH-2.0-OpenSSH_9.6\r\n", Answer.CONNECTION, None),
        (Talk.HTTP, b"x" * 300, Answer.CONNECTION, None),
        (Talk.HTTP, None, Answer.CONNECTION, None),
        (Talk.TLS, b"HTTP/1.1 400 Bad Request\r\n\r\n", Answer.CONNECTION, None),
        (Talk.TLS, b"\x15\x03\x03\x00\x02\x02\x28", Answer.TLS, None),
        (Talk.TLS, None, Answer.CONNECTION, None),
    ],
)
async def test_what_a_port_answers(
    talk: Talk, says: bytes | None, answer: Answer, status: int | None
) -> None:
    async with Listener(says).listening() as listener:
        found = await probe({listener.port: talk}).look("127.0.0.1")
    assert found == (Port(listener.port, answer, status),)


async def test_a_certificate_is_not_verified(tmp_path: Path) -> None:
    _, context = make_certificate(tmp_path)
    async with Listener().listening(context) as listener:
        found = await probe({listener.port: Talk.TLS}).look("127.0.0.1")
    assert found == (Port(listener.port, Answer.TLS),)
    assert listener.came == []


@pytest.mark.parametrize("talk", Talk)
async def test_a_port_that_hangs_up_or_refuses(talk: Talk) -> None:
    refusing = free_port()
    async with Listener(hangs_up=True).listening() as listener:
        found = await probe({listener.port: talk, refusing: talk}).look("127.0.0.1")
    assert found == (Port(listener.port, Answer.CONNECTION), Port(refusing, Answer.NOTHING))


async def test_an_address_without_a_response(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CONNECT_SECONDS", 0.0)
    async with Listener().listening() as listener:
        found = await probe({listener.port: Talk.TLS}).look("127.0.0.1")
    assert found == (Port(listener.port, Answer.NOTHING),)


async def test_only_a_head_request_is_sent() -> None:
    redirect = b"HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1:%d/\r\n\r\n"
    async with Listener().listening() as target, Listener().listening() as listener:
        listener.says = redirect % target.port
        await probe({listener.port: Talk.HTTP}).look("127.0.0.1")
        silent = Listener()
        async with silent.listening():
            await probe({silent.port: Talk.NOTHING}).look("127.0.0.1")
    (sent,) = listener.came
    assert sent.startswith(b"HEAD / HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: hostup-mcp/")
    assert sent.endswith(b"\r\nConnection: close\r\n\r\n")
    assert sent.count(b"\r\n") == 5
    assert target.came == silent.came == []


async def test_no_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Listener().listening() as proxy, Listener(b"HTTP/1.1 200 OK\r\n").listening() as far:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        found = await probe({far.port: Talk.HTTP}).look("127.0.0.1")
    assert found == (Port(far.port, Answer.HTTP, 200),)
    assert proxy.came == []


async def test_connections_at_once_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_AT_ONCE", 2)
    ports: dict[int, Talk] = {}
    listeners = [Listener() for _ in range(5)]
    together = 0
    most = 0

    async with AsyncExitStack() as stack:
        for listener in listeners:
            await stack.enter_async_context(listener.listening())
            ports[listener.port] = Talk.HTTP
        tried = module._try

        async def counted(address: str, number: int, talk: Talk) -> Port:
            nonlocal together, most
            together += 1
            most = max(most, together)
            try:
                return await tried(address, number, talk)
            finally:
                together -= 1

        monkeypatch.setattr(module, "_try", counted)
        found = await probe(ports).look("127.0.0.1")
    assert [port.number for port in found] == list(ports)
    assert most == 2


@pytest.mark.parametrize(
    ("listed", "globally", "privately"),
    [
        ("8.8.8.8", "8.8.8.8", "8.8.8.8"),
        ("2a00:1450:4009::200e", "2a00:1450:4009::200e", "2a00:1450:4009::200e"),
        ("::ffff:8.8.8.8", "8.8.8.8", "8.8.8.8"),
        ("127.0.0.1", None, "127.0.0.1"),
        ("10.1.2.3", None, "10.1.2.3"),
        ("172.31.0.1", None, "172.31.0.1"),
        ("192.168.0.1", None, "192.168.0.1"),
        ("::1", None, "::1"),
        ("fd00::1", None, "fd00::1"),
        ("::ffff:10.0.0.1", None, "10.0.0.1"),
        ("::ffff:127.0.0.1", None, "127.0.0.1"),
        *(
            (never, None, None)
            for never in (
                *("0.0.0.0", "169.254.169.254", "100.64.0.1", "192.0.2.10", "224.0.0.1"),
                *("240.0.0.1", "255.255.255.255", "::", "fe80::1", "fe80::1%eth0", "fec0::1"),
                *("ff02::1", "2001:db8::1", "2002:7f00:1::", "2001:0:7f00:1::", "::127.0.0.1"),
                *("64:ff9b::7f00:1", "::ffff:0.0.0.0", "2a00:1450::1%lo", "example.net"),
                *(
                    "localhost",
                    "8.8.8.8:80",
                    "0x7f000001",
                    "127.1",
                    "1",
                    "",
                    " 8.8.8.8",
                    "08.8.8.8",
                ),
            )
        ),
    ],
)
def test_which_addresses_may_be_probed(
    listed: str, globally: str | None, privately: str | None
) -> None:
    assert probed_address(listed, may_be_private=False) == globally
    assert probed_address(listed, may_be_private=True) == privately


@pytest.mark.parametrize(
    ("base_url", "others", "listed", "address"),
    [
        ("https://cloud.hostup.se", {"probe": True}, "8.8.8.8", "8.8.8.8"),
        ("https://cloud.hostup.se", {"probe": True}, "127.0.0.1", None),
        ("https://cloud.hostup.se", {"probe": True}, None, None),
        ("https://cloud.hostup.se", {}, "8.8.8.8", None),
        ("https://10.0.0.1", {"probe": True}, "10.0.0.1", None),
        ("http://localhost:8080", {"probe": True}, "10.0.0.1", "10.0.0.1"),
        ("http://[::1]", {"probe": True}, "127.0.0.1", "127.0.0.1"),
        ("http://127.0.0.1", {"probe": True, "sandbox": True}, "8.8.8.8", None),
    ],
)
def test_it_is_off_unless_turned_on(
    base_url: str, others: dict[str, bool], listed: str | None, address: str | None
) -> None:
    settings = Settings("key", base_url=base_url, **others)  # type: ignore[arg-type]
    made = Probe(settings)
    assert made.address(listed) == address
    assert made.is_on is others.get("probe", False)


def test_it_tries_three_ports() -> None:
    assert dict(PORTS) == {22: Talk.NOTHING, 80: Talk.HTTP, 443: Talk.TLS}
