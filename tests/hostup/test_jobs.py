"""What a write started and how a job stands: told from any envelope, and never success by guess."""

import math
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from support.documents import anything, text

from hostup_mcp.hostup import responses
from hostup_mcp.hostup.jobs import (
    Document,
    Job,
    JobState,
    Started,
    is_path_on_host,
    job,
    started,
)
from hostup_mcp.hostup.problems import BadResponseError

from .wire import encoded

JOB_ID = "job_01hxa3b4c5d6e7f8g9h0j1k2m3"
POLL = f"/api/jobs/{JOB_ID}"

WORDS = [
    ("pending", JobState.WAITING),
    ("queued", JobState.WAITING),
    ("waiting", JobState.WAITING),
    ("delayed", JobState.WAITING),
    ("in_progress", JobState.RUNNING),
    ("completed", JobState.COMPLETED),
    ("failed", JobState.FAILED),
    ("COMPLETED", JobState.COMPLETED),
    ("Failed", JobState.FAILED),
    ("Queued", JobState.WAITING),
]
UNKNOWN_WORDS = ["running", "active", "baking", "done", "success", "complete", "ok", "error", "?"]
NO_WORDS: list[Any] = [None, "", 0, 1, True, [], ["completed"], {"status": "completed"}]


def document(**fields: Any) -> Document:
    return Document.model_validate(fields)


def operation(status: Any = "queued", **fields: Any) -> dict[str, Any]:
    return {"status": status, "jobId": JOB_ID, "pollUrl": POLL, "result": None} | fields


def flagged(**data: Any) -> Document:
    """The older envelope, with flags."""
    return document(success=True, timestamp="2026-04-27T12:00:00.000Z", requestId="r", data=data)


def enveloped(where: str, status: Any) -> Document:
    return {
        "operation": lambda: document(operation=operation(status)),
        "data.operation": lambda: document(data={"operation": operation(status)}),
        "data.status": lambda: flagged(jobId=JOB_ID, status=status),
        "data.state": lambda: flagged(jobId=JOB_ID, state=status),
    }[where]()


ENVELOPES = ["operation", "data.operation", "data.status", "data.state"]


# What a write started.


@pytest.mark.parametrize("nested", [False, True])
def test_an_accepted_write_names_its_job_and_where_to_follow_it(nested: bool) -> None:
    accepted = {"operation": operation()}
    told = started(document(**({"data": accepted} if nested else accepted)))
    assert told == Started(job_id=JOB_ID, poll_url=POLL, state=JobState.WAITING, vps_id=None)


@pytest.mark.parametrize(
    ("status", "state"), [*WORDS, *((word, JobState.RUNNING) for word in UNKNOWN_WORDS)]
)
def test_the_state_of_what_was_started_is_read_from_its_word(status: str, state: JobState) -> None:
    assert started(document(operation=operation(status))).state is state


@pytest.mark.parametrize("status", NO_WORDS)
def test_a_write_that_tells_no_state_has_none(status: Any) -> None:
    told = started(document(operation=operation(status)))
    assert (told.job_id, told.state) == (JOB_ID, None)


def test_a_write_that_was_done_at_once_has_nothing_to_follow() -> None:
    told = started(document(operation=operation("completed", jobId=None, pollUrl=None)))
    assert told == Started(job_id=None, poll_url=None, state=JobState.COMPLETED, vps_id=None)


def test_a_completed_operation_may_have_a_job_and_no_address() -> None:
    told = started(document(operation=operation("completed", pollUrl=None)))
    assert (told.job_id, told.poll_url, told.state) == (JOB_ID, None, JobState.COMPLETED)


def test_a_job_without_an_address_is_still_a_job() -> None:
    told = started(document(operation={"status": "queued", "jobId": JOB_ID}))
    assert (told.job_id, told.poll_url) == (JOB_ID, None)


def test_a_new_server_that_is_being_built_is_named_and_its_state_is_no_jobs() -> None:
    told = started(document(status="provisioning", vpsId="vps_new", orderId="ord_1"))
    assert told == Started(job_id=None, poll_url=None, state=None, vps_id="vps_new")


def test_a_new_server_may_be_named_in_the_result_of_the_operation() -> None:
    told = started(document(operation=operation("completed", result={"vpsId": "vps_new"})))
    assert (told.job_id, told.vps_id) == (JOB_ID, "vps_new")


def test_the_server_at_the_top_is_the_one_that_counts() -> None:
    told = started(document(vpsId="vps_a", operation=operation(result={"vpsId": "vps_b"})))
    assert told.vps_id == "vps_a"


