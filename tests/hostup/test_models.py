"""What the page promises is read whole; what it does not is refused; what is new is kept."""

import copy
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import ValidationError
from support import documents

from hostup_mcp.hostup import responses
from hostup_mcp.hostup.jobs import Document, Job, JobState
from hostup_mcp.hostup.models import (
    BackupList,
    Gate,
    Model,
    RestoreSources,
    Snapshot,
    SourceBackup,
    Vps,
    VpsPage,
    VpsStatus,
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


def test_the_sample_of_the_page_comes_back_field_for_field() -> None:
    assert dumped(parsed(LISTING)) == LISTING


def test_every_documented_field_has_a_python_name() -> None:
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
    assert listing.actions.can_create_backup.allowed is True
    assert listing.actions.can_restore.reason is None


NULLABLE = [
    "backups.0.createdAt",
    "backups.0.note",
    "quotaInfo.limit",
    "quotaInfo.remaining",
    "actions.canCreateBackup.reason",
    "actions.canCreateBackup.code",
    "actions.canRestore.reason",
    "actions.canRestore.code",
]
REQUIRED = [
    "backups",
    *(f"backups.0.{name}" for name in LISTING["backups"][0]),
    "quotaInfo",
    *(f"quotaInfo.{name}" for name in LISTING["quotaInfo"]),
    "actions",
    "actions.canCreateBackup",
    "actions.canRestore",
    *(f"actions.{gate}.{name}" for gate in LISTING["actions"] for name in ("allowed", "reason")),
]
NOT_NULLABLE = [path for path in REQUIRED if path not in NULLABLE]


@pytest.mark.parametrize("path", NULLABLE)
def test_a_nullable_field_may_be_null(path: str) -> None:
    document = changed(path, None)
    assert dumped(parsed(document)) == document


@pytest.mark.parametrize("path", REQUIRED)
def test_a_required_field_that_is_missing_makes_a_bad_answer(path: str) -> None:
    with pytest.raises(BadResponseError) as caught:
        parsed(changed(path, ...))
    assert (
        str(caught.value)
        == f"HostUp's response does not match its documentation: {path} is missing"
    )


@pytest.mark.parametrize("path", NOT_NULLABLE)
def test_a_field_that_is_not_nullable_cannot_be_null(path: str) -> None:
    with pytest.raises(BadResponseError, match=path.replace(".", r"\.")):
        parsed(changed(path, None))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("backups", {}),
        ("backups", "bkp_1"),
        ("backups.0", "bkp_1"),
        ("backups.0", None),
        ("backups.0.id", 1),
        ("backups.0.displayId", ["x"]),
        ("backups.0.storageKey", 1.5),
        ("backups.0.createdAt", 1777284000),
        ("backups.0.sizeGb", "12.4"),
        ("backups.0.sizeGb", True),
        ("backups.0.backupType", False),
        ("backups.0.note", {}),
        ("quotaInfo", []),
        ("quotaInfo.used", "1"),
        ("quotaInfo.used", 1.5),
        ("quotaInfo.used", True),
        ("quotaInfo.limit", "3"),
        ("quotaInfo.remaining", 0.5),
        ("quotaInfo.remaining", [2]),
        ("actions", []),
        ("actions.canRestore", True),
        ("actions.canRestore.allowed", "true"),
        ("actions.canRestore.allowed", 1),
        ("actions.canRestore.reason", False),
        ("actions.canRestore.code", 7),
        ("actions.canCreateBackup.allowed", 0),
    ],
)
def test_a_value_of_another_type_makes_a_bad_answer(path: str, value: object) -> None:
    with pytest.raises(BadResponseError) as caught:
        parsed(changed(path, value))
    told = f"HostUp's response does not match its documentation: {path} has another type"
    assert str(caught.value) == told, "and nothing in the words of a library"


@pytest.mark.parametrize("value", [[], "text", 3, None, True])
def test_an_answer_that_is_no_object_is_bad_as_a_whole(value: object) -> None:
    with pytest.raises(BadResponseError, match="the document has another type"):
        parsed(value)


@pytest.mark.parametrize("size", ["1e999", "-1e999"])
def test_a_size_beyond_all_numbers_makes_a_bad_answer(size: str) -> None:
    body = encoded(LISTING).replace(b"12.4", size.encode())
    with pytest.raises(BadResponseError):
        responses.parse(BackupList, 200, {}, body)


def test_a_bad_answer_says_where_it_differs_but_not_what_it_held() -> None:
    with pytest.raises(BadResponseError) as caught:
        parsed(changed("backups.0.note", {"secret": "somebody's data"}))
    assert "backups.0.note" in str(caught.value)
    assert "somebody" not in repr(caught.value)
    assert caught.value.status == 200


