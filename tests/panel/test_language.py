"""The panel is in the language that was chosen, else in its host's, else in the server's."""

from __future__ import annotations

import re

import pytest
from support.panel.backend import Backend

from hostup_mcp.hostup.text import Json

from .conftest import Opening

pytestmark = pytest.mark.panel

SWEDISH = {"context": {"locale": "sv-SE"}}
# Words that only one of the languages has.
ENGLISH_WORDS = r"\b(the|and|you|is|are|not|of|from|with|ago|days?|hours?|this|it)\b"


@pytest.mark.parametrize(
    ("chosen", "locale", "language"),
    [
        (None, "sv-SE", "sv"),
        (None, "sv", "sv"),
        (None, "en-GB", "en"),
        (None, "de-DE", "en"),
        (None, "not a locale", "en"),
        ("sv", "en-GB", "sv"),
        ("en", "sv-SE", "en"),
    ],
)
async def test_the_chosen_language_comes_first(
    open_host: Opening, chosen: str | None, locale: str, language: str
) -> None:
    shown = await open_host(Backend(language=chosen))
    frame = await shown.show("web-01", context={"locale": locale})
    title = {"en": "You can go back", "sv": "Du kan återställa"}[language]
    assert await frame.inner_text("h1") == title
    assert await frame.get_attribute("html", "lang") == language
    await frame.click("#show-plan")
    await frame.wait_for_selector("#typed")
    last = (await frame.locator("#question > *").all_inner_texts())[-1]
    told = {"en": "To go ahead, type: web-01", "sv": "För att gå vidare, skriv: web-01"}
    assert last == told[language]
    assert not shown.console


@pytest.mark.parametrize("chosen", [None, "sv"])
async def test_its_question_is_the_windows(open_host: Opening, chosen: str | None) -> None:
    """In the panel's language, word for word."""
    shown = await open_host(Backend(language=chosen))
    vps_id = shown.backend.vps_id("web-01")
    listing = await shown.backend.call("list_vps_backups", {"id": vps_id})
    backup: Json = listing["structuredContent"]["backups"][0]["id"]
    arguments = {"id": vps_id, "mode": "in_place", "backupId": backup}
    plan = await shown.backend.call("plan_restore", arguments)
    questions = plan["_meta"]["hostup-mcp/confirm"]["questions"]
    assert set(questions) == ({"en", "sv"} if chosen is None else {chosen})
    frame = await shown.show("web-01", result=plan, **SWEDISH)
    await frame.wait_for_selector("#typed")
    told = await frame.locator("#question > *").all_inner_texts()
    assert told == questions["sv"]["text"].splitlines()


async def test_a_restore_in_swedish_to_its_end(open_host: Opening) -> None:
    shown = await open_host()
    frame = await shown.show("web-01", **SWEDISH)
    for text in ("4 av 6 används", "12,4 GB", "8 timmar", "schemalagd", "Du kan återställa"):
        assert text in await frame.inner_text("main")
    await frame.click("#show-plan")
    await frame.wait_for_selector("#typed")
    plan = await frame.inner_text("main")
    assert re.search(r"Dataförlust\s+Allt som har skrivits sedan ", plan)
    assert re.search(r"Återställning till (mån|tis|ons|tors|fre|lör|sön)\w* \d+ \w+", plan)
    assert not re.search(ENGLISH_WORDS, without_notes(plan)), plan
    await frame.click("#confirm")
    assert await frame.inner_text("#typed-problem") == "Skriv serverns namn först."
    await frame.fill("#typed", "mail")
    await frame.click("#confirm")
    assert "Inget skickades." in await frame.inner_text("#typed-problem")
    await frame.fill("#typed", "web-01")
    await frame.click("#confirm")
    await frame.wait_for_selector("text=web-01 är tillbaka")
    end = await frame.inner_text(".confirm")
    assert "Före återställningen: strömläget var ”running”" in end
    assert not re.search(ENGLISH_WORDS, end)
    assert not re.search(ENGLISH_WORDS, without_notes(await frame.inner_text("main")))
    assert await frame.inner_text("#status") == "web-01 är tillbaka"


async def test_a_failure_is_told_in_both(open_host: Opening) -> None:
    """The reason in Swedish, the server's own message beside it, marked as English."""
    shown = await open_host(Backend(language="sv"))
    frame = await shown.show("web-01")
    error = {"kind": "rate_limited", "message": "HostUp accepts no more requests.", "nextStep": ""}
    shown.backend.changed["plan_restore"] = {
        "content": [],
        "structuredContent": {"error": {**error, "retryAfterSeconds": 7}},
        "isError": True,
    }
    await frame.click("#show-plan")
    await frame.wait_for_selector("text=Det här kunde inte läsas")
    told = await frame.inner_text(".message")
    assert "HostUp tar inte emot fler anrop just nu." in told
    assert "Vänta 7 sekunder och läs sedan in igen." in told
    assert await frame.inner_text(".message q[lang=en]") == error["message"]
    await shown.trouble("plan_restore", "break")
    await frame.click("#ask-again")
    await frame.wait_for_selector("text=Assistentappen svarade inte.")


async def test_a_change_of_the_host_is_followed(open_host: Opening) -> None:
    shown = await open_host()
    frame = await shown.show("web-01")
    assert await frame.inner_text("h1") == "You can go back"
    await shown.page.evaluate(
        "bridge.setHostContext({theme: 'light', locale: 'sv-SE', timeZone: 'Europe/Stockholm'})"
    )
    await frame.wait_for_selector("text=Du kan återställa")
    assert not re.search(ENGLISH_WORDS, without_notes(await frame.inner_text("main")))


def without_notes(text: str) -> str:
    """`text` without what others wrote."""
    return text.replace("Before upgrade", "")