@pytest.mark.parametrize(
    "nothing",
    [
        {},
        {"data": {}},
        {"data": None},
        {"data": []},
        {"operation": None},
        {"operation": []},
        {"operation": {}},
        {"operation": "queued"},
        {"data": {"operation": None}},
        {"operation": {"jobId": 7, "pollUrl": 7, "status": 7, "result": 7}},
        {"operation": {"jobId": "", "pollUrl": "", "status": "", "result": {"vpsId": ""}}},
        {"operation": {"result": ["vpsId"]}, "vpsId": None},
        {"settings": {"totalBackupLimit": 3, "autoDeleteOldest": False}},
        {"status": "completed", "jobId": JOB_ID, "state": "completed"},
    ],
)
def test_an_answer_that_names_nothing_to_follow_tells_nothing(nothing: dict[str, Any]) -> None:
    assert started(document(**nothing)) == Started()


# How a job stands.


@pytest.mark.parametrize("where", ENVELOPES)
@pytest.mark.parametrize(("status", "state"), WORDS)
def test_a_job_is_read_from_each_envelope(where: str, status: str, state: JobState) -> None:
    told = job(enveloped(where, status))
    assert (told.state, told.status) == (state, status)


@pytest.mark.parametrize("where", ENVELOPES)
@pytest.mark.parametrize("word", UNKNOWN_WORDS)
def test_a_word_that_is_not_known_means_still_running(where: str, word: str) -> None:
    told = job(enveloped(where, word))
    assert (told.state, told.status) == (JobState.RUNNING, word)


@pytest.mark.parametrize("where", ENVELOPES)
@pytest.mark.parametrize("status", NO_WORDS)
def test_a_job_that_tells_no_state_is_running(where: str, status: Any) -> None:
    assert job(enveloped(where, status)) == Job(
        state=JobState.RUNNING, status=None, progress=None, message=None
    )


@pytest.mark.parametrize("empty", [{}, {"data": None}, {"data": []}, {"operation": None}])
def test_a_job_that_tells_nothing_is_running(empty: dict[str, Any]) -> None:
    assert job(document(**empty)) == Job(state=JobState.RUNNING)


@pytest.mark.parametrize(
    ("data", "state"),
    [
        ({"isCompleted": True, "isFailed": False}, JobState.COMPLETED),
        ({"isCompleted": False, "isFailed": True}, JobState.FAILED),
        ({"isFailed": True}, JobState.FAILED),
        ({"isCompleted": True}, JobState.COMPLETED),
        ({"isCompleted": False, "isFailed": False, "isRunning": True}, JobState.RUNNING),
        ({"isCompleted": False, "isFailed": False}, JobState.RUNNING),
        ({"isCompleted": None, "isFailed": None}, JobState.RUNNING),
        ({"isCompleted": "true"}, JobState.RUNNING),
        ({"isCompleted": 1}, JobState.RUNNING),
        ({"isCompleted": {}}, JobState.RUNNING),
        ({"status": "archived", "isCompleted": True}, JobState.COMPLETED),
        ({"status": "archived", "isFailed": True}, JobState.FAILED),
        ({"status": "queued", "isCompleted": False, "isFailed": False}, JobState.WAITING),
    ],
)
def test_flags_tell_the_end_where_words_do_not(data: dict[str, Any], state: JobState) -> None:
    assert job(flagged(**data)).state is state


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
            JobState.RUNNING,
            "in_progress",
        ),
        (
            {"operation": operation("queued"), "data": {"isFailed": True, "status": "failed"}},
            JobState.WAITING,
            "queued",
        ),
        (
            {"data": {"operation": operation("failed"), "isCompleted": True, "status": "x"}},
            JobState.FAILED,
            "failed",
        ),
        ({"data": {"isFailed": True, "status": "completed"}}, JobState.FAILED, "completed"),
        ({"data": {"isFailed": True, "status": "queued"}}, JobState.FAILED, "queued"),
        ({"data": {"status": "failed", "state": "completed"}}, JobState.FAILED, "failed"),
        ({"data": {"status": None, "state": "failed"}}, JobState.FAILED, "failed"),
        (
            {"operation": operation(None), "data": {"status": "failed", "state": "x"}},
            JobState.FAILED,
            "failed",
        ),
        ({"operation": operation(""), "data": {"isFailed": True}}, JobState.FAILED, None),
    ],
)
def test_the_operation_comes_before_the_flags_and_those_before_the_words(
    fields: dict[str, Any], state: JobState, status: str | None
) -> None:
    told = job(document(**fields))
    assert (told.state, told.status) == (state, status)


