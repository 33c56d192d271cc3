"""The panel as a page: small, sealed off, built from its sources, and accessible."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

import pytest
from support.panel import browsing
from support.panel.browsing import BUILT, ORIGIN, SOURCES, Shown

from hostup_mcp.server import panel

from .conftest import Opening

if TYPE_CHECKING:
    from playwright.async_api import Frame

pytestmark = pytest.mark.panel

MOST_BYTES = 150_000
AXE = SOURCES / "node_modules" / "axe-core" / "axe.min.js"


def test_the_panel_is_small() -> None:
    assert BUILT.stat().st_size <= MOST_BYTES
    assert panel.html() == BUILT.read_text(encoding="utf-8")


def test_the_panel_matches_its_sources() -> None:
    if (lacking := browsing.missing_for_build()) is not None:
        pytest.skip(lacking)
    assert browsing.build("--stdout") == panel.html()


def test_the_policy_allows_only_our_code() -> None:
    html = panel.html()
    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]+)"', html)
    parts = dict(part.split(" ", 1) for part in policy.split("; "))
    assert parts.keys() == {"default-src", "script-src", "style-src", "base-uri", "form-action"}
    assert parts["default-src"] == parts["base-uri"] == parts["form-action"] == "'none'"
    for tag in ("script", "style"):
        (inside,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert parts[f"{tag}-src"] == f"'sha256-{digest}'"
    assert not re.search(r"<(script|link|img|iframe)[^>]*\s(src|href)=", html)


def test_no_source_turns_text_into_markup() -> None:
    forbidden = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|createContextualFragment|DOMParser|"
        r"document\.write|srcdoc|\beval\b|new Function|setHTML|dangerously|https?://(?!www\.w3\.org)"
    )
    sources = [*SOURCES.glob("src/**/*.ts"), *SOURCES.glob("src/**/*.css")]
    assert len(sources) > 10
    for source in sources:
        assert not forbidden.search(source.read_text(encoding="utf-8")), source.name
    script = re.findall(r"<script>(.*?)</script>", panel.html(), re.DOTALL)[0]
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|\beval\(|new Function", script)


@pytest.mark.parametrize("server", ["web-01", "wiki", "archive", "analytics", "legacy-erp"])
@pytest.mark.parametrize("width", [320, 1200])
async def test_nothing_scrolls_sideways(open_host: Opening, server: str, width: int) -> None:
    shown = await open_host(width=width)
    frame = await shown.show(server)
    await frame.click("#show-plan")
    await frame.wait_for_selector(".lost-box")
    assert await frame.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_the_panel_follows_the_hosts_theme(open_host: Opening, theme: str) -> None:
    shown = await open_host(color_scheme="dark" if theme == "light" else "light")
    frame = await shown.show("web-01", theme=theme)
    assert await _is_dark(frame) is (theme == "dark")
    other = "light" if theme == "dark" else "dark"
    await shown.page.evaluate("theme => window.bridge.setHostContext({ theme })", other)
    await frame.wait_for_selector(f"html[data-theme={other}]", state="attached")
    assert await _is_dark(frame) is (other == "dark")


async def test_without_a_host_theme_the_systems_applies(open_host: Opening) -> None:
    shown = await open_host(color_scheme="dark")
    frame = await shown.show("web-01", theme=None)
    assert await _is_dark(frame)


async def test_the_panel_uses_the_hosts_colours(open_host: Opening) -> None:
    shown = await open_host()
    variables = {"--color-background-primary": "rgb(1, 2, 3)"}
    frame = await shown.show("web-01", context={"styles": {"variables": variables}})
    background = "getComputedStyle(document.documentElement).backgroundColor"
    assert await frame.evaluate(background) == "rgb(1, 2, 3)"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("server", ["web-01", "wiki", "archive", "analytics", "staging"])
async def test_form_has_no_axe_violations(open_host: Opening, server: str, theme: str) -> None:
    shown = await open_host(color_scheme=theme)
    frame = await shown.show(server, theme=theme)
    assert await _violations(frame) == []
    if server != "staging":
        await frame.click("#show-plan")
        await frame.wait_for_selector(".lost-box")
        assert await _violations(frame) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
async def test_restore_has_no_axe_violations(open_host: Opening, theme: str) -> None:
    shown = await open_host(width=400, color_scheme=theme)
    frame = await shown.show("web-01", theme=theme)
    await frame.click("#show-plan")
    await frame.fill("#typed", "wrong")
    await frame.click("#confirm")
    assert await _violations(frame) == []
    await frame.fill("#typed", "web-01")
    await frame.click("#confirm")
    await frame.wait_for_selector("[role=progressbar][aria-valuenow]")
    assert await _violations(frame) == []
    await frame.wait_for_selector(".message.good >> text=web-01 is back")
    assert await _violations(frame) == []


async def test_changes_are_announced_to_screen_readers(open_host: Opening) -> None:
    shown = await open_host()
    frame = await shown.show("web-01")
    status = frame.locator("[role=status]")
    assert await status.inner_text() == "You can go back"
    await frame.click("#show-plan")
    await frame.wait_for_selector("#typed")
    assert await status.inner_text() == "The plan is ready."
    await frame.fill("#typed", "web-01")
    await frame.click("#confirm")
    await frame.wait_for_selector(".message.good >> text=web-01 is back")
    assert await status.inner_text() == "web-01 is back"
    assert await frame.locator("main").count() == 1
    assert await frame.locator("h1").count() == 1


async def test_no_network_request_and_no_console_output(
    open_host: Opening,
) -> None:
    shown = await open_host()
    frame = await shown.show("web-01")
    await frame.click("#show-plan")
    await frame.fill("#typed", "web-01")
    await frame.click("#confirm")
    await frame.wait_for_selector(".message.good >> text=web-01 is back")
    assert _from_panel(shown) == []
    assert {request.url.removeprefix(ORIGIN) for request in shown.requests} <= {
        "/",
        "/host.js",
        "/panel.html",
        "/call",
        "/favicon.ico",
    }
    assert shown.console == []


async def test_the_policy_holds_in_the_browser(open_host: Opening) -> None:
    shown = await open_host()
    frame = await shown.show("web-01")
    outcome = await frame.evaluate(
        "fetch('http://host.test/secret').then(() => 'sent', () => 'stopped')"
    )
    assert outcome == "stopped"
    await frame.evaluate(
        """() => {
            const script = document.createElement('script');
            script.textContent = 'window.ran = true';
            document.body.append(script);
        }"""
    )
    assert await frame.evaluate("window.ran") is None
    assert _from_panel(shown) == []


def _from_panel(shown: Shown) -> list[str]:
    main = shown.page.main_frame
    return [
        request.url
        for request in shown.requests
        if request.frame != main and not request.url.startswith(("about:", "data:"))
    ]


async def _is_dark(frame: Frame) -> bool:
    colour = await frame.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    return max(int(part) for part in re.findall(r"\d+", colour)[:3]) < 100


async def _violations(frame: Frame) -> list[str]:
    await frame.evaluate(AXE.read_text(encoding="utf-8"))
    found = await frame.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{each['id']}: {node['html'][:120]} {node['failureSummary'][:300]}"
        for each in found["violations"]
        for node in each["nodes"]
    ]
