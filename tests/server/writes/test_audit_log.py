"""The audit log: whole JSON lines, only ever added, on the disk before anything leaves."""

import errno
import json
import logging
import os
import stat
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hostup_mcp.cli.logs import log_to_stderr
from hostup_mcp.config import Misconfigured
from hostup_mcp.hostup.text import Json
from hostup_mcp.server.app import build_server
from hostup_mcp.server.errors.failure import RefusalError
from hostup_mcp.server.services import Services
from hostup_mcp.server.writes.audit_log import AuditLog
from hostup_mcp.server.writes.consent import consent_to_harmless
from hostup_mcp.server.writes.context import WriteContext

from ..wiring import settings
from .bench import HARMLESS, VPS
from .words import REFUSALS

NOW = datetime(2026, 4, 27, 10, 0, 0, 123456, tzinfo=UTC)
FULL = Path("/dev/full")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "audit.jsonl"


def lines(path: Path) -> list[dict[str, object]]:
    text = path.read_text(encoding="utf-8")
    assert text.endswith("\n")
    return [json.loads(line) for line in text.splitlines()]


def test_an_entry_is_one_line_time_first(path: Path) -> None:
    AuditLog(path).append(NOW, {"tool": "x", "ids": {"id": "a"}, "request": None})
    assert lines(path) == [
        {"time": "2026-04-27T10:00:00.123+00:00", "tool": "x", "ids": {"id": "a"}, "request": None}
    ]
    assert path.read_text().startswith('{"time"')


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
    nothing = dict.fromkeys(("request", "consent", "requestId", "jobId"))
    assert before == {"time": before["time"], **known, **nothing, "outcome": "refused: unknown_id"}
    assert after == {
        "time": after["time"],
        **known,
        "request": {"method": "POST", "path": request.path, "body": body},
        "consent": {"by": "nobody", "how": "not asked: a slot"},
        "requestId": "req_1",
        "jobId": "job_1",
        "outcome": "sent",
    }


def test_it_only_appends(path: Path) -> None:
    path.write_text("before\n")
    AuditLog(path).append(NOW, {"n": 1})
    AuditLog(path).append(NOW, {"n": 2})
    before, *rest = path.read_text().splitlines()
    assert before == "before"
    assert [json.loads(line)["n"] for line in rest] == [1, 2]


def test_a_moved_file_is_made_again(path: Path) -> None:
    audit_log = AuditLog(path)
    audit_log.append(NOW, {"n": 1})
    path.rename(path.with_suffix(".1"))
    audit_log.append(NOW, {"n": 2})
    assert [entry["n"] for entry in lines(path)] == [2]


def test_only_its_owner_may_read_it(path: Path) -> None:
    old = os.umask(0)
    try:
        AuditLog(path).append(NOW, {})
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_is_on_disk_when_it_returns(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bytes] = []

    def fsync(fd: int, real: object = os.fsync) -> None:
        assert os.path.samestat(os.fstat(fd), path.stat())
        synced.append(path.read_bytes())

    monkeypatch.setattr(os, "fsync", fsync)
    AuditLog(path).append(NOW, {"n": 1})
    assert synced == [path.read_bytes()]
    assert synced[0].endswith(b"\n")


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
    refused(AuditLog(tmp_path), caplog, errno.EISDIR, tmp_path)
    missing = tmp_path / "missing" / "audit.jsonl"
    refused(AuditLog(missing), caplog, errno.ENOENT, missing)


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
def test_a_full_disk_is_a_refusal(caplog: pytest.LogCaptureFixture) -> None:
    refused(AuditLog(FULL), caplog, errno.ENOSPC)


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
    open_before = set(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else set()
    AuditLog(path).append(NOW, {})
    refused(AuditLog(tmp_path), caplog, errno.EISDIR, tmp_path)
    if open_before:
        assert len(os.listdir("/proc/self/fd")) <= len(open_before)


def test_without_a_file_it_is_only_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="hostup_mcp.audit"):
        AuditLog().append(NOW, {"tool": "x"})
    (record,) = caplog.records
    assert json.loads(record.getMessage())["tool"] == "x"


def test_with_a_file_it_is_logged_too(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="hostup_mcp.audit"):
        AuditLog(path).append(NOW, {"tool": "x"})
    assert [json.loads(r.getMessage()) for r in caplog.records] == lines(path)


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


def test_writers_at_once_keep_whole_lines(path: Path) -> None:
    def write(writer: int) -> None:
        audit_log = AuditLog(path)
        for number in range(25):
            audit_log.append(NOW, {"writer": writer, "number": number, "text": "x" * 2_000})

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen = [(entry["writer"], entry["number"]) for entry in lines(path)]
    assert len(seen) == 200
    for writer in range(8):
        assert [n for w, n in seen if w == writer] == list(range(25))
