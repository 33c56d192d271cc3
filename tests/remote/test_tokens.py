"""Bearer tokens: shown once, kept as hashes, taken back by taking a line out."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from hostup_mcp.remote import tokens
from hostup_mcp.remote.tokens import HashedTokens, TokenFileError, new_token, read_hashes

from .wiring import PATIENCE, environment


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


def later(path: Path) -> None:
    """Make sure that a change of the file can be seen by its time."""
    moment = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(moment, moment))


def put_in_its_place(path: Path, text: str) -> None:
    """Another file under the same name, of the same date."""
    dates = path.stat()
    beside = path.with_suffix(".new")
    beside.write_text(text)
    os.utime(beside, ns=(dates.st_atime_ns, dates.st_mtime_ns))
    beside.replace(path)


def rewrite(path: Path, text: str | None) -> None:
    """Change the file, or take it away."""
    if text is None:
        path.unlink()
    else:
        path.write_text(text)
        later(path)


def test_the_file_keeps_a_hash_and_never_the_token(path: Path) -> None:
    token = new_token(path, "web-team")
    text = path.read_text()
    assert token not in text
    assert token.removeprefix("hmcp_") not in text
    assert read_hashes(path) == {"web-team": hashlib.sha256(token.encode()).hexdigest()}


def test_only_the_operator_can_read_the_file(path: Path) -> None:
    new_token(path, "web-team")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    new_token(path, "ops-team")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == [path.name], "nothing is left beside it"


def test_each_token_is_long_and_like_no_other(path: Path) -> None:
    made = {new_token(path, f"team-{number}") for number in range(20)}
    assert len(made) == 20
    # 256 random bits are 43 letters of base64.
    assert all(len(token.removeprefix("hmcp_")) >= 43 for token in made)


async def test_the_name_of_the_token_is_the_caller(path: Path) -> None:
    token, other = new_token(path, "web-team"), new_token(path, "ops-team")
    verifier = HashedTokens(path)
    seen = [await verifier.verify_token(each) for each in (token, other)]
    assert [each.client_id for each in seen if each] == ["web-team", "ops-team"]


async def test_what_is_passed_on_inside_does_not_hold_the_token(path: Path) -> None:
    token = new_token(path, "web-team")
    access = await HashedTokens(path).verify_token(token)
    assert access is not None
    assert token not in repr(access)


@pytest.mark.parametrize(
    "wrong",
    ["", " ", "hmcp_", "web-team", "hmcp_" + "A" * 43, "é" * 43, "\ud800", "x" * 1_000_000],
)
async def test_what_is_not_in_the_file_is_no_token(path: Path, wrong: str) -> None:
    new_token(path, "web-team")
    assert await HashedTokens(path).verify_token(wrong) is None


async def test_the_hash_of_a_token_is_no_token(path: Path) -> None:
    token = new_token(path, "web-team")
    verifier = HashedTokens(path)
    for almost in (read_hashes(path)["web-team"], token[:-1], token + "A", token.upper()):
        assert await verifier.verify_token(almost) is None


async def test_every_hash_is_compared_in_constant_time_whichever_fits(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = new_token(path, "first")
    for number in range(4):
        new_token(path, f"team-{number}")
    compared: list[str] = []
    really = tokens.hmac.compare_digest

    def counting(given: str, known: str) -> bool:
        compared.append(known)
        return really(given, known)

    monkeypatch.setattr(tokens.hmac, "compare_digest", counting)
    verifier = HashedTokens(path)
    assert await verifier.verify_token(first)
    assert len(compared) == 5
    assert not await verifier.verify_token("wrong")
    assert len(compared) == 10


async def test_a_new_token_works_without_a_restart(path: Path) -> None:
    new_token(path, "web-team")
    verifier = HashedTokens(path)
    token = new_token(path, "ops-team")
    later(path)
    assert await verifier.verify_token(token)


async def test_a_token_that_is_taken_out_stops_working_without_a_restart(path: Path) -> None:
    token, kept = new_token(path, "web-team"), new_token(path, "ops-team")
    verifier = HashedTokens(path)
    assert await verifier.verify_token(token)
    hashes = read_hashes(path)
    del hashes["web-team"]
    rewrite(path, json.dumps({"tokens": hashes}))
    assert await verifier.verify_token(token) is None
    assert await verifier.verify_token(kept)


@pytest.mark.parametrize("broken", ["", "{", '{"tokens": {"x": "y"}}', "[]", "\x00"])
async def test_a_file_that_breaks_gives_nobody_access_and_takes_none_and_is_told_once(
    path: Path, broken: str, caplog: pytest.LogCaptureFixture
) -> None:
    token = new_token(path, "web-team")
    verifier = HashedTokens(path)
    rewrite(path, broken)
    assert await verifier.verify_token(token)
    assert await verifier.verify_token("y") is None
    [told] = caplog.messages
    assert "token file" in told
    rewrite(path, None)
    assert await verifier.verify_token(token)
    assert len(caplog.messages) == 2


async def test_a_file_put_in_its_place_with_an_old_date_is_read_too(path: Path) -> None:
    token = new_token(path, "web-team")
    verifier = HashedTokens(path)
    put_in_its_place(path, '{"tokens": {}}')
    assert await verifier.verify_token(token) is None


def test_who_may_read_the_file_stays_as_it_is(path: Path) -> None:
    new_token(path, "web-team")
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    new_token(path, "ops-team")
    assert path.stat().st_mode & 0o777 == 0o644


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
def test_a_file_of_another_kind_is_refused_without_repeating_it(path: Path, text: str) -> None:
    path.write_text(text)
    with pytest.raises(TokenFileError) as raised:
        read_hashes(path)
    said = str(raised.value)
    assert "\n" not in said
    assert not text or len(text) < 8 or text not in said


def test_a_file_that_is_not_there_is_said_so(path: Path) -> None:
    with pytest.raises(TokenFileError, match="cannot read"):
        HashedTokens(path)


def test_a_name_is_given_once(path: Path) -> None:
    new_token(path, "web-team")
    before = path.read_bytes()
    with pytest.raises(TokenFileError, match="web-team"):
        new_token(path, "web-team")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "name", ["", " ", "-x", "a b", "a/b", "a\nb", "a\r\nX: 1", "å", "../x", "x" * 65, "a\n"]
)
def test_a_name_that_could_be_taken_for_something_else_is_refused(path: Path, name: str) -> None:
    with pytest.raises(TokenFileError, match="letters"):
        new_token(path, name)
    assert not path.exists()


def test_a_file_that_is_no_token_file_is_not_overwritten(path: Path) -> None:
    path.write_text("precious")
    with pytest.raises(TokenFileError):
        new_token(path, "web-team")
    assert path.read_text() == "precious"


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
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


async def test_the_command_prints_the_token_alone_and_once(path: Path) -> None:
    made = run("new", "web-team", "--tokens", str(path))
    assert (made.returncode, made.stderr) == (0, "")
    [token] = made.stdout.splitlines()
    assert await HashedTokens(path).verify_token(token)
    again = run("new", "web-team", "--tokens", str(path))
    assert again.returncode == 1
    assert again.stdout == ""
    assert len(again.stderr.splitlines()) == 1
    assert token not in again.stderr
