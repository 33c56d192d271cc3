"""Sending answers over ASGI, whole or as a fault spoils them."""

from dataclasses import replace

from starlette.types import Send

from .answers import Answer
from .faults import ConnectionDroppedError, Fault

_CHUNK = 64 * 1024
_GARBLE = b'\x00\xff\xfe{"operation": <<<'
_PAGE = b"<!DOCTYPE html><html><body><h1>Request blocked</h1></body></html>"
_DEFAULT_STATUS = {"html": 403, "redirect": 302}


async def send_answer(send: Send, answer: Answer) -> None:
    """Send a whole answer."""
    headers = list(answer.headers)
    if answer.status not in {204, 304}:
        headers.append(("Content-Length", str(len(answer.body))))
    await _start(send, answer.status, headers)
    await send({"type": "http.response.body", "body": answer.body})


async def send_huge(send: Send, fault: Fault) -> None:
    """Stream a JSON string of at least `fault.size` bytes, without announcing its length."""
    await _start(send, fault.status or 200, [("Content-Type", "application/json")])
    await send({"type": "http.response.body", "body": b'{"data":"', "more_body": True})
    for _ in range(-(-fault.size // _CHUNK)):
        await send({"type": "http.response.body", "body": b"x" * _CHUNK, "more_body": True})
    await send({"type": "http.response.body", "body": b'"}'})


async def cut(send: Send) -> None:
    """Promise a body, then raise: see `faults` for what the peer notices."""
    await _start(send, 200, [("Content-Type", "application/json"), ("Content-Length", "4096")])
    raise ConnectionDroppedError("the sandbox cut the connection")


def stand_in(fault: Fault) -> Answer | None:
    """The answer that a fault gives instead of the account; None for other kinds."""
    extra = tuple((fault.headers or {}).items())
    status = fault.status or _DEFAULT_STATUS.get(fault.kind, 200)
    if fault.kind == "html":
        return Answer(status, _PAGE, (("Content-Type", "text/html; charset=utf-8"), *extra))
    if fault.kind == "empty":
        return Answer(status, b"", extra)
    if fault.kind == "not_json":
        return Answer(status, b"OK: see the panel", (("Content-Type", "application/json"), *extra))
    if fault.kind == "redirect":
        return Answer(status, b"", (("Location", fault.location), *extra))
    return None


def spoiled(fault: Fault, answer: Answer) -> Answer:
    """The account's answer after a fault went over it."""
    if fault.kind == "truncated":
        return replace(answer, body=answer.body[: len(answer.body) // 2])
    if fault.kind == "garble_after":
        status = fault.status or (200 if answer.status == 204 else answer.status)
        return Answer(status, _GARBLE, (("Content-Type", "application/json"),))
    return answer


async def _start(send: Send, status: int, headers: list[tuple[str, str]]) -> None:
    encoded = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": status, "headers": encoded})
