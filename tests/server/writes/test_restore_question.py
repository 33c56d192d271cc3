"""The question before a restore: what is restored, what it costs and loses, what is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from hostup_mcp.hostup.models import Backup, BackupList, Vps
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.costs import Cost, Money, PricesDiffer, RehearsalPrice, ServerPrice
from hostup_mcp.recovery.findings import (
    BackupSmall,
    BackupUnconfirmed,
    Changes,
    Doubt,
    EverythingForState,
    Loss,
)
from hostup_mcp.recovery.modes.definition import Facts, Mode, Plan
from hostup_mcp.server.plans import PlanFacts, SourceServer, StoredPlan
from hostup_mcp.server.writes.questions import Subject
from hostup_mcp.server.writes.restore_question import restore_question
from hostup_mcp.wording.questions import question_text
from hostup_mcp.wording.viewer import Viewer

VPS = Vps(id="vps_abcdef12", name="web-01", primary_ip="192.0.2.10")
MADE = datetime(2026, 4, 27, 10, tzinfo=UTC)
BACKUP = Backup.model_validate({"id": "bkp_1", "createdAt": "2026-04-27T10:00:00Z"})
OPTIONS: dict[str, str | int] = {"name": "again-1", "cpuCores": 2, "memoryGb": 4, "storageGb": 80}
LOST = Changes(MADE, timedelta(hours=2))
RATE, MONTH, TWO = (Money(Decimal(n), "SEK") for n in ("0.66", "475.20", "1.32"))
SOURCE = SourceServer("vps_other001", "old-shop", "terminated", "192.0.2.11")

SERVER = '"web-01" (192.0.2.10)'
WHEN = "Mon 2026-04-27 10:00 UTC"
TYPE = "To go ahead, type: web-01"


def asked(
    plan: StoredPlan,
    *,
    loss: Loss = LOST,
    effects: tuple[Any, ...] = (),
    doubts: tuple[Doubt, ...] = (),
    cost: Cost | None = None,
    source: SourceServer | None = None,
    point: Backup | None = BACKUP,
) -> list[str]:
    """The lines of the question before `plan`, for which HostUp said these facts."""
    made = Plan(
        reasons=(),
        data_loss=loss,
        side_effects=effects,
        doubts=doubts,
        point=point,
        gate=None,
        cost=cost,
    )
    account = Facts(
        VPS, BackupList.model_validate({"backups": [], "quotaInfo": {"used": 0}, "actions": {}})
    )
    facts = PlanFacts(VPS, made, 0, MADE, plan.target, account, source)
    question = restore_question(plan, facts, Subject(VPS))
    return question_text(question, Viewer()).splitlines()


def planned(mode: Mode = Mode.IN_PLACE, **rest: Any) -> StoredPlan:
    return StoredPlan(vps_id=VPS.id, mode=mode, **{"point": "bkp_1", "issued": 0, **rest})


NEW = planned(Mode.NEW_CLOUD_VPS, options=OPTIONS)
REHEARSAL = planned(Mode.NEW_CLOUD_VPS, options=OPTIONS, is_rehearsal=True)
NEW_EFFECTS = (Code.TWIN_STARTS, Code.NEW_ADDRESS, Code.MAY_BE_REFUSED)
SIZE = "2 CPU cores, 4 GB memory, 80 GB disk"
TWIN = "A twin of a live server boots: its scheduled jobs, mail queue and payment runs may start."


def test_a_restore_in_place() -> None:
    assert asked(planned(), effects=(Code.DISK_REPLACED, Code.POWER_STATE_UNKNOWN)) == [
        f"Restore {SERVER} to its backup from {WHEN}?",
        "DATA LOSS: everything written since then, up to 2 hours of changes. Its disk is "
        "replaced; it is down meanwhile.",
        "HostUp does not say whether it starts the server again.",
        "IDs: vps_abcdef12, bkp_1",
        TYPE,
    ]


def test_a_snapshot_is_named() -> None:
    plan = planned(Mode.SNAPSHOT, point="before-update")
    assert asked(plan, effects=(Code.DISK_ROLLED_BACK, Code.COLD_START)) == [
        f"Restore {SERVER} to its snapshot from {WHEN}?",
        "DATA LOSS: everything written since then, up to 2 hours of changes. Its disk is rolled "
        "back; it is down briefly. It starts as if after a power failure.",
        'Name of the snapshot: "before-update".',
        "IDs: vps_abcdef12, before-update",
        TYPE,
    ]


@pytest.mark.parametrize(
    ("source", "named"),
    [
        (SOURCE, ['The other server: "old-shop" (192.0.2.11, terminated).']),
        (replace(SOURCE, name=None), ['The other server: "" (192.0.2.11, terminated).']),
        (
            replace(SOURCE, address=None),
            ['The other server: "old-shop" (no IP known, terminated).'],
        ),
        (
            replace(SOURCE, status=None),
            ['The other server: "old-shop" (192.0.2.11, status unknown).'],
        ),
        (None, []),
    ],
)
def test_another_servers_backup(source: SourceServer | None, named: list[str]) -> None:
    plan = planned(Mode.FROM_OTHER_VPS, source_id=SOURCE.id)
    loss = EverythingForState(timedelta(hours=2))
    effects = (Code.SERVER_STOPPED, Code.NETWORK_KEPT)
    assert asked(plan, loss=loss, effects=effects, source=source) == [
        f"Restore {SERVER} from another server's backup of {WHEN}?",
        "DATA LOSS: everything on it. It will hold the other server's data. It is stopped and its "
        "disk replaced. It keeps its own network settings.",
        *named,
        "IDs: vps_abcdef12, vps_other001, bkp_1",
        TYPE,
    ]


def test_a_new_server() -> None:
    cost = ServerPrice(RATE, MONTH)
    assert asked(NEW, loss=Code.NOTHING, effects=NEW_EFFECTS, cost=cost) == [
        f"Build a new, paid server ({SIZE}) from the backup of {SERVER} from {WHEN}?",
        f"The original server stays as it is. {TWIN} Region: HostUp's default. It gets an address "
        "of its own.",
        "While it exists: SEK 0.66 per hour, SEK 475.20 per month (720 h), before any VAT, as "
        "reported: CPU, memory, disk, IP address; traffic is extra.",
        "HostUp may still refuse it.",
        'New name: "again-1".',
        "IDs: vps_abcdef12, bkp_1",
    ]


def test_a_region_that_is_chosen_is_named() -> None:
    plan = planned(Mode.NEW_CLOUD_VPS, options={**OPTIONS, "region": "malmo"})
    lines = asked(plan, loss=Code.NOTHING)
    assert lines[-2] == 'New name: "again-1". Region: "malmo".'
    assert not any("default" in line for line in lines)


def test_a_rehearsal() -> None:
    """It may do harm, so the better time comes first, and that nothing is lost is a detail."""
    cost = RehearsalPrice(RATE, TWO)
    assert asked(REHEARSAL, loss=Code.NOTHING, effects=NEW_EFFECTS, cost=cost) == [
        f"Rehearse: build a temporary, paid server ({SIZE}) from the backup of {SERVER} from "
        f"{WHEN}?",
        f"{TWIN} Rehearse when that does no harm. The original server stays as it is. Region: "
        "HostUp's default.",
        "SEK 1.32 for two hours, SEK 0.66 per hour until it is ended, before any VAT, as reported: "
        "CPU, memory, disk, IP address; traffic is extra.",
        "HostUp may still refuse it.",
        'New name: "again-1".',
        "IDs: vps_abcdef12, bkp_1",
    ]


@pytest.mark.parametrize(
    ("cost", "says"),
    [
        (
            PricesDiffer(RATE, TWO),
            "It costs money while it exists. The price is not known: HostUp states both SEK 0.66 "
            "and SEK 1.32 per hour.",
        ),
        (
            Code.PRICE_UNKNOWN,
            "It costs money while it exists. The price is not known: HostUp does not tell it.",
        ),
    ],
)
def test_a_price_that_is_not_known(cost: Cost, says: str) -> None:
    assert says in asked(NEW, loss=Code.NOTHING, cost=cost)


@pytest.mark.parametrize(
    ("loss", "says"),
    [
        (Code.CHANGES_UNKNOWN, "DATA LOSS: everything written since; its date is not known."),
        (Code.LOSS_UNKNOWN, "DATA LOSS: everything written since; its date is not known."),
        *(
            (
                code,
                "DATA LOSS: everything on it. It will hold the other server's data.",
            )
            for code in (Code.EVERYTHING, Code.EVERYTHING_FOR_UNKNOWN)
        ),
    ],
)
def test_a_loss_of_unknown_extent(loss: Loss, says: str) -> None:
    assert asked(planned(), loss=loss)[1] == says


@pytest.mark.parametrize(
    ("doubt", "says"),
    [
        (
            BackupSmall(1, 50),
            "The backup is 1 GB, the others about 50 GB: it may be incomplete.",
        ),
        (Code.BACKUP_EMPTY, "The backup is 0 GB: it is probably empty or unfinished."),
        (Code.BACKUP_NEW, "The backup is only minutes old: it may be unfinished."),
    ],
)
def test_doubts_about_the_backup(doubt: Doubt, says: str) -> None:
    assert says in asked(planned(), doubts=(doubt,))


@pytest.mark.parametrize(
    ("has_failed", "says"),
    [
        (True, "The backup may come from a request whose job did not succeed."),
        (False, "The backup may come from a request whose outcome is not known."),
    ],
)
def test_a_backup_of_an_unconfirmed_request(has_failed: bool, says: str) -> None:
    plan = planned(unconfirmed=BackupUnconfirmed(MADE, has_failed=has_failed))
    assert asked(plan)[1].endswith(f" {says}")
    assert not any("request" in line for line in asked(planned()))


def test_a_backup_of_unknown_date_is_asked_about_all_the_same() -> None:
    undated = Backup.model_validate({"id": "bkp_1"})
    for point in (undated, None):
        assert "unknown" in asked(planned(), loss=Code.CHANGES_UNKNOWN, point=point)[0]
