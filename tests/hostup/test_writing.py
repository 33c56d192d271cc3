"""A write is sent once, and its outcome is never guessed."""

import re
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.documents import anything, text

from hostup_mcp import __version__
from hostup_mcp.hostup import requests
from hostup_mcp.hostup.http import Http
from hostup_mcp.hostup.jobs import JobState, Started
from hostup_mcp.hostup.problems import (
    AccountBlockedError,
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
    UnclearResponseError,
)
from hostup_mcp.hostup.requests import NewServer, PowerAction, WriteRequest
from hostup_mcp.hostup.text import clean_text
from hostup_mcp.hostup.writing import WritingClient, outcome

from .test_http import BROKEN, MEGABYTE, REDIRECTS, broken, hang
from .test_responses import BARE_ERRORS
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
    encoded,
)

WAITING = Started(job_id="job_1", poll_url=POLL, state=JobState.WAITING)
RESTORE = requests.restore_backup(VPS_ID, "bkp_1")
WRITES = [
    RESTORE,
    requests.create_backup(VPS_ID, "Före"),
    requests.delete_backup(VPS_ID, "a/b"),
    requests.restore_to_payg(VPS_ID, "bkp_1", NewServer("new-1", 1, 1, 50)),
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
async def test_a_write_is_sent_unchanged(write: WriteRequest) -> None:
    far_end = FarEnd(lambda: httpx.Response(204))
    async with connected(far_end) as http:
        await WritingClient(http).send(write)
    (request,) = far_end.seen
    assert request.method == write.method
    assert request.url.raw_path == write.path.encode()
    assert str(request.url) == BASE + write.path
    body = b"" if write.body is None else httpx.Request("POST", BASE, json=write.body).content
    assert request.content == body


@each_write
async def test_the_headers_of_a_write(
    write: WriteRequest,
) -> None:
    far_end = FarEnd(lambda: httpx.Response(204))
    async with connected(far_end) as http:
        await WritingClient(http).send(write, "abc")
    headers = far_end.seen[0].headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["user-agent"] == f"hostup-mcp/{__version__} (write abc)"
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


async def test_each_write_has_its_own_user_agent() -> None:
    far_end = FarEnd(lambda: httpx.Response(202, json=QUEUED))
    async with connected(far_end) as http:
        for _ in range(3):
            await WritingClient(http).send(RESTORE)
    agents = {request.headers["user-agent"] for request in far_end.seen}
    assert len(agents) == 3
    pattern = rf"hostup-mcp/{re.escape(__version__)} \(write [0-9a-f]{{16}}\)"
    assert all(re.fullmatch(pattern, agent) for agent in agents)


async def test_text_in_a_body_is_unchanged() -> None:
    far_end = FarEnd(lambda: httpx.Response(204))
    hostile = 'a/../b"}\n{å\u202e'
    async with connected(far_end) as http:
        await WritingClient(http).send(requests.create_backup(VPS_ID, hostile))
    assert httpx.Response(200, content=far_end.seen[0].content).json() == {"note": hostile}
    assert "å" in far_end.seen[0].content.decode()


async def test_a_given_transport_stays_open() -> None:
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


async def test_the_client_hides_the_key() -> None:
    async with connected(FarEnd(httpx.Response(204))) as http:
        assert KEY not in repr(WritingClient(http))


# The response.

DEPLOYED = {"status": "provisioning", "vpsId": "vps_new", "orderId": "ord_1"}
SETTINGS = {
    "totalBackupLimit": 5,
    "manualBackupsActive": 1,
    "scheduledBackupsActive": 2,
    "availableScheduledSlots": 2,
    "autoDeleteOldest": True,
}
DONE = {"operation": {"status": "completed", "jobId": None, "pollUrl": None, "result": None}}
PAYG = requests.restore_to_payg(VPS_ID, "bkp_1", NewServer("new-1", 1, 1, 50))
SCHEDULE = requests.set_backup_schedule(VPS_ID, {"enabled": False})
RETENTION = requests.set_backup_retention(VPS_ID, {"maxTotalBackups": 5, "autoDeleteOldest": True})
CANCEL = requests.cancel_vps(VPS_ID, "The test is over.")
CANCELLED = {"vpsId": VPS_ID, "status": "pending", "cancelType": "immediate", "revokable": True}
POWER = requests.set_power(VPS_ID, PowerAction.START)
LIMIT = requests.set_backup_retention(VPS_ID, {"maxTotalBackups": 5})
SUCCEEDED = Started(state=JobState.SUCCEEDED)
ACCEPTED_ONLY = Started(state=JobState.WAITING)
BUILT = Started(vps_id="vps_new", order_id="ord_1")


def also(**ids: str) -> Started:
    """The queued operation, with the ids of a new server."""
    return WAITING.model_copy(update=ids)


ACCEPTED: list[tuple[WriteRequest, dict[str, Any], Started]] = [
    (RESTORE, QUEUED, WAITING),
    (RESTORE, {"data": QUEUED}, WAITING),
    (RESTORE, {"success": True, "errors": [], "error": None, "data": QUEUED}, WAITING),
    (RESTORE, DONE, SUCCEEDED),
    (
        RESTORE,
        {"operation": {"status": "failed", "jobId": "job_1"}},
        Started(job_id="job_1", state=JobState.FAILED),
    ),
    *(
        (RESTORE, document, Started(job_id="job_1", state=JobState.FAILED, reason="No."))
        for document in (
            {"operation": {"status": "failed", "jobId": "job_1", "error": "No."}},
            {"operation": {"status": "failed", "jobId": "job_1"}, "success": False, "error": "No."},
            {"operation": {"status": "completed", "jobId": "job_1", "error": {"message": "No."}}},
            {"operation": {"status": "completed", "jobId": "job_1", "result": {"error": "No."}}},
            {"data": {"operation": {"status": "completed", "jobId": "job_1", "errors": ["No."]}}},
            {"operation": {"status": "completed", "jobId": "job_1"}, "errorMessage": "No."},
        )
    ),
    (
        RESTORE,
        {"operation": {"status": "cancelled", "jobId": "job_1", "error": "No."}},
        Started(job_id="job_1", state=JobState.ENDED_OTHERWISE, reason="No."),
    ),
    (
        RESTORE,
        {"operation": {"status": "baking", "jobId": "job_1"}},
        Started(job_id="job_1", state=JobState.UNKNOWN),
    ),
    (
        RESTORE,
        {"operation": {"status": "queued", "jobId": "not an id"}},
        Started(state=JobState.WAITING),
    ),
    (PAYG, QUEUED, WAITING),
    (PAYG, QUEUED | {"vpsId": "vps_a"}, also(vps_id="vps_a")),
    (PAYG, QUEUED | DEPLOYED, also(vps_id="vps_new", order_id="ord_1")),
    *(
        (PAYG, document, also(vps_id="vps_new", order_id="ord_1"))
        for document in (
            {"operation": QUEUED["operation"] | {"vpsId": "vps_new", "orderId": "ord_1"}},
            {"operation": QUEUED["operation"] | {"result": DEPLOYED}},
            {"data": {"operation": QUEUED["operation"] | {"result": DEPLOYED}}},
        )
    ),
    # Whose id these are is not certain, so that nothing may be done to such a server.
    (PAYG, QUEUED | {"vpsId": VPS_ID}, WAITING),
    (PAYG, QUEUED | {"vpsId": "not an id"}, WAITING),
    (
        PAYG,
        {"vpsId": "vps_b", "operation": QUEUED["operation"] | {"result": DEPLOYED}},
        also(order_id="ord_1"),
    ),
    (PAYG, DEPLOYED, BUILT),
    (PAYG, {"vpsId": "vps_new", "orderId": "ord_1"}, BUILT),
    (POWER, QUEUED, WAITING),
    (POWER, QUEUED | {"vpsId": VPS_ID}, WAITING),
    (CANCEL, {"cancellationLookupPending": True}, ACCEPTED_ONLY),
    (CANCEL, {"cancellationLookupPending": True, "vpsId": VPS_ID, "status": None}, ACCEPTED_ONLY),
    (CANCEL, CANCELLED, ACCEPTED_ONLY),
    (CANCEL, CANCELLED | {"status": "Scheduled", "reason": "x"}, ACCEPTED_ONLY),
    (CANCEL, CANCELLED | {"status": "completed"}, SUCCEEDED),
    (CANCEL, {"cancellationLookupPending": False, "cancellation": CANCELLED}, ACCEPTED_ONLY),
    (CANCEL, QUEUED, WAITING),
    (RETENTION, {"settings": SETTINGS}, SUCCEEDED),
    (LIMIT, {"settings": {"totalBackupLimit": 5}}, SUCCEEDED),
]


@pytest.mark.parametrize("status", [200, 201, 202])
@pytest.mark.parametrize(("request_", "document", "started"), ACCEPTED)
def test_documented_shapes_are_accepted(
    request_: WriteRequest, document: dict[str, Any], started: Started, status: int
) -> None:
    assert outcome(request_, status, {}, encoded(document)) == started


@pytest.mark.parametrize("body", [b"", b"{}", b"not looked at"])
def test_no_content_is_done(body: bytes) -> None:
    for request in (*WRITES, PAYG, RETENTION, POWER, CANCEL):
        assert outcome(request, 204, {}, body) == Started()
    with pytest.raises(UnclearResponseError):
        outcome(SCHEDULE, 204, {}, body)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"success": False, "error": "Storage is unavailable"}, "Storage is unavailable"),
        ({"success": False, "message": "No."}, "No."),
        ({"success": False}, "status 200, with an error in the body"),
        ({"data": {"success": False, "error": "No."}}, "No."),
        ({"error": "No."}, "No."),
        ({"error": {"message": "No."}}, "No."),
        ({"error": {"code": "quota_full"}}, "quota_full"),
        ({"errors": [{"detail": "No.", "pointer": "/note"}]}, "No."),
        ({"errors": ["No."]}, "No."),
        ({"status": "error", "message": "No."}, "No."),
        (PROBLEM, "The request body failed validation."),
        ({"title": "No.", "code": "vps_not_ready"}, "No."),
        ({"status": 409, "title": "No."}, "No."),
        ({"operation": {"status": "denied", "jobId": "job_1", "message": "No."}}, "No."),
        ({"operation": {"status": "Rejected", "error": "No."}}, "No."),
        ({"operation": {"success": False, "error": "No."}}, "No."),
        ({"data": {"status": "rejected", "error": "No."}}, "No."),
        ({"data": {"operation": {"status": "refused", "error": {"detail": "No."}}}}, "No."),
    ],
)
def test_a_2xx_with_a_refusal_is_an_error(document: dict[str, Any], words: str) -> None:
    for request in (RESTORE, PAYG, RETENTION, SCHEDULE, POWER, CANCEL):
        with pytest.raises(RefusedError) as caught:
            outcome(request, 200, {}, encoded(document))
        assert str(caught.value) == words
        assert (caught.value.status, caught.value.outcome_unknown) == (200, False)


