"""The development tasks of this project. Needs only Python 3.11 or newer.

    python3 scripts/dev.py TASK [arguments]

Each task first creates or repairs .venv, with the versions of constraints.txt.
"""

# Python 3.8 must be able to parse this file, to print the version it needs: no newer syntax, and
# annotations that are never evaluated.
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
MINIMUM = (3, 11)

# Folders in tests/ that wait for processes, browsers, networks or real time. All other folders are
# fast.
SLOW = {
    "cli": "starts the command many times",
    "clients": "starts real clients",
    "docs": "runs the commands of every page",
    "e2e": "runs whole sessions over every transport",
    "faults": "injects random faults into whole sessions",
    "frameworks": "starts agent frameworks",
    "graders": "starts MCP server graders",
    "hostup": "waits out timeouts and retries",
    "packages": "builds and installs packages",
    "panel": "starts a browser",
    "protocol": "starts the conformance suite",
    "remote": "starts servers",
    "sandbox": "simulates days of an account",
    "scripts": "creates virtual environments",
    "state": "starts Redis, and waits for outages",
}
# Slow files in the other folders.
SLOW_FILES = ("stdio/test_session.py",)


class TaskError(Exception):
    """A task cannot continue; the message says what to do."""


def main(words: list[str]) -> int:
    if sys.version_info[:2] < MINIMUM:
        version = platform.python_version()
        print(f"hostup-mcp needs Python 3.11 or newer; {sys.executable} is {version}.")
        found = [f"python3.{n}" for n in range(20, 10, -1) if works(f"python3.{n}", "--version")]
        if found:
            print(f"Run: {' '.join([found[0], 'scripts/dev.py', *words])}")
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
    """Show a recovery on the sandbox account; needs no API key."""
    install(".")
    return call(BIN / "hostup-mcp", "demo")


def test(more: list[str]) -> int:
    """Run all tests, or pytest with the given arguments."""
    install("-e", ".[test]")
    # The tests wait for processes and sockets half of the time: two workers per core.
    workers = str(2 * (os.cpu_count() or 1))
    return pytest(*(more or ["-n", workers, "--dist", "worksteal", "-q"]))


def fast(more: list[str]) -> int:
    """Run the tests that need no browser, no server and no waiting."""
    install("-e", ".[test]")
    return pytest(*fast_arguments(), *more)


def check(more: list[str]) -> int:
    """Run the checks of CI without the slow tests: lint, types, generated files, fast tests."""
    install("-e", ".[dev]")
    return run_steps(steps(strict="--strict" in more, tests="--no-tests" not in more))


def generate(more: list[str]) -> int:
    """Write all generated files."""
    install("-e", ".[dev]")
    return call(PYTHON, "scripts/generated.py", *more)


def mutation(more: list[str]) -> int:
    """Run mutation testing of recovery, writes and state; takes an hour or two."""
    install("-e", ".[dev]")
    return call(PYTHON, "scripts/mutation.py", *more)


def faults(more: list[str]) -> int:
    """Run random calls against a failing network; --help lists the options."""
    install("-e", ".[test]")
    return call(PYTHON, "-m", "benchmarks.faults", *more)


def setup(_: list[str]) -> int:
    """Create .venv with everything needed to work on the project."""
    install("-e", ".[dev]")
    return 0


TASKS = {
    task.__name__: task for task in (demo, test, fast, check, generate, mutation, faults, setup)
}


# Steps of `check` ---------------------------------------------------------------------------------