@pytest.mark.parametrize(
    "fields",
    [
        {"data": {"isCompleted": True, "isFailed": True}},
        {"data": {"isCompleted": True, "isFailed": True, "status": "completed"}},
        {"data": {"isCompleted": True, "isRunning": True}},
        {"data": {"isCompleted": True, "isWaiting": True}},
        {"data": {"isCompleted": True, "status": "failed"}},
        {"data": {"isCompleted": True, "status": "in_progress"}},
        {"data": {"isCompleted": True, "state": "failed"}},
        {"data": {"isCompleted": True, "status": "completed", "state": "failed"}},
        {"data": {"isCompleted": False, "status": "completed"}},
        {"data": {"isRunning": True, "status": "completed"}},
        {"data": {"isFailed": True, "status": "completed"}},
        {"data": {"status": "completed", "state": "failed"}},
        {"operation": operation("completed"), "data": {"isFailed": True}},
        {"operation": operation("completed"), "data": {"status": "failed"}},
        {"operation": operation("failed"), "data": {"operation": operation("completed")}},
        {"operation": operation("completed"), "data": {"operation": operation("failed")}},
        {"operation": operation("failed"), "data": {"operation": {}, "isCompleted": True}},
        {"operation": operation("in_progress"), "data": {"isCompleted": True}},
    ],
)
def test_an_answer_that_contradicts_itself_is_never_a_success(fields: dict[str, Any]) -> None:
    assert job(document(**fields)).state is not JobState.COMPLETED


def test_an_operation_at_the_top_counts_beside_an_empty_one_inside() -> None:
    told = job(document(operation=operation("failed"), data={"operation": {}}))
    assert (told.state, told.status) == (JobState.FAILED, "failed")


def test_a_completed_flag_and_a_failed_one_together_mean_failed() -> None:
    assert job(flagged(isCompleted=True, isFailed=True)).state is JobState.FAILED


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
def test_progress_is_read_from_each_place_and_stays_between_0_and_100(
    where: str, given_: float, told: float
) -> None:
    assert job(progress_at(where, given_)).progress == told


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize("value", [None, True, False, "50", "50 %", "", [], [50], {}, math.nan])
def test_progress_that_is_no_number_is_not_known(where: str, value: Any) -> None:
    assert job(progress_at(where, value)).progress is None


@pytest.mark.parametrize("where", PLACES)
@pytest.mark.parametrize(("sign", "told"), [("", 100.0), ("-", 0.0)])
def test_a_number_beyond_all_measure_is_bounded_too(where: str, sign: str, told: float) -> None:
    body = encoded(progress_at(where, 0).model_extra).replace(
        b'": 0', f'": {sign}1{"0" * 400}'.encode()
    )
    assert job(responses.parse(Document, 200, {}, body)).progress == told


@pytest.mark.parametrize("no_number", [None, True, "70", []])
def test_where_one_place_has_no_number_the_next_is_looked_at(no_number: Any) -> None:
    told = job(
        document(
            operation=operation("in_progress", progress=no_number),
            data={"progressDetails": {"percentage": no_number}, "progress": 30},
        )
    )
    assert told.progress == 30.0


def test_the_operations_own_progress_comes_first() -> None:
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
def test_a_message_is_passed_on_from_wherever_it_stands(
    fields: dict[str, Any], told: str | None
) -> None:
    assert job(document(**fields)).message == told


# Any answer at all.

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


@settings(max_examples=400, deadline=None, derandomize=True)
@given(objects)
@example({"model_config": {}, "model_extra": 1, "get": 2, "text": 3, "__class__": 4})
@example({"operation": {"progress": 10**400}})
def test_every_json_object_tells_something_and_nothing_breaks(fields: dict[str, Any]) -> None:
    some = Document.model_validate(fields)
    told = job(some)
    assert told.progress is None or 0 <= told.progress <= 100
    inner = fields.get("data")
    data = inner if isinstance(inner, dict) else {}
    if told.state is JobState.COMPLETED:
        assert "completed" in words_of(fields) or data.get("isCompleted") is True
    if data.get("isFailed") is True or "failed" in words_of(fields):
        assert told.state is not JobState.COMPLETED
    begun = started(some)
    for value in (begun.job_id, begun.poll_url, begun.vps_id, told.status, told.message):
        assert value is None or (isinstance(value, str) and value)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(objects)
def test_every_json_object_on_the_wire_is_read_or_refused_as_a_bad_answer(
    fields: dict[str, Any],
) -> None:
    try:
        some = responses.parse(Document, 200, {}, encoded(fields))
    except BadResponseError:
        return
    assert isinstance(job(some), Job)
    assert isinstance(started(some), Started)


@pytest.mark.parametrize("body", [b"[]", b"null", b'"completed"', b"1", b"", b"<html>", b"{"])
def test_what_is_no_json_object_is_a_bad_answer(body: bytes) -> None:
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
def test_a_path_stays_on_its_host(path: str) -> None:
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
def test_what_is_not_a_plain_path_may_lead_elsewhere(elsewhere: str) -> None:
    assert not is_path_on_host(elsewhere)
