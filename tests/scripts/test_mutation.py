"""`scripts/mutation.py`: survivors and tests/mutants.toml have to agree."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from . import ROOT, load

mutation = load("mutation")
STATE = mutation.ROOMS["state"]
ONE = mutation.Survivor("hostup_mcp/state/finish.py", "finish", "a = 1", 'a = "b"\nc')


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mutants.toml"
    monkeypatch.setattr(mutation, "EXPLAINED", path)
    return path


def test_rooms_and_tests_exist() -> None:
    assert set(mutation.ROOMS) == {"recovery", "writes", "state"}
    for room in mutation.ROOMS.values():
        assert (ROOT / room.folder).is_dir()
        for tests in room.tests:
            assert (ROOT / tests).exists()


def test_unexplained_survivor_fails(file: Path) -> None:
    assert mutation.compare([], [STATE]) == []
    [wrong] = mutation.compare([ONE], [STATE])
    assert wrong.startswith("survived: hostup_mcp/state/finish.py, finish")


def test_explanation_needs_a_reason(file: Path) -> None:
    file.write_text(ONE.entry())
    assert mutation.compare([ONE], [STATE]) == ["no reason: hostup_mcp/state/finish.py, finish"]
    file.write_text(ONE.entry().replace('reason = ""', 'reason = "both are the same"'))
    assert mutation.compare([ONE], [STATE]) == []


def test_stale_entry_fails(file: Path) -> None:
    file.write_text(ONE.entry().replace('reason = ""', 'reason = "both are the same"'))
    [wrong] = mutation.compare([], [STATE])
    assert wrong.startswith("stale entry: hostup_mcp/state/finish.py")
    assert mutation.compare([], [mutation.ROOMS["writes"]]) == []
    assert mutation.compare([], []) == []


def test_explanations_are_limited(file: Path) -> None:
    many = [mutation.Survivor(ONE.file, f"f{n}", "a", "b") for n in range(11)]
    file.write_text("\n".join(one.entry().replace('""', '"same"') for one in many))
    assert mutation.compare(many, [STATE]) == ["11 entries; at most 10 may be explained away"]


def test_entries_are_complete() -> None:
    explained = mutation.explained()
    assert len(explained) <= mutation.MOST_EXPLAINED
    for (path, _, before, after), reason in explained.items():
        assert (ROOT / path).is_file()
        assert before != after
        assert reason.strip()


def test_settings_are_toml() -> None:
    for room in mutation.ROOMS.values():
        settings = tomllib.loads(mutation.configuration(room))["tool"]["mutmut"]
        assert settings["only_mutate"] == [f"{room.folder}/*"]


VERSIONS = """
class Kept:
    def first(self) -> None:
        self.size: int = 1

    def second(self) -> None:
        self.size: int = {value}
"""


@pytest.mark.parametrize(("value", "is_caught"), [("2", False), ('"2"', True)])
def test_only_the_change_itself_is_type_checked(
    tmp_path: Path, value: str, is_caught: bool
) -> None:
    """Each version of a method defines its attributes again, which is no fault of the change."""
    (tmp_path / "kept.py").write_text(VERSIONS.format(value=value))
    (tmp_path / "mypy.ini").write_text(mutation.MYPY)
    settings = tomllib.loads(mutation.configuration(STATE))["tool"]["mutmut"]
    *command, _ = settings["type_check_command"]
    found = subprocess.run(
        [sys.executable, "-m", *command, "kept.py"], cwd=tmp_path, capture_output=True, check=False
    )
    assert (found.returncode == 1) is is_caught, found


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        (
            'sql("DELETE FROM locks WHERE name = ?")',
            'sql("delete from locks where name = ?")',
            True,
        ),
        ('sql("DELETE FROM locks WHERE name = ?")', 'sql("XXDELETE FROM locksXX")', False),
        ('return f("Delete it")', 'return f("delete it")', False),
        ('return f("possible")', 'return f("POSSIBLE")', False),
        ('cast("str | None", note)', "cast(None, note)", True),
        ('cast("str | None", note)', 'cast("str | None", None)', False),
    ],
)
def test_equivalent_mutants(before: str, after: str, same: bool) -> None:
    assert mutation.is_the_same(mutation.Survivor("f.py", "f", before, after)) is same
