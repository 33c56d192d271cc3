"""Gates and quotas as parts of a line."""

from __future__ import annotations

from datetime import datetime, tzinfo

from hostup_mcp.hostup.models import Gate, QuotaInfo
from hostup_mcp.hostup.text import quoted
from hostup_mcp.wording import formats


def now_text(now: datetime, zone: tzinfo) -> str:
    """Say what time it is, for a result with ages or moments."""
    return f"Now: {formats.stamp(now, zone)}."


def gate_text(gate: Gate | None) -> str:
    """Describe a gate as HostUp gave it."""
    if gate is None:
        return "no gate that can be read"
    text = "gate open" if gate.allowed else "gate closed"
    if gate.reason is not None:
        text += f", reason {quoted(gate.reason)}"
    elif not gate.allowed:
        text += ", reason null"
    return text + (f", code {quoted(gate.code)}" if gate.code is not None else "")


def date_text(text: str | None, moment: datetime | None, zone: tzinfo) -> str:
    """Describe a date for a model. `moment` is HostUp's `text` as it was read."""
    if moment is not None:
        return formats.stamp(moment, zone)
    return "date unknown" if text is None else f"date unknown (HostUp says {quoted(text)})"


LAST_COMPLETE = " This may remove the LAST backup that looks complete."
"""Part of a question about a change after which no backup may be left to restore."""


def count_text(listed: int, unlisted: int | None, kind: str) -> str:
    """Say how many backups of a `kind` there are now; `unlisted` as `count_unlisted` returns it."""
    if unlisted == 0:
        return f"{listed} {kind} now"
    others = "others" if unlisted is None else unlisted
    return f"{listed} {kind} listed now, and {others} that are not listed"


def quota_text(quota: QuotaInfo) -> str:
    """Describe the quota. A null limit is called unstated, not taken for unlimited."""
    limit, used = quota.limit, "an unknown number" if quota.used is None else str(quota.used)
    used += " used, limit unknown" if limit is None else f" of {limit} used"
    left = "how many are left is unknown" if quota.remaining is None else f"{quota.remaining} left"
    return f"{used}, {left}"