def steps(strict: bool, tests: bool) -> list[tuple[str, list[Any], str, str]]:
    """The steps of `check`: name, command, meaning of a failure, and what to do about it."""
    generated = ["scripts/generated.py", "--check"] + (["--strict"] if strict else [])
    found: list[tuple[str, list[Any], str, str]] = [
        ("lint", [tool("ruff"), "check", "."],
         "ruff found a likely mistake", ".venv/bin/ruff check --fix ., then fix the rest by hand"),
        ("format", [tool("ruff"), "format", "--check", "--quiet", "."],
         "files are not formatted", ".venv/bin/ruff format ."),
        ("types", [tool("mypy")], "mypy found a type error", "correct the lines that mypy names"),
        ("generated files", [PYTHON, *generated],
         "a generated file is stale", "python3 scripts/dev.py generate"),
    ]  # fmt: skip
    workflows = sorted(
        str(path.relative_to(ROOT)) for path in (ROOT / ".github").glob("workflows/*.yml")
    )
    if shutil.which(tool("zizmor")):
        found.append(
            ("workflows: security", [tool("zizmor"), "--offline", "--quiet", ".github"],
             "a workflow has a security problem", "follow the advice of zizmor")
        )  # fmt: skip
    actionlint = shutil.which(tool("actionlint")) or shutil.which("actionlint")
    if actionlint:
        found.append(
            ("workflows: syntax", [actionlint, *workflows],
             "a workflow has an error", "follow the advice of actionlint")
        )  # fmt: skip
    else:
        print("workflows: syntax: skipped, actionlint is not installed", flush=True)
    if tests:
        found.append(
            ("fast tests", [PYTHON, "-m", "pytest", *fast_arguments()],
             "a test fails", "python3 scripts/dev.py test FILE -x")
        )  # fmt: skip
    return found


def run_steps(steps: list[tuple[str, list[Any], str, str]]) -> int:
    """Run all steps; at the end, print which failed, what that means and what to do."""
    failed = []
    for name, command, meaning, remedy in steps:
        print(f"\n== {name}", flush=True)
        if call(*command):
            failed.append(f"{name}: {meaning}.\n    Next: {remedy}")
    print("\n" + ("\n".join(["Failed:", *failed]) if failed else "All checks passed."))
    return 1 if failed else 0


def fast_arguments() -> list[str]:
    """Arguments of pytest for the fast tests: everything in tests/ except SLOW."""
    tests = ROOT / "tests"
    folders = sorted(p.name for p in tests.iterdir() if (p / "__init__.py").is_file())
    files = sorted(p.name for p in tests.glob("test_*.py"))
    chosen = [f"tests/{name}" for name in [*folders, *files] if name not in SLOW]
    ignored = [f"--ignore=tests/{name}" for name in SLOW_FILES]
    return ["-n", str(os.cpu_count() or 1), "--dist", "worksteal", "-q", *chosen, *ignored]


# The environment ----------------------------------------------------------------------------------


def tool(name: str) -> str:
    """The path of a command in .venv."""
    return str(BIN / (name + (".exe" if WINDOWS else "")))


def works(*words: Any) -> bool:
    """Whether a command exists and succeeds."""
    try:
        done = subprocess.run(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except OSError:
        return False
    return done.returncode == 0


def environment() -> None:
    """Create .venv, or recreate it if an interrupted run or a removed Python left it broken."""
    newer = f"import sys; sys.exit(sys.version_info < {MINIMUM})"
    if works(PYTHON, "-c", newer) and works(PYTHON, "-m", "pip", "--version"):
        return
    if VENV.exists() or VENV.is_symlink():
        if not (VENV / "pyvenv.cfg").is_file() and any(p.is_file() for p in VENV.rglob("*")):
            raise TaskError(
                ".venv exists but is not a virtual environment, so it was not touched.\n"
                "Next: move it away, then run this again."
            )
        print("Recreating .venv, which does not work", flush=True)
        VENV.unlink() if VENV.is_symlink() or VENV.is_file() else shutil.rmtree(VENV)
    else:
        print("Creating .venv", flush=True)
    if call(sys.executable, "-m", "venv", VENV):
        raise TaskError(
            "Python could not create a virtual environment.\n"
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
            f"pip could not install {what[-1]}; the reason is above.\n"
            "Next: if it is a network error, try again. If it names a package, check whether the\n"
            f"version in constraints.txt supports this Python ({platform.python_version()})."
        )


def pytest(*words: str) -> int:
    return call(PYTHON, "-m", "pytest", *words)


def call(program: Any, *words: Any) -> int:
    """Run a command in the project's folder; its exit code, or 127 if it cannot be started."""
    try:
        return subprocess.run([str(w) for w in (program, *words)], cwd=str(ROOT)).returncode
    except OSError as problem:
        print(f"{program}: {problem.strerror}", file=sys.stderr)
        return 127


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
