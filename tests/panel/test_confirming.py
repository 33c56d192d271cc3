"""The user's yes in the panel: one write for the right name, and a clear text otherwise."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from support.panel.backend import Backend
from support.panel.browsing import Shown, until

from hostup_mcp.config import Group
from hostup_mcp.sandbox import Durations, Fault

from .conftest import Opening

if TYPE_CHECKING:
    from playwright.async_api import Frame

pytestmark = pytest.mark.panel

RESTORE = "*/actions/restore"

MOVABLE_CLOCK = "{ const right = Date.now; Date.now = () => right() + (window.ahead ?? 0); }"
"""A clock that is `window.ahead` milliseconds ahead."""


SHORT_PAUSES = """{
    const wait = window.setTimeout;
    const pauses = [3_000, 6_000, 12_000, 20_000, 25_000];
    window.setTimeout = (run, time) => wait(run, pauses.includes(time) ? 50 : time);
}"""
"""No waiting between looks at a server that may still be starting."""

BACK = ".message.good >> text=web-01 is back"


async def planned(shown: Shown, server: str = "web-01") -> Frame:
    """The panel with a plan that waits for the user's yes."""
    frame = await shown.show(server)
    await frame.click("#show-plan")
    await frame.wait_for_selector("#typed")
    return frame


async def say_yes(frame: Frame, name: str = "web-01") -> None:
    """Type the name and press the button."""
    await frame.fill("#typed", name)
    await frame.click("#confirm")


async def test_the_right_name_starts_one_restore(open_host: Opening) -> None:
    shown = await open_host()
    frame = await planned(shown)
    newest = str(await frame.locator(".line input").first.get_attribute("value"))
    await say_yes(frame)
    await frame.wait_for_selector("text=web-01 is being restored")
    seen: list[int] = []
    bar = frame.locator("[role=progressbar]")
    while shown_now := await bar.evaluate_all("bars => bars.map(bar => bar.ariaValueNow)"):
        seen += [int(now) for now in shown_now if now is not None]
        await asyncio.sleep(0.1)
    await frame.wait_for_selector(BACK)
    assert seen == sorted(seen)
    told = await frame.inner_text(".confirm")
    assert "The guest agent answers: the server's system is running." in told
    assert "There is no backup of what was overwritten" in told, "the newest one was restored"
    assert "Before the restore, its power state was “running”, its guest agent answered." in told
    server = shown.backend.vps_id("web-01")
    assert shown.backend.writes == [
        f"/api/v2/vps/{server}/backups/{newest}/actions/restore",
    ]
    assert len(await shown.calls("confirm_restore")) == 1
    assert newest in shown.backend.sandbox.state.by_name("web-01").disk
    await frame.click("#read-again")
    await frame.wait_for_selector("#show-plan")


@pytest.mark.parametrize("mode", ["in_place", "new_cloud_vps"])
async def test_the_question_is_the_servers(open_host: Opening, mode: str) -> None:
    """Word for word what a window would show; the last line is what to type."""
    shown = await open_host()
    backend = shown.backend
    vps_id = backend.vps_id("web-01")
    listing = await backend.call("list_vps_backups", {"id": vps_id})
    backup = listing["structuredContent"]["backups"][0]["id"]
    sizes = {"cpuCores": 32, "storageGb": 2000} if mode == "new_cloud_vps" else {}
    plan = await backend.call(
        "plan_restore", {"id": vps_id, "mode": mode, "backupId": backup, **sizes}
    )
    asked = plan["_meta"]["hostup-mcp/confirm"]["questions"]["en"]["text"].splitlines()
    frame = await shown.show("web-01", result=plan)
    await frame.wait_for_selector("#typed")
    told = await frame.locator("#question > *").all_inner_texts()
    assert told[-1] == "To go ahead, type: web-01"
    assert asked == (told if mode == "in_place" else told[:-1])
    for size in sizes.values():
        assert str(size) in " ".join(told)


async def test_the_call_has_plan_ticket_and_name_only(open_host: Opening) -> None:
    shown = await open_host()
    frame = await planned(shown)
    await say_yes(frame, "  web-01 ")
    await frame.wait_for_selector("[role=progressbar]")
    (call,) = await shown.calls("confirm_restore")
    assert sorted(call["arguments"]) == ["planId", "ticket", "typedName"]
    assert call["arguments"]["typedName"] == "web-01"
    assert call["arguments"]["planId"].startswith("plan_")


