"""Whatever responds, the caller gets a model or a typed error, and the error is accurate."""

import gzip
from datetime import UTC
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.documents import anything

from hostup_mcp.hostup import responses
from hostup_mcp.hostup.base import Unread
from hostup_mcp.hostup.models import BackupList, Gate, Vps
from hostup_mcp.hostup.problems import (
    AccountBlockedError,
    BadResponseError,
    ConflictError,
    EdgeRefusedError,
    FieldError,
    ForbiddenError,
    HostUpError,
    InvalidRequestError,
    LockedError,
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
    (408, ServerFaultError),
    (409, ConflictError),
    (418, RefusedError),
    (423, LockedError),
    (425, ServerFaultError),
    (429, RateLimitedError),
    (499, ServerFaultError),
    (500, ServerFaultError),
    (502, ServerFaultError),
    (503, ServerFaultError),
    (504, ServerFaultError),
]
# Without a document, a 403 is not the API's.
BARE_ERRORS = [(status, EdgeRefusedError if status == 403 else kind) for status, kind in ERRORS]


def failed(status: int, body: bytes = b"", **headers: str) -> Any:
    """The error for a response; header names are written with underscores here."""
    named = httpx.Headers(
        [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    )
    return responses.failure(status, named, body, NOW)


# Errors.


@pytest.mark.parametrize(("status", "kind"), ERRORS)
def test_a_problem_document_becomes_an_error(status: int, kind: type[ProblemError]) -> None:
    error = failed(status, encoded(PROBLEM | {"status": 400}))
    assert type(error) is kind
    assert (str(error), error.status) == ("The request body failed validation.", status)
    assert (error.code, error.request_id) == ("invalid_request", "req_01hxa3b4c5d6e7f8g9h0j1k2m3")
    assert error.errors == (
        FieldError(
            pointer="/items/0/eppCode",
            detail="`eppCode` is required for this transfer.",
            code="missing_required",
        ),
    )
    assert error.retry_after is None
    assert error.outcome_unknown is (kind is ServerFaultError)


@pytest.mark.parametrize(("status", "kind"), [each for each in ERRORS if each[0] != 403])
def test_a_status_without_a_document_is_enough(status: int, kind: type[ProblemError]) -> None:
    for body in (
        *(b"", b"  \n", b'{"detail": "cut sho', b"upstream error", b"[1, 2]", b'"no"', b"null"),
        b"\xff",
    ):
        error = failed(status, body, content_type="application/problem+json")
        assert type(error) is kind
        assert (str(error), error.is_quote) == (f"status {status}", False)
        assert (error.code, error.request_id, error.errors) == (None, None, ())


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
def test_the_message_is_the_best_text(document: dict[str, Any], message: str) -> None:
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
def test_odd_types_in_a_problem_are_ignored(document: dict[str, Any]) -> None:
    error = failed(400, encoded(document))
    assert type(error) is InvalidRequestError
    assert (error.code, error.request_id, error.errors) == (None, None, ())


def test_field_errors_are_read_one_by_one() -> None:
    error = failed(400, encoded({"errors": [{"pointer": "/a"}, 3, {"detail": 3, "code": "c"}, {}]}))
    assert error.errors == (
        FieldError("/a", "", ""),
        FieldError("", "", "c"),
        FieldError("", "", ""),
    )
    many = failed(400, encoded({"errors": [{"pointer": f"/{n}"} for n in range(1000)]}))
    assert len(many.errors) == responses.MAX_FIELD_ERRORS


def test_the_older_shape_of_errors_is_read() -> None:
    document = {
        "error": "Short",
        "message": "What went wrong",
        "code": "NOT_FOUND",
        "timestamp": "2026-04-27T12:34:56.000Z",
        "requestId": "req_1",
    }
    error = failed(404, encoded(document))
    assert type(error) is NotFoundError
    assert (str(error), error.code, error.request_id) == ("What went wrong", "NOT_FOUND", "req_1")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (PAGE, "text/html"),
        (PAGE, "TEXT/HTML; charset=UTF-8"),
        (PAGE, "application/json"),
        (PAGE, ""),
        (b"\r\n  <html>", ""),
        (b"", "text/html"),
        (b"error code: 1010", "text/plain; charset=UTF-8"),
        (b'<?xml version="1.0"?><Error/>', "application/xml"),
    ],
)
def test_a_page_from_the_edge_is_not_the_apis(body: bytes, content_type: str) -> None:
    for status in (401, 403):
        error = failed(status, body, content_type=content_type, retry_after="30")
        assert type(error) is EdgeRefusedError
        assert "scope" not in str(error)
        assert (error.outcome_unknown, error.retry_after) == (False, 30)
    for status in (404, 406, 451):
        other = failed(status, body, content_type=content_type, retry_after="30")
        assert type(other) is BadResponseError
        assert f"(status {status})" in str(other)
        assert (other.outcome_unknown, other.retry_after) == (False, 30)


