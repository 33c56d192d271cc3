"""Each result names the server that it is about, without a request for that."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from hostup_mcp.hostup.models import Vps
from hostup_mcp.server.caller import caller
from hostup_mcp.server.names import (
    MAX_NAME,
    ServerName,
    name_of,
    read_note,
    recall_name,
    remember_servers,
)
from hostup_mcp.server.services import Services
from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.store import StateUnavailableError

from .wiring import account, client_of, settings, text_of


def vps(id_: str, name: str | None = "web", address: str | None = "192.0.2.1") -> Vps:
    return Vps.model_validate({"id": id_, "name": name, "primaryIp": address})


class Lost(InMemoryState):
    async def recall_id(self, caller: str, id_: str) -> str | None:
        raise StateUnavailableError

    async def recall_ids(self, caller: str, ids: Sequence[str]) -> list[str | None]:
        raise StateUnavailableError


class Counted(InMemoryState):
    """Counts how often it is asked for ids."""

    asked = 0

    async def recall_ids(self, caller: str, ids: Sequence[str]) -> list[str | None]:
        self.asked += 1
        return await super().recall_ids(caller, ids)


@pytest.mark.parametrize(
    ("named", "text"),
    [
        (ServerName(id="vps_1", name="web", address="192.0.2.1"), '"web" (192.0.2.1, vps_1)'),
        (ServerName(id="vps_1", name='a"b'), '"a\\"b" (vps_1)'),
        (ServerName(id="vps_1", address="192.0.2.1"), "vps_1 (192.0.2.1)"),
        (ServerName(id="vps_1"), "vps_1"),
        (name_of(vps("vps_1", "x" * 200)), f'"{"x" * (MAX_NAME - 1)}…" (192.0.2.1, vps_1)'),
    ],
)
def test_a_server_is_named_as_far_as_known(named: ServerName, text: str) -> None:
    assert str(named) == text


@pytest.mark.parametrize("note", [None, "", "{}", "no JSON"])
def test_without_a_note_there_is_the_id(note: str | None) -> None:
    assert read_note("vps_1", note) == ServerName(id="vps_1")


async def test_names_are_recalled() -> None:
    used = Services(settings())
    assert await recall_name(used, "vps_1") == ServerName(id="vps_1")
    await remember_servers(used, [vps("vps_1")])
    assert await recall_name(used, "vps_1") == name_of(vps("vps_1"))
    lost = Services(settings(), state=Lost())
    assert await remember_servers(lost, [vps("vps_1")]) == {}
    assert await recall_name(lost, "vps_1") == ServerName(id="vps_1")


async def test_namesakes_are_found_across_pages() -> None:
    used = Services(settings())
    pages = [vps("vps_1"), vps("vps_2", "db")], [vps("vps_3", "Web "), vps("vps_4", None)]
    assert await remember_servers(used, pages[0]) == {}
    assert await remember_servers(used, pages[1]) == {"vps_3": "vps_1"}
    assert await remember_servers(used, pages[0]) == {"vps_1": "vps_3"}, "and the other way round"
    both = [*pages[0], *pages[1]]
    assert await remember_servers(used, both) == {}, "on one page they are seen anyway"
    assert await remember_servers(used, [vps("vps_1", "other")]) == {}
    assert await remember_servers(used, pages[1]) == {}, "it has another name now"
    servers = [i for i in await used.state.known_ids(caller()) if "/" not in i]
    assert sorted(servers) == ["vps_1", "vps_2", "vps_3", "vps_4"], "only ids are offered as such"


async def test_many_namesakes_take_two_steps() -> None:
    used = Services(settings(), state=(state := Counted()))
    pages = [[vps(f"vps_{n}{page}", f"web-{n}") for n in range(100)] for page in "ab"]
    assert await remember_servers(used, pages[0]) == {}
    found = await remember_servers(used, pages[1])
    assert found == {f"vps_{n}b": f"vps_{n}a" for n in range(100)}
    assert state.asked == 4


async def test_list_vps_tells_namesakes_apart() -> None:
    box = account()
    web, mail = (box.state.by_name(name) for name in ("web-01", "mail"))
    box.state.put(replace(mail, name="web-01"))
    async with client_of(box) as client:
        first = await client.call_tool("list_vps", {"limit": 3})
        assert first.structured_content is not None
        assert first.structured_content["sameName"] == []
        cursor = first.structured_content["nextCursor"]
        second = await client.call_tool("list_vps", {"limit": 3, "cursor": cursor})
        both = await client.call_tool("list_vps", {"name": "web-01"})
    assert second.structured_content is not None
    assert second.structured_content["sameName"] == [mail.id]
    assert f"same name as {web.id}, listed before" in text_of(second)
    assert "SAME NAME: tell the servers marked so apart" in text_of(second)
    assert text_of(both).count("· same name\n") == 2
