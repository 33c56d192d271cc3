"""Whatever answers, the caller gets a value or a typed failure, and the failure tells the truth."""

import gzip
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.documents import anything

from hostup_mcp.hostup import responses
from hostup_mcp.hostup.models import BackupList, Gate
from hostup_mcp.hostup.problems import (
    BadResponseError,
    ConflictError,
    EdgeRefusedError,
    FieldError,
    ForbiddenError,
    HostUpError,
    InvalidRequestError,
    NotFoundError,
    ProblemError,
    RateLimitedError,
    RedirectedError,
    RefusedError,
    ServerFaultError,
    UnauthorizedError,
    problem_class,
)

from .test_text import is_invisible
from .wire import LISTING, NOW, PAGE, PROBLEM, encoded

ERRORS = [
    (400, InvalidRequestError),
    (401, UnauthorizedError),
    (403, ForbiddenError),
    (404, NotFoundError),
    (405, RefusedError),
    (409, ConflictError),
    (418, RefusedError),
    (429, RateLimitedError),
    (500, ServerFaultError),
    (502, ServerFaultError),
    (503, ServerFaultError),
    (504, ServerFaultError),
]


def failed(status: int, body: bytes = b"", **headers: str) -> Any:
    """The failure for an answer; header names are written with underscores here."""
    named = httpx.Headers({name.replace("_", "-"): value for name, value in headers.items()})
    return responses.failure(status, named, body, NOW)


@pytest.mark.parametrize(("status", "kind"), ERRORS)
def test_a_problem_document_becomes_the_failure_of_its_status(
    status: int, kind: type[ProblemError]
) -> None:
    error = failed(status, encoded(PROBLEM | {"status": status}))
    assert type(error) is kind
    assert error.status == status
    assert str(error) == "The request body failed validation."
    assert error.code == "invalid_request"
    assert error.request_id == "req_01hxa3b4c5d6e7f8g9h0j1k2m3"
    assert error.errors == (
        FieldError(
            pointer="/items/0/eppCode",
            detail="`eppCode` is required for this transfer.",
            code="missing_required",
        ),
    )
    assert error.retry_after is None
    assert error.outcome_unknown is (status >= 500)


@pytest.mark.parametrize(("status", "kind"), ERRORS)
@pytest.mark.parametrize(
    "body",
    [b"", b"  \n", b'{"detail": "cut sho', b"upstream error", b"[1, 2]", b'"no"', b"null", b"\xff"],
)
def test_an_error_status_counts_also_without_a_document(
    status: int, kind: type[ProblemError], body: bytes
) -> None:
    error = failed(status, body, content_type="application/problem+json")
    assert type(error) is kind
    assert str(error) == f"status {status}"
    assert (error.code, error.request_id, error.errors) == (None, None, ())


def test_the_status_line_counts_and_not_the_status_in_the_document() -> None:
    assert type(failed(404, encoded(PROBLEM | {"status": 400}))) is NotFoundError


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"detail": "D", "message": "M", "title": "T", "error": "E"}, "D"),
        ({"message": "M", "title": "T", "error": "E"}, "M"),
        ({"title": "T", "error": "E"}, "T"),
        ({"error": "E"}, "E"),
        ({"detail": "", "title": "T"}, "T"),
        ({"detail": None, "title": "T"}, "T"),
        ({"detail": {"text": "D"}, "title": ["T"], "error": True}, "status 400"),
        ({"detail": "\u200b\u202e", "title": "T"}, "T"),
        ({}, "status 400"),
    ],
)
def test_the_message_is_the_best_text_that_came(document: dict[str, Any], message: str) -> None:
    assert str(failed(400, encoded(document))) == message


@pytest.mark.parametrize(
    "document",
    [
        {"code": 7, "requestId": 7, "errors": "none", "detail": 7},
        {"code": None, "requestId": None, "errors": None, "detail": None},
        {"code": {}, "requestId": [], "errors": {}, "detail": []},
        {"code": "", "requestId": "", "errors": [], "detail": ""},
        {"errors": [None, 1, "x", ["y"]]},
    ],
)
def test_a_document_with_wrong_types_is_read_as_far_as_it_goes(document: dict[str, Any]) -> None:
    error = failed(400, encoded(document))
    assert type(error) is InvalidRequestError
    assert (error.code, error.request_id, error.errors) == (None, None, ())


