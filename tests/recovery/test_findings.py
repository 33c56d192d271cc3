"""A finding is a stable code and its facts; what its reasons come to is never chosen freely."""

from dataclasses import FrozenInstanceError, fields, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest

from hostup_mcp.recovery import findings as module
from hostup_mcp.recovery.assessment import Explanation
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.findings import BackupUnconfirmed, ClocksDiffer, Finding
from hostup_mcp.recovery.reasons import (
    BackupMissing,
    BackupsHidden,
    EvictsHidden,
    GateClosed,
    GateMissing,
    GateOpen,
    MayNotFit,
    NoBackups,
    NoSnapshots,
    QuotaReadsFull,
    QuotaUnknown,
    Reason,
    SizeMissing,
    SnapshotExpired,
    SnapshotMissing,
    WouldEvict,
    verdict_of,
)
from hostup_mcp.recovery.schedule_findings import RunFailed
from hostup_mcp.recovery.suggestions import CannotBackUp, Evicts
from hostup_mcp.recovery.verdicts import Source, Verdict

NOW = datetime(2026, 4, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("reason", "code", "weight", "source"),
    [
        (GateOpen(None, None), "gate_open", "possible", "gate"),
        (GateOpen("Slow.", "slow"), "gate_open_remark", "possible", "gate"),
        (GateClosed(None, None), "gate_closed", "blocked", "unknown"),
        (GateClosed(None, "busy"), "gate_closed_code", "blocked", "gate"),
        (GateClosed("Busy.", None), "gate_closed_reason", "blocked", "gate"),
        (GateClosed("Busy.", "busy"), "gate_closed_reason", "blocked", "gate"),
        (GateMissing("canRestore"), "gate_missing", "unknown", "unknown"),
        (QuotaReadsFull(3, 3, 0), "quota_reads_full", "possible", "state"),
        (QuotaUnknown(3, None, None), "quota_unknown", "possible", "unknown"),
        (EvictsHidden(), "evicts_hidden", "possible", "state"),
        (WouldEvict("b", NOW, None), "would_evict", "possible", "state"),
        (WouldEvict("b", NOW, "keep"), "would_evict_noted", "possible", "state"),
        (BackupsHidden(3, 0), "backups_hidden", "unknown", "unknown"),
        (BackupsHidden(None, 1), "backups_incomplete", "unknown", "unknown"),
        (NoBackups(), "no_backups", "blocked", "state"),
        (BackupMissing(), "backup_missing", "blocked", "state"),
        (NoSnapshots(None), "no_snapshots", "blocked", "state"),
        (NoSnapshots("None."), "no_snapshots_reason", "blocked", "state"),
        (SnapshotMissing(), "snapshot_missing", "blocked", "state"),
        (SnapshotExpired(NOW), "snapshot_expired", "unknown", "unknown"),
        (MayNotFit(90, 80), "may_not_fit", "unknown", "unknown"),
        (SizeMissing(), "size_missing", "unknown", "unknown"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_code_weight_and_source_of_reasons(
    reason: Reason, code: str, weight: str, source: str
) -> None:
    assert (reason.code, reason.weight, reason.source) == (code, weight, source)


ALLOWED, DOUBT, BLOCKS = GateOpen(None, None), SizeMissing(), NoBackups()


@pytest.mark.parametrize(
    ("reasons", "verdict"),
    [
        ([ALLOWED], Verdict.POSSIBLE),
        ([ALLOWED, QuotaReadsFull(3, 3, 0)], Verdict.POSSIBLE),
        ([ALLOWED, DOUBT], Verdict.UNKNOWN),
        ([DOUBT], Verdict.UNKNOWN),
        ([], Verdict.UNKNOWN),
        ([DOUBT, BLOCKS], Verdict.BLOCKED),
        ([ALLOWED, BLOCKS], Verdict.BLOCKED),
    ],
)
def test_verdict_follows_from_reasons(reasons: list[Reason], verdict: Verdict) -> None:
    assert verdict_of(reasons) is verdict
    assert Explanation(tuple(reasons), ()).verdict is verdict


@pytest.mark.parametrize(
    ("finding", "code"),
    [
        (ClocksDiffer(timedelta(hours=3), is_behind=True), Code.CLOCK_BEHIND),
        (ClocksDiffer(timedelta(hours=3), is_behind=False), Code.CLOCK_AHEAD),
        (Evicts(Code.IN_PANEL), Code.EVICTS_UNDATED),
        (Evicts(Code.IN_PANEL, "b", NOW), Code.EVICTS_OLDEST),
        (Evicts(Code.IN_PANEL, "b", NOW, "keep"), Code.EVICTS_NOTED),
        (CannotBackUp(GateClosed(None, None), None), Code.CANNOT_BACK_UP),
        (CannotBackUp(GateClosed(None, None), Code.ASK_WHY), Code.CANNOT_BACK_UP_STEP),
        (RunFailed(NOW, "failed", None), Code.RUN_FAILED),
        (RunFailed(NOW, "failed", "No space."), Code.RUN_FAILED_REASON),
    ],
)
def test_facts_decide_the_code(finding: Any, code: Code) -> None:
    assert finding.code is code


def parts(union: Any) -> list[Any]:
    """The members of a union of classes and literals."""
    return [part for each in get_args(union) for part in (parts(each) or [each])]


def test_bare_codes_belong_to_one_kind() -> None:
    literals = [part for part in parts(Finding) if isinstance(part, Code)]
    assert len(literals) == len(set(literals))


def test_findings_are_frozen_without_text() -> None:
    kinds = [part for part in parts(Finding) if is_dataclass(part)]
    assert len(kinds) > 10
    for kind in kinds:
        assert kind.__dataclass_params__.frozen, kind  # type: ignore[union-attr]
        assert not {"message", "text"} & {field.name for field in fields(kind)}
    with pytest.raises(FrozenInstanceError):
        MayNotFit(90, 80).disk_gb = 100  # type: ignore[misc]
    assert module.Changes(NOW, timedelta(1)).code is Code.CHANGES


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (Verdict, {"possible", "blocked", "unknown"}),
        (Source, {"gate", "state", "unknown"}),
    ],
)
def test_verdicts_and_sources_are_fixed(
    words: type[Verdict] | type[Source], expected: set[str]
) -> None:
    assert set(words) == expected


@pytest.mark.parametrize(
    ("has_failed", "code"), [(True, Code.BACKUP_OF_FAILED_JOB), (False, Code.BACKUP_UNCONFIRMED)]
)
def test_a_job_that_failed_is_not_one_that_nobody_knows_of(has_failed: bool, code: Code) -> None:
    assert BackupUnconfirmed(NOW, has_failed).code is code
