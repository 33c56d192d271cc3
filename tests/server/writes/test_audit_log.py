"""The audit log: whole JSON lines, only ever added, on the disk before anything leaves."""

import errno
import hashlib
import hmac
import json
import logging
import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from hostup_mcp.cli.logs import log_to_stderr
from hostup_mcp.config import Misconfigured
from hostup_mcp.hostup.text import Json
from hostup_mcp.server.app import build_server
from hostup_mcp.server.errors.failure import RefusalError
from hostup_mcp.server.services import Services
from hostup_mcp.server.writes import audit_log as audit_log_module
from hostup_mcp.server.writes.audit_chain import MAX_LINE, AuditKey
from hostup_mcp.server.writes.audit_keys import PROCESS_KEY, SANDBOX_KEY
from hostup_mcp.server.writes.audit_log import AuditLog, try_to_open
from hostup_mcp.server.writes.audit_verify import Kind, Verification
from hostup_mcp.server.writes.consent import Yes, consent_to_destructive, consent_to_harmless
from hostup_mcp.server.writes.context import WriteContext

from ..wiring import settings
from .bench import DESTRUCTIVE, HARMLESS, VPS
from .words import REFUSALS

NOW = datetime(2026, 4, 27, 10, 0, 0, 123456, tzinfo=UTC)
FULL = Path("/dev/full")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def lines(path: Path) -> list[dict[str, Any]]:
    text = path.read_text(encoding="utf-8")
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def chains(path: Path) -> list[dict[str, Any]]:
    return [entry["chain"] for entry in lines(path)]


def chains_signed(path: Path) -> list[dict[str, Any]]:
    return [entry["chain"] for entry in lines(path) if "hmac" in entry]


def found(path: Path, key: AuditKey = PROCESS_KEY) -> list[tuple[Kind, int]]:
    with path.open("rb") as file:
        findings = [*Verification({key.id: key}).findings(file)]
    return [(finding.kind, finding.line) for finding in findings]


# What is written ----------------------------------------------------------------------------------


def test_an_entry_is_one_line_time_first(path: Path) -> None:
    AuditLog(path).append(NOW, {"tool": "x", "ids": {"id": "a"}, "request": None})
    (entry,) = lines(path)
    assert [*entry] == ["time", "tool", "ids", "request", "chain", "hmac"]
    assert entry["time"] == "2026-04-27T10:00:00.123+00:00"
    assert (entry["tool"], entry["ids"], entry["request"]) == ("x", {"id": "a"}, None)


@pytest.mark.parametrize("text", ["a\nb", "a\r\nb", "\u2028", "\x1b[31m", "é", "\ud800", '"}\n{'])
def test_each_entry_stays_on_its_line(path: Path, text: str) -> None:
    audit_log = AuditLog(path)
    audit_log.append(NOW, {"tool": text})
    audit_log.append(NOW, {"tool": "next"})
    raw = path.read_bytes()
    assert raw.count(b"\n") == 2
    assert raw.isascii()
    assert [entry["tool"] for entry in lines(path)] == [text, "next"]


@pytest.mark.parametrize("body", [{"note": "x"}, None])
def test_a_write_logs_who_what_and_how(path: Path, body: dict[str, Json] | None) -> None:
    w = WriteContext(Services(settings(audit_log=path)), "change_vps", "ann", {"id": VPS})
    w.log("refused: unknown_id")
    request = replace(HARMLESS.request, body=body)
    w.consent = consent_to_harmless(replace(HARMLESS, request=request))
    w.request_id, w.job_id = "req_1", "job_1"
    w.log("sent")
    before, after = lines(path)
    known = {
        "caller": "ann",
        "tool": "change_vps",
        "ids": {"id": VPS},
        "writeId": w.write_id,
    }
    nothing = dict.fromkeys(("request", "price", "consent", "requestId", "jobId"))
    for entry in (before, after):
        assert entry.pop("time")
        assert entry.pop("chain")["key"] == SANDBOX_KEY.id
        assert entry.pop("hmac")
    assert before == {**known, **nothing, "outcome": "refused: unknown_id"}
    assert after == {
        **known,
        "request": {"method": "POST", "path": request.path, "body": body},
        "price": None,
        "consent": {"by": "nobody", "how": "not asked: a slot"},
        "requestId": "req_1",
        "jobId": "job_1",
        "outcome": "sent",
    }


