"""Every task of this project, from nothing but Python 3.11 or newer.

    python3 scripts/dev.py TASK [words for it]

Each makes or mends .venv beside the sources first, with the versions of constraints.txt.
"""

# Python 3.8 has to read this file, to say which version is needed: no newer syntax, and annotations
# that are never evaluated.
from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
WINDOWS = sys.platform == "win32"
BIN = VENV / ("Scripts" if WINDOWS else "bin")
PYTHON = BIN / ("python.exe" if WINDOWS else "python")
OLDEST = (3, 11)

# The folders below tests/ that wait for processes, browsers, networks or minutes of clock. A new
# folder is fast until it is named here.
SLOW = {
    "cli": "starts the command over and over",
    "clients": "starts real clients",
    "docs": "follows every page",
    "e2e": "plays whole sessions over every transport",
    "faults": "plays thousands of failures",
    "frameworks": "starts agent frameworks",
    "graders": "starts graders of servers",
    "hostup": "waits out timeouts and retries",
    "packages": "builds and installs packages",
    "panel": "starts a browser",
    "protocol": "starts the conformance suite",
    "remote": "starts servers",
    "sandbox": "plays days of an account",
    "scripts": "makes environments and runs every generator",
    "state": "starts Redis, and waits for outages",
}
# Files in the other folders that start processes over and over.
SLOW_FILES = ("stdio/test_session.py",)


class TaskError(Exception):
    """A task cannot go on; the message says what to do."""


def main(words: list[str]) -> int:
    if sys.version_info[:2] < OLDEST:
        mine = platform.python_version()
        print(f"hostup-mcp needs Python 3.11 or newer; {sys.executable} is {mine}.")
        there = [f"python3.{n}" for n in range(20, 10, -1) if works(f"python3.{n}", "--version")]
        if there:
            print(f"Run: {' '.join([there[0], 'scripts/dev.py', *words])}")
        else:
            print("Install one, for example from https://www.python.org/downloads/.")
        return 1
    if not words or words[0] not in TASKS:
        print(__doc__)
        for name, task in TASKS.items():
            print(f"  {name:<10} {task.__doc__}")
        return 0 if words in ([], ["--help"], ["-h"]) else 1
    try:
        return TASKS[words[0]](words[1:])
    except TaskError as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


# Tasks --------------------------------------------------------------------------------------------


def demo(_: list[str]) -> int:
    """Play a recovery on the sandbox account; no key needed."""
    install(".")
    return call(BIN / "hostup-mcp", "demo")


def test(more: list[str]) -> int:
    """Run all tests, or those that the further words give to pytest."""
    install("-e", ".[test]")
    # Half of their time the tests wait for processes and sockets: two for each core.
    workers = str(2 * (os.cpu_count() or 1))
    return pytest(*(more or ["-n", workers, "--dist", "worksteal", "-q"]))


def fast(more: list[str]) -> int:
    """Run the tests that need a minute or two: no browser, no server, no waiting."""
    install("-e", ".[test]")
    return pytest(*fast_words(), *more)


def check(more: list[str]) -> int:
    """Check what CI checks, without the slow tests: lint, types, generated files, fast tests."""
    install("-e", ".[dev]")
    return run_steps(steps(strict="--strict" in more, tests="--no-tests" not in more))


def generate(more: list[str]) -> int:
    """Write every generated file anew."""
    install("-e", ".[dev]")
    return call(PYTHON, "scripts/generated.py", *more)


def mutation(more: list[str]) -> int:
    """Test the tests of recovery, writes and state by mutation; takes long."""
    install("-e", ".[dev]")
    return call(PYTHON, "scripts/mutation.py", *more)


def faults(more: list[str]) -> int:
    """Play writes against failing networks; the words go to benchmarks.faults."""
    install("-e", ".[test]")
    return call(PYTHON, "-m", "benchmarks.faults", *more)


def setup(_: list[str]) -> int:
    """Make .venv with everything for working on the project."""
    install("-e", ".[dev]")
    return 0


TASKS = {
    task.__name__: task for task in (demo, test, fast, check, generate, mutation, faults, setup)
}


# Steps of `check` ---------------------------------------------------------------------------------


