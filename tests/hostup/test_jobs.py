"""The state of a job, from any envelope, and never success by guess."""

import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.documents import anything, text

from hostup_mcp.hostup import responses
from hostup_mcp.hostup.jobs import Document, Job, JobState, is_path_on_host, job
from hostup_mcp.hostup.models import parse_time
from hostup_mcp.hostup.problems import BadResponseError

from .wire import encoded

JOB_ID = "job_01hxa3b4c5d6e7f8g9h0j1k2m3"
POLL = f"/api/jobs/{JOB_ID}"

WORDS = {
    **dict.fromkeys(("pending", "queued", "waiting", "delayed", "Queued"), JobState.WAITING),
    **dict.fromkeys(("in_progress", "running", "processing"), JobState.RUNNING),
    **dict.fromkeys(("completed", "COMPLETED"), JobState.SUCCEEDED),
    **dict.fromkeys(("failed", "Failed", "error"), JobState.FAILED),
    **dict.fromkeys(("cancelled", "canceled", "aborted", "timeout"), JobState.ENDED_OTHERWISE),
    **dict.fromkeys(("active", "baking", "done", "success", "complete", "?"), JobState.UNKNOWN),
}
NO_WORDS: list[Any] = [None, "", 0, 1, True, [], ["completed"], {"status": "completed"}]
FINISHED = "2026-04-27T12:00:00.000Z"


def document(**fields: Any) -> Document:
    return Document.model_validate(fields)


def operation(status: Any = "queued", **fields: Any) -> dict[str, Any]:
    return {"status": status, "jobId": JOB_ID, "pollUrl": POLL, "result": None} | fields


def flagged(**data: Any) -> Document:
    """The older envelope, with flags."""
    return document(success=True, timestamp=FINISHED, requestId="r", data=data)


def enveloped(where: str, status: Any, **more: Any) -> Document:
    return {
        "operation": lambda: document(operation=operation(status, **more)),
        "data.operation": lambda: document(data={"operation": operation(status, **more)}),
        "data.status": lambda: flagged(jobId=JOB_ID, status=status, **more),
        "data.state": lambda: flagged(jobId=JOB_ID, state=status, **more),
    }[where]()


ENVELOPES = ["operation", "data.operation", "data.status", "data.state"]


# The state.


@pytest.mark.parametrize("where", ENVELOPES)
def test_a_word_is_read_from_each_envelope(where: str) -> None:
    for word, state in WORDS.items():
        told = job(enveloped(where, word))
        assert (told.state, told.status) == (state, word)


@pytest.mark.parametrize("where", ENVELOPES)
def test_without_a_word_the_state_is_unknown(where: str) -> None:
    for status in NO_WORDS:
        assert job(enveloped(where, status)) == Job(state=JobState.UNKNOWN)
    for empty in ({}, {"data": None}, {"data": []}, {"operation": None}):
        assert job(document(**empty)) == Job(state=JobState.UNKNOWN)


@pytest.mark.parametrize(
    ("data", "state"),
    [
        ({"isCompleted": True, "isFailed": False}, JobState.SUCCEEDED),
        ({"isCompleted": False, "isFailed": True}, JobState.FAILED),
        ({"isFailed": True}, JobState.FAILED),
        ({"isCompleted": True}, JobState.SUCCEEDED),
        ({"isCompleted": False, "isFailed": False, "isRunning": True}, JobState.RUNNING),
        ({"isWaiting": True}, JobState.WAITING),
        ({"status": "baking", "isRunning": True}, JobState.RUNNING),
        ({"status": "baking", "isWaiting": True, "isRunning": False}, JobState.WAITING),
        ({"status": "baking", "isRunning": True, "finishedAt": FINISHED}, JobState.RUNNING),
        ({"isCompleted": False, "isFailed": False}, JobState.UNKNOWN),
        ({"isCompleted": None, "isFailed": None, "isRunning": None}, JobState.UNKNOWN),
        ({"isCompleted": "true"}, JobState.UNKNOWN),
        ({"isCompleted": 1}, JobState.UNKNOWN),
        ({"isRunning": "true"}, JobState.UNKNOWN),
        ({"status": "archived", "isCompleted": True}, JobState.SUCCEEDED),
        ({"status": "archived", "isFailed": True}, JobState.FAILED),
        ({"status": "queued", "isCompleted": False, "isFailed": False}, JobState.WAITING),
        ({"status": "cancelled", "finishedAt": FINISHED}, JobState.ENDED_OTHERWISE),
        ({"status": "archived", "finishedAt": FINISHED}, JobState.UNKNOWN),
        ({"status": "in_progress", "finishedAt": FINISHED}, JobState.RUNNING),
    ],
)
def test_flags_decide_where_words_do_not(data: dict[str, Any], state: JobState) -> None:
    assert job(flagged(**data)).state is state


