"""The JSON of jobs: the operation of an accepted write, and the responses to polling."""

from datetime import datetime

from .jobs import POWER_KINDS, Job, phase, progress
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
    **{kind: kind for kind in POWER_KINDS},
}


def operation(job: Job, now: datetime, variants: Variants) -> dict[str, Json]:
    """Return the `operation` object."""
    stage = _stage(job, now)
    return {
        "status": _word(stage, variants),
        "jobId": job.id,
        "pollUrl": _poll_url(job, variants),
        "result": _result(job, stage, variants),
        **_failure(job, stage, variants, "message", "error", "error_object"),
    }


def job_state(job: Job, now: datetime, variants: Variants, request_id: str) -> dict[str, Json]:
    """Return the response to a poll, in the envelope that the variants choose."""
    outside = _failure(job, _stage(job, now), variants, "outside")
    if variants.job_envelope == "operation":
        return {"operation": operation(job, now, variants), **outside}
    if variants.job_envelope == "data_operation":
        return {"data": {"operation": operation(job, now, variants)}, **outside}
    return {
        "success": True,
        "timestamp": iso(now),
        "requestId": request_id,
        "data": _legacy(job, now, variants),
        **outside,
    }


def _stage(job: Job, now: datetime) -> str:
    """Return the phase of the job as it is shown."""
    stage = phase(job, now)
    if stage != "failed":
        return stage
    return "completed" if job.failure_shown == "failed_result" else job.failure_shown


def _word(stage: str, variants: Variants) -> str:
    chosen = {
        "pending": variants.waiting_word,
        "queued": variants.waiting_word,
        "in_progress": variants.running_word,
        "completed": variants.done_word,
        "failed": variants.failed_word,
    }
    return chosen.get(stage) or stage


def _poll_url(job: Job, variants: Variants) -> str | None:
    return {
        "jobs": f"/api/jobs/{job.id}",
        "null": None,
        "other_host": f"https://jobs.example.net/api/jobs/{job.id}",
        "operations": f"/api/v2/operations/{job.id}",
    }[variants.poll_url]


def _failure(job: Job, stage: str, variants: Variants, *places: str) -> dict[str, Json]:
    """Return the reason of a failed job as a field, if it belongs in one of these places."""
    place = variants.failure_reason
    if stage != "failed" or place not in places:
        return {}
    if place == "error_object":
        return {"error": {"code": "job_failed", "message": job.failure}}
    return {"message" if place == "message" else "error": job.failure}


def _result(job: Job, stage: str, variants: Variants) -> Json:
    if stage == "failed" and variants.failure_reason == "result":
        return {"error": job.failure}
    if stage == "completed" and job.failure is not None:
        return {"success": False, "error": job.failure}
    if stage != "completed" or variants.job_result == "null":
        return None
    if job.new_server is not None:
        return {"vpsId": job.new_server.id}
    if job.kind in POWER_KINDS:
        return {"vpsId": job.server_id}
    if job.backup_id is not None:
        return {"vpsId": job.server_id, "backupId": job.backup_id}
    return {"vpsId": job.server_id, "snapshotName": job.snapshot_name}


def _legacy(job: Job, now: datetime, variants: Variants) -> dict[str, Json]:
    stage, percent = _stage(job, now), progress(job, now)
    word = _word(stage, variants)
    message = _failure(job, stage, variants, "message").get("message") or f"{percent} %"
    body: dict[str, Json] = {
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
        "result": _result(job, stage, variants),
        "createdAt": iso(job.created_at),
        "finishedAt": iso_or_null(job.ends_at if now >= job.ends_at else None),
        "jobName": _TYPES[job.kind],
        "vmId": job.server_id,
        "isScheduled": False,
        "delay": "0",
        "statusKey": f"jobs.status.{stage}",
        **_failure(job, stage, variants, "error", "error_object"),
    }
    if variants.job_flags:
        body["isCompleted"] = stage == "completed"
        body["isFailed"] = stage == "failed"
        body["isRunning"] = stage == "in_progress"
        body["isWaiting"] = stage in {"pending", "queued"}
    return body
