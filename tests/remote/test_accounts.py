"""The credentials file: each caller gets their own key, and no message contains a key."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from hostup_mcp.config import Group, Settings
from hostup_mcp.remote.accounts import CredentialsError, account_of, read_accounts
from hostup_mcp.server.errors.failure import RefusalError

KEY = "hostup_a-key-that-nobody-may-see"
SETTINGS = Settings("", allow=frozenset({Group.CREATE}))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "credentials.json"


def write(path: Path, callers: Any) -> Path:
    path.write_text(json.dumps({"callers": callers}))
    return path


def test_key_by_value_variable_or_file(path: Path, tmp_path: Path) -> None:
    mounted = tmp_path / "mounted"
    mounted.write_text(f"{KEY}-file\n")
    write(
        path,
        {
            "web-team": {"key": {"value": f" {KEY}-value "}},
            "ops-team": {"key": {"env": "OPS_KEY"}},
            "night-team": {"key": {"file": str(mounted)}},
        },
    )
    accounts = read_accounts(path, SETTINGS, {"OPS_KEY": f"{KEY}-env"})
    keys = {name: account.api_key for name, account in accounts.items()}
    assert keys == {
        "web-team": f"{KEY}-value",
        "ops-team": f"{KEY}-env",
        "night-team": f"{KEY}-file",
    }


def test_groups_default_to_settings(path: Path) -> None:
    write(
        path,
        {
            "web-team": {"key": {"value": KEY}},
            "ops-team": {"key": {"value": KEY}, "allow": ["restore", "delete"]},
            "guests": {"key": {"value": KEY}, "allow": []},
        },
    )
    accounts = read_accounts(path, SETTINGS, {})
    assert accounts["web-team"].allow == {Group.CREATE}
    assert accounts["ops-team"].allow == {Group.RESTORE, Group.DELETE}
    assert accounts["guests"].allow == frozenset()


def test_time_zones_default_to_settings(path: Path) -> None:
    write(
        path,
        {
            "web-team": {"key": {"value": KEY}},
            "ops-team": {"key": {"value": KEY}, "timezone": "Asia/Tokyo"},
        },
    )
    stockholm = ZoneInfo("Europe/Stockholm")
    accounts = read_accounts(path, replace(SETTINGS, zone=stockholm), {})
    assert accounts["web-team"].zone == stockholm
    assert accounts["ops-team"].zone == ZoneInfo("Asia/Tokyo")
    write(path, {"web-team": {"key": {"value": KEY}, "timezone": "Stockholm"}})
    with pytest.raises(CredentialsError, match=r"callers.web-team.timezone"):
        read_accounts(path, SETTINGS, {})


def test_repr_hides_the_key(path: Path) -> None:
    [account] = read_accounts(write(path, {"a": {"key": {"value": KEY}}}), SETTINGS, {}).values()
    assert KEY not in repr(account)


def test_languages_default_to_settings(path: Path) -> None:
    caller = {"key": {"value": KEY}}
    write(path, {"web-team": caller, "ops-team": {**caller, "language": "en"}})
    accounts = read_accounts(path, replace(SETTINGS, language="sv"), {})
    assert accounts["web-team"].language == "sv"
    assert accounts["ops-team"].language == "en"
    write(path, {"web-team": {**caller, "language": "Swedish"}})
    with pytest.raises(CredentialsError, match=r"callers.web-team.language"):
        read_accounts(path, SETTINGS, {})


@pytest.mark.parametrize(
    "callers",
    [
        {"a": {"key": {}}},
        {"a": {"key": {"value": KEY, "env": "X"}}},
        {"a": {"key": {"value": KEY, "file": "/x"}}},
        {"a": {"key": KEY}},
        {"a": {"key": {"value": 7}}},
        {"a": {"key": {"vaule": KEY}}},
        {"a": {"key": {"value": KEY}, "allow": ["everything"]}},
        {"a": {"key": {"value": KEY}, "allow": "all"}},
        {"a": {"key": {"value": KEY}, "alow": []}},
        {"a": KEY},
        [KEY],
        None,
    ],
    ids=range(12),
)
def test_invalid_entry_is_located(path: Path, callers: Any) -> None:
    with pytest.raises(CredentialsError) as raised:
        read_accounts(write(path, callers), SETTINGS, {})
    message = str(raised.value)
    assert KEY not in message
    assert "\n" not in message
    assert "callers" in message


@pytest.mark.parametrize("text", ["", KEY, "{", "[]", '"' + KEY + '"', "\xff"])
def test_malformed_file_is_not_quoted(path: Path, text: str) -> None:
    path.write_text(text, encoding="latin-1")
    with pytest.raises(CredentialsError) as raised:
        read_accounts(path, SETTINGS, {})
    assert KEY not in str(raised.value)
    assert "\n" not in str(raised.value)


def test_missing_file(path: Path) -> None:
    with pytest.raises(CredentialsError, match="cannot read"):
        read_accounts(path, SETTINGS, {})


@pytest.mark.parametrize(
    "text", ["", "  ", "two words", "line\nbreak", "nul\x00", "ü" + KEY, "$HU_LIVE", "7chars!"]
)
def test_invalid_key_names_its_caller(path: Path, tmp_path: Path, text: str) -> None:
    mounted = tmp_path / "mounted"
    mounted.write_bytes(text.encode())
    for key in ({"value": text}, {"env": "X"}, {"file": str(mounted)}):
        with pytest.raises(CredentialsError, match="web-team") as raised:
            read_accounts(write(path, {"web-team": {"key": key}}), SETTINGS, {"X": text})
        assert not text.strip() or text not in str(raised.value)


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ("WEB_KEY", "the API key of caller 'web-team' (the variable WEB_KEY) is too short"),
        ("OPS_KEY", "the API key of caller 'web-team' (the variable OPS_KEY) is missing"),
        (KEY, "the API key of caller 'web-team' is missing"),
    ],
)
def test_invalid_key_names_its_variable(path: Path, env: str, expected: str) -> None:
    """But no key that was given in place of one."""
    with pytest.raises(CredentialsError) as raised:
        read_accounts(
            write(path, {"web-team": {"key": {"env": env}}}), SETTINGS, {"WEB_KEY": "7chars!"}
        )
    assert str(raised.value).startswith(expected)
    assert KEY not in str(raised.value)


def test_missing_key_source(path: Path, tmp_path: Path) -> None:
    mounted = tmp_path / "binary"
    mounted.write_bytes(b"\xff\xfe\x00")
    for key in ({"env": "NOT_SET"}, {"file": "/nowhere/key"}, {"file": str(mounted)}):
        with pytest.raises(CredentialsError, match="web-team"):
            read_accounts(write(path, {"web-team": {"key": key}}), SETTINGS, {})


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("/nowhere/key", "No such file or directory"),
        ("/", "Is a directory"),
        ("x" * 300, "File name too long"),
        ("a\0b", "its path or its content is not valid text"),
    ],
)
def test_unreadable_key_file_is_named(path: Path, file: str, reason: str) -> None:
    """An account whose mounted secret may not be read is not one whose key is missing."""
    with pytest.raises(CredentialsError) as raised:
        read_accounts(write(path, {"web-team": {"key": {"file": file}}}), SETTINGS, {})
    assert str(raised.value) == f"cannot read the key file of caller 'web-team': {reason}"


def test_unknown_caller_has_no_account(path: Path) -> None:
    find = account_of(read_accounts(write(path, {"a": {"key": {"value": KEY}}}), SETTINGS, {}))
    assert find("a").api_key == KEY
    for name in ("b", "A", "a ", "", None):
        with pytest.raises(RefusalError) as raised:
            find(name)
        assert raised.value.failure.kind == "no_account"
        assert "credentials file" in raised.value.failure.next_step
