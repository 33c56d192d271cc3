"""The HTTP application: the MCP server with authentication, limits, health and metrics."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import httpx
from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import TokenVerifier
from mcp.server.auth.settings import AuthSettings
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import AnyHttpUrl
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from hostup_mcp.config import Settings
from hostup_mcp.hostup.http import MakeTransport
from hostup_mcp.remote.accounts import account_of, read_accounts
from hostup_mcp.remote.calls import RunningCalls
from hostup_mcp.remote.jwks import JwksCache
from hostup_mcp.remote.limits import CallerLimits
from hostup_mcp.remote.metrics import Metrics
from hostup_mcp.remote.oauth import JwtVerifier
from hostup_mcp.remote.origins import origin_middleware
from hostup_mcp.remote.paths import NoHead, NoResumption, SlashOptional
from hostup_mcp.remote.rejections import RejectionLog
from hostup_mcp.remote.request_ids import RejectInvalidIds
from hostup_mcp.remote.sessions import IDLE_SECONDS
from hostup_mcp.remote.shared_state import SharedState
from hostup_mcp.remote.streams import StreamsEndWithToken
from hostup_mcp.remote.tokens import HashedTokens
from hostup_mcp.server.app import serve_with
from hostup_mcp.server.caller import caller, principal
from hostup_mcp.server.protocol import StrictServer
from hostup_mcp.server.services import Services
from hostup_mcp.state.in_memory import InMemoryState

PATHS = {"streamable-http": "/mcp", "sse": "/sse"}


@dataclass(frozen=True)
class Listen:
    """Transport and address to serve on; port 0 means any free port."""

    transport: Literal["streamable-http", "sse"]
    host: str = "127.0.0.1"
    port: int = 8000


@dataclass
class Service:
    """The application and what lives as long as it does."""

    app: Starlette
    server: StrictServer
    services: Services
    metrics: Metrics
    shared: SharedState | None
    tokens: HashedTokens | None = None
    draining: bool = False

    async def is_ready(self) -> bool:
        """Return whether this replica accepts every kind of call now. Updates the metric."""
        ready = not self.draining and await self.services.state.is_available()
        self.metrics.set_ready(ready)
        return ready

    def problems(self) -> list[str]:
        """Return what an operator should mend although calls are served. Updates the metric."""
        found = [
            self.tokens.problem() if self.tokens else None,
            self.shared.problem if self.shared else None,
        ]
        problems = [problem for problem in found if problem is not None]
        self.metrics.set_problems(len(problems))
        return problems


def build_service(
    settings: Settings,
    listen: Listen,
    *,
    transport: httpx.AsyncBaseTransport | None = None,
    environ: Mapping[str, str] = os.environ,
    reads: MakeTransport | None = None,
) -> Service:
    """Build the service for `settings`. `reads` makes the transport for reads of HostUp.

    Raises:
        TokenFileError, CredentialsError, StateError: a file or an address is invalid.
        ImportError: an extra that the settings need is missing.
    """
    remote, metrics = settings.remote, Metrics()
    shared = SharedState(remote.state, settings.secrets) if remote.state else None
    accounts = read_accounts(remote.credentials, settings, environ) if remote.credentials else None
    services = Services(
        settings,
        transport,
        state=shared.store if shared else InMemoryState(),
        account_of=account_of(accounts) if accounts is not None else None,
        unlockable=settings.allow.union(*(a.allow for a in (accounts or {}).values())),
        metrics=metrics,
        reads=reads,
    )
    rejections = RejectionLog()
    verifier = _verifier(settings, rejections)

    def refused(limit: str) -> None:
        metrics.refused(limit)
        rejections.note(f"over the limit {limit}", principal())

    server = serve_with(
        services,
        subscriptions=shared.changes if shared else None,
        token_verifier=verifier,
        auth=_auth(settings, listen),
    )
    server.middleware.append(RunningCalls(_caller_of(settings), remote.calls_at_once, refused))
    app = _mcp_app(server, listen, settings)
    # Last is innermost: the caller has been authenticated by then.
    if verifier is not None:
        app.user_middleware.append(Middleware(StreamsEndWithToken, verifier=verifier))
    app.user_middleware.append(
        Middleware(
            CallerLimits,
            caller_of=_caller_of(settings),
            per_minute=remote.calls_per_minute,
            at_once=remote.calls_at_once,
            shared=shared.limits if shared else None,
            has_sessions=_has_sessions(settings, listen),
            is_sse=listen.transport == "sse",
            on_refused=refused,
        )
    )
    app.user_middleware.append(Middleware(RejectInvalidIds))
    if remote.issuer is not None:
        app.user_middleware.insert(0, Middleware(ScopeInChallenge, scope=remote.scope))
    app.user_middleware[:0] = [
        Middleware(SlashOptional),
        *origin_middleware(remote, listen.host),
    ]
    app.router.redirect_slashes = False
    tokens = verifier if isinstance(verifier, HashedTokens) else None
    service = Service(app, server, services, metrics, shared, tokens)
    _add_health(app, service)
    return service


def fast_reads() -> MakeTransport | None:
    """Return what makes the fast transport for reads, where its library is installed.

    OpenTelemetry knows nothing of it: with traces, httpx's own transport is used.
    """
    try:
        from hostup_mcp.hostup.fast_reads import ReadsTransport
    except ModuleNotFoundError:
        return None
    return ReadsTransport


class ScopeInChallenge:
    """ASGI middleware that adds the scope to `WWW-Authenticate`, which the SDK leaves out."""

    def __init__(self, app: ASGIApp, scope: str) -> None:
        self._app = app
        self._parameter = f', scope="{scope}"'.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_scope(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in (401, 403):
                headers = [
                    (name, value + self._parameter if name == b"www-authenticate" else value)
                    for name, value in message["headers"]
                ]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, send_with_scope)


def _mcp_app(server: StrictServer, listen: Listen, settings: Settings) -> Starlette:
    # `OriginGuard` does that, and says which setting to use.
    unchecked = TransportSecuritySettings(enable_dns_rebinding_protection=False)
    if listen.transport == "sse":
        app = server.sse_app(transport_security=unchecked, host=listen.host)
        app.user_middleware.append(Middleware(NoHead, path=PATHS["sse"]))
        return app
    app = server.streamable_http_app(
        transport_security=unchecked,
        host=listen.host,
        stateless_http=not _has_sessions(settings, listen),
        session_idle_timeout=IDLE_SECONDS,
    )
    app.user_middleware.append(Middleware(NoResumption))
    return app


def _has_sessions(settings: Settings, listen: Listen) -> bool:
    """Return whether older revisions have sessions: not over SSE, where a stream is one.

    With shared state, any replica must be able to handle any request.
    """
    return listen.transport == "streamable-http" and settings.remote.state is None


def _verifier(settings: Settings, rejections: RejectionLog) -> TokenVerifier | None:
    remote = settings.remote
    if remote.tokens is not None:
        return HashedTokens(remote.tokens, rejections)
    if remote.issuer is not None:
        jwks = JwksCache(remote.jwks_url or "")
        return JwtVerifier(remote.issuer, remote.audience or "", jwks, rejections)
    return None


def _auth(settings: Settings, listen: Listen) -> AuthSettings | None:
    remote = settings.remote
    if remote.issuer is not None:
        resource = f"{(remote.public_url or '').rstrip('/')}{PATHS[listen.transport]}"
        return AuthSettings(
            issuer_url=AnyHttpUrl(remote.issuer),
            resource_server_url=AnyHttpUrl(resource),
            required_scopes=[remote.scope],
            # The verifier checks the audience, which may differ from this server's address.
            validate_token_resource=False,
        )
    if remote.tokens is not None:
        # There is no authorization server; the SDK requires an issuer but does not publish it.
        return AuthSettings(
            issuer_url=AnyHttpUrl(remote.public_url or "http://localhost"), resource_server_url=None
        )
    return None


def _caller_of(settings: Settings) -> Callable[[], str | None]:
    """Return a function that names the caller for the limits, or None for one that is rejected."""

    def caller_of() -> str | None:
        if settings.remote.authenticates and get_access_token() is None:
            return None
        return caller()

    return caller_of


def _add_health(app: Starlette, service: Service) -> None:
    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        ready = await service.is_ready()
        state = "ready" if ready else "draining" if service.draining else "state unavailable"
        problems = service.problems()
        body = {"status": state, **({"problems": problems} if problems else {})}
        return JSONResponse(body, status_code=200 if ready else 503)

    app.add_route("/healthz", healthz, ["GET"])
    app.add_route("/readyz", readyz, ["GET"])
