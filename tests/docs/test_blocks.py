"""Every block of the pages is run, or compared with what it shows. An unknown block fails."""

from __future__ import annotations

import hmac
import json
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterable
from configparser import ConfigParser
from dataclasses import replace
from typing import Any

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.client import ClientRequestContext
from mcp.types import CallToolResult, ElicitRequestParams, ElicitResult, TextContent
from support.product import ALL_DOORS

from benchmarks.faults.kinds import KINDS as FAULT_KINDS
from hostup_mcp.config import Group, Settings
from hostup_mcp.remote.accounts import read_accounts
from hostup_mcp.server.app import build_server
from hostup_mcp.server.writes.audit_keys import SANDBOX_KEY

from .commands import follow, follow_powershell
from .conftest import BIN, PATIENCE, Place, output_of
from .pages import ROOT, Block, blocks, table

YOUR_KEY = "your key"
INVENTED = "vps_01h0000000000000000000fake"


# Configurations -----------------------------------------------------------------------------------


async def is_configuration(block: Block, place: Place) -> None:
    shown = json.loads(block.text)
    if "callers" in shown:
        is_credentials(block, place)
        return
    [(name, server)] = (shown.get("mcpServers") or shown["servers"]).items()
    assert name == "hostup"
    assert set(shown) <= {"mcpServers", "servers", "inputs"}
    assert set(server) <= {"type", "command", "args", "env"}
    prompts = {f"${{input:{one['id']}}}" for one in shown.get("inputs", ())}
    # The reader fills in the key of the test account.
    env = {
        variable: place.env["HOSTUP_API_KEY"] if value in {YOUR_KEY, *prompts} else value
        for variable, value in server["env"].items()
    }
    await serves(
        replace(place, env={**place.env, **env}), server["command"], *server.get("args", ())
    )


async def serves(place: Place, command: str, *words: str) -> None:
    """The command that a client would run lists the account's servers."""
    child = StdioServerParameters(
        command=command, args=list(words), env=place.env, cwd=str(place.folder)
    )
    with anyio.fail_after(PATIENCE):
        async with Client(child) as client:
            result = await client.call_tool("list_vps", {"name": "web-01"})
    assert not result.is_error, text_of(result)
    assert "web-01" in text_of(result)


def is_credentials(block: Block, place: Place) -> None:
    secrets = place.folder / "secrets"
    secrets.mkdir()
    (secrets / "web").write_text("key-of-a-file\n")
    file = place.folder / "callers.json"
    file.write_text(block.text.replace("/run/secrets", str(secrets)))
    accounts = read_accounts(file, Settings("shared"), {"AUDIT_KEY": "key-of-a-variable"})
    assert accounts["web-team"].api_key == "key-of-a-file"
    assert accounts["web-team"].allow == {Group.CREATE, Group.RESTORE}
    assert accounts["auditor"].api_key == "key-of-a-variable"
    assert accounts["auditor"].allow == frozenset()


# Programs and commands ----------------------------------------------------------------------------


async def runs(block: Block, place: Place) -> None:
    script = place.folder / "shown.py"
    script.write_text(block.text)
    assert "web-01" in output_of([sys.executable, str(script)], place)


async def types(block: Block, place: Place) -> None:
    for line in block.text.splitlines():
        await follow(line, place, serves)


async def types_in_powershell(block: Block, place: Place) -> None:
    for line in block.text.splitlines():
        await follow_powershell(line, place, serves)


async def is_crontab(block: Block, place: Place) -> None:
    """The jobs run, and print or write what the page says."""
    variables: dict[str, str] = {}
    for line in block.text.splitlines():
        given = re.fullmatch(r"([A-Z_]+)=(.*)", line)
        if given is not None:
            variables[given[1]] = given[2]
            continue
        *times, job = line.split(maxsplit=5)
        assert all(re.fullmatch(r"[\d*/,-]+", time) for time in times)
        assert "%" not in job, "cron takes it for a new line"
        assert variables["HOSTUP_API_KEY"] == YOUR_KEY
        printed = output_of(["sh", "-c", job.replace(COLLECTED, str(place.folder))], place)
        metrics = place.folder / "hostup.prom"
        found = metrics.read_text() if metrics.exists() else printed
        assert found.startswith(("BACKUPS CRITICAL - ", "# HELP hostup_mcp_check_state"))


