"""A change goes out once, and what became of it is never guessed."""

from typing import Any

import httpx
import pytest

from hostup_mcp import __version__
from hostup_mcp.hostup import requests
from hostup_mcp.hostup.http import Http
from hostup_mcp.hostup.jobs import JobState, Started
from hostup_mcp.hostup.problems import (
    BadResponseError,
    ConnectionLostError,
    EdgeRefusedError,
    HostUpError,
    ProblemError,
    RedirectedError,
    RefusedError,
    ResponseTooLargeError,
    ServerFaultError,
    TimedOutError,
)
from hostup_mcp.hostup.requests import WriteRequest
from hostup_mcp.hostup.writing import WritingClient

from .test_http import BROKEN, MEGABYTE, REDIRECTS, broken, hang
from .test_responses import ERRORS
from .wire import (
    BASE,
    KEY,
    PAGE,
    POLL,
    PROBLEM,
    QUEUED,
    VPS_ID,
    FarEnd,
    Naps,
    Stream,
    connected,
)

WAITING = Started(job_id="job_1", poll_url=POLL, state=JobState.WAITING)
RESTORE = requests.restore_backup(VPS_ID, "bkp_1")
WRITES = [
    RESTORE,
    requests.create_backup(VPS_ID, "Före"),
    requests.delete_backup(VPS_ID, "a/b"),
    requests.restore_to_payg(VPS_ID, "bkp_1", {}),
    requests.set_backup_retention(VPS_ID, {"maxTotalBackups": 5}),
]

each_write = pytest.mark.parametrize("write", WRITES, ids=lambda w: f"{w.method} {w.path[-12:]}")


async def failed(far_end: Any, write: WriteRequest = RESTORE, **given: Any) -> HostUpError:
    """How `write` fails. It must do so at once, without a second request."""
    naps = Naps()
    async with connected(far_end, sleep=naps, **given) as http:
        with pytest.raises(HostUpError) as caught:
            await WritingClient(http).send(write)
    assert len(far_end.seen) == 1
    assert naps.taken == []
    assert caught.value.scopes == write.scopes
    assert KEY not in str(caught.value)
    return caught.value


# The request.


@each_write
async def test_a_change_goes_out_as_it_was_made(write: WriteRequest) -> None:
    far_end = FarEnd(httpx.Response(202, json=QUEUED))
    async with connected(far_end) as http:
        assert await WritingClient(http).send(write) == WAITING
    (request,) = far_end.seen
    assert request.method == write.method
    assert request.url.raw_path == write.path.encode()
    assert str(request.url) == BASE + write.path
    body = b"" if write.body is None else httpx.Request("POST", BASE, json=write.body).content
    assert request.content == body


@each_write
async def test_a_change_sends_the_key_and_says_what_it_sends_and_nothing_else(
    write: WriteRequest,
) -> None:
    far_end = FarEnd(httpx.Response(202, json=QUEUED))
    async with connected(far_end) as http:
        await WritingClient(http).send(write)
    headers = far_end.seen[0].headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["user-agent"] == f"hostup-mcp/{__version__}"
    assert headers["accept"] == "application/json"
    assert headers["connection"] == "close"
    assert headers.get("content-type") == (None if write.body is None else "application/json")
    assert set(headers) <= {
        "host",
        "connection",
        "accept",
        "accept-encoding",
        "user-agent",
        "authorization",
        "content-type",
        "content-length",
    }


async def test_text_in_a_body_is_sent_to_the_letter() -> None:
    far_end = FarEnd(httpx.Response(202, json=QUEUED))
    hostile = 'a/../b"}\n{å\u202e'
    async with connected(far_end) as http:
        await WritingClient(http).send(requests.create_backup(VPS_ID, hostile))
    assert httpx.Response(200, content=far_end.seen[0].content).json() == {"note": hostile}
    assert "å" in far_end.seen[0].content.decode()


async def test_a_transport_that_was_handed_in_outlives_a_change() -> None:
    class Noting(httpx.MockTransport):
        closed = 0

        async def aclose(self) -> None:
            self.closed += 1

    transport = Noting(lambda _: httpx.Response(202, json=QUEUED))
    http = Http(BASE, KEY, transport=transport)
    await WritingClient(http).send(RESTORE)
    assert transport.closed == 0
    await http.close()
    assert transport.closed == 1


async def test_the_client_does_not_show_the_key() -> None:
    async with connected(FarEnd(httpx.Response(204))) as http:
        assert KEY not in repr(WritingClient(http))


# The response.


@pytest.mark.parametrize("body", [b"", b"{}", b"not looked at"])
async def test_no_content_means_done_with_nothing_to_follow(body: bytes) -> None:
    far_end = FarEnd(httpx.Response(204, content=body))
    async with connected(far_end) as http:
        assert await WritingClient(http).send(RESTORE) == Started()
    assert len(far_end.seen) == 1