UNCLEAR: list[Any] = [
    {},
    {"success": True},
    {"message": "Backup created"},
    {"status": "completed", "jobId": "job_1"},
    {"data": {"jobId": "job_1"}},
    {"operation": None},
    {"operation": {}},
    {"operation": "queued"},
    {"operation": {"status": "baking"}},
    {"operation": {"status": "baking", "jobId": 7}},
    {"operation": {"result": {"vpsId": "vps_new"}}},
    DEPLOYED | {"status": "failed"},
    {"vpsId": "vps_new"},
    DEPLOYED | {"vpsId": VPS_ID},
    DEPLOYED | {"vpsId": "not an id"},
    DEPLOYED | {"orderId": None},
    {"cancellationLookupPending": False},
    {"cancellationLookupPending": "true"},
    {"cancellationLookupPending": True, "vpsId": "vps_other"},
    CANCELLED | {"vpsId": "vps_other"},
    CANCELLED | {"vpsId": None},
    *(CANCELLED | {"status": word} for word in ("none", "revoked", "unknown", "held", None)),
    {"cancellation": CANCELLED | {"vpsId": "vps_other"}},
    CANCELLED | {"cancellation": {"vpsId": VPS_ID, "status": "none"}},
    {"cancellationLookupPending": True, "cancellation": {"vpsId": "vps_other"}},
    {"settings": SETTINGS | {"totalBackupLimit": 4}},
    {"settings": SETTINGS | {"totalBackupLimit": True}},
    {"settings": SETTINGS | {"autoDeleteOldest": 1}},
    {"settings": {}},
    {"schedule": {"id": "bks_1"}},
    # A fault of HostUp's own does not say what became of the request.
    *(PROBLEM | {"status": status} for status in (408, 425, 499, 500, 502)),
    {"success": False, "code": "upstream_failed", "message": "x"},
    # Something was begun, and went wrong.
    {"data": {"status": "completed", "result": {"success": False}}},
    {"data": {"state": "failed", "error": "x"}},
    {"data": {"status": "in_progress"}, "error": "x"},
    {"code": "internal_error", "title": "Internal server error"},
]
UNREADABLE = {
    "empty": b"",
    "spaces": b"  \n",
    "a page": PAGE,
    "truncated": b'{"operation": {"status": "que',
    "a list": b"[]",
    "null": b"null",
    "a text": b'"queued"',
    "not finite": b'{"operation": {"progress": NaN}}',
    "too deep": b'{"a":' * 40 + b"1" + b"}" * 40,
    "no text": b"\xff\xfe\x00",
}


