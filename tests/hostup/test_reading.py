"""Each read is one GET of one address, about what was asked for, and none can change anything."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from math import inf
from typing import Any
from urllib.parse import unquote

import anyio
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostup_mcp.hostup.audit import AuditLog
from hostup_mcp.hostup.base import Unread
from hostup_mcp.hostup.endpoints import segment
from hostup_mcp.hostup.http import Http
from hostup_mcp.hostup.jobs import Job, JobState, is_path_on_host
from hostup_mcp.hostup.models import VpsPage
from hostup_mcp.hostup.problems import (
    BadResponseError,
    ForbiddenError,
    NotFoundError,
    RateLimitedError,
    ServerFaultError,
    TimedOutError,
    WrongSubjectError,
)
from hostup_mcp.hostup.reading import ReadingClient

from .wire import (
    BACKUPS,
    BASE,
    HOSTILE_IDS,
    KEY,
    LISTING,
    NOW,
    POLL,
    QUEUED,
    VPS,
    VPS_ID,
    FarEnd,
    Naps,
    connected,
    encoded,
    router,
)

BACKUP = ("backup:vm",)
SERVERS = {
    "data": [{"id": VPS_ID, "name": "app-01", "primaryIp": "192.0.2.10"}],
    "hasMore": True,
    "nextCursor": "eyJ2IjoxfQ==",
}


async def test_servers_come_fifty_at_a_time() -> None:
    far_end = router()
    route = far_end.get(f"{BASE}/api/v2/vps").respond(200, json=SERVERS)
    async with connected(far_end) as http:
        page = await ReadingClient(http).list_vps()
    assert (page.data[0].id, page.has_more, page.next_cursor) == (VPS_ID, True, "eyJ2IjoxfQ==")
    assert route.calls.last.request.url.raw_path == b"/api/v2/vps?limit=50"


async def test_filters_keep_the_api_names() -> None:
    far_end = router()
    route = far_end.get(f"{BASE}/api/v2/vps").respond(200, json=SERVERS)
    async with connected(far_end) as http:
        await ReadingClient(http).list_vps(
            limit=1, cursor="eyJ2IjoxfQ==", primary_ip="192.0.2.10", name="Åsas & Co?"
        )
    assert route.calls.last.request.url.params.multi_items() == [
        ("limit", "1"),
        ("cursor", "eyJ2IjoxfQ=="),
        ("primaryIp", "192.0.2.10"),
        ("name", "Åsas & Co?"),
    ]


async def test_absent_filters_are_not_sent() -> None:
    far_end = router()
    route = far_end.get(f"{BASE}/api/v2/vps").respond(200, json=SERVERS)
    async with connected(far_end) as http:
        await ReadingClient(http).list_vps(limit=100, name="app-01")
    assert route.calls.last.request.url.query == b"limit=100&name=app-01"


async def test_a_long_cursor_is_unchanged() -> None:
    cursor = "c" * 3000 + "+/="
    far_end = router()
    route = far_end.get(f"{BASE}/api/v2/vps").respond(200, json=SERVERS | {"nextCursor": cursor})
    async with connected(far_end) as http:
        client = ReadingClient(http)
        page = await client.list_vps()
        await client.list_vps(cursor=page.next_cursor)
    assert route.calls.last.request.url.params["cursor"] == cursor


NAMED = [{"id": "vps_1", "name": "web-01", "primaryIp": "192.0.2.10"}]
OTHER = [{"id": "vps_2", "name": "db-01", "primaryIp": "2001:db8::1"}]
UNKNOWN = [{"id": "vps_3", "name": None, "primaryIp": None}]


async def page_of(document: dict[str, Any], **given: Any) -> VpsPage:
    async with connected(FarEnd(httpx.Response(200, json=document))) as http:
        return await ReadingClient(http).list_vps(**given)


@pytest.mark.parametrize(
    ("given_", "ids", "unmatched"),
    [
        ({}, ["vps_1", "vps_2", "vps_3"], 0),
        ({"name": "WEB-01"}, ["vps_1", "vps_3"], 1),
        ({"name": "db"}, ["vps_3"], 2),
        ({"primary_ip": " 192.0.2.10"}, ["vps_1", "vps_3"], 1),
        ({"primary_ip": "2001:0db8::0001"}, ["vps_2", "vps_3"], 1),
        ({"primary_ip": "not an address"}, ["vps_3"], 2),
        ({"name": "web-01", "primary_ip": "2001:db8::1"}, ["vps_3"], 2),
    ],
)
async def test_an_ignored_filter_is_noticed(
    given_: dict[str, str], ids: list[str], unmatched: int
) -> None:
    page = await page_of({"data": NAMED + OTHER + UNKNOWN}, **given_)
    assert [vps.id for vps in page.data] == ids
    assert page.unmatched == unmatched


@pytest.mark.parametrize(
    ("asked", "more", "following", "is_incomplete"),
    [
        (None, {"hasMore": False, "nextCursor": None}, None, False),
        (None, {"hasMore": True, "nextCursor": "b"}, "b", False),
        ("a", {"hasMore": True, "nextCursor": "b"}, "b", False),
        ("a", {"hasMore": True, "nextCursor": "a"}, None, True),
        ("a", {"nextCursor": "a"}, None, True),
        ("a", {"hasMore": True}, None, True),
        ("a", {"hasMore": True, "nextCursor": 7}, None, True),
        ("a", {}, None, False),
    ],
)
async def test_a_cursor_that_leads_nowhere_is_noticed(
    asked: str | None, more: dict[str, Any], following: str | None, is_incomplete: bool
) -> None:
    page = await page_of({"data": NAMED} | more, cursor=asked)
    assert (page.next_cursor, page.is_incomplete) == (following, is_incomplete)
    assert page.is_whole is (not is_incomplete and following is None)


async def test_unread_values_survive_the_checks() -> None:
    page = await page_of({"data": [*NAMED, {"id": "vps_4", "name": 7}]}, name="web-01")
    assert page.unread == (Unread("name", "vps_4"),)
    assert [vps.id for vps in page.data] == ["vps_1", "vps_4"]


@pytest.mark.parametrize(
    ("date", "offset"),
    [
        ("Mon, 27 Apr 2026 15:00:00 GMT", 3 * 3600.0),
        ("Mon, 27 Apr 2026 11:59:30 GMT", -30.0),
        ("yesterday", None),
        (None, None),
    ],
)
async def test_hostups_clock_is_compared(date: str | None, offset: float | None) -> None:
    headers = {} if date is None else {"date": date}
    for status in (200, 404):
        far_end = FarEnd(httpx.Response(status, json=SERVERS, headers=headers))
        async with connected(far_end) as http:
            client = ReadingClient(http)
            assert client.clock_offset is None
            with suppress(NotFoundError):
                await client.list_vps()
            assert client.clock_offset == client.within(1.0).clock_offset == offset


# The audit log.

ROW = {
    "id": "aud_1",
    "occurredAt": "2026-04-27T11:59:58.000Z",
    "method": "POST",
    "path": f"{VPS}/backups",
    "success": True,
    "statusCode": 202,
    "userAgent": "hostup-mcp/1.2 (write abc)",
    "tags": ["x"],
}


async def logged(*pages: dict[str, Any], **given: Any) -> tuple[AuditLog, list[httpx.Request]]:
    answers = [httpx.Response(200, json=page) for page in pages]
    far_end = FarEnd(lambda: answers.pop(0))
    async with connected(far_end) as http:
        return await ReadingClient(http).audit_log(NOW, **given), far_end.seen


async def test_the_audit_log_is_read_by_page() -> None:
    log, seen = await logged(
        {"data": [ROW], "hasMore": True, "nextCursor": "b"},
        {"data": [ROW | {"id": "aud_2"}], "hasMore": False, "nextCursor": None},
    )
    assert [row.id for row in log.rows] == ["aud_1", "aud_2"]
    assert log.is_complete
    first = log.rows[0]
    assert (first.occurred, first.user_agent) == (NOW - timedelta(seconds=2), ROW["userAgent"])
    asked = {
        "limit": "100",
        "startAt": "2026-04-27T12:00:00.000Z",
        "hideGet": "true",
        "includeDnsEvents": "false",
    }
    assert [dict(request.url.params) for request in seen] == [asked, asked | {"cursor": "b"}]


@pytest.mark.parametrize(
    "pages",
    [
        [{"data": [], "nextCursor": "b"}, {"data": [], "nextCursor": "b"}],
        [{"data": [], "nextCursor": "b"}, {"data": [], "nextCursor": "c"}],
        [{"data": [], "hasMore": True}],
        [{"data": [], "nextCursor": 7}],
    ],
)
async def test_an_audit_log_that_is_cut_says_so(pages: list[dict[str, Any]]) -> None:
    log, seen = await logged(*pages, pages=2)
    assert log == AuditLog((), is_complete=False)
    assert len(seen) == len(pages)


async def test_odd_audit_rows_are_read() -> None:
    odd = {"id": 7, "statusCode": "202", "userAgent": None, "path": ["x"], "success": "yes"}
    log, _ = await logged({"data": [odd, "x", ROW]})
    assert [row.status_code for row in log.rows] == [None, 202]


async def test_the_audit_log_names_its_scope() -> None:
    async with connected(FarEnd(httpx.Response(403, json={"code": "forbidden"}))) as http:
        with pytest.raises(ForbiddenError) as caught:
            await ReadingClient(http).audit_log(NOW)
    assert caught.value.scopes == ("audit:read",)


async def test_one_server_is_read_by_its_id() -> None:
    far_end = router()
    route = far_end.get(f"{BASE}/api/v2/vps/{VPS_ID}").respond(200, json=SERVERS["data"][0])  # type: ignore[index]
    async with connected(far_end) as http:
        assert (await ReadingClient(http).get_vps(VPS_ID)).name == "app-01"
    assert route.call_count == 1


async def test_the_backups_of_a_server_are_read_by_its_id() -> None:
    far_end = router()
    route = far_end.get(BASE + BACKUPS).respond(200, json=LISTING)
    async with connected(far_end) as http:
        listing = await ReadingClient(http).list_backups(VPS_ID)
    assert listing.backups[0].note == "Before upgrade"
    assert route.calls.last.request.url.raw_path == BACKUPS.encode()


async def test_a_refused_page_names_its_scope() -> None:
    async with connected(FarEnd(httpx.Response(403, json={"code": "forbidden"}))) as http:
        with pytest.raises(ForbiddenError) as caught:
            await ReadingClient(http).list_vps()
    assert caught.value.scopes == ("read:vm",)


async def test_a_page_of_another_shape_is_an_error() -> None:
    far_end = router()
    far_end.route().respond(200, json=SERVERS["data"])
    async with connected(far_end) as http:
        with pytest.raises(BadResponseError):
            await ReadingClient(http).list_vps()


@pytest.mark.parametrize(("hostile", "encoded"), HOSTILE_IDS)
async def test_an_id_is_one_path_segment(hostile: str, encoded: bytes) -> None:
    far_end = router()
    route = far_end.route().respond(200, json=LISTING)
    async with connected(far_end) as http:
        await ReadingClient(http).list_backups(hostile)
    url = route.calls.last.request.url
    assert url.raw_path == b"/api/v2/vps/" + encoded + b"/backups"
    assert (url.scheme, url.host, url.query, url.fragment) == ("https", "cloud.hostup.se", b"", "")


@settings(max_examples=60)
@given(st.text(min_size=1, max_size=30) | st.text("./\\%?#2eEfF ;@:", min_size=1, max_size=12))
async def test_no_id_reaches_another_endpoint(value: str) -> None:
    if value in (".", ".."):
        return
    seen: list[httpx.URL] = []

    async def note(request: httpx.Request) -> httpx.Response:
        seen.append(request.url)
        return httpx.Response(200, json=LISTING)

    async with connected(note) as http:
        await ReadingClient(http).list_backups(value)
    (url,) = seen
    head, middle, tail = url.raw_path.partition(b"/api/v2/vps/")[2].partition(b"/backups")
    assert (middle, tail) == (b"/backups", b"")
    assert b"/" not in head
    assert unquote(head.decode("ascii")) == value


def test_a_lone_surrogate_is_no_id() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        segment("vps_\ud800")


async def test_the_client_hides_the_key() -> None:
    async with connected(router()) as http:
        assert KEY not in repr(ReadingClient(http))


async def test_close_closes_the_connections() -> None:
    class Noting(httpx.MockTransport):
        closed = False

        async def aclose(self) -> None:
            self.closed = True

    transport = Noting(lambda _: httpx.Response(200))
    await ReadingClient(Http(BASE, KEY, transport=transport)).close()
    assert transport.closed


# What is read about one server.

READS: list[tuple[str, str, dict[str, Any], tuple[str, ...]]] = [
    ("get_vps", VPS, {"id": VPS_ID}, ("read:vm",)),
    ("list_backups", BACKUPS, LISTING, ("read:vm",)),
    ("get_status", f"{VPS}/status", {"powerState": "running"}, ("read:vm",)),
    ("list_restore_sources", f"{VPS}/backups/restore-sources", {"sources": []}, BACKUP),
    ("list_snapshots", f"{VPS}/snapshots", {"data": []}, ("read:vm",)),
    ("list_backup_schedules", f"{VPS}/backup-schedules", {"schedules": []}, ("read:vm",)),
    ("get_storage", f"{VPS}/storage", {"disks": []}, ("read:vm",)),
    ("get_guest_agent", f"{VPS}/agent/exec", {"available": True}, ("read:vm",)),
    ("get_cancellation", f"{VPS}/cancellation", {"status": "none"}, ("read:vm",)),
    ("get_billing_breakdown", f"{VPS}/billing-breakdown", {"estimate": {}}, ("read:billing",)),
]
# What is read about the account.
ACCOUNT_READS = [
    ("get_payg_preflight", "/api/v2/vps/payg/deployments"),
    ("get_payg_limits", "/api/v2/vps/payg/limits"),
]


@pytest.mark.parametrize(("call", "path", "document", "_scopes"), READS)
async def test_each_read_has_its_path(
    call: str, path: str, document: dict[str, Any], _scopes: tuple[str, ...]
) -> None:
    far_end = FarEnd(httpx.Response(200, json=document))
    async with connected(far_end) as http:
        await getattr(ReadingClient(http), call)(VPS_ID)
    (request,) = far_end.seen
    assert (request.method, request.url.raw_path) == ("GET", path.encode())
    assert request.content == b""


@pytest.mark.parametrize(("call", "_path", "_document", "scopes"), READS)
async def test_each_read_names_its_scope(
    call: str, _path: str, _document: dict[str, Any], scopes: tuple[str, ...]
) -> None:
    async with connected(FarEnd(httpx.Response(403, json={"code": "forbidden"}))) as http:
        with pytest.raises(ForbiddenError) as caught:
            await getattr(ReadingClient(http), call)(VPS_ID)
    assert caught.value.scopes == scopes


@pytest.mark.parametrize(("call", "path"), ACCOUNT_READS)
async def test_the_account_is_read_without_an_id(call: str, path: str) -> None:
    answers = [httpx.Response(200, json={}), httpx.Response(403, json={"code": "forbidden"})]
    far_end = FarEnd(lambda: answers.pop(0))
    async with connected(far_end) as http:
        await getattr(ReadingClient(http), call)()
        with pytest.raises(ForbiddenError) as caught:
            await getattr(ReadingClient(http), call)()
    assert caught.value.scopes == ("read:vm",)
    for request in far_end.seen:
        assert (request.method, request.url.raw_path) == ("GET", path.encode())


@pytest.mark.parametrize("nothing", ["", ".", ".."])
@pytest.mark.parametrize("call", [call for call, *_ in READS])
async def test_an_impossible_id_is_not_sent(call: str, nothing: str) -> None:
    far_end = FarEnd(httpx.Response(200, json={}))
    async with connected(far_end) as http:
        with pytest.raises(ValueError, match="not an id"):
            await getattr(ReadingClient(http), call)(nothing)
    assert far_end.seen == []


# Following a job.


@pytest.mark.parametrize(
    "poll",
    [
        POLL,
        "/api/v2/operations/job_1",
        "/api/jobs/backup-17910-1769734006476?wait=1&x=%2F",
        "/api/jobs/job%201",
        "/api/jobs/job_1/",
    ],
)
async def test_a_job_is_read_at_its_poll_url(poll: str) -> None:
    answer = {"operation": {"status": "in_progress", "progress": 40}}
    far_end = FarEnd(httpx.Response(200, json=answer))
    async with connected(far_end) as http:
        told = await ReadingClient(http).get_job(poll)
    assert told == Job(state=JobState.RUNNING, status="in_progress", progress=40.0)
    (request,) = far_end.seen
    assert (request.method, request.url.raw_path) == ("GET", poll.encode())
    assert (request.url.scheme, request.url.host) == ("https", "cloud.hostup.se")


@pytest.mark.parametrize(
    "foreign",
    [
        "https://evil.example/api/jobs/job_1",
        f"{BASE}/api/jobs/job_1",
        "//evil.example/api/jobs/job_1",
        "/\\evil.example",
        "\\\\evil.example",
        "/api/jobs/../keys",
        "/api/jobs/job_1\r\nHost: evil.example",
        "api/jobs/job_1",
        "@evil.example",
        "",
    ],
)
async def test_a_foreign_poll_url_is_refused(foreign: str) -> None:
    far_end = FarEnd(httpx.Response(200, json=QUEUED))
    async with connected(far_end) as http:
        with pytest.raises(ValueError, match="path on HostUp's own host"):
            await ReadingClient(http).get_job(foreign)
    assert far_end.seen == []


async def test_reading_a_job_is_retried() -> None:
    far_end = router()
    route = far_end.get(BASE + POLL)
    route.mock(side_effect=[httpx.Response(503), httpx.Response(200, json=QUEUED)])
    async with connected(far_end) as http:
        assert (await ReadingClient(http).get_job(POLL)).state is JobState.WAITING
    assert route.call_count == 2


async def test_an_error_with_status_200_is_no_job() -> None:
    far_end = FarEnd(httpx.Response(200, json={"success": False, "error": "No such job"}))
    async with connected(far_end) as http:
        with pytest.raises(ServerFaultError, match="No such job"):
            await ReadingClient(http).get_job(POLL)


async def test_an_unknown_job_is_not_found() -> None:
    far_end = FarEnd(httpx.Response(404, json={"error": "x", "code": "NOT_FOUND"}))
    async with connected(far_end) as http:
        with pytest.raises(NotFoundError):
            await ReadingClient(http).get_job(POLL)
    assert len(far_end.seen) == 1


@settings(max_examples=80)
@given(
    st.text("/.:?#[]@%\\ ;=&+abö\x00\n\u2215", max_size=12).map("/".__add__)
    | st.text(max_size=20)
    | st.text("/.:@evl", max_size=12)
)
async def test_no_poll_url_leads_elsewhere(poll: str) -> None:
    far_end = FarEnd(lambda: httpx.Response(200, content=encoded(QUEUED)))
    async with connected(far_end) as http:
        if is_path_on_host(poll):
            await ReadingClient(http).get_job(poll)
        else:
            with pytest.raises(ValueError, match="own host"):
                await ReadingClient(http).get_job(poll)
    for request in far_end.seen:
        url = request.url
        assert (url.scheme, url.host, url.port, url.userinfo) == (
            "https",
            "cloud.hostup.se",
            None,
            b"",
        )
    assert len(far_end.seen) == is_path_on_host(poll)


# About what was asked for.

JOB_POLL = "/api/jobs/job_01hxa"


async def get_vps(client: ReadingClient) -> Any:
    return await client.get_vps(VPS_ID)


async def get_status(client: ReadingClient) -> Any:
    return await client.get_status(VPS_ID)


async def get_cancellation(client: ReadingClient) -> Any:
    return await client.get_cancellation(VPS_ID)


async def answered(document: Any, call: Callable[[ReadingClient], Awaitable[Any]]) -> Any:
    async with connected(FarEnd(httpx.Response(200, json=document))) as http:
        return await call(ReadingClient(http))


@pytest.mark.parametrize("call", [get_vps, get_status, get_cancellation])
@pytest.mark.parametrize("other", ["vps_other", VPS_ID.upper(), VPS_ID + "x", "16031"])
async def test_another_servers_data_is_an_error(
    call: Callable[[ReadingClient], Awaitable[Any]], other: str
) -> None:
    with pytest.raises(WrongSubjectError) as caught:
        await answered({"id": other, "vpsId": other, "powerState": "running"}, call)
    assert str(caught.value) == "HostUp responded about another server than the one requested"
    assert isinstance(caught.value, BadResponseError)


@pytest.mark.parametrize("call", [get_vps, get_status])
async def test_the_requested_servers_data_is_read(
    call: Callable[[ReadingClient], Awaitable[Any]],
) -> None:
    told = await answered({"id": VPS_ID, "powerState": "running"}, call)
    assert (told.id, told.power_state) == (VPS_ID, "running")


@pytest.mark.parametrize("document", [{"powerState": "running"}, {"id": None}])
async def test_a_status_needs_no_id(document: dict[str, Any]) -> None:
    assert (await answered(document, get_status)).id is None
    assert (await answered(document, get_cancellation)).vps_id is None


async def test_a_cancellation_names_its_server() -> None:
    document = {"vpsId": VPS_ID, "status": "none"}
    assert (await answered(document, get_cancellation)).vps_id == VPS_ID


WRONG_JOBS: list[dict[str, Any]] = [
    {"operation": {"status": "completed", "jobId": "job_other"}},
    {"operation": {"status": "completed", "jobId": "backup-17910-1769734006476"}},
    {"data": {"operation": {"status": "completed", "jobId": "job_other"}}},
    {"data": {"status": "completed", "jobId": "job_other"}},
    {
        "operation": {"status": "queued", "jobId": "job_01hxa"},
        "data": {"isCompleted": True, "jobId": "job_other"},
    },
    {
        "operation": {"status": "queued", "jobId": "job_other"},
        "data": {"isCompleted": True, "jobId": "job_01hxa"},
    },
]


@pytest.mark.parametrize("document", WRONG_JOBS)
@pytest.mark.parametrize(
    "poll",
    [JOB_POLL, f"{JOB_POLL}/", f"{JOB_POLL}?wait=1&x=job_other", "/api/v2/operations/job%5F01hxa"],
)
async def test_another_jobs_data_is_an_error(document: dict[str, Any], poll: str) -> None:
    with pytest.raises(WrongSubjectError) as caught:
        await answered(document, lambda client: client.get_job(poll))
    assert str(caught.value) == "HostUp responded about another job than the one requested"


@pytest.mark.parametrize("document", WRONG_JOBS)
@pytest.mark.parametrize("poll", ["/api/jobs/backup-17910-1", "/api/v2/domains/availability/x"])
async def test_other_poll_urls_are_not_compared(document: dict[str, Any], poll: str) -> None:
    assert isinstance(await answered(document, lambda client: client.get_job(poll)), Job)


@pytest.mark.parametrize(
    "document",
    [
        {"operation": {"status": "completed", "jobId": "job_01hxa"}},
        {"operation": {"status": "completed"}},
        {"operation": {"status": "completed", "jobId": None}},
        {"operation": {"status": "completed", "jobId": ""}},
        {"data": {"operation": {"status": "completed", "jobId": "job_01hxa"}}},
        {"data": {"status": "completed", "jobId": "job_01hxa"}},
        {"data": {"status": "completed", "jobId": "4711"}},
        {"data": {"status": "completed", "jobId": 4711}},
        {"data": {"status": "completed"}},
    ],
)
async def test_the_requested_jobs_data_is_read(document: dict[str, Any]) -> None:
    told = await answered(document, lambda client: client.get_job(JOB_POLL))
    assert told.state is JobState.SUCCEEDED


async def test_job_ids_are_compared_cleaned() -> None:
    id_ = "job_" + "x" * 2000
    document = {"operation": {"status": "completed", "jobId": id_}}
    told = await answered(document, lambda client: client.get_job(f"/api/jobs/{id_}"))
    assert told.state is JobState.SUCCEEDED


# One budget of time for several reads.


async def test_the_default_budget_is_per_read() -> None:
    async with connected(router()) as http:
        assert ReadingClient(http).seconds_left == inf


async def test_a_view_has_only_its_seconds() -> None:
    async with connected(router()) as http:
        client = ReadingClient(http)
        view = client.within(30.0)
        assert 20.0 < view.seconds_left <= 30.0
        assert 20.0 < view.within(60.0).seconds_left <= view.seconds_left + 0.01 <= 30.01
        assert view.within(5.0).seconds_left <= 5.0
        assert view.within(-1.0).seconds_left == 0.0
        assert client.seconds_left == inf


@pytest.mark.parametrize("seconds", [0.0, -5.0])
@pytest.mark.parametrize(
    "call", ["list_vps", *(call for call, *_ in READS), *(call for call, _ in ACCOUNT_READS)]
)
async def test_no_request_after_the_budget(call: str, seconds: float) -> None:
    far_end = FarEnd(httpx.Response(200, json={}))
    async with connected(far_end) as http:
        view = ReadingClient(http).within(seconds)
        with pytest.raises(TimedOutError) as caught:
            await getattr(view, call)(*((VPS_ID,) if call in {c for c, *_ in READS} else ()))
    assert (caught.value.sent, caught.value.outcome_unknown) == (False, False)
    assert caught.value.scopes != ()
    assert far_end.seen == []


async def test_a_retry_must_fit_the_shared_budget() -> None:
    far_end = FarEnd(lambda: httpx.Response(503, headers={"retry-after": "8"}))
    naps = Naps()
    async with connected(far_end, budget=20.0, sleep=naps) as http:
        with pytest.raises(ServerFaultError):
            await ReadingClient(http).within(5.0).list_backups(VPS_ID)
    assert (len(far_end.seen), naps.taken) == (1, [])


@pytest.mark.parametrize(
    ("status", "headers", "requests"),
    [(429, {}, 1), (429, {"retry-after": "1"}, 3), (503, {}, 3)],
)
async def test_a_limit_without_a_time_may_stop_it(
    status: int, headers: dict[str, str], requests: int
) -> None:
    """Every view says for itself whether such a 429 is retried."""
    for stops, expected in ((True, requests), (False, 3)):
        failing = [httpx.Response(status, headers=headers) for _ in range(2)]
        responses = iter([*failing, httpx.Response(200, json=LISTING)])
        far_end = FarEnd(partial(next, responses))
        async with connected(far_end, sleep=Naps()) as http:
            view = ReadingClient(http).within(15.0).within(30.0, stops_at_limit=stops)
            with suppress(RateLimitedError):
                await view.list_backups(VPS_ID)
        assert len(far_end.seen) == expected


async def test_a_shared_budget_may_be_longer() -> None:
    async def slow(_: httpx.Request) -> httpx.Response:
        await anyio.sleep(0.1)
        return httpx.Response(200, json=LISTING)

    async with connected(slow, budget=0.01) as http:
        listing = await ReadingClient(http).within(30.0).list_backups(VPS_ID)
    assert listing.quota_info.used == 1


# Read-only.


def test_the_client_offers_only_reads() -> None:
    offered = {name for name in dir(ReadingClient) if not name.startswith("_")}
    reads = {name for name in offered if name.startswith(("list_", "get_", "audit_"))}
    assert offered - reads == {"close", "within", "seconds_left", "clock_offset"}
    assert len(reads) == 15


async def test_every_read_is_a_get_without_a_body() -> None:
    far_end = FarEnd(lambda: httpx.Response(404))
    async with connected(far_end) as http:
        client = ReadingClient(http)
        for name in (n for n in dir(client) if n.startswith(("list_", "get_", "audit_"))):
            no_ids = dict.fromkeys(("list_vps", *(call for call, _ in ACCOUNT_READS)), ())
            others = {"get_job": (POLL,), "audit_log": (NOW,)}
            arguments = (no_ids | others).get(name, (VPS_ID,))
            with pytest.raises(NotFoundError):
                await getattr(client, name)(*arguments)
    assert len(far_end.seen) == 15
    assert {(request.method, request.content) for request in far_end.seen} == {("GET", b"")}
