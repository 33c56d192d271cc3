"""Each change is one request, word for word as documented, and its outcome is never guessed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hostup_mcp import __version__
from hostup_mcp.hostup.client import HostUpClient
from hostup_mcp.hostup.jobs import Job, JobState, Started, is_path_on_host
from hostup_mcp.hostup.problems import (
    BadAnswer,
    Forbidden,
    HostUpError,
    NotFound,
    Problem,
    TimedOut,
)

from .test_client import HOSTILE_IDS
from .test_http import BROKEN, WRITE_STATUSES, broken, hang
from .wire import BASE, KEY, PAGE, PROBLEM, VPS_ID, Naps, Stream, connected, encoded, router

BACKUP_ID = "bkp_01hxa3b4c5d6e7f8g9h0j1k2m3"
SOURCE_ID = "vps_01hxsource"
VPS = f"/api/v2/vps/{VPS_ID}"
POLL = "/api/jobs/job_1"
QUEUED = {"operation": {"status": "queued", "jobId": "job_1", "pollUrl": POLL, "result": None}}
WAITING = Started(job_id="job_1", poll_url=POLL, state=JobState.WAITING)
BACKUP = ("backup:vm",)
WRITE = ("write:vm",)
SPEND = ("backup:vm", "write:billing")
SCHEDULE: dict[str, Any] = {
    "frequency": "weekly",
    "hour": 2,
    "dayOfWeek": 0,
    "retentionCount": 3,
    "enabled": True,
    "name": "Nightly backup",
}
WISHES: dict[str, Any] = {
    "name": "restore-web-01",
    "region": "stockholm",
    "cpuCores": 2,
    "memoryGb": 4,
    "storageGb": 80,
}


@dataclass(frozen=True)
class Write:
    """One changing call, and the request that the API's pages ask for."""

    call: str
    arguments: tuple[Any, ...]
    verb: str
    path: str
    body: dict[str, Any] | None
    scopes: tuple[str, ...] = BACKUP
    ids: tuple[int, ...] = field(default=(0,))
    """Which arguments are segments of the path."""

    async def send(self, client: HostUpClient) -> Started:
        told = await getattr(client, self.call)(*self.arguments)
        assert isinstance(told, Started)
        return told

    def with_id(self, place: int, id_: str) -> "Write":
        arguments = list(self.arguments)
        arguments[place] = id_
        return Write(
            self.call, tuple(arguments), self.verb, self.path, self.body, self.scopes, self.ids
        )

    def __str__(self) -> str:
        return f"{self.call}({'no body' if self.body is None else ','.join(self.body)})"


WRITES = [
    Write("create_backup", (VPS_ID, None), "POST", f"{VPS}/backups", None),
    Write(
        "create_backup", (VPS_ID, "Före flytt"), "POST", f"{VPS}/backups", {"note": "Före flytt"}
    ),
    Write("create_backup", (VPS_ID, ""), "POST", f"{VPS}/backups", {"note": ""}),
    Write(
        "delete_backup",
        (VPS_ID, BACKUP_ID),
        "DELETE",
        f"{VPS}/backups/{BACKUP_ID}",
        None,
        ids=(0, 1),
    ),
    Write(
        "restore_backup",
        (VPS_ID, BACKUP_ID),
        "POST",
        f"{VPS}/backups/{BACKUP_ID}/actions/restore",
        None,
        ids=(0, 1),
    ),
    Write(
        "restore_from_vps",
        (VPS_ID, SOURCE_ID, BACKUP_ID),
        "POST",
        f"{VPS}/backups/actions/restore-from-vps",
        {"sourceVpsId": SOURCE_ID, "backupId": BACKUP_ID},
    ),
    Write(
        "restore_to_payg",
        (VPS_ID, BACKUP_ID, WISHES),
        "POST",
        f"{VPS}/backups/{BACKUP_ID}/actions/restore-to-payg",
        WISHES,
        SPEND,
        ids=(0, 1),
    ),
    Write(
        "restore_to_payg",
        (VPS_ID, BACKUP_ID, {}),
        "POST",
        f"{VPS}/backups/{BACKUP_ID}/actions/restore-to-payg",
        {},
        SPEND,
        ids=(0, 1),
    ),
    Write(
        "create_snapshot", (VPS_ID, "before-x", None), "POST", f"{VPS}/snapshots",
        {"name": "before-x"},
    ),
    Write(
        "create_snapshot",
        (VPS_ID, "before-x", "Inför x"),
        "POST",
        f"{VPS}/snapshots",
        {"name": "before-x", "description": "Inför x"},
    ),
    Write(
        "delete_snapshot",
        (VPS_ID, "before-x"),
        "DELETE",
        f"{VPS}/snapshots/before-x",
        None,
        ids=(0, 1),
    ),
    Write(
        "restore_snapshot",
        (VPS_ID, "before-x"),
        "POST",
        f"{VPS}/snapshots/before-x/actions/restore",
        None,
        ids=(0, 1),
    ),
    Write(
        "set_backup_schedule", (VPS_ID, SCHEDULE), "POST", f"{VPS}/backup-schedules", SCHEDULE,
        WRITE,
    ),
    Write(
        "set_backup_retention",
        (VPS_ID, {"maxTotalBackups": 5, "autoDeleteOldest": False}),
        "PATCH",
        f"{VPS}/backup-schedules",
        {"maxTotalBackups": 5, "autoDeleteOldest": False},
        WRITE,
    ),
]  # fmt: skip
ENDPOINTS = list({write.call: write for write in WRITES}.values())
PLACES = [(write, place) for write in ENDPOINTS for place in write.ids]

