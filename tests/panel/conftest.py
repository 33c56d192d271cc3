"""Browser, host page and server for the tests of the panel."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import pytest
from support.panel import browsing
from support.panel.backend import Backend
from support.panel.browsing import Shown

if TYPE_CHECKING:
    from playwright.async_api import Browser

Opening = Callable[..., Awaitable[Shown]]


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of these tests."""
    config.addinivalue_line("markers", "panel: needs node, Chromium and Playwright")


@pytest.fixture(scope="package")
def host_script() -> str:
    """The host page's script."""
    if (lacking := browsing.missing()) is not None:
        pytest.skip(lacking)
    return browsing.build("--host")


@pytest.fixture(scope="package")
async def browser(host_script: str) -> AsyncIterator[Browser]:
    """One browser for all tests; each has its own context."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await browsing.launch(playwright)
        yield browser
        await browser.close()


@pytest.fixture
async def open_host(browser: Browser, host_script: str) -> AsyncIterator[Opening]:
    """Opens the host page on a server: `open_host(width=, backend=, …)`."""
    async with AsyncExitStack() as stack:

        async def opening(
            backend: Backend | None = None,
            *,
            width: int = 1200,
            **context: Any,
        ) -> Shown:
            running = await stack.enter_async_context((backend or Backend()).running())
            made = await browser.new_context(
                viewport={"width": width, "height": 900}, **{"color_scheme": "light", **context}
            )
            stack.push_async_callback(made.close)
            page = await made.new_page()
            page.set_default_timeout(10_000)
            shown = Shown(page, running, host_script)
            await shown.start()
            return shown

        yield opening
