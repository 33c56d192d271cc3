"""Long lists: bounded, complete page by page, and only what is shown is handed out."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from mcp import Client

from hostup_mcp.sandbox import Backup, Sandbox

from ..wiring import account, client_of, error_of, text_of

MANY = 400


def archive(count: int = MANY) -> Sandbox:
    """The demo account, with a server that has `count` nightly backups and two odd ones."""
    box = account()
    server = box.state.by_name("archive")
    first = server.backups[0]
    nightly = [
        replace(
            first,
            id=f"bkp_nightly{n:04}",
            created_at=box.now() - timedelta(hours=8, days=n),
            note="é" * 40 if n % 10 == 0 else None,
        )
        for n in range(count)
    ]
    odd: list[Backup] = [
        replace(first, id="bkp_empty", created_at=box.now() - timedelta(hours=1), size_gb=0),
        replace(first, id="bkp_undated", created_at=None),
    ]
    box.state.put(replace(server, backups=(*odd, *nightly)))
    return box


async def read(client: Client, box: Sandbox, **arguments: Any) -> tuple[str, dict[str, Any]]:
    id_ = box.state.by_name("archive").id
    result = await client.call_tool("list_vps_backups", {"id": id_, **arguments})
    assert not result.is_error, text_of(result)
    assert result.structured_content is not None
    return text_of(result), result.structured_content


async def test_400_backups_are_read_page_by_page() -> None:
    box = archive()
    shown: list[str] = []
    async with client_of(box) as client:
        await client.call_tool("list_vps", {"limit": 100})
        text, data = await read(client, box)
        assert len(text) < 3_500, "86,000 characters before there were pages"
        assert len(str(data)) < 9_500
        while True:
            assert data["total"] == MANY + 2
            assert data["oldest"]["id"] == f"bkp_nightly{MANY - 1:04}"
            assert [id_ for id_ in data["explanation"]["findings"]["doubts"] if id_ in shown] == []
            shown += [backup["id"] for backup in data["backups"]]
            if (before := data["nextBefore"]) is None:
                break
            assert f"{data['total'] - len(shown)} more: call list_vps_backups with before " in text
            assert before == shown[-1]
            assert before in text
            text, data = await read(client, box, before=before, limit=150)
    nightly = [f"bkp_nightly{n:04}" for n in range(MANY)]
    assert shown == [*nightly, "bkp_empty", "bkp_undated"]
    assert "May be incomplete:\nbkp_empty" in text
    assert "Date unknown or in the future:\nbkp_undated" in text
    assert "Restore: " not in text, "said on the first page"


async def test_only_shown_backups_are_handed_out() -> None:
    box = archive()
    id_ = box.state.by_name("archive").id
    async with client_of(box) as client:
        await client.call_tool("list_vps", {"limit": 100})
        _, data = await read(client, box, limit=2)
        named = {*(b["id"] for b in data["backups"]), data["oldest"]["id"]}
        assert named == {"bkp_nightly0000", "bkp_nightly0001", f"bkp_nightly{MANY - 1:04}"}
        for backup in ("bkp_nightly0001", f"bkp_nightly{MANY - 1:04}"):
            plan = {"id": id_, "mode": "in_place", "backupId": backup}
            assert not (await client.call_tool("plan_restore", plan)).is_error
        for tool, arguments in (
            ("plan_restore", {"mode": "in_place", "backupId": "bkp_nightly0002"}),
            ("list_vps_backups", {"before": "bkp_nightly0002"}),
        ):
            error = error_of(await client.call_tool(tool, {"id": id_, **arguments}))
            assert error["kind"] == "unknown_id"
            assert "list_vps_backups" in error["nextStep"]


async def test_a_list_that_has_changed_is_begun_again() -> None:
    box = archive(30)
    async with client_of(box) as client:
        await client.call_tool("list_vps", {"limit": 100})
        _, data = await read(client, box)
        server = box.state.by_name("archive")
        left = tuple(b for b in server.backups if b.id != data["nextBefore"])
        box.state.put(replace(server, backups=left))
        arguments = {"id": server.id, "before": data["nextBefore"]}
        error = error_of(await client.call_tool("list_vps_backups", arguments))
    assert error["kind"] == "backup_missing"
    assert "from its first page" in error["nextStep"]


@pytest.mark.parametrize("limit", [0, 501, "all"])
async def test_pages_have_a_size_from_1_to_500(limit: Any) -> None:
    box = account()
    async with client_of(box) as client:
        await client.call_tool("list_vps", {"limit": 100})
        arguments = {"id": box.state.by_name("archive").id, "limit": limit}
        error = error_of(await client.call_tool("list_vps_backups", arguments))
    assert error["kind"] == "invalid_arguments"


async def test_backups_that_a_check_names_are_handed_out() -> None:
    """Such as the one that may be removed next, where all slots are in use."""
    box = account()
    shop = box.state.by_name("shop-prod")
    oldest = min(shop.backups, key=lambda backup: str(backup.created_at)).id
    async with client_of(box) as client:
        checked = await client.call_tool("check_backups", {})
        assert f"likeliest to be removed for another is {oldest}" in text_of(checked)
        plan = {"id": shop.id, "mode": "in_place", "backupId": oldest}
        assert not (await client.call_tool("plan_restore", plan)).is_error


# Other lists --------------------------------------------------------------------------------------


async def test_each_source_shows_its_newest_backups() -> None:
    box = archive()
    ids = {name: box.state.by_name(name).id for name in ("web-01", "archive")}
    async with client_of(box) as client:

        async def sources(**arguments: Any) -> tuple[str, list[dict[str, Any]]]:
            given = {"id": ids["web-01"], **arguments}
            result = await client.call_tool("list_restore_sources", given)
            assert result.structured_content is not None
            assert result.structured_content["total"] >= len(result.structured_content["sources"])
            return text_of(result), result.structured_content["sources"]

        await client.call_tool("list_vps", {"limit": 100})
        text, every = await sources()
        assert len(every) == 15
        assert {len(each["backups"]) for each in every} == {1}
        assert len(text) < 3_000
        assert "archive" in text
        assert f"1 of {MANY + 2} backups shown" in text
        [big] = [each for each in every if each["id"] == ids["archive"]]
        assert big["total"] == MANY + 2
        assert big["backups"][0]["id"] == "bkp_nightly0000", "the empty one is no way back"
        assert "call again with sourceVpsId for one of them" in text

        text, [one] = await sources(sourceVpsId=ids["archive"])
        assert [b["id"] for b in one["backups"]] == [f"bkp_nightly{n:04}" for n in range(20)]
        assert f"{MANY + 2 - 20} more: call again with a higher limit" in text
        text, [one] = await sources(sourceVpsId=ids["archive"], limit=500)
        assert len(one["backups"]) == MANY + 2
        assert "call again" not in text

        text, few = await sources(limit=2)
        assert len(few) == 2
        assert "13 more servers: call again with a higher limit" in text

        plan = {"id": ids["web-01"], "mode": "from_other_vps", "sourceVpsId": ids["archive"]}
        result = await client.call_tool("plan_restore", plan | {"backupId": "bkp_nightly0399"})
        assert not result.is_error, "it was shown among the 402"


async def test_only_known_sources_are_listed_alone() -> None:
    box = account()
    web, mail = (box.state.by_name(name) for name in ("web-01", "mail"))
    async with client_of(box) as client:
        await client.call_tool("list_vps", {"limit": 100})
        given = {"id": web.id, "sourceVpsId": mail.id}
        error = error_of(await client.call_tool("list_restore_sources", given))
        assert error["kind"] == "unknown_id"
        await client.call_tool("list_restore_sources", {"id": web.id})
        box.state.put(replace(mail, backups=()))
        gone = await client.call_tool("list_restore_sources", given)
        assert "lists no backups of this server for it any more" in text_of(gone)


async def test_many_snapshots_and_schedules_are_bounded() -> None:
    box = account()
    web = box.state.by_name("web-01")
    snapshots = tuple(
        replace(web.snapshots[0], name=f"s{n}", created_at=box.now() - timedelta(minutes=30 + n))
        for n in range(60)
    )
    schedules = tuple(
        replace(web.schedules[0], id=f"bks_{n}", enabled=n == 29, frequency="daily")
        for n in range(30)
    )
    box.state.put(replace(web, snapshots=snapshots[::-1], schedules=schedules))
    async with client_of(box) as client:
        await client.call_tool("list_vps", {"limit": 100})
        listed = await client.call_tool("list_vps_snapshots", {"id": web.id})
        assert listed.structured_content is not None
        assert [s["name"] for s in listed.structured_content["data"]] == [
            f"s{n}" for n in range(50)
        ]
        assert listed.structured_content["total"] == 60
        assert "10 more that are not shown" in text_of(listed)
        read = await client.call_tool("list_backup_schedules", {"id": web.id})
        assert read.structured_content is not None
        assert [s["id"] for s in read.structured_content["schedules"]][:2] == ["bks_29", "bks_0"]
        assert len(read.structured_content["schedules"]) == 20
        assert "10 more that are not shown" in text_of(read)
