"""The account on raw sockets: HTTP/1.1 without a library, keep-alive, and the chosen faults."""

from __future__ import annotations

import asyncio
import json
import random
import socket
import struct
import time
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from benchmarks.faults.documents import document, named_ids, problem
from benchmarks.faults.estate import Effect, Estate
from benchmarks.faults.history import FOREIGN_JOB, Received
from benchmarks.faults.kinds import Chooser

REFUSED_SECONDS = 0.15
DRIP_SECONDS = 0.02
LONGEST_SILENCE = 90.0

REASONS = {
    200: "OK",
    202: "Accepted",
    204: "No Content",
    302: "Found",
    307: "Temporary Redirect",
    403: "Forbidden",
    429: "Too Many Requests",
    500: "Internal Server Error",
}
PAGE = b"<!doctype html><title>Just a moment</title><p>Checking your browser."
FOREIGN = json.dumps(
    {
        "operation": {
            "status": "queued",
            "jobId": FOREIGN_JOB,
            "pollUrl": f"/api/jobs/{FOREIGN_JOB}",
            "result": None,
        }
    }
).encode()


@dataclass
class Request:
    """One request as received."""

    method: str
    target: str
    headers: dict[str, str]
    body: str

    @property
    def path(self) -> str:
        """The target without its query."""
        return urlsplit(self.target).path


def head(status: int, length: int | None, kind: str = "application/json", *more: str) -> bytes:
    """The head of a response, which is chunked if it has no length."""
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}"]
    if status != 204:
        lines.append(f"Content-Type: {kind}")
        lines.append(f"Content-Length: {length}" if length is not None else CHUNKED)
    return ("\r\n".join([*lines, *more]) + "\r\n\r\n").encode()


CHUNKED = "Transfer-Encoding: chunked"


