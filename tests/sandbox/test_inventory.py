"""The list of servers: pages, filters, cursors."""

import pytest

from hostup_mcp.sandbox import SANDBOX_OTHER_KEY, Sandbox

from .wiring import Api, code, with_variants

pytestmark = pytest.mark.anyio


async def every_page(api: Api, query: str) -> list[str]:
    found: list[str] = []
    path = f"/api/v2/vps?{query}"
    while True:
        page = await api.json(path)
        assert page["data"]
        assert page["hasMore"] is (page["nextCursor"] is not None)
        found += [each["id"] for each in page["data"]]
        if page["nextCursor"] is None:
            return found
        path = f"/api/v2/vps?{query}&cursor={page['nextCursor']}"


@pytest.mark.parametrize("limit", [1, 2, 5, 16, 17, 18, 100])
async def test_pages_are_complete(api: Api, limit: int) -> None:
    mine = [each.id for each in api.sandbox.state.owned("main")]
    assert await every_page(api, f"limit={limit}") == mine


async def test_default_page_size() -> None:
    api = with_variants(default_page=4)
    page = await api.json("/api/v2/vps")
    assert len(page["data"]) == 4
    assert page["hasMore"] is True
    assert len(await every_page(api, "")) == len(api.sandbox.state.owned("main"))


async def test_filters(api: Api) -> None:
    by_ip = await api.json("/api/v2/vps?primaryIp=192.0.2.10")
    by_name = await api.json("/api/v2/vps?name=WEB-01")
    assert [each["name"] for each in by_ip["data"]] == ["web-01"]
    assert by_name["data"] == by_ip["data"]
    for query in ("name=web", "primaryIp=192.0.2.1", "name=other-web", "name="):
        assert (await api.json(f"/api/v2/vps?{query}"))["data"] == []


async def test_include_is_ignored(api: Api) -> None:
    plain = await api.json("/api/v2/vps")
    path = "/api/v2/vps?include=pendingMaintenance&include=pendingMaintenance"
    assert await api.json(path) == plain


@pytest.mark.parametrize("limit", ["0", "101", "-1", "x", "", "1.5", "0000001999", "٣"])
async def test_limits_out_of_bounds(api: Api, limit: str) -> None:
    response = await api.get("/api/v2/vps", params={"limit": limit})
    assert code(response) == (400, "invalid_request")
    assert response.json()["errors"][0]["pointer"] == "/limit"


@pytest.mark.parametrize("query", ["page=2", "limit=2&limit=3", "actions=true"])
async def test_undocumented_parameters(api: Api, query: str) -> None:
    assert code(await api.get(f"/api/v2/vps?{query}")) == (400, "invalid_request")


async def test_item_reads_take_no_parameters(api: Api) -> None:
    response = await api.get(api.vps("web-01", "/backups?limit=5"))
    assert code(response) == (400, "invalid_request")


@pytest.mark.parametrize("cursor", ["", "x", "é", "AAAA", "%00", "Zm9vLmJhcg"])
async def test_broken_cursors(api: Api, cursor: str) -> None:
    response = await api.get("/api/v2/vps", params={"cursor": cursor})
    assert code(response) == (400, "invalid_cursor")


async def test_cursors_fit_one_query_and_owner(sandbox: Sandbox, api: Api) -> None:
    page = await api.json("/api/v2/vps?limit=1")
    cursor = page["nextCursor"]
    assert page["data"][0]["name"] == "web-01"
    response = await api.get(f"/api/v2/vps?cursor={cursor}&name=web-01")
    assert code(response) == (400, "invalid_cursor")
    response = await Api(sandbox, SANDBOX_OTHER_KEY).get(f"/api/v2/vps?cursor={cursor}")
    assert code(response) == (400, "invalid_cursor")
    assert (await api.get(f"/api/v2/vps?cursor={cursor}&limit=3")).status_code == 200
