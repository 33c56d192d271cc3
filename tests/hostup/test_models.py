"""Documented responses are read completely; odd values are unknown; unknown fields are kept."""

import copy
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import ValidationError
from support import documents

from hostup_mcp.hostup import responses
from hostup_mcp.hostup.base import Model, Unread
from hostup_mcp.hostup.jobs import Document, Job, JobState
from hostup_mcp.hostup.live import VpsStatus
from hostup_mcp.hostup.models import (
    Backup,
    BackupActions,
    BackupList,
    BackupSchedule,
    Gate,
    RestoreSources,
    Snapshot,
    SourceBackup,
    Vps,
    VpsPage,
    deciding_facts,
    documented,
    parse_time,
)
from hostup_mcp.hostup.problems import BadResponseError
from hostup_mcp.hostup.text import clean_text

from .wire import LISTING, encoded


def parsed(document: object) -> BackupList:
    return responses.parse(BackupList, 200, {}, encoded(document))


def changed(path: str, value: Any) -> dict[str, Any]:
    """The page's sample with one value replaced, or taken out where it is `...`."""
    document = copy.deepcopy(LISTING)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    target: Any = document
    for part in parents:
        target = target[part]
    if value is ...:
        del target[last]
    else:
        target[last] = value
    return document


def dumped(model: Model) -> dict[str, Any]:
    return model.model_dump(mode="json", by_alias=True, exclude_unset=True)


def test_the_documented_sample_round_trips() -> None:
    assert dumped(parsed(LISTING)) == LISTING


def test_every_documented_field_is_named() -> None:
    listing = parsed(LISTING)
    (backup,) = listing.backups
    assert backup.id == "bkp_01hxa3b4c5d6e7f8g9h0j1k2m3"
    assert backup.display_id == "2026-04-27T10:00:00.000Z (vzdump-qemu-101.vma.zst)"
    assert backup.storage_key == "vzdump-qemu-101.vma.zst"
    assert backup.created_at == "2026-04-27T10:00:00.000Z"
    assert backup.created == datetime(2026, 4, 27, 10, tzinfo=UTC)
    assert backup.size_gb == 12.4
    assert backup.backup_type == "manual"
    assert backup.note == "Before upgrade"
    quota = listing.quota_info
    assert (quota.used, quota.limit, quota.remaining) == (1, 3, 2)
    assert listing.actions.can_create_backup == Gate(allowed=True, reason=None)
    assert listing.actions.can_restore == Gate(allowed=True, reason=None)


@pytest.mark.parametrize(
    "path",
    [
        *(f"backups.0.{name}" for name in LISTING["backups"][0] if name != "id"),
        "quotaInfo",
        *(f"quotaInfo.{name}" for name in LISTING["quotaInfo"]),
        *(f"actions.{gate}.{name}" for gate in LISTING["actions"] for name in ("reason", "code")),
    ],
)
def test_a_missing_or_null_value_is_unknown(path: str) -> None:
    for value in (None, ...) if "code" not in path else (None,):
        if path == "quotaInfo" and value is None:
            continue
        told = parsed(changed(path, value))
        assert told.unread == ()
        assert len(told.backups) == 1
        assert told.actions.can_restore is not None
        assert value is ... or dumped(told) == changed(path, value)


@pytest.mark.parametrize(
    ("path", "odd", "field"),
    [
        ("backups.0.displayId", ["x"], "display_id"),
        ("backups.0.storageKey", 1.5, "storage_key"),
        ("backups.0.createdAt", 1764158400, "created_at"),
        ("backups.0.sizeGb", "12.4", "size_gb"),
        ("backups.0.sizeGb", True, "size_gb"),
        ("backups.0.sizeGb", -1, "size_gb"),
        ("backups.0.backupType", False, "backup_type"),
        ("backups.0.note", {"secret": "somebody's data"}, "note"),
        ("quotaInfo.used", "1", "used"),
        ("quotaInfo.used", 1.5, "used"),
        ("quotaInfo.used", True, "used"),
        ("quotaInfo.limit", "3", "limit"),
        ("quotaInfo.limit", -1, "limit"),
        ("quotaInfo.remaining", [2], "remaining"),
    ],
)
def test_an_odd_value_is_unknown(path: str, odd: object, field: str) -> None:
    told = parsed(changed(path, odd))
    holder = told.backups[0] if "backups" in path else told.quota_info
    assert getattr(holder, field) is None
    unread = Unread(path.removeprefix("backups.0."))
    (backup,) = told.backups
    expected = replace(unread, id=backup.id) if "backups" in path else unread
    assert told.unread == (expected,)


