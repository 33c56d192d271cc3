"""Bearer tokens: printed once, kept as hashes, revoked by removing a line."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from support.product import environment

from hostup_mcp.remote import tokens
from hostup_mcp.remote.tokens import HashedTokens, TokenFileError, new_token, read_hashes

from .wiring import PATIENCE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


def touch_later(path: Path) -> None:
    """Give the file a later modification time, whatever the resolution of the clock."""
    moment = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(moment, moment))


def replace_file(path: Path, text: str) -> None:
    """Replace the file by another one with the same modification time."""
    dates = path.stat()
    other = path.with_suffix(".new")
    other.write_text(text)
    os.utime(other, ns=(dates.st_atime_ns, dates.st_mtime_ns))
    other.replace(path)


def rewrite(path: Path, text: str | None) -> None:
    """Write the file, or delete it."""
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
        touch_later(path)


def test_file_holds_only_hashes(path: Path) -> None:
    token = new_token(path, "web-team")
    text = path.read_text()
    assert token not in text
    assert token.removeprefix("hmcp_") not in text
    assert read_hashes(path) == {"web-team": hashlib.sha256(token.encode()).hexdigest()}


def test_file_is_private(path: Path) -> None:
    """Unless its owner chose another mode, say for the user of a container."""
    new_token(path, "web-team")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    new_token(path, "ops-team")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    new_token(path, "night-team")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [each.name for each in path.parent.iterdir()] == [path.name], "no other file is left"


def test_tokens_are_long_and_unique(path: Path) -> None:
    made = {new_token(path, f"team-{number}") for number in range(20)}
    assert len(made) == 20
    # 256 random bits are 43 letters of base64.
    assert all(len(token.removeprefix("hmcp_")) >= 43 for token in made)


async def test_token_name_is_the_caller(path: Path) -> None:
    token, other = new_token(path, "web-team"), new_token(path, "ops-team")
    verifier = HashedTokens(path)
    accesses = [await verifier.verify_token(each) for each in (token, other)]
    assert [access.client_id for access in accesses if access] == ["web-team", "ops-team"]
    assert token not in repr(accesses), "the token goes no further"


@pytest.mark.parametrize(
    "wrong",
    ["", " ", "hmcp_", "web-team", "hmcp_" + "A" * 43, "é" * 43, "\ud800", "x" * 1_000_000],
)
async def test_unknown_token_is_rejected(path: Path, wrong: str) -> None:
    new_token(path, "web-team")
    assert await HashedTokens(path).verify_token(wrong) is None


async def test_near_misses_are_rejected(path: Path) -> None:
    token = new_token(path, "web-team")
    verifier = HashedTokens(path)
    for almost in (read_hashes(path)["web-team"], token[:-1], token + "A", token.upper()):
        assert await verifier.verify_token(almost) is None


async def test_every_hash_is_compared(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = new_token(path, "first")
    for number in range(4):
        new_token(path, f"team-{number}")
    compared: list[str] = []
    original = tokens.hmac.compare_digest

    def counting(given: str, known: str) -> bool:
        compared.append(known)
        return original(given, known)

    monkeypatch.setattr(tokens.hmac, "compare_digest", counting)
    verifier = HashedTokens(path)
    assert await verifier.verify_token(first)
    assert len(compared) == 5
    assert not await verifier.verify_token("wrong")
    assert len(compared) == 10


async def test_new_token_needs_no_restart(path: Path) -> None:
    new_token(path, "web-team")
    verifier = HashedTokens(path)
    token = new_token(path, "ops-team")
    touch_later(path)
    assert await verifier.verify_token(token)


async def test_revocation_needs_no_restart(path: Path) -> None:
    token, kept = new_token(path, "web-team"), new_token(path, "ops-team")
    verifier = HashedTokens(path)
    assert await verifier.verify_token(token)
    hashes = read_hashes(path)
    del hashes["web-team"]
    rewrite(path, json.dumps({"tokens": hashes}))
    assert await verifier.verify_token(token) is None
    assert await verifier.verify_token(kept)


@pytest.mark.parametrize("broken", ["", "{", '{"tokens": {"x": "y"}}', "[]", "\x00"])
async def test_broken_file_changes_nothing(
    path: Path, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    token = new_token(path, "web-team")
    verifier = HashedTokens(path)
    rewrite(path, broken)
    assert await verifier.verify_token(token)
    assert await verifier.verify_token("y") is None
    [warning] = caplog.messages
    assert "token file" in warning
    rewrite(path, None)
    assert await verifier.verify_token(token)
    assert len(caplog.messages) == 2


async def test_replaced_file_is_reloaded(path: Path) -> None:
    token = new_token(path, "web-team")
    verifier = HashedTokens(path)
    replace_file(path, '{"tokens": {}}')
    assert await verifier.verify_token(token) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "[]",
        "{}",
        '{"tokens": null}',
        '{"tokens": ["a"]}',
        '{"tokens": {"web-team": 7}}',
        '{"tokens": {"web-team": "short"}}',
        '{"tokens": {"web-team": "' + "A" * 64 + '"}}',
        '{"tokens": {"web-team": "' + "a" * 64 + '\\n"}}',
        "hmcp_a-token-that-was-pasted-here",
    ],
)
def test_invalid_file_is_not_quoted(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(TokenFileError) as raised:
        read_hashes(path)
    message = str(raised.value)
    assert "\n" not in message
    assert not text or len(text) < 8 or text not in message


def test_missing_file(path: Path) -> None:
    with pytest.raises(TokenFileError, match="cannot read"):
        HashedTokens(path)


def test_names_are_unique(path: Path) -> None:
    new_token(path, "web-team")
    before = path.read_bytes()
    with pytest.raises(TokenFileError, match="web-team"):
        new_token(path, "web-team")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "name", ["", " ", "-x", "a b", "a/b", "a\nb", "a\r\nX: 1", "å", "../x", "x" * 65, "a\n"]
)
def test_unsafe_name_is_rejected(path: Path, name: str) -> None:
    with pytest.raises(TokenFileError, match="letters"):
        new_token(path, name)
    assert not path.exists()


def test_other_file_is_not_overwritten(path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(TokenFileError):
        new_token(path, "web-team")
    assert path.read_text() == "precious"


def test_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(TokenFileError, match="cannot write"):
        new_token(tmp_path / "nowhere" / "tokens.json", "web-team")


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hostup_mcp", "token", *words],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


async def test_command_prints_only_the_token(path: Path) -> None:
    made = run("new", "web-team", "--tokens", str(path))
    assert (made.returncode, made.stderr) == (0, "")
    [token] = made.stdout.splitlines()
    assert await HashedTokens(path).verify_token(token)
    again = run("new", "web-team", "--tokens", str(path))
    assert again.returncode == 1
    assert again.stdout == ""
    assert len(again.stderr.splitlines()) == 1
    assert token not in again.stderr
