"""Which reads are sent again, and when."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_before_delay,
    wait_random_exponential,
)

from hostup_mcp.hostup.budget import Budget
from hostup_mcp.hostup.problems import (
    ConnectionLostError,
    HostUpError,
    ProblemError,
    RateLimitedError,
    UnreachableError,
)

T = TypeVar("T")

RETRIED_STATUSES = frozenset({429, 502, 503, 504})

_backoff = wait_random_exponential(multiplier=0.25, max=4)
_jitter = wait_random_exponential(multiplier=0.1, max=0.5)


async def retry(
    once: Callable[[], Awaitable[T]],
    error: HostUpError,
    budget: Budget,
    sleep: Callable[[float], Awaitable[None]],
) -> T:
    """Repeat `once`, which has raised `error`, while that may help and `budget` allows.

    Raises:
        HostUpError: the last one, which may be `error` itself.
    """
    failed = [error]

    async def repeat() -> T:
        if failed:
            raise failed.pop()
        return await once()

    retrying = AsyncRetrying(
        sleep=sleep,
        retry=retry_if_exception(lambda error: is_retryable(error, budget)),
        stop=stop_before_delay(budget.left),
        wait=_wait,
        reraise=True,
    )
    value: T = await retrying(repeat)
    return value


def is_retryable(error: BaseException, budget: Budget) -> bool:
    """Return whether a read that failed with `error` may succeed if it is sent again."""
    if isinstance(error, UnreachableError | ConnectionLostError):
        return True
    if budget.stops_at_limit and isinstance(error, RateLimitedError) and error.retry_after is None:
        return False
    return isinstance(error, ProblemError) and error.status in RETRIED_STATUSES


def _wait(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    requested = error.retry_after if isinstance(error, HostUpError) else None
    return _backoff(state) if requested is None else requested + _jitter(state)