@pytest.mark.parametrize("gate", ["canRestore", "canCreateBackup", "canRestoreFromAnotherVps"])
@pytest.mark.parametrize(
    "odd",
    [
        *(True, [], "open", {}, {"reason": None}, {"allowed": None, "reason": None}),
        *({"allowed": "true"}, {"allowed": 1}, {"allowed": True, "reason": False}),
        {"allowed": True, "reason": None, "code": 7},
    ],
)
def test_an_odd_gate_is_unknown(gate: str, odd: object) -> None:
    told = parsed(changed(f"actions.{gate}", odd))
    gates = documented(told.actions)
    assert gates[gate] is None
    assert len([each for each in gates.values() if each]) == 2 - (gate in LISTING["actions"])
    assert told.unread == (Unread(f"actions.{gate}"),)
    assert len(told.backups) == 1


def test_missing_gates_are_unknown() -> None:
    for document in (changed("actions", ...), changed("actions", []), changed("actions", {})):
        assert parsed(document).actions == BackupActions()


@pytest.mark.parametrize(
    "odd",
    ["bkp_1", None, {}, {"id": 1}, {"id": ""}, {"id": "a b"}, {"id": "x" * 129}, {"id": None}],
)
def test_an_item_without_an_id_is_left_out(odd: object) -> None:
    document = copy.deepcopy(LISTING)
    document["backups"].insert(0, odd)
    told = parsed(document)
    assert [backup.id for backup in told.backups] == [LISTING["backups"][0]["id"]]
    assert [unread.is_left_out for unread in told.unread] == [True]


@pytest.mark.parametrize("id_", ["bkp_vm-101-2026", "17910", "pbs:backup/vm/101/2026-01-01T00:00Z"])
def test_an_unusual_id_is_kept(id_: str) -> None:
    assert parsed(changed("backups.0.id", id_)).backups[0].id == id_


@pytest.mark.parametrize("value", [..., None, {}, "bkp_1", 7])
def test_without_the_list_nothing_is_read(value: object) -> None:
    how = "is missing" if value is ... else "has another type"
    with pytest.raises(BadResponseError) as caught:
        parsed(changed("backups", value))
    assert str(caught.value) == f"HostUp's response does not match its documentation: backups {how}"


@pytest.mark.parametrize("value", [[], "text", 3, None, True])
def test_what_is_no_object_is_not_read(value: object) -> None:
    with pytest.raises(BadResponseError, match="the document has another type"):
        parsed(value)


def test_more_than_one_page_is_noticed() -> None:
    assert not parsed(LISTING).is_incomplete
    assert not parsed(LISTING | {"hasMore": False, "nextCursor": None}).is_incomplete
    for extra in ({"hasMore": True}, {"hasMore": "yes"}, {"hasMore": True, "nextCursor": ""}):
        assert parsed(LISTING | extra).is_incomplete
    # only the list of servers can be paged through
    for extra in ({"nextCursor": 7}, {"nextCursor": "c"}, {"hasMore": True, "nextCursor": "c"}):
        assert parsed(LISTING | extra).is_incomplete


@pytest.mark.parametrize("code", [None, "pending_order", "something_new"])
def test_the_code_of_a_gate_is_unchanged(code: str | None) -> None:
    document = changed("actions.canRestore.code", code)
    gate = parsed(document).actions.can_restore
    assert gate is not None
    assert gate.code == code
    assert dumped(parsed(document)) == document


def test_a_gate_without_a_code_has_none() -> None:
    gate = parsed(LISTING).actions.can_restore
    assert gate is not None
    assert gate.code is None
    assert "code" not in dumped(gate)


@pytest.mark.parametrize("size", [12, 0, 12.0, 12.4])
def test_a_size_may_be_a_whole_number(size: float) -> None:
    assert parsed(changed("backups.0.sizeGb", size)).backups[0].size_gb == size


@pytest.mark.parametrize("field", ["used", "limit", "remaining"])
def test_3_point_0_is_a_whole_number(field: str) -> None:
    quota = dumped(parsed(changed(f"quotaInfo.{field}", 3.0)).quota_info)
    assert quota[field] == 3
    assert type(quota[field]) is int


def test_there_may_be_no_backups() -> None:
    assert parsed(changed("backups", [])).backups == ()


