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
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import anyio
import pytest

from hostup_mcp.state import sqlite, sqlite_file
from hostup_mcp.state.sqlite import SqliteState, default_path
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


def test_the_file_is_among_the_states_of_the_user() -> None:
    assert default_path().name == "state.db"
    assert default_path().parent.name == "hostup-mcp"


@POSIX
async def test_only_the_user_can_read_the_file(path: Path, state: SqliteState) -> None:
    await planned(state)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@POSIX
async def test_a_file_that_others_can_read_is_closed_to_them(
    path: Path, state: SqliteState
) -> None:
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


async def test_state_outlives_the_process_in_the_same_generation(
    path: Path, state: SqliteState
) -> None:
    generation = await state.generation()
    lock = await planned(state)
    assert await state.consume("ann", [PLAN], lock) == CONSUMED
    later = SqliteState(path)
    assert await later.generation() == generation
    assert await later.consume("ann", [PLAN], lock) == ALREADY


async def test_what_has_expired_is_deleted(path: Path) -> None:
    now = 1_000.0
    state = SqliteState(path, clock=lambda: now)
    await planned(state)
    now += 601
    await state.put_record("bob", PLAN, "", seconds=600, at_most=50)
    await state.acquire("another vps", 600)
    with closing(sqlite3.connect(path)) as sql:
        assert sql.execute("SELECT caller FROM records").fetchall() == [("bob",)]
        assert sql.execute("SELECT name FROM locks").fetchall() == [("another vps",)]


def test_a_store_can_be_made_before_the_event_loop(path: Path) -> None:
    assert anyio.run(SqliteState(path).is_available)


# A file that is not the one of before -------------------------------------------------------------


async def refuses_the_yes_of_before(state: SqliteState, lock: Lock, generation: str) -> None:
    assert await state.get_record("ann", PLAN) == Record("body", False, is_current=False)
    other = ConsumeResult(Consumption.OTHER_GENERATION, PLAN)
    assert await state.consume("ann", [PLAN], lock) == other
    assert await state.generation() != generation
    await state.put_record("ann", PLAN, "new", seconds=600, at_most=50)
    assert await state.consume("ann", [PLAN], lock) == CONSUMED
    assert await state.consume("ann", [PLAN], lock) == ALREADY


async def test_a_copy_that_was_put_in_its_place_is_another_generation(
    path: Path, state: SqliteState
) -> None:
    generation, lock = await state.generation(), await planned(state)
    shutil.copy(path, path.with_suffix(".backup"))
    assert await state.consume("ann", [PLAN], lock) == CONSUMED
    path.with_suffix(".backup").replace(path)
    await refuses_the_yes_of_before(SqliteState(path), lock, generation)


async def test_an_older_copy_that_was_written_over_it_is_another_generation(
    path: Path, state: SqliteState
) -> None:
    """The same place on the disk, and the same identifier in the file."""
    generation, lock = await state.generation(), await planned(state)
    older = path.read_bytes()
    assert await state.consume("ann", [PLAN], lock) == CONSUMED
    path.write_bytes(older)
    await refuses_the_yes_of_before(state, lock, generation)


async def test_a_file_that_was_deleted_starts_anew(path: Path, state: SqliteState) -> None:
    generation, lock = await state.generation(), await planned(state)
    path.unlink()
    assert await state.get_record("ann", PLAN) is None
    assert (await state.consume("ann", [PLAN], lock)).outcome is Consumption.LOCK_LOST
    assert await state.generation() != generation
    assert await state.consume("ann", [PLAN], await planned(state)) == CONSUMED


async def test_a_folder_that_was_deleted_starts_anew(path: Path, state: SqliteState) -> None:
    await planned(state)
    shutil.rmtree(path.parent)
    assert await state.is_available()
    assert await state.get_record("ann", PLAN) is None