each_write = pytest.mark.parametrize("write", WRITES, ids=str)
each_endpoint = pytest.mark.parametrize("write", ENDPOINTS, ids=str)
each_place = pytest.mark.parametrize(
    ("write", "place"), PLACES, ids=[f"{write}-{place}" for write, place in PLACES]
)


class FarEnd:
    """Gives one answer to whatever comes, and keeps what came."""

    def __init__(self, answer: httpx.Response | Callable[[], Any]) -> None:
        self.answer = answer
        self.seen: list[httpx.Request] = []

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.seen.append(request)
        # An answer is read once; a second request must not fail for another reason.
        return self.answer if isinstance(self.answer, httpx.Response) else self.answer()


# The request.


@each_write
async def test_a_change_is_one_request_as_it_is_documented(write: Write) -> None:
    far_end = FarEnd(httpx.Response(202, json=QUEUED))
    async with connected(far_end) as http:
        assert await write.send(HostUpClient(http)) == WAITING
    (request,) = far_end.seen
    assert request.method == write.verb
    assert request.url == BASE + write.path
    assert request.url.raw_path == write.path.encode()
    assert request.content == (b"" if write.body is None else _compact(write.body))


def _compact(body: dict[str, Any]) -> bytes:
    return httpx.Request("POST", BASE, json=body).content


@each_write
async def test_a_change_sends_the_key_and_says_what_it_sends_and_nothing_else(
    write: Write,
) -> None:
    far_end = FarEnd(httpx.Response(202, json=QUEUED))
    async with connected(far_end) as http:
        await write.send(HostUpClient(http))
    headers = far_end.seen[0].headers
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["user-agent"] == f"hostup-mcp/{__version__}"
    assert headers["accept"] == "application/json"
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


async def test_the_body_is_what_it_was_asked_to_be_to_the_letter() -> None:
    far_end = FarEnd(httpx.Response(202, json=QUEUED))
    hostile = 'a/../b"}\n{å\u202e'
    async with connected(far_end) as http:
        client = HostUpClient(http)
        await client.restore_from_vps(VPS_ID, hostile, hostile)
        await client.create_backup(VPS_ID, hostile)
        await client.create_snapshot(VPS_ID, hostile, hostile)
    sent = [httpx.Response(200, content=request.content).json() for request in far_end.seen]
    assert sent == [
        {"sourceVpsId": hostile, "backupId": hostile},
        {"note": hostile},
        {"name": hostile, "description": hostile},
    ]


@each_place
@pytest.mark.parametrize(("hostile", "encoded_id"), HOSTILE_IDS)
async def test_an_id_is_one_segment_of_the_path_of_a_change(
    write: Write, place: int, hostile: str, encoded_id: bytes
) -> None:
    far_end = FarEnd(httpx.Response(202, json=QUEUED))
    async with connected(far_end) as http:
        await write.with_id(place, hostile).send(HostUpClient(http))
    (request,) = far_end.seen
    plain = str(write.arguments[place]).encode()
    assert request.url.raw_path == write.path.encode().replace(plain, encoded_id)
    assert (request.url.host, request.url.query) == ("cloud.hostup.se", b"")


