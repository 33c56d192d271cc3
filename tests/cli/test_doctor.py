"""`hostup-mcp doctor` prints one line for each problem; its exit code says if there is one."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path

import anyio
import pytest
from rich.console import Console

from hostup_mcp.cli.doctor import diagnosis, doctor
from hostup_mcp.config import Group, Misconfigured, Settings
from hostup_mcp.hostup.address import KEYS_PAGE
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
from hostup_mcp.server.errors.hostup import from_hostup
from hostup_mcp.state.key_file import audit_key_path

KEY = "5ecret-key-of-the-doctor"


def problem(kind: type[ProblemError], status: int) -> ProblemError:
    return kind("what HostUp said.", status=status)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (problem(UnauthorizedError, 401), ["rejected the API key", "401", KEYS_PAGE]),
        (problem(ForbiddenError, 403), ["needs the right scope", "403", KEYS_PAGE]),
        (EdgeRefusedError("page", status=403), ["in front of HostUp's API", "VPN", "403"]),
        (problem(NotFoundError, 404), ["API was not found there", "HOSTUP_BASE_URL"]),
        (BadResponseError("a web page", status=200), ["a web page", "HOSTUP_BASE_URL"]),
        (RedirectedError("a redirect", status=302), ["a redirect", "HOSTUP_BASE_URL"]),
        (ResponseTooLargeError("over 10 MB", status=200), ["over 10 MB", "HOSTUP_BASE_URL"]),
        (problem(RateLimitedError, 429), ["no more requests", "429", "Wait"]),
        (UnreachableError("no connection to a host"), ["HOSTUP_BASE_URL", "no connection"]),
        (TimedOutError("not within 20 s"), ["not within 20 s", "check the network"]),
        (ConnectionLostError("the connection broke"), ["broke", "check the network"]),
        (problem(ServerFaultError, 503), ["API failed", "503", '"what HostUp said."', "later"]),
        (problem(ConflictError, 409), ["409", '"what HostUp said."', "Wait"]),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, HostUpError) else "",
)
def test_each_error_is_one_line(error: HostUpError, expected: list[str]) -> None:
    line = diagnosis(error)
    assert all(part in line for part in expected)
    assert "\n" not in line
    assert ".." not in line


def test_it_says_what_the_tools_say() -> None:
    error = problem(UnauthorizedError, 401)
    assert diagnosis(error).startswith(from_hostup(error).message)


def examined(configuration: Settings | Misconfigured) -> tuple[int, list[str]]:
    out = StringIO()
    console = Console(file=out, soft_wrap=True, highlight=False, markup=False)
    code = doctor(configuration, console)
    assert KEY not in out.getvalue()
    return code, out.getvalue().splitlines()


def test_each_wrong_setting_is_a_line() -> None:
    code, lines = examined(Misconfigured(("This is not set.", "That is [wrong].")))
    assert code == 1
    assert lines == ["✗ This is not set.", "✗ That is [wrong]."]


def test_the_sandbox_passes() -> None:
    code, lines = examined(Settings(api_key="", sandbox=True))
    assert code == 0
    assert lines == ["✓ the sandbox account accepts the key and lets it list servers."]


@contextmanager
def web_server(status: int, content_type: str, body: str) -> Iterator[tuple[str, list[str]]]:
    """A web server on this machine that responds alike to all requests, and the paths requested."""
    requested: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            requested.append(self.path)
            content = body.encode()
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(content)))
            if 300 <= status < 400:
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", requested
        finally:
            server.shutdown()
            thread.join()


SERVERS = json.dumps({"data": [{"id": "vps_1", "name": "app-01"}], "hasMore": True})
PAGE = "<!doctype html><title>Welcome</title>"
REFUSAL = json.dumps({"code": "forbidden", "detail": "Missing scope."})


@pytest.mark.parametrize(
    ("status", "content_type", "body", "exit_code", "expected"),
    [
        (200, "application/json", SERVERS, 0, ["accepts the key and lets it list servers"]),
        (200, "application/json", '{"data": []}', 0, ["accepts the key", "has no servers"]),
        (200, "text/html", PAGE, 1, ["Check HOSTUP_BASE_URL"]),
        (200, "application/json", "{}", 1, ["Check HOSTUP_BASE_URL"]),
        (302, "text/html", "", 1, ["redirect"]),
        (401, "application/json", "{}", 1, ["rejected the API key"]),
        (403, "application/json", REFUSAL, 1, ["needs read:vm"]),
        (403, "text/html", PAGE, 1, ["in front of HostUp's API"]),
        (404, "text/html", PAGE, 1, ["Check HOSTUP_BASE_URL"]),
        (404, "application/json", "{}", 1, ["Check HOSTUP_BASE_URL"]),
        (500, "text/html", PAGE, 1, ["API failed"]),
    ],
)
def test_one_read_finds_the_problem(
    status: int, content_type: str, body: str, exit_code: int, expected: list[str]
) -> None:
    with web_server(status, content_type, body) as (address, requested):
        code, lines = examined(Settings(api_key=KEY, base_url=address))
    assert code == exit_code
    assert requested == ["/api/v2/vps?limit=1"]
    assert len(lines) == len(expected)
    assert all(part in line for part, line in zip(expected, lines, strict=True))
    assert all(line.startswith("✗ " if exit_code else "✓ ") for line in lines)


def test_scopes_for_changes_are_said_not_to_be_checked() -> None:
    with web_server(200, "application/json", SERVERS) as (address, _):
        settings = Settings(api_key=KEY, base_url=address, allow=frozenset({Group.CREATE}))
        code, lines = examined(settings)
    assert code == 0
    assert lines[-1].startswith("- Scopes for changes were not checked")


def test_an_unreachable_address_is_named() -> None:
    async def read(address: str) -> HostUpError:
        # Doctor itself would retry for its whole budget; on a slow machine, less may time out.
        client = ReadingClient(Http(address, KEY, budget=3.0))
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
    assert diagnosis(error).startswith("HostUp cannot be reached: no connection to 127.0.0.1")


# Shapes -------------------------------------------------------------------------------------------


def shapes(settings: Settings) -> tuple[int, str]:
    out = StringIO()
    console = Console(file=out, soft_wrap=True, highlight=False, markup=False)
    return doctor(settings, console, shapes=True), out.getvalue()


def test_shapes_of_the_sandbox_are_expected() -> None:
    code, text = shapes(Settings(api_key="", sandbox=True))
    assert code == 0
    assert "data[].resources.storageGb          number\n" in text
    assert "expected" not in text
    # Names, addresses, notes and ids of the account stay out of it.
    assert not any(value in text for value in ("web-01", "192.0.2", "Before upgrade", "vps_0", KEY))


@contextmanager
def hostup(responses: dict[str, tuple[int, object]]) -> Iterator[Settings]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, document = responses.get(self.path.partition("?")[0], (404, {}))
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield Settings(api_key=KEY, base_url=f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()


def test_costs_are_read_only_where_paid_by_use() -> None:
    servers = [
        {"id": "vps_1", "billing": {"isPayg": False}},
        {"id": "vps_2", "billing": {"isPayg": True}},
        {"id": "vps_3", "billing": None},
    ]
    breakdown = {"estimate": {"currencyCode": "SEK", "estimatedMonthlyAmount": 21.6}}
    costs = "GET /api/v2/vps/{id}/billing-breakdown"
    for listed, shown in ((servers, True), (servers[:1], False), (7, False)):
        responses: dict[str, tuple[int, object]] = {
            "/api/v2/vps": (200, {"data": listed}),
            "/api/v2/vps/vps_2/billing-breakdown": (200, breakdown),
        }
        with hostup(responses) as settings:
            _, text = shapes(settings)
        assert (f"{costs}: 1 of 1 read\n" in text) is shown
        assert (costs in text) is shown
        assert "GET /api/v2/vps/payg/deployments: 0 of 1 read" in text


def test_unusable_certificates_are_no_bug(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "certificates.pem"
    file.write_text("-----BEGIN CERTIFICATE-----\nnone\n-----END CERTIFICATE-----\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(file))
    settings = Settings(api_key=KEY, base_url="https://127.0.0.1:9")
    code, text = shapes(settings)
    [line] = text.splitlines()
    assert code == 1
    assert "The certificates of SSL_CERT_FILE cannot be loaded." in line
    assert "bug" not in line


def test_shapes_name_what_is_odd() -> None:
    vps = {"id": "vps_1", "name": 7, "tags": ["blue"], "resources": {"storageGb": "80"}}
    with hostup(
        {
            "/api/v2/vps": (200, {"data": [vps], "hasMore": False, "nextCursor": None}),
            "/api/v2/vps/vps_1": (200, vps),
            "/api/v2/vps/vps_1/backups": (403, {"detail": "no"}),
        }
    ) as settings:
        code, text = shapes(settings)
    assert code == 1
    rows = [" ".join(line.split()) for line in text.splitlines()]
    assert "data[].resources.storageGb string expected number" in rows
    assert "data[].tags[] string not used by hostup-mcp" in rows
    assert "data[].primaryIp missing" in rows
    assert "GET /api/v2/vps/{id}/backups: 0 of 1 read" in rows
    assert not any(value in text for value in ("blue", "80", "vps_1"))


# The audit log ------------------------------------------------------------------------------------


def test_a_usable_audit_log_is_no_line(tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    assert examined(Settings(api_key="", sandbox=True, audit_log=log))[0] == 0
    assert not log.exists()
    log.write_text("{}\n")
    assert examined(Settings(api_key="", sandbox=True, audit_log=log))[0] == 0
    assert log.read_text() == "{}\n"


def test_an_unusable_audit_log_is_a_line(tmp_path: Path) -> None:
    log = tmp_path / "no" / "audit.jsonl"
    code, (_, line) = examined(Settings(api_key="", sandbox=True, audit_log=log))
    assert code == 1
    assert line == (
        f"✗ The audit log {log} cannot be written (No such file or directory), "
        "so every write will be refused. Make the file and its folder writable."
    )


def test_an_unusable_key_is_a_line(tmp_path: Path) -> None:
    audit_key_path().parent.mkdir(parents=True)
    audit_key_path().write_text("not a key")
    with web_server(200, "application/json", '{"data": []}') as (url, _):
        code, lines = examined(
            Settings(api_key=KEY, base_url=url, audit_log=tmp_path / "audit.jsonl")
        )
    assert code == 1
    assert lines[-1] == (
        f"✗ The key file {audit_key_path()} cannot be used, so lines of the audit log cannot be "
        "verified later. Make its folder writable, or set HOSTUP_MCP_SECRET."
    )