@pytest.mark.parametrize("typed", ["", "web-02", "WEB-01", "web-01x"])
async def test_another_name_sends_nothing(open_host: Opening, typed: str) -> None:
    shown = await open_host()
    frame = await planned(shown)
    await say_yes(frame, typed)
    problem = frame.locator("#typed-problem")
    assert await problem.inner_text() in {
        "Type the name of the server first.",
        "That is not the name of this server. Nothing was sent.",
    }
    assert await frame.get_attribute("#typed", "aria-invalid") == "true"
    assert await frame.evaluate("document.activeElement.id") == "typed"
    assert await shown.calls("confirm_restore") == []
    assert shown.backend.writes == []


async def test_two_clicks_send_one_write(open_host: Opening) -> None:
    shown = await open_host()
    frame = await planned(shown)
    await frame.fill("#typed", "web-01")
    await frame.evaluate("const b = document.getElementById('confirm'); b.click(); b.click()")
    await frame.wait_for_selector(BACK)
    assert len(shown.backend.writes) == 1
    assert len(await shown.calls("confirm_restore")) == 1


async def test_the_server_checks_the_name(open_host: Opening) -> None:
    """A panel that was given another name is refused by the server."""
    shown = await open_host()
    vps_id = shown.backend.vps_id("web-01")
    backups = shown.backend.sandbox.state.by_name("web-01").backups
    newest = max(backups, key=lambda each: each.created_at or datetime.min.replace(tzinfo=UTC))
    arguments = {"id": vps_id, "mode": "in_place", "backupId": newest.id}
    await shown.backend.call("list_vps_backups", {"id": vps_id})
    plan = await shown.backend.call("plan_restore", arguments)
    plan["_meta"]["hostup-mcp/confirm"]["toType"] = "mail"
    shown.backend.changed["plan_restore"] = plan
    frame = await planned(shown)
    await say_yes(frame, "mail")
    await frame.wait_for_selector("text=Not confirmed")
    assert "Nothing was changed" in await frame.inner_text(".confirm")
    assert shown.backend.writes == []


async def test_changed_facts_are_refused(open_host: Opening) -> None:
    shown = await open_host()
    frame = await planned(shown)
    state = shown.backend.sandbox.state
    server = state.by_name("web-01")
    state.put(replace(server, backups=server.backups[1:]))
    await say_yes(frame)
    await frame.wait_for_selector("text=The plan is out of date")
    assert shown.backend.writes == []


async def test_a_refusal_is_shown_in_hostups_words(open_host: Opening) -> None:
    shown = await open_host()
    shown.backend.sandbox.faults.add(
        Fault("status", method="POST", path=RESTORE, status=409, code="busy", detail="Too busy.")
    )
    frame = await planned(shown)
    await say_yes(frame)
    await frame.wait_for_selector(".confirm .message.bad")
    text = await frame.inner_text(".confirm")
    assert "Too busy." in text
    assert "Nothing was started." in text


async def test_an_unknown_outcome_has_no_retry(open_host: Opening) -> None:
    shown = await open_host()
    shown.backend.sandbox.faults.add(Fault("drop_after", method="POST", path=RESTORE))
    frame = await planned(shown)
    await say_yes(frame)
    await frame.wait_for_selector("text=It is not known whether it was carried out")
    text = await frame.inner_text(".confirm")
    assert "Do not start it again" in text
    assert "A restore of this server is running." in text
    assert await frame.locator(".confirm button").count() == 0
    assert len(shown.backend.writes) == 1


@pytest.mark.parametrize("kind", ["break", "lose"])
async def test_a_silent_host_is_an_unknown_outcome(open_host: Opening, kind: str) -> None:
    shown = await open_host()
    frame = await planned(shown)
    await shown.trouble("confirm_restore", kind)
    await say_yes(frame)
    await frame.wait_for_selector("text=It is not known whether it was carried out")
    assert await frame.locator(".confirm button").count() == 0


async def test_an_error_without_data_is_unknown(
    open_host: Opening,
) -> None:
    shown = await open_host()
    frame = await planned(shown)
    text = [{"type": "text", "text": "Error executing tool"}]
    shown.backend.changed["confirm_restore"] = {"isError": True, "content": text}
    await say_yes(frame)
    await frame.wait_for_selector("text=It is not known whether it was carried out")