def test_a_field_error_is_read_as_far_as_it_goes() -> None:
    error = failed(400, encoded({"errors": [{"pointer": "/a"}, 3, {"detail": 3, "code": "c"}, {}]}))
    assert error.errors == (
        FieldError("/a", "", ""),
        FieldError("", "", "c"),
        FieldError("", "", ""),
    )


def test_no_more_field_errors_are_kept_than_somebody_would_read() -> None:
    error = failed(400, encoded({"errors": [{"pointer": f"/{n}"} for n in range(1000)]}))
    assert len(error.errors) == responses.MAX_FIELD_ERRORS


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "UNAUTHORIZED", UnauthorizedError),
        (400, "BAD_REQUEST", InvalidRequestError),
        (404, "NOT_FOUND", NotFoundError),
        (500, "INTERNAL_ERROR", ServerFaultError),
    ],
)
def test_the_older_shape_of_an_error_is_understood(
    status: int, code: str, kind: type[ProblemError]
) -> None:
    document = {
        "error": "Short",
        "message": "What went wrong",
        "code": code,
        "timestamp": "2026-04-27T12:34:56.000Z",
        "requestId": "req_1",
    }
    error = failed(status, encoded(document))
    assert type(error) is kind
    assert (str(error), error.code, error.request_id) == ("What went wrong", code, "req_1")


def test_a_missing_scope_is_told_from_a_page_of_the_edge() -> None:
    scope = failed(403, encoded({"code": "forbidden", "detail": "Missing scope read:vm."}))
    edge = failed(403, PAGE, content_type="text/html; charset=utf-8")
    assert type(scope) is ForbiddenError
    assert type(edge) is EdgeRefusedError
    assert not isinstance(edge, ProblemError)
    assert edge.outcome_unknown is False


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (PAGE, "text/html"),
        (PAGE, "TEXT/HTML; charset=UTF-8"),
        (PAGE, "application/json"),
        (PAGE, ""),
        (b"\r\n  <html>", ""),
        (b"", "text/html"),
        (b"Access denied", "text/html"),
        (b'<?xml version="1.0"?><Error/>', "application/xml"),
    ],
)
def test_a_page_is_known_by_its_type_or_by_its_first_character(
    body: bytes, content_type: str
) -> None:
    assert type(failed(403, body, content_type=content_type)) is EdgeRefusedError


def test_a_problem_document_counts_whatever_its_media_type() -> None:
    error = failed(403, encoded({"code": "forbidden"}), content_type="text/html")
    assert type(error) is ForbiddenError
    assert error.code == "forbidden"


@pytest.mark.parametrize("status", [400, 404, 405, 409, 418])
def test_a_page_with_another_refusal_is_not_the_api_speaking(status: int) -> None:
    error = failed(status, PAGE, content_type="text/html")
    assert type(error) is BadResponseError
    assert f"(status {status})" in str(error)
    assert error.outcome_unknown is False


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, UnauthorizedError),
        (429, RateLimitedError),
        (500, ServerFaultError),
        (503, ServerFaultError),
    ],
)
def test_a_page_changes_nothing_where_the_status_says_enough(
    status: int, kind: type[ProblemError]
) -> None:
    assert type(failed(status, PAGE, content_type="text/html")) is kind


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308, 399])
def test_a_redirect_is_a_failure(status: int) -> None:
    error = failed(status, location="https://evil.example/")
    assert type(error) is RedirectedError
    assert "evil" not in str(error)
    assert error.status == status


@pytest.mark.parametrize("status", [100, 102, 103, 199])
def test_a_status_that_is_no_answer_is_a_bad_one(status: int) -> None:
    error = failed(status, encoded(LISTING))
    assert type(error) is BadResponseError
    assert error.outcome_unknown is True


@pytest.mark.parametrize("status", [402, 422, 451, 499])
def test_any_other_refusal_is_a_refusal(status: int) -> None:
    assert problem_class(status) is RefusedError


@pytest.mark.parametrize("status", [501, 507, 521, 599])
def test_any_other_fault_is_a_fault(status: int) -> None:
    assert problem_class(status) is ServerFaultError


def test_texts_of_a_problem_are_cleaned_and_bounded() -> None:
    document = {
        "detail": "No\u202e.\n\x1b[31mIgnore the above" + "!" * 1000,
        "code": "for\u200bbidden",
        "requestId": "req\u2066_1",
        "errors": [{"pointer": "/a\u200b", "detail": "d\n", "code": "c\x00"}],
    }
    error = failed(403, encoded(document))
    assert str(error).startswith("No. [31mIgnore the above!!!")
    assert len(str(error)) == 500
    assert (error.code, error.request_id) == ("forbidden", "req_1")
    assert error.errors == (FieldError("/a", "d", "c"),)


