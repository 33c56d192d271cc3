"""The token file holds hashes, and is never left half-written."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

import pytest

from hostup_mcp.remote.token_file import TokenFileError, new_token, read_hashes, revoke_token


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "tokens.json"


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


@pytest.mark.parametrize(
    "path", [Path(), Path("/"), Path("x" * 300)], ids=["empty", "root", "long"]
)
def test_path_that_can_be_no_file(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As from `--tokens "$UNSET"`."""
    monkeypatch.chdir(tmp_path)
    for change in (new_token, revoke_token):
        with pytest.raises(TokenFileError, match="token file"):
            change(path, "web-team")
    assert list(tmp_path.iterdir()) == [], "no lock is left"


@pytest.mark.parametrize("name", ["first", "middle", "last"])
def test_revoked_token_leaves_a_valid_file(path: Path, name: str) -> None:
    for each in ("first", "middle", "last"):
        new_token(path, each)
    path.chmod(0o644)
    kept = {other: digest for other, digest in read_hashes(path).items() if other != name}
    revoke_token(path, name)
    assert read_hashes(path) == kept
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert [each.name for each in path.parent.iterdir()] == [path.name], "no other file is left"


def test_last_token_can_be_revoked(path: Path) -> None:
    new_token(path, "web-team")
    revoke_token(path, "web-team")
    assert read_hashes(path) == {}
    new_token(path, "web-team")


def test_unknown_name_is_not_revoked(path: Path) -> None:
    """Nor repeated: it may be a token in the wrong place."""
    with pytest.raises(TokenFileError, match="cannot read"):
        revoke_token(path, "web-team")
    new_token(path, "web-team")
    before = path.read_bytes()
    with pytest.raises(TokenFileError, match="token list") as raised:
        revoke_token(path, "hmcp_pasted")
    assert "pasted" not in str(raised.value)
    assert path.read_bytes() == before


def test_trailing_comma_is_named(path: Path) -> None:
    """What somebody leaves who takes out the last line by hand."""
    path.write_text('{\n  "tokens": {\n    "a": "' + "0" * 64 + '",\n  }\n}\n')
    with pytest.raises(TokenFileError, match=r"not valid JSON \(line \d\).*not by hand"):
        read_hashes(path)


def test_of_two_commands_at_once_one_fails(path: Path) -> None:
    """What it had read would bring back what the other one revoked."""
    new_token(path, "web-team")
    path.with_name(f".{path.name}.new").touch()
    before = path.read_bytes()
    for change in (new_token, revoke_token):
        with pytest.raises(TokenFileError, match="another command"):
            change(path, "ops-team")
    assert path.read_bytes() == before