@pytest.mark.parametrize("replaced", [False, True], ids=["deleted", "replaced"])
async def test_a_file_that_vanishes_in_the_middle_is_unavailable(
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
async def test_a_corrupt_file_is_unavailable_and_left_as_it_is(
    path: Path, state: SqliteState, content: bytes
) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    await everything_is_unavailable(state)
    assert path.read_bytes() == content


async def test_a_file_that_was_damaged_is_unavailable(path: Path, state: SqliteState) -> None:
    await planned(state)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    await everything_is_unavailable(state)


@pytest.mark.parametrize(
    "change", ["DELETE FROM file", "DROP TABLE file", "UPDATE file SET changes = 'many'"]
)
async def test_a_file_whose_content_somebody_changed_is_unavailable(
    path: Path, state: SqliteState, change: str
) -> None:
    await planned(state)
    with closing(sqlite3.connect(path, isolation_level=None)) as sql:
        sql.execute(change)
    await everything_is_unavailable(state)


async def test_a_file_of_a_newer_version_is_unavailable_and_left_as_it_is(
    path: Path, state: SqliteState, caplog: pytest.LogCaptureFixture
) -> None:
    await planned(state)
    with closing(sqlite3.connect(path, isolation_level=None)) as sql:
        sql.execute(f"PRAGMA user_version = {sqlite_file.SCHEMA_VERSION + 1}")
    content = path.read_bytes()
    await everything_is_unavailable(state)
    assert "newer version of hostup-mcp" in caplog.text
    assert path.read_bytes() == content


async def test_a_folder_in_place_of_the_file_is_unavailable(path: Path, state: SqliteState) -> None:
    path.mkdir(parents=True, mode=0o755)
    await everything_is_unavailable(state)
    assert os.access(path, os.X_OK)


async def test_a_file_in_place_of_the_folder_is_unavailable(path: Path, state: SqliteState) -> None:
    path.parent.write_text("")
    await everything_is_unavailable(state)


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
async def test_a_read_only_file_is_unavailable_for_every_change() -> None:
    with without_privileges() as folder:
        state = SqliteState(folder / "state.db")
        lock = await planned(state)
        (folder / "state.db").chmod(0o400)
        assert not await state.is_available()
        for call in (state.consume("ann", [PLAN], lock), state.acquire("another vps", 600)):
            with pytest.raises(StateUnavailableError):
                await call


@POSIX
async def test_a_full_disk_is_unavailable_and_changes_nothing(
    path: Path, state: SqliteState
) -> None:
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
    if sys.argv[2] == "acquire":
        print(*[int(await state.acquire(str(n), 600) is not None) for n in range(20)])
    else:
        keys = [RecordKey(RecordKind.PLAN, str(n)) for n in range(20)]
        lock = Lock("vps", sys.argv[3])
        print(*[int((await state.consume("ann", [k], lock)).outcome == "consumed") for k in keys])

anyio.run(main)
"""


def race(path: Path, *words: str) -> list[list[int]]:
    """What each of two processes got of twenty things that both went for at once."""
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(path), *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("go\n")
        racer.stdin.flush()
    outputs = [racer.communicate(timeout=DEADLINE)[0] for racer in racers]
    assert [racer.returncode for racer in racers] == [0, 0]
    return [[int(word) for word in output.split()] for output in outputs]


async def test_of_two_processes_one_gets_each_lock(path: Path) -> None:
    """The file is not there yet, so they also race for making it."""
    one, other = await anyio.to_thread.run_sync(race, path, "acquire")
    assert [a + b for a, b in zip(one, other, strict=True)] == [1] * 20


async def test_of_two_processes_one_consumes_each_plan(path: Path, state: SqliteState) -> None:
    for number in range(20):
        key = RecordKey(RecordKind.PLAN, str(number))
        await state.put_record("ann", key, "", seconds=600, at_most=50)
    lock = await state.acquire("vps", 600)
    assert lock is not None
    one, other = await anyio.to_thread.run_sync(race, path, "consume", lock.token)
    assert [a + b for a, b in zip(one, other, strict=True)] == [1] * 20


KILLED = """
import sys, time
from pathlib import Path
import anyio
from hostup_mcp.state import sqlite_file
from hostup_mcp.state.sqlite import SqliteState
from hostup_mcp.state.store import Lock, RecordKey, RecordKind

def hang(*_):
    print("ready", flush=True)
    time.sleep(600)

sqlite_file.commit = hang

async def main():
    state = SqliteState(Path(sys.argv[1]))
    if sys.argv[2] == "consume":
        key = RecordKey(RecordKind.PLAN, "plan_1")
        await state.consume("ann", [key], Lock("vps", sys.argv[3]))
    else:
        # More than SQLite keeps in memory: a part of it is in the file before the commit.
        await state.put_recovery("vps", "job", "x" * 20_000_000)

anyio.run(main)
"""


@POSIX
@pytest.mark.parametrize("what", ["consume", "put_recovery"])
async def test_a_process_killed_in_the_middle_leaves_nothing_half_done(
    path: Path, state: SqliteState, what: str
) -> None:
    lock = await planned(state)
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path), what, lock.token], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        if what == "put_recovery":
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


async def test_a_file_that_stays_busy_is_unavailable_after_a_second(
    path: Path, state: SqliteState
) -> None:
    await planned(state)
    with busy(path, "BEGIN IMMEDIATE"):
        began = time.monotonic()
        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(_is_refused, state)
        assert 0.9 < time.monotonic() - began < 5
    assert await state.seconds_locked("another vps") == 0


async def _is_refused(state: SqliteState) -> None:
    with pytest.raises(StateUnavailableError):
        await state.acquire("another vps", 600)


async def test_a_file_that_is_busy_for_a_moment_is_waited_for(
    path: Path, state: SqliteState
) -> None:
    await planned(state)
    with busy(path, "BEGIN IMMEDIATE") as sql:

        async def finish() -> None:
            await anyio.sleep(0.2)
            sql.execute("COMMIT")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(finish)
            assert await state.acquire("another vps", 600) is not None


async def test_a_change_that_a_reader_keeps_from_the_file_is_not_made(
    path: Path, state: SqliteState, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = await planned(state)
    monkeypatch.setattr(sqlite, "BUSY_SECONDS", 0.2)
    with busy(path, "BEGIN", "SELECT * FROM file"), pytest.raises(StateUnavailableError) as raised:
        await state.consume("ann", [PLAN], lock)
    assert raised.type is StateUnavailableError
    assert await state.consume("ann", [PLAN], lock) == CONSUMED


# A commit of which nobody knows -------------------------------------------------------------------


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


async def test_an_unknown_commit_of_acquire_leaves_no_lock(
    state: SqliteState, lossy: list[int]
) -> None:
    lossy[0] = 1
    with pytest.raises(StateReplyLostError):
        await state.acquire("vps", 600)
    assert await state.seconds_locked("vps") == 0


async def test_a_lock_that_cannot_be_released_is_logged_and_lapses(
    state: SqliteState, lossy: list[int], caplog: pytest.LogCaptureFixture
) -> None:
    lossy[0] = 2
    with pytest.raises(StateReplyLostError):
        await state.acquire("vps", 600)
    assert "until it lapses" in caplog.text


async def test_an_unknown_commit_of_consume_is_told_apart_from_a_refusal(
    state: SqliteState, lossy: list[int]
) -> None:
    lock = await planned(state)
    lossy[0] = 1
    with pytest.raises(StateReplyLostError):
        await state.consume("ann", [PLAN], lock)
    assert await state.consume("ann", [PLAN], lock) == ALREADY


def test_a_commit_that_fails_and_ends_the_transaction_is_unknown() -> None:
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


@pytest.mark.parametrize("how", ["natively", "with a scope"])
async def test_a_cancelled_caller_leaves_no_lock(path: Path, state: SqliteState, how: str) -> None:
    await planned(state)
    with busy(path, "BEGIN IMMEDIATE") as sql:

        async def acquire() -> None:
            await state.acquire("another vps", 600)
            pytest.fail("the cancellation was swallowed")

        async def finish() -> None:
            await anyio.sleep(0.2)
            sql.execute("COMMIT")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(finish)
            if how == "natively":
                task = asyncio.create_task(acquire())
                await asyncio.sleep(0.1)
                task.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await task
            else:
                with anyio.move_on_after(0.1):
                    await acquire()
    assert await state.seconds_locked("another vps") == 0


async def test_a_change_that_was_begun_is_made_although_its_caller_was_cancelled(
    state: SqliteState,
) -> None:
    with anyio.CancelScope() as scope:
        scope.cancel()
        await state.put_recovery("vps", "job", "carried out")
    assert await state.recoveries("vps") == {"job": "carried out"}


async def test_a_cancelled_caller_does_not_release_the_lock_of_another(state: SqliteState) -> None:
    await planned(state)
    with anyio.CancelScope() as scope:
        scope.cancel()
        await state.acquire("vps", 600)
    assert await state.seconds_locked("vps") > 0
