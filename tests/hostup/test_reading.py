"""Each read is one GET of one address, about what was asked for, and none can change anything."""

from collections.abc import Awaitable, Callable
from math import inf
from typing import Any
from urllib.parse import unquote

import anyio
import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostup_mcp.hostup.endpoints import segment
from hostup_mcp.hostup.http import Http
from hostup_mcp.hostup.jobs import Job, JobState, is_path_on_host
from hostup_mcp.hostup.problems import (
    BadResponseError,
    ForbiddenError,
    NotFoundError,
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


async def test_a_page_of_servers_is_asked_for_fifty_at_a_time() -> None:
    far_end = router()
    route = far_end.get(f"{BASE}/api/v2/vps").respond(200, json=SERVERS)
    async with connected(far_end) as http:
        page = await ReadingClient(http).list_vps()
    assert (page.data[0].id, page.has_more, page.next_cursor) == (VPS_ID, True, "eyJ2IjoxfQ==")
    assert route.calls.last.request.url.raw_path == b"/api/v2/vps?limit=50"


async def test_every_wish_about_servers_reaches_the_api_under_its_own_name() -> None:
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


async def test_a_wish_that_was_not_made_is_not_sent() -> None:
    far_end = router()
    route = far_end.get(f"{BASE}/api/v2/vps").respond(200, json=SERVERS)
    async with connected(far_end) as http:
        await ReadingClient(http).list_vps(limit=100, name="app-01")
    assert route.calls.last.request.url.query == b"limit=100&name=app-01"


async def test_a_cursor_survives_the_way_there_and_back() -> None:
    cursor = "c" * 3000 + "+/="
    far_end = router()
    route = far_end.get(f"{BASE}/api/v2/vps").respond(200, json=SERVERS | {"nextCursor": cursor})
    async with connected(far_end) as http:
        client = ReadingClient(http)
        page = await client.list_vps()
        await client.list_vps(cursor=page.next_cursor)
    assert route.calls.last.request.url.params["cursor"] == cursor


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


async def test_a_refused_page_of_servers_names_the_scope_that_it_needs() -> None:
    async with connected(FarEnd(httpx.Response(403, json={"code": "forbidden"}))) as http:
        with pytest.raises(ForbiddenError) as caught:
            await ReadingClient(http).list_vps()
    assert caught.value.scopes == ("read:vm",)


async def test_a_list_of_servers_in_another_shape_is_a_bad_answer() -> None:
    far_end = router()
    far_end.route().respond(200, json=SERVERS["data"])
    async with connected(far_end) as http:
        with pytest.raises(BadResponseError):
            await ReadingClient(http).list_vps()


@pytest.mark.parametrize(("hostile", "encoded"), HOSTILE_IDS)
async def test_an_id_is_one_segment_of_the_path_whatever_it_holds(
    hostile: str, encoded: bytes
) -> None:
    far_end = router()
    route = far_end.route().respond(200, json=LISTING)
    async with connected(far_end) as http:
        await ReadingClient(http).list_backups(hostile)
    url = route.calls.last.request.url
    assert url.raw_path == b"/api/v2/vps/" + encoded + b"/backups"
    assert (url.scheme, url.host, url.query, url.fragment) == ("https", "cloud.hostup.se", b"", "")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.text(min_size=1, max_size=30) | st.text("./\\%?#2eEfF ;@:", min_size=1, max_size=12))
async def test_no_id_at_all_reaches_another_endpoint(value: str) -> None:
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


def test_half_a_character_is_not_an_id() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        segment("vps_\ud800")


async def test_the_client_does_not_show_the_key() -> None:
    async with connected(router()) as http:
        assert KEY not in repr(ReadingClient(http))


async def test_closing_the_client_closes_the_connections() -> None:
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
]


@pytest.mark.parametrize(("call", "path", "document", "_scopes"), READS)
async def test_what_belongs_to_a_server_is_read_from_its_own_address(
    call: str, path: str, document: dict[str, Any], _scopes: tuple[str, ...]
) -> None:
    far_end = FarEnd(httpx.Response(200, json=document))
    async with connected(far_end) as http:
        await getattr(ReadingClient(http), call)(VPS_ID)
    (request,) = far_end.seen
    assert (request.method, request.url.raw_path) == ("GET", path.encode())
    assert request.content == b""


