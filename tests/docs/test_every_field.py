"""An odd value costs only itself, or at most its item, for every field of every model.

Recipe "a new endpoint" of docs/architecture.md: a new field is tested here without being named.
"""

from __future__ import annotations

import copy
import json
import types
from collections.abc import Iterator
from decimal import Decimal
from typing import Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel

from hostup_mcp.hostup import audit, live, models, payg, responses
from hostup_mcp.hostup.base import Listing, Model, Unread
from hostup_mcp.hostup.models import (
    BackupList,
    BackupSchedules,
    RestoreSources,
    SnapshotList,
    VpsPage,
    documented,
)

LISTINGS: list[type[Model]] = [
    *(VpsPage, BackupList, RestoreSources, SnapshotList, BackupSchedules),
    *(live.VpsStatus, live.VpsStorage, live.GuestAgent, live.Cancellation),
    *(payg.PaygPreflight, payg.PaygLimits, payg.BillingBreakdown),
    audit.AuditPage,
]
IDS = {
    "Vps.id",
    "Backup.id",
    "RestoreSource.id",
    "SourceBackup.id",
    "Snapshot.name",
    "BackupSchedule.id",
    "PaygRegion.id",
}
ODD: list[Any] = [{}, {"word": "x"}, [], [{}], ["x"], 7, -1, -0.5, "odd one", "", True, None]


def alternatives(annotation: Any) -> list[Any]:
    """The types that an annotation allows, without None and metadata."""
    if hasattr(annotation, "__metadata__"):
        return alternatives(annotation.__origin__)
    if get_origin(annotation) in (Union, types.UnionType):
        return [a for arg in get_args(annotation) for a in alternatives(arg)]
    return [] if annotation is type(None) else [annotation]


def inner(annotation: Any) -> tuple[type[Model] | None, bool]:
    """The model inside an annotation, if any, and whether it is in a list."""
    for kind in alternatives(annotation):
        if get_origin(kind) is tuple:
            model, _ = inner(get_args(kind)[0])
            return model, True
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            return kind, False  # type: ignore[return-value]
    return None, False


def sample(model: type[Model], number: int = 1) -> dict[str, Any]:
    """A document of `model` with every field; `number` makes its values distinct."""
    found = {}
    for name, field in model.model_fields.items():
        nested, many = inner(field.annotation)
        if nested is not None:
            shown: Any = [sample(nested, n) for n in (1, 2)] if many else sample(nested, number)
        else:
            kind = next(iter(alternatives(field.annotation)), str)
            shown = {bool: True, int: number, float: 1.5, Decimal: 1.5}.get(kind, f"text{number}")
            shown = [shown] if get_origin(kind) is tuple else shown
        found[field.alias or name] = shown
    return found


def fields(model: type[Model], at: tuple[str | int, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Each field below `model`: `Model.field`, and its place in the sample."""
    for name, field in model.model_fields.items():
        nested, many = inner(field.annotation)
        place = (*at, field.alias or name)
        if at or not many:  # the list itself is the response
            yield f"{model.__name__}.{name}", place
        if nested is not None:
            yield from fields(nested, (*place, 0) if many else place)


CASES = {
    f"{root.__name__}: {name}": (root, place) for root in LISTINGS for name, place in fields(root)
}


def read(root: type[Model], document: Any) -> Model:
    return responses.parse(root, 200, {}, json.dumps(document).encode())


def at(document: Any, place: tuple[str | int, ...]) -> Any:
    """The value at `place`, or None where a step is missing."""
    for step in place:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def without(document: Any, place: tuple[str | int, ...]) -> Any:
    """`document` with None at `place`, or at the first unreadable step of it."""
    copied = copy.deepcopy(document)
    for depth in range(1, len(place) + 1):
        parent = at(copied, place[: depth - 1])
        if depth == len(place) or at(copied, place[:depth]) is None:
            parent[place[depth - 1]] = None
            break
    return copied


def reached(model: type[Model]) -> set[type[Model]]:
    """`model` and every model inside it."""
    nested = [inner(field.annotation)[0] for field in model.model_fields.values()]
    return {model}.union(*(reached(one) for one in nested if one is not None))


def test_no_model_is_left_out() -> None:
    every = {
        one
        for module in (models, live, payg, audit)
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Model) and one not in (Model, Listing)
    }
    assert every == set().union(*map(reached, LISTINGS)), "name the new response in LISTINGS"


@pytest.mark.parametrize("root", LISTINGS, ids=lambda root: root.__name__)
def test_the_sample_is_read_completely(root: type[Model]) -> None:
    response = read(root, sample(root))
    assert response.unread == ()
    assert documented(response) == documented(root.model_validate(sample(root)))


@pytest.mark.parametrize("name", CASES)
def test_an_odd_value_costs_only_itself(name: str) -> None:
    """A gate is lost as a whole, and an item if its id is; everything else is kept."""
    root, place = CASES[name]
    expected = documented(read(root, sample(root)))
    gone = place[: place.index("actions") + 2] if "actions" in place else place
    last = max((n for n, step in enumerate(place) if isinstance(step, int)), default=-1)
    is_id = place[last + 1 :] in {("id",), ("name",)} and name.split(": ")[1] in IDS
    for odd in ODD:
        document = sample(root)
        at(document, place[:-1])[place[-1]] = odd
        response = read(root, document)
        seen = documented(response)
        if is_id and at(seen, place) != odd:
            kept = at(expected, place[:last])[1:]
            assert at(seen, place[:last]) == kept
            assert [each for each in response.unread if each.is_left_out]
            continue
        assert without(seen, gone) == without(expected, gone), odd
        if odd is not None and at(seen, gone) is None:
            assert response.unread, odd


def test_an_unread_value_names_its_item() -> None:
    page = {
        "data": [
            {"id": "vps_1", "name": "web-1", "resources": {"cpuCores": 2, "storageGb": 80}},
            {"id": "vps_2", "name": "db-2", "resources": {"cpuCores": 2, "storageGb": "80"}},
            {"id": 3, "name": "old"},
            "vps_4",
        ],
        "hasMore": "no",
    }
    response = read(VpsPage, page)
    assert isinstance(response, VpsPage)
    assert [vps.id for vps in response.data] == ["vps_1", "vps_2"]
    assert response.data[1].resources == models.Resources(cpu_cores=2, storage_gb=None)
    assert set(response.unread) == {
        Unread("resources.storageGb", "vps_2", "db-2"),
        Unread("id", None, "old", is_left_out=True),
        Unread("data.3", is_left_out=True),
        Unread("hasMore"),
    }
