"""The probe: tries whether a few ports of a server answer. It is off unless a setting turns it on.

It connects to addresses that HostUp lists for the server, and to no other: a literal IP address,
never a name, never through a proxy. Nothing is sent but a TLS handshake or `HEAD /`, no redirect
is followed, and certificates are not verified, since the question is only whether anything answers.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Mapping
from enum import Enum, auto
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

import anyio
from anyio.abc import ByteStream, SocketStream
from anyio.streams.tls import TLSStream

from hostup_mcp import __version__
from hostup_mcp.config import Settings
from hostup_mcp.hostup.address import is_loopback
from hostup_mcp.recovery.evidence import Answer, Port

CONNECT_SECONDS = 2.0
TALK_SECONDS = 2.0

MAX_AT_ONCE = 12
"""Connections of one server at the same time; the others wait."""


class Talk(Enum):
    """What is said once a port accepts the connection."""

    NOTHING = auto()
    HTTP = auto()
    TLS = auto()


PORTS: Mapping[int, Talk] = {22: Talk.NOTHING, 80: Talk.HTTP, 443: Talk.TLS}
"""The ports that are tried."""

_GLOBAL_IPV6 = IPv6Network("2000::/3")
# Addresses that stand for an IPv4 address elsewhere: 6to4 and Teredo.
_TUNNELS = (IPv6Network("2002::/16"), IPv6Network("2001::/32"))
_PRIVATE_IPV4 = tuple(map(IPv4Network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")))
_PRIVATE_IPV6 = IPv6Network("fc00::/7")

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})\b")
_LONGEST_STATUS_LINE = 256


class Probe:
    """The probe of one server, with its limit on connections at the same time."""

    def __init__(self, settings: Settings, ports: Mapping[int, Talk] | None = None) -> None:
        self.is_on = settings.probe
        self._ports = PORTS if ports is None else ports
        self._limit = anyio.CapacityLimiter(MAX_AT_ONCE)
        host = urlsplit(settings.base_url).hostname or ""
        self._may_be_private = is_loopback(host)
        self._may_connect = settings.probe and not settings.sandbox

    def address(self, listed: str | None) -> str | None:
        """Return the address to probe, if `listed` by HostUp is one that may be probed."""
        if listed is None or not self._may_connect:
            return None
        return probed_address(listed, may_be_private=self._may_be_private)

    async def look(self, address: str) -> tuple[Port, ...]:
        """Try each port of `address`, which `address()` returned. Takes a few seconds at most."""
        found: dict[int, Port] = {}

        async def one(number: int, talk: Talk) -> None:
            async with self._limit:
                found[number] = await _try(address, number, talk)

        async with anyio.create_task_group() as tasks:
            for number, talk in self._ports.items():
                tasks.start_soon(one, number, talk)
        return tuple(found[number] for number in self._ports)


def probed_address(text: str, *, may_be_private: bool) -> str | None:
    """Return `text` as a plain address if it may be probed; None otherwise.

    It has to be a literal, global address, or, with `may_be_private`, a loopback or private one.
    An IPv4 address inside an IPv6 one is judged as what it is.
    """
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return None
        address = address.ipv4_mapped or address
    may = _is_global(address) or (may_be_private and _is_private(address))
    return str(address) if may else None


def _is_global(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address) and (
        address not in _GLOBAL_IPV6 or any(address in tunnel for tunnel in _TUNNELS)
    ):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _is_private(address: IPv4Address | IPv6Address) -> bool:
    # Not `is_private`, which is also true of addresses that stand for nothing, as in examples.
    if isinstance(address, IPv6Address):
        return address.is_loopback or address in _PRIVATE_IPV6
    return address.is_loopback or any(address in network for network in _PRIVATE_IPV4)


async def _try(address: str, number: int, talk: Talk) -> Port:
    try:
        with anyio.fail_after(CONNECT_SECONDS):
            stream = await anyio.connect_tcp(address, number)
    except (OSError, TimeoutError):
        return Port(number, Answer.NOTHING)
    try:
        with anyio.move_on_after(TALK_SECONDS):
            match talk:
                case Talk.TLS if await _speaks_tls(stream):
                    return Port(number, Answer.TLS)
                case Talk.HTTP if (status := await _http_status(stream, address)) is not None:
                    return Port(number, Answer.HTTP, status)
        return Port(number, Answer.CONNECTION)
    finally:
        await anyio.aclose_forcefully(stream)


async def _speaks_tls(stream: SocketStream) -> bool:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        await TLSStream.wrap(stream, server_side=False, ssl_context=context)
    except ssl.SSLError as error:
        # A server that wants a name, or an older version, says so in TLS.
        return "ALERT" in (error.reason or "")
    except _ENDED:
        return False
    return True


async def _http_status(stream: ByteStream, address: str) -> int | None:
    host = f"[{address}]" if ":" in address else address
    request = (
        f"HEAD / HTTP/1.1\r\nHost: {host}\r\nUser-Agent: hostup-mcp/{__version__}\r\n"
        "Connection: close\r\n\r\n"
    )
    received = b""
    try:
        await stream.send(request.encode())
        while b"\n" not in received and len(received) < _LONGEST_STATUS_LINE:
            received += await stream.receive(_LONGEST_STATUS_LINE)
    except _ENDED:
        pass
    status = _STATUS_LINE.match(received)
    return None if status is None else int(status[1])


_ENDED = (OSError, anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError)