@pytest.mark.parametrize("code", [None, "pending_order", "something_new"])
def test_the_code_of_a_gate_is_kept_as_it_came(code: str | None) -> None:
    document = changed("actions.canRestore.code", code)
    assert parsed(document).actions.can_restore.code == code
    assert dumped(parsed(document)) == document


def test_a_gate_without_a_code_has_none() -> None:
    gate = parsed(LISTING).actions.can_restore
    assert gate.code is None
    assert "code" not in dumped(gate)


@pytest.mark.parametrize("size", [12, 0, 12.0, 12.4])
def test_a_size_may_be_a_whole_number(size: float) -> None:
    assert parsed(changed("backups.0.sizeGb", size)).backups[0].size_gb == size


@pytest.mark.parametrize("field", ["used", "limit", "remaining"])
def test_a_whole_number_may_be_written_with_a_fraction_of_zero(field: str) -> None:
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
def test_a_field_that_is_not_known_is_kept_at_every_level(path: str, value: object) -> None:
    document = changed(path, value)
    assert dumped(parsed(document)) == document


def test_the_gate_for_another_servers_backups_is_read_where_it_comes() -> None:
    assert parsed(LISTING).actions.can_restore_from_another_vps is None
    document = changed("actions.canRestoreFromAnotherVps", {"allowed": False, "reason": "No."})
    assert parsed(document).actions.can_restore_from_another_vps == Gate(
        allowed=False, reason="No."
    )


def test_an_answer_cannot_be_changed_afterwards() -> None:
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
def test_documented_fields_compare_equal_whatever_else_came(path: str) -> None:
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
def test_documented_fields_that_differ_compare_different(path: str, value: Any) -> None:
    assert documented(parsed(changed(path, value))) != documented(parsed(LISTING))


def test_documented_fields_carry_the_names_of_the_api_at_every_level() -> None:
    gate = {"allowed": True, "reason": None, "code": None}
    assert documented(parsed(changed("new", 1))) == LISTING | {
        "actions": {
            "canCreateBackup": gate,
            "canRestore": gate,
            "canRestoreFromAnotherVps": None,
        }
    }


def test_documented_fields_are_json() -> None:
    tasks = [{"name": "restore", "checkedAt": None}, 3]
    for model, value in [
        (VpsStatus(id="vps_1", power_state="running", pending_tasks=tasks), None),
        (Job(state=JobState.FAILED, status="failed"), None),
        (RestoreSources(sources=()), {"sources": []}),
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


def test_a_server_comes_back_field_for_field_with_what_is_not_known() -> None:
    assert dumped(responses.parse(Vps, 200, {}, encoded(SERVER))) == SERVER


def test_only_the_id_of_a_server_is_sure_to_be_there() -> None:
    bare = responses.parse(Vps, 200, {}, b'{"id": "vps_1"}')
    assert (bare.name, bare.primary_ip, bare.power_state, bare.resources) == (None,) * 4
    with pytest.raises(BadResponseError, match="id"):
        responses.parse(Vps, 200, {}, b'{"name": "app-01"}')


@pytest.mark.parametrize("field", [name for name in SERVER if name not in ("id", "tags")])
def test_everything_else_about_a_server_may_be_null(field: str) -> None:
    document = SERVER | {field: None}
    assert dumped(responses.parse(Vps, 200, {}, encoded(document))) == document


def test_a_page_of_servers_says_whether_there_are_more() -> None:
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
        ("9999-12-31T23:59:59-23:59", None),
    ],
)
def test_a_date_that_cannot_be_read_is_an_unknown_date(
    text: str | None, moment: datetime | None
) -> None:
    assert parse_time(text) == moment


@settings(max_examples=150, deadline=None, derandomize=True)
@given(documents.listings)
def test_every_answer_that_the_page_permits_is_read(document: dict[str, Any]) -> None:
    listing = parsed(document)
    assert len(listing.backups) == len(document["backups"])
    for backup, given_backup in zip(listing.backups, document["backups"], strict=True):
        assert backup.id == clean_text(given_backup["id"])
        assert backup.size_gb == given_backup["sizeGb"]
        assert (backup.created_at is None) == (given_backup["createdAt"] is None)
        assert backup.created is None or backup.created.tzinfo is UTC
    quota = document["quotaInfo"]
    assert listing.quota_info.used == quota["used"]
    assert listing.quota_info.limit == quota["limit"]
    assert listing.quota_info.remaining == quota["remaining"]
    for gate, name in (
        (listing.actions.can_create_backup, "canCreateBackup"),
        (listing.actions.can_restore, "canRestore"),
    ):
        assert gate.allowed is document["actions"][name]["allowed"]
        assert (gate.reason is None) == (document["actions"][name]["reason"] is None)
        assert (gate.code is None) == (document["actions"][name].get("code") is None)


def test_the_moments_of_sources_and_snapshots_are_read_too() -> None:
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
