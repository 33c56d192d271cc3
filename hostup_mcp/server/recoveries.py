"""Records of the restores that were sent, and which of them are a caller's own.

A record is kept with the server whose restore was sent, for every caller to know that it was, and
until it is deleted. Beside it, each caller has an index of their own ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from hostup_mcp.hostup.jobs import JobState
from hostup_mcp.recovery.evidence import Observation
from hostup_mcp.recovery.modes import MODES
from hostup_mcp.recovery.modes.definition import Mode
from hostup_mcp.server.services import Services


class _Stored(BaseModel):
    model_config = ConfigDict(frozen=True, defer_build=True)


T = TypeVar("T", bound=_Stored)


class Restored(_Stored):
    """What was to be restored."""

    mode: Mode
    point: str
    """Backup id, or name of the snapshot."""
    point_created: datetime | None = None
    source_id: str = ""
    """The server whose backup it is, if that is another server."""
    kind: Literal["restore", "rehearsal"] = "restore"
    new_name: str | None = None
    """The name that was sent for a new server."""
    ids_before: frozenset[str] | None = None
    """The servers that there were before a new one; None if they are not all known."""

    def holder(self, vps_id: str, new_vps_id: str | None) -> str | None:
        """Return the server that holds the restored data, or should; None if it is not known.

        `vps_id` is the server that the request names, `new_vps_id` the one that was built.
        """
        return new_vps_id if MODES[self.mode].builds_server else vps_id


class JobEnd(_Stored):
    """How the job of a restore ended, as far as HostUp said."""

    state: JobState
    said: str | None = None
    """Why it failed or ended, in HostUp's words."""
    at: datetime
    """When it ended, or was first seen to have ended, by HostUp's clock."""


class LastVerdict(_Stored):
    """What `verify_recovery` last found."""

    at: datetime
    """By HostUp's clock."""
    verdict: str
    items: list[JsonValue]
    to_check: list[str]


class Recovery(_Stored):
    """One restore, recorded just before it is sent."""

    caller: str
    plan_id: str
    path: str
    sent_at: datetime
    """By this machine's clock."""
    ahead: float = 0.0
    """Seconds that HostUp's clock was ahead of it."""
    vps_id: str
    """The server that the request names: the one to overwrite, or the source of a new one."""
    restored: Restored
    write_id: str
    consent: Mapping[str, JsonValue]
    """Who agreed, and how."""
    price: Mapping[str, JsonValue] | None = None
    """What the user agreed to pay; None if nothing is charged for it, or the price is not known."""
    before: Observation
    """The server when the restore was sent."""
    outcome: Literal["sent", "accepted", "unknown"] = "sent"
    """Stays `sent` if the process ended before it could record the outcome."""
    job_id: str | None = None
    poll: str | None = None
    """The path to poll for the job; None if HostUp gave none that is followed."""
    new_vps_id: str | None = None
    """The server that was built; None if none was, or its id is not known."""
    given_name: str | None = None
    """The name that HostUp showed for the new server of a rehearsal right after it was built."""
    seen_at: datetime | None = None
    """When the server of a rehearsal was first seen to be there."""
    end_requested_at: datetime | None = None
    """When HostUp accepted to end a rehearsal."""
    over_at: datetime | None = None
    """When the server of a rehearsal was first seen to be gone."""
    job_end: JobEnd | None = None
    last_verdict: LastVerdict | None = None

    @property
    def sent_at_hostup(self) -> datetime:
        """When it was sent, by HostUp's clock."""
        return self.sent_at + timedelta(seconds=self.ahead)

    @property
    def is_running(self) -> bool:
        """Whether it is a rehearsal that is not known to be over."""
        return self.restored.kind == "rehearsal" and self.over_at is None

    @property
    def holder(self) -> str | None:
        """The server that holds the restored data, or should; None if its id is not known."""
        return self.restored.holder(self.vps_id, self.new_vps_id)


@dataclass(frozen=True, slots=True)
class KeptRecovery:
    """A stored record: where it is kept, under which id, and what it says."""

    subject: str
    id: str
    recovery: Recovery


class _Entry(_Stored):
    """One entry of a caller's index: where the record is, and the server to verify."""

    subject: str
    vps_id: str | None
    """The server that holds the restored data; None while the id of a new one is not known."""
    is_running: bool = False
    """Whether it is a rehearsal that is not known to be over."""