@pytest.mark.parametrize(
    "path",
    ["new", "backups.0.new", "quotaInfo.new", "actions.new", "actions.canRestore.new"],
)
@pytest.mark.parametrize("value", [None, 3, "text", ["a", {"b": [1, None]}]])
def test_unknown_fields_are_kept(path: str, value: object) -> None:
    document = changed(path, value)
    assert dumped(parsed(document)) == document


def test_the_gate_for_other_sources_is_read() -> None:
    assert parsed(LISTING).actions.can_restore_from_another_vps is None
    document = changed("actions.canRestoreFromAnotherVps", {"allowed": False, "reason": "No."})
    assert parsed(document).actions.can_restore_from_another_vps == Gate(
        allowed=False, reason="No."
    )


def test_a_response_is_immutable() -> None:
    listing = parsed(LISTING)
    with pytest.raises(ValidationError, match="frozen"):
        listing.quota_info.used = 0  # type: ignore[misc]
    assert isinstance(listing.backups, tuple)


@pytest.mark.parametrize(
    "path",
    [
        "checkedAt",
        "backups.0.checkedAt",
        "quotaInfo.checkedAt",
        "actions.checkedAt",
        "actions.canRestore.checkedAt",
    ],
)
def test_unknown_fields_do_not_count(path: str) -> None:
    document = changed(path, {"at": ["2026-04-27T10:00:00.000Z"]})
    assert parsed(document) != parsed(LISTING)
    assert documented(parsed(document)) == documented(parsed(LISTING))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("backups", []),
        ("backups.0.note", None),
        ("quotaInfo.used", 2),
        ("actions.canRestore.allowed", False),
        ("actions.canRestore.code", "pending_order"),
        ("actions.canRestoreFromAnotherVps", {"allowed": True, "reason": None}),
    ],
)
def test_documented_fields_count(path: str, value: Any) -> None:
    assert documented(parsed(changed(path, value))) != documented(parsed(LISTING))


def test_documented_uses_the_api_names() -> None:
    gate = {"allowed": True, "reason": None, "code": None}
    assert documented(parsed(changed("new", 1))) == LISTING | {
        "hasMore": None,
        "nextCursor": None,
        "actions": {
            "canCreateBackup": gate,
            "canRestore": gate,
            "canRestoreFromAnotherVps": None,
        },
    }


def test_documented_fields_are_json() -> None:
    tasks = [{"name": "restore", "checkedAt": None}, 3]
    for model, value in [
        (VpsStatus(id="vps_1", power_state="running", pending_tasks=tasks), None),
        (Job(state=JobState.FAILED, status="failed"), None),
        (RestoreSources(sources=()), {"sources": [], "hasMore": None, "nextCursor": None}),
        (Document.model_validate({"anything": 1}), {}),
    ]:
        plain = documented(model)
        assert json.loads(json.dumps(plain)) == plain
        assert value is None or plain == value
    assert documented(Job(state=JobState.FAILED))["state"] == "failed"
    assert type(documented(Job(state=JobState.FAILED))["state"]) is str
    assert documented(VpsStatus(pending_tasks=tasks))["pendingTasks"] == tasks


SERVER: dict[str, Any] = {
    "id": "vps_01hxa3b4c5d6e7f8g9h0j1k2m3",
    "name": "app-01",
    "primaryIp": "192.0.2.10",
    "serviceStatus": "active",
    "powerState": "running",
    "operatingSystem": {
        "displayName": "Ubuntu 24.04",
        "family": "ubuntu",
        "version": "24.04",
        "variant": None,
    },
    "billing": {
        "amount": 199,
        "currencyCode": "SEK",
        "billingCycle": "monthly",
        "isPayg": False,
        "periodYears": 1,
    },
    "resources": {"cpuCores": 2, "memoryGb": 4, "storageGb": 80},
    "tags": ["web"],
}


def test_a_server_round_trips() -> None:
    assert dumped(responses.parse(Vps, 200, {}, encoded(SERVER))) == SERVER


def test_only_the_id_of_a_server_is_required() -> None:
    bare = responses.parse(Vps, 200, {}, b'{"id": "vps_1"}')
    assert (bare.name, bare.primary_ip, bare.power_state, bare.resources) == (None,) * 4
    with pytest.raises(BadResponseError, match="id"):
        responses.parse(Vps, 200, {}, b'{"name": "app-01"}')


@pytest.mark.parametrize("field", [name for name in SERVER if name not in ("id", "tags")])
def test_other_fields_of_a_server_may_be_null(field: str) -> None:
    document = SERVER | {field: None}
    assert dumped(responses.parse(Vps, 200, {}, encoded(document))) == document


