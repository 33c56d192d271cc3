"""The audit log: what was requested, by whom, and how it was answered."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx
import pytest

from hostup_mcp.sandbox import ALL_SCOPES, SANDBOX_OTHER_KEY, Fault, Key, ManualClock, Sandbox, core

from . import contract
from .wiring import Api, code, forward, with_variants

pytestmark = pytest.mark.anyio
LOG = "/api/v2/audit-log"


async def rows(api: Api, query: str = "hideGet=true") -> list[Any]:
    page = await api.json(f"{LOG}?{query}")
    contract.AUDIT_PAGE(page, "")
    return list(page["data"])


async def test_writes_are_listed_newest_first(api: Api) -> None:
    await api.create("web-01", headers={"User-Agent": "product/1 (write abc)"})
    forward(api, 1)
    await api.call("DELETE", api.vps("web-01", "/snapshots/none"))
    refused, accepted = await rows(api)
    assert (accepted["method"], accepted["path"]) == ("POST", api.vps("web-01", "/backups"))
    assert (accepted["statusCode"], accepted["success"]) == (202, True)
    assert accepted["userAgent"] == "product/1 (write abc)"
    assert accepted["resourceLabel"] == "web-01"
    assert (refused["statusCode"], refused["success"]) == (404, False)
    assert refused["occurredAt"] > accepted["occurredAt"]
    assert [row["method"] for row in await rows(api, "limit=100")].count("GET") == 1


async def test_request_ids_match_the_problem(api: Api) -> None:
    problem = (await api.call("DELETE", api.vps("web-01", "/snapshots/none"))).json()
    assert [row["requestId"] for row in await rows(api)] == [problem["requestId"]]


@pytest.mark.parametrize(("kind", "listed"), [("drop_after", 1), ("drop_before", 0), ("html", 0)])
async def test_only_what_arrived_is_listed(api: Api, kind: Any, listed: int) -> None:
    api.sandbox.faults.add(Fault(kind, "POST"))
    with suppress(httpx.RemoteProtocolError):
        await api.create("web-01")
    assert [row["statusCode"] for row in await rows(api)] == [202] * listed


async def test_owners_see_only_their_rows(sandbox: Sandbox, api: Api) -> None:
    await api.create("web-01")
    await Api(sandbox, None).create("web-01")
    assert await rows(Api(sandbox, SANDBOX_OTHER_KEY)) == []
    assert len(await rows(api)) == 1


async def test_the_window_is_inclusive(api: Api) -> None:
    await api.create("web-01")
    forward(api, 60)
    for query, count in {
        "startAt=2026-04-27T10:00:00.000Z": 1,
        "startAt=2026-04-27T10:00:01Z": 0,
        "endAt=2026-04-27T10:00:00Z": 1,
        "endAt=2026-04-27T09:59:59Z": 0,
    }.items():
        assert len(await rows(api, f"hideGet=true&{query}")) == count, query
    forward(api, timedelta(hours=12).total_seconds())
    assert await rows(api) == []


async def test_pages_are_complete(api: Api) -> None:
    for _ in range(5):
        await api.create("crm")
    seen, query = [], "hideGet=true&limit=2"
    while True:
        page = await api.json(f"{LOG}?{query}")
        seen += [row["id"] for row in page["data"]]
        if not page["hasMore"]:
            break
        query = f"hideGet=true&limit=2&cursor={page['nextCursor']}"
    assert len(set(seen)) == len(seen) == 5
    assert code(await api.get(f"{LOG}?cursor=x")) == (400, "invalid_cursor")


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=101", "startAt=yesterday", "endAt=2026-04-27T10:00:00", "hideGet=1", "x=1"],
)
async def test_parameters_are_checked(api: Api, query: str) -> None:
    assert code(await api.get(f"{LOG}?{query}")) == (400, "invalid_request")


async def test_it_needs_a_scope() -> None:
    sandbox = Sandbox(clock=ManualClock(), keys={"weak": Key(ALL_SCOPES - {"audit:read"})})
    assert code(await Api(sandbox, "weak").get(LOG)) == (403, "forbidden")


async def test_rows_appear_late() -> None:
    api = with_variants(audit_delay=30)
    await api.create("web-01")
    forward(api, 29)
    assert await rows(api) == []
    forward(api, 1)
    assert len(await rows(api)) == 1


async def test_paths_and_user_agents_vary() -> None:
    api = with_variants(audit_path="internal", audit_user_agent=False)
    await api.create("web-01")
    (row,) = await rows(api)
    assert (row["path"], row["endpoint"]) == ("/api/vm/101/backups", "/api/v2/vps/{id}/backups")
    assert row["userAgent"] is None


async def test_only_the_latest_requests_are_kept(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is served for weeks does not grow. No two rows have the same id."""
    monkeypatch.setattr(core, "MOST_REQUESTS", 5)
    for _ in range(4):
        await api.get("/api/v2/vps")
    before = await rows(api, "limit=100")
    for _ in range(4):
        await api.get("/api/v2/vps")
    after = await rows(api, "limit=100")
    assert len(api.sandbox.requests) == 5
    assert len(after) == 4, "the latest is the one that reads them"
    assert {row["id"] for row in after}.isdisjoint(row["id"] for row in before)
