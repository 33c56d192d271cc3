"""What `get_job` needs to know about a job."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict


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
    leads_to: str | None = None
    """The power state that the server has a little after the job; None if it is not changed."""
    seen_ended_at: datetime | None = None
    """When a job that `leads_to` a power state was first seen to have ended."""
