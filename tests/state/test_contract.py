"""What every store promises, and the stores that keep it."""

from __future__ import annotations

import re

import anyio

from hostup_mcp.state.store import (
    ConsumeResult,
    Consumption,
    Lock,
    Record,
    RecordKey,
    RecordKind,
    StateStore,
    new_handle,
)

from .conftest import Stores
from .servers import DEADLINE

PLAN = RecordKey(RecordKind.PLAN, "plan_1")
YES = RecordKey(RecordKind.QUESTION, "question_1")
CONSUMED = ConsumeResult(Consumption.CONSUMED)
LOCK_LOST = ConsumeResult(Consumption.LOCK_LOST)


async def put(
    store: StateStore, key: RecordKey, caller: str = "ann", at_most: int = 50, seconds: float = 600
) -> None:
    await store.put_record(caller, key, f"body of {key.id}", seconds=seconds, at_most=at_most)


async def locked(store: StateStore, name: str = "vps", seconds: float = 600) -> Lock:
    lock = await store.acquire(name, seconds)
    assert lock is not None
    return lock


def plan(number: int) -> RecordKey:
    return RecordKey(RecordKind.PLAN, f"plan_{number}")


# The store ----------------------------------------------------------------------------------------


async def test_a_store_is_available(stores: Stores) -> None:
    assert await stores.one.is_available()
    assert await stores.other.is_available()


async def test_the_generation_stays_the_same(stores: Stores) -> None:
    generation = await stores.one.generation()
    assert re.fullmatch(r"[0-9a-f]{16}|[0-9a-f]{20}-[0-9a-f]{20}", generation)
    await put(stores.one, PLAN)
    await locked(stores.one)
    stores.advance(3_600)
    assert await stores.one.generation() == generation
    assert await stores.other.generation() == generation


def test_a_handle_is_random_and_short() -> None:
    handles = {new_handle("plan") for _ in range(100)}
    assert len(handles) == 100
    assert all(re.fullmatch(r"plan_[0-9a-z]{16}", handle) for handle in handles)


# Ids ----------------------------------------------------------------------------------------------


async def test_an_id_is_recalled_with_its_note(store: StateStore) -> None:
    assert await store.recall_id("ann", "a") is None
    await store.remember_ids("ann", {"a": "", "b": "note"})
    assert await store.recall_id("ann", "a") == ""
    assert await store.recall_id("ann", "b") == "note"


async def test_several_ids_are_recalled_in_one_step(store: StateStore) -> None:
    assert await store.recall_ids("ann", []) == []
    assert await store.recall_ids("ann", ["a"]) == [None]
    await store.remember_ids("ann", {"a": "", "b": "note", "c": "x", "d": "y"})
    assert await store.recall_ids("ann", ["b", "none", "a"]) == ["note", None, ""]
    assert await store.recall_ids("bob", ["a"]) == [None]
    assert await store.known_ids("ann") == ["c", "d", "b", "a"]


async def test_ids_and_notes_may_be_any_text(store: StateStore) -> None:
    odd = ["", "/", "null", "false", '"\\', "\n\x00\x7f\u2028", "Malmö 🐘", "{}", "[1]", "1e9"]
    for id_, note in zip(odd, reversed(odd), strict=True):
        await store.remember_ids("ann", {id_: note, "other": ""})
        assert await store.recall_ids("ann", [id_, "never", "other"]) == [note, None, ""]


async def test_remembering_no_ids_does_nothing(store: StateStore) -> None:
    await store.remember_ids("ann", {})
    assert await store.known_ids("ann") == []


async def test_a_newer_note_replaces_the_older(store: StateStore) -> None:
    await store.remember_ids("ann", {"a": "old"})
    await store.remember_ids("ann", {"a": "new"})
    assert await store.recall_id("ann", "a") == "new"
    assert await store.known_ids("ann") == ["a"]


