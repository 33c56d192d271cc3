"""What only the store in a SQLite file promises: the file, other processes, and what goes wrong."""

# What blocks here takes no time, and nothing else runs in the loop of a test.
# ruff: noqa: ASYNC220, ASYNC240

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import anyio
import anyio.to_thread
import platformdirs
import pytest
from support.waiting import until

from hostup_mcp.state import sqlite, sqlite_file
from hostup_mcp.state.folders import state_file
from hostup_mcp.state.sqlite import SqliteState
from hostup_mcp.state.store import (
    ConsumeResult,
    Consumption,
    Lock,
    Record,
    RecordKey,
    RecordKind,
    StateReplyLostError,
    StateUnavailableError,
)

from .servers import DEADLINE

PLAN = RecordKey(RecordKind.PLAN, "plan_1")
CONSUMED = ConsumeResult(Consumption.CONSUMED)
ALREADY = ConsumeResult(Consumption.ALREADY_CONSUMED, PLAN)
POSIX = pytest.mark.skipif(os.name != "posix", reason="there are no such modes")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "folder" / "state.db"


@pytest.fixture
def state(path: Path) -> SqliteState:
    return SqliteState(path)


async def planned(state: SqliteState, name: str = "vps") -> Lock:
    await state.put_record("ann", PLAN, "body", seconds=600, at_most=50)
    lock = await state.acquire(name, 600)
    assert lock is not None
    return lock


async def everything_is_unavailable(state: SqliteState) -> None:
    assert not await state.is_available()
    assert not state.is_usable()
    for call in (
        state.generation(),
        state.put_record("ann", PLAN, "", seconds=600, at_most=50),
        state.get_record("ann", PLAN),
        state.consume("ann", [PLAN], Lock("vps", "token")),
        state.acquire("vps", 600),
        state.seconds_locked("vps"),
        state.release(Lock("vps", "token")),
        state.put_recovery("vps", "job", ""),
        state.recoveries("vps"),
        state.delete_recovery("vps", "job"),
    ):
        with pytest.raises(StateUnavailableError):
            await call


# The file -----------------------------------------------------------------------------------------


def test_the_file_is_in_the_users_state(monkeypatch: pytest.MonkeyPatch) -> None:
    assert state_file() == platformdirs.user_state_path("hostup-mcp", False) / "state.db"
    asked: list[object] = []

    def folder(*given: object, **options: object) -> Path:
        asked.append((given, options))
        return Path("x")

    monkeypatch.setattr(platformdirs, "user_state_path", folder)
    state_file()
    assert asked == [(("hostup-mcp",), {"appauthor": False})], "no folder of an author on Windows"


@POSIX
async def test_only_the_user_can_read_the_file(path: Path, state: SqliteState) -> None:
    """From the first transaction on."""
    await state.generation()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@POSIX
