"""What is remembered of writes that HostUp refused with 403."""

from datetime import UTC, datetime, timedelta

import pytest

from hostup_mcp.server.refusals import LIFE, MOST_REFUSALS, Refusal, Refusals

NOW = datetime(2026, 4, 27, 10, tzinfo=UTC)
BACKUP, SPEND = ("backup:vm",), ("backup:vm", "write:billing")


def noted(*scopes: str) -> Refusals:
    refusals = Refusals()
    refusals.note("anna", "vps_1", scopes, NOW)
    return refusals


def test_a_refusal_is_kept_for_ten_minutes() -> None:
    refusals = noted(*BACKUP)
    found = Refusal(NOW, frozenset(BACKUP))
    assert refusals.latest("anna", "vps_1", BACKUP, NOW + LIFE - timedelta(seconds=1)) == found
    assert refusals.latest("anna", "vps_1", BACKUP, NOW + LIFE) is None
    assert found.until == NOW + LIFE == NOW + timedelta(minutes=10)


def test_it_is_the_callers_and_the_servers() -> None:
    refusals = noted(*BACKUP)
    assert refusals.latest("bo", "vps_1", BACKUP, NOW) is None
    assert refusals.latest("anna", "vps_2", BACKUP, NOW) is None


@pytest.mark.parametrize(
    ("refused", "other", "concerns"),
    [
        (BACKUP, BACKUP, True),
        (BACKUP, SPEND, True),
        (SPEND, SPEND, True),
        (SPEND, BACKUP, False),
        (("write:vm",), BACKUP, False),
    ],
)
def test_scopes_decide_what_it_concerns(
    refused: tuple[str, ...], other: tuple[str, ...], concerns: bool
) -> None:
    refusals = noted(*refused)
    assert (refusals.latest("anna", "vps_1", other, NOW) is not None) == concerns
    refusals.forget("anna", "vps_1", other)
    assert (refusals.latest("anna", "vps_1", refused, NOW) is None) == concerns


def test_the_later_of_two_is_reported() -> None:
    refusals = noted(*SPEND)
    later = NOW + timedelta(minutes=1)
    refusals.note("anna", "vps_1", BACKUP, later)
    assert refusals.latest("anna", "vps_1", SPEND, later) == Refusal(later, frozenset(BACKUP))
    refusals.note("anna", "vps_1", SPEND, last := later + timedelta(minutes=1))
    assert refusals.latest("anna", "vps_1", SPEND, last) == Refusal(last, frozenset(SPEND))


def test_the_oldest_makes_room() -> None:
    refusals = noted(*BACKUP)
    for n in range(MOST_REFUSALS):
        refusals.note("bo", f"vps_{n}", BACKUP, NOW)
        assert (refusals.latest("anna", "vps_1", BACKUP, NOW) is None) == (n == MOST_REFUSALS - 1)
    assert refusals.latest("bo", "vps_0", BACKUP, NOW) is not None
