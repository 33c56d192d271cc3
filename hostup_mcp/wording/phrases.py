"""Verdicts, gates and quotas as parts of a line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, tzinfo

from hostup_mcp.hostup.models import Gate, QuotaInfo
from hostup_mcp.hostup.text import quoted
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.here import ClientCannotAsk, Here, Locked, Obstacle
from hostup_mcp.recovery.reasons import GateClosed, GateOpen, Reason
from hostup_mcp.recovery.verdicts import Verdict
from hostup_mcp.wording import formats
from hostup_mcp.wording.render import for_model


def now_text(now: datetime, zone: tzinfo) -> str:
    """Say what time it is, for a result with ages or moments."""
    return f"Now: {formats.stamp(now, zone)}."


def gate_text(gate: Gate | None) -> str:
    """Say whether HostUp allows an action, with its reason and code as they came."""
    if gate is None:
        return "HostUp does not say"
    said = f" {quoted(gate.reason)}" if gate.reason else "" if gate.allowed else " no reason given"
    code = f" (code {quoted(gate.code)})" if gate.code else ""
    text = "allowed" if gate.allowed else "not allowed"
    return f"{text}; HostUp:{said}{code}" if said or code else text


def verdict_text(
    action: str,
    verdict: Verdict,
    reasons: Iterable[Reason],
    here: Here,
    zone: tzinfo,
    before: Here | None = None,
    known: Iterable[Reason] = (),
) -> str:
    """Say whether `action` is possible at HostUp and, where it is, from here; if not, why.

    `before` is that of another action, where it was told why that is not possible from here, and
    `known` are the reasons that were told of it.
    """
    reasons = tuple(reasons)
    if verdict is Verdict.BLOCKED and set(reasons) == set(known):
        return f"{action}: {verdict.upper()} for the same reason."
    told = [_reason_text(reason, zone) for reason in reasons if reason != GateOpen(None, None)]
    if verdict is not Verdict.POSSIBLE or here.allowed:
        return " ".join([f"{action}: {verdict.upper()}.", *told])
    return " ".join(
        [f"{action}: possible at HostUp, not from here{_why(here, zone, before)}", *told]
    )


def _why(here: Here, zone: tzinfo, before: Here | None) -> str:
    known = () if before is None else before.reasons
    new = [reason for reason in here.reasons if reason not in known]
    if not new:
        return f" for the same reason{_less(here, known)}."
    is_locked_too = any(isinstance(reason, Locked) for reason in known)
    told = [
        f"Locked too ({', '.join(reason.groups)})."
        if isinstance(reason, Locked) and is_locked_too
        else for_model(reason, zone)
        for reason in new
    ]
    if len(new) < len(here.reasons):
        told.append(f"The rest as above{_less(here, known)}.")
    if before is None and here.is_possible_elsewhere:
        told.append(for_model(Code.USE_PANEL, zone))
    return f". {' '.join(told)}"


def _less(here: Here, known: Iterable[Obstacle]) -> str:
    """Say which obstacles of another action, that are `known`, this one does not have."""
    kinds = {type(reason) for reason in here.reasons}
    gone = {type(reason) for reason in known} - kinds
    said = [text for kind, text in _NOT_HERE.items() if kind in gone]
    return f" (but {', and '.join(said)})" if said else ""


_NOT_HERE: Mapping[type, str] = {
    Locked: "it is not locked",
    ClientCannotAsk: "nobody has to be asked",
}


def _reason_text(reason: Reason, zone: tzinfo) -> str:
    """Describe a reason; what HostUp says is quoted, with its code."""
    if not isinstance(reason, GateOpen | GateClosed) or not (reason.said or reason.hostup_code):
        return for_model(reason, zone)
    said = "no reason given" if reason.said is None else quoted(reason.said)
    code = f" (code {quoted(reason.hostup_code)})" if reason.hostup_code else ""
    return f"HostUp: {said}{code}."


def date_text(text: str | None, moment: datetime | None, zone: tzinfo) -> str:
    """Describe a date for a model. `moment` is HostUp's `text` as it was read."""
    if moment is not None:
        return formats.stamp(moment, zone)
    return "date unknown" if text is None else f"date unknown (HostUp says {quoted(text)})"


def quota_text(quota: QuotaInfo) -> str:
    """Describe the quota. A null limit is called unstated, not taken for unlimited."""
    limit, used = quota.limit, "an unknown number" if quota.used is None else str(quota.used)
    used += " used, limit unknown" if limit is None else f" of {limit} used"
    left = "how many are left is unknown" if quota.remaining is None else f"{quota.remaining} left"
    return f"{used}, {left}"
