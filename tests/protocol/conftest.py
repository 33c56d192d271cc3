"""The marker of tests that need the conformance suite."""

import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "protocol: needs the conformance suite, and Node to run it")
