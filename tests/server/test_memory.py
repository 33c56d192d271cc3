"""What is remembered between calls: only for the one it was given to, never without bounds.

Another implementation of `Memory` keeps the same promises once it stands in `IMPLEMENTATIONS`.
"""

from collections.abc import Callable

import anyio
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from hostup_mcp.server import memory as limits
from hostup_mcp.server.memory import InMemory, Memory

from .wiring import PATIENCE, Clock

Make = Callable[[int, int, Clock], Memory]

IMPLEMENTATIONS: dict[str, Make] = {
    "in memory": lambda callers, ids, clock: InMemory(callers, ids, clock),
}


class Hand:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.time = 1_000.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture(params=IMPLEMENTATIONS.values(), ids=IMPLEMENTATIONS)
def make(request: pytest.FixtureRequest) -> Make:
    chosen: Make = request.param
    return chosen


@pytest.fixture
def clock() -> Hand:
    return Hand()


@pytest.fixture
def memory(make: Make, clock: Hand) -> Memory:
    return make(3, 4, clock)


# Ids ----------------------------------------------------------------------------------------------


async def test_an_id_is_known_with_its_note_once_it_was_given(memory: Memory) -> None:
    assert await memory.recall("ann", "a") is None
    await memory.remember("ann", {"a": "", "b": "note"})
    assert await memory.recall("ann", "a") == ""
    assert await memory.recall("ann", "b") == "note"


async def test_a_newer_note_replaces_the_older(memory: Memory) -> None:
    await memory.remember("ann", {"a": "old"})
    await memory.remember("ann", {"a": "new"})
    assert await memory.recall("ann", "a") == "new"
    assert await memory.given_to("ann") == ["a"]


async def test_what_one_caller_was_given_is_worth_nothing_to_another(memory: Memory) -> None:
    await memory.remember("ann", {"a": "hers"})
    await memory.remember("bob", {"b": "his"})
    assert await memory.recall("bob", "a") is None
    assert await memory.recall("ann", "b") is None
    assert await memory.given_to("bob") == ["b"]
    assert await memory.given_to("cat") == []


async def test_an_id_known_below_its_parent_is_not_known_without_it(memory: Memory) -> None:
    await memory.remember("ann", {"vps/bkp": ""})
    assert await memory.recall("ann", "bkp") is None
    assert await memory.recall("ann", "vps") is None
    assert await memory.recall("ann", "other/bkp") is None


async def test_a_caller_has_a_bounded_number_of_ids(memory: Memory) -> None:
    for number in range(10):
        await memory.remember("ann", {str(number): ""})
    assert await memory.given_to("ann") == ["6", "7", "8", "9"]


async def test_one_answer_with_more_ids_than_there_is_room_keeps_the_last(memory: Memory) -> None:
    await memory.remember("ann", {str(number): "" for number in range(10)})
    assert await memory.given_to("ann") == ["6", "7", "8", "9"]


async def test_the_longest_unused_id_is_forgotten_first(memory: Memory) -> None:
    await memory.remember("ann", {"a": "", "b": "", "c": "", "d": ""})
    await memory.recall("ann", "a")
    await memory.remember("ann", {"b": ""})
    await memory.remember("ann", {"e": "", "f": ""})
    assert await memory.given_to("ann") == ["a", "b", "e", "f"]


async def test_there_is_a_bounded_number_of_callers(memory: Memory) -> None:
    for name in ("ann", "bob", "cat"):
        await memory.remember(name, {"a": ""})
    await memory.recall("ann", "a")
    await memory.remember("dan", {"a": ""})
    assert await memory.recall("bob", "a") is None
    assert await memory.recall("ann", "a") == ""
    assert await memory.recall("cat", "a") == ""
    assert await memory.recall("dan", "a") == ""


async def test_one_caller_cannot_crowd_out_the_ids_of_another(memory: Memory) -> None:
    await memory.remember("ann", {"a": ""})
    for number in range(100):
        await memory.remember("bob", {str(number): ""})
    assert await memory.recall("ann", "a") == ""


# Claims -------------------------------------------------------------------------------------------


async def test_a_name_has_one_holder_at_a_time(memory: Memory) -> None:
    assert not await memory.held("x")
    assert await memory.claim("x", 10)
    assert await memory.held("x")
    assert not await memory.claim("x", 10)
    assert await memory.claim("y", 10)


async def test_a_released_name_can_be_claimed_again(memory: Memory) -> None:
    await memory.claim("x", 10)
    await memory.release("x")
    assert not await memory.held("x")
    assert await memory.claim("x", 10)


