"""State of a stdio session that can change nothing.

It is kept in the process, except for the records of restores: those of the user's other sessions
are read from their state file, which is neither created nor changed.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import anyio.to_thread

from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.store import StateUnavailableError

log = logging.getLogger(__name__)


class ReadOnlyState(InMemoryState):
    """A `StateStore` of one process that also shows the records of restores in a file.

    `find` returns the file's path; it is called when the first record is read. What is stored here
    hides a record of the file with the same id, and is in no other session.
    """

    def __init__(self, find: Callable[[], Path]) -> None:
        super().__init__()
        self._find = cache(find)

    async def recoveries(self, subject: str) -> Mapping[str, str]:
        own = await super().recoveries(subject)
        path = self._find()
        # Most users have no such file, and then nothing more is loaded.
        if not path.exists():
            return own
        return {**await anyio.to_thread.run_sync(_read, path, subject), **own}


def _read(path: Path, subject: str) -> dict[str, str]:
    import sqlite3

    from hostup_mcp.state.sqlite import BUSY_SECONDS, select_recoveries
    from hostup_mcp.state.sqlite_file import NewerSchemaError, read

    try:
        with read(path, BUSY_SECONDS) as sql:
            return {} if sql is None else select_recoveries(sql, subject)
    except NewerSchemaError:
        log.warning("the state file was made by a newer version of hostup-mcp")
    except (sqlite3.Error, OSError, ValueError) as error:
        reason = getattr(error, "sqlite_errorname", type(error).__name__)
        log.warning("the state file is unavailable: %s", reason)
    raise StateUnavailableError
