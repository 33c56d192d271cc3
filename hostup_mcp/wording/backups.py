"""Backups as lines for a model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo

from hostup_mcp.hostup.models import Backup
from hostup_mcp.hostup.text import quoted, safe_word
from hostup_mcp.recovery.findings import BackupUnconfirmed, Doubt
from hostup_mcp.recovery.order import Group, Page, group_of
from hostup_mcp.recovery.spans import age
from hostup_mcp.wording import formats
from hostup_mcp.wording.phrases import date_text
from hostup_mcp.wording.render import for_model

_HEADINGS = {
    Group.USABLE: "",
    Group.DOUBTFUL: "May be incomplete:",
    Group.UNDATED: "Date unknown or in the future:",
}


def page_lines(
    page: Page,
    oldest: Backup | None,
    doubts: Mapping[str, Doubt],
    now: datetime,
    zone: tzinfo,
    *,
    is_all: bool,
    unconfirmed: Mapping[str, BackupUnconfirmed],
) -> list[str]:
    """List the backups of a page, and say how many there are, and how to get the others.

    `unconfirmed` is what is known of the requests that some may come from, by id.
    `is_all` is whether HostUp has no others than are counted in the page's total.
    """
    lines = [_count(page, oldest, now, zone, is_all=is_all)]
    last = Group.USABLE
    for backup in page.backups:
        group = group_of(backup, doubts, now)
        if group is not last:
            lines.append(_HEADINGS[group])
            last = group
        line = describe_backup(backup, now, doubts.get(backup.id), zone)
        remark = unconfirmed.get(backup.id)
        lines.append(line if remark is None else f"{line} · {for_model(remark, zone)}")
    if page.left:
        shown = safe_word(page.backups[-1].id)
        lines.append(f"{page.left} more: call list_vps_backups with before {shown}.")
    return lines


def _count(page: Page, oldest: Backup | None, now: datetime, zone: tzinfo, *, is_all: bool) -> str:
    total = f"{page.total} backup{'' if page.total == 1 else 's'}"
    if len(page.backups) == page.total:
        return f"{'All ' if is_all and page.total > 1 else ''}{total}, newest first:"
    if not page.backups:
        return f"There are no more; {total} in all."
    text = f"{total}, {page.start + 1} to {page.start + len(page.backups)} shown, newest first"
    if oldest is not None and oldest not in page.backups:
        text += f"; the oldest is {describe_backup(oldest, now, None, zone)}"
    return f"{text}:"


def describe_backup(backup: Backup, now: datetime, doubt: Doubt | None, zone: tzinfo) -> str:
    """Describe a backup on one line. The storage key is left out: nothing takes it."""
    span = age(backup.created, now)
    facts = [
        safe_word(backup.id),
        date_text(backup.created_at, backup.created, zone),
        f"{formats.span(span)} old" if span is not None else "age unknown",
        formats.size(backup.size_gb),
        safe_word(backup.backup_type) if backup.backup_type else "type unknown",
    ]
    # The usual label only repeats date and key.
    usual = f"{backup.created_at} ({backup.storage_key})"
    if backup.display_id is not None and backup.display_id != usual:
        facts.append(f"label {quoted(backup.display_id)}")
    if backup.note is not None:
        facts.append(f"note {quoted(backup.note)}")
    if doubt is not None:
        facts.append(for_model(doubt, zone))
    return " · ".join(facts)