async def test_releasing_what_nobody_holds_does_nothing(memory: Memory) -> None:
    await memory.release("x")
    assert await memory.claim("x", 10)


async def test_a_claim_lets_go_by_itself(memory: Memory, clock: Hand) -> None:
    await memory.claim("x", 10)
    clock.time += 9
    assert await memory.held("x")
    assert not await memory.claim("x", 10)
    clock.time += 1
    assert not await memory.held("x")
    assert await memory.claim("x", 10)
    clock.time += 9
    assert await memory.held("x")


async def test_a_refused_claim_does_not_prolong_the_one_that_is_held(
    memory: Memory, clock: Hand
) -> None:
    await memory.claim("x", 10)
    clock.time += 5
    assert not await memory.claim("x", 1_000)
    clock.time += 5
    assert not await memory.held("x")


async def test_of_many_who_claim_at_once_one_gets_it(memory: Memory) -> None:
    got: list[int] = []

    async def claim(number: int) -> None:
        if await memory.claim("x", 10):
            got.append(number)

    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            for number in range(50):
                tasks.start_soon(claim, number)
    assert len(got) == 1


async def test_a_process_full_of_claims_says_no_until_some_have_lapsed(clock: Hand) -> None:
    memory = InMemory(clock=clock)
    for number in range(limits.MOST_CLAIMS):
        assert await memory.claim(str(number), 10)
    assert not await memory.claim("one more", 10)
    assert not await memory.claim("7", 10)
    await memory.release("7")
    assert await memory.claim("7", 10)
    clock.time += 10
    assert await memory.claim("one more", 10)


# Lost ------------------------------------------------------------------------------------------


async def test_the_era_is_one_word_as_long_as_nothing_was_lost(memory: Memory) -> None:
    first = await memory.era()
    assert len(first) >= 8
    await memory.remember("ann", {"a": ""})
    await memory.claim("x", 10)
    assert await memory.era() == first


async def test_a_memory_that_starts_anew_is_in_another_era(make: Make, clock: Hand) -> None:
    one, other = make(3, 4, clock), make(3, 4, clock)
    assert await one.era() != await other.era()


# Any sequence -------------------------------------------------------------------------------------

_CALLERS = st.sampled_from(["ann", "bob", "cat", "dan"])
_IDS = st.sampled_from(["a", "b", "c", "d", "e", "v/a"])
_NAMES = st.sampled_from(["x", "y", "z"])
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("remember"), _CALLERS, st.dictionaries(_IDS, st.sampled_from(["", "1"]))),
        st.tuples(st.just("recall"), _CALLERS, _IDS),
        st.tuples(st.just("given"), _CALLERS, st.none()),
        st.tuples(st.just("claim"), _NAMES, st.sampled_from([1, 5, 20])),
        st.tuples(st.just("release"), _NAMES, st.none()),
        st.tuples(st.just("wait"), st.none(), st.sampled_from([1, 4, 20])),
    ),
    max_size=40,
)


@pytest.mark.parametrize("make", IMPLEMENTATIONS.values(), ids=IMPLEMENTATIONS)
@examples(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=_STEPS)
def test_whatever_happens_nothing_is_invented_and_no_name_has_two_holders(
    make: Make, steps: list[tuple[str, str, object]]
) -> None:
    anyio.run(_play, make, steps)


async def _play(make: Make, steps: list[tuple[str, str, object]]) -> None:
    """The model: what was given to whom, without any bounds, and until when each name is held."""
    clock = Hand()
    memory = make(3, 4, clock)
    given: dict[str, dict[str, str]] = {}
    held: dict[str, float] = {}
    for step, who, what in steps:
        match step, what:
            case "remember", dict():
                await memory.remember(who, what)
                given.setdefault(who, {}).update(what)
            case "recall", str():
                note = await memory.recall(who, what)
                truly = given.get(who, {})
                roomy = len(given) <= 3 and len(truly) <= 4
                assert note == truly.get(what) or (note is None and not roomy)
            case "given", _:
                listed = await memory.given_to(who)
                assert len(listed) == len(set(listed)) <= 4
                assert set(listed) <= set(given.get(who, {}))
            case "claim", int():
                free = held.get(who, 0) <= clock.time
                assert await memory.claim(who, what) is free
                if free:
                    held[who] = clock.time + what
            case "release", _:
                await memory.release(who)
                held.pop(who, None)
            case "wait", int():
                clock.time += what
        for name in ("x", "y", "z"):
            assert bool(await memory.held(name)) is (held.get(name, 0) > clock.time)
