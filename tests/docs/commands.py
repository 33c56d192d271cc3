"""Commands on the pages: run as written, or checked differently for a stated reason.

An unknown command fails.
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
from datetime import UTC, datetime

import anyio
import httpx
from mcp import Client
from mcp.client.streamable_http import streamable_http_client

from hostup_mcp.cli.parser import make_parser
from hostup_mcp.cli.setup.clients import find_client
from hostup_mcp.config import Settings
from hostup_mcp.server.writes.audit_keys import signing_key
from hostup_mcp.server.writes.audit_log import AuditLog

from .conftest import PATIENCE, Place, output_of, sandbox_account, serving
from .pages import ROOT

Serves = Callable[..., Awaitable[None]]
TOKEN = re.compile(r"^hmcp_[\w-]+$", re.MULTILINE)


async def follow(line: str, place: Place, serves: Serves) -> None:
    """Run `line` in the shell `place`, as a reader would."""
    words = shlex.split(line, comments=True)
    if not words:
        return
    if words[0] == "export":
        place.env |= assignments(words[1:], place)
        return
    if (command := shlex.join(words)) in NOT_RUN:
        _, check = NOT_RUN[command]
        check()
        return
    given = [word for word in words if re.match(r"[A-Z_]+=", word)]
    rest = words[len(given) :] if words[: len(given)] == given else words
    here = replace(place, env={**place.env, **assignments(words[: -len(rest)], place)})
    if rest[0] == ".venv/bin/hostup-mcp":
        # The reader made that environment; here the command of the tests' own stands for it.
        rest = ["hostup-mcp", *rest[1:]]
    if rest[:3] == ["claude", "mcp", "add"]:
        await added(rest, here, serves)
    elif rest[0] == "hostup-mcp" and "serve" in rest:
        await served(rest, here)
    elif rest[:2] == ["docker", "run"]:
        await follow(without_docker(rest, here), place, serves)
    elif rest[:2] == ["hostup-mcp", "sandbox"]:
        await served_sandbox(rest, here)
    elif rest[:3] == ["hostup-mcp", "audit", "verify"]:
        verified(rest, here)
    elif rest[:2] == ["hostup-mcp", "check"]:
        place.printed.append(checked(rest, here))
    elif rest[0] == "hostup-mcp":
        place.printed.append(output_of(rest, here))
    else:
        raise AssertionError(f"no test knows how to follow: {line}")


def without_docker(words: list[str], place: Place) -> str:
    """What `docker run ... hostup-mcp WORDS` runs, with a folder in place of the volume."""
    image = words.index("hostup-mcp")
    volume = words[words.index("-v") + 1].split(":")
    folder = place.folder / volume[0]
    folder.mkdir(exist_ok=True)
    return shlex.join(word.replace(volume[1], str(folder)) for word in words[image:])


async def follow_powershell(line: str, place: Place, serves: Serves) -> None:
    """Run what `line` is in a shell of this system: other paths, and variables beforehand."""
    if variable := re.match(r'\$env:([A-Z_]+) = "([^"]*)"(; )?', line):
        place.env |= assignments([f"{variable[1]}={variable[2]}"], place)
        line = line[variable.end() :]
    line = re.sub(r"^py ", "python3 ", line)
    line = re.sub(r"^\.venv\\Scripts\\", ".venv/bin/", line)
    assert "\\" not in line
    await follow(line, place, serves)


def writes_in_a_terminal() -> None:
    """The command exists; tests/cli/setup runs it in a terminal."""
    arguments = make_parser().parse_args(["setup", "claude-desktop", "--write"])
    assert find_client(arguments.client) is not None
    assert arguments.write


def assignments(words: list[str], place: Place) -> dict[str, str]:
    """`NAME=value` words as an environment; `your key` becomes the key of the test account."""
    pairs = dict(word.split("=", 1) for word in words)
    return {k: place.env["HOSTUP_API_KEY"] if v == "your key" else v for k, v in pairs.items()}


async def added(words: list[str], place: Place, serves: Serves) -> None:
    """`claude mcp add NAME --env K=V -- COMMAND`: the command that the client runs works."""
    mine, command = words[3 : words.index("--")], words[words.index("--") + 1 :]
    assert mine[0] == "hostup"
    assert mine[1::2] == ["--env"] * len(mine[1::2])
    env = {**place.env, **assignments(mine[2::2], place)}
    await serves(replace(place, env=env), *command)


async def served(words: list[str], place: Place) -> None:
    """A server over HTTP works, with a token if it requires one, and stops on SIGTERM."""
    tokens = TOKEN.findall("\n".join(place.printed))
    with serving(words, place) as (address, process):
        headers = {"Authorization": f"Bearer {tokens[-1]}"} if "--tokens" in words else {}
        async with httpx.AsyncClient(headers=headers, timeout=PATIENCE) as http:
            with anyio.fail_after(PATIENCE):
                async with Client(streamable_http_client(address, http_client=http)) as client:
                    result = await client.call_tool("list_vps", {"limit": 1})
        assert not result.is_error
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
        assert process.returncode in (0, -signal.SIGTERM)


def verified(words: list[str], place: Place) -> None:
    """A log whose last line each secret of the ring, or else the user's key, signed, holds."""
    ring = place.env.get("HOSTUP_MCP_SECRET", "").split(",")
    for secret in ring:
        key = signing_key(Settings("key", secrets=tuple(filter(None, [secret]))))
        AuditLog(place.folder / words[3], lambda key=key: key).append(datetime.now(UTC), {})
    assert f"holds up to line {len(ring)}, the last one" in output_of(words, place)