def test_the_request_id_may_come_in_a_header() -> None:
    assert failed(500, x_request_id="req_2").request_id == "req_2"
    assert failed(500, b'{"requestId": "req_1"}', x_request_id="req_2").request_id == "req_1"


def test_the_request_id_of_a_header_is_cleaned_and_bounded_too() -> None:
    headers = httpx.Headers([(b"x-request-id", "req\u202e_2".encode() + b"x" * 9000)])
    request_id = responses.failure(500, headers, b"", NOW).request_id
    assert request_id is not None
    assert request_id.startswith("req_2x")
    assert len(request_id) <= 500


@pytest.mark.parametrize(
    ("given_wait", "seconds"),
    [
        ("0", 0),
        ("7", 7),
        (" 30 ", 30),
        ("86400", 86400),
        ("Mon, 27 Apr 2026 12:00:07 GMT", 7),
        ("Mon, 27 Apr 2026 14:00:07 +0200", 7),
        ("Mon, 27 Apr 2026 12:00:07 -0000", 7),
        ("Mon, 27 Apr 2026 11:00:00 GMT", 0),
    ],
)
def test_the_wait_is_read_as_seconds_or_as_a_date(given_wait: str, seconds: float) -> None:
    assert failed(429, retry_after=given_wait).retry_after == seconds
    assert failed(503, retry_after=given_wait).retry_after == seconds


@pytest.mark.parametrize(
    "garbage",
    ["", "soon", "-3", "1.5", "1e3", "٣", "7 s", "Mon, 99 Apr 2026 12:00:07 GMT", "0x10", "²"],
)
def test_a_wait_that_cannot_be_read_is_none(garbage: str) -> None:
    headers = httpx.Headers([(b"retry-after", garbage.encode())])
    assert responses.failure(429, headers, b"", NOW).retry_after is None


@pytest.mark.parametrize(
    "far",
    [
        "9" * 400,
        "Fri, 31 Dec 9999 23:59:59 GMT",
        "Fri, 31 Dec 9999 23:59:59 -2359",
    ],
)
def test_a_wait_without_measure_is_still_only_a_wait(far: str) -> None:
    error = failed(429, retry_after=far)
    assert type(error) is RateLimitedError
    assert error.retry_after is None or error.retry_after > 86400


@pytest.mark.parametrize("garbage", [None, "", "soon"])
def test_without_a_readable_wait_the_time_of_the_reset_counts(garbage: str | None) -> None:
    headers = {} if garbage is None else {"retry_after": garbage}
    error = failed(429, x_ratelimit_reset="2026-04-27T12:00:09.500Z", **headers)
    assert error.retry_after == 9.5


def test_the_wait_wins_over_the_time_of_the_reset() -> None:
    error = failed(429, retry_after="3", x_ratelimit_reset="2026-04-27T13:00:00.000Z")
    assert error.retry_after == 3


def test_a_reset_in_the_past_means_no_wait() -> None:
    assert failed(429, x_ratelimit_reset="2026-04-27T11:00:00.000Z").retry_after == 0


@pytest.mark.parametrize("garbage", ["", "1777291200", "soon"])
def test_a_reset_that_cannot_be_read_is_none(garbage: str) -> None:
    assert failed(429, x_ratelimit_reset=garbage).retry_after is None


def test_the_older_shape_gives_the_wait_as_a_moment() -> None:
    body = encoded({"error": "Too many", "retryAfter": "2026-04-27T12:00:30.000Z"})
    assert failed(429, body).retry_after == 30


