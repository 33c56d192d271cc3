"""A write is logged on disk before it is sent, sent once, and unknown unless HostUp responded."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import anyio
import httpx
import pytest
from mcp.types import CallToolResult

from hostup_mcp.hostup import http as http_module
from hostup_mcp.hostup.models import BackupList
from hostup_mcp.hostup.problems import (
    AccountBlockedError,
    BadResponseError,
    ClientSetupError,
    ConflictError,
    ConnectionLostError,
    EdgeRefusedError,
    ForbiddenError,
    HostUpError,
    InvalidRequestError,
    LockedError,
    NotFoundError,
    ProblemError,
    RateLimitedError,
    RedirectedError,
    RefusedError,
    ResponseTooLargeError,
    ServerFaultError,
    TimedOutError,
    UnauthorizedError,
    UnclearResponseError,
    UnreachableError,
    WrongSubjectError,
)
from hostup_mcp.hostup.requests import Expected
from hostup_mcp.hostup.writing import WritingClient
from hostup_mcp.recovery.effects import BackupDeleted, BackupMade, DiskRestored, ServerCancelled
from hostup_mcp.recovery.findings import BackupUnconfirmed, NewestBefore
from hostup_mcp.recovery.modes.definition import Mode
from hostup_mcp.server.caller import LOCAL
from hostup_mcp.server.errors.hostup import from_hostup
from hostup_mcp.server.jobs import TrackedJob
from hostup_mcp.server.lost_writes import WriteRecord
from hostup_mcp.server.recoveries import Restored
from hostup_mcp.server.tracked import require_job, require_write
from hostup_mcp.server.unconfirmed import find_unconfirmed
from hostup_mcp.server.unsettled import find_unsettled
from hostup_mcp.server.writes import sending

from ..wiring import error_of, text_of
from .bench import (
    ACCEPTED,
    DESTRUCTIVE,
    FOLLOW_UP,
    GONE,
    LISTED,
    NOW,
    OTHER_VPS,
    REVISIONS,
    STILL_LISTED,
    VPS,
    WHERE,
    Bench,
    happens,
)

LOST = (
    "The change was sent, but HostUp's response was lost or unclear, so it is NOT KNOWN for "
    "certain whether it was carried out:"
)
READ_FAILED = "The current state of the server could not be read."

Reply = httpx.Response | Exception


def page(status: int) -> Callable[[], Reply]:
    return lambda: httpx.Response(status, html="<p>A page</p>")


def problem(status: int, **headers: str) -> Callable[[], Reply]:
    document = {"status": status, "code": "some_code", "detail": "no", "requestId": "req_1"}
    kind = {"content-type": "application/problem+json"}
    return lambda: httpx.Response(status, json=document, headers={**kind, **headers})


# What HostUp does with a write, and the failure that stands for it.
UNKNOWN: dict[str, tuple[Callable[[], Reply], type[HostUpError]]] = {
    "too slow": (lambda: TimeoutError(), TimedOutError),
    "cut": (lambda: httpx.ReadError("reset"), ConnectionLostError),
    "a page as success": (page(202), UnclearResponseError),
    "unreadable success": (lambda: httpx.Response(202, content=b'{"operat'), UnclearResponseError),
    "says nothing": (lambda: httpx.Response(200, json={}), UnclearResponseError),
    "says both": (
        lambda: httpx.Response(200, json={**ACCEPTED, "success": False}),
        UnclearResponseError,
    ),
    "too large": (lambda: httpx.Response(202, content=b" " * 2_000), ResponseTooLargeError),
    "redirected": (lambda: httpx.Response(302, headers={"Location": "/x"}), RedirectedError),
    "fault": (problem(500), ServerFaultError),
    "unavailable": (problem(503, **{"Retry-After": "7"}), ServerFaultError),
    "gateway": (page(502), ServerFaultError),
}
CERTAIN: dict[str, tuple[Callable[[], Reply], type[HostUpError]]] = {
    "invalid": (problem(400), InvalidRequestError),
    "key": (problem(401), UnauthorizedError),
    "scope": (problem(403), ForbiddenError),
    "account": (
        lambda: httpx.Response(403, json={"blockerReasons": ["no_card_on_file"]}),
        AccountBlockedError,
    ),
    "edge": (page(403), EdgeRefusedError),
    "missing": (problem(404), NotFoundError),
    "conflict": (problem(409), ConflictError),
    "locked": (problem(423, **{"Retry-After": "30"}), LockedError),
    "refused": (problem(422), RefusedError),
    "refused with 200": (
        lambda: httpx.Response(200, json={"success": False, "error": "no"}),
        RefusedError,
    ),
    "another page": (page(404), BadResponseError),
    "limited": (problem(429, **{"Retry-After": "3"}), RateLimitedError),
}
unknown = pytest.mark.parametrize("reply", [r for r, _ in UNKNOWN.values()], ids=UNKNOWN)
certain = pytest.mark.parametrize("reply", [r for r, _ in CERTAIN.values()], ids=CERTAIN)


@pytest.fixture(autouse=True)
def small_responses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_module, "MAX_RESPONSE_BYTES", 1_000)


@pytest.mark.parametrize(
    ("reply", "kind"), [*UNKNOWN.values(), *CERTAIN.values()], ids=[*UNKNOWN, *CERTAIN]
)
async def test_each_response_is_its_failure(
    reply: Callable[[], Reply], kind: type[HostUpError]
) -> None:
    bench = Bench()
    bench.response = reply()
    with pytest.raises(HostUpError) as error:
        await WritingClient(bench.services._connection()).send(DESTRUCTIVE.request)
    assert type(error.value) is kind
    assert error.value.outcome_unknown is (kind in {k for _, k in UNKNOWN.values()})


def test_every_failure_is_in_a_table() -> None:
    def below(cls: type[HostUpError]) -> set[type[HostUpError]]:
        return {cls}.union(*(below(sub) for sub in cls.__subclasses__()))

    tried = {kind for _, kind in (*UNKNOWN.values(), *CERTAIN.values())}
    # Without a client or a connection nothing is sent, and only reads have a subject to compare.
    assert below(HostUpError) - tried == {
        ClientSetupError,
        HostUpError,
        ProblemError,
        UnreachableError,
        WrongSubjectError,
    }


def assert_unknown(
    result: CallToolResult, seen: str, failure: HostUpError | None = None, lead: str = ""
) -> None:
    """The outcome is unknown, for the reason of `failure`; `seen` is what the read after it saw."""
    error = error_of(result)
    assert error["kind"] == "outcome_unknown"
    assert error["seen"] == seen
    assert error["message"].startswith(f"{LOST} ")
    assert error["message"].endswith(f" {lead}{seen}")
    if failure is not None:
        assert error["message"] == f"{LOST} {from_hostup(failure).message} {lead}{seen}"
    assert re.fullmatch(r"[0-9a-f]{16}", error["writeId"])
    assert error["nextStep"] == (
        f"Do not send it again. In a minute, call get_job with writeId {error['writeId']} (the id "
        "of this request): it reads HostUp's audit log and the server, and says when to stop "
        f"looking. {WHERE} Tell the user what is known and what is not."
    )


@unknown
async def test_a_lost_response_is_unknown(reply: Callable[[], Reply]) -> None:
    bench = Bench()
    bench.response = reply()
    plan = await bench.plan()
    result = await bench.run({"planId": plan})
    assert_unknown(result, STILL_LISTED)
    assert bench.events[-4:] == ["log: sent", "request", "read state", "log: outcome_unknown"]
    assert bench.events.count("request") == 1
    assert await bench.is_locked()
    assert await bench.is_consumed(plan)


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_read_can_show_that_it_was_done(revision: str) -> None:
    bench = Bench(revision)
    bench.response, bench.seen = httpx.Response(200, json={}), GONE
    result = await bench.run()
    assert (result.structured_content or {})["state"] == "done"
    assert bench.events.count("request") == 1
    assert not await bench.is_locked()


async def test_without_proof_it_stays_unknown() -> None:
    bench = Bench()
    bench.response, bench.seen = httpx.Response(200, json={}), LISTED
    assert_unknown(await bench.run(), STILL_LISTED)
    assert bench.events[-4:] == ["log: sent", "request", "read state", "log: outcome_unknown"]
    assert await bench.is_locked()


@pytest.mark.parametrize(
    "response", [httpx.ReadError("reset"), httpx.Response(200, content=b'{"operat')]
)
async def test_a_lost_response_has_no_proof(response: Reply) -> None:
    """Somebody else may have made the same change."""
    bench = Bench()
    bench.response, bench.seen = response, GONE
    assert_unknown(
        await bench.run(),
        "The backup bkp_1 is no longer listed.",
        lead="It was probably carried out. ",
    )


@pytest.mark.parametrize(
    ("expected", "seen", "is_done"),
    [
        # What HostUp would respond is not documented, so the page may be it.
        (Expected.UNDOCUMENTED, GONE, True),
        (Expected.UNDOCUMENTED, LISTED, False),
        (Expected.OPERATION, GONE, False),
    ],
)
async def test_a_page_may_be_the_response_where_none_is_documented(
    expected: Expected, seen: dict[str, object], is_done: bool
) -> None:
    bench = Bench()
    request = replace(DESTRUCTIVE.request, expected=expected)
    bench.proposals = [replace(DESTRUCTIVE, request=request)]
    bench.response, bench.seen = page(200)(), seen
    result = await bench.run()
    assert (not result.is_error) is is_done


def cancelling(response: Reply, **cancellation: str) -> Bench:
    """A bench whose tool cancels the server, and a HostUp that shows this cancellation."""

    async def shows(request: httpx.Request) -> httpx.Response:
        assert request.url.path.endswith("/cancellation")
        return httpx.Response(200, json={"vpsId": VPS, **cancellation})

    bench = Bench()
    bench.looked_at, bench.response = shows, response
    bench.proposals = [
        replace(
            DESTRUCTIVE,
            request=replace(DESTRUCTIVE.request, expected=Expected.CANCELLATION),
            follow_up=replace(FOLLOW_UP, effect=ServerCancelled()),
        )
    ]
    return bench


async def test_a_cancellation_is_read_afterwards() -> None:
    """HostUp's response does not tell it."""
    bench = cancelling(httpx.Response(204), status="none")
    assert "HostUp shows no cancellation (yet)." in text_of(await bench.run())


