"""The form of the log: no text from elsewhere begins a line, colors it, or reorders it."""

from __future__ import annotations

import json
import logging
import unicodedata
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostup_mcp.cli.logs import CONTINUED, escaped, log_to_stderr

FORGED = 'INFO hostup_mcp.audit: {"outcome": "succeeded"}'
ODD = {
    "a line": (f"x\n{FORGED}", rf"x\n{FORGED}"),
    "a return": (f"x\r\n{FORGED}", rf"x\r\n{FORGED}"),
    "another line": (f"x\u0085{FORGED}\u2028{FORGED}", rf"x\x85{FORGED}\u2028{FORGED}"),
    "a color": ("x\x1b[31m", r"x\x1b[31m"),
    "a color in one byte": ("x\x9b31m", r"x\x9b31m"),
    "the end of a text": ("x\x00\x7f\x08", r"x\x00\x7f\x08"),
    "another direction": ("x\u202e\u2066", r"x\u202e\u2066"),
    "nothing to see": ("x\u200b\U000e0041\ufeff", r"x\u200b\U000e0041\ufeff"),
    "half a character": ("x\ud800", r"x\ud800"),
    "text": ("å 日本 \\n", "å 日本 \\n"),
}


@pytest.fixture(params=[False, True], ids=["text", "JSON"])
def as_json(request: pytest.FixtureRequest) -> Iterator[bool]:
    """Restores what the log of the process is afterwards."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield request.param
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in ("hostup_mcp.audit", "hostup_mcp.remote.serve"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def begin(as_json: bool) -> None:
    """Log to the stderr of the test alone."""
    logging.getLogger().handlers[:] = []
    log_to_stderr(as_json=as_json)


def logged(capsys: pytest.CaptureFixture[str], as_json: bool) -> list[dict[str, Any]]:
    """The records on stderr: `message`, and `exception` if there is one."""
    written = capsys.readouterr().err
    assert all(char == "\n" or char.isprintable() for char in written)
    assert written.endswith("\n")
    if as_json:
        return [json.loads(line) for line in written.split("\n")[:-1]]
    records: list[dict[str, Any]] = []
    for line in written.split("\n")[:-1]:
        if line.startswith(CONTINUED[1:]):
            records[-1].setdefault("exception", "")
            records[-1]["exception"] += line
            continue
        level, name, message = line.split(" ", 2)
        records.append({"level": level.lower(), "logger": name[:-1], "message": message})
    return records


@pytest.mark.parametrize(("text", "shown"), ODD.values(), ids=ODD)
def test_a_message_is_one_line(
    text: str, shown: str, as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(as_json)
    logging.getLogger("mcp.server.sse").warning("invalid: %s", text)
    (record,) = logged(capsys, as_json)
    assert record["message"] == f"invalid: {shown}"
    assert (record["level"], record["logger"]) == ("warning", "mcp.server.sse")


def test_a_traceback_forges_no_record(as_json: bool, capsys: pytest.CaptureFixture[str]) -> None:
    begin(as_json)
    try:
        raise ValueError(f"no\n{FORGED}\n\x1b[31m\u202e")
    except ValueError:
        logging.getLogger("mcp.server").exception("Failed to parse message")
    (record,) = logged(capsys, as_json)
    assert record["message"] == "Failed to parse message"
    assert FORGED in record["exception"]
    assert r"\x1b[31m\u202e" in record["exception"]
    assert f"\n{FORGED}" not in record["exception"]


def test_arguments_that_do_not_fit_are_logged(
    as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(as_json)
    logging.getLogger("a.library").error("%d of %d", f"x\n{FORGED}")
    (record,) = logged(capsys, as_json)
    assert record["message"] == f"%d of %d {(f'x{chr(10)}{FORGED}',)}"


@given(st.text())
def test_any_text_becomes_printable(text: str) -> None:
    shown = escaped(text)
    assert shown.isprintable()
    assert not {unicodedata.category(char) for char in shown} & {"Cc", "Cf", "Zl", "Zp"}
    assert (shown == text) == text.isprintable()