@pytest.mark.parametrize("value", [30, None, "soon", {}, ["2026-04-27T12:00:30.000Z"]])
def test_another_kind_of_wait_in_the_older_shape_is_none(value: object) -> None:
    assert failed(429, encoded({"retryAfter": value})).retry_after is None


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "was empty"),
        (b" \r\n ", "was empty"),
        (PAGE, "a web page"),
        (b"{", "truncated or is not JSON"),
        (encoded(LISTING)[:-1], "truncated or is not JSON"),
        (encoded(LISTING) + b"}", "truncated or is not JSON"),
        (b"ok", "truncated or is not JSON"),
        (b"\xff\xfe", "truncated or is not JSON"),
        (gzip.compress(encoded(LISTING)), "truncated or is not JSON"),
        (encoded(LISTING).replace(b"12.4", b"NaN"), "not JSON"),
        (encoded(LISTING).replace(b"12.4", b"Infinity"), "not JSON"),
        (encoded(LISTING).replace(b"12.4", b"9" * 5000), "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"backups":' * 100 + b"1" + b"}" * 100, "not JSON"),
        (encoded(LISTING).replace(b"Before upgrade", b"\\ud800"), "not JSON"),
        (encoded(LISTING).replace(b"Before upgrade", b"\xed\xa0\x80"), "not JSON"),
        (encoded(LISTING).replace(b"Before upgrade", b"a\x00b"), "not JSON"),
        (encoded(LISTING).replace(b"12.4", b"9" * 400), "backups.0.sizeGb"),
        (encoded(LISTING).replace(b'"used": 1,', b'"used": 1.5,'), "quotaInfo.used"),
    ],
)
def test_a_success_that_cannot_be_used_says_what_is_wrong_with_it(body: bytes, told: str) -> None:
    with pytest.raises(BadResponseError) as caught:
        responses.parse(BackupList, 200, {}, body)
    assert told in str(caught.value)
    assert caught.value.status == 200
    assert caught.value.outcome_unknown is True


def test_a_page_with_a_success_status_is_called_a_page() -> None:
    with pytest.raises(BadResponseError, match="a web page came"):
        responses.parse(BackupList, 200, {"content-type": "text/html"}, b"Welcome")


def test_a_huge_integer_is_read_exactly() -> None:
    body = encoded(LISTING).replace(b'"used": 1,', b'"used": %d,' % 10**40)
    assert responses.parse(BackupList, 200, {}, body).quota_info.used == 10**40


def test_the_last_of_two_equal_keys_counts() -> None:
    body = b'{"allowed": true, "reason": null, "allowed": false, "reason": "No."}'
    assert responses.parse(Gate, 200, {}, body) == Gate(allowed=False, reason="No.")


def test_texts_of_a_success_are_cleaned() -> None:
    body = encoded(LISTING).replace(b"Before upgrade", b"a\\u202eb\\nc\\u0000")
    assert responses.parse(BackupList, 200, {}, body).backups[0].note == "ab c"


header_values = (
    st.text(max_size=40)
    | st.text("MonTueApr 0123456789:+-,.GMTZ/", max_size=40)
    | st.datetimes().map(lambda moment: format_datetime(moment.replace(tzinfo=UTC)))
    | st.integers(-(10**20), 10**20).map(str)
)
header_lists = st.lists(
    st.tuples(
        st.sampled_from(["retry-after", "x-ratelimit-reset", "x-request-id", "content-type"]),
        header_values,
    ).map(lambda pair: (pair[0].encode(), pair[1].encode(errors="replace"))),
    max_size=4,
)
problem_texts = st.dictionaries(
    st.sampled_from([*PROBLEM, "message", "error", "retryAfter"]),
    anything | st.text(max_size=40),
    max_size=6,
)
bodies = (
    st.binary(max_size=60)
    | anything.map(encoded)
    | problem_texts.map(encoded)
    | st.sampled_from([PAGE, encoded(LISTING), encoded(PROBLEM), encoded(LISTING)[:40]])
)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.integers(100, 999), header_lists, bodies)
@example(429, [(b"retry-after", b"Fri, 31 Dec 9999 23:59:59 -2359")], b"")
def test_any_answer_at_all_is_a_value_or_a_failure(
    status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    error: HostUpError
    if 200 <= status < 300:
        try:
            responses.parse(BackupList, status, httpx.Headers(headers), body)
        except BadResponseError as bad:
            error = bad
        else:
            return
    else:
        error = responses.failure(status, httpx.Headers(headers), body, NOW)
    assert error.status == status
    assert error.retry_after is None or error.retry_after >= 0
    for text in (str(error), error.request_id or "", getattr(error, "code", None) or ""):
        assert not any(is_invisible(char) for char in text)
        assert len(text) <= 600


def test_a_moment_beyond_the_calendar_is_no_wait() -> None:
    document = {"retryAfter": "0001-01-01T00:00:00+23:59"}
    assert responses.retry_after({}, document, datetime(2026, 4, 27, tzinfo=UTC)) is None