@pytest.mark.parametrize(("call", "_path", "_document", "scopes"), READS)
async def test_a_refused_reading_names_the_scope_that_it_needs(
    call: str, _path: str, _document: dict[str, Any], scopes: tuple[str, ...]
) -> None:
    async with connected(FarEnd(httpx.Response(403, json={"code": "forbidden"}))) as http:
        with pytest.raises(ForbiddenError) as caught:
            await getattr(ReadingClient(http), call)(VPS_ID)
    assert caught.value.scopes == scopes


@pytest.mark.parametrize("nothing", ["", ".", ".."])
@pytest.mark.parametrize("call", [call for call, *_ in READS])
async def test_a_reading_of_no_server_at_all_never_leaves(call: str, nothing: str) -> None:
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
async def test_a_job_is_followed_exactly_where_hostup_said(poll: str) -> None:
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
async def test_a_job_is_not_followed_to_anywhere_else(foreign: str) -> None:
    far_end = FarEnd(httpx.Response(200, json=QUEUED))
    async with connected(far_end) as http:
        with pytest.raises(ValueError, match="path on HostUp's own host"):
            await ReadingClient(http).get_job(foreign)
    assert far_end.seen == []


async def test_looking_at_a_job_is_a_reading_and_tried_again() -> None:
    far_end = router()
    route = far_end.get(BASE + POLL)
    route.mock(side_effect=[httpx.Response(503), httpx.Response(200, json=QUEUED)])
    async with connected(far_end) as http:
        assert (await ReadingClient(http).get_job(POLL)).state is JobState.WAITING
    assert route.call_count == 2


async def test_a_job_that_is_gone_is_not_found() -> None:
    far_end = FarEnd(httpx.Response(404, json={"error": "x", "code": "NOT_FOUND"}))
    async with connected(far_end) as http:
        with pytest.raises(NotFoundError):
            await ReadingClient(http).get_job(POLL)
    assert len(far_end.seen) == 1


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    st.text("/.:?#[]@%\\ ;=&+abö\x00\n\u2215", max_size=12).map("/".__add__)
    | st.text(max_size=20)
    | st.text("/.:@evl", max_size=12)
)
async def test_no_poll_address_at_all_leads_to_another_host(poll: str) -> None:
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


async def answered(document: Any, call: Callable[[ReadingClient], Awaitable[Any]]) -> Any:
    async with connected(FarEnd(httpx.Response(200, json=document))) as http:
        return await call(ReadingClient(http))


@pytest.mark.parametrize("call", [get_vps, get_status])
@pytest.mark.parametrize("other", ["vps_other", "", VPS_ID.upper(), VPS_ID + "x", "16031"])
async def test_a_response_about_another_server_is_a_failure(
    call: Callable[[ReadingClient], Awaitable[Any]], other: str
) -> None:
    with pytest.raises(WrongSubjectError) as caught:
        await answered({"id": other, "powerState": "running"}, call)
    assert str(caught.value) == "HostUp responded about another server than the one requested"
    assert isinstance(caught.value, BadResponseError)


@pytest.mark.parametrize("call", [get_vps, get_status])
async def test_a_response_about_the_server_asked_for_is_taken(
    call: Callable[[ReadingClient], Awaitable[Any]],
) -> None:
    told = await answered({"id": VPS_ID, "powerState": "running"}, call)
    assert (told.id, told.power_state) == (VPS_ID, "running")


@pytest.mark.parametrize("document", [{"powerState": "running"}, {"id": None}])
async def test_a_status_need_not_say_whose_it_is(document: dict[str, Any]) -> None:
    assert (await answered(document, get_status)).id is None


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
async def test_a_response_about_another_job_is_a_failure(
    document: dict[str, Any], poll: str
) -> None:
    with pytest.raises(WrongSubjectError) as caught:
        await answered(document, lambda client: client.get_job(poll))
    assert str(caught.value) == "HostUp responded about another job than the one requested"


