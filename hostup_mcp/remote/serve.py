"""Serves over HTTP: checks the address, runs uvicorn, drains on shutdown."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import socket
import sys
from contextlib import AsyncExitStack
from types import FrameType

import anyio
import uvicorn

from hostup_mcp.config import Remote, Settings
from hostup_mcp.hostup.address import is_loopback
from hostup_mcp.remote.accounts import CredentialsError
from hostup_mcp.remote.app import PATHS, Listen, Service, build_service, fast_reads
from hostup_mcp.remote.bounded_log import bounded_warnings
from hostup_mcp.remote.connection import http_protocol
from hostup_mcp.remote.shared_state import StateError
from hostup_mcp.remote.token_file import TokenFileError
from hostup_mcp.remote.tracing import TracingError, trace_if_configured

log = logging.getLogger(__name__)

DRAIN_SECONDS = 3.0
"""How long running calls may take to finish after a signal to stop."""

DRAIN_SECONDS_WITH_CALLERS = 17.0
"""The same when callers authenticate, so this is a service and not the user's own process."""

SETTLE_SECONDS = 15.0
"""How long a write in flight may wait for HostUp's response after a signal to stop."""

FLUSH_SECONDS = 0.2
"""How long the last results may take to reach their callers."""

STREAM_SECONDS = 3
"""How long open streams may take to end after that."""

KEEP_ALIVE_SECONDS = 15
"""How long an idle connection is kept open between requests."""

READY_SECONDS = 5
"""How often the readiness metric is updated."""

REPETITIVE_LOGS = (
    "uvicorn.error",
    "hostup_mcp.state.redis",
    "hostup_mcp.remote.limits",
    "hostup_mcp.remote.changes",
    "hostup_mcp.remote.jwks",
)
"""Logs with a warning for each faulty request or message, or each call while something is down."""


_OPEN_TO_ALL = (
    "Callers need no token: anybody who reaches it, such as through a proxy, can use the API key. "
    "To change that, set HOSTUP_MCP_TOKENS or HOSTUP_MCP_OAUTH_ISSUER."
)


class ServeError(Exception):
    """The server cannot start with these settings; the message is one line that says why."""


def serve_http(settings: Settings, listen: Listen) -> int:
    """Serve until a signal to stop; returns the exit code.

    Raises:
        ServeError: no authentication on an address other than loopback, an address in use, an
            invalid file, or a missing extra.
    """
    remote = settings.remote
    if not is_loopback(listen.host) and not remote.authenticates:
        raise ServeError(
            f"{listen.host} is not a loopback address, so anybody who reaches it could "
            "use the API key. Set HOSTUP_MCP_TOKENS or HOSTUP_MCP_OAUTH_ISSUER, "
            "or use --host 127.0.0.1."
        )
    try:
        is_traced = trace_if_configured(os.environ)
        service = build_service(settings, listen, reads=None if is_traced else fast_reads())
    except (TokenFileError, CredentialsError, StateError, TracingError) as error:
        raise ServeError(f"{error}.") from None
    except ModuleNotFoundError:
        raise ServeError(
            "HOSTUP_MCP_STATE needs the extra replicas: in the clone, pip install '.[replicas]'."
        ) from None
    _serve_metrics(service, remote)
    with _listener(listen) as listener:
        host = f"[{listen.host}]" if ":" in listen.host else listen.host
        address = f"http://{host}:{listener.getsockname()[1]}{PATHS[listen.transport]}"
        message = f"hostup-mcp serves {listen.transport} at {address}"
        if remote.authenticates:
            # The log is JSON then, line by line.
            log.info(message)
        else:
            # Behind a proxy, a misspelled setting would let everybody in unnoticed.
            if (remote.allowed_hosts or remote.public_url) and not settings.sandbox:
                message += f"\n{_OPEN_TO_ALL}"
            print(message, file=sys.stderr, flush=True)  # noqa: T201
        options = loop_options()
        # What has been loaded stays: no collection needs to look at it again.
        gc.collect()
        gc.freeze()
        gc.set_threshold(10_000, 20, 20)
        anyio.run(run, service, listener, remote.authenticates, backend_options=options)
    return 0


