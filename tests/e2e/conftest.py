"""Fixtures: the house with its doors, a fresh account in it for each test, and a person."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.account import Upstream, fresh_account

from hostup_mcp.sandbox import Sandbox

from .world import House, Person


@pytest.fixture(scope="session")
def house_of_worker(
    tmp_path_factory: pytest.TempPathFactory, upstream_of_worker: Upstream
) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("house"), upstream_of_worker)
    yield house
    house.close()


@pytest.fixture
def house(house_of_worker: House, upstream: Upstream) -> House:
    """The product, over every transport, before a fresh account."""
    return house_of_worker


@pytest.fixture
def sandbox() -> Sandbox:
    """An account for a product in this process."""
    return fresh_account()


@pytest.fixture
def person() -> Person:
    return Person()
