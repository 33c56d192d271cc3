"""`hostup-mcp audit verify`: plain words, and an exit code that a script can rely on."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from hostup_mcp.cli import main
from hostup_mcp.config import Settings
from hostup_mcp.server.writes import audit_keys
from hostup_mcp.server.writes.audit_keys import signing_key
from hostup_mcp.server.writes.audit_log import AuditLog
from hostup_mcp.server.writes.audit_verify import Kind
from hostup_mcp.state.key_file import audit_key_path

NOW = datetime(2026, 4, 27, 10, 0, tzinfo=UTC)
OLD, NEW = "old-secret-of-at-least-32-characters", "new-secret-of-at-least-32-characters"
USER = Settings("key")
SANDBOX = Settings("", sandbox=True)
APART = "Apart from what is listed, each line is unchanged and follows the one before it."


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOSTUP_MCP_SECRET", "HOSTUP_API_KEY", "HOSTUP_SANDBOX"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def write(path: Path, count: int, settings: Settings = USER) -> list[str]:
    """Write lines as a server with these settings does; return the HMACs of all lines."""
    audit_log = AuditLog(path, lambda: signing_key(settings))
    for number in range(count):
        audit_log.append(NOW, {"n": number})
    return [line[-66:-2] for line in path.read_text().splitlines()]


def change(path: Path, *numbers: int) -> None:
    lines = path.read_text().splitlines(keepends=True)
    for number in numbers:
        lines[number - 1] = lines[number - 1].replace('"n"', '"m"')
    path.write_text("".join(lines))


class Verify:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, path: Path, *words: str) -> tuple[int, list[str]]:
        self.capsys.readouterr()
        code = main(["audit", "verify", str(path), *words])
        said = self.capsys.readouterr()
        return code, [*said.out.splitlines(), *said.err.splitlines()]


@pytest.fixture
def verify(capsys: pytest.CaptureFixture[str]) -> Verify:
    return Verify(capsys)


def test_an_untouched_log_holds(path: Path, verify: Verify) -> None:
    *_, head = write(path, 3)
    code, lines = verify(path)
    assert code == 0
    assert lines == [
        "✓ The chain holds up to line 3, the last one.",
        f"Its head is {head}. Note it elsewhere: only --head shows that lines were cut off the "
        "end, or that the file was replaced.",
    ]


def test_a_noted_head_is_looked_for(path: Path, verify: Verify) -> None:
    *_, second, third = write(path, 3)
    assert verify(path, "--head", third.upper()) == (
        0,
        ["✓ The chain holds up to line 3, the last one.", "The noted head is the last line."],
    )
    code, lines = verify(path, "--head", second)
    assert code == 0
    assert lines[1] == "The noted head is line 2; the lines after it were added later."
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))
    code, lines = verify(path, "--head", third)
    assert code == 1
    assert lines == [
        "✗ No line has the noted head: lines were cut off the end, or the file was replaced.",
        "✗ The chain holds up to line 2 only.",
        APART,
    ]


def test_it_says_where_the_chain_ends(path: Path, verify: Verify) -> None:
    write(path, 9)
    change(path, 4, 5, 7)
    assert verify(path) == (
        1,
        [
            "✗ lines 4 to 5: altered; it does not match its HMAC.",
            "✗ line 7: altered; it does not match its HMAC.",
            "✗ The chain holds up to line 3 only.",
            APART,
        ],
    )
    change(path, 1)
    assert verify(path)[1][-2] == "✗ The chain does not hold."


def test_a_rotated_log_names_the_next_step(path: Path, verify: Verify) -> None:
    audit_log = AuditLog(path, lambda: signing_key(USER))
    audit_log.append(NOW, {})
    old = path.rename(path.with_suffix(".1"))
    audit_log.append(NOW, {})
    code, lines = verify(path)
    assert code == 0
    before, _, head = lines[0].rpartition(" ")
    assert before == "• line 1: goes on from an earlier file. Verify that file with --head"
    assert verify(old, "--head", head)[0] == 0
    assert verify(path, "--head", head)[0] == 1


def test_many_findings_are_counted(path: Path, verify: Verify) -> None:
    write(path, 80)
    change(path, *range(1, 80, 2))
    code, lines = verify(path)
    assert code == 1
    assert len(lines) == 23
    assert lines[20] == "… and 20 more."


def test_a_replaced_secret_still_verifies(
    path: Path, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One chain over both steps of a rotation, and over a server without a secret."""
    write(path, 2, Settings("key", secrets=(OLD,)))
    write(path, 2, Settings("key", secrets=(NEW, OLD)))
    write(path, 2)
    monkeypatch.setenv("HOSTUP_MCP_SECRET", f"{NEW},{OLD}")
    assert verify(path)[0] == 0
    monkeypatch.setenv("HOSTUP_MCP_SECRET", NEW)
    code, lines = verify(path)
    assert code == 3
    key = signing_key(Settings("key", secrets=(OLD,)))
    assert lines[0] == (
        f"✗ lines 1 to 2: signed with the key {key.id}, which is not known here; cannot be "
        "verified. Run this as the user whose server wrote it, or set HOSTUP_MCP_SECRET to every "
        "secret that it had."
    )
    change(path, 6)
    code, lines = verify(path)
    assert code == 1
    assert lines[2:] == ["✗ The chain does not hold.", APART]


