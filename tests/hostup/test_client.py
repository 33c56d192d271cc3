"""Each reading asks for exactly one address, and no id can turn it into another."""

from urllib.parse import unquote

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostup_mcp.hostup.client import HostUpClient, segment
from hostup_mcp.hostup.problems import BadAnswer, Forbidden

from .wire import BACKUPS, BASE, KEY, LISTING, VPS_ID, connected, router

SERVERS = {
    "data": [{"id": VPS_ID, "name": "app-01", "primaryIp": "192.0.2.10"}],
    "hasMore": True,
    "nextCursor": "eyJ2IjoxfQ==",
}

HOSTILE_IDS = [
    ("a/b", b"a%2Fb"),
    ("../../../me", b"..%2F..%2F..%2Fme"),
    ("x/../../vps", b"x%2F..%2F..%2Fvps"),
    ("..\\x", b"..%5Cx"),
    ("x?limit=1", b"x%3Flimit%3D1"),
    ("x#part", b"x%23part"),
    ("x;y=z", b"x%3By%3Dz"),
    ("%2e%2e", b"%252e%252e"),
    ("%2F", b"%252F"),
    ("..%2fx", b"..%252fx"),
    ("...", b"..."),
    ("a b", b"a%20b"),
    (" ", b"%20"),
    ("a+b&c=d", b"a%2Bb%26c%3Dd"),
    ("http://evil.example", b"http%3A%2F%2Fevil.example"),
    ("//evil.example", b"%2F%2Fevil.example"),
    ("@evil.example", b"%40evil.example"),
    ("a\r\nX-Header: b", b"a%0D%0AX-Header%3A%20b"),
    ("\x00", b"%00"),
    ("å", b"%C3%A5"),
    ("\u202e", b"%E2%80%AE"),
]


async def test_a_page_of_servers_is_asked_for_fifty_at_a_time() -> None:
    far_end = router()
    route = far_end.get(f"{BASE}/api/v2/vps").respond(200, json=SERVERS)
    async with connected(far_end) as http:
        page = await HostUpClient(http).list_vps()
    assert (page.data[0].id, page.has_more, page.next_cursor) == (VPS_ID, True, "eyJ2IjoxfQ==")
    assert route.calls.last.request.url.raw_path == b"/api/v2/vps?limit=50"


async def test_every_wish_about_servers_reaches_the_api_under_its_own_name() -> None:
    far_end = router()
    route = far_end.get(f"{BASE}/api/v2/vps").respond(200, json=SERVERS)
    async with connected(far_end) as http:
        await HostUpClient(http).list_vps(
            limit=1, cursor="eyJ2IjoxfQ==", primary_ip="192.0.2.10", name="Åsas & Co?"
        )
    assert route.calls.last.request.url.params.multi_items() == [
        ("limit", "1"),
        ("cursor", "eyJ2IjoxfQ=="),
        ("primaryIp", "192.0.2.10"),
        ("name", "Åsas & Co?"),
    ]


async def test_a_wish_that_was_not_made_is_not_sent() -> None:
    far_end = router()
    route = far_end.get(f"{BASE}/api/v2/vps").respond(200, json=SERVERS)
    async with connected(far_end) as http:
        await HostUpClient(http).list_vps(limit=100, name="app-01")
    assert route.calls.last.request.url.query == b"limit=100&name=app-01"


async def test_a_cursor_survives_the_way_there_and_back() -> None:
    cursor = "c" * 3000 + "+/="
    far_end = router()
    route = far_end.get(f"{BASE}/api/v2/vps").respond(200, json=SERVERS | {"nextCursor": cursor})
    async with connected(far_end) as http:
        client = HostUpClient(http)
        page = await client.list_vps()
        await client.list_vps(cursor=page.next_cursor)
    assert route.calls.last.request.url.params["cursor"] == cursor