def test_a_paid_write_logs_its_price(path: Path) -> None:
    w = WriteContext(Services(settings(audit_log=path)), "change_vps", "ann", {"id": VPS})
    price: dict[str, Json] = {"currency": "SEK", "perHour": 0.5, "perMonth": None}
    yes = Yes("user", "typed the name")
    for proposal in (DESTRUCTIVE, replace(DESTRUCTIVE, price=price)):
        w.consent = consent_to_destructive(proposal, yes)
        w.log("sent")
    assert [entry["price"] for entry in lines(path)] == [None, price]


def test_it_only_appends(path: Path) -> None:
    path.write_text("before\n")
    AuditLog(path).append(NOW, {"n": 1})
    AuditLog(path).append(NOW, {"n": 2})
    before, *rest = path.read_text().splitlines()
    assert before == "before"
    assert [json.loads(line)["n"] for line in rest] == [1, 2]


def test_only_its_owner_may_read_it(path: Path) -> None:
    old = os.umask(0)
    try:
        AuditLog(path).append(NOW, {})
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_is_on_disk_when_it_returns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[Path, bytes]] = []

    def fsync(fd: int) -> None:
        is_file = os.path.samestat(os.fstat(fd), path.stat())
        assert is_file or os.path.samestat(os.fstat(fd), path.parent.stat())
        synced.append((path if is_file else path.parent, path.read_bytes()))

    monkeypatch.setattr(os, "fsync", fsync)
    audit_log = AuditLog(path)
    audit_log.append(NOW, {"n": 1})
    first = path.read_bytes()
    audit_log.append(NOW, {"n": 2})
    new_name = [(path.parent, first)] if os.name == "posix" else []
    assert synced == [(path, first), *new_name, (path, path.read_bytes())]
    assert first.endswith(b"\n")


def refused(
    audit_log: AuditLog, caplog: pytest.LogCaptureFixture, code: int, path: Path | None = None
) -> None:
    error = OSError(code, os.strerror(code), *([] if path is None else [str(path)]))
    caplog.clear()
    with pytest.raises(RefusalError) as refusal:
        audit_log.append(NOW, {"n": 1})
    failure = refusal.value.failure
    assert (failure.kind, failure.message, failure.next_step) == REFUSALS["not logged"]
    assert caplog.messages == [f"the audit log cannot be written: {error}"]