async def test_a_readable_file_is_made_private(path: Path, state: SqliteState) -> None:
    await state.put_recovery("vps", "job", "body")
    path.chmod(0o644)
    assert await state.recoveries("vps") == {"job": "body"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_nothing_is_left_beside_the_file(path: Path, state: SqliteState) -> None:
    await state.consume("ann", [PLAN], await planned(state))
    assert list(path.parent.iterdir()) == [path]


async def test_ids_stay_in_the_process(path: Path, state: SqliteState) -> None:
    await state.remember_ids("ann", {"vps": "note"})
    assert await state.recall_id("ann", "vps") == "note"
    assert await SqliteState(path).recall_id("ann", "vps") is None
    assert not path.exists()


async def test_state_outlives_the_process(path: Path, state: SqliteState) -> None:
    generation = await state.generation()
    lock = await planned(state)
    assert await state.consume("ann", [PLAN], lock) == CONSUMED
    later = SqliteState(path)
    assert await later.generation() == generation
    assert await later.consume("ann", [PLAN], lock) == ALREADY


async def test_expired_rows_are_deleted(path: Path) -> None:
    now = 1_000.0
    state = SqliteState(path, clock=lambda: now)
    await planned(state)
    now += 601
    await state.put_record("bob", PLAN, "", seconds=600, at_most=50)
    await state.acquire("another vps", 600)
    with closing(sqlite3.connect(path)) as sql:
        assert sql.execute("SELECT caller FROM records").fetchall() == [("bob",)]
        assert sql.execute("SELECT name FROM locks").fetchall() == [("another vps",)]


def test_it_can_be_made_outside_a_loop(path: Path) -> None:
    assert anyio.run(SqliteState(path).is_available)
    assert SqliteState(path.parent / "nested" / "state.db").is_usable()


async def test_each_change_is_counted_once(path: Path, state: SqliteState) -> None:
    await state.put_recovery("vps", "job", "body")
    await state.recoveries("vps")
    await state.delete_recovery("vps", "job")
    with closing(sqlite3.connect(path)) as sql:
        assert sql.execute("SELECT changes FROM file").fetchall() == [(2,)]


async def test_calls_of_a_process_take_turns(
    state: SqliteState, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin, running, most = sqlite_file.begin, 0, 0

    @contextmanager
    def count(path: Path, patience: float) -> Iterator[sqlite3.Connection]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        time.sleep(0.01)
        with begin(path, patience) as sql:
            yield sql
        running -= 1

    monkeypatch.setattr(sqlite_file, "begin", count)
    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(state.generation)
    assert most == 1


# A file that was replaced -------------------------------------------------------------------------


async def refuses_the_yes_of_before(state: SqliteState, lock: Lock, generation: str) -> None:
    assert await state.get_record("ann", PLAN) == Record("body", False, is_current=False)
    other = ConsumeResult(Consumption.OTHER_GENERATION, PLAN)
    assert await state.consume("ann", [PLAN], lock) == other
    assert await state.generation() != generation
    await state.put_record("ann", PLAN, "new", seconds=600, at_most=50)
    assert await state.consume("ann", [PLAN], lock) == CONSUMED
    assert await state.consume("ann", [PLAN], lock) == ALREADY


async def test_a_copy_is_another_generation(path: Path, state: SqliteState) -> None:
    generation, lock = await state.generation(), await planned(state)
    shutil.copy(path, path.with_suffix(".backup"))
    assert await state.consume("ann", [PLAN], lock) == CONSUMED
    path.with_suffix(".backup").replace(path)
    await refuses_the_yes_of_before(SqliteState(path), lock, generation)


async def test_an_older_copy_written_over_it(path: Path, state: SqliteState) -> None:
    """The same place on the disk, and the same identifier in the file."""
    generation, lock = await state.generation(), await planned(state)
    older = path.read_bytes()
    assert await state.consume("ann", [PLAN], lock) == CONSUMED
    path.write_bytes(older)
    await refuses_the_yes_of_before(state, lock, generation)


async def test_a_deleted_file_starts_anew(path: Path, state: SqliteState) -> None:
    generation, lock = await state.generation(), await planned(state)
    path.unlink()
    assert await state.get_record("ann", PLAN) is None
    assert (await state.consume("ann", [PLAN], lock)).outcome is Consumption.LOCK_LOST
    assert await state.generation() != generation
    assert await state.consume("ann", [PLAN], await planned(state)) == CONSUMED


async def test_a_deleted_folder_starts_anew(path: Path, state: SqliteState) -> None:
    await planned(state)
    shutil.rmtree(path.parent)
    assert await state.is_available()
    assert await state.get_record("ann", PLAN) is None


@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced"])
async def test_a_file_that_vanishes_meanwhile(
    path: Path, state: SqliteState, monkeypatch: pytest.MonkeyPatch, replaced: bool
) -> None:
    await planned(state)
    connect = sqlite3.connect

    def connect_and_lose(*given: object, **options: object) -> sqlite3.Connection:
        sql: sqlite3.Connection = connect(*given, **options)  # type: ignore[call-overload]
        if replaced:
            shutil.copy(path, path.with_suffix(".copy"))
            path.with_suffix(".copy").replace(path)
        else:
            path.unlink()
        return sql

    monkeypatch.setattr(sqlite3, "connect", connect_and_lose)
    with pytest.raises(StateUnavailableError):
        await state.acquire("another vps", 600)
    monkeypatch.undo()
    assert await state.seconds_locked("another vps") == 0


# A file that cannot be used -----------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"not a database" * 1_000, b"SQLite format 3\x00garbage"])
async def test_a_corrupt_file_is_left_as_it_is(
    path: Path, state: SqliteState, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    await everything_is_unavailable(state)
    assert set(caplog.messages) == {"the state file is unavailable: SQLITE_NOTADB"}
    assert path.read_bytes() == content


async def test_a_damaged_file_is_unavailable(path: Path, state: SqliteState) -> None:
    await planned(state)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    await everything_is_unavailable(state)


@pytest.mark.parametrize(
    "change", ["DELETE FROM file", "DROP TABLE file", "UPDATE file SET changes = 'many'"]
)
async def test_a_file_with_changed_tables(path: Path, state: SqliteState, change: str) -> None:
    await planned(state)
    with closing(sqlite3.connect(path, isolation_level=None)) as sql:
        sql.execute(change)
    await everything_is_unavailable(state)


async def test_a_newer_file_is_left_as_it_is(
    path: Path, state: SqliteState, caplog: pytest.LogCaptureFixture
) -> None:
    await planned(state)
    with closing(sqlite3.connect(path, isolation_level=None)) as sql:
        sql.execute(f"PRAGMA user_version = {sqlite_file.SCHEMA_VERSION + 1}")
    content = path.read_bytes()
    await everything_is_unavailable(state)
    newer = "the state file was made by a newer version of hostup-mcp"
    assert set(caplog.messages) == {newer}
    assert path.read_bytes() == content


async def test_every_missing_folder_is_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "state.db"
    assert SqliteState(path).is_usable()
    assert path.exists()


async def test_a_folder_in_place_of_the_file(path: Path, state: SqliteState) -> None:
    path.mkdir(parents=True, mode=0o755)
    await everything_is_unavailable(state)
    assert os.access(path, os.X_OK)


async def test_a_file_in_place_of_the_folder(
    path: Path, state: SqliteState, caplog: pytest.LogCaptureFixture
) -> None:
    path.parent.write_text("")
    await everything_is_unavailable(state)
    assert set(caplog.messages) == {"the state file is unavailable: NotADirectoryError"}


@contextmanager
def without_privileges() -> Iterator[Path]:
    """A folder of a user who cannot read or write whatever they like."""
    is_root = os.geteuid() == 0
    folder = Path(tempfile.mkdtemp())
    if is_root:
        os.chown(folder, 65534, 65534)
        os.seteuid(65534)
    try:
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        folder.chmod(0o700)
        shutil.rmtree(folder)


@POSIX
async def test_a_read_only_folder_is_unavailable() -> None:
    with without_privileges() as folder:
        state = SqliteState(folder / "state.db")
        await planned(state)
        folder.chmod(0o500)
        assert await state.is_available() is False
        with pytest.raises(StateUnavailableError):
            await state.acquire("another vps", 600)
        await everything_is_unavailable(SqliteState(folder / "another" / "state.db"))


@POSIX
async def test_a_read_only_file_is_unavailable() -> None:
    with without_privileges() as folder:
        state = SqliteState(folder / "state.db")
        lock = await planned(state)
        (folder / "state.db").chmod(0o400)
        assert not await state.is_available()
        for call in (state.consume("ann", [PLAN], lock), state.acquire("another vps", 600)):
            with pytest.raises(StateUnavailableError):
                await call


@POSIX
async def test_a_full_disk_changes_nothing(path: Path, state: SqliteState) -> None:
    import resource

    await planned(state)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, hard))
    try:
        with pytest.raises(StateUnavailableError):
            await state.put_recovery("vps", "job", "x" * 100_000)
        with pytest.raises(StateUnavailableError):
            await state.put_recovery("vps", "job", "x" * 10_000_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert await state.recoveries("vps") == {}
    assert await state.get_record("ann", PLAN) is not None


# Other processes ----------------------------------------------------------------------------------

RACER = """
import sys
from pathlib import Path
import anyio
from hostup_mcp.state.sqlite import SqliteState
from hostup_mcp.state.store import Lock, RecordKey, RecordKind

async def main():
    state = SqliteState(Path(sys.argv[1]))
    print("ready", flush=True)
    sys.stdin.readline()
    print(*[int(await state.acquire(str(n), 600) is not None) for n in range(8)], flush=True)
    lock = Lock("vps", sys.stdin.readline().strip())
    keys = [RecordKey(RecordKind.PLAN, str(n)) for n in range(8)]
    print(*[int((await state.consume("ann", [k], lock)).outcome == "consumed") for k in keys])

anyio.run(main)
"""


class Racer:
    """Another process with a store in the file."""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", RACER, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def say(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def hear(self) -> list[str]:
        assert self.process.stdout is not None
        return self.process.stdout.readline().split()


def each_got_by_one(racers: list[Racer]) -> bool:
    """Of eight things that both processes went for at once, each was got by one of them."""
    one, other = (racer.hear() for racer in racers)
    return [int(a) + int(b) for a, b in zip(one, other, strict=True)] == [1] * 8


async def test_of_two_processes_one_gets_each(path: Path, state: SqliteState) -> None:
    """Each lock, while they also race for creating the file; and each plan."""
    racers = [Racer(path), Racer(path)]
    assert [racer.hear() for racer in racers] == [["ready"]] * 2
    for racer in racers:
        racer.say("go")
    assert each_got_by_one(racers)
    for number in range(8):
        key = RecordKey(RecordKind.PLAN, str(number))
        await state.put_record("ann", key, "", seconds=600, at_most=50)
    lock = await state.acquire("vps", 600)
    assert lock is not None
    for racer in racers:
        racer.say(lock.token)
    assert each_got_by_one(racers)
    for racer in racers:
        racer.process.communicate(timeout=DEADLINE)
    assert [racer.process.returncode for racer in racers] == [0, 0]


KILLED = """
import sys, time
from pathlib import Path
import anyio
from hostup_mcp.state import sqlite_file
from hostup_mcp.state.sqlite import SqliteState

def hang(*_):
    print("ready", flush=True)
    time.sleep(600)

sqlite_file.commit = hang
# More than SQLite keeps in memory: a part of it is in the file before the commit.
anyio.run(SqliteState(Path(sys.argv[1])).put_recovery, "vps", "job", "x" * 20_000_000)
"""


@POSIX
async def test_a_killed_process_changes_nothing(path: Path, state: SqliteState) -> None:
    """Although it was in the middle of a transaction."""
    lock = await planned(state)
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        assert path.stat().st_size > 1_000_000
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    assert await state.recoveries("vps") == {}
    assert await state.consume("ann", [PLAN], lock) == CONSUMED


@contextmanager
def busy(path: Path, *statements: str) -> Iterator[sqlite3.Connection]:
    """Another process that is in the middle of something."""
    with closing(sqlite3.connect(path, isolation_level=None, check_same_thread=False)) as sql:
        for statement in statements:
            sql.execute(statement).fetchone()
        yield sql


async def test_a_file_that_stays_busy(
    path: Path,
    state: SqliteState,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Calls that wait together do not wait one after the other."""
    await planned(state)
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.4)
    with busy(path, "BEGIN IMMEDIATE"):
        began = time.monotonic()
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(_is_refused, state)
        assert 0.7 < time.monotonic() - began < 5
        assert not state.is_usable()
    assert set(caplog.messages) == {"the state file is unavailable: SQLITE_BUSY"}
    assert await state.seconds_locked("another vps") == 0


async def _is_refused(state: SqliteState) -> None:
    with pytest.raises(StateUnavailableError):
        await state.acquire("another vps", 600)


async def test_a_briefly_busy_file_is_waited_for(path: Path, state: SqliteState) -> None:
    await planned(state)
    for call in (lambda: state.acquire("another vps", 600), in_thread(state.is_usable)):
        with busy(path, "BEGIN IMMEDIATE") as sql:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(commit_soon, sql)
                assert await call()


async def commit_soon(sql: sqlite3.Connection) -> None:
    """Later than after the 0.1 s that a call waits in any case."""
    await anyio.sleep(0.2)
    sql.execute("COMMIT")


def in_thread(check: Callable[[], bool]) -> Callable[[], Awaitable[object]]:
    return lambda: anyio.to_thread.run_sync(check)


async def test_a_change_that_a_reader_blocks(
    path: Path, state: SqliteState, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = await planned(state)
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.05)
    with busy(path, "BEGIN", "SELECT * FROM file"), pytest.raises(StateUnavailableError) as raised:
        await state.consume("ann", [PLAN], lock)
    assert raised.type is StateUnavailableError
    assert await state.consume("ann", [PLAN], lock) == CONSUMED


# A commit with an unknown outcome -----------------------------------------------------------------


@pytest.fixture
def lossy(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The commits whose numbers are in this list, counted down, are made and then fail."""
    commit, failing = sqlite_file.commit, [0]

    def commit_and_fail(
        sql: sqlite3.Connection, version: sqlite_file.FileVersion
    ) -> sqlite_file.FileVersion:
        version = commit(sql, version)
        if failing[0]:
            failing[0] -= 1
            raise sqlite_file.CommitUnknownError
        return version

    monkeypatch.setattr(sqlite_file, "commit", commit_and_fail)
    return failing


async def test_an_unknown_commit_leaves_no_lock(state: SqliteState, lossy: list[int]) -> None:
    lossy[0] = 1
    with pytest.raises(StateReplyLostError):
        await state.acquire("vps", 600)
    assert await state.seconds_locked("vps") == 0


async def test_a_lock_that_cannot_be_released(
    state: SqliteState, lossy: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    lossy[0] = 2
    with pytest.raises(StateReplyLostError):
        await state.acquire("vps", 600)
    assert caplog.messages == [
        "the state file is unavailable: a change may be lost",
        "the state file is unavailable: a change may be lost",
        "a lock may stay taken until it expires in 600 s",
    ]


async def test_an_unknown_commit_of_consume(state: SqliteState, lossy: list[int]) -> None:
    lock = await planned(state)
    lossy[0] = 1
    with pytest.raises(StateReplyLostError):
        await state.consume("ann", [PLAN], lock)
    assert await state.consume("ann", [PLAN], lock) == ALREADY


def test_a_commit_that_ends_in_a_rollback() -> None:
    class Failing(sqlite3.Connection):
        def execute(self, statement: str, *given: object) -> sqlite3.Cursor:  # type: ignore[override]
            if statement == "COMMIT":
                super().execute("ROLLBACK")
                raise sqlite3.OperationalError
            return super().execute(statement)

    with closing(sqlite3.connect(":memory:", isolation_level=None, factory=Failing)) as sql:
        sql.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite_file.CommitUnknownError):
            sqlite_file.commit(sql, sqlite_file.FileVersion())


# Cancelled callers --------------------------------------------------------------------------------


@pytest.fixture
def paused(monkeypatch: pytest.MonkeyPatch) -> tuple[threading.Event, threading.Event]:
    """A commit that has been reached, and may go on."""
    commit, reached, go_on = sqlite_file.commit, threading.Event(), threading.Event()

    def pause(sql: sqlite3.Connection, version: sqlite_file.FileVersion) -> sqlite_file.FileVersion:
        reached.set()
        assert go_on.wait(DEADLINE)
        return commit(sql, version)

    monkeypatch.setattr(sqlite_file, "commit", pause)
    return reached, go_on


@pytest.mark.parametrize("how", ["natively", "with a scope"])
async def test_a_cancelled_caller_leaves_no_lock(
    state: SqliteState, paused: tuple[threading.Event, threading.Event], how: str
) -> None:
    reached, go_on = paused
    scopes: list[anyio.CancelScope] = []

    async def acquire() -> None:
        with anyio.CancelScope() as scope:
            scopes.append(scope)
            await state.acquire("vps", 600)
            pytest.fail("the cancellation was swallowed")

    task = asyncio.create_task(acquire())
    await until(reached.is_set, "the transaction was begun")
    if how == "natively":
        task.cancel()
    else:
        scopes[0].cancel()
    await asyncio.sleep(0)
    go_on.set()
    await asyncio.wait({task})
    assert task.cancelled() is (how == "natively")
    assert await state.seconds_locked("vps") == 0


async def test_a_cancelled_callers_change_is_made(
    state: SqliteState,
) -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        await state.put_recovery("vps", "job", "carried out")
    assert await state.recoveries("vps") == {"job": "carried out"}


async def test_a_cancelled_caller_frees_no_other(state: SqliteState) -> None:
    await planned(state)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await state.acquire("vps", 600)
    assert await state.seconds_locked("vps") > 0