def steps(strict: bool, tests: bool) -> list[tuple[str, list[Any], str, str]]:
    """Each step: its name, its command, what its failure means and what to do then."""
    made = ["scripts/generated.py", "--check"] + (["--strict"] if strict else [])
    found: list[tuple[str, list[Any], str, str]] = [
        ("lint", [tool("ruff"), "check", "."],
         "ruff found a likely mistake", ".venv/bin/ruff check --fix .; the rest by hand"),
        ("format", [tool("ruff"), "format", "--check", "--quiet", "."],
         "files are not formatted", ".venv/bin/ruff format ."),
        ("types", [tool("mypy")], "the types do not agree", "correct the lines that mypy names"),
        ("generated files", [PYTHON, *made],
         "a generated file is not what its sources give", "python3 scripts/dev.py generate"),
        ("bad examples", [PYTHON, "-m", "pytest", "-q", "tests/test_bad_examples.py"],
         "something that must not be possible passes the checks", "see tests/bad_examples"),
    ]  # fmt: skip
    workflows = sorted(
        str(path.relative_to(ROOT)) for path in (ROOT / ".github").glob("workflows/*.yml")
    )
    if shutil.which(tool("zizmor")):
        found.append(
            ("workflows: security", [tool("zizmor"), "--offline", "--quiet", ".github"],
             "a workflow gives away more than it must", "follow what zizmor says")
        )  # fmt: skip
    actionlint = shutil.which(tool("actionlint")) or shutil.which("actionlint")
    if actionlint:
        found.append(
            ("workflows: syntax", [actionlint, *workflows],
             "GitHub would not run a workflow as it is meant", "follow what actionlint says")
        )  # fmt: skip
    else:
        print("workflows: syntax: skipped, actionlint is not installed", flush=True)
    if tests:
        found.append(
            ("fast tests", [PYTHON, "-m", "pytest", *fast_words()],
             "the code does not do what a test says", "python3 scripts/dev.py test FILE -x")
        )  # fmt: skip
    return found


def run_steps(todo: list[tuple[str, list[Any], str, str]]) -> int:
    """Run all of them, and say at the end which failed, what that means and what to do."""
    failed = []
    for name, command, meaning, remedy in todo:
        print(f"\n== {name}", flush=True)
        if call(*command):
            failed.append(f"{name}: {meaning}.\n    Next: {remedy}")
    print("\n" + ("\n".join(["Failed:", *failed]) if failed else "All checks passed."))
    return 1 if failed else 0


def fast_words() -> list[str]:
    """What pytest runs as the fast tests: all of tests/ but SLOW."""
    tests = ROOT / "tests"
    folders = sorted(p.name for p in tests.iterdir() if (p / "__init__.py").is_file())
    files = sorted(p.name for p in tests.glob("test_*.py"))
    chosen = [f"tests/{name}" for name in [*folders, *files] if name not in SLOW]
    left_out = [f"--ignore=tests/{name}" for name in SLOW_FILES]
    return ["-n", str(os.cpu_count() or 1), "--dist", "worksteal", "-q", *chosen, *left_out]


# The environment ----------------------------------------------------------------------------------


def tool(name: str) -> str:
    """A command of .venv."""
    return str(BIN / (name + (".exe" if WINDOWS else "")))


def works(*words: Any) -> bool:
    """Whether a command can be started and ends well."""
    try:
        done = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError:
        return False
    return done.returncode == 0


def environment() -> None:
    """Make .venv, or make it anew where an earlier run or a removed Python left it broken."""
    newer = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    if works(PYTHON, "-c", newer) and works(PYTHON, "-m", "pip", "--version"):
        return
    if VENV.exists() or VENV.is_symlink():
        if not (VENV / "pyvenv.cfg").is_file() and any(p.is_file() for p in VENV.rglob("*")):
            raise TaskError(
                ".venv is there but is no virtual environment, so it is left alone.\n"
                "Next: move it away, then run this again."
            )
        print("Making .venv anew: what is there does not work", flush=True)
        VENV.unlink() if VENV.is_symlink() or VENV.is_file() else shutil.rmtree(VENV)
    else:
        print("Making .venv", flush=True)
    if call(sys.executable, "-m", "venv", VENV):
        raise TaskError(
            "Python could not make a virtual environment.\n"
            "Next: on Debian and Ubuntu, apt-get install python3-venv; then run this again."
        )


def install(*what: str) -> None:
    environment()
    print(f"Installing {what[-1]}", flush=True)
    failed = call(
        PYTHON, "-m", "pip", "install", "-q", "--disable-pip-version-check",
        "-c", ROOT / "constraints.txt", *what,
    )  # fmt: skip
    if failed:
        raise TaskError(
            f"pip could not install {what[-1]}; its reason stands above.\n"
            "Next: if it names the network, try again. If it names a package, see whether\n"
            f"constraints.txt has a version of it for this Python ({platform.python_version()})."
        )


def pytest(*words: str) -> int:
    return call(PYTHON, "-m", "pytest", *words)


def call(program: Any, *words: Any) -> int:
    """Run a command in the project's folder; its exit code, or 127 where it cannot be started."""
    try:
        return subprocess.run([str(w) for w in (program, *words)], cwd=str(ROOT)).returncode
    except OSError as problem:
        print(f"{program}: {problem.strerror}", file=sys.stderr)
        return 127


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
