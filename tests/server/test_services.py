"""Connections: opened when first needed, closed with the last user, opened again after that."""

import httpx
import pytest

from hostup_mcp.config import Group, Misconfigured, Remote, Settings
from hostup_mcp.hostup.problems import HostUpError
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.sandbox import Sandbox
from hostup_mcp.server.errors.failure import RefusalError
from hostup_mcp.server.services import Services, caller, connect, services

from .wiring import ALL, account, call, settings


class Line(httpx.AsyncBaseTransport):
    """A transport into the account that remembers whether it was used and closed."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.inner = sandbox.transport()
        self.used = 0
        self.closed = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.used += 1
        return await self.inner.handle_async_request(request)

    async def aclose(self) -> None:
        self.closed += 1


@pytest.fixture
def line() -> Line:
    return Line(account())


async def test_no_connection_is_made_before_one_is_needed(line: Line) -> None:
    used = Services(settings(), line)
    async with used.used():
        assert line.used == 0
    assert line.closed == 0


async def test_all_calls_share_one_connection(line: Line) -> None:
    used = Services(settings(), line)
    async with used.used() as same:
        assert same is used
        assert used._connection() is used._connection()
        await used.hostup.list_vps(limit=1)
        await used.hostup.list_vps(limit=1)
    assert line.used == 2
    assert line.closed == 1


async def test_the_last_user_closes_the_connection(line: Line) -> None:
    used = Services(settings(), line)
    async with used.used():
        async with used.used():
            await used.hostup.list_vps(limit=1)
        assert line.closed == 0
        await used.hostup.list_vps(limit=1)
    assert line.closed == 1


async def test_a_user_that_fails_leaves_all_the_same(line: Line) -> None:
    used = Services(settings(), line)

    async def fail() -> None:
        async with used.used():
            await used.hostup.list_vps(limit=1)
            raise ValueError("on its way")

    with pytest.raises(ValueError, match="on its way"):
        await fail()
    assert line.closed == 1


async def test_a_later_user_gets_a_new_connection(line: Line) -> None:
    used = Services(settings(), line)
    async with used.used():
        first = used._connection()
    async with used.used():
        assert used._connection() is not first
        await used.hostup.list_vps(limit=1)
    assert line.closed == 2


async def test_what_is_remembered_outlives_connections(line: Line) -> None:
    used = Services(settings(), line)
    async with used.used():
        await used.state.remember_ids(caller(), {"a": ""})
    async with used.used():
        assert await used.state.recall_id(caller(), "a") == ""


def test_a_configuration_that_cannot_be_worked_with_says_so_at_use() -> None:
    used = Services(Misconfigured(("HOSTUP_API_KEY is not set.",)))
    assert used.allowed() == frozenset()
    for look in (lambda: used.settings, lambda: used.hostup):
        with pytest.raises(RefusalError) as refusal:
            look()
        assert refusal.value.failure.kind == "not_configured"
        assert "HOSTUP_API_KEY is not set." in refusal.value.failure.message


def test_only_what_the_settings_allow_is_unlocked() -> None:
    assert Services(settings(frozenset())).allowed() == frozenset()
    assert Services(settings(frozenset({Group.CREATE}))).allowed() == {Group.CREATE}
    assert Services(settings(ALL)).allowed() == ALL


def test_no_secret_shows_in_a_repr() -> None:
    used = Services(Settings("hostup_live_SECRET"))
    shown = repr(used) + repr(used.settings)
    assert "hostup_live_SECRET" not in shown
    assert all(repr(key) not in shown for key in used.keys)


def test_seals_last_as_long_as_the_state() -> None:
    """A question sealed by another server is of use only where that server's state is shared."""
    secret = settings(secrets=("s" * 32,))
    shared = settings(secrets=("s" * 32,), remote=Remote(state="redis://localhost"))
    assert Services(settings()).keys != Services(settings()).keys
    assert Services(secret).keys != Services(secret).keys
    assert Services(shared).keys == Services(shared).keys


def test_a_call_finds_the_services_of_its_server() -> None:
    used = Services(settings())
    assert services(call(used)) is used


async def test_the_sandbox_is_reached_without_key_and_network() -> None:
    client = ReadingClient(connect(Settings("", sandbox=True)))
    try:
        assert (await client.list_vps(limit=1)).data
    finally:
        await client.close()


async def test_the_real_account_is_asked_with_the_key_at_the_address_of_the_settings() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(401, json={"code": "unauthorized"})

    given = Settings("hostup_live_SECRET", base_url="https://api.example.net")
    client = ReadingClient(connect(given, httpx.MockTransport(answer)))
    try:
        with pytest.raises(HostUpError) as error:
            await client.list_vps(limit=1)
    finally:
        await client.close()
    (request,) = seen
    assert request.url.host == "api.example.net"
    assert request.headers["authorization"] == "Bearer hostup_live_SECRET"
    assert "SECRET" not in str(error.value)
