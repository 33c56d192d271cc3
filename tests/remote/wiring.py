"""Servers, callers and an authorization server for these tests."""

from __future__ import annotations

import io
import json
import logging
import re
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from pathlib import Path
from typing import Any, Literal

import anyio
import httpx
import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from support.account import AppServer, Upstream
from support.product import UNLIMITED, ServerProcess, command, environment

from hostup_mcp.config import Settings, load
from hostup_mcp.remote.app import PATHS, Listen, build_service, fast_reads
from hostup_mcp.remote.serve import loop_options, run
from hostup_mcp.remote.token_file import new_token

PATIENCE = 45.0
"""Seconds until a test gives up; only a hang takes so long."""

SOON = 20.0
"""Seconds that one call may take while something it needs is unavailable, on a busy machine."""

VERSION = "2026-07-28"
Transport = Literal["streamable-http", "sse"]
SECRET = "a-secret-of-the-tests-that-is-long-enough"


# The product --------------------------------------------------------------------------------------


@contextmanager
def replicas(
    folder: Path, *environments: Mapping[str, str], **how: Any
) -> Iterator[list[ServerProcess]]:
    """A process for each environment, all started together."""
    running: list[ServerProcess] = []
    try:
        running += [ServerProcess(folder, env, **how) for env in environments]
        for replica in running:
            replica.wait_for_url()
        yield running
    finally:
        for replica in running:
            if replica.process.poll() is None:
                replica.process.terminate()
        for replica in running:
            replica.close()


class ServerThread:
    """The product over HTTP in a thread, for tests that need no process of their own.

    It starts at once, and constants can be patched. `close` stops it as a signal does.
    """

    def __init__(
        self,
        env: Mapping[str, str],
        transport: Literal["streamable-http", "sse"] = "streamable-http",
    ) -> None:
        settings = load({}, env)
        assert isinstance(settings, Settings), settings
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(listener.getsockname()[1])
        self.base = f"http://127.0.0.1:{self.port}"
        self.url = f"{self.base}{PATHS[transport]}"
        self.service = build_service(
            settings,
            Listen(transport, "127.0.0.1", self.port),
            environ=env,
            reads=fast_reads(),
        )
        self._log = io.StringIO()
        self._handler = logging.StreamHandler(self._log)
        logging.getLogger().addHandler(self._handler)
        self._thread = threading.Thread(
            target=lambda: anyio.run(
                run,
                self.service,
                listener,
                settings.remote.authenticates,
                backend_options=loop_options(),
            )
        )
        self._thread.start()

    def output(self) -> str:
        """The log so far, tracebacks included."""
        return self._log.getvalue()

    def stop(self) -> None:
        """Begin to drain; does not wait for the end."""
        self.service.draining = True

    def close(self) -> None:
        self.stop()
        self._thread.join(PATIENCE)
        logging.getLogger().removeHandler(self._handler)
        assert not self._thread.is_alive(), "the server does not stop"


@contextmanager
def threads(
    *environments: Mapping[str, str], transport: Transport = "streamable-http"
) -> Iterator[list[ServerThread]]:
    """A `ServerThread` for each environment; none may log a traceback."""
    running = [ServerThread(env, transport) for env in environments]
    try:
        yield running
    finally:
        for server in running:
            server.stop()
        for server in running:
            server.close()
    for server in running:
        assert "Traceback" not in server.output()


def hold_responses(upstream: Upstream, method: str) -> threading.Event:
    """From now on HostUp responds to requests of `method` only once the event is set."""
    app, released = upstream.sandbox.app, threading.Event()

    async def held(scope: Any, receive: Any, send: Any) -> None:
        async def send_later(message: Any) -> None:
            while scope["method"] == method and not released.is_set():  # noqa: ASYNC110 - set from another thread
                await anyio.sleep(0.01)
            await send(message)

        await app(scope, receive, send_later)

    upstream.sandbox.app = held
    return released


