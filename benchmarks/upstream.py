"""HostUp for `load.py`: a minimal HTTP server that sends the sandbox account's documents.

    python -m benchmarks.upstream PORT [--seconds 0.02] [--backups N] [--servers N]

The documents are read from the sandbox once, when it starts. It responds after `--seconds`, and
understands no more of HTTP than GET with keep-alive. Every server has the backups of one, the
newest 20 minutes old; with `--backups`, so many. With `--servers` there are so many copies of it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from hostup_mcp.sandbox import SANDBOX_API_KEY, Sandbox

LISTS = ("backups", "backup-schedules", "snapshots", "status")


class Documents:
    """The bodies of responses, by path."""

    def __init__(self, backups: int | None, servers: int | None) -> None:
        self.backups, self.servers = backups, servers
        self.of_server: dict[str, bytes] = {}

    async def read(self) -> None:
        async with httpx.AsyncClient(
            transport=Sandbox().transport(),
            base_url="http://localhost",
            headers={"Authorization": f"Bearer {SANDBOX_API_KEY}"},
        ) as client:
            listing = (await client.get("/api/v2/vps")).json()
            self.one = next(vps for vps in listing["data"] if vps["name"] == "web-01")
            path = f"/api/v2/vps/{self.one['id']}"
            for name in LISTS:
                response = await client.get(f"{path}/{name}")
                self.of_server[name] = response.content
        self.of_server["backups"] = self._with_backups(json.loads(self.of_server["backups"]))
        self.all = self._servers() if self.servers is not None else listing["data"]
        self.rest = {name: value for name, value in listing.items() if name != "data"}
        self.first = json.dumps({**listing, "data": self.all[:50]}).encode()

    def body(self, target: str) -> bytes:
        parts = urlsplit(target)
        *_, vps_id, name = parts.path.split("/")
        if name in self.of_server:
            return self.of_server[name].replace(self.one["id"].encode(), vps_id.encode())
        if self.servers is None:
            return self.first
        asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
        start, size = int(asked.get("cursor", "0")), int(asked.get("limit", "50"))
        after = start + size
        page = {"data": self.all[start:after], "hasMore": after < len(self.all)}
        page["nextCursor"] = str(after) if page["hasMore"] else None
        return json.dumps({**self.rest, **page}).encode()

    def _with_backups(self, document: dict[str, Any]) -> bytes:
        # A recent backup makes further requests unnecessary, so that a call costs one.
        newest = datetime.now(UTC) - timedelta(minutes=20)
        document["backups"][0]["createdAt"] = _stamp(newest)
        if self.backups is not None:
            first = document["backups"][0]
            document["backups"] = [
                {
                    **first,
                    "id": f"bkp_{n:06d}0000000000",
                    "createdAt": _stamp(newest - timedelta(hours=n)),
                }
                for n in range(self.backups)
            ]
        return json.dumps(document).encode()

    def _servers(self) -> list[object]:
        return [
            {**self.one, "id": f"vps_{n:06d}000000", "name": f"web-{n}"}
            for n in range(self.servers or 0)
        ]


def _stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


class Connection(asyncio.Protocol):
    """One connection, on which requests are sent one after the other."""

    def __init__(self, documents: Documents, seconds: float) -> None:
        self.documents, self.seconds, self.received = documents, seconds, b""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        if self.received.endswith(b"\r\n\r\n"):
            target = self.received.split(b" ", 2)[1].decode()
            self.received = b""
            asyncio.get_running_loop().call_later(self.seconds, self.respond, target)

    def respond(self, target: str) -> None:
        body = self.documents.body(target)
        now = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
        head = (
            f"HTTP/1.1 200 OK\r\nDate: {now}\r\nContent-Type: application/json\r\n"
            f"X-Request-Id: req_0123456789\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.transport.write(head.encode() + body)


async def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--seconds", type=float, default=0.02)
    parser.add_argument("--backups", type=int)
    parser.add_argument("--servers", type=int)
    given = parser.parse_args()
    documents = Documents(given.backups, given.servers)
    await documents.read()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: Connection(documents, given.seconds), "127.0.0.1", given.port, backlog=1_000
    )
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
