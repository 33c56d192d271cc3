"""Commands of the pages: run as they stand, or, for a reason that is given, only looked at.

A command that is in no table here fails.
"""

from __future__ import annotations

import ast
import os
import re
import runpy
import shlex
import signal
import subprocess
import sys
import tomllib
from collections.abc import Awaitable, Callable
from dataclasses import replace

import anyio
import httpx
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from .conftest import PATIENCE, Place, done, serving
from .pages import ROOT

Serves = Callable[..., Awaitable[None]]
TOKEN = re.compile(r"^hmcp_[\w-]+$", re.MULTILINE)


async def follow(line: str, place: Place, serves: Serves) -> None:
    """Do what a reader does who types `line` at `place`."""
    words = shlex.split(line, comments=True)
    if not words:
        return
    if words[0] == "export":
        place.env |= assignments(words[1:], place)
        return
    if (shown := shlex.join(words)) in LOOKED_AT:
        _, look = LOOKED_AT[shown]
        look()
        return
    given = [word for word in words if re.match(r"[A-Z_]+=", word)]
    rest = words[len(given) :] if words[: len(given)] == given else words
    here = replace(place, env={**place.env, **assignments(words[: -len(rest)], place)})
    if rest[:3] == ["claude", "mcp", "add"]:
        await added(rest, here, serves)
    elif rest[0] == "hostup-mcp" and "serve" in rest:
        await served(rest, here)
    elif rest[0] == "hostup-mcp":
        place.printed.append(done(rest, here))
    else:
        raise AssertionError(f"no test knows how to follow: {line}")


def assignments(words: list[str], place: Place) -> dict[str, str]:
    """`NAME=value` words as an environment; the reader's key is that of the account at hand."""
    pairs = dict(word.split("=", 1) for word in words)
    return {k: place.env["HOSTUP_API_KEY"] if v == "your key" else v for k, v in pairs.items()}


async def added(words: list[str], place: Place, serves: Serves) -> None:
    """`claude mcp add NAME --env K=V -- COMMAND`: what the client would start works."""
    mine, command = words[3 : words.index("--")], words[words.index("--") + 1 :]
    assert mine[0] == "hostup"
    assert mine[1::2] == ["--env"] * len(mine[1::2])
    env = {**place.env, **assignments(mine[2::2], place)}
    await serves(replace(place, env=env), *command)


async def served(words: list[str], place: Place) -> None:
    """A server over HTTP answers, to a token where it wants one, and stops when it is told to."""
    tokens = TOKEN.findall("\n".join(place.printed))
    with serving(words, place) as (address, process):
        headers = {"Authorization": f"Bearer {tokens[-1]}"} if "--tokens" in words else {}
        async with httpx.AsyncClient(headers=headers, timeout=PATIENCE) as http:
            with anyio.fail_after(PATIENCE):
                async with Client(streamable_http_client(address, http_client=http)) as client:
                    answer = await client.call_tool("list_vps", {"limit": 1})
        assert not answer.is_error
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
        assert process.returncode in (0, -signal.SIGTERM)


# Only looked at -----------------------------------------------------------------------------------

CI = ROOT / ".ci" / "run"
DEV = runpy.run_path(str(ROOT / "scripts" / "dev.py"))


def in_ci(command: str) -> Callable[[], None]:
    """CI runs it, so it works where CI does."""

    def look() -> None:
        assert command in CI.read_text("utf-8")

    return look


def in_check(*words: str) -> Callable[[], None]:
    """`dev.py check` runs a command that begins so, and CI runs `dev.py check`."""

    def look() -> None:
        commands = [command for _, command, _, _ in DEV["steps"](strict=True, tests=False)]
        shown = [[str(word).rsplit("/")[-1] for word in command] for command in commands]
        assert any(command[: len(words)] == list(words) for command in shown), shown
        assert "scripts/dev.py check" in CI.read_text("utf-8")

    return look


def dev(task: str) -> Callable[[], None]:
    """The script has this task."""

    def look() -> None:
        assert task in DEV["TASKS"]

    return look


