"""A user reads the question in their language, end to end; the model reads English."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from mcp.types import ElicitResult
from support.product import REVISIONS

from .harness import Product, User, plainly, typed

STOCKHOLM = {"HOSTUP_MCP_TIMEZONE": "Europe/Stockholm"}
SWEDISH = {**STOCKHOLM, "HOSTUP_MCP_LANGUAGE": "sv"}


@dataclass
class Reader(User):
    """Keeps the form's field, too."""

    fields: list[dict[str, Any]] = field(default_factory=list)

    async def __call__(self, context: Any, params: Any) -> ElicitResult:
        [shown] = params.requested_schema["properties"].values()
        self.fields.append(shown)
        return await super().__call__(context, params)


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_swede_is_asked_in_swedish(product: Product, revision: str) -> None:
    user = Reader(lambda _: typed("web-01"))
    async with product.by_stdio(revision, user, *product.flags, **SWEDISH) as assistant:
        vps, plan_id = await assistant.planned()
        done = await assistant.call("restore_vps", planId=plan_id)
        assert not done.is_error, done.text
        told = "\n".join(each.text for each in assistant.results)
    [question] = user.questions
    lines = question.splitlines()
    assert re.fullmatch(
        r'Vill du återställa "web-01" \(192\.0\.2\.10\) till backupen från '
        r"(mån|tis|ons|tors|fre|lör|sön) \d{4}-\d\d-\d\d \d\d:\d\d CES?T\?",
        lines[0],
    )
    assert lines[1].startswith("DATAFÖRLUST: allt som har skrivits sedan dess (upp till 8 timmar).")
    assert lines[-2].startswith(f"ID: {vps}, bkp_")
    assert lines[-1] == "För att gå vidare, skriv: web-01"
    [shown] = user.fields
    assert shown["title"] == "Serverns namn"
    assert shown["description"] == "Skriv det som står på frågans sista rad för att gå vidare."
    assert not re.search("[åäö]", told.casefold()), "a model reads English"
    assert 'Restore "web-01" (192.0.2.10) to its backup from' in done.text


@pytest.mark.parametrize("revision", REVISIONS)
async def test_a_plain_yes_is_asked_in_swedish(product: Product, revision: str) -> None:
    user = Reader(lambda _: plainly(True))
    async with product.by_stdio(revision, user, *product.flags, **SWEDISH) as assistant:
        vps, backups = await assistant.backups("web-01")
        plan = await assistant.ok("plan_restore", id=vps, mode="new_cloud_vps", backupId=backups[0])
        await assistant.ok("restore_vps", planId=plan["planId"])
    [question], [shown] = user.questions, user.fields
    assert question.startswith("Vill du skapa en ny server mot betalning (")
    assert " SEK/timme, " in question
    assert "…" not in question, "nothing is cut"
    assert shown["title"] == "Ja, gör det"
    assert shown["description"] == "Lämna omarkerad för att avbryta."


@pytest.mark.parametrize(
    ("variables", "first"),
    [
        ({"LC_ALL": "sv_SE.UTF-8"}, "Vill du stänga av "),
        ({"LC_ALL": "", "LANG": "sv_SE.UTF-8"}, "Vill du stänga av "),
        ({"LC_ALL": "sv_SE.UTF-8", "HOSTUP_MCP_LANGUAGE": "en"}, "Shut down "),
        ({}, "Shut down "),
    ],
)
async def test_the_locale_counts_without_a_setting(
    product: Product, variables: dict[str, str], first: str
) -> None:
    user = User(lambda _: plainly(True))
    async with product.by_stdio("2026-07-28", user, *product.flags, **variables) as assistant:
        vps = await assistant.find("web-01")
        await assistant.ok("set_vps_power", id=vps, action="shutdown")
    assert user.questions[0].startswith(first)
