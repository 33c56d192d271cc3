"""Sends requests to HostUp: key, limits, retries. Endpoints are in `reading` and `requests`.

Reads are retried on 429, 502, 503, 504 and broken connections, with jitter and honouring
`Retry-After`, within one time budget. If the next wait does not fit the budget, the error is raised
at once with the seconds to wait. Writes are sent once, each on a new connection: a reused one may
just have been closed by the server, so that nobody can tell whether the write was sent, or may
still hold a response to something else.
"""

from __future__ import annotations

import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias, TypeVar, cast

import anyio
import httpx

from hostup_mcp import __version__
from hostup_mcp.hostup import responses
from hostup_mcp.hostup.address import is_safe_base_url
from hostup_mcp.hostup.base import Model
from hostup_mcp.hostup.budget import Budget
from hostup_mcp.hostup.connection import (
    NOT_CONNECTED,
    Stage,
    close_unless_drained,
    describe_cause,
)
from hostup_mcp.hostup.outgoing import Outgoing, outgoing
from hostup_mcp.hostup.problems import (
    ConnectionLostError,
    HostUpError,
    RateLimitedError,
    ResponseTooLargeError,
    TimedOutError,
    UnreachableError,
)
from hostup_mcp.hostup.redaction import redactor
from hostup_mcp.hostup.requests import WriteRequest
from hostup_mcp.hostup.text import Json

M = TypeVar("M", bound=Model)

MAX_RESPONSE_BYTES = 10_000_000
"""A larger response is rejected while it is read."""

CONNECT_SECONDS = 5.0
MAX_PAUSE_SECONDS = 3600.0
"""The longest that all users of a key wait, whatever HostUp asks for."""

_AGENT = f"hostup-mcp/{__version__}"