async def test_a_cancellation_that_a_read_shows_is_done() -> None:
    bench = cancelling(httpx.Response(200, json={}), status="completed")
    assert ((await bench.run()).structured_content or {})["state"] == "done"


async def test_of_other_changes_nothing_more_is_read() -> None:
    bench = Bench()
    assert text_of(await bench.run()) == (
        "Changing it. Started as job job_1; follow it with get_job. The user typed "
        '"web-01", agreeing to: Change how many backups of "web-01" (no IP known) HostUp keeps.'
    )
    assert not any(event.startswith(("look", "read")) for event in bench.events)


AGAIN = re.compile(r"\b(try|call|send|run|do)\b[^.]*\bagain\b|\bretry|\brepeat|\bwait \d", re.I)


@unknown
async def test_an_unknown_outcome_suggests_no_resend(reply: Callable[[], Reply]) -> None:
    bench = Bench()
    bench.response = reply()
    result = await bench.run()
    assert "Do not send it again." in error_of(result)["nextStep"]
    text = text_of(result).replace("Do not send it again.", "")
    assert not AGAIN.search(text), text
    assert "retryAfterSeconds" not in error_of(result)


@certain
async def test_a_refusal_frees_the_server(reply: Callable[[], Reply]) -> None:
    bench = Bench()
    bench.response = reply()
    plan = await bench.plan()
    kind = error_of(await bench.run({"planId": plan}))["kind"]
    assert kind != "outcome_unknown"
    assert bench.events[-3:] == ["log: sent", "request", f"log: refused: {kind}"]
    assert not await bench.is_locked()
    assert await bench.is_consumed(plan)


