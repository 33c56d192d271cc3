"""Each fault does what it says and no more."""

import json
import re

import httpx
import pytest

from hostup_mcp.sandbox import (
    SANDBOX_API_KEY,
    ConnectionDroppedError,
    Fault,
    FaultKind,
    Faults,
    Sandbox,
)
from hostup_mcp.sandbox.responses import Json

from . import contract
from .wiring import BASE, Api, code

pytestmark = pytest.mark.anyio


def busy(sandbox: Sandbox, name: str = "web-01") -> bool:
    return sandbox.state.busy(sandbox.state.by_name(name).id, sandbox.clock.now()) is not None


async def test_status_with_code_and_headers(api: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(
        Fault("status", status=503, code="upstream_odd", headers={"Retry-After": "7"})
    )
    response = await api.create("web-01")
    assert code(response) == (503, "upstream_odd")
    contract.PROBLEM(response.json(), "")
    assert response.headers["retry-after"] == "7"
    assert not busy(sandbox)
    assert (await api.create("web-01")).status_code == 202


async def test_429_has_documented_headers(api: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("status", status=429))
    response = await api.get("/api/v2/vps")
    assert code(response) == (429, "rate_limited")
    assert response.headers["retry-after"] == "1"
    contract.TIME(response.headers["x-ratelimit-reset"], "")


@pytest.mark.parametrize(
    ("kind", "status", "marker"),
    [("html", 403, "<html>"), ("empty", 200, ""), ("not_json", 200, "OK"), ("redirect", 302, "")],
)
async def test_replaced_responses_do_nothing(
    api: Api, sandbox: Sandbox, kind: FaultKind, status: int, marker: str
) -> None:
    sandbox.faults.add(Fault(kind))
    response = await api.create("web-01")
    assert response.status_code == status
    assert marker in response.text
    assert not busy(sandbox)
    if kind == "redirect":
        assert response.headers["location"].startswith("https://login.example.net")


async def test_json_of_any_shape(api: Api, sandbox: Sandbox) -> None:
    shapes: list[Json] = [{"success": False}, [], None, 0, {"operation": {"status": "queued"}}]
    for content in shapes:
        sandbox.faults.add(Fault("json", "POST", status=201, content=content))
        response = await api.create("web-01")
        assert (response.status_code, response.json()) == (201, content)
    assert not busy(sandbox)


async def test_replacements_take_a_status(api: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("html", status=502), Fault("empty", status=500))
    assert [(await api.get("/api/v2/vps")).status_code for _ in range(3)] == [502, 500, 200]


async def test_huge(api: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("huge"))
    response = await api.get("/api/v2/vps")
    assert len(response.content) > 10 * 1024 * 1024
    assert "content-length" not in response.headers


async def test_truncated(api: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("truncated"))
    response = await api.get("/api/v2/vps")
    assert response.status_code == 200
    assert response.text.startswith('{"data":[')
    with pytest.raises(json.JSONDecodeError):
        response.json()


async def test_drop_before_and_after(api: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("drop_before"))
    with pytest.raises(httpx.RemoteProtocolError):
        await api.create("web-01")
    assert not busy(sandbox)
    sandbox.faults.add(Fault("drop_after"))
    with pytest.raises(httpx.RemoteProtocolError):
        await api.create("web-01")
    assert busy(sandbox)
    assert len(sandbox.writes) == 2


async def test_asgi_transport_raises(sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("drop_before"))
    transport = httpx.ASGITransport(app=sandbox.app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        with pytest.raises(ConnectionDroppedError):
            await client.get("/api/v2/vps")


async def test_error_and_garble_after(api: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("error_after"))
    assert code(await api.create("web-01")) == (502, "upstream_failed")
    assert busy(sandbox)
    sandbox.faults.add(Fault("garble_after"))
    response = await api.create("build-01")
    assert response.status_code == 202
    assert busy(sandbox, "build-01")
    with pytest.raises(ValueError, match=r"codec|Expecting"):
        response.json()


async def test_garbled_deletion_has_a_body(api: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("garble_after"))
    response = await api.call("DELETE", api.vps("web-01", f"/backups/{api.backup('web-01')}"))
    assert (response.status_code, bool(response.content)) == (200, True)
    assert len(sandbox.state.by_name("web-01").backups) == 3


async def test_slow_and_slow_after(api: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("slow", seconds=0.3), Fault("slow_after", seconds=0.3))
    with pytest.raises(httpx.ReadTimeout):
        await api.create("web-01", timeout=0.05)
    assert not busy(sandbox)
    with pytest.raises(httpx.ReadTimeout):
        await api.create("web-01", timeout=0.05)
    assert busy(sandbox)


async def test_slow_requests_get_a_response(api: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("slow", seconds=0.01))
    assert (await api.get("/api/v2/vps")).status_code == 200


def test_matching() -> None:
    path = "/api/v2/vps/vps_1/backups"
    assert Fault("empty").matches("GET", path)
    assert Fault("empty", path=path).matches("GET", path)
    assert Fault("empty", path="*/backups").matches("GET", path)
    assert Fault("empty", path=re.compile(r"/api/v2/vps/[^/]+/backups")).matches("GET", path)
    assert not Fault("empty", path=re.compile("/api")).matches("GET", path)
    assert not Fault("empty", path="/api/v2/vps").matches("GET", path)
    assert not Fault("empty", method="POST").matches("GET", path)


def test_counting() -> None:
    faults = Faults()
    twice, later, always = Fault("empty", times=2), Fault("html", skip=1), Fault("huge", times=None)
    faults.add(twice, later)
    taken = [faults.take("GET", "/") for _ in range(5)]
    assert taken == [twice, twice, None, later, None]
    faults.add(always)
    assert {faults.take("GET", "/") for _ in range(9)} == {always}
    assert faults.pending == (always,)
    faults.clear()
    assert faults.take("GET", "/") is None


async def test_every_request_is_recorded(api: Api, sandbox: Sandbox) -> None:
    sandbox.faults.add(Fault("status", "POST"))
    await api.get("/api/v2/vps?limit=3&name=", headers={"X-Trace": "1"})
    await api.create("web-01", json={"note": "å"})
    read, write = sandbox.requests
    assert (read.method, read.path, read.status) == ("GET", "/api/v2/vps", 200)
    assert read.query == (("limit", "3"), ("name", ""))
    assert read.headers["authorization"] == f"Bearer {SANDBOX_API_KEY}"
    assert read.headers["x-trace"] == "1"
    assert json.loads(write.body) == {"note": "å"}
    assert write.status == 503
    assert sandbox.writes == [write]