@pytest.mark.parametrize("where", ENVELOPES)
def test_when_a_job_ended_is_read(where: str) -> None:
    told = job(enveloped(where, "completed", finishedAt=FINISHED))
    assert told.finished_at == FINISHED
    assert told.finished == parse_time(FINISHED)
    assert job(enveloped(where, "completed", finishedAt=None)).finished is None
    assert job(enveloped(where, "completed", finishedAt="soon")).finished is None


@pytest.mark.parametrize(
    ("fields", "state", "status"),
    [
        (
            {"operation": operation("failed"), "data": {"isCompleted": True}},
            JobState.FAILED,
            "failed",
        ),
        (
            {"operation": operation("in_progress"), "data": {"isCompleted": True}},
            JobState.UNKNOWN,
            "in_progress",
        ),
        (
            {"operation": operation("queued"), "data": {"isFailed": True, "status": "failed"}},
            JobState.FAILED,
            "queued",
        ),
        (
            {"data": {"operation": operation("failed"), "isCompleted": True, "status": "x"}},
            JobState.FAILED,
            "failed",
        ),
        ({"data": {"isFailed": True, "status": "queued"}}, JobState.FAILED, "queued"),
        ({"data": {"status": None, "state": "failed"}}, JobState.FAILED, "failed"),
        (
            {"operation": operation(None), "data": {"status": "failed", "state": "x"}},
            JobState.FAILED,
            "failed",
        ),
        ({"operation": operation(""), "data": {"isFailed": True}}, JobState.FAILED, None),
        ({"operation": operation("failed"), "data": {"operation": {}}}, JobState.FAILED, "failed"),
    ],
)
def test_all_words_and_flags_count(
    fields: dict[str, Any], state: JobState, status: str | None
) -> None:
    told = job(document(**fields))
    assert (told.state, told.status) == (state, status)


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"data": {"isCompleted": True, "isFailed": True}}, JobState.FAILED),
        ({"data": {"isFailed": True, "status": "completed"}}, JobState.FAILED),
        ({"data": {"isCompleted": True, "status": "failed"}}, JobState.FAILED),
        ({"data": {"status": "completed", "state": "failed"}}, JobState.FAILED),
        ({"data": {"isCompleted": True, "state": "failed"}}, JobState.FAILED),
        ({"operation": operation("completed"), "data": {"isFailed": True}}, JobState.FAILED),
        ({"operation": operation("completed"), "data": {"status": "failed"}}, JobState.FAILED),
        (
            {"operation": operation("completed"), "data": {"operation": operation("failed")}},
            JobState.FAILED,
        ),
        ({"data": {"status": "completed", "state": "cancelled"}}, JobState.ENDED_OTHERWISE),
        ({"data": {"isCompleted": True, "isRunning": True}}, JobState.UNKNOWN),
        ({"data": {"isCompleted": True, "isWaiting": True}}, JobState.UNKNOWN),
        ({"data": {"isCompleted": True, "status": "in_progress"}}, JobState.UNKNOWN),
        ({"data": {"isCompleted": False, "status": "completed"}}, JobState.UNKNOWN),
        ({"operation": operation("completed", isFailed=True)}, JobState.FAILED),
        ({"operation": operation("in_progress"), "data": {"status": "error"}}, JobState.FAILED),
        ({"operation": operation("queued"), "data": {"status": "cancelled"}}, JobState.UNKNOWN),
        ({"operation": operation("queued"), "data": {"status": "running"}}, JobState.RUNNING),
        ({"operation": operation("completed"), "success": False}, JobState.FAILED),
        ({"operation": operation("completed"), "status": "failed"}, JobState.FAILED),
        ({"operation": operation("completed"), "error": "x"}, JobState.FAILED),
        ({"operation": operation("completed"), "data": {"error": "x"}}, JobState.FAILED),
        ({"operation": operation("cancelled"), "error": "x"}, JobState.ENDED_OTHERWISE),
        ({"operation": operation("queued"), "success": False}, JobState.UNKNOWN),
        ({"data": {"status": "running", "code": "copying", "message": "x"}}, JobState.RUNNING),
        ({"data": {"status": "waiting", "progress": 40}}, JobState.RUNNING),
        ({"data": {"status": "waiting", "progress": 0}}, JobState.WAITING),
    ],
)
def test_a_contradiction_is_no_success(fields: dict[str, Any], state: JobState) -> None:
    assert job(document(**fields)).state is state


