"""The doctor names one trouble in one line, and its exit code says whether there is any."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO

import anyio
import pytest
from rich.console import Console

from hostup_mcp.cli.doctor import diagnosis, doctor
from hostup_mcp.config import KEYS_PAGE, Misconfigured, Settings
from hostup_mcp.hostup.http import Http
from hostup_mcp.hostup.problems import (
    BadResponseError,
    ConflictError,
    ConnectionLostError,
    EdgeRefusedError,
    ForbiddenError,
    HostUpError,
    NotFoundError,
    ProblemError,
    RateLimitedError,
    RedirectedError,
    ResponseTooLargeError,
    ServerFaultError,
    TimedOutError,
    UnauthorizedError,
    UnreachableError,
)
from hostup_mcp.hostup.reading import ReadingClient

KEY = "5ecret-key-of-the-doctor"
ADDRESS = "https://wrong.example"


def problem(kind: type[ProblemError], status: int) -> ProblemError:
    return kind("what HostUp said.", status=status)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (problem(UnauthorizedError, 401), ["refuses the key", "401", KEYS_PAGE]),
        (problem(ForbiddenError, 403), ["lacks the scope read:vm", "403", KEYS_PAGE]),
        (EdgeRefusedError("page", status=403), ["in front of HostUp's API", "this network", "403"]),
        (problem(NotFoundError, 404), [ADDRESS, "does not answer like HostUp's API"]),
        (BadResponseError("a web page came", status=200), [ADDRESS, "a web page came"]),
        (RedirectedError("a redirect", status=302), [ADDRESS, "a redirect"]),
        (ResponseTooLargeError("larger than 10 MB", status=200), [ADDRESS, "larger than 10 MB"]),
        (problem(RateLimitedError, 429), ["no more requests", "429"]),
        (UnreachableError("no connection to wrong.example"), ["HOSTUP_BASE_URL", "no connection"]),
        (TimedOutError("not within 20 s"), ["did not give an answer", "not within 20 s"]),
        (ConnectionLostError("the connection broke"), ["did not give an answer", "broke"]),
        (
            problem(ServerFaultError, 503),
            ["cannot answer at the moment", "503", '"what HostUp said."'],
        ),
        (
            problem(ConflictError, 409),
            ["cannot answer at the moment", "409", '"what HostUp said."'],
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, HostUpError) else "",
)
def test_each_trouble_has_its_own_line(error: HostUpError, told: list[str]) -> None:
    line = diagnosis(error, Settings(api_key=KEY, base_url=ADDRESS))
    assert all(part in line for part in told)
    assert "\n" not in line
    assert ".." not in line
    assert KEY not in line


def examined(configuration: Settings | Misconfigured) -> tuple[int, list[str]]:
    out = StringIO()
    console = Console(file=out, soft_wrap=True, highlight=False, markup=False)
    code = doctor(configuration, console)
    assert KEY not in out.getvalue()
    return code, out.getvalue().splitlines()


def test_each_mistake_in_the_configuration_is_a_line() -> None:
    code, lines = examined(Misconfigured(("This is not set.", "That is [wrong].")))
    assert code == 1
    assert lines == ["✗ This is not set.", "✗ That is [wrong]."]


def test_the_sandbox_is_in_order() -> None:
    code, lines = examined(Settings(api_key="", sandbox=True))
    assert code == 0
    assert lines == ["✓ the sandbox account accepts the key and lets it list servers."]


@contextmanager
def far_end(status: int, content_type: str, body: str) -> Iterator[tuple[str, list[str]]]:
    """A web server on this machine that answers everything alike, and what it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            content = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(content)))
            if 300 <= status < 400:
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


SERVERS = json.dumps({"data": [{"id": "vps_1", "name": "app-01"}], "hasMore": True})
PAGE = "<!doctype html><title>Welcome</title>"
REFUSAL = json.dumps({"code": "forbidden", "detail": "Missing scope."})


@pytest.mark.parametrize(
    ("status", "content_type", "body", "exit_code", "told"),
    [
        (200, "application/json", SERVERS, 0, ["accepts the key and lets it list servers"]),
        (200, "application/json", '{"data": []}', 0, ["accepts the key", "has no servers"]),
        (200, "text/html", PAGE, 1, ["does not answer like HostUp's API"]),
        (200, "application/json", "{}", 1, ["does not answer like HostUp's API"]),
        (302, "text/html", "", 1, ["redirect"]),
        (401, "application/json", "{}", 1, ["refuses the key"]),
        (403, "application/json", REFUSAL, 1, ["lacks the scope read:vm"]),
        (403, "text/html", PAGE, 1, ["rejects this network"]),
        (404, "text/html", PAGE, 1, ["does not answer like HostUp's API"]),
        (404, "application/json", "{}", 1, ["does not answer like HostUp's API"]),
        (500, "text/html", PAGE, 1, ["cannot answer at the moment"]),
    ],
)
def test_one_cheap_read_tells_what_is_at_the_address(
    status: int, content_type: str, body: str, exit_code: int, told: list[str]
) -> None:
    with far_end(status, content_type, body) as (address, asked):
        code, lines = examined(Settings(api_key=KEY, base_url=address))
    assert code == exit_code
    assert asked == ["/api/v2/vps?limit=1"]
    assert len(lines) == len(told)
    assert all(part in line for part, line in zip(told, lines, strict=True))
    assert all(line.startswith("✗ " if exit_code else "✓ ") for line in lines)


def test_an_address_where_nobody_listens_is_doubted() -> None:
    async def read(address: str) -> HostUpError:
        # The doctor itself would try for its whole budget.
        client = ReadingClient(Http(address, KEY, budget=0.1))
        try:
            with pytest.raises(HostUpError) as caught:
                await client.list_vps(limit=1)
        finally:
            await client.close()
        return caught.value

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        error = anyio.run(read, address)
    line = diagnosis(error, Settings(api_key=KEY, base_url=address))
    assert line.startswith("No network, or the wrong HOSTUP_BASE_URL: no connection to 127.0.0.1")
