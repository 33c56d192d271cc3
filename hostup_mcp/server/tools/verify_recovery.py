"""`verify_recovery`: whether a restored server is back, and what shows it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, tzinfo
from typing import Any

from mcp.types import CallToolResult
from pydantic import Field

from hostup_mcp.hostup.text import safe_word
from hostup_mcp.recovery.modes import MODES
from hostup_mcp.recovery.verification import BackVerdict, Item, Proves, SeenBy, Verification
from hostup_mcp.server.caller import caller
from hostup_mcp.server.clocks import by_hostup, clock_lines
from hostup_mcp.server.definition import ReadingTool
from hostup_mcp.server.errors import texts, write_texts
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.evidence import RECOVERY_URI, observed
from hostup_mcp.server.ids import VpsId, require_vps
from hostup_mcp.server.listing import Output
from hostup_mcp.server.names import ServerName, recall_name
from hostup_mcp.server.output import as_data, describe_all
from hostup_mcp.server.recoveries import KeptRecovery, LastVerdict, last_own, update
from hostup_mcp.server.result import to_result
from hostup_mcp.server.services import Ctx, services
from hostup_mcp.server.verifying import verify_restore
from hostup_mcp.state.store import StateUnavailableError
from hostup_mcp.wording import formats
from hostup_mcp.wording.evidence import PROOFS, SOURCES, VERDICTS, observation_text
from hostup_mcp.wording.phrases import now_text
from hostup_mcp.wording.render import for_model


class EvidenceItem(Output):
    """One thing that was seen."""

    finding: str | dict[str, Any] = Field(description="Its code, or code and facts, for programs.")
    message: str = Field(description="What was seen.")
    at: str = Field(description="When.")
    source: SeenBy = Field(description="Where it comes from: HostUp, or the probe of hostup-mcp.")
    proves: Proves = Field(description="back, not_back, or nothing on its own.")


class VerificationResult(Output):
    """Whether a restored server is back, and what shows it."""

    id: str = Field(description="Id of the restored server.")
    name: str | None = Field(description="Its name, shortened; user-supplied; null if unknown.")
    address: str | None = Field(description="Its main IP address; null if unknown.")
    now: str = Field(description="The time by HostUp's clock.")
    recovery_id: str = Field(description="Read hostup://recoveries/{recoveryId} for the record.")
    verdict: BackVerdict = Field(
        description="back: it answered after the restore. not_back: the restore failed, or "
        "something is lost. not_known: neither."
    )
    items: tuple[EvidenceItem, ...] = Field(description="What the verdict rests on.")
    may_start_until: str | None = Field(
        description="Until when HostUp may still start the server; null if that time is over."
    )
    to_check: tuple[str, ...] = Field(description="What else shows whether it is back.")
    findings: dict[str, Any] = Field(description="toCheck as codes and facts, for programs.")
    before: dict[str, Any] = Field(description="The server as it was seen before the restore.")


async def verify_recovery(ctx: Ctx, id: VpsId) -> CallToolResult:
    """Shows whether a VPS is back after its last restore from here: job, power, guest agent and
    disks, compared with before. Call it when get_job says that the restore has finished. For a new
    VPS, use its own id."""
    await require_vps(ctx, id)
    services_ = services(ctx)
    zone = services_.viewer.zone
    try:
        kept = await last_own(services_, caller(), id)
    except StateUnavailableError:
        raise refuse(write_texts.RECOVERIES_UNAVAILABLE) from None
    if kept is None:
        raise refuse(texts.NO_RECOVERY)
    kept, found = await verify_restore(services_, kept, id)
    server, now = await recall_name(services_, id), by_hostup(services_.hostup, services_.now())
    data = _data(server, now, kept, found, zone)
    last = LastVerdict(
        at=now,
        verdict=found.verdict,
        items=data["items"],
        to_check=data["toCheck"],
    )
    with suppress(StateUnavailableError):
        kept = await update(services_, kept, last_verdict=last)
    lines = [
        f"{server}: {VERDICTS[found.verdict]}. {now_text(now, zone)}",
        *_lines(kept, found, zone),
        *clock_lines(services_.hostup, zone),
    ]
    return to_result(lines, data)


def _data(
    server: ServerName, now: datetime, kept: KeptRecovery, found: Verification, zone: tzinfo
) -> dict[str, Any]:
    until = found.may_start_until
    return VerificationResult(
        id=server.id,
        name=server.name,
        address=server.address,
        now=formats.iso(now),
        recovery_id=kept.id,
        verdict=found.verdict,
        items=tuple(
            EvidenceItem(
                finding=as_data(item.finding),
                message=for_model(item.finding, zone),
                at=formats.iso(item.at),
                source=item.seen_by,
                proves=item.proves,
            )
            for item in found.items
        ),
        may_start_until=None if until is None else formats.iso(until),
        to_check=describe_all(found.looks, zone),
        findings={"toCheck": [as_data(look) for look in found.looks]},
        before=observed(kept.recovery.before),
    ).model_dump(mode="json", by_alias=True)


def _lines(kept: KeptRecovery, found: Verification, zone: tzinfo) -> list[str]:
    recovery = kept.recovery
    restored, before = recovery.restored, recovery.before
    point = f"{MODES[restored.mode].goes_back_to} {safe_word(restored.point)}"
    created = formats.stamp(restored.point_created, zone)
    checks = describe_all(found.looks, zone)
    return [
        f"Restore of the {point} of {created}; sent "
        f"{formats.stamp(recovery.sent_at_hostup, zone)}.",
        *_items(found.items, zone),
        f"Before ({formats.stamp(before.at, zone)}): {observation_text(before)}.",
        *([f"To check: {' '.join(checks)}"] if checks else []),
        f"Record: {RECOVERY_URI.format(recoveryId=kept.id)}",
    ]


def _items(items: Sequence[Item], zone: tzinfo) -> list[str]:
    """List what was seen, by what it proves."""
    lines = []
    for proves, heading in PROOFS.items():
        some = [item for item in items if item.proves is proves]
        lines += [heading] if some else []
        lines += [f"- {for_model(each.finding, zone)} ({SOURCES[each.seen_by]})" for each in some]
    return lines


TOOL = ReadingTool(
    name="verify_recovery",
    title="Verify a recovery",
    scope="read:vm",
    read=verify_recovery,
    result=VerificationResult,
)
