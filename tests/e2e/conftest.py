"""Fixtures: the product with its doors, a fresh account in it for each test, and a user."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.account import Upstream, fresh_account

from hostup_mcp.sandbox import Sandbox

from .harness import Product, User


@pytest.fixture(scope="session")
def product_of_worker(
    tmp_path_factory: pytest.TempPathFactory, upstream_of_worker: Upstream
) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("product"), upstream_of_worker)
    yield product
    product.close()


@pytest.fixture
def product(product_of_worker: Product, upstream: Upstream) -> Product:
    """The product, over every transport, before a fresh account."""
    return product_of_worker


@pytest.fixture
def sandbox() -> Sandbox:
    """An account for a product in this process."""
    return fresh_account()


@pytest.fixture
def user() -> User:
    return User()
