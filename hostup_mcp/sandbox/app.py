"""From an ASGI request to an answer: recording, faults, authentication, limits, routing."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl

from starlette.types import Message, Receive, Scope, Send

from .access import Key, authenticate, require
from .answers import Answer
from .calls import Call
from .faults import Fault
from .problems import Circumstances, ProblemError, default_code, render
from .rates import limit_headers
from .recording import RecordedRequest
from .routes import Route, routes
from .sending import cut, send_answer, send_huge, spoiled, stand_in
from .world import World

AsgiApp = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class App:
    """The ASGI application over one world."""

    world: World

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or the server's start and stop."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            request = _recorded(scope, await _body(receive))
            self.world.requests.append(request)
            fault = self.world.faults.take(request.method, request.path)
            await _serve(self.world, request, fault, _noting(request, send))


async def _serve(world: World, request: RecordedRequest, fault: Fault | None, send: Send) -> None:
    if fault is None:
        await send_answer(send, _answer(world, request))
        return
    if fault.kind == "slow":
        await _pause(fault.seconds)
    if fault.kind == "huge":
        await send_huge(send, fault)
    elif fault.kind == "drop_before":
        await cut(send)
    elif fault.kind == "status":
        await send_answer(send, _refusal(world, request, fault, 503))
    else:
        await send_answer(send, stand_in(fault) or await _after(world, request, fault, send))


async def _after(world: World, request: RecordedRequest, fault: Fault, send: Send) -> Answer:
    failure = fault.detail if fault.kind == "fail_job" else None
    answer = _answer(world, request, failure)
    if fault.kind == "drop_after":
        await cut(send)
    if fault.kind == "slow_after":
        await _pause(fault.seconds)
    if fault.kind == "error_after":
        return _refusal(world, request, fault, 502)
    return spoiled(fault, answer)


def _answer(world: World, request: RecordedRequest, job_failure: str | None = None) -> Answer:
    """What the account says to a request that reached it."""
    world.settle()
    limits: dict[str, str] = {}
    try:
        token, key = authenticate(request.headers, world.keys)
        if world.rates is not None:
            limits = world.rates.spend(token, world.clock.now())
        answer = _handle(world, request, key, job_failure)
    except ProblemError as problem:
        if problem.status == 429:
            problem.code = world.readings.rate_limit_code
        answer = render(problem, _circumstances(world, request))
    if world.readings.rate_headers == "always" and answer.status != 429:
        answer = Answer(answer.status, answer.body, (*answer.headers, *limits.items()))
    return answer


def _handle(world: World, request: RecordedRequest, key: Key, job_failure: str | None) -> Answer:
    route, params = _find(world, request)
    require(key, route.scopes, world.readings.missing_scope_code)
    call = Call(
        request=request,
        params=params,
        key=key,
        state=world.state,
        readings=world.readings,
        now=world.clock.now(),
        request_id=world.state.new_id("req"),
        job_failure=job_failure,
    )
    world.state.settle(call.now)
    return route.handler(call)


def _find(world: World, request: RecordedRequest) -> tuple[Route, dict[str, str]]:
    others: list[str] = []
    for route in routes(world.readings):
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


def _refusal(world: World, request: RecordedRequest, fault: Fault, status: int) -> Answer:
    status = fault.status or status
    headers = fault.headers
    if headers is None and status == 429:
        reset = world.clock.now() + timedelta(seconds=1)
        headers = {"Retry-After": "1", **limit_headers(60, 0, reset)}
    code = fault.code or default_code(status)
    problem = ProblemError(status, code, fault.detail, headers=headers)
    return render(problem, _circumstances(world, request))


def _circumstances(world: World, request: RecordedRequest) -> Circumstances:
    request_id = world.state.new_id("req")
    return Circumstances(request.path, request_id, world.clock.now(), world.readings)


def _recorded(scope: Scope, body: bytes) -> RecordedRequest:
    raw: list[tuple[bytes, bytes]] = list(scope["headers"])
    query: bytes = scope.get("query_string", b"")
    return RecordedRequest(
        method=str(scope["method"]),
        path=str(scope["path"]),
        query=tuple(parse_qsl(query.decode("latin-1"), keep_blank_values=True)),
        headers={name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw},
        body=body,
    )


def _noting(request: RecordedRequest, send: Send) -> Send:
    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start":
            request.status = int(message["status"])
        await send(message)

    return noting


async def _body(receive: Receive) -> bytes:
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


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