@pytest.mark.parametrize("document", UNCLEAR)
def test_any_other_2xx_is_unclear(document: dict[str, Any]) -> None:
    for request in (RESTORE, PAYG, RETENTION, SCHEDULE, POWER, CANCEL):
        for status in (200, 202):
            if "settings" in document and request is not RETENTION:
                continue
            with pytest.raises(UnclearResponseError) as caught:
                outcome(request, status, {}, encoded(document))
            assert (caught.value.status, caught.value.outcome_unknown) == (status, True)


@pytest.mark.parametrize(
    ("request_", "document"),
    [
        (RESTORE, QUEUED | {"success": False}),
        (RESTORE, QUEUED | {"success": "false"}),
        (RESTORE, {"operation": QUEUED["operation"] | {"error": "No."}}),
        (RESTORE, {"operation": QUEUED["operation"] | {"success": False}}),
        (RESTORE, {"operation": QUEUED["operation"] | {"result": {"success": False}}}),
        (PAYG, DEPLOYED | {"error": "No."}),
        (PAYG, DEPLOYED | {"blockerReasons": ["not_verified"]}),
        (CANCEL, CANCELLED | {"success": False}),
        (CANCEL, {"cancellationLookupPending": True, "error": "No."}),
        *((write, QUEUED | {"vpsId": "vps_other"}) for write in (RESTORE, POWER, CANCEL)),
        (POWER, {"operation": QUEUED["operation"] | {"result": {"vpsId": "vps_other"}}}),
        (RETENTION, {"settings": SETTINGS, "errors": ["No."]}),
    ],
)
def test_a_contradiction_is_unclear(request_: WriteRequest, document: dict[str, Any]) -> None:
    with pytest.raises(UnclearResponseError):
        outcome(request_, 200, {}, encoded(document))