async def test_callers_do_not_share_ids(store: StateStore) -> None:
    await store.remember_ids("ann", {"a": "hers"})
    await store.remember_ids("bob", {"b": "his"})
    assert await store.recall_id("bob", "a") is None
    assert await store.recall_id("ann", "b") is None
    assert await store.known_ids("bob") == ["b"]
    assert await store.known_ids("cat") == []


async def test_an_id_counts_only_with_its_parent(store: StateStore) -> None:
    await store.remember_ids("ann", {"vps/bkp": ""})
    assert await store.recall_id("ann", "bkp") is None
    assert await store.recall_id("ann", "vps") is None
    assert await store.recall_id("ann", "other/bkp") is None


async def test_ids_per_caller_are_limited(store: StateStore) -> None:
    for number in range(10):
        await store.remember_ids("ann", {str(number): ""})
    assert await store.known_ids("ann") == ["6", "7", "8", "9"]


async def test_a_flood_of_ids_keeps_the_latest(store: StateStore) -> None:
    await store.remember_ids("ann", {str(number): "" for number in range(10)})
    assert await store.known_ids("ann") == ["6", "7", "8", "9"]


async def test_least_recently_used_ids_go_first(store: StateStore) -> None:
    await store.remember_ids("ann", {"a": "", "b": "", "c": "", "d": ""})
    await store.recall_id("ann", "a")
    await store.remember_ids("ann", {"b": ""})
    await store.remember_ids("ann", {"e": "", "f": ""})
    assert await store.known_ids("ann") == ["a", "b", "e", "f"]


async def test_callers_evict_only_their_own_ids(store: StateStore) -> None:
    await store.remember_ids("ann", {"a": ""})
    for number in range(100):
        await store.remember_ids("bob", {str(number): ""})
    assert await store.recall_id("ann", "a") == ""


# Records ------------------------------------------------------------------------------------------


async def test_a_record_is_returned_as_it_was_put(stores: Stores) -> None:
    body = '{"a": "\x00\r\n é 𝄞"}'
    await stores.one.put_record("ann", PLAN, body, seconds=600, at_most=50)
    expected = Record(body, is_consumed=False, is_current=True)
    assert await stores.one.get_record("ann", PLAN) == expected
    assert await stores.other.get_record("ann", PLAN) == expected


async def test_a_missing_record_is_none(store: StateStore) -> None:
    assert await store.get_record("ann", PLAN) is None


async def test_records_belong_to_caller_and_kind(store: StateStore) -> None:
    await put(store, PLAN)
    assert await store.get_record("bob", PLAN) is None
    assert await store.get_record("ann", RecordKey(RecordKind.QUESTION, PLAN.id)) is None
    lock = await locked(store)
    result = await store.consume("bob", [PLAN], lock)
    assert result == ConsumeResult(Consumption.MISSING, PLAN)


async def test_a_record_expires(stores: Stores) -> None:
    await put(stores.one, PLAN, seconds=10)
    stores.advance(9)
    assert await stores.one.get_record("ann", PLAN) is not None
    stores.advance(1)
    assert await stores.one.get_record("ann", PLAN) is None
    result = await stores.one.consume("ann", [PLAN], await locked(stores.one))
    assert result == ConsumeResult(Consumption.MISSING, PLAN)


async def test_a_replaced_record_counts_as_new(store: StateStore) -> None:
    await put(store, plan(1), at_most=2)
    await put(store, plan(2), at_most=2)
    await store.put_record("ann", plan(1), "newer", seconds=600, at_most=2)
    await put(store, plan(3), at_most=2)
    assert await store.get_record("ann", plan(1)) == Record("newer", False, True)
    assert await store.get_record("ann", plan(2)) is None


async def test_one_open_plan_too_many_drops_one(store: StateStore) -> None:
    for number in range(4):
        await put(store, plan(number), at_most=3)
    assert await store.get_record("ann", plan(0)) is None
    for number in range(1, 4):
        assert await store.get_record("ann", plan(number)) is not None