COLLECTED = "/var/lib/node_exporter"


async def is_unit(block: Block, place: Place) -> None:
    """systemd accepts the unit, and its command works."""
    unit = ConfigParser(interpolation=None)
    unit.read_string(block.text)
    if "Service" in unit:
        words = unit["Service"]["ExecStart"].replace("/var/lib/hostup-mcp/", "").split()
        assert words[0] == "/usr/local/bin/hostup-mcp"
        if "--tokens" in words:
            await follow("hostup-mcp token new web-team --tokens tokens.json", place, serves)
        await follow(shlex.join(["hostup-mcp", *words[1:]]), place, serves)
    assert complaints_about(block, place) == []


def complaints_about(block: Block, place: Place) -> list[str]:
    """What systemd says about a unit, if it is here."""
    systemd = shutil.which("systemd-analyze")
    if systemd is None:
        return []
    # A timer needs its service, and a service its program.
    (place.folder / "hostup-check.service").write_text("[Service]\nExecStart=/bin/true\n")
    unit = place.folder / block.about
    unit.write_text(block.text.replace("/usr/local/bin/hostup-mcp", str(BIN / "hostup-mcp")))
    ended = subprocess.run([systemd, "verify", unit], capture_output=True, text=True, check=False)
    return [line for line in ended.stderr.splitlines() if unit.name in line]


# Results ------------------------------------------------------------------------------------------


async def is_result(block: Block, place: Place) -> None:
    """`result: TOOL of SERVER`: the tool's result has these lines, in this order."""
    await has_lines(block, Group)


async def is_locked_result(block: Block, place: Place) -> None:
    """`locked-result: TOOL of SERVER`: the same with nothing unlocked."""
    await has_lines(block, ())


async def has_lines(block: Block, allow: Iterable[Group]) -> None:
    tool, server = named(block)
    async with client_of(allow, elicitation_callback=decline) as client:
        text = text_of(await client.call_tool(tool, {"id": await id_of(client, server)}))
    rest = iter(text.splitlines())
    for line in block.text.splitlines():
        assert line in rest, f"{line!r} is not in:\n{text}"