def test_without_the_key_it_cannot_tell(path: Path, verify: Verify) -> None:
    """And makes none: a new one would verify nothing."""
    write(path, 2)
    audit_key_path().unlink()
    code, lines = verify(path)
    assert code == 3
    assert lines[1:] == ["✗ The chain cannot be verified.", APART]
    assert not audit_key_path().exists()


def test_sandbox_lines_need_the_flag(path: Path, verify: Verify) -> None:
    write(path, 2, SANDBOX)
    code, lines = verify(path)
    assert code == 3
    what = "lines 1 to 2: of the sandbox account, whose key is public"
    assert lines[0] == f"✗ {what}; --sandbox accepts it."
    code, lines = verify(path, "--sandbox")
    assert code == 0
    assert lines[0] == f"• {what}; proves nothing."


def test_lines_of_a_lost_key_say_so(
    path: Path, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_keys, "read_or_make_key", lambda _: (_ for _ in ()).throw(OSError()))
    write(path, 1)
    code, lines = verify(path)
    assert code == 3
    assert lines[0] == (
        "✗ line 1: signed with a key that was lost when its process ended; cannot be verified."
    )


def test_an_unreadable_file_cannot_be_verified(tmp_path: Path, verify: Verify) -> None:
    missing = tmp_path / "missing"
    assert verify(missing) == (
        3,
        [f"hostup-mcp: cannot read {missing}: No such file or directory."],
    )
    assert verify(tmp_path)[0] == 3


def test_a_wrong_secret_is_one_line(
    path: Path, verify: Verify, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path, 1)
    monkeypatch.setenv("HOSTUP_MCP_SECRET", "short")
    code, lines = verify(path)
    assert code == 3
    assert lines == ["hostup-mcp: Each key of HOSTUP_MCP_SECRET must have at least 32 characters."]


@pytest.mark.parametrize("head", ["", "abc", "g" * 64, "0" * 65])
def test_a_head_has_the_right_form(path: Path, verify: Verify, head: str) -> None:
    assert verify(path, "--head", head) == (
        2,
        ["hostup-mcp: argument --head: an HMAC has 64 hexadecimal digits. See hostup-mcp --help."],
    )


def test_nothing_of_a_file_is_printed(path: Path, verify: Verify) -> None:
    """A terminal would obey it."""
    write(path, 2)
    path.write_bytes(b"\x1b]0;title\x07\n" + path.read_bytes().replace(b'"n"', b'"\x1b[31m"'))
    assert "\x1b" not in "".join(verify(path)[1])


def test_every_finding_has_its_words(path: Path, verify: Verify) -> None:
    from hostup_mcp.cli import audit

    assert set(audit._TEXTS) == set(Kind) - {Kind.UNKNOWN_KEY}
