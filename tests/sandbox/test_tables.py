"""The field tables accept the documented sample and reject changes to it."""

from typing import Any

import pytest

from . import contract

SAMPLE: dict[str, Any] = {
    "backups": [
        {
            "id": "bkp_01hxa3b4c5d6e7f8g9h0j1k2m3",
            "displayId": "2026-04-27T10:00:00.000Z (vzdump-qemu-101.vma.zst)",
            "storageKey": "vzdump-qemu-101.vma.zst",
            "createdAt": "2026-04-27T10:00:00.000Z",
            "sizeGb": 12.4,
            "backupType": "manual",
            "note": "Before upgrade",
        }
    ],
    "quotaInfo": {"used": 1, "limit": 3, "remaining": 2},
    "actions": {
        "canCreateBackup": {"allowed": True, "reason": None},
        "canRestore": {"allowed": True, "reason": None},
    },
}


def test_the_documented_sample_fits() -> None:
    contract.BACKUPS(SAMPLE, "")


@pytest.mark.parametrize(
    ("where", "wrong"),
    [
        ("createdAt", "2026-04-27 10:00"),
        ("id", "bkp_1"),
        ("sizeGb", "12.4"),
        ("sizeGb", True),
        ("note", 1),
        ("status", "ok"),
    ],
)
def test_other_shapes_do_not(where: str, wrong: object) -> None:
    spoiled = {**SAMPLE, "backups": [{**SAMPLE["backups"][0], where: wrong}]}
    with pytest.raises(AssertionError):
        contract.BACKUPS(spoiled, "")


@pytest.mark.parametrize("name", SAMPLE["backups"][0])
def test_missing_fields_do_not(name: str) -> None:
    less = {key: value for key, value in SAMPLE["backups"][0].items() if key != name}
    with pytest.raises(AssertionError):
        contract.BACKUPS({**SAMPLE, "backups": [less]}, "")
