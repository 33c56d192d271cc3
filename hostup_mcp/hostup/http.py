"""Requests to HostUp: the key, the limits, the retries. Endpoints are in `client`.

Reads are tried again on 429, 502, 503, 504 and broken connections, with jitter and as
`Retry-After` asks, inside one budget of time for the whole call. When the next wait would not
fit, the failure is raised at once and carries the seconds to wait. Writes are sent once.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias, TypeVar, cast

import anyio
import httpx
from pydantic_core import from_json, to_json
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_before_delay,
    wait_random_exponential,
)

from hostup_mcp import __version__
from hostup_mcp.hostup import answers
from hostup_mcp.hostup.address import is_safe_base_url
from hostup_mcp.hostup.models import Model
from hostup_mcp.hostup.problems import (
    ConnectionLost,
    HostUpError,
    Problem,
    RateLimited,
    TimedOut,
    TooLarge,
    Unreachable,
)
from hostup_mcp.hostup.text import Json

M = TypeVar("M", bound=Model)

LARGEST_ANSWER = 10_000_000
"""Bytes of one answer that are read before it is refused."""

CONNECT_SECONDS = 5.0
LONGEST_PAUSE = 3600.0
"""Seconds that all users of a key hold back at the most, whatever was asked for."""

RETRIED_STATUSES = frozenset({429, 502, 503, 504})

_backoff = wait_random_exponential(multiplier=0.25, max=4)
_jitter = wait_random_exponential(multiplier=0.1, max=0.5)


@dataclass(frozen=True)
class Answer:
    """A success: its status, and its body unread."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Throttle:
    """What all users of one key share: `pause` tells the seconds that HostUp wants no request,
    `limited` notes them."""

    pause: Callable[[], Awaitable[float]]
    limited: Callable[[float], Awaitable[None]]


Observer: TypeAlias = Callable[[str, str, float], None]
"""Told of each request: its method, the status or the failure, and the seconds it took."""


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
    ) -> None:
        """`budget` is in seconds, for one call with all its retries.

        Raises:
            ValueError: the address is not https, nor plain http to this machine.
        """
        if not is_safe_base_url(base_url):
            raise ValueError("the base URL must be https, or http to a loopback address")
        self._api_key = api_key
        self._budget = budget
        self._now = now
        self._sleep = sleep
        self._throttle = throttle
        self._observe = observe or (lambda *_: None)
        self._client = httpx.AsyncClient(
            base_url=base_url,
            transport=transport,
            headers={
                "Authorization": f"Bearer {api_key}",
                "Accept": "application/json",
                # A small compressed answer could unfold to any size, so none is unfolded.
                "Accept-Encoding": "identity",
                # HostUp's edge turns some libraries' default agents away.
                "User-Agent": f"hostup-mcp/{__version__}",
            },
            follow_redirects=False,
            # httpx reads it even so, and takes one that it cannot read for a broken connection.
            event_hooks={"response": [_forget_location]},
            # A proxy of the environment would see the key of a plain http request.
            trust_env=base_url.startswith("https:"),
            timeout=httpx.Timeout(None, connect=CONNECT_SECONDS, pool=CONNECT_SECONDS),
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def read(
        self,
        model: type[M],
        path: str,
        params: Mapping[str, str | int] | None = None,
        *,
        scopes: tuple[str, ...] = (),
    ) -> M:
        """GET `path` and parse the answer as `model`.

        Raises:
            HostUpError: see `problems`.
        """
        retrying = AsyncRetrying(
            sleep=self._sleep,
            retry=retry_if_exception(_worth_retrying),
            stop=stop_before_delay(self._budget),
            wait=_wait,
            reraise=True,
        )
        deadline = anyio.current_time() + self._budget
        try:
            async for attempt in retrying:
                with attempt:
                    answer = await self._send("GET", path, params=params, deadline=deadline)
                    return answers.parse(model, answer.status, answer.headers, answer.body)
        except HostUpError as error:
            error.scopes = scopes
            raise
        raise AssertionError("unreachable: the loop returns or raises")

    async def write(
        self,
        method: str,
        path: str,
        body: Mapping[str, Json] | None = None,
        *,
        scopes: tuple[str, ...] = (),
    ) -> Answer:
        """Send a changing request once, whatever happens.

        Raises:
            HostUpError: where `outcome_unknown` is true it may have been carried out.
        """
        try:
            deadline = anyio.current_time() + self._budget
            return await self._send(method, path, body=body, deadline=deadline)
        except HostUpError as error:
            error.scopes = scopes
            raise

    async def _send(
        self,
        method: str,
        path: str,
        *,
        deadline: float,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Json] | None = None,
    ) -> Answer:
        if self._throttle is not None and (left := await self._throttle.pause()) > 0:
            # Another user of this key was told to wait; asking all the same would prolong it.
            error = RateLimited("too many requests with this key", status=429, retry_after=left)
            error.sent = False
            raise error
        began, outcome = anyio.current_time(), "failed"
        try:
            answer = await self._exchange(method, path, deadline, params, body)
            outcome = str(answer.status)
            return answer
        except HostUpError as error:
            outcome = str(error.status or type(error).__name__)
            if self._throttle is not None and isinstance(error, RateLimited) and error.retry_after:
                await self._throttle.limited(min(error.retry_after, LONGEST_PAUSE))
            raise
        finally:
            self._observe(method, outcome, anyio.current_time() - began)

    async def _exchange(
        self,
        method: str,
        path: str,
        deadline: float,
        params: Mapping[str, str | int] | None,
        body: Mapping[str, Json] | None,
    ) -> Answer:
        request = self._client.build_request(method, path, params=params, json=body)
        try:
            with anyio.fail_after(deadline - anyio.current_time()):
                response = await self._client.send(request, stream=True)
                try:
                    content = await _read_bounded(response)
                finally:
                    await response.aclose()
        except TimeoutError:
            raise TimedOut(f"HostUp did not answer within {self._budget:g} s") from None
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unreachable(f"no connection to {request.url.host}: {_cause(error)}") from None
        except httpx.TransportError as error:
            raise ConnectionLost(f"the connection to HostUp broke: {_cause(error)}") from None
        if not response.is_success:
            # Something on the way may repeat what it was sent.
            content = _without(self._api_key, content)
            raise answers.failure(response.status_code, response.headers, content, self._now())
        await self._heed(response.headers)
        return Answer(response.status_code, response.headers, content)

    async def _heed(self, headers: Mapping[str, str]) -> None:
        """Stop in time where a success says that it was the last one allowed for now."""
        if self._throttle is None or headers.get("x-ratelimit-remaining", "").strip() != "0":
            return
        wait = answers.retry_after(headers, None, self._now())
        if wait:
            await self._throttle.limited(min(wait, LONGEST_PAUSE))


