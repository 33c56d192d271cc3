"""One odd value costs that value, at most its item, never the list: for every field of every model.

Recipe "a new endpoint" of docs/architecture.md: a new field is tested here without being named.
"""

from __future__ import annotations

import json
import types
from collections.abc import Iterator
from typing import Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from hostup_mcp.hostup import models, responses
from hostup_mcp.hostup.models import (
    BackupList,
    BackupSchedules,
    Gate,
    Model,
    RestoreSources,
    SnapshotList,
    VpsPage,
    VpsStatus,
)
from hostup_mcp.hostup.problems import BadResponseError

LISTINGS: list[type[Model]] = [
    *(VpsPage, BackupList, RestoreSources, SnapshotList, BackupSchedules, VpsStatus)
]
ODD: list[Any] = [{}, {"word": "x"}, [], [{}], ["x"], 7, -0.5, "odd", True, None]
STRICT = {"id", "actions", "has_more", "next_cursor"}
"""Ids, gates, and what says that there is more: guessed wrong, they would mislead."""
NAMES_THAT_ARE_IDS = {"Snapshot.name"}


def alternatives(annotation: Any) -> list[Any]:
    """The types that an annotation allows, without None and without what is said beside a type."""
    if hasattr(annotation, "__metadata__"):
        return alternatives(annotation.__origin__)
    if get_origin(annotation) in (Union, types.UnionType):
        return [a for arg in get_args(annotation) for a in alternatives(arg)]
    return [] if annotation is type(None) else [annotation]


def inner(annotation: Any) -> tuple[type[Model] | None, bool]:
    """The model inside an annotation, if there is one, and whether it stands in a list."""
    for kind in alternatives(annotation):
        if get_origin(kind) is tuple:
            model, _ = inner(get_args(kind)[0])
            return model, True
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind, False  # type: ignore[return-value]
    return None, False


def sample(model: type[Model], number: int = 1) -> dict[str, Any]:
    """A document of `model` with every field, told apart by `number`."""
    found = {}
    for name, field in model.model_fields.items():
        nested, many = inner(field.annotation)
        if nested is not None:
            shown: Any = [sample(nested, n) for n in (1, 2)] if many else sample(nested, number)
        else:
            kind = next(iter(alternatives(field.annotation)), str)
            shown = {bool: True, int: number, float: 1.5}.get(kind, f"text {number}")
            shown = [shown] if get_origin(kind) is tuple else shown
        found[field.alias or name] = shown
    return found


def fields(model: type[Model], at: tuple[str | int, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Each field below `model` that may be odd: `Model.field`, and where it is in the sample."""
    for name, field in model.model_fields.items():
        nested, many = inner(field.annotation)
        place = (*at, field.alias or name)
        if nested is Gate:
            continue
        is_list = many and nested is not None
        if (
            not is_list
            and name not in STRICT
            and f"{model.__name__}.{name}" not in NAMES_THAT_ARE_IDS
        ):
            yield f"{model.__name__}.{name}", place
        if nested is not None:
            yield from fields(nested, (*place, 0) if many else place)


CASES = {name: (root, place) for root in LISTINGS for name, place in fields(root)}

# The models of today are strict in these fields. An entry that is no longer true fails; so does a
# new field that is not tolerant, which must not be added here.
TODAY = {
    "Backup.backup_type",
    "Backup.created_at",
    "Backup.display_id",
    "Backup.note",
    "Backup.size_gb",
    "Backup.storage_key",
    "BackupList.quota_info",
    "BackupSchedule.day_specifier",
    "BackupSchedule.enabled",
    "BackupSchedule.frequency",
    "BackupSchedule.last_run",
    "BackupSchedule.name",
    "BackupSchedule.retention_count",
    "BackupSchedule.time",
    "BackupSchedules.settings",
    "BackupSettings.auto_delete_oldest",
    "BackupSettings.available_scheduled_slots",
    "BackupSettings.manual_backups_active",
    "BackupSettings.scheduled_backups_active",
    "BackupSettings.total_backup_limit",
    "Billing.billing_cycle",
    "Billing.is_payg",
    "OperatingSystem.display_name",
    "OperatingSystem.family",
    "OperatingSystem.variant",
    "OperatingSystem.version",
    "QuotaInfo.limit",
    "QuotaInfo.remaining",
    "QuotaInfo.used",
    "Resources.cpu_cores",
    "Resources.memory_gb",
    "Resources.storage_gb",
    "RestoreSource.name",
    "RestoreSource.service_status",
    "RestoreSource.source_type",
    "Snapshot.created_at",
    "Snapshot.description",
    "Snapshot.display_id",
    "Snapshot.expires_at",
    "Snapshot.includes_memory_state",
    "Snapshot.parent_name",
    "SnapshotLimits.total_snapshots",
    "SnapshotList.available",
    "SnapshotList.limits",
    "SnapshotList.reason",
    "SourceBackup.created_at",
    "SourceBackup.display_id",
    "SourceBackup.size_gb",
    "SourceBackup.storage_key",
    "Vps.billing",
    "Vps.name",
    "Vps.operating_system",
    "Vps.power_state",
    "Vps.primary_ip",
    "Vps.resources",
    "Vps.service_status",
    "VpsStatus.power_state",
}


def broken_by(root: type[Model], place: tuple[str | int, ...]) -> list[Any]:
    """The odd values at `place` that make the whole listing unreadable."""
    found = []
    for value in ODD:
        document = sample(root)
        target: Any = document
        for step in place[:-1]:
            target = target[step]
        target[place[-1]] = value
        try:
            responses.parse(root, 200, {}, json.dumps(document).encode())
        except BadResponseError:
            found.append(value)
    return found


def reached(model: type[Model]) -> set[type[Model]]:
    """`model` and every model inside it."""
    nested = [inner(field.annotation)[0] for field in model.model_fields.values()]
    return {model}.union(*(reached(one) for one in nested if one is not None))


def test_no_model_is_left_out() -> None:
    every = {
        one
        for one in vars(models).values()
        if isinstance(one, type) and issubclass(one, Model) and one is not Model
    }
    assert every == set().union(*map(reached, LISTINGS)), "name the new response in LISTINGS"


def test_a_list_of_texts_is_tried_with_objects() -> None:
    class Tagged(Model):
        id: str
        tags: models.Many[str] | None = None

    assert dict(fields(Tagged)) == {"Tagged.tags": ("tags",)}
    assert [{}] in broken_by(Tagged, ("tags",))


@pytest.mark.parametrize("root", LISTINGS, ids=lambda root: root.__name__)
def test_the_sample_itself_is_read(root: type[Model]) -> None:
    responses.parse(root, 200, {}, json.dumps(sample(root)).encode())


@pytest.mark.parametrize("name", CASES)
def test_an_odd_value_never_costs_the_listing(name: str) -> None:
    broken = broken_by(*CASES[name])
    if name in TODAY:
        assert broken, f"{name} is tolerant now: take it out of TODAY"
    else:
        assert broken == [], f"{name} makes the listing unreadable with {broken}"
