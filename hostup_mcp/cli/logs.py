"""Logs go to stderr, one line each; stdout belongs to the protocol.

Whatever a library logs, a text that came from elsewhere cannot begin a line of its own, and cannot
color or reorder what a terminal shows: invisible characters are written as escapes.
"""

from __future__ import annotations

import json
import logging
import sys

CONTINUED = "\n  | "
"""Between the lines of a record with a traceback; no record begins like that."""


def log_to_stderr(level: int = logging.WARNING, *, as_json: bool = False) -> None:
    """Log everything at `level` and above to stderr. Call it before the SDK sets up its own log."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if as_json else _Text())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # The audit log and the address are always logged.
    for name in ("hostup_mcp.audit", "hostup_mcp.remote.serve"):
        logging.getLogger(name).setLevel(logging.INFO)


def escaped(text: str) -> str:
    r"""Return `text` with each character that is not printable as an escape such as `\x1b`."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


class _Text(logging.Formatter):
    """One line, and with a traceback further lines that are marked."""

    def format(self, record: logging.LogRecord) -> str:
        first = f"{record.levelname} {record.name}: {_message(record)}"
        return CONTINUED.join([first, *_traceback(record)])


class _Json(logging.Formatter):
    """One JSON object per line, for log collectors. Its texts are escaped when decoded, too."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
        }
        if traceback := _traceback(record):
            entry["exception"] = CONTINUED.join(traceback)
        return json.dumps(entry, ensure_ascii=False)


def _message(record: logging.LogRecord) -> str:
    try:
        return escaped(record.getMessage())
    except (TypeError, ValueError):
        # The arguments do not fit the text; `logging` would print both as they are.
        return escaped(f"{record.msg} {record.args}")


def _traceback(record: logging.LogRecord) -> list[str]:
    formatter = logging.Formatter()
    text = formatter.formatException(record.exc_info) if record.exc_info else ""
    return [escaped(line) for line in text.split("\n")] if text else []
