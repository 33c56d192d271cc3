"""Bearer tokens are verified against the file as it is now."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hostup_mcp.remote import tokens
from hostup_mcp.remote.rejections import RejectionLog
from hostup_mcp.remote.token_file import TokenFileError, new_token, read_hashes, revoke_token
from hostup_mcp.remote.tokens import HashedTokens


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


async def test_token_name_is_the_caller(path: Path) -> None:
    token, other = new_token(path, "web-team"), new_token(path, "ops-team")
    verifier = HashedTokens(path)
    accesses = [await verifier.verify_token(each) for each in (token, other)]
    assert [access.client_id for access in accesses if access] == ["web-team", "ops-team"]
    assert token not in repr(accesses), "the token goes no further"


def test_the_file_holds_no_token(path: Path) -> None:
    token = new_token(path, "web-team")
    kept = path.read_text()
    assert "web-team" in kept
    assert token not in kept
    assert token.removeprefix("hmcp_") not in kept
    assert path.stat().st_mode & 0o777 == 0o600


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
    revoke_token(path, "web-team")
    touch_later(path)
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

    def warnings() -> list[str]:
        return [r.getMessage() for r in caplog.records if r.name == tokens.__name__]

    [warning] = warnings()
    assert "token file" in warning
    rewrite(path, None)
    assert await verifier.verify_token(token)
    assert len(warnings()) == 2


async def test_replaced_file_is_reloaded(path: Path) -> None:
    token = new_token(path, "web-team")
    verifier = HashedTokens(path)
    replace_file(path, '{"tokens": {}}')
    assert await verifier.verify_token(token) is None


def test_missing_file(path: Path) -> None:
    with pytest.raises(TokenFileError, match="cannot read"):
        HashedTokens(path)


def test_unreadable_file_is_a_problem_until_it_is_mended(path: Path) -> None:
    new_token(path, "web-team")
    verifier = HashedTokens(path)
    assert verifier.problem() is None
    good = path.read_text()
    rewrite(path, good.replace('"\n  }', '",\n  }'))
    problem = verifier.problem()
    assert problem is not None
    assert "not valid JSON" in problem
    assert "the tokens loaded before remain valid" in problem
    rewrite(path, good)
    assert verifier.problem() is None


async def test_rejections_name_whom_the_token_belonged_to(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    revoked = new_token(path, "web-team")
    verifier = HashedTokens(path, RejectionLog())
    revoke_token(path, "web-team")
    touch_later(path)
    for token in (revoked, revoked, "hmcp_wrong"):
        assert await verifier.verify_token(token) is None
    assert caplog.messages == [
        'refused caller "web-team": its token was revoked',
        "refused an unknown caller: the token is not in the token file",
    ]
