"""The clients that `hostup-mcp setup` knows: where they are configured, and in which form."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePath

from hostup_mcp.cli.setup.machine import Machine, System


class Shape(StrEnum):
    """The form of a client's configuration; for JSON, the key that holds its servers."""

    MCP_SERVERS = "mcpServers"
    SERVERS = "servers"
    CONTEXT_SERVERS = "context_servers"
    TOML = "toml"


@dataclass(frozen=True)
class Client:
    """A client of a user."""

    name: str
    shape: Shape
    file: Callable[[Machine], PurePath]
    """Its configuration file for all projects."""
    then: str
    """What to do after a change."""
    program: str | None = None
    """Its own command, if that adds servers."""
    can_write: bool = False
    """Whether `--write` changes the file."""

    @property
    def word(self) -> str:
        """Its name on a command line, such as `claude-desktop`."""
        return self.name.lower().replace(" ", "-")


def _claude(machine: Machine) -> PurePath:
    return machine.claude_package or machine.config / "Claude"


def claude_desktop_log(machine: Machine) -> PurePath:
    """Return the file to which Claude Desktop writes what this server logs."""
    name = "mcp-server-hostup.log"
    if machine.system is System.MACOS:
        return machine.home / "Library" / "Logs" / "Claude" / name
    return _claude(machine) / "logs" / name


def _zed(machine: Machine) -> PurePath:
    windows = machine.system is System.WINDOWS
    folder = machine.config / "Zed" if windows else machine.home / ".config" / "zed"
    return folder / "settings.json"


CLIENTS = (
    Client(
        "Claude Desktop",
        Shape.MCP_SERVERS,
        lambda machine: _claude(machine) / "claude_desktop_config.json",
        "Quit Claude Desktop completely and start it again.",
        can_write=True,
    ),
    Client(
        "Claude Code",
        Shape.MCP_SERVERS,
        lambda machine: machine.home / ".claude.json",
        "`claude mcp list` starts the server and says whether it connects.",
        program="claude",
    ),
    Client(
        "VS Code",
        Shape.SERVERS,
        lambda machine: machine.config / "Code" / "User" / "mcp.json",
        "VS Code asks for the key when it first starts the server.",
        program="code",
    ),
    Client(
        "Cursor",
        Shape.MCP_SERVERS,
        lambda machine: machine.home / ".cursor" / "mcp.json",
        "Restart Cursor, and enable the server in its settings.",
        can_write=True,
    ),
    Client(
        "Windsurf",
        Shape.MCP_SERVERS,
        lambda machine: machine.home / ".codeium" / "windsurf" / "mcp_config.json",
        "Press the refresh button in Windsurf's MCP panel.",
    ),
    Client(
        "Zed",
        Shape.CONTEXT_SERVERS,
        _zed,
        "Keep your other settings. Zed starts the server when the file is saved.",
    ),
    Client(
        "Codex CLI",
        Shape.TOML,
        lambda machine: machine.home / ".codex" / "config.toml",
        "`/mcp` in a session shows its tools.",
        program="codex",
    ),
    Client(
        "Gemini CLI",
        Shape.MCP_SERVERS,
        lambda machine: machine.home / ".gemini" / "settings.json",
        "`gemini mcp list` shows it, in a folder that you trust.",
        program="gemini",
    ),
)


def find_client(word: str) -> Client | None:
    """Return the client that `word` names: `claude-desktop`, or `Claude Desktop`."""
    wanted = word.strip().lower().replace(" ", "-").replace("_", "-")
    return next((client for client in CLIENTS if client.word == wanted), None)
