"""The account, the product over HTTP and stdio, and a driver for each library."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.account import Upstream
from support.product import UNLIMITED, ServerProcess, command, environment

from hostup_mcp.sandbox import Sandbox

from .libraries import LIBRARIES, Driver, Library

FLAGS = ("--allow", "all")


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker of these tests."""
    config.addinivalue_line("markers", "frameworks: needs agent frameworks (packaging/setup)")


class Product:
    """The product with one account: a process over HTTP for each way to confirm, and stdio."""

    def __init__(self, folder: Path, upstream: Upstream) -> None:
        self.upstream = upstream
        self._folder = folder
        self._served: dict[str, ServerProcess] = {}

    @property
    def sandbox(self) -> Sandbox:
        return self.upstream.sandbox

    def _env(self, confirm: str) -> dict[str, str]:
        return environment(**self.upstream.variables, **UNLIMITED, HOSTUP_MCP_CONFIRM=confirm)

    def over_http(self, confirm: str = "person") -> dict[str, Any]:
        if confirm not in self._served:
            child = ServerProcess(self._folder, self._env(confirm), *FLAGS)
            self._served[confirm] = child.wait_for_url()
        return {"url": self._served[confirm].url}

    def over_stdio(self, confirm: str = "person") -> dict[str, Any]:
        program, *args = command(*FLAGS)
        return {"command": program, "args": args, "env": self._env(confirm)}

    def close(self) -> None:
        for child in self._served.values():
            child.close()


@pytest.fixture(scope="session")
def product_of_worker(
    tmp_path_factory: pytest.TempPathFactory, upstream_of_worker: Upstream
) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("product"), upstream_of_worker)
    yield product
    product.close()


@pytest.fixture
def product(product_of_worker: Product, upstream: Upstream) -> Product:
    """The product with a fresh account."""
    return product_of_worker


@contextmanager
def driving(library: Library, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Driver]:
    """A driver for `library`; skips the test if it is not installed."""
    if library.missing:
        pytest.skip(library.missing)
    driver = Driver(library, tmp_path_factory.mktemp("driver"))
    yield driver
    driver.close()


@pytest.fixture(scope="session", params=LIBRARIES, ids=lambda library: library.name)
def driver(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Driver]:
    with driving(request.param, tmp_path_factory) as driver:
        yield driver
