"""Where a check of all servers goes on. What it reads: `tests/e2e/test_check_backups.py`."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostup_mcp.server.errors.failure import RefusalError
from hostup_mcp.server.fleet import BEGINNING, SERVERS_AT_ONCE, Position, parse_position

ids = st.from_regex(r"\A[0-9A-Za-z_][0-9A-Za-z_.:~@+=/-]{0,127}\Z")
pages = st.none() | st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1)
again = st.lists(ids, max_size=SERVERS_AT_ONCE).map(tuple)
positions = st.builds(Position, pages, st.just(0), st.just(""), again) | st.builds(
    Position, pages, st.integers(1, 999_999), ids, again
)


@given(positions)
def test_each_position_can_be_read_back(position: Position) -> None:
    if position != BEGINNING:
        assert parse_position(str(position)) == position


@given(st.text() | st.from_regex(r"\A[0-9]{1,3},[a-z.;]{0,4},[a-z.;]{0,9},[ -~\n]{0,9}\Z"))
def test_what_is_no_position_is_refused(text: str) -> None:
    with suppress(RefusalError):
        assert str(parse_position(text)) == text


def test_the_beginning_needs_no_cursor() -> None:
    with pytest.raises(RefusalError):
        parse_position(str(BEGINNING))