def refused_start(env: Mapping[str, str], *flags: str) -> tuple[int, str]:
    """The exit code and stderr of a server that must not start."""
    ended = subprocess.run(
        command("--transport", "streamable-http", "--port", "0", *flags),
        env=dict(env),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert ended.stdout == ""
    return ended.returncode, ended.stderr


# Proxy --------------------------------------------------------------------------------------------

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""For clients of plain http: loading certificates for each of many at once takes seconds."""


class RoundRobin(AppServer):
    """A proxy that sends each request to the next target and streams the response back."""

    def __init__(self, targets: Sequence[str]) -> None:
        self.turn = cycle(targets)
        self.given: list[str] = []
        super().__init__(self._serve)

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        target = next(self.turn)
        self.given.append(target)
        headers = [(k, v) for k, v in scope["headers"] if k not in (b"connection", b"host")]
        async with httpx.AsyncClient(trust_env=False, verify=NO_TLS, timeout=PATIENCE) as client:
            request = client.build_request(
                scope["method"], target + scope["path"], headers=headers, content=body
            )
            try:
                response = await client.send(request, stream=True)
            except httpx.HTTPError as error:
                await send({"type": "http.response.start", "status": 502, "headers": []})
                await send({"type": "http.response.body", "body": repr(error).encode()})
                return
            kept = [(k, v) for k, v in response.headers.raw if k.lower() != b"transfer-encoding"]
            await send(
                {"type": "http.response.start", "status": response.status_code, "headers": kept}
            )
            async for part in response.aiter_raw():
                await send({"type": "http.response.body", "body": part, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
            await response.aclose()


# Callers ------------------------------------------------------------------------------------------

ACCEPT = "application/json, text/event-stream"


def message(method: str, number: int = 1, **params: Any) -> dict[str, Any]:
    """A request of protocol revision 2026-07-28."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": VERSION,
        "io.modelcontextprotocol/clientCapabilities": {"elicitation": {}},
        "io.modelcontextprotocol/clientInfo": {"name": "raw", "version": "1"},
    }
    given = params.pop("_meta", {})
    params = {**params, "_meta": {**meta, **given}}
    return {"jsonrpc": "2.0", "id": number, "method": method, "params": params}


def headers_for(body: Mapping[str, Any], token: str | None = None) -> dict[str, str]:
    """The headers that `body` requires."""
    params = body.get("params", {})
    name = params.get("name") or params.get("uri")
    headers = {
        "Accept": ACCEPT,
        "Content-Type": "application/json",
        "MCP-Protocol-Version": VERSION,
        "Mcp-Method": str(body["method"]),
    }
    if isinstance(name, str) and name.isprintable() and name.isascii():
        headers["Mcp-Name"] = name
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return headers


def parse(response: httpx.Response) -> dict[str, Any]:
    """The JSON-RPC message in a response, streamed or not."""
    if response.headers.get("content-type", "").startswith("text/event-stream"):
        data = [line[5:] for line in response.text.splitlines() if line.startswith("data:")]
        messages = [json.loads(each) for each in data if each.strip()]
        return next(m for m in messages if "result" in m or "error" in m)
    parsed: dict[str, Any] = response.json()
    return parsed


@dataclass(frozen=True)
class Result:
    """The result of a tool."""

    raw: dict[str, Any]

    @property
    def data(self) -> dict[str, Any]:
        return dict(self.raw.get("structuredContent") or {})

    @property
    def text(self) -> str:
        return "\n".join(c.get("text", "") for c in self.raw.get("content", ()))

    @property
    def kind(self) -> str | None:
        """The kind of error; None for a success."""
        if not self.raw.get("isError"):
            return None
        return str(self.data.get("error", {}).get("kind", "fault"))

    @property
    def asks(self) -> dict[str, Any] | None:
        """The questions to the user; None if there are none."""
        if self.raw.get("resultType") != "input_required":
            return None
        return dict(self.raw["inputRequests"])

    @property
    def question(self) -> str:
        assert self.asks, self.raw
        [question] = self.asks.values()
        return str(question["params"]["message"])

    def accept(self, **content: Any) -> dict[str, Any]:
        """The parameters of the next call, which carries the user's yes."""
        assert self.asks, self.raw
        if not content:
            name = re.search(r"To go ahead, type: (.+)$", self.question)
            content = {"serverName": name[1]} if name else {"yes": True}
        replies = {key: {"action": "accept", "content": content} for key in self.asks}
        return {"inputResponses": replies, "requestState": self.raw["requestState"]}


class Caller:
    """Sends raw requests of protocol revision 2026-07-28, with a token or without."""

    def __init__(self, client: httpx.AsyncClient, url: str, token: str | None = None) -> None:
        self.client = client
        self.url = url
        self.token = token

    def at(self, url: str) -> Caller:
        """The same caller at another address."""
        return Caller(self.client, url, self.token)

    async def post(self, method: str, headers: Mapping[str, str] = {}, /, **params: Any) -> Any:
        body = message(method, **params)
        sent = {**headers_for(body, self.token), **headers}
        return await self.client.post(self.url, json=body, headers=sent)

    async def result_of(self, method: str, /, **params: Any) -> dict[str, Any]:
        """The result of a request that succeeds."""
        response = await self.post(method, **params)
        assert response.status_code == 200, (response.status_code, response.text)
        parsed = parse(response)
        assert "result" in parsed, parsed
        return dict(parsed["result"])

    async def call(self, tool: str, /, _more: Mapping[str, Any] = {}, **arguments: Any) -> Result:
        return Result(await self.result_of("tools/call", name=tool, arguments=arguments, **_more))

    async def ok(self, tool: str, /, **arguments: Any) -> dict[str, Any]:
        result = await self.call(tool, **arguments)
        assert result.kind is None, result.text
        return result.data

    async def tools(self) -> set[str]:
        return {tool["name"] for tool in (await self.result_of("tools/list"))["tools"]}

    async def find(self, name: str) -> str:
        servers = (await self.ok("list_vps", name=name))["data"]
        assert len(servers) == 1, servers
        return str(servers[0]["id"])

    async def plan(self, name: str = "web-01") -> tuple[str, str]:
        """The id of a server, and a planId to restore its newest backup in place."""
        vps = await self.find(name)
        backups = (await self.ok("list_vps_backups", id=vps))["backups"]
        plan = await self.ok("plan_restore", id=vps, mode="in_place", backupId=backups[0]["id"])
        assert plan["verdict"] == "possible", plan
        return vps, plan["planId"]