BLOCKED = {"blockerReasons": ["not_verified", 7, "", "no_card_on_file", "not_verified"]}


@pytest.mark.parametrize(
    "document",
    [
        BLOCKED,
        {"extensions": BLOCKED, "success": False},
        {"available": False, "reason": "Verify the account.", "access": BLOCKED},
        PROBLEM | BLOCKED | {"status": 409},
    ],
)
def test_a_2xx_with_blockers_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(AccountBlockedError, match=r"not_verified, no_card_on_file") as caught:
        outcome(PAYG, 200, {}, encoded(document))
    assert caught.value.blockers == ("not_verified", "no_card_on_file")
    assert caught.value.outcome_unknown is False


def test_a_schedule_is_never_accepted() -> None:
    for document in (QUEUED, DONE, {"schedule": {"enabled": False}}, {"schedules": []}):
        with pytest.raises(UnclearResponseError):
            outcome(SCHEDULE, 200, {}, encoded(document))


@pytest.mark.parametrize("write", [RESTORE, WRITES[-1]], ids=["backup:vm", "write:vm"])
@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
async def test_an_unreadable_2xx_is_unclear(write: WriteRequest, body: bytes) -> None:
    error = await failed(FarEnd(httpx.Response(202, content=body)), write)
    assert type(error) is UnclearResponseError
    assert (error.status, error.sent, error.outcome_unknown) == (202, True, True)