def gives_the_command() -> None:
    """What is installed from here brings the command."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["scripts"] == {"hostup-mcp": "hostup_mcp.cli:main"}


def script(name: str, *flags: str) -> Callable[[], None]:
    """It is there, can be started, can be read by its interpreter, and knows these flags."""

    def look() -> None:
        path = ROOT / name
        text = path.read_text("utf-8")
        assert all(flag in text for flag in flags)
        if path.suffix == ".py" or "python" in text.splitlines()[0]:
            ast.parse(text)
        else:
            shell = text.splitlines()[0].removeprefix("#!").split()[-1].rsplit("/")[-1]
            subprocess.run([shell, "-n", path], check=True)
        assert path.suffix == ".py" or os.access(path, os.X_OK)

    return look


def python(*words: str) -> Callable[[], None]:
    """It runs like this, which changes nothing."""

    def look() -> None:
        ended = subprocess.run(
            [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr

    return look


def collected(*words: str) -> Callable[[], None]:
    """Pytest takes these words and finds tests."""
    return python("-m", "pytest", *words, "-q", "--collect-only", "-p", "no:cacheprovider")


PYTHON = ".venv/bin/python"
CIRCULAR = "it runs these very tests"
FRESH = "it makes an environment from the network"
WRITES = "it writes into the sources; its check runs instead"
LONG = "it takes minutes, or works the machine"

LOOKED_AT: dict[str, tuple[str, Callable[[], None]]] = {
    "pip install .": (f"{FRESH}; tests/packages builds and installs it", gives_the_command),
    "python3 scripts/dev.py demo": (f"{FRESH}; tests/cli/test_demo.py plays the demo", dev("demo")),
    "python3 scripts/dev.py test": (CIRCULAR, dev("test")),
    "python3 scripts/dev.py setup": (FRESH, dev("setup")),
    "python3 scripts/dev.py fast": (CIRCULAR, dev("fast")),
    "python3 scripts/dev.py check": (CIRCULAR, dev("check")),
    "python3 scripts/dev.py generate": (f"{WRITES}: tests/scripts", dev("generate")),
    "python3 scripts/dev.py mutation": (f"{LONG}: tests/scripts", dev("mutation")),
    "python3 scripts/dev.py mutation state --list": (f"{LONG}: tests/scripts", dev("mutation")),
    "python3 scripts/dev.py faults": (f"{LONG}: tests/faults", dev("faults")),
    "python3 scripts/dev.py faults --calls 150": ("tests/faults", dev("faults")),
    "python3 scripts/dev.py faults --calls 10000 --seed 8": (LONG, dev("faults")),
    ".ci/run": (CIRCULAR, script(".ci/run")),
    ".venv/bin/pytest tests/recovery -q": ("CI does", collected("tests/recovery")),
    ".venv/bin/ruff check .": ("CI does", in_check("ruff", "check", ".")),
    ".venv/bin/ruff format .": (WRITES, in_check("ruff", "format", "--check")),
    ".venv/bin/mypy": ("CI does", in_check("mypy")),
    f"{PYTHON} scripts/generated.py --check": (
        "CI does",
        in_check(PYTHON.rsplit("/")[-1], "generated.py", "--check"),
    ),
    f"{PYTHON} benchmarks/tokens.py": (LONG, script("benchmarks/tokens.py")),
    f"{PYTHON} benchmarks/tokens.py --check": (
        "it needs Node; CI does",
        in_ci("$bin/python benchmarks/tokens.py --check"),
    ),
    f"{PYTHON} benchmarks/startup.py --runs 9": (
        LONG,
        python("benchmarks/startup.py", "--runs", "1"),
    ),
    f"{PYTHON} benchmarks/load.py": (LONG, python("benchmarks/load.py", "--help")),
    "panel/setup.sh": (FRESH, script("panel/setup.sh", "PYTHON")),
    "panel/build": ("it needs npm; tests/panel does", script("panel/build")),
    "panel/screenshots": (f"{WRITES}, and needs a browser", script("panel/screenshots")),
    "packaging/setup": (FRESH, script("packaging/setup", "--strict")),
    "packaging/bundle": ("tests/packages does", script("packaging/bundle")),
}
"""Command to why it is not run as it stands, and what is looked at instead."""
