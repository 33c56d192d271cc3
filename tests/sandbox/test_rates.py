"""The rate limit, with headers that say when to try again."""

import pytest

from hostup_mcp.sandbox import (
    SANDBOX_API_KEY,
    SANDBOX_READ_ONLY_KEY,
    ManualClock,
    RateLimit,
    Sandbox,
    Variants,
)

from . import contract
from .wiring import Api, code, forward

pytestmark = pytest.mark.anyio


async def test_window_closes_and_reopens() -> None:
    sandbox = Sandbox(clock=ManualClock(), rate_limit=RateLimit(2, 30))
    api = Api(sandbox, SANDBOX_API_KEY)
    assert [(await api.get("/api/v2/vps")).status_code for _ in range(2)] == [200, 200]
    forward(api, 10.5)
    response = await api.get("/api/v2/vps")
    assert code(response) == (429, "rate_limited")
    contract.PROBLEM(response.json(), "")
    assert response.headers["retry-after"] == "20"
    assert response.headers["x-ratelimit-limit"] == "2"
    assert response.headers["x-ratelimit-remaining"] == "0"
    assert response.headers["x-ratelimit-reset"] == "2026-04-27T10:00:30.000Z"
    assert (await Api(sandbox, SANDBOX_READ_ONLY_KEY).get("/api/v2/vps")).status_code == 200
    forward(api, 20)
    assert (await api.get("/api/v2/vps")).status_code == 200


async def test_limited_write_changes_nothing() -> None:
    api = Api(Sandbox(clock=ManualClock(), rate_limit=RateLimit(0, 30)))
    assert (await api.create("web-01")).status_code == 429
    assert len(api.sandbox.state.jobs) == 1


async def test_no_limit_at_all() -> None:
    api = Api(Sandbox(clock=ManualClock(), rate_limit=None))
    assert "x-ratelimit-limit" not in (await api.get("/api/v2/vps")).headers


async def test_rate_limit_variants() -> None:
    variants = Variants(rate_headers="always", rate_limit_code="rate_limit_exceeded")
    sandbox = Sandbox(clock=ManualClock(), rate_limit=RateLimit(1, 30), variants=variants)
    api = Api(sandbox)
    assert (await api.get("/api/v2/vps")).headers["x-ratelimit-remaining"] == "0"
    response = await api.get("/api/v2/vps")
    assert code(response) == (429, "rate_limit_exceeded")
    assert response.headers.get_list("x-ratelimit-limit") == ["1"]