def subject_of(services: Services, vps_id: str) -> str:
    """Return what records and locks of a server are kept under."""
    return f"{services.base_url}/{vps_id}"


async def put(services: Services, kept: KeptRecovery) -> None:
    """Store a record, and enter it in its caller's index.

    Raises:
        StateUnavailableError: it could not be stored.
    """
    # The index first: an entry without its record is skipped, a record without its entry is lost.
    recovery = kept.recovery
    index = services.recovery_index(recovery.caller)
    await services.state.put_recovery(index, kept.id, _entry(kept).model_dump_json())
    await services.state.put_recovery(kept.subject, kept.id, recovery.model_dump_json())


async def update(services: Services, kept: KeptRecovery, **changes: Any) -> KeptRecovery:
    """Change fields of a stored record, and return it as it is then.

    What another call has changed since `kept` was read stays as it is.

    Raises:
        StateUnavailableError: it could not be stored.
    """
    now = await _kept(services, kept.recovery.caller, kept.subject, kept.id) or kept
    recovery = now.recovery.model_copy(update=changes)
    changed = KeptRecovery(kept.subject, kept.id, recovery)
    if _entry(changed) != _entry(now):
        await put(services, changed)
    else:
        await services.state.put_recovery(kept.subject, kept.id, recovery.model_dump_json())
    return changed


async def delete(services: Services, kept: KeptRecovery) -> None:
    """Delete a stored record."""
    await services.state.delete_recovery(kept.subject, kept.id)
    await services.state.delete_recovery(services.recovery_index(kept.recovery.caller), kept.id)


async def last_of(services: Services, subject: str) -> Recovery | None:
    """Return the latest restore of `subject` that can be read, by any caller or session."""
    for body in reversed(list((await services.state.recoveries(subject)).values())):
        if (recovery := _parse(Recovery, body)) is not None:
            return recovery
    return None


async def own(services: Services, caller: str, recovery_id: str) -> KeptRecovery | None:
    """Return the record of `caller` with this id; None if they have none."""
    entry = (await _entries(services, caller)).get(recovery_id)
    return None if entry is None else await _kept(services, caller, entry.subject, recovery_id)


async def running(services: Services, caller: str) -> list[KeptRecovery]:
    """Return the rehearsals of `caller` that are not known to be over, oldest first.

    Raises:
        StateUnavailableError: the store cannot be reached.
    """
    found = []
    for id_, entry in (await _entries(services, caller)).items():
        # The other records are not read: there are more of them with each year.
        kept = await _kept(services, caller, entry.subject, id_) if entry.is_running else None
        if kept is not None and kept.recovery.is_running:
            found.append(kept)
    return found


async def last_own(services: Services, caller: str, vps_id: str) -> KeptRecovery | None:
    """Return the latest restore by `caller` whose data the server `vps_id` holds, or should."""
    for id_, entry in reversed((await _entries(services, caller)).items()):
        if entry.vps_id == vps_id:
            kept = await _kept(services, caller, entry.subject, id_)
            if kept is not None:
                return kept
    return None


def _entry(kept: KeptRecovery) -> _Entry:
    recovery = kept.recovery
    return _Entry(subject=kept.subject, vps_id=recovery.holder, is_running=recovery.is_running)


async def _entries(services: Services, caller: str) -> dict[str, _Entry]:
    stored = await services.state.recoveries(services.recovery_index(caller))
    parsed = {id_: _parse(_Entry, body) for id_, body in stored.items()}
    return {id_: entry for id_, entry in parsed.items() if entry is not None}


async def _kept(
    services: Services, caller: str, subject: str, recovery_id: str
) -> KeptRecovery | None:
    body = (await services.state.recoveries(subject)).get(recovery_id)
    recovery = None if body is None else _parse(Recovery, body)
    is_own = recovery is not None and recovery.caller == caller
    return KeptRecovery(subject, recovery_id, recovery) if recovery and is_own else None


def _parse(kind: type[T], body: str) -> T | None:
    """Return what was stored; None if another version of this program stored it."""
    try:
        return kind.model_validate_json(body)
    except ValidationError:
        return None