words = st.sampled_from(
    ["queued", "completed", "failed", "baking", "provisioning", "scheduled", "error", ""]
)
parts: dict[str, Any] = {
    "status": words | st.integers(100, 600) | anything,
    "jobId": st.just("job_1") | anything,
    "vpsId": st.sampled_from(["vps_1", VPS_ID]) | anything,
    "cancellationLookupPending": st.booleans() | anything,
    "cancellation": st.just(CANCELLED) | anything,
    "orderId": st.just("ord_1") | anything,
    "success": st.booleans() | anything,
    "error": anything,
    "errors": anything,
    "code": st.just("x") | anything,
    "message": st.just("x") | anything,
    "settings": st.just(SETTINGS) | anything,
}
operations = st.fixed_dictionaries({}, optional={k: parts[k] for k in ("status", "jobId")})
some = st.fixed_dictionaries({}, optional=parts | {"operation": operations | anything})
objects = st.dictionaries(text, anything, max_size=3) | some | some.map(lambda x: {"data": x} | x)
KNOWN = {"pending", "queued", "in_progress", "completed", "failed"}
ALSO_KNOWN = {"waiting", "delayed", "running", "processing", "failure", "error", "cancelled"}


def has_operation(document: dict[str, Any]) -> bool:
    data = document.get("data")
    for holder in (document, data if isinstance(data, dict) else {}):
        operation = holder.get("operation")
        if isinstance(operation, dict):
            status, job_id = operation.get("status"), operation.get("jobId")
            if isinstance(status, str) and status.lower() in KNOWN | ALSO_KNOWN:
                return True
            if isinstance(job_id, str) and job_id:
                return True
    return False


@settings(max_examples=200)
@given(
    st.sampled_from([*WRITES, PAYG, RETENTION, SCHEDULE, POWER, CANCEL]),
    st.sampled_from([200, 202]),
    objects,
)
def test_only_documented_shapes_are_accepted(
    request_: WriteRequest, status: int, document: dict[str, Any]
) -> None:
    try:
        started = outcome(request_, status, {}, encoded(document))
    except (RefusedError, UnclearResponseError):
        return
    assert isinstance(started, Started)
    if started.state in (JobState.FAILED, JobState.ENDED_OTHERWISE):
        # A job that ended badly was accepted, whatever else says that it went wrong.
        assert has_operation(document)
        return
    assert document.get("success") is not False
    assert not document.get("error")
    assert not document.get("errors")
    assert request_ is not SCHEDULE
    if request_.method == "PATCH":
        assert document["settings"]["totalBackupLimit"] == 5
    elif has_operation(document):
        vps_id = document.get("vpsId")
        named = clean_text(vps_id) if isinstance(vps_id, str) else ""
        assert request_.path.endswith("/restore-to-payg") or named in ("", VPS_ID)
    elif request_ is CANCEL:
        shown = document.get("cancellation", document)
        is_pending = document.get("cancellationLookupPending") is True
        assert is_pending or shown["status"].lower() in ("pending", "scheduled", "completed")
    else:
        assert request_.path.endswith("/restore-to-payg")
        assert document["vpsId"]
        assert document["orderId"]


