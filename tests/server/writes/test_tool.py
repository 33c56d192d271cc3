"""What an assistant's host is told of a writing tool: hints, result, and where it shows."""

from __future__ import annotations

from dataclasses import replace

import pytest
from mcp.server.mcpserver.exceptions import UnexpectedToolError

from hostup_mcp.server.panel import PANEL_URI
from hostup_mcp.server.reader import Reader
from hostup_mcp.server.writes.proposal import Destructive, Harmless, Proposal
from hostup_mcp.server.writes.tool import build_write_tool

from .bench import Bench, tool


@pytest.mark.parametrize(
    ("may", "is_destructive"),
    [({Destructive}, True), ({Destructive, Harmless}, True), ({Harmless}, False)],
)
@pytest.mark.parametrize("is_idempotent", [True, False])
def test_hints_say_what_a_write_may_do(
    may: set[type[Destructive] | type[Harmless]], is_destructive: bool, is_idempotent: bool
) -> None:
    bench = Bench()
    bench.may_propose = frozenset(may)
    built = build_write_tool(replace(bench.definition(), is_idempotent=is_idempotent))
    assert built.annotations is not None
    assert built.annotations.read_only_hint is False
    assert built.annotations.destructive_hint is is_destructive
    assert built.annotations.idempotent_hint is is_idempotent


@pytest.mark.parametrize("is_recovery", [True, False])
def test_only_a_restore_has_a_record(is_recovery: bool) -> None:
    built = build_write_tool(replace(Bench().definition(), is_recovery=is_recovery))
    assert ("recoveryId" in str(built.output_schema)) is is_recovery


@pytest.mark.parametrize("in_panel", [True, False])
def test_what_is_confirmed_in_the_panel_is_for_the_panel(in_panel: bool) -> None:
    built = build_write_tool(replace(Bench().definition(), confirmed_in_panel=in_panel))
    only_app = {"ui": {"resourceUri": PANEL_URI, "visibility": ["app"]}}
    assert built.meta == (only_app if in_panel else None)


async def test_a_bug_before_anything_is_sent_names_the_tool() -> None:
    async def fail(reader: Reader) -> Proposal:
        raise LookupError("a bug")

    built = build_write_tool(tool(propose=fail))
    with pytest.raises(UnexpectedToolError) as raised:
        await built.run({}, Bench().context())
    assert str(raised.value) == f"Error executing tool {built.name}"
    assert isinstance(raised.value.__cause__, LookupError)
