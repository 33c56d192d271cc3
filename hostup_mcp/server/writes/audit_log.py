"""The audit log: one JSON line for each step of a write. It never holds a secret."""

from __future__ import annotations

import errno
import json
import logging
import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from hostup_mcp.hostup.text import Json
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import refuse

log = logging.getLogger("hostup_mcp.audit")


class AuditLog:
    """Appends to the program's log and, if `path` is given, to that file."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path

    def append(self, now: datetime, entry: Mapping[str, Json]) -> None:
        """Write one line; it is on disk when this returns.

        Raises:
            RefusalError: the file cannot be written, so nothing may be sent.
        """
        line = json.dumps({"time": now.isoformat(timespec="milliseconds"), **entry})
        log.info(line)
        if self._path is None:
            return
        try:
            file = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                data = line.encode() + b"\n"
                if os.write(file, data) < len(data):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                os.fsync(file)
            finally:
                os.close(file)
        except OSError as error:
            log.error("the audit log cannot be written: %s", error)
            raise refuse(texts.AUDIT_LOG_UNAVAILABLE) from None