async def test_consumed_plans_do_not_count_as_open(store: StateStore) -> None:
    lock = await locked(store)
    await put(store, plan(0))
    assert await store.consume("ann", [plan(0)], lock) == CONSUMED
    for number in range(1, 4):
        await put(store, plan(number), at_most=3)
    assert await store.get_record("ann", plan(1)) is not None
    assert await store.get_record("ann", plan(0)) == Record("body of plan_0", True, True)


async def test_expired_plans_do_not_count_as_open(stores: Stores) -> None:
    await put(stores.one, plan(1), at_most=2)
    await put(stores.one, plan(2), at_most=2, seconds=10)
    stores.advance(10)
    await put(stores.one, plan(3), at_most=2)
    assert await stores.one.get_record("ann", plan(1)) is not None


async def test_kinds_and_callers_count_apart(store: StateStore) -> None:
    await put(store, PLAN, at_most=1)
    await put(store, YES, at_most=1)
    await put(store, plan(2), caller="bob", at_most=1)
    assert await store.get_record("ann", PLAN) is not None
    assert await store.get_record("ann", YES) is not None
    await put(store, plan(2), at_most=1)
    assert await store.get_record("ann", PLAN) is None
    assert await store.get_record("ann", YES) is not None


# Consumption --------------------------------------------------------------------------------------


async def test_a_record_is_consumed_once(stores: Stores) -> None:
    await put(stores.one, PLAN)
    lock = await locked(stores.one)
    assert await stores.one.consume("ann", [PLAN], lock) == CONSUMED
    again = ConsumeResult(Consumption.ALREADY_CONSUMED, PLAN)
    assert await stores.one.consume("ann", [PLAN], lock) == again
    assert await stores.other.consume("ann", [PLAN], lock) == again
    assert await stores.other.get_record("ann", PLAN) == Record("body of plan_1", True, True)


async def test_plan_and_yes_are_consumed_together(store: StateStore) -> None:
    await put(store, PLAN)
    await put(store, YES)
    lock = await locked(store)
    assert await store.consume("ann", [PLAN, YES], lock) == CONSUMED
    for key in (PLAN, YES):
        record = await store.get_record("ann", key)
        assert record is not None
        assert record.is_consumed


async def test_all_records_are_consumed_or_none(store: StateStore) -> None:
    await put(store, PLAN)
    lock = await locked(store)
    missing = ConsumeResult(Consumption.MISSING, YES)
    assert await store.consume("ann", [PLAN, YES], lock) == missing
    await put(store, YES)
    assert await store.consume("ann", [YES], lock) == CONSUMED
    consumed = ConsumeResult(Consumption.ALREADY_CONSUMED, YES)
    assert await store.consume("ann", [PLAN, YES], lock) == consumed
    assert await store.get_record("ann", PLAN) == Record("body of plan_1", False, True)


async def test_a_consumed_record_stays_consumed(store: StateStore) -> None:
    await put(store, PLAN)
    lock = await locked(store)
    assert await store.consume("ann", [PLAN], lock) == CONSUMED
    await store.put_record("ann", PLAN, "once more", seconds=600, at_most=50)
    assert await store.get_record("ann", PLAN) == Record("body of plan_1", True, True)


async def test_a_consumed_record_is_kept(
    stores: Stores,
) -> None:
    await put(stores.one, PLAN, seconds=100)
    lock = await locked(stores.one)
    stores.advance(90)
    assert await stores.one.consume("ann", [PLAN], lock) == CONSUMED
    stores.advance(9)
    record = await stores.one.get_record("ann", PLAN)
    assert record is not None
    assert record.is_consumed


async def test_a_reopened_plan_can_be_consumed(stores: Stores) -> None:
    await put(stores.one, PLAN)
    lock = await locked(stores.one)
    assert await stores.one.consume("ann", [PLAN], lock) == CONSUMED
    await stores.other.reopen("ann", PLAN)
    assert await stores.one.get_record("ann", PLAN) == Record("body of plan_1", False, True)
    assert await stores.one.consume("ann", [PLAN], lock) == CONSUMED