@each_place
@pytest.mark.parametrize("nothing", ["", ".", "..", "vps_\ud800"])
async def test_what_no_encoding_makes_an_id_changes_nothing(
    write: Write, place: int, nothing: str
) -> None:
    far_end = FarEnd(httpx.Response(202, json=QUEUED))
    async with connected(far_end) as http:
        with pytest.raises(ValueError, match=r"not an id|surrogates"):
            await write.with_id(place, nothing).send(HostUpClient(http))
    assert far_end.seen == []


# The answer.


@each_endpoint
@pytest.mark.parametrize("body", [b"", b"{}", b"not looked at"])
async def test_no_content_means_done_with_nothing_to_follow(write: Write, body: bytes) -> None:
    far_end = FarEnd(httpx.Response(204, content=body))
    async with connected(far_end) as http:
        assert await write.send(HostUpClient(http)) == Started()
    assert len(far_end.seen) == 1


@each_endpoint
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
async def test_a_change_may_be_answered_in_any_shape(
    write: Write, status: int, document: dict[str, Any], told: Started
) -> None:
    far_end = FarEnd(httpx.Response(status, json=document))
    async with connected(far_end) as http:
        assert await write.send(HostUpClient(http)) == told
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


@each_endpoint
@pytest.mark.parametrize("status", [200, 202])
@pytest.mark.parametrize("body", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_success_that_cannot_be_read_may_have_been_carried_out(
    write: Write, status: int, body: bytes
) -> None:
    far_end = FarEnd(httpx.Response(status, content=body))
    naps = Naps()
    async with connected(far_end, sleep=naps) as http:
        with pytest.raises(BadAnswer) as caught:
            await write.send(HostUpClient(http))
    assert caught.value.outcome_unknown is True
    assert (caught.value.status, caught.value.sent) == (status, True)
    assert len(far_end.seen) == 1
    assert naps.taken == []


@each_endpoint
async def test_a_success_that_cannot_be_read_names_the_scopes_like_any_failure(
    write: Write,
) -> None:
    async with connected(FarEnd(httpx.Response(202))) as http:
        with pytest.raises(BadAnswer) as caught:
            await write.send(HostUpClient(http))
    assert caught.value.scopes == write.scopes


# Failures.


@each_endpoint
@pytest.mark.parametrize(("status", "kind", "unknown"), WRITE_STATUSES)
async def test_a_change_goes_out_once_whatever_is_answered(
    write: Write, status: int, kind: type[HostUpError], unknown: bool
) -> None:
    headers = {"retry-after": "0", "location": f"{BASE}/api/v2/vps"}
    far_end = FarEnd(lambda: httpx.Response(status, headers=headers))
    naps = Naps()
    async with connected(far_end, sleep=naps) as http:
        with pytest.raises(HostUpError) as caught:
            await write.send(HostUpClient(http))
    assert type(caught.value) is kind
    assert caught.value.outcome_unknown is unknown
    assert (caught.value.status, caught.value.sent) == (status, True)
    assert caught.value.scopes == write.scopes
    assert len(far_end.seen) == 1
    assert naps.taken == []


@each_endpoint
@pytest.mark.parametrize(("cause", "kind", "sent"), BROKEN)
async def test_a_change_goes_out_once_whatever_breaks(
    write: Write, cause: type[httpx.TransportError], kind: type[HostUpError], sent: bool
) -> None:
    def fail() -> httpx.Response:
        raise broken(cause)

    far_end = FarEnd(fail)
    naps = Naps()
    async with connected(far_end, sleep=naps) as http:
        with pytest.raises(HostUpError) as caught:
            await write.send(HostUpClient(http))
    assert type(caught.value) is kind
    assert (caught.value.outcome_unknown, caught.value.sent) == (sent, sent)
    assert caught.value.scopes == write.scopes
    assert KEY not in str(caught.value)
    assert len(far_end.seen) == 1
    assert naps.taken == []


@each_endpoint
async def test_a_change_whose_answer_is_cut_may_have_been_carried_out(write: Write) -> None:
    cut = Stream(b'{"operation": {', breaks=broken(httpx.ReadError))
    far_end = FarEnd(httpx.Response(202, stream=cut))
    async with connected(far_end) as http:
        with pytest.raises(HostUpError) as caught:
            await write.send(HostUpClient(http))
    assert caught.value.outcome_unknown is True
    assert caught.value.scopes == write.scopes
    assert len(far_end.seen) == 1
    assert cut.closed


@each_endpoint
async def test_a_change_that_is_never_answered_may_have_been_carried_out(write: Write) -> None:
    seen: list[httpx.Request] = []

    async def silent(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return await hang(request)

    async with connected(silent, budget=0.02) as http:
        with pytest.raises(TimedOut) as caught:
            await write.send(HostUpClient(http))
    assert (caught.value.outcome_unknown, caught.value.sent) == (True, True)
    assert caught.value.scopes == write.scopes
    assert len(seen) == 1


@each_endpoint
async def test_a_refused_change_says_why_in_hostups_words(write: Write) -> None:
    refusal = PROBLEM | {"status": 409, "code": "vps_not_ready", "detail": "A restore is running."}
    far_end = FarEnd(httpx.Response(409, json=refusal))
    async with connected(far_end) as http:
        with pytest.raises(Problem, match=r"A restore is running\.") as caught:
            await write.send(HostUpClient(http))
    assert caught.value.code == "vps_not_ready"
    assert caught.value.request_id == PROBLEM["requestId"]


# What is read beside it.

READS = [
    ("get_status", f"{VPS}/status", {"powerState": "running"}, ("read:vm",)),
    ("list_restore_sources", f"{VPS}/backups/restore-sources", {"sources": []}, BACKUP),
    ("list_snapshots", f"{VPS}/snapshots", {"data": []}, ("read:vm",)),
    ("list_backup_schedules", f"{VPS}/backup-schedules", {"schedules": []}, ("read:vm",)),
]


@pytest.mark.parametrize(("call", "path", "document", "_scopes"), READS)
async def test_what_surrounds_a_change_is_read_from_its_own_address(
    call: str, path: str, document: dict[str, Any], _scopes: tuple[str, ...]
) -> None:
    far_end = FarEnd(httpx.Response(200, json=document))
    async with connected(far_end) as http:
        await getattr(HostUpClient(http), call)(VPS_ID)
    (request,) = far_end.seen
    assert (request.method, request.url.raw_path) == ("GET", path.encode())
    assert request.content == b""


@pytest.mark.parametrize(("call", "_path", "_document", "scopes"), READS)
async def test_a_refused_reading_names_the_scope_that_it_needs(
    call: str, _path: str, _document: dict[str, Any], scopes: tuple[str, ...]
) -> None:
    async with connected(FarEnd(httpx.Response(403, json={"code": "forbidden"}))) as http:
        with pytest.raises(Forbidden) as caught:
            await getattr(HostUpClient(http), call)(VPS_ID)
    assert caught.value.scopes == scopes


@pytest.mark.parametrize("nothing", ["", ".", ".."])
@pytest.mark.parametrize("call", [call for call, *_ in READS])
async def test_a_reading_of_no_server_at_all_never_leaves(call: str, nothing: str) -> None:
    far_end = FarEnd(httpx.Response(200, json={}))
    async with connected(far_end) as http:
        with pytest.raises(ValueError, match="not an id"):
            await getattr(HostUpClient(http), call)(nothing)
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
        told = await HostUpClient(http).get_job(poll)
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
            await HostUpClient(http).get_job(foreign)
    assert far_end.seen == []


async def test_looking_at_a_job_is_a_reading_and_tried_again() -> None:
    far_end = router()
    route = far_end.get(BASE + POLL)
    route.mock(side_effect=[httpx.Response(503), httpx.Response(200, json=QUEUED)])
    async with connected(far_end) as http:
        assert (await HostUpClient(http).get_job(POLL)).state is JobState.WAITING
    assert route.call_count == 2


async def test_a_job_that_is_gone_is_not_found() -> None:
    far_end = FarEnd(httpx.Response(404, json={"error": "x", "code": "NOT_FOUND"}))
    async with connected(far_end) as http:
        with pytest.raises(NotFound):
            await HostUpClient(http).get_job(POLL)
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
            await HostUpClient(http).get_job(poll)
        else:
            with pytest.raises(ValueError, match="own host"):
                await HostUpClient(http).get_job(poll)
    for request in far_end.seen:
        url = request.url
        assert (url.scheme, url.host, url.port, url.userinfo) == (
            "https",
            "cloud.hostup.se",
            None,
            b"",
        )
    assert len(far_end.seen) == is_path_on_host(poll)
