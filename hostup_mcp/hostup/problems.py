"""How a call to the HostUp API can fail.

HostUpError
  Unreachable             no connection could be made; nothing was sent
  TimedOut                the time allowed for the call ran out
  ConnectionLost          the connection broke after sending began
  BadAnswer               something answered, but not as the API does
    TooLarge              more than 10 MB
    Redirected            a redirect; never followed
    EdgeRefused           403 with a page instead of a problem: the edge, not the API
    WrongSubject          about another server or job than the one asked for
  Problem                 the API said no, with a problem document or a bare error status
    Refused               4xx
      InvalidRequest      400
      Unauthorized        401
      Forbidden           403
      NotFound            404
      Conflict            409
      RateLimited         429
    ServerFault           5xx
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FieldError:
    """One entry of a problem's `errors`: which part of the request (JSON pointer), and why."""

    pointer: str
    detail: str
    code: str


class HostUpError(Exception):
    """A call that got no usable answer. The message is one line, safe to show.

    `status` is the HTTP status where one came, `retry_after` is in seconds, `request_id` is
    HostUp's, and `scopes` are what the key needs for this endpoint. `sent` is false where it is
    certain that no part of the request left.
    """

    sent = True

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        self.request_id = request_id
        self.scopes: tuple[str, ...] = ()

    @property
    def outcome_unknown(self) -> bool:
        """Whether a write that failed like this may have been carried out all the same."""
        return self.sent


class Unreachable(HostUpError):
    """No connection could be made, so nothing was sent."""

    sent = False


class TimedOut(HostUpError):
    """The time allowed for the call ran out; `sent` tells whether a request had been sent."""


class ConnectionLost(HostUpError):
    """The connection broke after sending began, before a whole answer came."""


class BadAnswer(HostUpError):
    """An answer that is not one of the API's: HTML, empty, cut short, or of another shape."""

    @property
    def outcome_unknown(self) -> bool:
        """False for a 4xx: whatever answered did not carry the request out."""
        return self.status is None or not 400 <= self.status < 500


class TooLarge(BadAnswer):
    """An answer of more than 10 MB, refused while reading."""


class Redirected(BadAnswer):
    """A redirect. It is never followed: the key would travel with it."""


class EdgeRefused(BadAnswer):
    """A 403 page from what stands in front of the API, not a refusal of the API itself."""


class WrongSubject(BadAnswer):
    """A response about another server or job than the one asked for."""


class Problem(HostUpError):
    """The API refused, with a problem document as far as one came. Branch on `code`, never text."""

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
        errors: tuple[FieldError, ...] = (),
    ) -> None:
        super().__init__(message, status=status, retry_after=retry_after, request_id=request_id)
        self.code = code
        self.errors = errors


class Refused(Problem):
    """A 4xx: the API looked at the request and did not carry it out."""

    @property
    def outcome_unknown(self) -> bool:
        """False: the API said no."""
        return False


class InvalidRequest(Refused):
    """400: the request itself is wrong; `errors` may say where."""


class Unauthorized(Refused):
    """401: no key, or one that HostUp does not accept."""


class Forbidden(Refused):
    """403: the key lacks a scope, or the resource is somebody else's."""


class NotFound(Refused):
    """404: it does not exist or is not the caller's; HostUp does not tell which."""


class Conflict(Refused):
    """409: the state of the resource does not allow it now."""


class RateLimited(Refused):
    """429: too many requests; `retry_after` seconds to wait."""


class ServerFault(Problem):
    """5xx: HostUp, or something behind it, failed."""


BY_STATUS: dict[int, type[Problem]] = {
    400: InvalidRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    429: RateLimited,
}


def problem_class(status: int) -> type[Problem]:
    """The exception that stands for an error status (400 to 599)."""
    return BY_STATUS.get(status, ServerFault if status >= 500 else Refused)
