"""Connections open when first used, and close with their last user."""

import httpx
import pytest

from hostup_mcp.config import Settings
from hostup_mcp.hostup.problems import HostUpError
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.sandbox import Sandbox
from hostup_mcp.server.connections import Connections, connect

from .wiring import account, settings

KEY = "key-1"


class Transport(httpx.AsyncBaseTransport):
    """A transport to the sandbox that counts requests and closings."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.inner = sandbox.transport()
        self.requests = 0
        self.closed = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        return await self.inner.handle_async_request(request)

    async def aclose(self) -> None:
        self.closed += 1


@pytest.fixture
def transport() -> Transport:
    return Transport(account())


@pytest.fixture
def connections(transport: Transport) -> Connections:
    return Connections(lambda _: connect(settings(), transport))


async def read(connections: Connections) -> None:
    await ReadingClient(connections.get(KEY)).list_vps(limit=1)


async def test_none_opens_before_its_first_use(
    connections: Connections, transport: Transport
) -> None:
    async with connections.used():
        assert transport.requests == 0
    assert transport.closed == 0


async def test_each_key_has_one_connection(connections: Connections, transport: Transport) -> None:
    async with connections.used():
        assert connections.get(KEY) is connections.get(KEY)
        assert connections.get(KEY) is not connections.get("key-2")
    assert transport.closed == 2


async def test_the_last_user_closes_them(connections: Connections, transport: Transport) -> None:
    async with connections.used():
        async with connections.used():
            await read(connections)
        assert transport.closed == 0
        await read(connections)
    assert (transport.requests, transport.closed) == (2, 1)


async def test_a_failing_user_closes_them_too(
    connections: Connections, transport: Transport
) -> None:
    async def fail() -> None:
        async with connections.used():
            await read(connections)
            raise ValueError("a failure")

    with pytest.raises(ValueError, match="a failure"):
        await fail()
    assert transport.closed == 1


async def test_a_later_user_opens_a_new_one(connections: Connections, transport: Transport) -> None:
    async with connections.used():
        first = connections.get(KEY)
    async with connections.used():
        assert connections.get(KEY) is not first
        await read(connections)
    assert transport.closed == 2


async def test_the_sandbox_needs_no_key() -> None:
    client = ReadingClient(connect(Settings("", sandbox=True)))
    try:
        assert (await client.list_vps(limit=1)).data
    finally:
        await client.close()


async def test_key_and_address_of_the_settings() -> None:
    """The real account is called with both, and no error repeats the key."""
    seen: list[httpx.Request] = []

    def respond(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(401, json={"code": "unauthorized"})

    given = Settings("hostup_live_SECRET", base_url="https://api.example.net")
    client = ReadingClient(connect(given, httpx.MockTransport(respond)))
    try:
        with pytest.raises(HostUpError) as error:
            await client.list_vps(limit=1)
    finally:
        await client.close()
    (request,) = seen
    assert request.url.host == "api.example.net"
    assert request.headers["authorization"] == "Bearer hostup_live_SECRET"
    assert "SECRET" not in str(error.value)
