"""What `get_job` needs to know about a job."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from hostup_mcp.hostup.endpoints import segment
from hostup_mcp.hostup.jobs import is_path_on_host
from hostup_mcp.recovery.effects import BackupMade
from hostup_mcp.recovery.findings import WayBack


class TrackedJob(BaseModel):
    """A job that HostUp started for a write of this caller."""

    model_config = ConfigDict(frozen=True)

    vps_id: str
    poll: str | None
    """The path to poll; None if HostUp gave a URL that this server does not follow."""
    restored_point: str | None = None
    """The backup or snapshot that the server's disk is overwritten with; None if it is not."""
    is_own_backup: bool = False
    """Whether `restored_point` is a backup of the server itself."""
    way_back: WayBack | None = None
    """What the restore can be undone with; None for other jobs."""
    leads_to: str | None = None
    """The power state that the server has a little after the job; None if it is not changed."""
    recovery_id: str | None = None
    """The record of the restore that this job carries out; None for other jobs."""
    restored_vps_id: str | None = None
    """The server that then holds the restored data; None if its id is not known."""
    backup: BackupMade | None = None
    """What a job that makes a backup is to bring about; None for other jobs."""
    sent_at: datetime | None = None
    """When its request was sent, by this machine's clock."""
    has_succeeded: bool = False
    """Whether HostUp is known to have said that a job that makes a backup succeeded."""
    seen_ended_at: datetime | None = None
    """When a job that `leads_to` a power state was first seen to have ended."""


def poll_path(job_id: str, poll_url: str | None) -> str | None:
    """Return the path to poll for a job: HostUp's `poll_url`, or else the documented path.

    None if that would not be a path on HostUp's own host.
    """
    if poll_url is not None:
        return poll_url if is_path_on_host(poll_url) else None
    return f"/api/jobs/{segment(job_id)}"