# Failures.

STATUSES: list[tuple[int, type[HostUpError], bool]] = [
    *((status, kind, kind is ServerFaultError) for status, kind in BARE_ERRORS),
    *((status, RedirectedError, True) for status in REDIRECTS),
    (102, BadResponseError, True),
]


@pytest.mark.parametrize(("status", "kind", "unknown"), STATUSES)
@pytest.mark.parametrize("wait", ["0", "60", None])
async def test_a_write_is_sent_once_by_status(
    status: int, kind: type[HostUpError], unknown: bool, wait: str | None
) -> None:
    headers = {"location": f"{BASE}/api/v2/vps"} | ({"retry-after": wait} if wait else {})
    error = await failed(FarEnd(lambda: httpx.Response(status, headers=headers)))
    assert type(error) is kind
    assert (error.status, error.sent, error.outcome_unknown) == (status, True, unknown)
    if wait is not None and isinstance(error, RefusedError | ServerFaultError):
        assert error.retry_after == float(wait)


@pytest.mark.parametrize(("cause", "kind", "sent"), BROKEN)
async def test_a_write_is_sent_once_if_cut(
    cause: type[httpx.TransportError], kind: type[HostUpError], sent: bool
) -> None:
    def fail() -> httpx.Response:
        raise broken(cause)

    error = await failed(FarEnd(fail))
    assert type(error) is kind
    assert (error.outcome_unknown, error.sent) == (sent, sent)


@pytest.mark.parametrize("cause", [httpx.ReadError, httpx.RemoteProtocolError])
async def test_a_truncated_response_is_unknown(
    cause: type[httpx.TransportError],
) -> None:
    cut = Stream(b'{"operation": {', breaks=broken(cause))
    error = await failed(FarEnd(httpx.Response(202, stream=cut)))
    assert type(error) is ConnectionLostError
    assert error.outcome_unknown is True
    assert cut.closed


async def test_a_silent_response_is_unknown() -> None:
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
async def test_pages_and_large_bodies(
    status: int, content_type: str, body: bytes, kind: type[HostUpError], unknown: bool
) -> None:
    headers = {"content-type": content_type}
    error = await failed(FarEnd(httpx.Response(status, headers=headers, content=body)))
    assert type(error) is kind
    assert error.outcome_unknown is unknown


async def test_a_new_server_may_exist_after_a_502() -> None:
    code = "upstream_cloud_quick_deploy_shape_invalid"
    problem = PROBLEM | {"status": 502, "code": code, "detail": "Upstream response invalid"}
    error = await failed(FarEnd(httpx.Response(502, json=problem)), PAYG)
    assert isinstance(error, ServerFaultError)
    assert (error.code, error.outcome_unknown) == (code, True)


async def test_a_refusal_quotes_hostup() -> None:
    refusal = PROBLEM | {"status": 409, "code": "vps_not_ready", "detail": "A restore is running."}
    error = await failed(FarEnd(httpx.Response(409, json=refusal)))
    assert isinstance(error, ProblemError)
    assert (str(error), error.code) == ("A restore is running.", "vps_not_ready")
    assert error.request_id == PROBLEM["requestId"]