class Account:
    """An account on a loopback port that records each request, with the faults from `chooser`."""

    def __init__(self, key: str, chooser: Chooser, seed: str) -> None:
        self.key = key
        self.chooser = chooser
        self.estate = Estate(seed)
        self.received: list[Received] = []
        self.pause_asked = 0.0
        self._busy = 0
        self._drop_connections = 0
        self._connections: set[asyncio.StreamWriter] = set()
        # Bound as long as the account exists, so that no other program gets its port.
        self._holder = _bound(0)
        self.port = int(self._holder.getsockname()[1])
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """The base URL of the account."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_idle(self) -> bool:
        """Whether no request is being handled."""
        return self._busy == 0

    async def open(self) -> None:
        """Start listening."""
        self._server = await asyncio.start_server(self._connected, sock=_bound(self.port))

    async def close(self) -> None:
        """Stop listening, and close all connections."""
        for task in self._tasks:
            task.cancel()
        if self._server is not None:
            self._server.close()
        for writer in self._connections:
            writer.transport.abort()
        self._holder.close()
        while self._connections:  # noqa: ASYNC110 - each is removed when its task ends
            await asyncio.sleep(0)

    # Connections

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._drop_connections > 0:
            self._drop_connections -= 1
            writer.transport.abort()
            return
        self._connections.add(writer)
        try:
            while await self._one_request(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            self._connections.discard(writer)
            writer.close()

    async def _one_request(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Read one request and respond; false ends the connection."""
        raw = await reader.readuntil(b"\r\n\r\n")
        self._busy += 1
        try:
            request = _parse_head(raw)
            fault = self.chooser.choose(request.method, request.path)
            entry = Received(time.monotonic(), request.method, request.target, fault=fault)
            parts = request.path.split("/")
            entry.vps = parts[4] if len(parts) > 4 and parts[3] == "vps" else None
            self.received.append(entry)
            if fault == "closed_before_reading":
                return _reset(writer)
            length = int(request.headers.get("content-length", "0"))
            request.body = (await reader.readexactly(length)).decode() if length else ""
            entry.body = request.body
            return await self._respond_to(request, entry, reader, writer)
        finally:
            self._busy -= 1

    async def _respond_to(
        self,
        request: Request,
        entry: Received,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        fault, pick = entry.fault, self.chooser.random()
        if request.headers.get("authorization") != f"Bearer {self.key}":
            said = problem(401, "unauthorized", "No valid key.", request.path)
            return await _send(writer, entry, 401, _json(said))
        if fault in ("closed_unapplied", "silent_unapplied"):
            return await self._silence(reader) if fault == "silent_unapplied" else _reset(writer)
        if (early := self._refusal(fault, request, pick)) is not None:
            status, body, kind, more = early
            return await _send(writer, entry, status, body, kind, *more)
        effect = self._apply(request, entry)
        return await self._respond(effect, request, entry, reader, writer)

    def _refusal(
        self, fault: str | None, request: Request, pick: random.Random
    ) -> tuple[int, bytes, str, tuple[str, ...]] | None:
        """The response for a fault that prevents the request from being applied."""
        path, is_json = request.path, "application/json"
        # A proxy may echo what it was sent, including the key.
        echo = f" Authorization was: Bearer {self.key}" if pick.random() < 0.2 else ""
        match fault:
            case "fault_before":
                status = pick.choice((500, 502, 503, 504))
                said = problem(status, "internal_error", f"It failed.{echo}", path)
                return status, _json(said), "application/problem+json", ()
            case "problem":
                status, code = pick.choice(
                    (
                        (400, "invalid_request"),
                        (401, "unauthorized"),
                        (403, "forbidden"),
                        (404, "not_found"),
                        (409, "vps_not_ready"),
                        (422, "unprocessable"),
                    )
                )
                said = problem(status, code, f"Not now.{echo}", path)
                return status, _json(said), "application/problem+json", ()
            case "rate_limited":
                wait = pick.choice((0, 1))
                self.pause_asked += wait
                said = problem(429, "rate_limited", "Too many requests.", path)
                return 429, _json(said), is_json, (f"Retry-After: {wait}",)
            case "edge_page":
                return 403, PAGE, "text/html", ()
            case "redirect":
                status = pick.choice((302, 307))
                return status, b"", "text/html", (f"Location: {request.target}",)
            case "garbage_unapplied":
                return 200, b'{"backups": [\xff', is_json, ()
            case "success_false":
                return 200, b'{"success": false, "error": "It did not work"}', is_json, ()
        return None

    def _apply(self, request: Request, entry: Received) -> Effect:
        query = dict(parse_qsl(urlsplit(request.target).query))
        effect = self.estate.respond(request.method, request.path, query, request.body)
        entry.applied, entry.destroys = effect.applied, effect.destroys
        if entry.is_write:
            body = json.loads(request.body) if request.body else {}
            entry.ids = named_ids(request.path, body)
        return effect

    async def _respond(
        self,
        effect: Effect,
        request: Request,
        entry: Received,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> bool:
        pick = self.chooser.random()
        status = effect.status
        body = _json(effect.body) if effect.body is not None else b""
        if entry.fault == "other_server" and status == 200:
            # The same one each time, as from a misconfigured cache.
            other = next(s for s in self.estate.live() if s.id != entry.vps)
            body = _json(document(other))
        whole = head(status, len(body)) + body
        match entry.fault:
            case "closed_applied":
                return _reset(writer)
            case "silent":
                return await self._silence(reader)
            case "cut_in_head":
                return await _cut(writer, whole[: pick.randint(5, 30)])
            case "cut_in_body":
                start = len(whole) - len(body)
                return await _cut(writer, whole[: start + len(body) // 2] if body else whole[:-2])
            case "fault_after":
                status = pick.choice((500, 502, 503, 504))
                said = problem(status, "upstream_failed", "It may have failed.", request.path)
                return await _send(writer, entry, status, _json(said))
            case "garbage":
                return await _send(writer, entry, 200, b'{"operation": {"status": "que')
            case "empty_object":
                return await _send(writer, entry, 200, b"{}")
            case "page":
                return await _send(writer, entry, 200, PAGE, "text/html")
            case "empty":
                return await _send(writer, entry, 200, b"")
            case "short_length" if body:
                writer.write(head(status, len(body) - 7) + body)
                await writer.drain()
                return True
            case "bad_chunk":
                return await _cut(writer, head(status or 200, None) + b"zz\r\n" + body)
            case "drip":
                for start in range(0, len(whole), max(1, len(whole) // 8)):
                    writer.write(whole[start : start + max(1, len(whole) // 8)])
                    await writer.drain()
                    await asyncio.sleep(DRIP_SECONDS)
                return True
            case "leftover":
                writer.write(whole + head(202, len(FOREIGN)) + FOREIGN)
                await writer.drain()
                return True
            case "closed_after":
                return await _cut(writer, whole)
            case "closed_at_accept":
                self._drop_connections += pick.randint(1, 2)
                return await _cut(writer, whole)
            case "refused":
                task = asyncio.create_task(self._refuse_for_a_moment())
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
                return await _cut(writer, whole)
        return await _send(writer, entry, status, body)

    async def _silence(self, reader: asyncio.StreamReader) -> bool:
        """Send nothing until the client gives up."""
        self._busy -= 1
        try:
            async with asyncio.timeout(LONGEST_SILENCE):
                await reader.read(1)
        except TimeoutError:
            pass
        finally:
            self._busy += 1
        return False

    async def _refuse_for_a_moment(self) -> None:
        if self._server is None:
            return
        server, self._server = self._server, None
        server.close()
        await asyncio.sleep(REFUSED_SECONDS)
        await self.open()


def _bound(port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("127.0.0.1", port))
    return made


def _parse_head(raw: bytes) -> Request:
    first, *lines = raw.decode("latin-1").split("\r\n")
    method, target, _ = first.split(" ", 2)
    pairs = (line.split(":", 1) for line in lines if ":" in line)
    headers = {name.strip().lower(): value.strip() for name, value in pairs}
    return Request(method, target, headers, "")


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


async def _send(
    writer: asyncio.StreamWriter,
    entry: Received,
    status: int,
    body: bytes,
    kind: str = "application/json",
    *more: str,
) -> bool:
    entry.status = status
    writer.write(head(status, len(body), kind, *more) + (b"" if status == 204 else body))
    await writer.drain()
    return True


async def _cut(writer: asyncio.StreamWriter, start: bytes) -> bool:
    """Send `start`, then close the connection."""
    writer.write(start)
    await writer.drain()
    return False


def _reset(writer: asyncio.StreamWriter) -> bool:
    """Reset the connection at once."""
    raw = writer.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
    return False
