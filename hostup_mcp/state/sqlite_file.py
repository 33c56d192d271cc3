"""The SQLite file of the stdio servers of one user: opens it, and notices that it was replaced.

Each transaction opens the file again and so notices that it was deleted or replaced. The journal
is SQLite's default, not WAL, which would leave files beside one that somebody copies or replaces;
the load is a few calls a minute.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

SCHEMA_VERSION = 1

_SCHEMA = (
    """CREATE TABLE file (
        generation TEXT NOT NULL, identity TEXT NOT NULL, changes INTEGER NOT NULL
    )""",
    "INSERT INTO file VALUES ('', '', 0)",
    """CREATE TABLE records (
        number INTEGER PRIMARY KEY,
        caller TEXT NOT NULL, kind TEXT NOT NULL, id TEXT NOT NULL,
        body TEXT NOT NULL, generation TEXT NOT NULL, expires REAL NOT NULL,
        consumed INTEGER NOT NULL DEFAULT 0,
        UNIQUE (caller, kind, id)
    )""",
    "CREATE TABLE locks (name TEXT PRIMARY KEY, token TEXT NOT NULL, expires REAL NOT NULL)",
    """CREATE TABLE recoveries (
        number INTEGER PRIMARY KEY,
        subject TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL,
        UNIQUE (subject, id)
    )""",
    f"PRAGMA user_version = {SCHEMA_VERSION}",
)

# On POSIX, closing a file ends all locks of this process on it, SQLite's included.
_creating = threading.Lock()


class NewerSchemaError(Exception):
    """The file was made by a newer version of this package."""


class CommitUnknownError(Exception):
    """A commit failed, and it is not known whether it took effect."""


@dataclass(frozen=True, slots=True)
class FileVersion:
    """Which file a transaction saw, and how many changes had been made to it."""

    generation: str = ""
    changes: int = 0


@contextmanager
def begin(path: Path, patience: float) -> Iterator[sqlite3.Connection]:
    """Open the file, creating it if it is missing, and begin a transaction that may write.

    Without a commit it is rolled back. `patience` is how many seconds to wait for the transactions
    of other connections.

    Raises:
        sqlite3.Error, OSError: the file cannot be used now.
    """
    with _creating:
        _create(path)
        identity = _identity(path)
        sql = sqlite3.connect(path, timeout=patience)
    with closing(sql):
        sql.execute("BEGIN IMMEDIATE")
        if _identity(path) != identity:
            raise FileNotFoundError
        yield sql


@contextmanager
def read(path: Path, patience: float) -> Iterator[sqlite3.Connection | None]:
    """Open the file to read it only; None if it has no tables yet.

    Raises:
        NewerSchemaError: it cannot be read by this version.
        sqlite3.Error, OSError: it cannot be read now.
    """
    sql = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=patience)
    with closing(sql):
        (version,) = sql.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise NewerSchemaError
        yield sql if version else None


def _create(path: Path) -> None:
    """Create the file and its folder if they are missing; only the owner may read them."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    else:
        if stat.S_ISREG(mode) and mode & 0o077:
            path.chmod(0o600)


def _identity(path: Path) -> str:
    """Return an identity of the file at `path`; a copy of it has another one."""
    status = path.stat()
    return f"{status.st_dev}:{status.st_ino}"


def check(sql: sqlite3.Connection, path: Path, seen: FileVersion) -> FileVersion:
    """Create the tables of a new file; start a new generation if the file was replaced.

    It was replaced if its identity differs (a copy was put in its place), or if it holds fewer
    changes than this process has seen (an older copy was written over it).

    Raises:
        NewerSchemaError: the file is not touched.
    """
    (version,) = sql.execute("PRAGMA user_version").fetchone()
    if version > SCHEMA_VERSION:
        raise NewerSchemaError
    if version == 0:
        for statement in _SCHEMA:
            sql.execute(statement)
    row = sql.execute("SELECT generation, identity, changes FROM file").fetchone()
    if row is None:
        raise sqlite3.DatabaseError
    generation, identity, changes = str(row[0]), str(row[1]), int(row[2])
    is_older = generation == seen.generation and changes < seen.changes
    if identity != _identity(path) or is_older:
        generation = secrets.token_hex(8)
        sql.execute("UPDATE file SET generation = ?, identity = ?", (generation, _identity(path)))
    return FileVersion(generation, changes)


def commit(sql: sqlite3.Connection, version: FileVersion) -> FileVersion:
    """Commit, and count the change if there was one.

    Raises:
        CommitUnknownError: it failed, and it is not known whether it took effect.
    """
    if sql.total_changes:
        version = FileVersion(version.generation, version.changes + 1)
        sql.execute("UPDATE file SET changes = ?", (version.changes,))
    try:
        sql.execute("COMMIT")
    except sqlite3.Error:
        if sql.in_transaction:
            raise
        raise CommitUnknownError from None
    return version
