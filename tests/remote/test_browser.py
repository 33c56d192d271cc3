"""A page of another origin in a real browser: it can call the server if its origin is allowed."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.account import AppServer
from support.panel.browsing import chromium
from support.waiting import wait_until

from .test_paths import INITIALIZE
from .wiring import ServerThread, threads, token_file

pytestmark = pytest.mark.skipif(chromium() is None, reason="apt-get install chromium")

PAGE = """<!doctype html><script>
const call = async (method, path, headers, body) => {
  try {
    const sent = {method, headers, body: body && JSON.stringify(body)};
    const response = await fetch(BASE + path, sent);
    await (method === "GET" ? response.body.cancel() : response.text());
    const seen = ["mcp-session-id", "www-authenticate", "retry-after", "content-type"];
    return {status: response.status, headers: Object.fromEntries(
      seen.map(name => [name, response.headers.get(name)]))};
  } catch (error) { return {error: error.name}; }
};
(async () => {
  const accept = {"Accept": "application/json, text/event-stream",
                  "Content-Type": "application/json", "MCP-Protocol-Version": "2025-11-25"};
  const authorized = {...accept, "Authorization": "Bearer " + TOKEN};
  const results = [await call("POST", "/mcp", accept, INITIALIZE)];
  results.push(await call("POST", "/mcp/", authorized, INITIALIZE));
  const session = {...authorized,
                   "Mcp-Session-Id": results[1].headers?.["mcp-session-id"] ?? "none"};
  results.push(await call("GET", "/mcp", session));
  results.push(await call("DELETE", "/mcp", session));
  await fetch("/results", {method: "POST", body: JSON.stringify(results)});
})();
</script>"""


class PageServer(AppServer):
    """Serves the page, and keeps what it reports."""

    def __init__(self) -> None:
        self.page = ""
        self.results: list[dict[str, Any]] = []
        super().__init__(self._serve)

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        if scope["path"] == "/results":
            self.results = json.loads(body)
        headers = [(b"content-type", b"text/html")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self.page.encode()})


@pytest.fixture
def pages() -> Iterator[PageServer]:
    server = PageServer()
    yield server
    server.close()


def shown_in_browser(
    pages: PageServer, server: ServerThread, token: str, folder: Path
) -> list[dict[str, Any]]:
    """What the page could do with the server."""
    given = {"BASE": server.base, "TOKEN": token, "INITIALIZE": INITIALIZE}
    constants = "".join(f"const {name} = {json.dumps(value)};" for name, value in given.items())
    pages.page = PAGE.replace("<script>", f"<script>{constants}")
    browser = subprocess.Popen(
        [
            *(chromium() or "", "--headless=new", "--no-sandbox", "--disable-gpu"),
            *("--disable-dev-shm-usage", "--no-first-run", "--no-proxy-server"),
            *(f"--user-data-dir={folder / 'profile'}", pages.url),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: bool(pages.results), "the page reports")
    finally:
        browser.terminate()
        browser.wait(20)
    return pages.results


def test_a_page_of_an_allowed_origin(pages: PageServer, tmp_path: Path) -> None:
    path, tokens = token_file(tmp_path, "web-team")
    env = {
        "HOSTUP_SANDBOX": "1",
        "HOSTUP_MCP_TOKENS": str(path),
        "HOSTUP_MCP_ALLOWED_ORIGINS": pages.url,
    }
    with threads(env) as [server]:
        results = shown_in_browser(pages, server, tokens["web-team"], tmp_path)
    statuses = [result.get("status") for result in results]
    # A browser may send DELETE once more on a new connection: the session is gone by then.
    assert statuses in ([401, 200, 200, 200], [401, 200, 200, 404]), results
    assert "invalid_token" in results[0]["headers"]["www-authenticate"]
    assert results[1]["headers"]["mcp-session-id"]
    assert results[2]["headers"]["content-type"].startswith("text/event-stream")


def test_a_page_of_another_origin(pages: PageServer, tmp_path: Path) -> None:
    """Not even of the same machine: any program on it may serve pages."""
    path, tokens = token_file(tmp_path, "web-team")
    env = {
        "HOSTUP_SANDBOX": "1",
        "HOSTUP_MCP_TOKENS": str(path),
        "HOSTUP_MCP_ALLOWED_ORIGINS": "https://app.example.net",
    }
    with threads(env) as [server]:
        results = shown_in_browser(pages, server, tokens["web-team"], tmp_path)
    assert results == [{"error": "TypeError"}] * 4