async def test_one_server_is_read_by_its_id() -> None:
    far_end = router()
    route = far_end.get(f"{BASE}/api/v2/vps/{VPS_ID}").respond(200, json=SERVERS["data"][0])  # type: ignore[index]
    async with connected(far_end) as http:
        assert (await HostUpClient(http).get_vps(VPS_ID)).name == "app-01"
    assert route.call_count == 1


async def test_the_backups_of_a_server_are_read_by_its_id() -> None:
    far_end = router()
    route = far_end.get(BASE + BACKUPS).respond(200, json=LISTING)
    async with connected(far_end) as http:
        listing = await HostUpClient(http).list_backups(VPS_ID)
    assert listing.backups[0].note == "Before upgrade"
    assert route.calls.last.request.url.raw_path == BACKUPS.encode()


@pytest.mark.parametrize("method", ["list_vps", "get_vps", "list_backups"])
async def test_a_refusal_names_the_scope_that_the_reading_needs(method: str) -> None:
    far_end = router()
    far_end.route().respond(403, json={"code": "forbidden"})
    async with connected(far_end) as http:
        call = getattr(HostUpClient(http), method)
        with pytest.raises(Forbidden) as caught:
            await (call() if method == "list_vps" else call(VPS_ID))
    assert caught.value.scopes == ("read:vm",)


async def test_a_list_of_servers_in_another_shape_is_a_bad_answer() -> None:
    far_end = router()
    far_end.route().respond(200, json=SERVERS["data"])
    async with connected(far_end) as http:
        with pytest.raises(BadAnswer):
            await HostUpClient(http).list_vps()


@pytest.mark.parametrize(("hostile", "encoded"), HOSTILE_IDS)
async def test_an_id_is_one_segment_of_the_path_whatever_it_holds(
    hostile: str, encoded: bytes
) -> None:
    far_end = router()
    route = far_end.route().respond(200, json=LISTING)
    async with connected(far_end) as http:
        await HostUpClient(http).list_backups(hostile)
    url = route.calls.last.request.url
    assert url.raw_path == b"/api/v2/vps/" + encoded + b"/backups"
    assert (url.scheme, url.host, url.query, url.fragment) == ("https", "cloud.hostup.se", b"", "")


@pytest.mark.parametrize("nothing", ["", ".", ".."])
@pytest.mark.parametrize("method", ["get_vps", "list_backups"])
async def test_what_no_encoding_makes_an_id_never_leaves(method: str, nothing: str) -> None:
    far_end = router()
    route = far_end.route().respond(200, json=LISTING)
    async with connected(far_end) as http:
        with pytest.raises(ValueError, match="not an id"):
            await getattr(HostUpClient(http), method)(nothing)
    assert not route.called


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(min_size=1, max_size=30) | st.text("./\\%?#2eEfF ;@:", min_size=1, max_size=12))
async def test_no_id_at_all_reaches_another_endpoint(value: str) -> None:
    if value in (".", ".."):
        return
    seen: list[httpx.URL] = []

    async def note(request: httpx.Request) -> httpx.Response:
        seen.append(request.url)
        return httpx.Response(200, json=LISTING)

    async with connected(note) as http:
        await HostUpClient(http).list_backups(value)
    (url,) = seen
    head, middle, tail = url.raw_path.partition(b"/api/v2/vps/")[2].partition(b"/backups")
    assert (middle, tail) == (b"/backups", b"")
    assert b"/" not in head
    assert unquote(head.decode("ascii")) == value


def test_half_a_character_is_not_an_id() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        segment("vps_\ud800")


async def test_the_client_does_not_show_the_key() -> None:
    async with connected(router()) as http:
        assert KEY not in repr(HostUpClient(http))


async def test_closing_the_client_closes_the_connections() -> None:
    class Noting(httpx.MockTransport):
        closed = False

        async def aclose(self) -> None:
            self.closed = True

    from hostup_mcp.hostup.http import Http

    transport = Noting(lambda _: httpx.Response(200))
    await HostUpClient(Http(BASE, KEY, transport=transport)).close()
    assert transport.closed