async def test_hostups_request_id_is_logged() -> None:
    bench = Bench()
    bench.response = httpx.Response(409, headers={"X-Request-Id": "req_1"}, json={})
    await bench.run()
    assert bench.log.entries[-1]["requestId"] == "req_1"


LOOKS = {
    "too slow": TimedOutError("t"),
    "no connection": UnreachableError("u"),
    "limited": RateLimitedError("no", status=429),
    "missing": NotFoundError("no", status=404),
    "a fault of this program": RuntimeError("a bug"),
}


@pytest.mark.parametrize("seen", LOOKS.values(), ids=LOOKS)
async def test_a_failed_read_leaves_it_unknown(
    seen: Exception, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "FOLLOW_UP_SECONDS", 0.1)
    bench = Bench()
    bench.response, bench.seen = httpx.ReadError("reset"), seen
    assert_unknown(await bench.run(), READ_FAILED)
    assert await bench.is_locked()
    is_fault = isinstance(seen, RuntimeError)
    assert caplog.messages == ["the read after a lost response failed"] * is_fault
    assert [bool(record.exc_info) for record in caplog.records] == [True] * is_fault


async def test_a_stop_during_the_read_after_it() -> None:
    bench, looking = Bench(), anyio.Event()

    async def respond(_: httpx.Request) -> httpx.Response:
        bench.services.in_flight.interrupt()
        looking.set()
        return httpx.Response(500)

    bench.response = respond
    assert_unknown(await bench.run(), READ_FAILED)
    await happens(looking)
    assert "read state" not in bench.events
    assert await bench.is_locked()