def test_a_page_says_if_there_are_more() -> None:
    body = encoded({"data": [SERVER], "hasMore": True, "nextCursor": "eyJ2IjoxfQ"})
    page = responses.parse(VpsPage, 200, {}, body)
    assert (page.has_more, page.next_cursor, page.data[0].name) == (True, "eyJ2IjoxfQ", "app-01")
    last = responses.parse(VpsPage, 200, {}, b'{"data": []}')
    assert (last.data, last.has_more, last.next_cursor) == ((), None, None)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-04-27T10:00:00.000Z", datetime(2026, 4, 27, 10, tzinfo=UTC)),
        ("2026-04-27T12:00:00+02:00", datetime(2026, 4, 27, 10, tzinfo=UTC)),
        ("2026-04-27T10:00:00", datetime(2026, 4, 27, 10, tzinfo=UTC)),
        ("2026-04-27", datetime(2026, 4, 27, tzinfo=UTC)),
        (None, None),
        ("", None),
        ("yesterday", None),
        ("2026-02-30T10:00:00Z", None),
        ("2026-04-27T10:00:00+99:99", None),
        ("0001-01-01T00:00:00+23:59", None),
        ("0001-01-01T00:00:00Z", None),
        ("1970-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59Z", None),
        ("9999-12-31T23:59:59-23:59", None),
    ],
)
def test_unreadable_dates_are_unknown(text: str | None, moment: datetime | None) -> None:
    assert parse_time(text) == moment


@settings(max_examples=60)
@given(documents.listings)
def test_every_documented_response_is_read(document: dict[str, Any]) -> None:
    listing = parsed(document)
    assert len(listing.backups) == len(document["backups"])
    for backup, given_backup in zip(listing.backups, document["backups"], strict=True):
        assert backup.id == clean_text(given_backup["id"])
        assert backup.size_gb == given_backup["sizeGb"]
        assert (backup.created_at is None) == (given_backup["createdAt"] is None)
        assert backup.created is None or backup.created.tzinfo is UTC
    assert listing.unread == ()
    quota = document["quotaInfo"]
    assert listing.quota_info.used == quota["used"]
    assert listing.quota_info.limit == quota["limit"]
    assert listing.quota_info.remaining == quota["remaining"]
    for gate, name in (
        (listing.actions.can_create_backup, "canCreateBackup"),
        (listing.actions.can_restore, "canRestore"),
    ):
        assert gate is not None
        assert gate.allowed is document["actions"][name]["allowed"]
        assert (gate.reason is None) == (document["actions"][name]["reason"] is None)
        assert (gate.code is None) == (document["actions"][name].get("code") is None)


def test_dates_of_sources_and_snapshots() -> None:
    moment = "2026-04-27T10:00:00.000Z"
    source = SourceBackup(
        id="bkp_1", display_id="d", storage_key="k", created_at=moment, size_gb=1.0
    )
    snapshot = Snapshot(
        display_id="d",
        name="before-x",
        description=None,
        created_at=moment,
        expires_at="soon",
        includes_memory_state=False,
        parent_name=None,
    )
    assert source.created == snapshot.created == datetime(2026, 4, 27, 10, tzinfo=UTC)
    assert snapshot.expires is None


SAME_MOMENT = ("2026-04-27T10:00:00Z", "2026-04-27T12:00:00+02:00")


@pytest.mark.parametrize(
    ("model", "item", "dates"),
    [
        (Backup, LISTING["backups"][0], ["createdAt"]),
        (Snapshot, {"name": "snap", "displayId": "snap"}, ["createdAt", "expiresAt"]),
        (BackupSchedule, {"id": "bks_1", "frequency": "daily"}, ["lastRun"]),
    ],
)
def test_the_same_item_has_equal_facts(
    model: type[Model], item: dict[str, Any], dates: list[str]
) -> None:
    """A label that changes, or another way to write a moment, makes no other item of it."""

    def facts(**changes: Any) -> dict[str, Any]:
        return deciding_facts(model.model_validate(item | changes))

    first, second = (dict.fromkeys(dates, text) for text in SAME_MOMENT)
    assert facts(**first, displayId="another") == facts(**second)
    for name in dates:
        for other in ("2026-04-27T10:00:01Z", "yesterday", None):
            assert facts(**first | {name: other}) != facts(**first), (name, other)
    for name in item.keys() - {"displayId", *dates}:
        assert facts(**{name: 1.5 if name == "sizeGb" else "other"}) != facts(), name
