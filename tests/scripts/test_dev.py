"""`scripts/dev.py` works on the machine of a newcomer."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import ROOT, load

DEV = ROOT / "scripts" / "dev.py"
dev = load("dev")


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary `.venv` for the script to create and repair."""
    venv = tmp_path / ".venv"
    monkeypatch.setattr(dev, "VENV", venv)
    monkeypatch.setattr(dev, "BIN", venv / dev.BIN.name)
    monkeypatch.setattr(dev, "PYTHON", venv / dev.BIN.name / dev.PYTHON.name)
    return venv


# Old Pythons --------------------------------------------------------------------------------------


def test_python_3_8_can_parse_it() -> None:
    tree = ast.parse(DEV.read_text(encoding="utf-8"), feature_version=(3, 8))
    first = next(node for node in tree.body if isinstance(node, ast.ImportFrom))
    assert first.module == "__future__", "Python 3.8 would evaluate unknown annotations"
    modules = {
        name.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
        )
    }
    assert modules <= sys.stdlib_module_names


def test_old_python_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev.sys, "version_info", (3, 9, 18))
    assert dev.main(["demo"]) == 1
    assert "needs Python 3.11 or newer" in capsys.readouterr().out


@pytest.mark.parametrize("version", ["3.8", "3.9"])
def test_real_old_python(version: str) -> None:
    found = shutil.which(f"python{version}")
    if found is None or subprocess.run([found, "-c", ""], capture_output=True).returncode:
        pytest.skip(f"there is no Python {version} here")
    done = subprocess.run([found, DEV, "test"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stdout
    assert done.stderr == ""


# Tasks --------------------------------------------------------------------------------------------


def test_no_task_lists_the_tasks(capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.main([]) == 0
    shown = capsys.readouterr().out
    assert set(dev.TASKS) == {
        *("demo", "test", "setup", "check", "fast", "generate", "mutation", "faults")
    }
    for name, task in dev.TASKS.items():
        assert f"  {name:<10} {task.__doc__}\n" in shown
    assert dev.main(["nonsense"]) == 1


def test_slow_folders_exist() -> None:
    for name, reason in dev.SLOW.items():
        assert (ROOT / "tests" / name).is_dir(), name
        assert reason
    for name in dev.SLOW_FILES:
        assert (ROOT / "tests" / name).is_file(), name


def test_other_folders_are_fast() -> None:
    words = dev.fast_arguments()
    for folder in (ROOT / "tests").iterdir():
        if (folder / "__init__.py").is_file():
            assert (f"tests/{folder.name}" in words) is (folder.name not in dev.SLOW)
    assert "tests/test_tree.py" in words


def test_failed_steps_say_what_to_do(
    capsys: pytest.CaptureFixture[str],
) -> None:
    passing, failing = [sys.executable, "-c", ""], [sys.executable, "-c", "raise SystemExit(3)"]
    steps = [
        ("one", failing, "it is wrong", "mend it"),
        ("two", passing, "", ""),
        ("three", ["/nowhere/at-all"], "it is missing", "install it"),
    ]
    assert dev.run_steps(steps) == 1
    printed = capsys.readouterr()
    assert "one: it is wrong.\n    Next: mend it" in printed.out
    assert "three: it is missing.\n    Next: install it" in printed.out
    assert "/nowhere/at-all: No such file" in printed.err
    assert dev.run_steps([steps[1]]) == 0


def test_every_step_is_explained() -> None:
    for name, command, meaning, remedy in dev.steps(strict=True, tests=True):
        assert command, name
        assert meaning, name
        assert remedy, name


# .venv --------------------------------------------------------------------------------------------


def break_venv(venv: Path, how: str) -> None:
    """Leave a `.venv` as an interrupted or outdated set-up does."""
    if how == "nothing":
        return
    if how == "a link to nowhere":
        venv.symlink_to(venv.parent / "gone")
        return
    if how == "folders only":
        (venv / "bin").mkdir(parents=True)
        return
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", venv], check=True)
    if how == "no python":
        for path in dev.BIN.glob("python*"):
            path.unlink()
    elif how == "python links to nowhere":
        dev.PYTHON.unlink()
        dev.PYTHON.symlink_to(venv.parent / "gone" / "python")
    else:
        assert how == "no pip"


HALF_MADE = (
    *("nothing", "a link to nowhere", "folders only"),
    *("no python", "python links to nowhere", "no pip"),
)
needs_links = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege")


@pytest.mark.parametrize("how", HALF_MADE)
@needs_links
def test_broken_venv_is_recreated(
    elsewhere: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_venv(elsewhere, how)
    made: list[str] = []
    monkeypatch.setattr(dev, "call", lambda *words: made.extend(map(str, words)))
    dev.environment()
    assert made == [sys.executable, "-m", "venv", str(elsewhere)]
    assert not elsewhere.exists()
    assert not elsewhere.is_symlink()


@needs_links
def test_new_venv_is_kept(elsewhere: Path) -> None:
    break_venv(elsewhere, "python links to nowhere")
    dev.environment()
    assert dev.works(dev.PYTHON, "-m", "pip", "--version")
    (elsewhere / "kept").touch()
    dev.environment()
    assert (elsewhere / "kept").exists()


def test_other_folder_is_left_alone(elsewhere: Path) -> None:
    elsewhere.mkdir()
    (elsewhere / "precious").write_text("mine")
    with pytest.raises(dev.TaskError, match="Next: move it away"):
        dev.environment()
    assert (elsewhere / "precious").read_text() == "mine"


def test_failed_install_is_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "environment", lambda: None)
    monkeypatch.setattr(dev, "call", lambda *words: 1)
    assert dev.main(["setup"]) == 1
    assert "Next:" in capsys.readouterr().err
