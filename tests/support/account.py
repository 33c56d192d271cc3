"""A sandbox account behind an address."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import uvicorn

from hostup_mcp.sandbox import SANDBOX_API_KEY, ManualClock, Sandbox

from .waiting import PATIENCE, wait_until


class AppServer:
    """An ASGI application on a port of the loopback, in a thread."""

    def __init__(self, app: Any, *, dated: bool = True) -> None:
        """`dated` is whether responses have a `Date` by this machine's clock."""
        config = uvicorn.Config(
            app,
            port=0,
            log_level="critical",
            ws="none",
            interface="asgi3",
            lifespan="off",
            date_header=dated,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        wait_until(lambda: self._server.started, "the application is served")
        port = self._server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"

    def close(self) -> None:
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the server's loop does not end"


def fresh_account(**others: Any) -> Sandbox:
    """The demo account as of now, on a clock that only the test moves."""
    return Sandbox(**{"clock": ManualClock(datetime.now(UTC)), "rate_limit": None, **others})


class Upstream(AppServer):
    """HostUp's address: a sandbox account that the test can replace."""

    def __init__(self, *, dated: bool = True) -> None:
        """`dated` is whether responses have a `Date`, by the account's clock."""
        self.sandbox = fresh_account()
        self.dated = dated
        super().__init__(self._serve, dated=False)
        self.variables = {"HOSTUP_BASE_URL": self.url, "HOSTUP_API_KEY": SANDBOX_API_KEY}
        """The environment of a product that uses this account."""

    async def _serve(self, scope: Any, receive: Any, send: Any) -> None:
        async def send_dated(message: Any) -> None:
            """Send with the time of the account's own clock, unless it gives one itself."""
            if message["type"] == "http.response.start" and self.dated:
                headers = list(message["headers"])
                if all(name.lower() != b"date" for name, _ in headers):
                    now = format_datetime(self.sandbox.clock.now(), usegmt=True)
                    headers.append((b"date", now.encode()))
                message = {**message, "headers": headers}
            await send(message)

        await self.sandbox.app(scope, receive, send_dated)
