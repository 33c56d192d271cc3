"""What is missing from a listing is said in one line for each sort."""

import pytest

from hostup_mcp.hostup.base import Unread
from hostup_mcp.hostup.models import VpsPage
from hostup_mcp.wording.completeness import missing_lines

SIZE = Unread("resources.storageGb", "vps_2", "db-2")


def page(*unread: Unread, has_more: bool = False) -> VpsPage:
    listing = VpsPage(data=(), has_more=has_more)
    listing.note_unread(unread)
    return listing


@pytest.mark.parametrize(
    ("unread", "line"),
    [
        (
            [SIZE],
            '1 of 12 servers could not be read completely: "db-2", resources.storageGb.',
        ),
        (
            [SIZE, Unread("name", "vps_3"), Unread("primaryIp", "vps_2", "db-2")],
            '2 of 12 servers could not be read completely: "db-2", resources.storageGb and '
            "primaryIp; vps_3, name.",
        ),
        ([Unread("quotaInfo.used")], "Could not be read in HostUp's response: quotaInfo.used."),
        (
            [Unread("id", None, "db-2", is_left_out=True)],
            'Not shown, because HostUp\'s data is unusable: 1 item ("db-2", id).',
        ),
        (
            [Unread("data.0", is_left_out=True), Unread("id", "no.1", is_left_out=True)],
            "Not shown, because HostUp's data is unusable: 2 items (unnamed, data.0; no.1, id).",
        ),
        (
            [Unread("id", None, f"n{i}", is_left_out=True) for i in range(7)],
            "Not shown, because HostUp's data is unusable: 7 items ("
            + "; ".join(f'"n{i}", id' for i in range(5))
            + "; and 2 more).",
        ),
    ],
)
def test_unread_is_named(unread: list[Unread], line: str) -> None:
    assert missing_lines(page(*unread), 12, "servers") == [line]


def test_an_incomplete_list_says_so() -> None:
    (line,) = missing_lines(page(has_more=True), 0, "servers")
    assert line.startswith("This list is INCOMPLETE")


def test_nothing_missing_adds_no_line() -> None:
    assert missing_lines(page(), 1, "servers") == []