def checked(words: list[str], place: Place) -> str:
    """A check finds the problems of the sandbox account."""
    printed = output_of(words, place, exit_code=2)
    assert printed.startswith("BACKUPS CRITICAL - ")
    return printed


async def served_sandbox(words: list[str], place: Place) -> None:
    """The sandbox account lists its servers for the key that it prints."""
    with sandbox_account(words, place.env) as account:
        headers = {"Authorization": f"Bearer {account['HOSTUP_API_KEY']}"}
        async with httpx.AsyncClient(headers=headers, timeout=PATIENCE) as http:
            response = await http.get(f"{account['HOSTUP_BASE_URL']}/api/v2/vps")
    assert response.json()["data"]


# Commands that are not run ------------------------------------------------------------------------

CI = ROOT / ".ci" / "run"
DEV = runpy.run_path(str(ROOT / "scripts" / "dev.py"))


def in_ci(command: str) -> Callable[[], None]:
    """CI runs the command."""

    def check() -> None:
        assert command in CI.read_text("utf-8")

    return check


def in_check(*words: str) -> Callable[[], None]:
    """`dev.py check` runs a command that starts with `words`, and CI runs `dev.py check`."""

    def check() -> None:
        steps = DEV["steps"](strict=True, tests=False)
        commands = [[str(word).rsplit("/")[-1] for word in step[1]] for step in steps]
        assert any(command[: len(words)] == list(words) for command in commands), commands
        assert "scripts/dev.py check" in CI.read_text("utf-8")

    return check


def dev(task: str) -> Callable[[], None]:
    """`dev.py` has this task."""

    def check() -> None:
        assert task in DEV["TASKS"]

    return check