async def decline(_: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
    return ElicitResult(action="decline")


async def is_check(block: Block, place: Place) -> None:
    """`check: FLAGS`: the check of the sandbox account begins like this."""
    flags = block.about.removeprefix("check: ").split()
    printed = output_of(["hostup-mcp", "check", "--sandbox", *flags], place, exit_code=2)
    assert printed.startswith(block.text)


async def is_question(block: Block, place: Place) -> None:
    """`question: restore_vps of SERVER`: the question starts like this, dates aside."""
    tool, server = named(block)
    questions: list[str] = []

    async def ask(context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        questions.append(params.message)
        return await decline(context, params)

    async with client_of(elicitation_callback=ask) as client:
        vps = await id_of(client, server)
        listed = await client.call_tool("list_vps_backups", {"id": vps})
        newest = (listed.structured_content or {})["backups"][0]["id"]
        plan = await client.call_tool(
            "plan_restore", {"id": vps, "mode": "in_place", "backupId": newest}
        )
        await client.call_tool(tool, {"planId": (plan.structured_content or {})["planId"]})
    assert len(questions) == 1
    assert timeless(questions[0]).startswith(timeless(block.text.strip()))


async def is_error(block: Block, place: Place) -> None:
    """`error: TOOL`: the structured content of the result for an invented id."""
    tool = block.about.removeprefix("error: ")
    async with client_of() as client:
        result = await client.call_tool(tool, {"id": INVENTED})
    assert result.structured_content == json.loads(block.text)


async def is_audit_line(block: Block, place: Place) -> None:
    """The line is signed, by the sandbox's public key, as the page describes."""
    del place
    [line] = block.text.splitlines()
    content, _, end = line.partition(', "hmac": "')
    assert end == hmac.new(SANDBOX_KEY.secret, content.encode(), "sha256").hexdigest() + '"}'
    described = {name for row in table(block.page, "field", "") for name in row[0]}
    assert described == set(json.loads(line))
    chain = json.loads(line)["chain"]
    in_chain = {name for row in table(block.page, "chain", "") for name in row[0]}
    assert in_chain - {"begins", "earlier", "skipped"} == set(chain)


async def is_drawn(block: Block, place: Place) -> None:
    """The picture of the rooms: its arrows are the imports."""
    drawing = runpy.run_path(str(ROOT / "scripts" / "architecture.py"))
    assert f"```mermaid\n{block.text}```\n" == drawing["picture"]()


def named(block: Block) -> tuple[str, str]:
    tool, _, server = block.about.partition(": ")[2].partition(" of ")
    return tool, server


def timeless(text: str) -> str:
    """`text` without dates and durations."""
    weekday = r"((Mon|Tue|Wed|Thu|Fri|Sat|Sun) )?"
    dateless = re.sub(weekday + r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:[\d.]+Z)?", "DATE", text)
    return re.sub(r"\d+ hours( \d+ minutes?)?", "SPAN", dateless)


def client_of(allow: Iterable[Group] = Group, **options: Any) -> Client:
    settings = Settings("key", sandbox=True, allow=frozenset(allow))
    return Client(build_server(settings), **options)


async def id_of(client: Client, server: str) -> str:
    listed = (await client.call_tool("list_vps", {"name": server})).structured_content or {}
    return str(listed["data"][0]["id"])


def text_of(result: CallToolResult) -> str:
    return "\n".join(part.text for part in result.content if isinstance(part, TextContent))


# All of them --------------------------------------------------------------------------------------


async def is_a_run(block: Block, place: Place) -> None:
    """The table of a run of `dev.py faults`: it adds up and has no violation."""
    del place
    rows = [line.split() for line in block.text.splitlines()]
    doors = [row for row in rows if row and "/" in row[0]]
    assert {row[0] for row in doors} == {str(door) for door in ALL_DOORS}
    assert {row[-1] for row in doors} == {"0"}
    [total] = [row for row in rows if row and row[0] == "all"]
    assert int(total[1]) == sum(int(row[1]) for row in doors) >= 10_000
    kinds = {row[0] for row in rows if len(row) == 2 and row[1].isdigit()}
    assert kinds
    assert kinds <= set(FAULT_KINDS)


async def is_proxy(block: Block, place: Place) -> None:
    """The configuration of a proxy: tests/remote runs it as printed, before real servers."""
    del place
    tests = (ROOT / "tests" / "remote" / "test_proxies.py").read_text("utf-8")
    assert block.page == "docs/operating.md"
    assert f'"{block.language}"' in tests


HOW: dict[tuple[str, str], Callable[[Block, Place], Awaitable[None]]] = {
    ("caddy", ""): is_proxy,
    ("cron", ""): is_crontab,
    ("ini", "hostup-check.service"): is_unit,
    ("ini", "hostup-check.timer"): is_unit,
    ("ini", "hostup-mcp.service"): is_unit,
    ("json", ""): is_configuration,
    ("json", "error:"): is_error,
    ("json", "audit:"): is_audit_line,
    ("mermaid", ""): is_drawn,
    ("nginx", ""): is_proxy,
    ("powershell", ""): types_in_powershell,
    ("python", ""): runs,
    ("sh", ""): types,
    ("text", "check:"): is_check,
    ("text", "result:"): is_result,
    ("text", "locked-result:"): is_locked_result,
    ("text", "question:"): is_question,
    ("text", "run:"): is_a_run,
}


@pytest.mark.parametrize("block", blocks(), ids=str)
async def test_block(block: Block, place: Place) -> None:
    await HOW[block.language, block.about.partition(" ")[0]](block, place)
