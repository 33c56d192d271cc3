"""A stdio session, from the first line that the opening stored to the end of the process.

It differs from the SDK's own in four ways. A leading `server/discover` does not decide the
protocol revision, because a client that got no response in time continues with `initialize` on
the same process. A line that is not a message gets an error. A request is refused while too many
others have no response. And the session ends in time, with clean-up, whatever a tool is doing.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import TypeAlias, TypeVar

import anyio
import anyio.to_thread
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream
from mcp.server import MCPServer
from mcp.server.lowlevel import Server
from mcp.server.runner import serve_dual_era_loop
from mcp.shared.message import ServerMessageMetadata, SessionMessage
from mcp_types import (
    INTERNAL_ERROR,
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCMessage,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
    RequestId,
    jsonrpc_message_adapter,
)
from pydantic import ValidationError
from pydantic_core import from_json

from hostup_mcp.server.protocol import INVALID_ID, has_invalid_id
from hostup_mcp.stdio.opening import MAX_LINE, Opening, open_stdio
from hostup_mcp.stdio.requests import BUSY, MAX_REFUSED, OpenRequests

State = TypeVar("State")
Inbox: TypeAlias = MemoryObjectSendStream[SessionMessage | Exception]
Outbox: TypeAlias = MemoryObjectSendStream[SessionMessage]
Refusal: TypeAlias = tuple[RequestId | None, ErrorData]
Write: TypeAlias = Callable[[bytes], Awaitable[None]]

SETTLE_SECONDS = 0.8
"""How long a write that was sent may wait for HostUp's response after the end of a session.

Clients wait two seconds before they kill the process.
"""

RESPOND_SECONDS = 0.6
"""How long requests from before the end of a session may still run; then they are cancelled."""

CLEAN_UP_AFTER_SECONDS = 0.9
"""When the clean-up starts after the end of a session, whatever a call is doing."""

_LONG_ID = 1_000
_REFUSALS_AT_ONCE = 100


async def _nothing_to_settle(seconds: float) -> None:
    del seconds


def serve_stdio(
    server: MCPServer[State],
    opening: Opening | None = None,
    settle: Callable[[float], Awaitable[None]] = _nothing_to_settle,
) -> int:
    """Serve until the client leaves, SIGINT or SIGTERM; return the exit code of the process.

    Without an `opening` it takes over standard input and output now, with nothing prepared.
    `settle` finishes the writes that are in progress, within the seconds that it is given. The
    process should then exit; `opening.EXIT_AFTER_SECONDS` later it is ended, with code 0.
    """
    asyncio.run(_serve(lowlevel(server), opening or open_stdio(None), settle))
    return 0


def lowlevel(server: MCPServer[State]) -> Server[State]:
    """Return the low-level server inside `server`: the SDK's loop needs it."""
    return server._lowlevel_server  # noqa: SLF001


async def _serve(
    server: Server[State], opening: Opening, settle: Callable[[float], Awaitable[None]]
) -> None:
    loop = asyncio.get_running_loop()
    arrived, settled, over = asyncio.Event(), asyncio.Event(), asyncio.Event()
    ending: list[asyncio.Task[None]] = []

    async def end() -> None:
        await settle(SETTLE_SECONDS)
        settled.set()
        await asyncio.sleep(CLEAN_UP_AFTER_SECONDS)
        over.set()

    def look() -> None:
        arrived.set()
        if opening.ended and not ending:
            ending.append(loop.create_task(end()))

    def wake() -> None:
        with suppress(RuntimeError):  # the loop is closed: the end has been seen
            loop.call_soon_threadsafe(look)

    opening.listen(wake)
    async with server.lifespan(server) as state:
        session = asyncio.create_task(_session(server, opening, arrived, settled, state))
        session.add_done_callback(lambda _: over.set())
        await over.wait()
        if not opening.ended:
            opening.stop()  # the session has failed; a client would wait for it forever
        await settled.wait()
    if not session.done():
        os._exit(0)  # a call holds a thread or ignores its cancellation
    session.result()


async def _session(
    server: Server[State],
    opening: Opening,
    arrived: asyncio.Event,
    settled: asyncio.Event,
    state: State,
) -> None:
    inbox, received = anyio.create_memory_object_stream[SessionMessage | Exception]()
    outbox, to_send = anyio.create_memory_object_stream[SessionMessage]()
    refusals, refused = anyio.create_memory_object_stream[Refusal](MAX_REFUSED)
    requests, write = OpenRequests(), _writer(opening)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(_send, opening, write, to_send, requests)
        tasks.start_soon(_send_refusals, write, refused)
        lines = _lines(opening, arrived)
        tasks.start_soon(
            _receive, server, lines, settled, state, inbox, outbox.clone(), refusals, requests
        )
        await serve_messages(server, received, outbox, state)


async def serve_messages(
    server: Server[State],
    received: MemoryObjectReceiveStream[SessionMessage | Exception],
    outbox: Outbox,
    state: State,
) -> None:
    """Serve with the SDK's own loop until no more messages are received."""
    options = server.create_initialization_options()
    await serve_dual_era_loop(server, received, outbox, lifespan_state=state, init_options=options)