async def test_reopening_an_open_record_is_a_no_op(store: StateStore) -> None:
    await store.reopen("ann", PLAN)
    assert await store.get_record("ann", PLAN) is None
    await put(store, PLAN)
    await store.reopen("ann", PLAN)
    for number in range(2, 5):
        await put(store, plan(number), at_most=3)
    assert await store.get_record("ann", PLAN) is None, "it counts as one open plan, the oldest"


async def test_consuming_needs_the_lock(stores: Stores) -> None:
    await put(stores.one, PLAN)
    lock = await locked(stores.one, seconds=10)
    forged = Lock("vps", "0123456789abcdef")
    assert await stores.one.consume("ann", [PLAN], forged) == LOCK_LOST
    assert await stores.one.consume("ann", [PLAN], Lock("other", lock.token)) == LOCK_LOST
    stores.advance(10)
    assert await stores.one.consume("ann", [PLAN], lock) == LOCK_LOST
    taken = await locked(stores.other)
    assert await stores.one.consume("ann", [PLAN], lock) == LOCK_LOST
    assert await stores.one.consume("ann", [PLAN], taken) == CONSUMED


async def test_the_lock_is_checked_first(store: StateStore) -> None:
    assert await store.consume("ann", [PLAN], Lock("vps", "token")) == LOCK_LOST
    assert await store.consume("ann", [], await locked(store)) == CONSUMED


async def test_of_fifty_consumers_one_succeeds(stores: Stores) -> None:
    await put(stores.one, PLAN)
    await put(stores.one, YES)
    lock = await locked(stores.one)
    outcomes: list[Consumption] = []

    async def consume(store: StateStore) -> None:
        outcomes.append((await store.consume("ann", [PLAN, YES], lock)).outcome)

    with anyio.fail_after(DEADLINE):
        async with anyio.create_task_group() as tasks:
            for _ in range(25):
                tasks.start_soon(consume, stores.one)
                tasks.start_soon(consume, stores.other)
    assert sorted(outcomes) == [Consumption.ALREADY_CONSUMED] * 49 + [Consumption.CONSUMED]


# Locks --------------------------------------------------------------------------------------------


async def test_a_lock_has_one_holder(stores: Stores) -> None:
    lock = await locked(stores.one)
    assert lock.name == "vps"
    assert re.fullmatch("[0-9a-f]{16}", lock.token)
    assert await stores.one.acquire("vps", 600) is None
    assert await stores.other.acquire("vps", 600) is None
    assert await stores.other.acquire("another vps", 600) is not None


async def test_everybody_sees_how_long_it_is_locked(stores: Stores) -> None:
    assert await stores.one.seconds_locked("vps") == 0
    await locked(stores.one, seconds=10)
    assert 9 < await stores.one.seconds_locked("vps") <= 10
    assert 9 < await stores.other.seconds_locked("vps") <= 10
    stores.advance(4)
    assert 5 < await stores.other.seconds_locked("vps") <= 6
    stores.advance(6)
    assert await stores.other.seconds_locked("vps") == 0
    await locked(stores.one, seconds=1_000_000)
    assert 999_990 < await stores.other.seconds_locked("vps") <= 1_000_000


async def test_a_released_lock_can_be_taken_again(stores: Stores) -> None:
    lock = await locked(stores.one)
    await stores.other.release(lock)
    assert await stores.one.seconds_locked("vps") == 0
    again = await locked(stores.other)
    assert again.token != lock.token


async def test_releasing_an_unheld_lock_is_a_no_op(store: StateStore) -> None:
    await store.release(Lock("vps", "token"))
    lock = await locked(store)
    await store.release(Lock("vps", "another token"))
    assert await store.seconds_locked("vps") > 0
    await store.release(lock)
    await store.release(lock)
    assert await store.seconds_locked("vps") == 0


