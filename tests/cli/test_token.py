"""`hostup-mcp token` makes, lists and revokes tokens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.product import environment

from hostup_mcp.remote.token_file import hash_of, read_hashes


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hostup_mcp", "token", *words],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=45,
        check=False,
    )


def test_new_prints_only_the_token(path: Path) -> None:
    made = run("new", "web-team", "--tokens", str(path))
    assert (made.returncode, made.stderr) == (0, "")
    [token] = made.stdout.splitlines()
    assert read_hashes(path) == {"web-team": hash_of(token)}
    again = run("new", "web-team", "--tokens", str(path))
    assert (again.returncode, again.stdout) == (1, "")
    assert len(again.stderr.splitlines()) == 1
    assert f"hostup-mcp token revoke web-team --tokens {path}" in again.stderr
    assert token not in again.stderr


def test_list_and_revoke(path: Path) -> None:
    for name in ("web-team", "ops-team"):
        run("new", name, "--tokens", str(path))
    assert run("list", "--tokens", str(path)).stdout == "web-team\nops-team\n"
    revoked = run("revoke", "ops-team", "--tokens", str(path))
    assert (revoked.returncode, revoked.stdout) == (0, "")
    assert revoked.stderr == "Revoked the token of ops-team.\n"
    assert run("list", "--tokens", str(path)).stdout == "web-team\n"
    assert run("revoke", "ops-team", "--tokens", str(path)).returncode == 1


@pytest.mark.parametrize("words", [("new", "a"), ("list",), ("revoke", "a")], ids=" ".join)
@pytest.mark.parametrize("file", ["", "~nobody-has-this-name/tokens.json"])
def test_an_unusable_path_is_one_line(words: tuple[str, ...], file: str) -> None:
    done = run(*words, "--tokens", file)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("hostup-mcp: cannot ")
    assert len(done.stderr.splitlines()) == 1
