"""How these tests call a sandbox."""

from dataclasses import replace
from typing import Any

import httpx

from hostup_mcp.sandbox import SANDBOX_API_KEY, ManualClock, Sandbox, Variants

BASE = "http://sandbox.test"


class Api:
    """A plain HTTP client with a customer's key."""

    def __init__(self, sandbox: Sandbox, key: str | None = SANDBOX_API_KEY) -> None:
        self.sandbox = sandbox
        self.key = key

    def client(self) -> httpx.AsyncClient:
        headers = {} if self.key is None else {"Authorization": f"Bearer {self.key}"}
        return httpx.AsyncClient(
            transport=self.sandbox.transport(), base_url=BASE, headers=headers, timeout=5
        )

    async def call(self, method: str, path: str, **extra: Any) -> httpx.Response:
        async with self.client() as client:
            return await client.request(method, path, **extra)

    async def get(self, path: str, **extra: Any) -> httpx.Response:
        return await self.call("GET", path, **extra)

    async def json(self, path: str) -> Any:
        response = await self.get(path)
        assert response.status_code == 200, response.text
        return response.json()

    def vps(self, name: str, rest: str = "") -> str:
        return f"/api/v2/vps/{self.sandbox.state.by_name(name).id}{rest}"

    def backup(self, name: str, index: int = 0) -> str:
        return self.sandbox.state.by_name(name).backups[index].id

    async def create(self, name: str, **extra: Any) -> httpx.Response:
        return await self.call("POST", self.vps(name, "/backups"), **extra)

    async def restore(self, name: str, index: int = 0) -> httpx.Response:
        path = f"/backups/{self.backup(name, index)}/actions/restore"
        return await self.call("POST", self.vps(name, path))

    async def gates(self, name: str) -> Any:
        return (await self.json(self.vps(name, "/backups")))["actions"]


def with_variants(**changes: Any) -> Api:
    """A sandbox with these variants and a clock that only the test moves."""
    return Api(Sandbox(clock=ManualClock(), variants=replace(Variants(), **changes)))


def forward(api: Api, seconds: float) -> None:
    clock = api.sandbox.clock
    assert isinstance(clock, ManualClock)
    clock.advance(seconds)


def code(response: httpx.Response) -> tuple[int, str]:
    document = response.json()
    assert document["status"] == response.status_code
    return response.status_code, document["code"]