async def test_a_lock_expires(stores: Stores) -> None:
    await locked(stores.one, seconds=10)
    stores.advance(9)
    assert await stores.one.acquire("vps", 600) is None
    stores.advance(1)
    assert await stores.one.acquire("vps", 600) is not None


async def test_an_expired_holder_releases_nothing(stores: Stores) -> None:
    expired = await locked(stores.one, seconds=10)
    stores.advance(10)
    await locked(stores.other)
    await stores.one.release(expired)
    assert await stores.one.seconds_locked("vps") > 0


async def test_a_refused_caller_prolongs_no_lock(stores: Stores) -> None:
    await locked(stores.one, seconds=10)
    stores.advance(5)
    assert await stores.other.acquire("vps", 1_000) is None
    stores.advance(5)
    assert await stores.one.seconds_locked("vps") == 0


async def test_of_fifty_callers_one_gets_the_lock(stores: Stores) -> None:
    taken: list[Lock] = []

    async def take(store: StateStore) -> None:
        if (lock := await store.acquire("vps", 600)) is not None:
            taken.append(lock)

    with anyio.fail_after(DEADLINE):
        async with anyio.create_task_group() as tasks:
            for _ in range(25):
                tasks.start_soon(take, stores.one)
                tasks.start_soon(take, stores.other)
    assert len(taken) == 1


# Recoveries ---------------------------------------------------------------------------------------


async def test_recoveries_keep_their_order(stores: Stores) -> None:
    for id_ in ("c", "a", "b"):
        await stores.one.put_recovery("vps", id_, f"body of {id_}")
    await stores.one.put_recovery("vps", "c", "newer")
    expected = {"c": "newer", "a": "body of a", "b": "body of b"}
    assert list((await stores.other.recoveries("vps")).items()) == list(expected.items())


async def test_a_recovery_belongs_to_its_subject(store: StateStore) -> None:
    await store.put_recovery("https://one/vps", "a", "1")
    await store.put_recovery("https://other/vps", "a", "2")
    assert await store.recoveries("https://one/vps") == {"a": "1"}
    assert await store.recoveries("vps") == {}
    await store.delete_recovery("https://one/vps", "a")
    assert await store.recoveries("https://other/vps") == {"a": "2"}


async def test_a_recovery_stays_until_deleted(stores: Stores) -> None:
    await stores.one.put_recovery("vps", "a", "1")
    await stores.one.put_recovery("vps", "b", "2")
    stores.advance(10 * 365 * 24 * 3600)
    assert await stores.other.recoveries("vps") == {"a": "1", "b": "2"}
    await stores.other.delete_recovery("vps", "a")
    await stores.other.delete_recovery("vps", "never put")
    assert await stores.one.recoveries("vps") == {"b": "2"}
    await stores.one.put_recovery("vps", "a", "3")
    assert list(await stores.one.recoveries("vps")) == ["b", "a"]


# Names --------------------------------------------------------------------------------------------

AWKWARD = ("a/notes", "a", "{a}", "*", "a\nb", "", "é", "a'b", "a:b", "plan/x")


async def test_odd_names_do_not_collide(store: StateStore) -> None:
    locks = {}
    for name in AWKWARD:
        await store.remember_ids(name, {name: ""})
        key = RecordKey(RecordKind.PLAN, name)
        await store.put_record(name, key, f"body of {name}", seconds=600, at_most=50)
        locks[name] = await locked(store, name)
        await store.put_recovery(name, name, name)
    for name in AWKWARD:
        assert await store.known_ids(name) == [name]
        assert await store.recoveries(name) == {name: name}
        for other in AWKWARD:
            key = RecordKey(RecordKind.PLAN, other)
            expected = Record(f"body of {name}", False, True) if other == name else None
            assert await store.get_record(name, key) == expected
    for name in AWKWARD:
        key = RecordKey(RecordKind.PLAN, name)
        assert await store.consume(name, [key], locks[name]) == CONSUMED
