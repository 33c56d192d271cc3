"""Where the commands of the pages run: an empty folder, the command on the path, an account."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PATIENCE = 120.0
BIN = Path(sys.executable).parent


@dataclass
class Place:
    """A reader's shell: folder, environment, and the output so far."""

    folder: Path
    env: dict[str, str]
    printed: list[str] = field(default_factory=list)


@contextmanager
def serving(
    words: list[str], place: Place, **env: str
) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A running server over HTTP: the address that it prints, and its process."""
    # The last --port counts: a free one, so that tests can run in parallel.
    with subprocess.Popen(
        [*words, "--port", "0"],
        cwd=place.folder,
        env={**place.env, **env},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline().strip()
            address = re.search(r'http://[^\s"]+', line)
            assert address is not None, line
            yield address[0], process
        finally:
            process.kill()


def output_of(words: list[str], place: Place, exit_code: int = 0) -> str:
    """The output of a command that must end with this exit code."""
    ended = subprocess.run(
        words, cwd=place.folder, env=place.env, capture_output=True, text=True, timeout=PATIENCE
    )
    assert ended.returncode == exit_code, ended.stdout + ended.stderr
    return ended.stdout


@contextmanager
def sandbox_account(
    words: Sequence[str | Path], env: Mapping[str, str]
) -> Iterator[dict[str, str]]:
    """The sandbox account on a free port, and the variables that point to it."""
    command = [*words, "--port", "0"]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as served:
        try:
            assert served.stdout is not None
            served.stdout.readline()
            lines = [served.stdout.readline().strip() for _ in range(2)]
            yield dict(line.split("=", 1) for line in lines)
        finally:
            served.kill()


@pytest.fixture(scope="session")
def account() -> Iterator[dict[str, str]]:
    """A sandbox account for all tests of a worker."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("HOSTUP_", "OTEL_"))}
    with sandbox_account([BIN / "hostup-mcp", "sandbox"], plain) as variables:
        yield variables


def shell(folder: Path, account: dict[str, str]) -> Place:
    """A shell in `folder` with the command on its path and the key of `account`."""
    plain = {k: v for k, v in os.environ.items() if not k.startswith(("HOSTUP_", "OTEL_"))}
    path = os.pathsep.join([str(BIN), plain.get("PATH", "")])
    return Place(folder, {**plain, "PATH": path, "HOME": str(folder), **account})


@pytest.fixture
def place(tmp_path: Path, account: dict[str, str]) -> Place:
    return shell(tmp_path, account)