CLOUDFLARE = PROBLEM | {
    "type": "https://developers.cloudflare.com/support/",
    "detail": "The site owner has blocked access.",
    "code": None,
    "error_code": 1010,
    "cloudflare_error": True,
}


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (encoded(CLOUDFLARE), "application/problem+json"),
        (encoded(PROBLEM | {"error_code": 1010}), "application/json"),
        (b'{"success": false, "errors": [{"code": 1010}]}', "application/json"),
        (b'{"message": "Forbidden"}', "application/json"),
        (b"{}", "application/json"),
        (b"[]", "application/json"),
        (b"error code: 1010", "application/json"),
        (b"error code: 1010", "application/octet-stream"),
        *((body, "") for body in (b"error code: 1010", b"no", b"", b"  ")),
        (b"", "text/plain"),
    ],
)
def test_a_403_that_is_not_the_apis(body: bytes, content_type: str) -> None:
    assert type(failed(403, body, content_type=content_type)) is EdgeRefusedError


def test_cloudflares_words_are_not_hostups() -> None:
    assert type(failed(401, encoded(CLOUDFLARE))) is EdgeRefusedError
    for status in (429, 503):
        assert not failed(status, encoded(CLOUDFLARE)).is_quote


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"code": "forbidden"}', "text/html"),
        (b'{"detail": "No."}', ""),
        (b'{"type": "https://developer.hostup.se/errors/forbidden"}', "application/problem+json"),
        (b'{"error": "No", "message": "No.", "code": "FORBIDDEN"}', "application/json"),
    ],
)
def test_a_403_from_the_api_is_about_scopes(body: bytes, content_type: str) -> None:
    assert type(failed(403, body, content_type=content_type)) is ForbiddenError


@pytest.mark.parametrize("status", [408, 423, 425, 429, 499, 500, 503])
def test_some_statuses_need_no_document(status: int) -> None:
    for body, kind in ((PAGE, "text/html"), (b"busy", "text/plain")):
        error = failed(status, body, content_type=kind, retry_after="30")
        assert type(error) is problem_class(status)
        assert (error.is_quote, error.retry_after) == (False, 30)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308, 399])
def test_a_redirect_is_an_error(status: int) -> None:
    error = failed(status, location="https://evil.example/")
    assert type(error) is RedirectedError
    assert "evil" not in str(error)
    assert error.status == status


@pytest.mark.parametrize("status", [100, 102, 103, 199])
def test_an_interim_status_is_an_error(status: int) -> None:
    error = failed(status, encoded(LISTING))
    assert type(error) is BadResponseError
    assert error.outcome_unknown is True


def test_other_statuses_have_a_general_error() -> None:
    assert {problem_class(status) for status in (402, 422, 451)} == {RefusedError}
    assert {problem_class(status) for status in (501, 507, 521, 599)} == {ServerFaultError}


def test_texts_of_a_problem_are_cleaned() -> None:
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


def test_the_request_id_may_be_a_header() -> None:
    assert failed(500, x_request_id="req_2").request_id == "req_2"
    assert failed(500, b'{"requestId": "req_1"}', x_request_id="req_2").request_id == "req_1"
    long = failed(500, x_request_id="req\u202e_2" + "x" * 9000).request_id
    assert long.startswith("req_2x")
    assert len(long) <= 500


# How long to wait.