async def test_a_fault_while_sending_is_unknown(caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench()
    bench.response = RuntimeError("a bug")
    failure = BadResponseError("HostUp's response could not be processed")
    assert_unknown(await bench.run(), STILL_LISTED, failure)
    assert caplog.messages == ["a write failed unexpectedly"]
    assert bench.outcomes == ["outcome_unknown"]
    assert await bench.is_locked()


@pytest.mark.parametrize("revision", REVISIONS)
async def test_it_is_on_disk_before_it_leaves(revision: str, tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    bench = Bench(revision, log=path)
    on_disk: list[dict[str, object]] = []

    async def respond(_: httpx.Request) -> httpx.Response:
        on_disk.extend(json.loads(line) for line in path.read_text().splitlines())
        return httpx.Response(204)

    bench.response = respond
    await bench.run()
    assert on_disk[-1]["outcome"] == "sent"
    assert on_disk[-1]["consent"] == {"by": "user", "how": "typed the server's name"}
    assert json.loads(path.read_text().splitlines()[-1])["outcome"] == "accepted by HostUp"


async def test_what_cannot_be_logged_is_not_sent() -> None:
    bench = Bench()
    bench.log.is_full = True
    assert error_of(await bench.run())["kind"] == "audit_log_unavailable"
    assert "request" not in bench.events
    assert not await bench.is_locked()


async def test_a_failed_notification_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bench = Bench()

    async def broken(_: str) -> None:
        raise ConnectionError("nobody listens")

    monkeypatch.setattr(bench, "notify", broken)
    assert not (await bench.run()).is_error
    (record,) = caplog.records
    assert record.getMessage() == "subscribers could not be notified of a change"
    assert record.exc_info


async def test_subscribers_are_notified() -> None:
    bench = Bench()
    notified: list[str] = []

    async def notify(uri: str) -> None:
        notified.append(uri)

    bench.notify = notify  # type: ignore[method-assign]
    await bench.run()
    assert notified == [f"hostup://vps/{DESTRUCTIVE.vps_id}/backups"]


POLLS = {
    "as given": ("job_1", "/api/jobs/a?b=c", "/api/jobs/a?b=c"),
    "from the id": ("job_1", None, "/api/jobs/job_1"),
    "from an odd id": ("a/b", None, "/api/jobs/a%2Fb"),
    "on another host": ("job_1", "https://example.net/x", None),
}


@pytest.mark.parametrize(("job_id", "given", "kept"), POLLS.values(), ids=POLLS)
async def test_a_job_is_kept_with_its_path(
    job_id: str, given: str | None, kept: str | None
) -> None:
    bench = Bench()
    operation = {"jobId": job_id, "status": "queued"} | ({"pollUrl": given} if given else {})
    bench.response = httpx.Response(202, json={"operation": operation})
    await bench.run()
    assert json.loads(await require_job(bench.services, job_id)) == {
        "vps_id": DESTRUCTIVE.vps_id,
        "poll": kept,
        "restored_point": None,
        "is_own_backup": False,
        "way_back": None,
        "leads_to": None,
        "recovery_id": None,
        "restored_vps_id": None,
        "backup": None,
        "sent_at": None,
        "has_succeeded": False,
        "seen_ended_at": None,
    }


MADE = {"id": "bkp_2", "createdAt": "2026-04-27T10:01:00Z", "backupType": "manual"}
WITH_A_NEW_ONE = BackupList.model_validate(
    {"backups": [{"id": "bkp_1"}, MADE], "quotaInfo": {"used": 2}, "actions": {}}
)


async def test_a_job_is_kept_with_what_it_brings_about() -> None:
    way_back = NewestBefore("bkp_2", NOW)
    follow_up = replace(
        FOLLOW_UP,
        effect=DiskRestored(from_snapshot=False),
        restored_point="bkp_1",
        is_own_backup=True,
        restored=Restored(mode=Mode.IN_PLACE, point="bkp_1"),
        way_back=way_back,
        leads_to="running",
    )
    bench = Bench()
    bench.is_recovery, bench.proposals = True, [replace(DESTRUCTIVE, follow_up=follow_up)]
    result = (await bench.run({"planId": await bench.plan()})).structured_content or {}
    job = TrackedJob.model_validate_json(await require_job(bench.services, "job_1"))
    assert re.fullmatch("rec_[0-9a-z]{16}", result["recoveryId"])
    assert job == TrackedJob(
        vps_id=VPS,
        poll="/api/jobs/job_1",
        restored_point="bkp_1",
        is_own_backup=True,
        way_back=way_back,
        leads_to="running",
        recovery_id=result["recoveryId"],
        restored_vps_id=VPS,
    )


async def test_a_job_that_makes_a_backup_is_kept_with_what_it_makes() -> None:
    """So that the backup counts as made once the job has succeeded, and not before."""
    effect = BackupMade(("bkp_1",))
    bench = Bench()
    bench.proposals = [replace(DESTRUCTIVE, follow_up=replace(FOLLOW_UP, effect=effect))]
    await bench.run()
    job = TrackedJob.model_validate_json(await require_job(bench.services, "job_1"))
    assert (job.backup, job.sent_at) == (effect, NOW)


async def test_a_backup_whose_job_failed_at_once_is_unconfirmed() -> None:
    bench = Bench()
    follow_up = replace(FOLLOW_UP, effect=BackupMade(("bkp_1",)))
    bench.proposals = [replace(DESTRUCTIVE, follow_up=follow_up)]
    failed = {"operation": {"jobId": "job_1", "status": "failed"}}
    bench.response = httpx.Response(202, json=failed)
    assert error_of(await bench.run())["kind"] == "job_failed"
    found = await find_unconfirmed(bench.services, VPS, WITH_A_NEW_ONE)
    assert found == {"bkp_2": BackupUnconfirmed(NOW, has_failed=True)}


async def test_a_lost_restore_can_be_found_in_its_record() -> None:
    bench = Bench()
    restored = Restored(mode=Mode.IN_PLACE, point="bkp_1")
    bench.is_recovery = True
    bench.proposals = [replace(DESTRUCTIVE, follow_up=replace(FOLLOW_UP, restored=restored))]
    bench.response = httpx.Response(500)
    error = error_of(await bench.run({"planId": await bench.plan()}))
    note = await require_write(bench.services, error["writeId"])
    [id_] = await bench.services.state.recoveries(f"sandbox/{VPS}")
    assert WriteRecord.model_validate_json(note).recovery_id == id_


@pytest.mark.parametrize("effect", [BackupMade(("bkp_1",)), BackupDeleted("bkp_1")])
async def test_a_backup_of_a_lost_request_is_unconfirmed(
    effect: BackupMade | BackupDeleted,
) -> None:
    bench = Bench()
    bench.proposals = [replace(DESTRUCTIVE, follow_up=replace(FOLLOW_UP, effect=effect))]
    bench.response = httpx.ReadError("reset")
    await bench.run()
    found = await find_unconfirmed(bench.services, VPS, WITH_A_NEW_ONE)
    expected = {"bkp_2": BackupUnconfirmed(NOW, has_failed=False)}
    assert found == (expected if isinstance(effect, BackupMade) else {})


def building(**document: object) -> Bench:
    """A bench whose tool builds a server; `document` is HostUp's response."""
    restored = Restored(mode=Mode.NEW_CLOUD_VPS, point="bkp_1")
    follow_up = replace(FOLLOW_UP, restored=restored, known_before=frozenset({"vps_known001"}))
    request = replace(DESTRUCTIVE.request, expected=Expected.NEW_SERVER)
    bench = Bench()
    bench.proposals = [replace(DESTRUCTIVE, request=request, follow_up=follow_up)]
    bench.response = httpx.Response(202, json=document)
    return bench


@pytest.mark.parametrize(("built", "kept"), [(OTHER_VPS, OTHER_VPS), ("vps_known001", None)])
async def test_a_server_that_was_there_is_not_the_new_one(built: str, kept: str | None) -> None:
    bench = building(vpsId=built, **ACCEPTED)
    result = (await bench.run()).structured_content or {}
    job = TrackedJob.model_validate_json(await require_job(bench.services, "job_1"))
    assert (job.restored_vps_id, result["vpsId"]) == (kept, kept or VPS)
    assert await bench.services.state.recall_id(LOCAL, built) == ("" if kept else None)


async def test_only_a_server_that_was_there_is_no_response() -> None:
    bench = building(status="provisioning", vpsId="vps_known001", orderId="ord_1")
    failure = UnclearResponseError("HostUp's response names a server that is not new")
    assert_unknown(await bench.run(), STILL_LISTED, failure)
    assert await bench.is_locked()


async def test_the_request_carries_the_id_of_the_write() -> None:
    """So that HostUp's audit log can show whether it arrived."""
    bench, agents = Bench(), list[str]()

    async def respond(request: httpx.Request) -> httpx.Response:
        agents.append(request.headers["User-Agent"])
        return httpx.Response(500)

    bench.response = respond
    write_id = error_of(await bench.run())["writeId"]
    assert [agent.endswith(f" (write {write_id})") for agent in agents] == [True]


async def test_a_lost_response_leaves_the_server_unsettled() -> None:
    bench = Bench()
    bench.response = httpx.ReadError("reset")
    write_id = error_of(await bench.run())["writeId"]
    found = await find_unsettled(bench.services, VPS)
    assert found is not None
    assert (found.sent, found.write_id) == (NOW, write_id)


@pytest.mark.parametrize("is_closed", [True, False])
async def test_a_lost_write_that_was_started_is_remembered(is_closed: bool) -> None:
    """A read later no longer shows it: another job may be what closes the gate by then."""
    follow_up = replace(FOLLOW_UP, effect=DiskRestored(from_snapshot=False))
    bench = Bench()
    bench.proposals = [replace(DESTRUCTIVE, follow_up=follow_up)]
    gate = {"allowed": not is_closed, "reason": None}
    bench.response = httpx.ReadError("reset")
    bench.seen = {**LISTED, "quotaInfo": {"used": 1}, "actions": {"canRestore": gate}}
    error = error_of(await bench.run())
    assert error["kind"] == "outcome_unknown"
    note = await require_write(bench.services, error["writeId"])
    assert WriteRecord.model_validate_json(note).was_started is is_closed


def test_the_read_after_it_is_short() -> None:
    assert sending.FOLLOW_UP_SECONDS <= 10


async def test_a_sent_write_can_be_looked_up() -> None:
    bench = Bench()
    bench.response = httpx.Response(500)
    error = error_of(await bench.run())
    note = await require_write(bench.services, error["writeId"])
    record = WriteRecord.model_validate_json(note)
    assert record == WriteRecord(
        id=error["writeId"],
        vps_id=DESTRUCTIVE.vps_id,
        method=DESTRUCTIVE.request.method,
        path=DESTRUCTIVE.request.path,
        sent_at=NOW,
        where_to_look=WHERE,
        effect=BackupDeleted("bkp_1"),
    )
    assert [entry["writeId"] for entry in bench.log.entries] == [record.id] * len(bench.log.entries)


async def test_a_restore_has_a_sign_on_the_server() -> None:
    follow_up = replace(FOLLOW_UP, effect=DiskRestored(from_snapshot=False))
    bench = Bench()
    bench.proposals = [replace(DESTRUCTIVE, follow_up=follow_up)]
    bench.response = httpx.Response(500)
    assert (
        "If a file written after Mon 2026-04-27 10:00 UTC is still on the server, the restore did "
        f"not happen. {WHERE}"
    ) in error_of(await bench.run())["nextStep"]
