"""`hostup-mcp demo`: what an assistant would do, played on the sandbox account.

Nothing is acted: the real server runs as a child over stdio, the SDK's client talks to it, and
each answer is shown as it came. Only the user's questions and typing are scripted.
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
from mcp.types import CallToolResult, ElicitRequestParams, ElicitResult, TextContent
from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.text import Text

LONGEST_ARGUMENT = 44


def demo(console: Console | None = None, *, only_looking: bool = False) -> int:
    """Play the story on `console`, or only its reading half; the exit code."""
    console = console or Console(highlight=False)
    # What the server logs is no part of the story; its audit log ends it.
    with open(os.devnull, "w") as log, TemporaryDirectory() as folder:
        try:
            anyio.run(_play, console, log, Path(folder) / "audit.jsonl", only_looking)
        except* SystemExit:  # of the console: whoever watched has left, as in `demo | head`
            pass
    return 0


class _Stage:
    """Where the story is shown, and the client that it is played with."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.typed = ""

    def says(self, words: str) -> None:
        self.console.print()
        self.console.print(Text(f"user       “{words}”", style="bold"))

    def remarks(self, words: str) -> None:
        self.console.print(Padding(Text(words, style="italic cyan"), (0, 0, 0, 3)))

    async def answers(
        self, context: ClientRequestContext, params: ElicitRequestParams
    ) -> ElicitResult:
        """The user's part: read the question, type what the script says."""
        del context
        self.console.print(
            Padding(Panel(params.message, title="asked of the user", style="yellow"), (0, 0, 0, 3))
        )
        self.console.print(Text(f"   user types: {self.typed}", style="bold yellow"))
        return ElicitResult(action="accept", content={"serverName": self.typed})

    async def progress(self, progress: float, total: float | None, message: str | None) -> None:
        del message
        share = progress / (total or 100)
        bar = "█" * round(share * 30)
        self.console.print(Text(f"   {bar:░<30} {share:4.0%}", style="green"))

    async def calls(self, client: Client, tool: str, **arguments: Any) -> dict[str, Any]:
        """Call `tool`, show call and answer, and give the data of the answer."""
        shown = ", ".join(f"{key}={_short(value)}" for key, value in arguments.items())
        self.console.print(Text(f"assistant  {tool}({shown})", style="bold magenta"))
        result = await client.call_tool(tool, arguments, progress_callback=self.progress)
        style = "red" if result.is_error else "default"
        self.console.print(Padding(Text(_text(result), style=style), (0, 0, 0, 3)))
        data: Mapping[str, Any] = result.structured_content or {}
        return dict(data)


async def _play(console: Console, log: TextIO, audit_log: Path, only_looking: bool) -> None:
    stage = _Stage(console)
    child = StdioServerParameters(
        command=sys.executable,
        args=[
            *("-m", "hostup_mcp", "serve", "--sandbox", "--allow", "restore"),
            *("--audit-log", str(audit_log)),
        ],
        # The user's own settings are none of the demo's: their audit log, say, stays as it is.
        env={name: value for name, value in os.environ.items() if not name.startswith("HOSTUP_")},
    )
    console.print(
        Panel(
            "An assistant, a real MCP server, and a sandbox account instead of HostUp's.\n"
            "Every answer below came over the wire just now.",
            title="hostup-mcp",
            style="cyan",
        )
    )
    wire = stdio_client(child, errlog=log)
    async with Client(wire, elicitation_callback=stage.answers) as client:
        await _look(stage, client)
        if not only_looking:
            await _recover(stage, client)
            _tell_what_changed(stage, audit_log)
    console.print()
    console.print(Text("That was all. Nothing of this needed a key. ", style="cyan"))


async def _look(stage: _Stage, client: Client) -> None:
    stage.says("My site is down. Can I go back to last night's backup?")
    first = await stage.calls(client, "list_vps", limit=5)
    ids = {server["name"]: server["id"] for server in first["data"]}

    stage.says("It is web-01.")
    await stage.calls(client, "list_vps_backups", id=ids["web-01"])
    stage.remarks("Possible, and it says what would be lost.")

    stage.says("And staging?")
    await stage.calls(client, "list_vps_backups", id=ids["staging"])
    stage.remarks("The gate is open, and yet there is no way back: there is no backup.")

    stage.says("And crm?")
    found = await stage.calls(client, "list_vps", name="crm")
    await stage.calls(client, "list_vps_backups", id=found["data"][0]["id"])
    stage.remarks("Blocked, with HostUp's own reason, and what would unblock it.")

    stage.says("What if the assistant makes an id up?")
    await stage.calls(client, "list_vps_backups", id="vps_01h0000000000000000000fake")
    stage.remarks("Refused here; HostUp was not even asked.")


async def _recover(stage: _Stage, client: Client) -> None:
    stage.says("Then take web-01 back to last night.")
    servers = await stage.calls(client, "list_vps", name="web-01")
    vps_id = servers["data"][0]["id"]
    listing = await client.call_tool("list_vps_backups", {"id": vps_id})
    newest = (listing.structured_content or {})["backups"][0]["id"]
    plan = await stage.calls(client, "plan_restore", id=vps_id, mode="in_place", backupId=newest)
    stage.remarks("A plan changes nothing. Carrying it out needs the user, not the model:")

    stage.typed = "shop-prod"
    await stage.calls(client, "restore_vps", planId=plan["planId"])
    stage.remarks("The wrong name was typed, so nothing was sent. Once more, in earnest:")

    stage.typed = "web-01"
    restore = await stage.calls(client, "restore_vps", planId=plan["planId"])
    await stage.calls(client, "get_job", jobId=restore["jobId"], waitSeconds=60)
    await stage.calls(client, "list_vps", name="web-01")
    stage.remarks("web-01 holds last night's state again.")


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
    stage.remarks("That is the audit log: one write, and whose yes it was.")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= LONGEST_ARGUMENT else f"{text[:LONGEST_ARGUMENT]}…'"


def _text(result: CallToolResult) -> str:
    return "\n".join(block.text for block in result.content if isinstance(block, TextContent))