@pytest.mark.parametrize("where", ENVELOPES)
@pytest.mark.parametrize(
    "error",
    [
        *({"error": "disk quota"}, {"error": {"message": "disk quota"}}, {"error": ["disk quota"]}),
        *({"errors": ["disk quota"]}, {"errors": [{"detail": "disk quota"}]}),
        *({"errorMessage": "disk quota"}, {"success": False, "reason": "disk quota"}),
        *({"ok": False, "reason": "disk quota"}, {"success": "false", "reason": "disk quota"}),
    ],
)
def test_a_stated_error_is_no_success(where: str, error: dict[str, Any]) -> None:
    for word, state in (
        ("completed", JobState.FAILED),
        ("failed", JobState.FAILED),
        ("cancelled", JobState.ENDED_OTHERWISE),
        ("in_progress", JobState.UNKNOWN),
        ("queued", JobState.UNKNOWN),
        ("baking", JobState.UNKNOWN),
    ):
        for told in (
            job(enveloped(where, word, **error)),
            job(enveloped(where, word, result=error)),
        ):
            assert (told.state, told.reason) == (state, "disk quota")


@pytest.mark.parametrize("where", ENVELOPES)
@pytest.mark.parametrize(
    "result",
    [
        *({"success": False}, {"success": "false"}, {"ok": False}, {"error": "disk quota"}),
        *({"error": {"code": "x"}}, {"errors": ["x"]}, {"status": "failed"}, "failed"),
        *({"status": "cancelled"}, "cancelled"),
    ],
)
def test_a_failed_result_is_a_failure(where: str, result: Any) -> None:
    assert job(enveloped(where, "completed", result=result)).state is JobState.FAILED
    for fine in (
        {"success": True, "status": "ok", "error": None, "vpsId": "vps_1"},
        {"success": True, "message": "Restored", "code": "restored"},
        {"message": "Restored", "code": "OK"},
    ):
        assert job(enveloped(where, "completed", result=fine)).state is JobState.SUCCEEDED


def test_which_states_are_over() -> None:
    going = {JobState.WAITING, JobState.RUNNING, JobState.UNKNOWN}
    assert {state for state in JobState if not state.is_over} == going


# The reason.


@pytest.mark.parametrize("status", ["failed", "cancelled"])
@pytest.mark.parametrize(
    "error",
    ["disk quota", {"message": "disk quota"}, {"error": {"detail": "disk quota"}}],
)
@pytest.mark.parametrize(
    "place",
    [
        *("error", "data.error", "operation.error", "data.operation.error", "result.error"),
        *("data.result.error", "operation.result.error", "data.errorMessage", "data.reason"),
    ],
)
def test_the_reason_is_read_from_anywhere(status: str, error: Any, place: str) -> None:
    fields: dict[str, Any] = {"data": {"status": status}}
    if place.startswith(("operation", "data.operation")):
        holder = fields if place.startswith("operation") else fields["data"]
        holder["operation"] = operation(status)
    *way, last = place.split(".")
    target = fields
    for step in way:
        if not isinstance(target.get(step), dict):
            target[step] = {}
        target = target[step]
    target[last] = error
    assert job(document(**fields)).reason == "disk quota"


