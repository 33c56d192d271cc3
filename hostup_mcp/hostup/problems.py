"""How a call to the HostUp API can fail.

HostUpError
  ClientSetupError          no client could be built; nothing was sent
  UnreachableError          no connection could be made; nothing was sent
  TimedOutError             the time allowed for the call ran out
  ConnectionLostError       the connection broke after sending began
  BadResponseError          a response that is not one of the API's
    ResponseTooLargeError   more than 10 MB
    RedirectedError         a redirect; never followed
    EdgeRefusedError        401 or 403 from the edge in front of the API
    UnclearResponseError    a 2xx to a write that says neither accepted nor refused
    WrongSubjectError       about another server or job than the one requested
  ProblemError              the API returned an error: a problem document or a bare status
    RefusedError            4xx, or a 2xx whose body says so
      InvalidRequestError   400
      UnauthorizedError     401
      ForbiddenError        403
      AccountBlockedError   403 or 409 with blockerReasons
      NotFoundError         404
      ConflictError         409
        LockedError         423
      RateLimitedError      429
    ServerFaultError        5xx, 408, 425, 499, or a 2xx to a read that states an error
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
    """A request without a usable response. The message is one line, safe to show.

    `status` is the HTTP status if there is one, `retry_after` is in seconds, `request_id` is
    HostUp's, and `scopes` are what the key needs for this endpoint. `sent` is false if it is
    certain that no part of the request was sent.
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
        """Whether a write that failed like this may still have been carried out."""
        return self.sent


class ClientSetupError(HostUpError):
    """No HTTP client could be built: a variable of the environment cannot be used."""

    sent = False


class UnreachableError(HostUpError):
    """No connection could be made, so nothing was sent."""

    sent = False


class TimedOutError(HostUpError):
    """The time allowed for the call ran out; `sent` tells whether a request had been sent."""


class ConnectionLostError(HostUpError):
    """The connection broke after sending began, before a complete response arrived."""


class BadResponseError(HostUpError):
    """A response that is not one of the API's: HTML, empty, truncated, or of another shape."""

    @property
    def outcome_unknown(self) -> bool:
        """False for a 4xx: whatever responded did not carry the request out."""
        return self.status is None or not 400 <= self.status < 500


class ResponseTooLargeError(BadResponseError):
    """A response of more than 10 MB, rejected while it was read."""


class RedirectedError(BadResponseError):
    """A redirect. It is never followed, because the key would be sent along."""


class EdgeRefusedError(BadResponseError):
    """A 401 or 403 from the edge in front of the API, not from the API itself."""


class UnclearResponseError(BadResponseError):
    """A 2xx to a write that does not say whether it was accepted, or contradicts itself."""

    is_whole = True
    """Whether it is JSON, as all responses of the API with a body are, and not a page or a part."""


class WrongSubjectError(BadResponseError):
    """A response about another server or job than the one requested."""


class ProblemError(HostUpError):
    """The API returned an error, perhaps with a problem document. Branch on `code`, not on text.

    `is_quote` tells whether the message is HostUp's own text. `blockers` are the words of
    `blockerReasons`, an open set: what the account has to do first.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str | None = None,
        retry_after: float | None = None,
        request_id: str | None = None,
        errors: tuple[FieldError, ...] = (),
        blockers: tuple[str, ...] = (),
        is_quote: bool = True,
    ) -> None:
        super().__init__(message, status=status, retry_after=retry_after, request_id=request_id)
        self.is_quote = is_quote
        self.code = code
        self.errors = errors
        self.blockers = blockers


class RefusedError(ProblemError):
    """The API rejected the request and did not carry it out: a 4xx, or a 2xx that says so."""

    @property
    def outcome_unknown(self) -> bool:
        """False: the API rejected the request."""
        return False


class InvalidRequestError(RefusedError):
    """400: the request itself is wrong; `errors` may say where."""


class UnauthorizedError(RefusedError):
    """401: no key, or one that HostUp rejects."""


class ForbiddenError(RefusedError):
    """403: the key lacks a scope, or the resource belongs to another account."""


class AccountBlockedError(RefusedError):
    """An error with `blockers`: the account, not the key, has to meet a condition first."""


class NotFoundError(RefusedError):
    """404: it does not exist or belongs to another account; HostUp does not say which."""


class ConflictError(RefusedError):
    """409: the state of the resource does not allow it now."""


class LockedError(ConflictError):
    """423: something else holds the resource; `retry_after` seconds to wait, if given."""


class RateLimitedError(RefusedError):
    """429: too many requests; `retry_after` seconds to wait."""


class ServerFaultError(ProblemError):
    """HostUp, or something behind it, failed, or timed out, or a read's 2xx states an error."""


_BY_STATUS: dict[int, type[ProblemError]] = {
    400: InvalidRequestError,
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    # Temporary, and whether the request was carried out is not known.
    **dict.fromkeys((408, 425, 499), ServerFaultError),
    409: ConflictError,
    423: LockedError,
    429: RateLimitedError,
}


def problem_class(status: int) -> type[ProblemError]:
    """Return the exception class for an error status (400 to 599)."""
    return _BY_STATUS.get(status, ServerFaultError if status >= 500 else RefusedError)