def installs_the_command() -> None:
    """The distribution installs the command."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        assert tomllib.load(file)["project"]["scripts"] == {"hostup-mcp": "hostup_mcp.cli:main"}


def script(name: str, *flags: str) -> Callable[[], None]:
    """The script exists, is executable, parses, and knows these flags."""

    def check() -> None:
        path = ROOT / name
        text = path.read_text("utf-8")
        assert all(flag in text for flag in flags)
        if path.suffix == ".py" or "python" in text.splitlines()[0]:
            ast.parse(text)
        else:
            shell = text.splitlines()[0].removeprefix("#!").split()[-1].rsplit("/")[-1]
            subprocess.run([shell, "-n", path], check=True)
        assert path.suffix == ".py" or os.access(path, os.X_OK)

    return check


def python(*words: str) -> Callable[[], None]:
    """Python runs these words without an error; they must have no side effects."""

    def check() -> None:
        ended = subprocess.run(
            [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr

    return check


def tests_in(folder: str) -> Callable[[], None]:
    """The folder has tests."""

    def check() -> None:
        assert list((ROOT / folder).glob("**/test_*.py"))

    return check


PYTHON = ".venv/bin/python"
CIRCULAR = "it runs these tests"
FRESH = "it installs from the network"
WRITES = "it writes to the sources; its check runs instead"
LONG = "it takes minutes or a quiet machine"

NOT_RUN: dict[str, tuple[str, Callable[[], None]]] = {
    "pip install .": (f"{FRESH}; tests/packages builds and installs it", installs_the_command),
    "pip wheel --no-deps --wheel-dir dist .": (
        "tests/packages builds a wheel and installs it",
        installs_the_command,
    ),
    ".venv/bin/pip install .": (
        f"{FRESH}; tests/packages builds and installs it",
        installs_the_command,
    ),
    "python3 -m venv .venv": ("scripts/dev.py does", python("-m", "venv", "--help")),
    ".venv/bin/hostup-mcp setup claude-desktop --write": (
        "it asks in a terminal",
        writes_in_a_terminal,
    ),
    "python3 scripts/dev.py demo": (f"{FRESH}; tests/cli/test_demo.py plays the demo", dev("demo")),
    "python3 scripts/dev.py test": (CIRCULAR, dev("test")),
    "python3 scripts/dev.py setup": (FRESH, dev("setup")),
    "python3 scripts/dev.py fast": (CIRCULAR, dev("fast")),
    "python3 scripts/dev.py check": (CIRCULAR, dev("check")),
    "python3 scripts/dev.py generate": (f"{WRITES}: tests/scripts", dev("generate")),
    ".venv/bin/python scripts/translations.py": (
        "tests/scripts",
        script("scripts/translations.py"),
    ),
    ".venv/bin/python scripts/translations.py moment": (
        "tests/scripts",
        script("scripts/translations.py"),
    ),
    "python3 scripts/dev.py mutation": (f"{LONG}: tests/scripts", dev("mutation")),
    "python3 scripts/dev.py mutation state --list": (f"{LONG}: tests/scripts", dev("mutation")),
    "python3 scripts/dev.py faults": (f"{LONG}: tests/faults", dev("faults")),
    "python3 scripts/dev.py faults --calls 150": ("tests/faults", dev("faults")),
    "python3 scripts/dev.py faults --calls 10000 --seed 8": (LONG, dev("faults")),
    ".ci/run": (CIRCULAR, script(".ci/run")),
    ".venv/bin/pytest tests/recovery -q": ("CI does", tests_in("tests/recovery")),
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
    f"{PYTHON} benchmarks/pipe.py": (LONG, script("benchmarks/pipe.py")),
    f"{PYTHON} benchmarks/load.py": (LONG, script("benchmarks/load.py")),
    f"{PYTHON} benchmarks/many.py": (LONG, script("benchmarks/many.py")),
    f"{PYTHON} -m benchmarks.attacks": (LONG, python("-m", "benchmarks.attacks", "--help")),
    "panel/setup.sh": (FRESH, script("panel/setup.sh", "PYTHON")),
    "panel/build": ("it needs npm; tests/panel does", script("panel/build")),
    "panel/screenshots": (f"{WRITES}, and needs a browser", script("panel/screenshots")),
    "packaging/setup": (FRESH, script("packaging/setup", "--strict")),
    "packaging/bundle": ("tests/packages does", script("packaging/bundle")),
    "packaging/image": ("CI does where it can", script("packaging/image", "--if-possible")),
    f"{PYTHON} scripts/locks.py": (
        f"{WRITES}, and needs uv",
        python("scripts/locks.py", "--help"),
    ),
    f"{PYTHON} scripts/locks.py --upgrade": (
        f"{WRITES}, and needs uv",
        script("scripts/locks.py", "--upgrade"),
    ),
    f"{PYTHON} scripts/versions.py platforms": (
        "it needs uv and a network",
        script("scripts/versions.py", "platforms"),
    ),
    f"{PYTHON} scripts/versions.py lowest": (FRESH, script("scripts/versions.py", "lowest")),
}
"""For each command: why it is not run, and what is checked instead."""