def test_a_failure_without_a_reason_has_its_message() -> None:
    assert job(flagged(status="failed", progressMessage="No space.")).reason == "No space."
    assert job(flagged(status="failed", message="No space.")).reason == "No space."
    assert job(flagged(status="failed", error=28, progressMessage=None)).reason == "28"
    assert job(flagged(status="failed", error=True)).reason is None
    assert job(document(operation=operation("failed", detail="No space."))).reason == "No space."
    for result, reason in ({"message": "No space."}, "No space."), ("No space.", "No space."):
        assert job(document(operation=operation("failed", result=result))).reason == reason
    assert job(document(operation=operation("failed", result="failed"))).reason is None
    assert job(flagged(status="in_progress", progressMessage="Copying")).reason is None


# Progress.


def progress_at(where: str, value: Any) -> Document:
    return {
        "operation": lambda: document(operation=operation(progress=value)),
        "data.operation": lambda: document(data={"operation": operation(progress=value)}),
        "data.progressDetails": lambda: flagged(progressDetails={"percentage": value}),
        "data": lambda: flagged(progress=value),
    }[where]()


PLACES = ["operation", "data.operation", "data.progressDetails", "data"]


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize(
    ("given_", "told"),
    [
        (0, 0.0),
        (42, 42.0),
        (42.5, 42.5),
        (100, 100.0),
        (100.1, 100.0),
        (250, 100.0),
        (-1, 0.0),
        (-0.0, 0.0),
        (1e308, 100.0),
        (-1e308, 0.0),
        (2**70, 100.0),
    ],
)
def test_progress_is_read_and_bounded(where: str, given_: float, told: float) -> None:
    assert job(progress_at(where, given_)).progress == told


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("value", [None, True, False, "50", "50 %", "", [], [50], {}, math.nan])
def test_odd_progress_is_unknown(where: str, value: Any) -> None:
    assert job(progress_at(where, value)).progress is None


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize(("sign", "told"), [("", 100.0), ("-", 0.0)])
def test_huge_progress_is_bounded(where: str, sign: str, told: float) -> None:
    body = encoded(progress_at(where, 0).model_extra).replace(
        b'": 0', f'": {sign}1{"0" * 400}'.encode()
    )
    assert job(responses.parse(Document, 200, {}, body)).progress == told


@pytest.mark.parametrize("no_number", [None, True, "70", []])
def test_the_next_place_with_progress_counts(no_number: Any) -> None:
    told = job(
        document(
            operation=operation("in_progress", progress=no_number),
            data={"progressDetails": {"percentage": no_number}, "progress": 30},
        )
    )
    assert told.progress == 30.0


def test_the_operations_progress_comes_first() -> None:
    data = {"progressDetails": {"percentage": 20}, "progress": 30}
    assert job(document(operation=operation(progress=10), data=data)).progress == 10.0
    assert job(document(data=data)).progress == 20.0


# The message.


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"operation": operation("failed", message="The disk broke.")}, "The disk broke."),
        ({"data": {"operation": operation(message="Copying")}}, "Copying"),
        ({"data": {"progressDetails": {"message": "Copying"}}}, "Copying"),
        ({"data": {"progressMessage": "Copying"}}, "Copying"),
        (
            {"data": {"progressDetails": {"message": "first"}, "progressMessage": "second"}},
            "first",
        ),
        ({"data": {"progressDetails": {"message": ""}, "progressMessage": "second"}}, "second"),
        ({"data": {"progressDetails": None, "progressMessage": "second"}}, "second"),
        (
            {"operation": operation(message="first"), "data": {"progressMessage": "second"}},
            "first",
        ),
        ({"operation": operation(message=None)}, None),
        ({"operation": operation(message=["x"])}, None),
        ({}, None),
    ],
)
def test_the_message_is_read_from_anywhere(fields: dict[str, Any], told: str | None) -> None:
    assert job(document(**fields)).message == told


# Any response at all.

