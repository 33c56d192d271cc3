"""The audit log of an account: which requests HostUp received."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from hostup_mcp.hostup.base import Count, Listing, Many, Model
from hostup_mcp.hostup.models import parse_time

_WRITE_ID = re.compile(r"\(write ([0-9a-f]+)\)$")


class AuditRow(Model):
    """One row of `GET /api/v2/audit-log`: a request made with this account."""

    id: str | None = None
    occurred_at: str | None = None
    method: str | None = None
    endpoint: str | None = None
    path: str | None = None
    success: bool | None = None
    status_code: Count | None = None
    user_agent: str | None = None
    error_message: str | None = None
    request_id: str | None = None
    action: str | None = None
    summary: str | None = None

    @property
    def write_id(self) -> str | None:
        """The id of the write of this program that it is; None if it is not known to be one."""
        found = _WRITE_ID.search(self.user_agent or "")
        return None if found is None else found[1]

    @property
    def occurred(self) -> datetime | None:
        """When it was made, or None if that is unknown."""
        return parse_time(self.occurred_at)


class AuditPage(Listing):
    """One page of `GET /api/v2/audit-log`."""

    is_paged: ClassVar = True

    data: Many[AuditRow]


@dataclass(frozen=True, slots=True)
class AuditLog:
    """Rows of several pages, and whether they are all that HostUp has."""

    rows: tuple[AuditRow, ...]
    is_complete: bool