@pytest.mark.parametrize("document", WRONG_JOBS)
@pytest.mark.parametrize("poll", ["/api/jobs/backup-17910-1", "/api/v2/domains/availability/x"])
async def test_a_poll_address_without_a_documented_id_compares_with_none(
    document: dict[str, Any], poll: str
) -> None:
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
async def test_a_response_about_the_job_asked_for_is_taken(document: dict[str, Any]) -> None:
    told = await answered(document, lambda client: client.get_job(JOB_POLL))
    assert told.state is JobState.COMPLETED


async def test_a_job_id_is_compared_as_it_reads_after_cleaning() -> None:
    id_ = "job_" + "x" * 2000
    document = {"operation": {"status": "completed", "jobId": id_}}
    told = await answered(document, lambda client: client.get_job(f"/api/jobs/{id_}"))
    assert told.state is JobState.COMPLETED


# One budget of time for several reads.


async def test_without_a_budget_of_its_own_each_read_has_the_usual_one() -> None:
    async with connected(router()) as http:
        assert ReadingClient(http).seconds_left == inf


async def test_a_view_has_the_seconds_that_it_was_given_and_no_more() -> None:
    async with connected(router()) as http:
        client = ReadingClient(http)
        view = client.within(30.0)
        assert 20.0 < view.seconds_left <= 30.0
        assert 20.0 < view.within(60.0).seconds_left <= view.seconds_left + 0.01 <= 30.01
        assert view.within(5.0).seconds_left <= 5.0
        assert view.within(-1.0).seconds_left == 0.0
        assert client.seconds_left == inf


@pytest.mark.parametrize("seconds", [0.0, -5.0])
@pytest.mark.parametrize("call", ["list_vps", *(call for call, *_ in READS)])
async def test_once_the_time_is_over_nothing_leaves(call: str, seconds: float) -> None:
    far_end = FarEnd(httpx.Response(200, json={}))
    async with connected(far_end) as http:
        view = ReadingClient(http).within(seconds)
        with pytest.raises(TimedOutError) as caught:
            await (view.list_vps() if call == "list_vps" else getattr(view, call)(VPS_ID))
    assert (caught.value.sent, caught.value.outcome_unknown) == (False, False)
    assert caught.value.scopes != ()
    assert far_end.seen == []


async def test_a_retry_that_does_not_fit_the_shared_budget_is_not_waited_for() -> None:
    far_end = FarEnd(lambda: httpx.Response(503, headers={"retry-after": "8"}))
    naps = Naps()
    async with connected(far_end, budget=20.0, sleep=naps) as http:
        with pytest.raises(ServerFaultError):
            await ReadingClient(http).within(5.0).list_backups(VPS_ID)
    assert (len(far_end.seen), naps.taken) == (1, [])


async def test_a_shared_budget_may_be_longer_than_the_usual_one() -> None:
    async def slow(_: httpx.Request) -> httpx.Response:
        await anyio.sleep(0.1)
        return httpx.Response(200, json=LISTING)

    async with connected(slow, budget=0.01) as http:
        listing = await ReadingClient(http).within(30.0).list_backups(VPS_ID)
    assert listing.quota_info.used == 1


# Read-only.


def test_the_client_offers_nothing_that_changes_anything() -> None:
    offered = {name for name in dir(ReadingClient) if not name.startswith("_")}
    reads = {name for name in offered if name.startswith(("list_", "get_"))}
    assert offered - reads == {"close", "within", "seconds_left"}
    assert len(reads) == 8


async def test_every_request_of_the_client_is_a_get_without_a_body() -> None:
    far_end = FarEnd(lambda: httpx.Response(404))
    async with connected(far_end) as http:
        client = ReadingClient(http)
        for name in (n for n in dir(client) if n.startswith(("list_", "get_"))):
            arguments = {"list_vps": (), "get_job": (POLL,)}.get(name, (VPS_ID,))
            with pytest.raises(NotFoundError):
                await getattr(client, name)(*arguments)
    assert len(far_end.seen) == 8
    assert {(request.method, request.content) for request in far_end.seen} == {("GET", b"")}