def loop_options() -> dict[str, object]:
    """Return options that choose the event loop: the one in C where `uvloop` is installed."""
    try:
        import uvloop
    except ModuleNotFoundError:
        return {}
    return {"loop_factory": uvloop.new_event_loop}


async def run(service: Service, listener: socket.socket, has_callers: bool) -> None:
    """Serve on `listener` until a signal to stop, or until `service.draining` is set."""
    config = uvicorn.Config(
        service.app,
        http=http_protocol(),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=STREAM_SECONDS,
        proxy_headers=False,
    )
    drain_seconds = DRAIN_SECONDS_WITH_CALLERS if has_callers else DRAIN_SECONDS
    async with AsyncExitStack() as stack:
        stack.enter_context(bounded_warnings(*REPETITIVE_LOGS))
        if service.shared is not None:
            stack.push_async_callback(service.shared.redis.aclose)
            await stack.enter_async_context(service.shared.changes.receiving())
        readiness = await stack.enter_async_context(anyio.create_task_group())
        readiness.start_soon(_update_readiness, service)
        await _Server(config, service, drain_seconds).serve([listener])
        readiness.cancel_scope.cancel()


async def _update_readiness(service: Service) -> None:
    """Keep the metrics of /readyz current even if nobody requests it."""
    while True:
        await service.is_ready()
        if service.shared is not None:
            await service.shared.compare_secrets()
        service.problems()
        await anyio.sleep(READY_SECONDS)


class _Server(uvicorn.Server):
    """Drains before it shuts down.

    After a signal to stop it is not ready, accepts no connection, lets running calls finish and
    writes in flight settle. Then it sets `should_exit`, which ends the streams.
    """

    def __init__(self, config: uvicorn.Config, service: Service, drain_seconds: float) -> None:
        super().__init__(config)
        self._service = service
        self._drain_seconds = drain_seconds
        self._drain_task: asyncio.Task[None] | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # The inherited handler raises the signal again at the end, which would skip our clean-up.
        del frame
        self.force_exit = self._service.draining and sig == signal.SIGINT
        self._service.draining = True

    async def on_tick(self, counter: int) -> bool:
        if self._service.draining and self._drain_task is None:
            for server in self.servers:
                server.close()
            self._drain_task = asyncio.create_task(self._drain())
        if self.force_exit:
            self._service.services.in_flight.interrupt()
            self.should_exit = True
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self._drain_task is not None and self.force_exit:
            await self._drain_task
        await super().shutdown(sockets)

    async def _drain(self) -> None:
        deadline = anyio.current_time() + self._drain_seconds
        await self._service.services.in_flight.stop(SETTLE_SECONDS)
        with anyio.move_on_after(max(0.0, deadline - anyio.current_time())):
            while self._service.server.running_calls and not self.force_exit:  # noqa: ASYNC110
                await anyio.sleep(0.05)
        await anyio.sleep(FLUSH_SECONDS)
        self.should_exit = True


def _serve_metrics(service: Service, remote: Remote) -> None:
    if remote.metrics_port is None:
        return
    try:
        service.metrics.serve(remote.metrics_host, remote.metrics_port)
    except _NOT_LISTENING as error:
        raise ServeError(
            "cannot serve metrics (HOSTUP_MCP_METRICS_HOST, HOSTUP_MCP_METRICS_PORT): "
            f"{_reason(error)}."
        ) from None


def _listener(listen: Listen) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in listen.host else socket.AF_INET
        listen.host.encode("idna")  # fails before there is a socket, which would stay open
        return socket.create_server((listen.host, listen.port), family=family)
    except _NOT_LISTENING as error:
        raise ServeError(
            f"cannot listen on {listen.host} port {listen.port}: {_reason(error)}."
        ) from None


_NOT_LISTENING = (OSError, OverflowError, UnicodeError, TypeError)
"""What an unusable address raises: beside the usual one, for its port and for a name too long."""


def _reason(error: Exception) -> object:
    return getattr(error, "strerror", None) or error
