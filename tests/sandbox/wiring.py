"""How the tests of this folder talk to a sandbox."""

from dataclasses import replace
from typing import Any

import httpx

from hostup_mcp.sandbox import SANDBOX_API_KEY, ManualClock, Sandbox, Variants

BASE = "http://sandbox.test"


class Api:
    """A bare HTTP caller with the key of a customer."""

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
        answer = await self.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

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


def variant(**changes: Any) -> Api:
    """A sandbox under other variants, with a clock that stands still."""
    return Api(Sandbox(clock=ManualClock(), variants=replace(Variants(), **changes)))


def forward(api: Api, seconds: float) -> None:
    clock = api.sandbox.clock
    assert isinstance(clock, ManualClock)
    clock.advance(seconds)


def code(answer: httpx.Response) -> tuple[int, str]:
    document = answer.json()
    assert document["status"] == answer.status_code
    return answer.status_code, document["code"]