async def test_a_call_refused_by_the_host_is_not_sent(open_host: Opening) -> None:
    shown = await open_host()
    frame = await planned(shown)
    await shown.trouble("confirm_restore", "refuse")
    await say_yes(frame)
    await frame.wait_for_selector("text=It was refused")
    assert "Nothing was changed." in await frame.inner_text(".confirm")
    assert shown.backend.writes == []


async def test_a_failed_job_is_shown_as_failed(open_host: Opening) -> None:
    shown = await open_host()
    shown.backend.sandbox.faults.add(Fault("fail_job", method="POST", path=RESTORE))
    frame = await planned(shown)
    await say_yes(frame)
    await frame.wait_for_selector("text=HostUp says it failed")


async def test_success_is_not_called_back(open_host: Opening) -> None:
    """The backup boots to nothing: HostUp's job succeeds, and nothing on the server answers."""
    shown = await open_host()
    state = shown.backend.sandbox.state
    web = state.by_name("web-01")
    state.put(replace(web, backups=tuple(replace(b, boots=False) for b in web.backups)))
    await shown.page.add_init_script(SHORT_PAUSES)
    frame = await planned(shown)
    await say_yes(frame)
    await frame.wait_for_selector(".message.bad >> text=web-01 is not back", timeout=60_000)
    told = await frame.inner_text(".confirm")
    assert "The guest agent does not answer; before the restore it did." in told
    assert "The console in HostUp's panel" in told
    state.put(replace(state.by_name("web-01"), boots=True))
    await frame.click("#verify-again")
    await frame.wait_for_selector(BACK)


async def test_what_cannot_be_checked_is_not_back(open_host: Opening) -> None:
    shown = await open_host()
    frame = await planned(shown)
    error = {"kind": "unreachable", "message": "HostUp cannot be reached.", "nextStep": "x"}
    failed = {"isError": True, "content": [], "structuredContent": {"error": error}}
    shown.backend.changed["verify_recovery"] = failed
    await say_yes(frame)
    await frame.wait_for_selector(".message.neutral >> text=HostUp says the restore is complete")
    assert "could not be checked" in await frame.inner_text(".confirm")


async def test_unseen_job_is_not_restarted(open_host: Opening) -> None:
    shown = await open_host()
    frame = await planned(shown)
    error = {"kind": "unreachable", "message": "HostUp cannot be reached.", "nextStep": "x"}
    failed = {"isError": True, "content": [], "structuredContent": {"error": error}}
    shown.backend.changed["get_job"] = failed
    await say_yes(frame)
    await frame.wait_for_selector("#look-again", timeout=30_000)
    assert "Do not start it again" in await frame.inner_text(".confirm")
    shown.backend.changed.clear()
    await frame.click("#look-again")
    await frame.wait_for_selector(BACK)
    assert len(shown.backend.writes) == 1


async def test_progress_never_goes_backwards(open_host: Opening) -> None:
    shown = await open_host(Backend(durations=Durations(restore=60)))
    frame = await planned(shown)
    job = {"jobId": "job_1", "vpsId": "vps_1", "state": "running", "status": None, "message": ""}

    def at(percent: int) -> dict[str, object]:
        return {"structuredContent": {**job, "progress": percent}, "content": []}

    shown.backend.changed["get_job"] = at(60)
    await say_yes(frame)
    await frame.wait_for_selector("[aria-valuenow='60']")
    shown.backend.changed["get_job"] = at(20)
    await asyncio.sleep(1.5)
    assert await frame.get_attribute("[role=progressbar]", "aria-valuenow") == "60"
    done = {**job, "state": "succeeded", "progress": 100}
    shown.backend.changed["get_job"] = {"structuredContent": done, "content": []}
    await frame.wait_for_selector("text=HostUp says the restore is complete")


async def test_a_plan_expires_on_screen(open_host: Opening) -> None:
    shown = await open_host()
    await shown.page.add_init_script(MOVABLE_CLOCK)
    frame = await planned(shown)
    before = _seconds(await frame.inner_text("#countdown"))
    await frame.evaluate("window.ahead = 5_000")
    await asyncio.sleep(1.5)
    assert _seconds(await frame.inner_text("#countdown")) <= before - 5
    await frame.evaluate("window.ahead = 600_000")
    await frame.wait_for_selector("text=This plan has expired")
    assert await frame.locator("#typed, #confirm").count() == 0
    assert "Nothing was changed" in await frame.inner_text("#status")
    assert await shown.calls("confirm_restore") == []
    await frame.evaluate("window.ahead = 0")
    await frame.click("#fresh-plan")
    await frame.wait_for_selector("#typed")
    assert len(await shown.calls("plan_restore")) == 2