@pytest.mark.parametrize("status", [200, 202])
@pytest.mark.parametrize(
    ("document", "told"),
    [
        (QUEUED, WAITING),
        ({"data": QUEUED}, WAITING),
        ({}, Started()),
        ({"operation": None}, Started()),
        ({"settings": {"totalBackupLimit": 5, "autoDeleteOldest": True}}, Started()),
        ({"schedule": {"id": "bks_1"}}, Started()),
        (
            {"operation": {"status": "completed", "jobId": "job_1", "pollUrl": None}},
            Started(job_id="job_1", state=JobState.COMPLETED),
        ),
        (
            {"status": "provisioning", "vpsId": "vps_new", "orderId": "ord_1"},
            Started(vps_id="vps_new"),
        ),
    ],
)
async def test_a_success_may_come_in_any_shape(
    status: int, document: dict[str, Any], told: Started
) -> None:
    far_end = FarEnd(httpx.Response(status, json=document))
    async with connected(far_end) as http:
        assert await WritingClient(http).send(RESTORE) == told
    assert len(far_end.seen) == 1


UNREADABLE = {
    "empty": b"",
    "spaces": b"  \n",
    "a page": PAGE,
    "cut short": b'{"operation": {"status": "que',
    "a list": b"[]",
    "null": b"null",
    "a text": b'"queued"',
    "not finite": b'{"operation": {"progress": NaN}}',
    "too deep": b'{"a":' * 40 + b"1" + b"}" * 40,
    "no text": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("write", [RESTORE, WRITES[-1]], ids=["backup:vm", "write:vm"])
@pytest.mark.parametrize("status", [200, 202])
@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_success_that_cannot_be_read_may_have_been_carried_out(
    write: WriteRequest, status: int, body: bytes
) -> None:
    error = await failed(FarEnd(httpx.Response(status, content=body)), write)
    assert type(error) is BadResponseError
    assert (error.status, error.sent, error.outcome_unknown) == (status, True, True)


# Failures.

STATUSES: list[tuple[int, type[HostUpError], bool]] = [
    *((status, kind, status >= 500) for status, kind in ERRORS),
    *((status, RedirectedError, True) for status in REDIRECTS),
    (102, BadResponseError, True),
]


@pytest.mark.parametrize(("status", "kind", "unknown"), STATUSES)
@pytest.mark.parametrize("wait", ["0", "60", None])
async def test_a_change_goes_out_once_whatever_the_status(
    status: int, kind: type[HostUpError], unknown: bool, wait: str | None
) -> None:
    headers = {"location": f"{BASE}/api/v2/vps"} | ({"retry-after": wait} if wait else {})
    error = await failed(FarEnd(lambda: httpx.Response(status, headers=headers)))
    assert type(error) is kind
    assert (error.status, error.sent, error.outcome_unknown) == (status, True, unknown)
    if wait is not None and isinstance(error, RefusedError | ServerFaultError):
        assert error.retry_after == float(wait)


@pytest.mark.parametrize(("cause", "kind", "sent"), BROKEN)
async def test_a_change_goes_out_once_whatever_breaks(
    cause: type[httpx.TransportError], kind: type[HostUpError], sent: bool
) -> None:
    def fail() -> httpx.Response:
        raise broken(cause)

    error = await failed(FarEnd(fail))
    assert type(error) is kind
    assert (error.outcome_unknown, error.sent) == (sent, sent)


@pytest.mark.parametrize("cause", [httpx.ReadError, httpx.RemoteProtocolError])
async def test_a_change_whose_response_is_cut_may_have_been_carried_out(
    cause: type[httpx.TransportError],
) -> None:
    cut = Stream(b'{"operation": {', breaks=broken(cause))
    error = await failed(FarEnd(httpx.Response(202, stream=cut)))
    assert type(error) is ConnectionLostError
    assert error.outcome_unknown is True
    assert cut.closed


async def test_a_change_without_a_response_may_have_been_carried_out() -> None:
    class Silent(FarEnd):
        async def __call__(self, request: httpx.Request) -> httpx.Response:
            await super().__call__(request)
            return await hang(request)

    error = await failed(Silent(httpx.Response(202)), budget=0.02)
    assert type(error) is TimedOutError
    assert (error.outcome_unknown, error.sent) == (True, True)


@pytest.mark.parametrize(
    ("status", "content_type", "body", "kind", "unknown"),
    [
        (403, "text/html", PAGE, EdgeRefusedError, False),
        (409, "text/html", PAGE, BadResponseError, False),
        (502, "text/html", PAGE, ServerFaultError, True),
        (413, "", MEGABYTE * 11, ResponseTooLargeError, False),
        (202, "", MEGABYTE * 11, ResponseTooLargeError, True),
    ],
)
async def test_what_stands_before_the_api_refuses_without_carrying_anything_out(
    status: int, content_type: str, body: bytes, kind: type[HostUpError], unknown: bool
) -> None:
    headers = {"content-type": content_type}
    error = await failed(FarEnd(httpx.Response(status, headers=headers, content=body)))
    assert type(error) is kind
    assert error.outcome_unknown is unknown


async def test_a_refused_change_says_why_in_hostups_words() -> None:
    refusal = PROBLEM | {"status": 409, "code": "vps_not_ready", "detail": "A restore is running."}
    error = await failed(FarEnd(httpx.Response(409, json=refusal)))
    assert isinstance(error, ProblemError)
    assert (str(error), error.code) == ("A restore is running.", "vps_not_ready")
    assert error.request_id == PROBLEM["requestId"]
