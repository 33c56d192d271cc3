"""`hostup-mcp demo`: a recovery by an assistant, on the sandbox account.

The real server runs as a child process over stdio, the SDK's client calls it, and each result is
shown unchanged. Only the user's questions and typing are scripted.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TextIO

import anyio
from mcp import Client, StdioServerParameters
from mcp.client import ClientRequestContext
from mcp.client.stdio import stdio_client
from mcp.types import (
    CallToolResult,
    ElicitRequestParams,
    ElicitResult,
    TextContent,
    TextResourceContents,
)
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

LONGEST_ARGUMENT = 44
BOOT_SECONDS = 3.0
"""A little longer than a server of the sandbox account takes to start."""

RECORD = ("kind", "restored", "agreed", "sentAt", "jobEndedAt", "verdict", "verifiedAt")
"""What is shown of the record of a recovery."""


def demo(console: Console | None = None, *, only_looking: bool = False) -> int:
    """Run the demo on `console`, or only the part that reads, and return the exit code."""
    console = console or Console(highlight=False)
    # The server's log is not shown; its audit log is, at the end.
    with open(os.devnull, "w", encoding="utf-8") as log, TemporaryDirectory() as folder:
        try:
            anyio.run(_play, console, log, Path(folder) / "audit.jsonl", only_looking)
        except* SystemExit:  # of the console, when its reader has gone, as in `demo | head`
            pass
    return 0


class _Stage:
    """Prints the demo, and plays the user."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.typed = ""

    def says(self, words: str) -> None:
        self.console.print()
        self.console.print(Text(f"user       “{words}”", style="bold"))

    def remarks(self, words: str) -> None:
        self.console.print(Padding(Text(words, style="italic cyan"), (0, 0, 0, 3)))

    async def answer(
        self, context: ClientRequestContext, params: ElicitRequestParams
    ) -> ElicitResult:
        """Show the question that the user gets, and type what the script says."""
        del context
        self.console.print(
            Padding(Panel(params.message, title="asked of the user", style="yellow"), (0, 0, 0, 3))
        )
        if "serverName" not in getattr(params, "requested_schema", {}).get("properties", {}):
            self.console.print(Text("   user says yes", style="bold yellow"))
            return ElicitResult(action="accept", content={"yes": True})
        self.console.print(Text(f"   user types: {self.typed}", style="bold yellow"))
        return ElicitResult(action="accept", content={"serverName": self.typed})

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        del message
        share = progress / (total or 100)
        bar = "█" * round(share * 30)
        self.console.print(Text(f"   {bar:░<30} {share:4.0%}", style="green"))

    async def calls(self, client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call `tool`, show the call and its result, and return the result's data."""
        shown = ", ".join(f"{key}={_short(value)}" for key, value in arguments.items())
        self.console.print(Text(f"assistant  {tool}({shown})", style="bold magenta"))
        result = await client.call_tool(tool, arguments, progress_callback=self.progress)
        style = "red" if result.is_error else "default"
        self.console.print(Padding(Text(_text(result), style=style), (0, 0, 0, 3)))
        data: Mapping[str, Any] = result.structured_content or {}
        return dict(data)

    async def reads(self, client: Client, uri: str) -> None:
        """Read a record, and show what it says of agreement, times and verdict."""
        self.console.print(Text(f"assistant  reads {uri}", style="bold magenta"))
        [content] = (await client.read_resource(uri)).contents
        record = json.loads(content.text if isinstance(content, TextResourceContents) else "{}")
        for name in RECORD:
            line = Text(f"{name}: {json.dumps(record.get(name))}")
            self.console.print(Padding(line, (0, 0, 0, 3)))


async def _play(console: Console, log: TextIO, audit_log: Path, only_looking: bool) -> None:
    stage = _Stage(console)
    child = StdioServerParameters(
        command=sys.executable,
        args=[
            *("-m", "hostup_mcp", "serve", "--sandbox", "--allow", "restore,spend"),
            *("--audit-log", str(audit_log)),
        ],
        # Without the user's settings, so that their audit log stays unchanged, for example.
        env={name: value for name, value in os.environ.items() if not name.startswith("HOSTUP_")},
    )
    console.print(
        Panel(
            "An assistant, a real MCP server, and a sandbox account instead of HostUp's.\n"
            "Every result below was received over stdio just now.",
            title="hostup-mcp",
            style="cyan",
        )
    )
    wire = stdio_client(child, errlog=log)
    async with Client(wire, elicitation_callback=stage.answer) as client:
        await _look(stage, client)
        if not only_looking:
            await _recover(stage, client)
            await _rehearse(stage, client)
            _tell_what_changed(stage, audit_log)
    console.print()
    console.print(Text("That was all. None of this needed a key. ", style="cyan"))


async def _look(stage: _Stage, client: Client) -> None:
    stage.says("My site is down. Can I go back to its newest backup?")
    first = await stage.calls(client, "list_vps", limit=5)
    ids = {server["name"]: server["id"] for server in first["data"]}

    stage.says("It is web-01.")
    await stage.calls(client, "list_vps_backups", id=ids["web-01"])
    stage.remarks("Possible, and it says what would be lost.")

    stage.says("And staging?")
    await stage.calls(client, "list_vps_backups", id=ids["staging"])
    stage.remarks("The gate is open, but there is no backup to restore.")

    stage.says("And crm?")
    found = await stage.calls(client, "list_vps", name="crm")
    await stage.calls(client, "list_vps_backups", id=found["data"][0]["id"])
    stage.remarks("Blocked, with HostUp's own reason, and what would unblock it.")

    stage.says("What if the assistant makes up an id?")
    await stage.calls(client, "list_vps_backups", id="vps_01h0000000000000000000fake")
    stage.remarks("Refused here; no request was sent to HostUp.")


async def _recover(stage: _Stage, client: Client) -> None:
    stage.says("Then take web-01 back to that backup.")
    servers = await stage.calls(client, "list_vps", name="web-01")
    vps_id = servers["data"][0]["id"]
    listing = await client.call_tool("list_vps_backups", {"id": vps_id})
    newest = (listing.structured_content or {})["backups"][0]["id"]
    plan = await stage.calls(client, "plan_restore", id=vps_id, mode="in_place", backupId=newest)
    stage.remarks("A plan changes nothing. Carrying it out needs the user, not the model:")

    stage.typed = "shop-prod"
    await stage.calls(client, "restore_vps", planId=plan["planId"])
    stage.remarks("The wrong name was typed, so nothing was sent. Now the right one:")

    stage.typed = "web-01"
    restore = await stage.calls(client, "restore_vps", planId=plan["planId"])
    await stage.calls(client, "get_job", jobId=restore["jobId"], waitSeconds=60)
    stage.remarks("HostUp calls it complete, which does not show that the server works.")

    stage.says("Is my server back?")
    found = await stage.calls(client, "verify_recovery", id=vps_id)
    if found["verdict"] != "back":
        stage.remarks("Nothing on it answers yet, so it is not called back. A moment later:")
        await anyio.sleep(BOOT_SECONDS)
        found = await stage.calls(client, "verify_recovery", id=vps_id)
    stage.remarks("Something on it answered after the restore. The record keeps that:")
    await stage.reads(client, f"hostup://recoveries/{found['recoveryId']}")


async def _rehearse(stage: _Stage, client: Client) -> None:
    stage.says("Would the backup “Before upgrade” have worked, too?")
    servers = await client.call_tool("list_vps", {"name": "web-01"})
    vps_id = (servers.structured_content or {})["data"][0]["id"]
    listing = await client.call_tool("list_vps_backups", {"id": vps_id})
    backups = (listing.structured_content or {})["backups"]
    backup = next(each["id"] for each in backups if each["note"] == "Before upgrade")
    wanted = {"mode": "new_cloud_vps", "backupId": backup, "rehearsal": True}
    plan = await stage.calls(client, "plan_restore", id=vps_id, **wanted)
    stage.remarks("A rehearsal: a temporary server, whose price is known before the yes.")

    built = await stage.calls(client, "restore_vps", planId=plan["planId"])
    await stage.calls(client, "get_job", jobId=built["jobId"], waitSeconds=60)
    await anyio.sleep(BOOT_SECONDS)
    await stage.calls(client, "verify_recovery", id=built["vpsId"])
    stage.remarks("Nothing on it answers. That is better known now than on the day it is needed.")

    stage.says("Then end it.")
    stage.typed = plan["newServer"]["name"]
    await stage.calls(client, "end_rehearsal", id=built["vpsId"])
    stage.remarks("It ends nothing but what a rehearsal built.")


def _tell_what_changed(stage: _Stage, audit_log: Path) -> None:
    stage.says("So what was changed?")
    for line in audit_log.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        if entry["outcome"] == "asked the user":
            continue
        consent = entry["consent"]
        how = f" · the {consent['by']} {consent['how']}" if consent else ""
        words = f"{entry['time'][11:19]} {entry['tool']}: {entry['outcome']}"
        stage.console.print(Text(f"   {words}{how}"))
    stage.remarks("That is the audit log: three writes, and whose yes each was.")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_ARGUMENT else f"{text[:LONGEST_ARGUMENT]}…'"


def _text(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))