@dataclass(frozen=True)
class Response:
    """A successful response whose body is not parsed yet."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Throttle:
    """A rate limit shared by all users of a key.

    `pause` returns the seconds left to wait, `limited` records them.
    """

    pause: Callable[[], Awaitable[float]]
    limited: Callable[[float], Awaitable[None]]


Observer: TypeAlias = Callable[[str, str, float], None]
"""Called after each request with its method, its status or error, and the seconds it took."""

MakeTransport: TypeAlias = Callable[[ssl.SSLContext, httpx.Limits], httpx.AsyncBaseTransport]
"""Makes a transport that trusts the given certificates."""


class Http:
    """A connection to one HostUp account. Close it when done."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        transport: httpx.AsyncBaseTransport | None = None,
        budget: float = 20.0,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        throttle: Throttle | None = None,
        observe: Observer | None = None,
        reads: MakeTransport | None = None,
    ) -> None:
        """`budget` is in seconds, for one request with all its retries.

        `reads` makes a transport for reads over the network; it is not used with a proxy.

        Raises:
            ValueError: the base URL is neither https nor http to a loopback address.
            ClientSetupError: the environment's proxy or certificates cannot be used.
        """
        if not is_safe_base_url(base_url):
            raise ValueError("the base URL must be https, or http to a loopback address")
        self._redact = redactor(api_key)
        self._budget = budget
        self._now = now
        self._sleep = sleep
        self._throttle = throttle
        self._observe = observe or (lambda *_: None)
        self.clock_offset: float | None = None
        """Seconds that HostUp's clock is ahead of this one; None before the first response."""
        self._base_url = base_url.rstrip("/")
        timeout = httpx.Timeout(None, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS)
        self._timeout = timeout.as_dict()
        self._headers = {
            "Authorization": f"Bearer {api_key}",
            "Accept": "application/json",
            # A small compressed response could expand to any size.
            "Accept-Encoding": "identity",
            "Connection": "keep-alive",
            # HostUp's edge rejects some libraries' default user agents.
            "User-Agent": _AGENT,
        }
        # Transports without a client: it would follow redirects, keep cookies and take its time.
        if transport is not None:
            self._reads = self._writes = transport
            return
        # Loading the certificates takes longer than everything else, so it is done once.
        way = outgoing(base_url)
        many = httpx.Limits(max_connections=100, max_keepalive_connections=20)
        is_fast = reads is not None and way.proxy is None
        self._reads = reads(way.verify, many) if reads and is_fast else _transport(way, many)
        self._writes = _transport(way, httpx.Limits(max_keepalive_connections=0))

    async def close(self) -> None:
        """Close the connections."""
        await self._reads.aclose()
        if self._writes is not self._reads:
            await self._writes.aclose()

    async def read(
        self,
        model: type[M],
        path: str,
        params: Mapping[str, str | int] | None = None,
        *,
        scopes: tuple[str, ...] = (),
        budget: Budget | None = None,
    ) -> M:
        """GET `path` and parse the response as `model`; retries included, within `budget`.

        Raises:
            HostUpError: see `problems`.
        """
        if budget is not None and not budget.left:
            error = TimedOutError(_timeout_message(budget))
            error.sent = False
            error.scopes = scopes
            raise error
        allowed = budget or Budget.starting_now(self._budget)

        async def once() -> M:
            request = self._request("GET", path, params=params)
            response = await self._send(self._reads, request, allowed)
            return responses.parse(model, response.status, response.headers, response.body)

        try:
            try:
                return await once()
            except HostUpError as error:
                from hostup_mcp.hostup.retrying import retry  # few sessions need it

                return await retry(once, error, allowed, self._sleep)
        except HostUpError as error:
            error.scopes = scopes
            raise

    async def write(self, request: WriteRequest, write_id: str) -> Response:
        """Send `request` exactly once, on a new connection, with `write_id` in the User-Agent.

        Raises:
            HostUpError: if `outcome_unknown` is true, it may have been carried out.
        """
        # Neither side keeps the connection open afterwards, whatever the pool does.
        more = {"Connection": "close", "User-Agent": f"{_AGENT} (write {write_id})"}
        sent = self._request(request.method, request.path, body=request.body, more=more)
        try:
            return await self._send(self._writes, sent, Budget.starting_now(self._budget))
        except HostUpError as error:
            error.scopes = request.scopes
            raise

    def _request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Json] | None = None,
        more: Mapping[str, str] | None = None,
    ) -> httpx.Request:
        return httpx.Request(
            method,
            f"{self._base_url}{path}",
            params=params,
            json=body,
            headers={**self._headers, **(more or {})},
            extensions={"timeout": self._timeout, "trace": Stage()},
        )

    async def _send(
        self, transport: httpx.AsyncBaseTransport, request: httpx.Request, budget: Budget
    ) -> Response:
        if self._throttle is not None and (left := await self._throttle.pause()) > 0:
            # Another user of this key was told to wait; a request now would prolong that.
            error = RateLimitedError(
                "too many requests with this key", status=429, retry_after=left
            )
            error.sent = False
            raise error
        start, outcome = anyio.current_time(), "failed"
        try:
            response = await self._exchange(transport, request, budget)
            outcome = str(response.status)
            return response
        except HostUpError as error:
            outcome = str(error.status or type(error).__name__)
            if (
                self._throttle is not None
                and isinstance(error, RateLimitedError)
                and error.retry_after
            ):
                await self._throttle.limited(min(error.retry_after, MAX_PAUSE_SECONDS))
            raise
        finally:
            self._observe(request.method, outcome, anyio.current_time() - start)

    async def _exchange(
        self, transport: httpx.AsyncBaseTransport, request: httpx.Request, budget: Budget
    ) -> Response:
        stage: Stage = request.extensions["trace"]
        try:
            with anyio.fail_after(budget.left):
                response = await transport.handle_async_request(request)
                try:
                    content = await _read_bounded(response)
                    await close_unless_drained(response, len(content))
                finally:
                    await response.aclose()
        except TimeoutError:
            if stage.is_connecting:
                raise UnreachableError(f"no connection to {request.url.host}: timed out") from None
            raise TimedOutError(_timeout_message(budget)) from None
        except httpx.TransportError as error:
            cause = describe_cause(error)
            if stage.is_connecting or isinstance(error, NOT_CONNECTED):
                raise UnreachableError(f"no connection to {request.url.host}: {cause}") from None
            raise ConnectionLostError(f"the connection to HostUp broke: {cause}") from None
        # HostUp, or an intermediary, may echo the key in any response.
        content = self._redact(content)
        headers = self._redact_headers(response.headers)
        date = responses.http_date(headers.get("date", ""))
        if date is not None:
            self.clock_offset = (date - self._now()).total_seconds()
        if not response.is_success:
            raise responses.failure(response.status_code, headers, content, self._now())
        await self._record_limit(headers)
        return Response(response.status_code, headers, content)

    def _redact_headers(self, headers: httpx.Headers) -> Mapping[str, str]:
        together = "\n".join(headers.values()).encode()
        if self._redact(together) == together:
            return headers  # the usual case
        return {name: self._redact(value.encode()).decode() for name, value in headers.items()}

    async def _record_limit(self, headers: Mapping[str, str]) -> None:
        """Pause if a success says that it was the last request allowed for now."""
        if self._throttle is None or headers.get("x-ratelimit-remaining", "").strip() != "0":
            return
        wait = responses.retry_after(headers, None, self._now())
        if wait:
            await self._throttle.limited(min(wait, MAX_PAUSE_SECONDS))


def _transport(way: Outgoing, limits: httpx.Limits) -> httpx.AsyncHTTPTransport:
    return httpx.AsyncHTTPTransport(
        verify=way.verify, proxy=way.proxy, limits=limits, trust_env=False
    )


async def _read_bounded(response: httpx.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    # Raw bytes: httpx's own readers decompress before anything can be counted.
    async for part in cast("httpx.AsyncByteStream", response.stream):
        size += len(part)
        if size > MAX_RESPONSE_BYTES:
            raise ResponseTooLargeError(
                f"HostUp's response is larger than {MAX_RESPONSE_BYTES // 1_000_000} MB",
                status=response.status_code,
            )
        parts.append(part)
    return b"".join(parts)


def _timeout_message(budget: Budget) -> str:
    return f"HostUp did not respond within {budget.seconds:g} s"
