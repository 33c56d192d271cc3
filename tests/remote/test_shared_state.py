"""What replicas share: different secrets are noticed, a rotation is none."""

from __future__ import annotations

import pytest
from support.redis_server import RedisServer

from hostup_mcp.remote.shared_state import SharedState, StateError, fingerprint

OLD, NEW, OTHER = (f"{word}-secret-that-is-long-enough-for-it" for word in ("old", "new", "other"))


@pytest.mark.redis
@pytest.mark.parametrize(
    ("first", "second", "is_problem"),
    [
        ((OLD,), (OLD,), False),
        ((OLD,), (OLD, NEW), False),
        ((OLD, NEW), (NEW, OLD), False),
        ((NEW, OLD), (NEW,), False),
        ((OLD,), (OTHER,), True),
        ((OLD,), (NEW, OTHER), True),
    ],
    ids=["same", "new key added", "new key first", "old key removed", "different", "all different"],
)
async def test_different_secrets_are_noticed(
    own_redis: RedisServer, first: tuple[str, ...], second: tuple[str, ...], is_problem: bool
) -> None:
    replicas = [SharedState(own_redis.url, ring) for ring in (first, second)]
    for replica in (*replicas, *replicas):
        await replica.compare_secrets()
    for replica in replicas:
        assert (replica.problem is not None) is is_problem
        await replica.redis.aclose()
    stored = str(own_redis.do("ZRANGE", "hostup-mcp/labels", "0", "-1"))
    assert not any(secret in stored for secret in (OLD, NEW, OTHER))


@pytest.mark.redis
async def test_a_replica_that_is_gone_is_forgotten(
    own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = (SharedState(own_redis.url, (secret,)) for secret in (OLD, NEW))
    await old.compare_secrets()
    await new.compare_secrets()
    assert new.problem is not None
    own_redis.do("ZADD", "hostup-mcp/labels", "1", fingerprint(OLD))
    await new.compare_secrets()
    assert new.problem is None
    for replica in (old, new):
        await replica.redis.aclose()


@pytest.mark.redis
async def test_without_the_store_nothing_is_said_of_secrets(own_redis: RedisServer) -> None:
    state = SharedState(own_redis.url, (OLD,))
    own_redis.kill()
    await state.compare_secrets()
    assert state.problem is None
    await state.redis.aclose()


def test_invalid_address_is_not_quoted() -> None:
    with pytest.raises(StateError) as raised:
        SharedState("nonsense://:password@x", (OLD,))
    assert "password" not in str(raised.value)
