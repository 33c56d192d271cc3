"""What is kept of a job, for `get_job`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class FollowedJob(BaseModel):
    """A job that HostUp started for a write of this caller."""

    model_config = ConfigDict(frozen=True)

    vps_id: str
    poll: str | None
    """The path to poll; None where HostUp gave one that is not followed."""
    overwrites_from: str | None = None
    """What the server's disk is overwritten from, such as a backup id; None if it is not."""
