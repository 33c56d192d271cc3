"""A browser with the host page in it, and what is needed to know whether that can be had."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .backend import Backend

if TYPE_CHECKING:
    from playwright.async_api import Browser, ConsoleMessage, Frame, Page, Request, Route

SOURCES = Path(__file__).parents[3] / "panel"
BUILT = Path(__file__).parents[3] / "hostup_mcp" / "server" / "panel" / "recovery.html"
ORIGIN = "http://host.test"

CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def chromium() -> str | None:
    """The browser's path."""
    return shutil.which("chromium") or shutil.which("chromium-browser")


def missing() -> str | None:
    """What is missing to run these tests, with the way to get it; None if nothing is."""
    try:
        import playwright  # noqa: F401
    except ImportError:
        return "the Python package playwright is missing: run panel/setup.sh"
    if chromium() is None:
        return "chromium is missing: apt-get install chromium"
    if missing_for_build() is not None:
        return missing_for_build()
    return None


def missing_for_build() -> str | None:
    """What is missing to build the panel."""
    if shutil.which("node") is None:
        return "node is missing"
    if not (SOURCES / "node_modules" / "esbuild").is_dir():
        return "panel/node_modules is missing: run panel/setup.sh (npm ci)"
    return None


def build(*options: str) -> str:
    """What `panel/build.mjs` makes."""
    done = subprocess.run(
        ["node", "build.mjs", *options],
        cwd=SOURCES,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return done.stdout


class Shown:
    """A page with the panel in it, and everything that it did."""

    def __init__(self, page: Page, backend: Backend, host_script: str) -> None:
        self.page = page
        self.backend = backend
        self.requests: list[Request] = []
        self.console: list[str] = []
        self.dialogs: list[str] = []
        self._host_script = host_script

    async def start(self) -> None:
        """Load the host page. Nothing reaches a network: every request ends here."""
        self.page.on("request", lambda request: self.requests.append(request))
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.console.append(str(error)))
        self.page.on("dialog", self._dismiss)
        await self.page.route("**/*", self._serve)
        await self.page.goto(f"{ORIGIN}/")
        await self.page.wait_for_function("typeof window.show === 'function'")

    async def show(
        self, server: str, tool: str = "list_vps_backups", wait: str = "h1", **options: Any
    ) -> Frame:
        """Show the panel for `server`; the frame that it lives in."""
        args = {"id": self.backend.vps_id(server), **options.pop("args", {})}
        await self.page.evaluate(
            "options => window.show(options)", {"tool": tool, "args": args, **options}
        )
        frame = self.frame
        await frame.wait_for_selector("main[aria-busy=false]")
        await frame.wait_for_selector(wait)
        return frame

    @property
    def frame(self) -> Frame:
        """The panel's frame."""
        return self.page.frames[-1]

    async def calls(self, *names: str) -> list[dict[str, Any]]:
        """What the panel called through the host; only `names`, where given."""
        calls: list[dict[str, Any]] = await self.page.evaluate("window.calls")
        return [call for call in calls if not names or call["name"] in names]

    async def trouble(self, tool: str, kind: str) -> None:
        """Let the host refuse, break or lose calls of `tool`."""
        await self.page.evaluate("([tool, kind]) => { trouble[tool] = kind }", [tool, kind])

    async def _serve(self, route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN)
        match path:
            case "/":
                html = (SOURCES / "host" / "host.html").read_text(encoding="utf-8")
                await route.fulfill(body=html, content_type="text/html; charset=utf-8")
            case "/host.js":
                await route.fulfill(body=self._host_script, content_type="text/javascript")
            case "/panel.html":
                await route.fulfill(
                    body=await self.backend.panel(), content_type="text/plain; charset=utf-8"
                )
            case "/call":
                asked = json.loads(route.request.post_data or "{}")
                answer = await self.backend.call(asked["name"], asked["arguments"])
                await route.fulfill(json=answer)
            case _:
                await route.abort()

    def _note(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.console.append(message.text)

    async def _dismiss(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        await dialog.dismiss()


async def until(condition: Any, seconds: float = 5.0) -> None:
    """Wait until `condition()` holds."""
    for _ in range(int(seconds / 0.05)):
        if condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come to that in time")


async def launch(playwright: Any) -> Browser:
    """Chromium with nothing that would talk to a network by itself."""
    browser: Browser = await playwright.chromium.launch(
        executable_path=chromium(), args=CHROMIUM_ARGS
    )
    return browser