async def _receive(
    server: Server[State],
    lines: AsyncIterator[bytes],
    settled: asyncio.Event,
    state: State,
    inbox: Inbox,
    outbox: Outbox,
    refusals: MemoryObjectSendStream[Refusal],
    requests: OpenRequests,
) -> None:
    leading = True
    async with inbox, outbox, refusals:
        async for line in lines:
            message = parse(line)
            if isinstance(message, ErrorData):
                await _refuse(_id_in(line), message, refusals, outbox)
            elif not isinstance(message, JSONRPCRequest):
                await inbox.send(SessionMessage(message))
            elif leading and message.method == "server/discover":
                await respond_alone(server, message, state, outbox)
            elif requests.accept(message.id, len(line)):
                leading = False
                await inbox.send(SessionMessage(message, _metadata(message.id, requests)))
            else:
                await _refuse(message.id, BUSY, refusals, outbox)
        await settled.wait()
        with anyio.move_on_after(RESPOND_SECONDS):
            await requests.none_left.wait()


def _metadata(id_: RequestId, requests: OpenRequests) -> ServerMessageMetadata:
    async def settle() -> None:
        requests.settle(id_)

    return ServerMessageMetadata(on_request_unanswered=settle)


async def _refuse(
    id_: RequestId | None,
    error: ErrorData,
    refusals: MemoryObjectSendStream[Refusal],
    outbox: Outbox,
) -> None:
    """Queue an error, so that a client that does not read it can still send other messages."""
    if isinstance(id_, str) and len(id_) > _LONG_ID:
        await outbox.send(_error(id_, error))  # the queue is bounded by number, not by size
    else:
        await refusals.send((id_, error))


async def _lines(opening: Opening, arrived: asyncio.Event) -> AsyncIterator[bytes]:
    while True:
        arrived.clear()
        ended = opening.ended
        while (line := opening.take()) is not None:
            yield line
        if ended:
            return
        await arrived.wait()


def _writer(opening: Opening) -> Write:
    # Not the default limiter: calls that hold all of its threads must not block the responses too.
    own_thread = anyio.CapacityLimiter(1)

    async def write(data: bytes) -> None:
        try:
            await anyio.to_thread.run_sync(opening.write, data, limiter=own_thread)
        except OSError:
            opening.stop()

    return write


async def _send(
    opening: Opening,
    write: Write,
    messages: MemoryObjectReceiveStream[SessionMessage],
    requests: OpenRequests,
) -> None:
    async with messages:
        async for item in messages:
            message = item.message
            if isinstance(message, JSONRPCResponse | JSONRPCError):
                # A client that has read it may send its next request before the write returns.
                requests.settle(message.id)
            if not (isinstance(message, JSONRPCResponse) and opening.was_answered(message.id)):
                await write(_wire_form(message))


async def _send_refusals(write: Write, refused: MemoryObjectReceiveStream[Refusal]) -> None:
    async with refused:
        async for first in refused:
            batch = [first]
            with suppress(anyio.WouldBlock, anyio.EndOfStream):
                while len(batch) < _REFUSALS_AT_ONCE:
                    batch.append(refused.receive_nowait())
            await write(b"".join(_wire_form(_error(*each).message) for each in batch))


async def respond_alone(
    server: Server[State], request: JSONRPCRequest, state: State, outbox: Outbox
) -> None:
    """Respond to `request` as if it were the only one, on a connection of its own."""
    inbox, received = anyio.create_memory_object_stream[SessionMessage | Exception](1)
    own_outbox, sent = anyio.create_memory_object_stream[SessionMessage]()
    async with anyio.create_task_group() as tasks, sent:
        tasks.start_soon(serve_messages, server, received, own_outbox, state)
        async with inbox:
            await inbox.send(SessionMessage(request))
            async for item in sent:
                await outbox.send(item)
                if isinstance(item.message, JSONRPCResponse | JSONRPCError):
                    break


def parse(line: bytes) -> JSONRPCMessage | ErrorData:
    """Return the message in `line`, or what is wrong with it."""
    if len(line) > MAX_LINE:
        return ErrorData(code=INVALID_REQUEST, message=f"Message longer than {MAX_LINE} bytes")
    try:
        message = jsonrpc_message_adapter.validate_json(line, by_name=False)
        if isinstance(message, JSONRPCNotification) and has_invalid_id(from_json(line)):
            return INVALID_ID
        return message
    except ValidationError as failure:
        if failure.errors(include_url=False, include_input=False)[0]["type"] == "json_invalid":
            return ErrorData(code=PARSE_ERROR, message="Parse error")
        return ErrorData(code=INVALID_REQUEST, message="Not a JSON-RPC 2.0 message")


def _id_in(line: bytes) -> RequestId | None:
    """Return the id of an invalid request, so that its client is not left waiting."""
    if len(line) <= MAX_LINE:
        # The standard library's parser also accepts strings with half a surrogate pair.
        with suppress(ValueError, RecursionError):
            match json.loads(line):
                case {"method": _, "id": bool()}:
                    return None
                case {"method": _, "id": int() | str() as id_}:
                    str(id_).encode()
                    return id_
                case _:
                    return None
    return None


def _error(to: RequestId | None, error: ErrorData) -> SessionMessage:
    return SessionMessage(JSONRPCError(jsonrpc="2.0", id=to, error=error))


def _wire_form(message: JSONRPCMessage) -> bytes:
    try:
        text = message.model_dump_json(by_alias=True, exclude_unset=True)
    except ValueError:  # a string with half a surrogate pair, which UTF-8 cannot encode
        if not isinstance(message, JSONRPCResponse):
            return b""
        failure = ErrorData(code=INTERNAL_ERROR, message="The result is not valid Unicode")
        text = _error(message.id, failure).message.model_dump_json(exclude_unset=True)
    return text.encode() + b"\n"
