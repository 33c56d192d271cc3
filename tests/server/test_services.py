"""What a call works with: account, connection, state and keys."""

from datetime import UTC
from zoneinfo import ZoneInfo

import pytest

from hostup_mcp.config import LANGUAGES, Group, Misconfigured, Remote, Settings
from hostup_mcp.server.caller import caller
from hostup_mcp.server.errors.failure import RefusalError
from hostup_mcp.server.services import Services, services
from hostup_mcp.wording.viewer import Language, Viewer

from .wiring import ALL, call, settings


async def test_all_calls_share_one_connection() -> None:
    used = Services(settings())
    async with used.used() as same:
        assert same is used
        assert used._connection() is used._connection()


async def test_state_outlives_connections() -> None:
    used = Services(settings())
    async with used.used():
        await used.remember({"a": ""})
    async with used.used():
        assert await used.state.recall_id(caller(), "a") == ""


def test_wrong_settings_fail_at_use() -> None:
    used = Services(Misconfigured(("HOSTUP_API_KEY is not set.",)))
    assert used.allowed() == frozenset()
    for look in (lambda: used.settings, lambda: used.hostup):
        with pytest.raises(RefusalError) as refusal:
            look()
        assert refusal.value.failure.kind == "not_configured"
        assert "HOSTUP_API_KEY is not set." in refusal.value.failure.message


def test_the_settings_unlock_groups() -> None:
    assert Services(settings(frozenset())).allowed() == frozenset()
    assert Services(settings(frozenset({Group.CREATE}))).allowed() == {Group.CREATE}
    assert Services(settings(ALL)).allowed() == ALL


def test_a_users_zone_comes_first() -> None:
    stockholm, tokyo = ZoneInfo("Europe/Stockholm"), ZoneInfo("Asia/Tokyo")
    used = Services(settings(zone=stockholm), default_zone=lambda: tokyo)
    assert used.viewer.zone == stockholm
    assert Services(settings(), default_zone=lambda: tokyo).viewer.zone == tokyo
    assert Services(settings()).viewer == Viewer(UTC, Language.ENGLISH)


def test_a_chosen_language_comes_first() -> None:
    def swedish() -> Language:
        return Language.SWEDISH

    chosen = Services(settings(language="en"), default_language=swedish).viewer
    assert chosen == Viewer(UTC, Language.ENGLISH, is_language_chosen=True)
    assert Services(settings(), default_language=swedish).viewer == Viewer(UTC, Language.SWEDISH)
    assert Services(settings(language="sv")).viewer == Viewer(
        UTC, Language.SWEDISH, is_language_chosen=True
    )


def test_every_language_can_be_chosen() -> None:
    assert tuple(Language) == LANGUAGES


def test_no_repr_shows_a_secret() -> None:
    used = Services(Settings("hostup_live_SECRET"))
    shown = repr(used) + repr(used.settings)
    assert "hostup_live_SECRET" not in shown
    assert all(repr(key) not in shown for key in used.keys)


def test_keys_are_shared_with_the_state() -> None:
    """A question sealed by another server is only valid where that server's state is shared."""
    secret = settings(secrets=("s" * 32,))
    shared = settings(secrets=("s" * 32,), remote=Remote(state="redis://localhost"))
    assert Services(settings()).keys != Services(settings()).keys
    assert Services(secret).keys != Services(secret).keys
    assert Services(shared).keys == Services(shared).keys


def test_a_call_has_its_servers_services() -> None:
    used = Services(settings())
    assert services(call(used)) is used