@pytest.mark.parametrize(
    ("headers", "document", "seconds"),
    [
        ({"retry_after": "0"}, {}, 0),
        ({"retry_after": "7"}, {}, 7),
        ({"retry_after": " 30 "}, {}, 30),
        ({"retry_after": "86400"}, {}, 86400),
        ({"retry_after": "Mon, 27 Apr 2026 12:00:07 GMT"}, {}, 7),
        ({"retry_after": "Mon, 27 Apr 2026 14:00:07 +0200"}, {}, 7),
        ({"retry_after": "Mon, 27 Apr 2026 12:00:07 -0000"}, {}, 7),
        ({"retry_after": "Mon, 27 Apr 2026 11:00:00 GMT"}, {}, 0),
        *(
            ({"retry_after": garbage}, {}, None)
            for garbage in ("", "soon", "-3", "1.5", "1e3", "٣", "7 s", "0x10", "²")
        ),
        ({"retry_after": "Mon, 99 Apr 2026 12:00:07 GMT"}, {}, None),
        ({"retry_after": "Fri, 31 Dec 9999 23:59:59 -2359"}, {}, None),
        ({"x_ratelimit_reset": "2026-04-27T12:00:09.500Z"}, {}, 9.5),
        ({"x_ratelimit_reset": "2026-04-27T12:00:09.500Z", "retry_after": ""}, {}, 9.5),
        ({"x_ratelimit_reset": "2026-04-27T12:00:09.500Z", "retry_after": "soon"}, {}, 9.5),
        ({"x_ratelimit_reset": "2026-04-27T13:00:00.000Z", "retry_after": "3"}, {}, 3),
        ({"x_ratelimit_reset": "2026-04-27T11:00:00.000Z"}, {}, 0),
        *(({"x_ratelimit_reset": text}, {}, None) for text in ("", "1777291200", "soon")),
        ({}, {"error": "Too many", "retryAfter": "2026-04-27T12:00:30.000Z"}, 30),
        *(({}, {"retryAfter": odd}, None) for odd in (30, None, "soon", {}, ["2026-04-27"])),
        ({}, {"retryAfter": "0001-01-01T00:00:00+23:59"}, None),
    ],
)
def test_the_wait_is_read_from_anywhere(
    headers: dict[str, str], document: dict[str, Any], seconds: float | None
) -> None:
    for status in (429, 503):
        assert failed(status, encoded(document), **headers).retry_after == seconds


@pytest.mark.parametrize("far", ["9" * 400, "Fri, 31 Dec 9999 23:59:59 GMT"])
def test_a_very_long_wait_is_still_a_wait(far: str) -> None:
    assert failed(429, retry_after=far).retry_after > 86400


# Successes.


@pytest.mark.parametrize(
    ("body", "message"),
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
        (encoded(LISTING).replace(b"Before upgrade", b"\xed\xa0\x80"), "not JSON"),
        (encoded(LISTING).replace(b"Before upgrade", b"a\x00b"), "not JSON"),
    ],
)
def test_an_unreadable_success_says_why(body: bytes, message: str) -> None:
    with pytest.raises(BadResponseError) as caught:
        responses.parse(BackupList, 200, {}, body)
    assert message in str(caught.value)
    assert caught.value.status == 200
    assert caught.value.outcome_unknown is True


@pytest.mark.parametrize(
    "error",
    [
        {"success": False, "error": "Backup storage is unavailable"},
        {"success": False, "message": "Backup storage is unavailable"},
        {"errors": [{"detail": "Backup storage is unavailable"}]},
        {"data": {"error": {"message": "Backup storage is unavailable"}}},
        {"status": "error", "message": "Backup storage is unavailable"},
    ],
)
@pytest.mark.parametrize("beside", [{}, LISTING, {"backups": []}])
def test_a_failed_read_quotes_hostup(error: dict[str, Any], beside: dict[str, Any]) -> None:
    with pytest.raises(ServerFaultError) as caught:
        responses.parse(BackupList, 200, {}, encoded(beside | error))
    assert str(caught.value) == "Backup storage is unavailable"
    assert (caught.value.status, caught.value.is_quote) == (200, True)


def test_a_problem_with_status_200_keeps_its_kind() -> None:
    for status, kind in ((401, UnauthorizedError), (403, ForbiddenError), (404, NotFoundError)):
        with pytest.raises(kind):
            responses.parse(BackupList, 200, {}, encoded(LISTING | PROBLEM | {"status": status}))


