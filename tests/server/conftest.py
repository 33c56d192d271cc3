"""Options of the tests in this folder."""

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--rewrite-definitions",
        action="store_true",
        default=False,
        help="write what a model sees of the tools into tests/server/definitions/ anew",
    )
