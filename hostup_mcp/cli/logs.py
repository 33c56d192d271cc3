"""Logs go to stderr, one line each; stdout belongs to the protocol."""

from __future__ import annotations

import json
import logging
import sys


def log_to_stderr(level: int = logging.WARNING, *, as_json: bool = False) -> None:
    """Log everything at `level` and above to stderr. Call it before the SDK sets up its own log."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json() if as_json else logging.Formatter(_TEXT))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # The audit log and the address are always logged.
    for name in ("hostup_mcp.audit", "hostup_mcp.remote.serve"):
        logging.getLogger(name).setLevel(logging.INFO)


_TEXT = "%(levelname)s %(name)s: %(message)s"


class _Json(logging.Formatter):
    """One JSON object per line, for log collectors."""

    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["exception"] = self.formatException(record.exc_info)
        return json.dumps(entry, ensure_ascii=False)