def test_a_resources_own_status_is_no_error() -> None:
    assert responses.parse(Vps, 200, {}, b'{"id": "vps_1", "status": "error"}').id == "vps_1"
    fine = LISTING | {"success": True, "error": None, "errors": [], "message": "ok"}
    assert responses.parse(BackupList, 200, {}, encoded(fine)).backups


def test_html_is_known_by_its_media_type() -> None:
    with pytest.raises(BadResponseError, match="a web page came"):
        responses.parse(BackupList, 200, {"content-type": "text/html"}, b"Welcome")


@pytest.mark.parametrize("half", [b"\\ud83d", b"\\udfff"])
def test_half_of_a_character_is_removed(half: bytes) -> None:
    body = encoded(LISTING).replace(b"Before upgrade", b"Before" + half)
    assert responses.parse(BackupList, 200, {}, body).backups[0].note == "Before"


@pytest.mark.parametrize("number", [b"1e400", b"-1e400"])
def test_a_number_too_large_is_unread_alone(number: bytes) -> None:
    listing = responses.parse(BackupList, 200, {}, encoded(LISTING).replace(b"12.4", number))
    assert listing.backups[0].size_gb is None
    assert listing.unread == (Unread("sizeGb", LISTING["backups"][0]["id"]),)
    assert listing.quota_info.used == 1


def test_a_huge_integer_is_read_exactly() -> None:
    body = encoded(LISTING).replace(b'"used": 1,', b'"used": %d,' % 10**40)
    assert responses.parse(BackupList, 200, {}, body).quota_info.used == 10**40


def test_the_last_of_two_equal_keys_counts() -> None:
    body = b'{"allowed": true, "reason": null, "allowed": false, "reason": "No."}'
    assert responses.parse(Gate, 200, {}, body) == Gate(allowed=False, reason="No.")


def test_texts_of_a_success_are_cleaned() -> None:
    body = encoded(LISTING).replace(b"Before upgrade", b"a\\u202eb\\nc\\u0000")
    assert responses.parse(BackupList, 200, {}, body).backups[0].note == "ab c"


# Anything at all.

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


@settings(max_examples=100)
@given(st.integers(100, 999), header_lists, bodies)
@example(429, [(b"retry-after", b"Fri, 31 Dec 9999 23:59:59 -2359")], b"")
def test_any_response_is_a_model_or_an_error(
    status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    error: HostUpError
    if 200 <= status < 300:
        try:
            responses.parse(BackupList, status, httpx.Headers(headers), body)
        except HostUpError as bad:
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


BLOCKER_WORDS = ("no_card_on_file", "cpu_limit_exceeded", "a word of later")


@pytest.mark.parametrize("status", [403, 409])
@pytest.mark.parametrize(
    "where",
    [
        {"blockerReasons": BLOCKER_WORDS},
        {"extensions": {"blockerReasons": BLOCKER_WORDS}},
        {"access": {"blockerReasons": BLOCKER_WORDS}},
        {
            "blockerReasons": BLOCKER_WORDS[:2],
            "extensions": {"blockerReasons": [7, *BLOCKER_WORDS, "", None]},
        },
    ],
)
def test_what_blocks_the_account_is_said(where: dict[str, Any], status: int) -> None:
    body = encoded({"code": "forbidden", "detail": "Not yet.", **where})
    error = responses.failure(status, {"content-type": "application/problem+json"}, body, NOW)
    bare = responses.failure(status, {}, encoded(where), NOW)
    said = ", ".join(BLOCKER_WORDS)
    assert (str(error), str(bare)) == (f"Not yet. ({said})", said)
    for each in (error, bare):
        assert isinstance(each, AccountBlockedError)
        assert each.blockers == BLOCKER_WORDS


@pytest.mark.parametrize("odd", [None, {}, "not_verified", [], [7], [None, ""], [["not_verified"]]])
def test_odd_blockers_block_nothing(odd: object) -> None:
    document = {"code": "forbidden", "blockerReasons": odd, "extensions": {"blockerReasons": odd}}
    error = failed(403, encoded(document))
    assert (type(error), error.blockers) == (ForbiddenError, ())


def test_blockers_of_another_status_are_kept() -> None:
    error = failed(500, encoded({"blockerReasons": ["x" * 900] * 3 + [str(n) for n in range(99)]}))
    assert type(error) is ServerFaultError
    assert len(error.blockers) == responses.MAX_FIELD_ERRORS
    assert len(str(error)) <= 500
