"""The trail: one JSON line for each thing that happens to a write. It never holds a secret."""

from __future__ import annotations

import errno
import json
import logging
import os
from datetime import datetime
from pathlib import Path

from hostup_mcp.server import failures

log = logging.getLogger("hostup_mcp.trail")


class Trail:
    """Appends to the log and, where one is named, to a file that is only ever added to."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    def note(self, now: datetime, entry: dict[str, object]) -> None:
        """Write one line; it is on the disk when this returns.

        Raises:
            Refusal: the file cannot be written, so nothing may be sent.
        """
        line = json.dumps({"time": now.isoformat(timespec="milliseconds"), **entry})
        log.info("%s", line)
        if self._path is None:
            return
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                entry_line = line.encode() + b"\n"
                if os.write(file, entry_line) < len(entry_line):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            log.error("the audit log cannot be written: %s", error.strerror)
            raise failures.refuse(
                "no_audit_log",
                "The audit log of this server cannot be written. Nothing was changed.",
                "Ask the person to make the file of HOSTUP_MCP_AUDIT_LOG writable.",
            ) from None
