"""The audit log: whole JSON lines, only ever added, on the disk before anything leaves."""

import json
import logging
import os
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hostup_mcp.hostup.text import Json
from hostup_mcp.server.failures import Refusal
from hostup_mcp.server.services import Services
from hostup_mcp.server.writes.audit_log import AuditLog
from hostup_mcp.server.writes.consent import consent_to_harmless
from hostup_mcp.server.writes.context import WriteContext

from ..wiring import settings
from .bench import HARMLESS, VPS

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
def test_whatever_is_logged_stays_on_its_line(path: Path, text: str) -> None:
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
    known = {"caller": "ann", "tool": "change_vps", "ids": {"id": VPS}}
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


def test_what_was_there_stays(path: Path) -> None:
    path.write_text("before\n")
    AuditLog(path).append(NOW, {"n": 1})
    AuditLog(path).append(NOW, {"n": 2})
    before, *rest = path.read_text().splitlines()
    assert before == "before"
    assert [json.loads(line)["n"] for line in rest] == [1, 2]


def test_a_file_moved_away_is_made_anew(path: Path) -> None:
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


def refused(audit_log: AuditLog) -> None:
    with pytest.raises(Refusal) as refusal:
        audit_log.append(NOW, {"n": 1})
    failure = refusal.value.failure
    assert failure.kind == "no_audit_log"
    assert "Nothing was changed" in failure.message
    assert "HOSTUP_MCP_AUDIT_LOG" in failure.next_step


def test_a_file_that_cannot_be_opened_is_a_refusal(tmp_path: Path) -> None:
    refused(AuditLog(tmp_path))
    refused(AuditLog(tmp_path / "missing" / "audit.jsonl"))


@pytest.mark.skipif(not FULL.exists(), reason="needs a device that is always full")
def test_a_full_disk_is_a_refusal() -> None:
    refused(AuditLog(FULL))


def test_half_a_line_is_not_taken_for_written(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda fd, data: real(fd, bytes(data)[:10]))
    try:
        AuditLog(path).append(NOW, {"n": 1})
    except Refusal:
        return
    assert lines(path)[0]["n"] == 1


def test_a_disk_that_fails_late_is_a_refusal(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fsync(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    refused(AuditLog(path))


def test_no_open_file_is_left_behind(path: Path, tmp_path: Path) -> None:
    open_before = set(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else set()
    AuditLog(path).append(NOW, {})
    refused(AuditLog(tmp_path))
    if open_before:
        assert len(os.listdir("/proc/self/fd")) <= len(open_before)


def test_without_a_file_it_is_in_the_log_alone(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="hostup_mcp.audit"):
        AuditLog().append(NOW, {"tool": "x"})
    (record,) = caplog.records
    assert json.loads(record.getMessage())["tool"] == "x"


def test_with_a_file_it_is_in_the_log_too(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="hostup_mcp.audit"):
        AuditLog(path).append(NOW, {"tool": "x"})
    assert [json.loads(r.getMessage()) for r in caplog.records] == lines(path)


def test_the_running_command_shows_it() -> None:
    program = (
        "from datetime import datetime\n"
        "from hostup_mcp.logs import log_to_stderr\n"
        "log_to_stderr()\n"
        "from hostup_mcp.config import Misconfigured\n"
        "from hostup_mcp.server.app import build_server\n"
        "from hostup_mcp.server.writes.audit_log import AuditLog\n"
        "build_server(Misconfigured(()))\n"
        "AuditLog().append(datetime(2026, 1, 1), {'tool': 'restore_vps'})\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    )
    assert '"tool": "restore_vps"' in run.stderr


def test_writers_at_the_same_time_keep_whole_lines(path: Path) -> None:
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
