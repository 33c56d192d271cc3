"""Jobs on the wire: the operation of an accepted write, and what polling answers."""

from datetime import datetime

from .answers import Json, iso, iso_or_null
from .jobs import Job, phase, progress
from .readings import Readings

_TYPES = {
    "backup": "backup",
    "restore": "restore",
    "restore_from_vps": "restore",
    "restore_to_payg": "deploy",
    "snapshot": "snapshot_create",
    "snapshot_restore": "snapshot_rollback",
    "snapshot_delete": "snapshot_delete",
}


def operation(job: Job, now: datetime, readings: Readings) -> dict[str, Json]:
    """The `operation` object."""
    shown: dict[str, Json] = {
        "status": status_word(job, now, readings),
        "jobId": job.id,
        "pollUrl": _poll_url(job, readings),
        "result": _result(job, now, readings),
    }
    reason = _reason(job, now)
    if reason is not None and readings.failure_reason in {"message", "error"}:
        shown[readings.failure_reason] = reason
    return shown


def job_state(job: Job, now: datetime, readings: Readings, request_id: str) -> dict[str, Json]:
    """The answer to a poll, in the envelope that the readings choose."""
    if readings.job_envelope == "operation":
        return {"operation": operation(job, now, readings)}
    if readings.job_envelope == "data_operation":
        return {"data": {"operation": operation(job, now, readings)}}
    return {
        "success": True,
        "timestamp": iso(now),
        "requestId": request_id,
        "data": _legacy(job, now, readings),
    }


def status_word(job: Job, now: datetime, readings: Readings) -> str:
    """The status of this moment, in the words that the readings choose."""
    word = phase(job, now)
    chosen = {
        "in_progress": readings.running_word,
        "completed": readings.done_word,
        "failed": readings.failed_word,
    }
    return chosen.get(word, word)


def _poll_url(job: Job, readings: Readings) -> str | None:
    return {
        "jobs": f"/api/jobs/{job.id}",
        "null": None,
        "other_host": f"https://jobs.example.net/api/jobs/{job.id}",
        "operations": f"/api/v2/operations/{job.id}",
    }[readings.poll_url]


def _reason(job: Job, now: datetime) -> str | None:
    return job.failure if phase(job, now) == "failed" else None


def _result(job: Job, now: datetime, readings: Readings) -> Json:
    reason = _reason(job, now)
    if reason is not None:
        return {"error": reason} if readings.failure_reason == "result" else None
    if phase(job, now) != "completed" or readings.job_result == "null":
        return None
    if job.new_server is not None:
        return {"vpsId": job.new_server.id}
    if job.backup_id is not None:
        return {"vpsId": job.server_id, "backupId": job.backup_id}
    return {"vpsId": job.server_id, "snapshotName": job.snapshot_name}


def _legacy(job: Job, now: datetime, readings: Readings) -> dict[str, Json]:
    word, percent = status_word(job, now, readings), progress(job, now)
    reason = _reason(job, now)
    message = reason if reason and readings.failure_reason == "message" else f"{percent} %"
    stage = phase(job, now)
    shown: dict[str, Json] = {
        "jobId": job.id,
        "queueType": "vps",
        "type": _TYPES[job.kind],
        "state": word,
        "status": word,
        "progress": percent,
        "progressTextKey": f"jobs.{_TYPES[job.kind]}.{stage}",
        "progressDetails": {
            "percentage": percent,
            "current": percent,
            "total": 100,
            "message": message,
        },
        "progressMessage": message,
        "result": _result(job, now, readings),
        "createdAt": iso(job.created_at),
        "finishedAt": iso_or_null(job.ends_at if now >= job.ends_at else None),
        "jobName": _TYPES[job.kind],
        "vmId": job.server_id,
        "isScheduled": False,
        "delay": "0",
        "statusKey": f"jobs.status.{stage}",
    }
    if readings.job_flags:
        shown["isCompleted"] = stage == "completed"
        shown["isFailed"] = stage == "failed"
        shown["isRunning"] = stage == "in_progress"
        shown["isWaiting"] = stage in {"pending", "queued"}
    if reason is not None and readings.failure_reason == "error":
        shown["error"] = reason
    return shown
