"""Fixtures: the house with its doors, a fresh account in it for each test, and a person."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hostup_mcp.sandbox import Sandbox

from .world import House, Person, fresh_account


@pytest.fixture(scope="session")
def house_of_worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("house"))
    yield house
    house.close()


@pytest.fixture
def house(house_of_worker: House) -> House:
    """The account behind its doors is as it is at the beginning."""
    house_of_worker.upstream.sandbox = fresh_account()
    return house_of_worker


@pytest.fixture
def sandbox() -> Sandbox:
    """An account for a product in this process."""
    return fresh_account()


@pytest.fixture
def person() -> Person:
    return Person()
