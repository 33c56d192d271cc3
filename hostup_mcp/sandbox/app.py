"""From an ASGI request to a response: recording, faults, authentication, limits, routing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.types import Message, Receive, Scope, Send

from .access import Key, authenticate, require
from .anomalies import EDGE_REFUSAL, alter, refuse_write, without_filters
from .calls import Call, Handled, RecordedRequest
from .faults import Fault
from .problems import ErrorContext, ProblemError, default_code, render
from .rates import limit_headers
from .responses import Response
from .routes import Route, routes
from .sending import apply_fault, drop_connection, replacement, send_huge, send_response
from .state import State

if TYPE_CHECKING:
    from .core import Sandbox

AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class App:
    """The ASGI application of one sandbox."""

    sandbox: Sandbox

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the server's start and stop."""
        if scope["type"] == "lifespan":
            await _serve_lifespan(receive, send)
        elif scope["type"] == "http":
            body = await _read_body(receive)
            request = _read(scope, body, self.sandbox.now(), self.sandbox.next_number())
            self.sandbox.record(request)
            fault = self.sandbox.faults.take(request.method, request.path)
            await _serve(self.sandbox, request, fault, _record_status(request, send))


async def _serve(
    sandbox: Sandbox, request: RecordedRequest, fault: Fault | None, send: Send
) -> None:
    if fault is None:
        await send_response(send, _respond(sandbox, request))
        return
    if fault.kind == "slow":
        await _pause(fault.seconds)
    if fault.kind == "huge":
        await send_huge(send, fault)
    elif fault.kind == "drop_before":
        await drop_connection(send)
    elif fault.kind == "status":
        await send_response(send, _refuse(sandbox, request, fault, 503))
    else:
        response = replacement(fault) or await _serve_then_fail(sandbox, request, fault, send)
        await send_response(send, response)


async def _serve_then_fail(
    sandbox: Sandbox, request: RecordedRequest, fault: Fault, send: Send
) -> Response:
    failure = fault.detail if fault.kind == "fail_job" else None
    response = _respond(sandbox, request, failure)
    if fault.kind == "drop_after":
        await drop_connection(send)
    if fault.kind == "slow_after":
        await _pause(fault.seconds)
    if fault.kind == "error_after":
        return _refuse(sandbox, request, fault, 502)
    return apply_fault(fault, response)


def _respond(
    sandbox: Sandbox, request: RecordedRequest, job_failure: str | None = None
) -> Response:
    """Return the account's response to a request that reached it."""
    if sandbox.anomalies.edge_refuses:
        return EDGE_REFUSAL
    state, key, limits = sandbox.state, None, {}
    context = _error_context(sandbox, state, request)
    try:
        token, key = authenticate(request.headers, sandbox.keys)
        if sandbox.rates is not None:
            limits = sandbox.rates.spend(token, context.now)
        response = _handle(sandbox, state, request, key, context, job_failure)
    except ProblemError as problem:
        if problem.status == 429:
            problem.code = sandbox.variants.rate_limit_code
        response = render(problem, context)
    if key is not None:
        request.handled = Handled(key.owner, response.status, context.request_id)
    if sandbox.variants.rate_headers == "always" and response.status != 429:
        response = _with_headers(response, limits)
    if sandbox.anomalies.clock_offset:
        response = _with_headers(response, {"Date": format_datetime(context.now, usegmt=True)})
    return response


def _handle(
    sandbox: Sandbox,
    state: State,
    request: RecordedRequest,
    key: Key,
    context: ErrorContext,
    job_failure: str | None,
) -> Response:
    anomalies = sandbox.anomalies
    route, params = _find_route(sandbox, request)
    require(key, route.scopes, sandbox.variants.missing_scope_code)
    refused = refuse_write(anomalies, context) if request.is_write else None
    if refused is not None:
        return refused
    call = Call(
        request=without_filters(anomalies, request),
        params=params,
        key=key,
        state=state,
        variants=sandbox.variants,
        anomalies=anomalies,
        log=sandbox.requests,
        now=context.now,
        request_id=context.request_id,
        job_failure=job_failure,
    )
    state.settle(call.now)
    return alter(anomalies, request, route.name, route.handler(call), call.now)


def _find_route(sandbox: Sandbox, request: RecordedRequest) -> tuple[Route, dict[str, str]]:
    others: list[str] = []
    for route in routes(sandbox.variants):
        params = route.match(request.path)
        if params is None:
            continue
        if route.method == request.method:
            return route, params
        others.append(route.method)
    if others:
        allow = {"Allow": ", ".join(dict.fromkeys(others))}
        detail = f"{request.method} is not possible here."
        raise ProblemError(405, "method_not_allowed", detail, headers=allow)
    raise ProblemError(404, "not_found", "There is nothing at this path.")


def _refuse(sandbox: Sandbox, request: RecordedRequest, fault: Fault, status: int) -> Response:
    status = fault.status or status
    headers = fault.headers
    if headers is None and status == 429:
        reset = sandbox.now() + timedelta(seconds=1)
        headers = {"Retry-After": "1", **limit_headers(60, 0, reset)}
    code = fault.code or default_code(status)
    problem = ProblemError(status, code, fault.detail, headers=headers)
    return render(problem, _error_context(sandbox, sandbox.state, request))


def _error_context(sandbox: Sandbox, state: State, request: RecordedRequest) -> ErrorContext:
    now = sandbox.now()
    return ErrorContext(request.path, state.new_id("req"), now, sandbox.variants)


def _with_headers(response: Response, headers: Mapping[str, str]) -> Response:
    return replace(response, headers=(*response.headers, *headers.items()))


def _read(scope: Scope, body: bytes, now: datetime, number: int) -> RecordedRequest:
    raw: list[tuple[bytes, bytes]] = list(scope["headers"])
    query: bytes = scope.get("query_string", b"")
    return RecordedRequest(
        method=str(scope["method"]),
        path=str(scope["path"]),
        query=tuple(parse_qsl(query.decode("latin-1"), keep_blank_values=True)),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw},
        body=body,
        at=now,
        number=number,
    )


def _record_status(request: RecordedRequest, send: Send) -> Send:
    async def recording(message: Message) -> None:
        if message["type"] == "http.response.start":
            request.status = int(message["status"])
        await send(message)

    return recording


async def _read_body(receive: Receive) -> bytes:
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        parts.append(bytes(message.get("body", b"")))
        if not message.get("more_body", False):
            return b"".join(parts)


async def _pause(seconds: float) -> None:
    # anyio costs a noticeable part of the import time and most sandboxes never wait.
    from anyio import sleep

    await sleep(seconds)


async def _serve_lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