statuses = st.sampled_from(
    ["completed", "failed", "queued", "in_progress", "Completed", "done", "", None]
)
flags = st.none() | st.booleans() | st.sampled_from(["true", 1, {}])
operations = anything | st.fixed_dictionaries(
    {},
    optional={
        "status": statuses | anything,
        "jobId": text | anything,
        "pollUrl": text | anything,
        "result": anything,
        "progress": st.integers() | st.floats() | anything,
        "message": text | anything,
    },
)
shapes = st.fixed_dictionaries(
    {},
    optional={
        "operation": operations,
        "vpsId": anything,
        "status": statuses,
        "data": anything
        | st.fixed_dictionaries(
            {},
            optional={
                "operation": operations,
                "status": statuses | anything,
                "state": statuses | anything,
                "isCompleted": flags,
                "isFailed": flags,
                "isRunning": flags,
                "progress": st.integers() | st.floats() | anything,
                "progressDetails": anything
                | st.fixed_dictionaries({"percentage": st.floats() | anything, "message": text}),
                "progressMessage": anything,
            },
        ),
    },
)
objects = st.dictionaries(text, anything, max_size=4) | shapes


def words_of(fields: dict[str, Any]) -> set[str]:
    """Each word for the state, wherever it may stand."""
    inner = fields.get("data")
    data = inner if isinstance(inner, dict) else {}
    places = [fields.get("operation"), data.get("operation"), data, {"status": data.get("state")}]
    found = [place.get("status") for place in places if isinstance(place, dict)]
    return {word.lower() for word in found if isinstance(word, str)}


@settings(max_examples=60)
@given(objects)
@example({"model_config": {}, "model_extra": 1, "get": 2, "text": 3, "__class__": 4})
@example({"operation": {"progress": 10**400}})
def test_any_json_object_is_read(fields: dict[str, Any]) -> None:
    told = job(Document.model_validate(fields))
    assert told.progress is None or 0 <= told.progress <= 100
    inner = fields.get("data")
    data = inner if isinstance(inner, dict) else {}
    if told.state is JobState.SUCCEEDED:
        assert "completed" in words_of(fields) or data.get("isCompleted") is True
        assert data.get("isFailed") is not True
        assert "failed" not in words_of(fields)
    for value in (told.status, told.message, told.reason):
        assert value is None or (isinstance(value, str) and value)


@pytest.mark.parametrize("body", [b"[]", b"null", b'"completed"', b"1", b"", b"<html>", b"{"])
def test_only_a_json_object_is_read(body: bytes) -> None:
    with pytest.raises(BadResponseError):
        responses.parse(Document, 200, {}, body)


# Where a job may be followed.


@pytest.mark.parametrize(
    "path",
    [
        POLL,
        "/",
        "/x",
        "/api/v2/operations/job_1",
        "/api/v2/domains/availability/job_1",
        "/api/jobs/backup-17910-1769734006476",
        "/api/jobs/job_1/",
        "/api/jobs/job_1?wait=1",
        "/api/jobs/job_1?next=//evil.example/../..",
        "/api/jobs/job_1?at=https://evil.example",
        "/api//jobs",
        "/api/jobs/...",
        "/api/jobs/.hidden",
        "/api/jobs/a..b",
        "/@evil.example",
        "/:8080",
        "/https://evil.example/",
    ],
)
def test_a_plain_path_stays_on_its_host(path: str) -> None:
    assert is_path_on_host(path)


@pytest.mark.parametrize(
    "elsewhere",
    [
        "",
        " ",
        "api/jobs/job_1",
        "https://cloud.hostup.se/api/jobs/job_1",
        "https://evil.example/api/jobs/job_1",
        "HTTPS://evil.example/",
        "http:/evil.example",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "//evil.example/api/jobs/job_1",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/api\\jobs",
        " //evil.example",
        " /api/jobs/job_1",
        "/api/jobs/job_1\n",
        "/\t/evil.example",
        "/\r\nHost: evil.example",
        "/api/jobs/\x00",
        "/api/jobs/\x7f",
        "/.",
        "/..",
        "/./api",
        "/api/../secret",
        "/api/jobs/..",
        "/api/jobs/.?x=1",
        "/api/jobs/..?x=1",
        "/api/jobs/jöb",
        "/\u2215\u2215evil.example",
        "/\uff0fevil.example",
        "/api/jobs/\u202e",
        "/api/jobs/\ud800",
        "?x=1",
        "#x",
        "@evil.example",
    ],
)
def test_anything_else_may_lead_elsewhere(elsewhere: str) -> None:
    assert not is_path_on_host(elsewhere)
