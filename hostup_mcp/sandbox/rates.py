"""The rate limit: a fixed window for each API key."""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from .problems import ProblemError
from .responses import iso


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `requests` in each window of `seconds` of clock time."""

    requests: int = 1200
    seconds: float = 60.0


DEFAULT_RATE_LIMIT = RateLimit()


class RateCounter:
    """Counts what each key has used of its window."""

    def __init__(self, limit: RateLimit) -> None:
        self._limit = limit
        self._windows: dict[str, tuple[datetime, int]] = {}

    def spend(self, key: str, now: datetime) -> dict[str, str]:
        """Count one request and return the `X-RateLimit-*` headers; raise a 429 if none is left."""
        window = timedelta(seconds=self._limit.seconds)
        opened, used = self._windows.get(key, (now, 0))
        if now - opened >= window:
            opened, used = now, 0
        self._windows[key] = (opened, used + 1)
        headers = limit_headers(
            self._limit.requests, self._limit.requests - used - 1, opened + window
        )
        if used < self._limit.requests:
            return headers
        wait = max(1, math.ceil((opened + window - now).total_seconds()))
        detail = "Too many requests with this API key."
        raise ProblemError(429, None, detail, headers={"Retry-After": str(wait), **headers})


def limit_headers(limit: int, remaining: int, reset: datetime) -> dict[str, str]:
    """Return the three `X-RateLimit-*` headers; the reset is an ISO timestamp."""
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(max(0, remaining)),
        "X-RateLimit-Reset": iso(reset),
    }
