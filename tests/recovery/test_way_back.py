"""After a restore, the nearest to what was overwritten is the newest backup from before it."""

from datetime import UTC, datetime

import pytest

from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.findings import NewestBefore, WayBack
from hostup_mcp.recovery.way_back import find_way_back

from .listings import NOW, backup, listing

NEW, OLD = "2026-04-27T10:00:00Z", "2026-04-20T10:00:00Z"
AT_NEW, AT_OLD = (datetime(2026, 4, day, 10, tzinfo=UTC) for day in (27, 20))


@pytest.mark.parametrize(
    ("some", "used", "way_back"),
    [
        ([("new", NEW, 9), ("point", OLD, 9)], None, NewestBefore("new", AT_NEW)),
        ([("point", NEW, 9), ("old", OLD, 9)], None, Code.WAY_BACK_RESTORED),
        ([("old", OLD, 9)], None, NewestBefore("old", AT_OLD)),
        # one that looks complete, if there is one
        ([("new", NEW, 0), ("old", OLD, 9)], None, NewestBefore("old", AT_OLD)),
        ([("new", NEW, 0), ("old", OLD, 0)], None, NewestBefore("new", AT_NEW)),
        ([("some", None, 9)], None, NewestBefore("some", None)),
        ([], None, Code.NO_WAY_BACK),
        ([], 2, Code.WAY_BACK_UNKNOWN),
    ],
)
def test_the_newest_from_before(
    some: list[tuple[str, str | None, float]], used: int | None, way_back: WayBack
) -> None:
    found = listing(*(backup(*each) for each in some), used=used)
    assert find_way_back(found, "point", NOW) == way_back
