"""The JSON of jobs: the operation of an accepted write, and the responses to polling."""

from datetime import datetime

from .jobs import Job, phase, progress
from .responses import Json, iso, iso_or_null
from .variants import Variants

_TYPES = {
    "backup": "backup",
    "restore": "restore",
    "restore_from_vps": "restore",
    "restore_to_payg": "deploy",
    "snapshot": "snapshot_create",
    "snapshot_restore": "snapshot_rollback",
    "snapshot_delete": "snapshot_delete",
}


def operation(job: Job, now: datetime, variants: Variants) -> dict[str, Json]:
    """The `operation` object."""
    shown: dict[str, Json] = {
        "status": status_word(job, now, variants),
        "jobId": job.id,
        "pollUrl": _poll_url(job, variants),
        "result": _result(job, now, variants),
    }
    reason = _reason(job, now)
    if reason is not None and variants.failure_reason in {"message", "error"}:
        shown[variants.failure_reason] = reason
    return shown


def job_state(job: Job, now: datetime, variants: Variants, request_id: str) -> dict[str, Json]:
    """The response to a poll, in the envelope that the variants choose."""
    if variants.job_envelope == "operation":
        return {"operation": operation(job, now, variants)}
    if variants.job_envelope == "data_operation":
        return {"data": {"operation": operation(job, now, variants)}}
    return {
        "success": True,
        "timestamp": iso(now),
        "requestId": request_id,
        "data": _legacy(job, now, variants),
    }


def status_word(job: Job, now: datetime, variants: Variants) -> str:
    """The status at this time, in the word that the variants choose."""
    word = phase(job, now)
    chosen = {
        "in_progress": variants.running_word,
        "completed": variants.done_word,
        "failed": variants.failed_word,
    }
    return chosen.get(word, word)


def _poll_url(job: Job, variants: Variants) -> str | None:
    return {
        "jobs": f"/api/jobs/{job.id}",
        "null": None,
        "other_host": f"https://jobs.example.net/api/jobs/{job.id}",
        "operations": f"/api/v2/operations/{job.id}",
    }[variants.poll_url]


def _reason(job: Job, now: datetime) -> str | None:
    return job.failure if phase(job, now) == "failed" else None


def _result(job: Job, now: datetime, variants: Variants) -> Json:
    reason = _reason(job, now)
    if reason is not None:
        return {"error": reason} if variants.failure_reason == "result" else None
    if phase(job, now) != "completed" or variants.job_result == "null":
        return None
    if job.new_server is not None:
        return {"vpsId": job.new_server.id}
    if job.backup_id is not None:
        return {"vpsId": job.server_id, "backupId": job.backup_id}
    return {"vpsId": job.server_id, "snapshotName": job.snapshot_name}


def _legacy(job: Job, now: datetime, variants: Variants) -> dict[str, Json]:
    word, percent = status_word(job, now, variants), progress(job, now)
    reason = _reason(job, now)
    message = reason if reason and variants.failure_reason == "message" else f"{percent} %"
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
        "result": _result(job, now, variants),
        "createdAt": iso(job.created_at),
        "finishedAt": iso_or_null(job.ends_at if now >= job.ends_at else None),
        "jobName": _TYPES[job.kind],
        "vmId": job.server_id,
        "isScheduled": False,
        "delay": "0",
        "statusKey": f"jobs.status.{stage}",
    }
    if variants.job_flags:
        shown["isCompleted"] = stage == "completed"
        shown["isFailed"] = stage == "failed"
        shown["isRunning"] = stage == "in_progress"
        shown["isWaiting"] = stage in {"pending", "queued"}
    if reason is not None and variants.failure_reason == "error":
        shown["error"] = reason
    return shown