@asynccontextmanager
async def calling(*, keep: bool = True) -> AsyncIterator[httpx.AsyncClient]:
    """An HTTP client; without `keep` each request has a connection of its own."""
    limits = httpx.Limits(
        max_connections=300, max_keepalive_connections=100 if keep else 0, keepalive_expiry=5
    )
    with anyio.fail_after(PATIENCE):
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE, limits=limits) as client:
            yield client


def token_file(folder: Path, *names: str) -> tuple[Path, dict[str, str]]:
    """A token file with a token for each name, and the tokens."""
    path = folder / f"tokens-{time.monotonic_ns()}.json"
    return path, {name: new_token(path, name) for name in names}


def credentials_file(folder: Path, callers: Mapping[str, Mapping[str, Any]]) -> Path:
    path = folder / f"credentials-{time.monotonic_ns()}.json"
    path.write_text(json.dumps({"callers": callers}))
    return path


def serving(upstream: Upstream, **more: str) -> dict[str, str]:
    """The environment of a server that uses `upstream`."""
    return environment(**{**upstream.variables, **UNLIMITED, **more})


# An authorization server --------------------------------------------------------------------------

AUDIENCE = "https://mcp.example.com/mcp"
ISSUER = "https://issuer.example.com"
PUBLIC_URL = "https://mcp.example.com"


@dataclass
class Key:
    """A signing key and its id."""

    kid: str
    private: Any
    algorithm: str = "RS256"

    @property
    def public_jwk(self) -> dict[str, Any]:
        kinds: dict[str, Any] = {"R": RSAAlgorithm, "P": RSAAlgorithm, "ES": ECAlgorithm}
        kind = kinds.get(self.algorithm[:2]) or kinds.get(self.algorithm[0]) or OKPAlgorithm
        if self.algorithm == "EdDSA":
            kind = OKPAlgorithm
        known = kind.to_jwk(self.private.public_key(), as_dict=True)
        return {**known, "kid": self.kid, "alg": self.algorithm, "use": "sig"}


def rsa_key(kid: str, algorithm: str = "RS256") -> Key:
    return Key(kid, rsa.generate_private_key(public_exponent=65537, key_size=2048), algorithm)


def ec_key(kid: str) -> Key:
    return Key(kid, ec.generate_private_key(ec.SECP256R1()), "ES256")


def ed_key(kid: str) -> Key:
    return Key(kid, ed25519.Ed25519PrivateKey.generate(), "EdDSA")


@dataclass
class Issuer:
    """Publishes keys (JWKS) over HTTP and issues tokens."""

    keys: list[Key]
    fetches: int = 0
    body: bytes | None = None
    status: int = 200
    silent_for: float = 0.0
    drips: bool = False
    agents: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        issuer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.fetches += 1
                issuer.agents.append(self.headers.get("User-Agent", ""))
                time.sleep(issuer.silent_for)
                if issuer.status == 0:
                    self.close_connection = True
                    return
                known = {"keys": [key.public_jwk for key in issuer.keys]}
                body = json.dumps(known).encode() if issuer.body is None else issuer.body
                self.send_response(issuer.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Location", issuer.url)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with suppress(OSError):
                    while issuer.drips:
                        self.wfile.write(b" ")
                        time.sleep(0.05)
                    self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/jwks"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def claims(self, **others: Any) -> dict[str, Any]:
        """The claims of a valid token; None leaves a claim out."""
        now = int(time.time())
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": "web-team",
            "client_id": "agent",
            "scope": "hostup",
            "iat": now,
            "exp": now + 300,
            **others,
        }
        return {name: value for name, value in claims.items() if value is not None}

    def token(self, key: Key | None = None, **claims: Any) -> str:
        """A token signed with `key`, by default the first published one."""
        signing = key or self.keys[0]
        return jwt.encode(
            self.claims(**claims),
            signing.private,
            algorithm=signing.algorithm,
            headers={"kid": signing.kid},
        )

    @property
    def settings(self) -> dict[str, str]:
        """The variables of a server that trusts this issuer."""
        return {
            "HOSTUP_MCP_OAUTH_ISSUER": ISSUER,
            "HOSTUP_MCP_OAUTH_AUDIENCE": AUDIENCE,
            "HOSTUP_MCP_OAUTH_JWKS": self.url,
            "HOSTUP_MCP_PUBLIC_URL": PUBLIC_URL,
        }
