"""This machine, as far as an entry for a client depends on it: folders, and our own command."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePath


class System(StrEnum):
    """An operating system that clients run on."""

    LINUX = "Linux"
    MACOS = "macOS"
    WINDOWS = "Windows"


@dataclass(frozen=True)
class Machine:
    """Where things are on a machine. Its paths need not be of the system that this runs on."""

    system: System
    home: PurePath
    command: tuple[str, ...]
    """What starts hostup-mcp, wherever it is started: absolute paths."""
    config: PurePath
    """Where programs keep their configuration: %APPDATA%, `~/.config` or macOS's own folder."""
    claude_package: PurePath | None = None
    """The folder that Windows shows to Claude Desktop in place of its own under %APPDATA%."""


def this_machine(environ: Mapping[str, str] = os.environ) -> Machine:
    """Return the machine that this process runs on."""
    home, command = Path.home(), own_command()
    if sys.platform == "win32":
        config = Path(environ.get("APPDATA") or home / "AppData" / "Roaming")
        local = Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
        return Machine(System.WINDOWS, home, command, config, _claude_package(local))
    if sys.platform == "darwin":
        return Machine(System.MACOS, home, command, home / "Library" / "Application Support")
    config = Path(environ.get("XDG_CONFIG_HOME") or home / ".config")
    return Machine(System.LINUX, home, command, config)


def _claude_package(local: Path) -> Path | None:
    # The installer of 2026 makes a package, and Windows gives packages folders of their own.
    found = sorted(local.glob("Packages/Claude_*/LocalCache/Roaming/Claude"))
    return found[0] if found else None


def own_command() -> tuple[str, ...]:
    """Return what starts hostup-mcp with this interpreter, from any folder and without a PATH.

    That is the installed command or, where there is none, this interpreter with `-m`. A virtual
    environment is entered by its own paths, so that links are not resolved.
    """
    name = "hostup-mcp.exe" if sys.platform == "win32" else "hostup-mcp"
    places = [Path(sysconfig.get_path("scripts"), name)]
    typed = Path(os.path.abspath(sys.argv[0]))
    if typed.stem == "hostup-mcp":
        # The command that was typed. On Windows, it takes its ending from its own name.
        places.insert(0, typed.with_name(name))
    for command in places:
        if command.is_file():
            return (str(command),)
    return (os.path.abspath(sys.executable), "-m", "hostup_mcp")
