"""Parts of a plan as text for a model."""

from __future__ import annotations

from datetime import tzinfo

from hostup_mcp.hostup.models import Snapshot
from hostup_mcp.hostup.text import safe_word
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.findings import Changes, Loss
from hostup_mcp.recovery.modes.definition import Point
from hostup_mcp.wording import formats
from hostup_mcp.wording.phrases import date_text
from hostup_mcp.wording.render import for_model


def point_text(id_: str, point: Point | None, zone: tzinfo) -> str:
    """Describe what would be restored, by its date; `point` is None if it is not listed.

    The id of a backup is only needed where there is no date.
    """
    named = safe_word(id_)
    if point is None:
        return f"{named} (not listed)"
    when = date_text(point.created_at, point.created, zone)
    if point.created is None:
        return f"{named} ({when})"
    return f"snapshot {named} from {when}" if isinstance(point, Snapshot) else f"backup from {when}"


def loss_text(loss: Loss, zone: tzinfo) -> str:
    """Describe what would be lost, after a line with the date of what would be restored."""
    if not isinstance(loss, Changes) or loss.code is not Code.CHANGES:
        return for_model(loss, zone)
    return f"everything written since then, up to {formats.span(loss.age)} of changes."
