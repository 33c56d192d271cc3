"""Sends responses over ASGI, whole or altered by a fault."""

from dataclasses import replace

from starlette.types import Send

from .faults import ConnectionDroppedError, Fault
from .responses import Response, json_response

_CHUNK = 64 * 1024
_UNREADABLE = b'\x00\xff\xfe{"operation": <<<'
_PAGE = b"<!DOCTYPE html><html><body><h1>Request blocked</h1></body></html>"
_DEFAULT_STATUS = {"html": 403, "redirect": 302}


async def send_response(send: Send, response: Response) -> None:
    """Send a whole response."""
    headers = list(response.headers)
    if response.status not in {204, 304}:
        headers.append(("Content-Length", str(len(response.body))))
    await _start(send, response.status, headers)
    await send({"type": "http.response.body", "body": response.body})


async def send_huge(send: Send, fault: Fault) -> None:
    """Stream a JSON string of at least `fault.size` bytes, without announcing its length."""
    await _start(send, fault.status or 200, [("Content-Type", "application/json")])
    await send({"type": "http.response.body", "body": b'{"data":"', "more_body": True})
    for _ in range(-(-fault.size // _CHUNK)):
        await send({"type": "http.response.body", "body": b"x" * _CHUNK, "more_body": True})
    await send({"type": "http.response.body", "body": b'"}'})


async def drop_connection(send: Send) -> None:
    """Announce a body, then raise; `faults` says what the client sees."""
    await _start(send, 200, [("Content-Type", "application/json"), ("Content-Length", "4096")])
    raise ConnectionDroppedError("the sandbox dropped the connection")


def replacement(fault: Fault) -> Response | None:
    """Return the response of a fault that never reaches the account; None for other kinds."""
    extra = tuple((fault.headers or {}).items())
    status = fault.status or _DEFAULT_STATUS.get(fault.kind, 200)
    if fault.kind == "html":
        return Response(status, _PAGE, (("Content-Type", "text/html; charset=utf-8"), *extra))
    if fault.kind == "empty":
        return Response(status, b"", extra)
    if fault.kind == "json":
        return json_response(status, fault.content, fault.headers)
    if fault.kind == "not_json":
        return Response(
            status, b"OK: see the panel", (("Content-Type", "application/json"), *extra)
        )
    if fault.kind == "redirect":
        return Response(status, b"", (("Location", fault.location), *extra))
    return None


def apply_fault(fault: Fault, response: Response) -> Response:
    """Return the account's response as the fault alters it."""
    if fault.kind == "truncated":
        return replace(response, body=response.body[: len(response.body) // 2])
    if fault.kind == "garble_after":
        status = fault.status or (200 if response.status == 204 else response.status)
        return Response(status, _UNREADABLE, (("Content-Type", "application/json"),))
    return response


async def _start(send: Send, status: int, headers: list[tuple[str, str]]) -> None:
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