def test_an_unusable_path_is_a_refusal(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    refused(AuditLog(folder), caplog, errno.EISDIR, folder)
    missing = tmp_path / "missing" / "audit.jsonl"
    refused(AuditLog(missing), caplog, errno.ENOENT, missing)
    assert not missing.parent.exists()


def test_a_file_that_stays_busy_is_a_refusal(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(audit_log_module, "BUSY_SECONDS", 0)
    with FileLock(f"{path}.lock"), pytest.raises(RefusalError):
        AuditLog(path).append(NOW, {"n": 1})
    assert not path.exists()
    assert "could not be acquired" in caplog.text
    AuditLog(path).append(NOW, {"n": 1})


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
def test_a_full_disk_is_a_refusal(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.symlink_to(FULL)
    refused(AuditLog(path), caplog, errno.ENOSPC)


def test_half_a_line_is_a_refusal(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, bytes(data)[:10]))
    refused(AuditLog(path), caplog, errno.ENOSPC)


def test_a_failed_sync_is_a_refusal(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fsync(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fsync)
    refused(AuditLog(path), caplog, errno.EIO)


def test_no_open_file_is_left_behind(
    path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    open_before = set(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else set()
    AuditLog(path).append(NOW, {})
    refused(AuditLog(folder), caplog, errno.EISDIR, folder)
    if open_before:
        assert len(os.listdir("/proc/self/fd")) <= len(open_before)


def test_without_a_file_it_is_only_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="hostup_mcp.audit"):
        AuditLog().append(NOW, {"tool": "x"})
    (record,) = caplog.records
    assert json.loads(record.getMessage())["tool"] == "x"


def test_with_a_file_it_is_logged_too(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The same line, so that a collector of logs has the head of the file too."""
    with caplog.at_level(logging.INFO, logger="hostup_mcp.audit"):
        AuditLog(path).append(NOW, {"tool": "x"})
    assert caplog.messages == path.read_text().splitlines()


def test_what_cannot_be_written_is_logged(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.mkdir()
    with (
        caplog.at_level(logging.INFO, logger="hostup_mcp.audit"),
        pytest.raises(RefusalError),
    ):
        AuditLog(path).append(NOW, {"tool": "x"})
    assert json.loads(caplog.messages[0])["tool"] == "x"


@pytest.fixture
def quiet_log(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The logging of a process that has set up none yet."""
    root, audit = logging.getLogger(), logging.getLogger("hostup_mcp.audit")
    levels = root.level, audit.level
    monkeypatch.setattr(root, "handlers", [])
    yield
    root.setLevel(levels[0])
    audit.setLevel(levels[1])


@pytest.mark.usefixtures("quiet_log")
def test_the_command_logs_it_to_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    """However quiet the rest of its log is, and whatever the SDK sets up later."""
    log_to_stderr()
    build_server(Misconfigured(()))
    logging.getLogger("hostup_mcp").info("something else")
    AuditLog().append(NOW, {"tool": "restore_vps"})
    (line,) = capsys.readouterr().err.splitlines()
    assert '"tool": "restore_vps"' in line


# The chain ----------------------------------------------------------------------------------------


def test_each_line_signs_the_one_before(path: Path) -> None:
    """Computed as docs/audit-log.md says, without the code that signs."""
    audit_log = AuditLog(path)
    for number in range(3):
        audit_log.append(NOW, {"n": number})
    previous = None
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        content, _, end = line.partition(b', "hmac": "')
        chain = json.loads(line)["chain"]
        assert (chain["seq"], chain["previous"]) == (number, previous)
        previous = hmac.new(PROCESS_KEY.secret, content, hashlib.sha256).hexdigest()
        assert end == f'{previous}"}}'.encode()
    assert [[*chain][4:] for chain in chains(path)] == [["begins"], [], []]
    assert chains(path)[0]["begins"] == "new_file"
    assert len({chain["id"] for chain in chains(path)}) == 1


def test_another_process_continues_the_chain(path: Path) -> None:
    for number in range(3):
        AuditLog(path).append(NOW, {"n": number})
    assert [chain["seq"] for chain in chains(path)] == [1, 2, 3]
    assert found(path) == []


def test_writers_at_once_keep_one_chain(path: Path) -> None:
    """Three processes with two threads each."""
    program = (
        "import sys, threading\n"
        "from datetime import UTC, datetime\n"
        "from pathlib import Path\n"
        "from hostup_mcp.server.writes.audit_keys import SANDBOX_KEY\n"
        "from hostup_mcp.server.writes.audit_log import AuditLog\n"
        "def write(name):\n"
        "    log = AuditLog(Path(sys.argv[1]), lambda: SANDBOX_KEY)\n"
        "    for n in range(20):\n"
        "        log.append(datetime.now(UTC), {'writer': name, 'n': n, 'text': 'x' * 2000})\n"
        "threads = [threading.Thread(target=write, args=(sys.argv[2] + t,)) for t in 'ab']\n"
        "[thread.start() for thread in threads]\n"
        "[thread.join() for thread in threads]\n"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", program, str(path), str(number)])
        for number in range(3)
    ]
    assert [child.wait(timeout=60) for child in children] == [0] * 3
    seen = [(entry["writer"], entry["n"]) for entry in lines(path)]
    assert len(seen) == 120
    for writer in {writer for writer, _ in seen}:
        assert [n for w, n in seen if w == writer] == list(range(20))
    assert found(path, SANDBOX_KEY) == [(Kind.SANDBOX, 1)]


def test_only_the_end_of_a_file_is_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit_log = AuditLog(path)
    audit_log.append(NOW, {"n": 1})
    with path.open("ab") as file:
        file.write(b"x" * 100 * MAX_LINE + b"\n")
    audit_log.append(NOW, {"n": 2})
    read, real = [], os.read
    monkeypatch.setattr(os, "read", lambda fd, size: read.append(size) or real(fd, size))
    audit_log.append(NOW, {"n": 3})
    assert sum(read) <= 16 * 1024
    with path.open("rb") as file:
        file.seek(-4096, os.SEEK_END)
        two, three = (json.loads(line)["chain"] for line in file.read().splitlines()[1:])
    assert (two["seq"], two["begins"]) == (1, "unsigned_lines")
    assert "skipped" not in two, "the whole file would have to be read"
    assert (three["id"], three["seq"]) == (two["id"], 2)


def test_a_long_line_is_followed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it is, what stands after it, and however little is read at once."""
    real = os.read
    monkeypatch.setattr(os, "read", lambda fd, size: real(fd, min(size, 10_000)))
    audit_log = AuditLog(path)
    audit_log.append(NOW, {"n": "x" * 900_000, "chain of": {"a": 1, "chain": {"id": "b"}}})
    audit_log.append(NOW, {"n": 2})
    with path.open("a") as file:
        file.write('{"n": "%s"}\n' % ("x" * 900_000))
    audit_log.append(NOW, {"n": 3})
    assert found(path) == [(Kind.UNSIGNED, 3)]
    assert [chain["seq"] for chain in chains_signed(path)] == [1, 2, 3]


def test_trying_writes_nothing(path: Path) -> None:
    try_to_open(path)
    assert not path.exists()
    AuditLog(path).append(NOW, {"n": 1})
    before = path.read_bytes()
    try_to_open(path)
    assert path.read_bytes() == before
    path.unlink()
    path.mkdir()
    with pytest.raises(IsADirectoryError):
        try_to_open(path)


def test_a_renamed_file_ends_its_chain(path: Path) -> None:
    """A new file begins a new chain, and says where the process's last line is."""
    first, second = AuditLog(path), AuditLog(path)
    first.append(NOW, {"n": 1})
    second.append(NOW, {"n": 2})
    old = path.rename(path.with_suffix(".1"))
    first.append(NOW, {"n": 3})
    second.append(NOW, {"n": 4})
    second.append(NOW, {"n": 5})
    of_first, of_second = (entry["hmac"] for entry in lines(old))
    new = chains(path)
    assert [entry["n"] for entry in lines(path)] == [3, 4, 5]
    assert [chain["seq"] for chain in new] == [1, 2, 3]
    assert new[0]["id"] != chains(old)[0]["id"]
    assert new[0]["begins"] == "new_file"
    assert [chain.get("earlier") for chain in new] == [of_first, of_second, None]
    assert found(old) == []
    assert found(path) == [(Kind.FOLLOWS, 1), (Kind.FOLLOWS, 2)]


def test_a_renamed_file_and_the_next_can_be_joined(path: Path) -> None:
    first, second = AuditLog(path), AuditLog(path)
    first.append(NOW, {"n": 1})
    second.append(NOW, {"n": 2})
    old = path.rename(path.with_suffix(".1")).read_bytes()
    second.append(NOW, {"n": 3})
    first.append(NOW, {"n": 4})
    new = path.read_bytes()
    path.write_bytes(old + new)
    assert found(path) == [(Kind.FOLLOWS, 4)]
    old_1, _ = old.splitlines(keepends=True)
    _, new_2 = new.splitlines(keepends=True)
    path.write_bytes(old_1 + new_2)
    assert found(path) == [(Kind.OTHER_CHAIN, 2)]


def test_after_a_restart_a_new_file_names_none(path: Path) -> None:
    AuditLog(path).append(NOW, {"n": 1})
    path.unlink()
    AuditLog(path).append(NOW, {"n": 2})
    assert "earlier" not in chains(path)[0]
    assert found(path) == []


def test_nothing_continues_a_torn_line(path: Path) -> None:
    """Wherever the last line ends, the next one stands on its own and says what it followed."""
    AuditLog(path).append(NOW, {"n": 1})
    first = path.read_bytes()
    AuditLog(path).append(NOW, {"n": 2})
    whole = path.read_bytes()
    for end in range(len(first) + 1, len(whole) - 1, 5):
        path.write_bytes(whole[:end])
        assert found(path) == [(Kind.TORN_AT_END, 2)]
        AuditLog(path).append(NOW, {"n": 3})
        AuditLog(path).append(NOW, {"n": 4})
        text = path.read_bytes().splitlines()
        assert text[1] == whole[len(first) : end]
        assert [json.loads(line)["chain"]["seq"] for line in text[2:]] == [2, 3]
        assert found(path) == [(Kind.TORN, 2)]
        altered = [*text[:2], text[2].replace(b'"n"', b'"m"'), text[3], b""]
        path.write_bytes(b"\n".join(altered))
        assert found(path) == [(Kind.FOREIGN, 2), (Kind.ALTERED, 3)]
        text[1] += b"?"
        path.write_bytes(b"\n".join([*text, b""]))
        assert found(path) == [(Kind.FOREIGN, 2), (Kind.GONE, 3)]


def test_a_missing_line_end_tears_nothing(path: Path) -> None:
    AuditLog(path).append(NOW, {"n": 1})
    path.write_bytes(path.read_bytes()[:-1])
    assert found(path) == []
    AuditLog(path).append(NOW, {"n": 2})
    assert [entry["n"] for entry in lines(path)] == [1, 2]
    assert found(path) == []


def test_a_torn_first_line_is_said_to_be_torn(path: Path) -> None:
    path.write_bytes(b'{"time": "2026')
    AuditLog(path).append(NOW, {"n": 1})
    assert found(path) == [(Kind.TORN, 1)]


def test_an_older_file_gets_a_chain(path: Path) -> None:
    """What stood before it is sealed with its first line."""
    older = '{"time": "2026-01-01T00:00:00.000+00:00", "n": 0}\n'
    path.write_text(older * 2)
    AuditLog(path).append(NOW, {"n": 1})
    AuditLog(path).append(NOW, {"n": 2})
    assert [chain["seq"] for chain in (entry["chain"] for entry in lines(path)[2:])] == [1, 2]
    assert lines(path)[2]["chain"]["begins"] == "unsigned_lines"
    assert found(path) == [(Kind.UNSIGNED, 1)]
    for changed in (older, older * 3, older.replace("0}", "1}") * 2, ""):
        path.write_text(changed + "".join(path.read_text().splitlines(keepends=True)[-2:]))
        assert (Kind.GONE, changed.count("\n") + 1) in found(path)


def test_an_unsigned_line_breaks_no_chain(path: Path) -> None:
    """As an older version writes beside this one."""
    AuditLog(path).append(NOW, {"n": 1})
    with path.open("a") as file:
        file.write('{"n": 2}\n{"n": 2}\n')
    AuditLog(path).append(NOW, {"n": 3})
    assert found(path) == [(Kind.UNSIGNED, 2)]
    path.write_text(path.read_text().replace('{"n": 2}\n', "", 1))
    assert found(path) == [(Kind.UNSIGNED, 2), (Kind.GONE, 3)]


def test_long_older_files_are_missed_too(path: Path) -> None:
    """Although their lines are not sealed."""
    path.write_text('{"n": "%s"}\n' % ("x" * MAX_LINE) * 3)
    AuditLog(path).append(NOW, {"n": 1})
    assert found(path) == [(Kind.FOREIGN, 1)]
    path.write_text(path.read_text().splitlines()[-1] + "\n")
    assert found(path) == [(Kind.GONE, 1)]


@pytest.mark.parametrize("kept", [1, 2])
def test_lines_that_were_removed_are_missed(
    path: Path, kept: int, caplog: pytest.LogCaptureFixture
) -> None:
    """By the process that wrote them, as soon as it writes again."""
    audit_log = AuditLog(path)
    for number in range(3):
        audit_log.append(NOW, {"n": number})
    last = lines(path)[-1]["hmac"]
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:kept]))
    if kept == 2:  # and another process puts a line in the place of the third
        AuditLog(path).append(NOW, {"n": "other"})
    audit_log.append(NOW, {"n": 4})
    assert chains(path)[-1]["begins"] == "lines_removed"
    assert chains(path)[-1]["earlier"] == last
    with path.open("rb") as file:
        (removed,) = Verification({PROCESS_KEY.id: PROCESS_KEY}).findings(file)
    assert (removed.kind, removed.detail) == (Kind.LINES_REMOVED, last)
    assert removed.line == removed.until == len(lines(path))
    assert caplog.messages == [f"lines were removed from the audit log {path}"]


def test_a_line_that_was_not_synced_is_continued(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be in the file although it was refused."""

    def fsync(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    audit_log = AuditLog(path)
    audit_log.append(NOW, {"n": 1})
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fsync)
        with pytest.raises(RefusalError):
            audit_log.append(NOW, {"n": 2})
    audit_log.append(NOW, {"n": 3})
    assert found(path) == []


@pytest.mark.parametrize("key", [b"1" * 32, b"2" * 32])
def test_the_key_is_asked_for_each_time(path: Path, key: bytes) -> None:
    keys = [AuditKey("first", key), AuditKey("second", b"3" * 32)]
    following = iter(keys)
    audit_log = AuditLog(path, lambda: next(following))
    audit_log.append(NOW, {"n": 1})
    audit_log.append(NOW, {"n": 2})
    with path.open("rb") as file:
        assert [*Verification({key.id: key for key in keys}).findings(file)] == []
    assert [chain["key"] for chain in chains(path)] == ["first", "second"]