async def test_the_server_refuses_an_expired_plan(open_host: Opening) -> None:
    shown = await open_host()
    frame = await planned(shown)
    shown.backend.ahead = timedelta(minutes=11)
    await say_yes(frame)
    await frame.wait_for_selector("text=The plan is out of date")
    assert "it has expired" in await frame.inner_text(".confirm")
    assert shown.backend.writes == []


async def test_a_wrong_local_clock_expires_no_plan(
    open_host: Opening,
) -> None:
    shown = await open_host()
    await shown.page.add_init_script("window.ahead = 3_600_000;" + MOVABLE_CLOCK)
    frame = await planned(shown)
    assert await frame.inner_text("#countdown") in {"10:00", "9:59", "9:58", "9:57"}


async def test_without_restore_there_is_no_button(open_host: Opening) -> None:
    shown = await open_host(Backend(allow=frozenset({Group.CREATE})))
    frame = await shown.show("web-01")
    await frame.click("#show-plan")
    await frame.wait_for_selector(".confirm")
    assert "locked" in await frame.inner_text(".confirm")
    assert await frame.locator("#typed, #confirm").count() == 0


async def test_equal_names_are_distinguished(open_host: Opening) -> None:
    shown = await open_host()
    state = shown.backend.sandbox.state
    state.put(replace(state.by_name("db-01"), name="web-01"))
    frame = await planned(shown)
    assert await frame.inner_text(".confirm .name") == "web-01 10"
    await say_yes(frame, "web-01")
    assert "not the name" in await frame.inner_text("#typed-problem")
    await say_yes(frame, "web-01 10")
    await frame.wait_for_selector(BACK)


async def test_the_other_server_is_named(open_host: Opening) -> None:
    shown = await open_host()
    backend = shown.backend
    vps_id = backend.vps_id("web-01")
    sources = await backend.call("list_restore_sources", {"id": vps_id})
    other = next(s for s in sources["structuredContent"]["sources"] if s["name"] == "dev-01")
    plan = await backend.call(
        "plan_restore",
        {
            "id": vps_id,
            "mode": "from_other_vps",
            "sourceVpsId": other["id"],
            "backupId": other["backups"][0]["id"],
        },
    )
    frame = await shown.show("web-01", result=plan)
    address = backend.sandbox.state.by_name("dev-01").primary_ip
    source = await frame.inner_text(".plan .source")
    assert source == f"From a backup of “dev-01” (active, {address})."


async def test_a_new_server_is_restored_by_hand_too(open_host: Opening) -> None:
    shown = await open_host()
    frame = await planned(shown)
    await frame.click("#mode-new_cloud_vps")
    await frame.wait_for_selector("text=Build the new server")
    await say_yes(frame)
    await frame.wait_for_selector("text=The new server answers")
    (write,) = shown.backend.writes
    assert write.endswith("/actions/restore-to-payg")


async def test_a_restore_by_keyboard(open_host: Opening) -> None:
    shown = await open_host()
    frame = await shown.show("web-01")
    keys = shown.page.keyboard
    await frame.focus("body")
    await keys.press("Tab")
    assert await frame.evaluate("document.activeElement.name") == "backup"
    await keys.press("ArrowDown")
    chosen = frame.locator(".line input:checked")
    second = str(await frame.locator(".line input").nth(1).get_attribute("value"))
    assert await chosen.get_attribute("value") == second
    await keys.press("Tab")
    await keys.press("Enter")
    await frame.wait_for_selector("#typed")
    assert await frame.evaluate("document.activeElement.id") == "plan-title"
    for expected in ("mode-in_place", "mode-new_cloud_vps", "typed"):
        await keys.press("Tab")
        assert await frame.evaluate("document.activeElement.id") == expected
    await keys.type("web-01")
    await keys.press("Tab")
    assert await frame.evaluate("document.activeElement.id") == "confirm"
    await keys.press("Enter")
    await frame.wait_for_selector("text=web-01 is being restored")
    assert await frame.evaluate("document.activeElement.id") == "message-title"
    await until(lambda: len(shown.backend.writes) == 1)
    assert second in shown.backend.writes[0]


def _seconds(shown: str) -> int:
    minutes, seconds = shown.split(":")
    return int(minutes) * 60 + int(seconds)
