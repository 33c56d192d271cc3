"""An httpx transport into the sandbox, in process, that fails as a network would."""

from collections.abc import Mapping
from typing import cast

import httpx
from anyio import fail_after

from .app import AsgiApp
from .faults import ConnectionDroppedError


class SandboxTransport(httpx.AsyncBaseTransport):
    """`httpx.ASGITransport` with read timeouts and dropped connections.

    A dropped connection raises `httpx.RemoteProtocolError`, a response later than the request's
    read timeout `httpx.ReadTimeout`, as with a real socket.
    """

    def __init__(self, app: AsgiApp) -> None:
        self._inner = httpx.ASGITransport(app=app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request into the sandbox."""
        try:
            with fail_after(_read_timeout(request)):
                return await self._inner.handle_async_request(request)
        except TimeoutError as error:
            raise httpx.ReadTimeout("the sandbox was too slow", request=request) from error
        except ConnectionDroppedError as error:
            raise httpx.RemoteProtocolError(str(error), request=request) from error


def _read_timeout(request: httpx.Request) -> float | None:
    timeouts = cast("Mapping[str, float | None]", request.extensions.get("timeout", {}))
    return timeouts.get("read")