async def _forget_location(response: httpx.Response) -> None:
    response.headers.pop("location", None)


async def _read_bounded(response: httpx.Response) -> bytes:
    parts: list[bytes] = []
    size = 0
    # As it travels: what httpx's own readers give has been unfolded before it can be counted.
    async for part in cast("httpx.AsyncByteStream", response.stream):
        size += len(part)
        if size > LARGEST_ANSWER:
            raise TooLarge(
                f"HostUp's answer is larger than {LARGEST_ANSWER // 1_000_000} MB",
                status=response.status_code,
            )
        parts.append(part)
    return b"".join(parts)


def _without(secret: str, content: bytes) -> bytes:
    """`content` without `secret`, in whichever way JSON writes it there."""
    with suppress(ValueError):
        content = to_json(from_json(content))
    return content.replace(to_json(secret)[1:-1], b"***") if secret else content


def _cause(error: Exception) -> str:
    cause: BaseException | None = error
    seen: set[int] = set()
    # A chain of causes may lead back to where it began.
    while cause is not None and id(cause) not in seen:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return "its certificate was not accepted"
        if isinstance(cause, ssl.SSLError):
            return "it does not speak https there"
        if isinstance(cause, socket.gaierror):
            return "its name was not found"
        if isinstance(cause, ConnectionRefusedError):
            return "it was refused"
        seen.add(id(cause))
        cause = cause.__cause__ or cause.__context__
    return "timed out" if isinstance(error, httpx.TimeoutException) else type(error).__name__


def _worth_retrying(error: BaseException) -> bool:
    if isinstance(error, Unreachable | ConnectionLost):
        return True
    return isinstance(error, Problem) and error.status in RETRIED_STATUSES


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked = error.retry_after if isinstance(error, HostUpError) else None
    return _backoff(state) if asked is None else asked + _jitter(state)
