"""The state of one call of a writing tool, passed from step to step."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto

from hostup_mcp.hostup.requests import WriteRequest
from hostup_mcp.hostup.text import Json
from hostup_mcp.hostup.writing import new_write_id
from hostup_mcp.server.services import Services
from hostup_mcp.server.writes.consent import Consent
from hostup_mcp.server.writes.proposal import Destructive, Proposal


class Phase(Enum):
    """How far a write has got."""

    PREPARING = auto()
    """Nothing was consumed or sent; the write can be abandoned."""
    COMMITTED = auto()
    """The plan and the yes are being consumed; the write must run to its end."""
    SENT = auto()
    """The request may have been sent."""


@dataclass
class WriteContext:
    """One call of a writing tool, and what its lines in the audit log say."""

    services: Services
    tool: str
    caller: str
    ids: dict[str, str] = field(default_factory=dict)
    phase: Phase = Phase.PREPARING
    consent: Consent | None = None
    request_id: str | None = None
    job_id: str | None = None
    recovery_id: str | None = None
    """The record of the restore that is carried out; None for other writes."""
    sent_at: datetime | None = None
    """When the request was sent, by this machine's clock."""
    write_id: str = field(default_factory=new_write_id)
    """Ends the User-Agent of the request, so HostUp's audit log can show whether it arrived."""

    def log(self, outcome: str) -> None:
        """Write a line of the audit log; it is on disk when this returns.

        Raises:
            RefusalError: the file cannot be written.
        """
        consent = self.consent
        entry: dict[str, Json] = {
            "caller": self.caller,
            "tool": self.tool,
            "ids": {**self.ids},
            "request": None if consent is None else _as_json(consent.proposal.request),
            "price": None if consent is None else _price(consent.proposal),
            "consent": None if consent is None else consent.as_json(),
            "writeId": self.write_id,
            "requestId": self.request_id,
            "jobId": self.job_id,
            "outcome": outcome,
        }
        self.services.audit_log.append(self.services.now(), entry)


def _price(proposal: Proposal) -> dict[str, Json] | None:
    price = proposal.price if isinstance(proposal, Destructive) else None
    return None if price is None else {**price}


def _as_json(request: WriteRequest) -> dict[str, Json]:
    body = None if request.body is None else {**request.body}
    return {"method": request.method, "path": request.path, "body": body}
