"""Changes the server's entry in a client's JSON file, and nothing else in it."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath
from typing import NoReturn, cast

from hostup_mcp.cli.setup.entries import NAME
from hostup_mcp.hostup.text import Json
from hostup_mcp.state.folders import replace_file

_SERVERS = "mcpServers"
_SHOWN = ("HOSTUP_SANDBOX", "HOSTUP_MCP_ALLOW", "HOSTUP_MCP_CONFIRM", "HOSTUP_MCP_AUDIT_LOG")
"""Variables whose values are shown. Every other may be a secret."""


class FileError(Exception):
    """The file is left as it is; the message is one line that says why."""


@dataclass(frozen=True)
class Change:
    """A file as it is, and as it would be."""

    path: Path
    before: bytes | None
    """None if there is no such file yet."""
    after: bytes
    shown_before: str
    """The server's entry, without secrets; empty if there is none."""
    shown_after: str


def plan_change(path: Path, command: Sequence[str], env: Mapping[str, str]) -> Change:
    """Plan an entry that starts `command` with `env`. Settings that it has besides stay.

    Raises:
        FileError: the file cannot be read, or is not JSON of the expected form.
    """
    # A link, as people who keep their configuration elsewhere have, stays one.
    path = Path(os.path.realpath(path))
    if not os.path.isdir(path.parent):
        raise FileError(f"The folder {path.parent} does not exist. Start the client once first.")
    try:
        before = path.read_bytes() if path.exists() else None
    except OSError as error:
        raise FileError(f"{path} cannot be read ({error.strerror}).") from None
    text = _decode(before or b"", path)
    document = _parse(text, path) if text.strip() else {}
    servers = document.setdefault(_SERVERS, {})
    old = servers.get(NAME, {}) if isinstance(servers, dict) else None
    if not isinstance(servers, dict) or not isinstance(old, dict):
        raise FileError(f'"{_SERVERS}" in {path} has a form that is not known.')
    new = _merge(old, command, env)
    shown_before = _shown(old, is_new=False) if old else ""
    servers[NAME] = new
    made = json.dumps(document, indent=_indent(text), ensure_ascii=False) + "\n"
    try:
        after = made.replace("\n", "\r\n" if "\r\n" in text else "\n").encode()
    except UnicodeEncodeError:
        raise FileError(f"{path} has text that is not valid Unicode.") from None
    return Change(path, before, after, shown_before, _shown(new, is_new=True))


def write_change(change: Change, now: datetime) -> Path | None:
    """Write a planned change, and return the copy of what was there; None if nothing was.

    Raises:
        FileError: the file was changed meanwhile, or cannot be written.
    """
    path = change.path
    try:
        if (path.read_bytes() if path.exists() else None) != change.before:
            raise FileError(f"{path} was changed meanwhile. Nothing was written; run setup again.")
        backup = None if change.before is None else _back_up(path, now)
        replace_file(path, change.after)
    except OSError as error:
        raise FileError(f"{path} cannot be written ({error.strerror}).") from None
    return backup


def _back_up(path: Path, now: datetime) -> Path:
    backup = path.with_name(f"{path.name}.{now:%Y%m%d-%H%M%S}.bak")
    with path.open("rb") as source, backup.open("xb") as target:
        shutil.copymode(path, backup)
        shutil.copyfileobj(source, target)
    return backup


def _decode(content: bytes, path: Path) -> str:
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise FileError(f"{path} is not UTF-8 text.") from None
    if text.startswith("\ufeff"):
        raise FileError(f"{path} begins with a byte order mark, which a client may not read.")
    return text


def _parse(text: str, path: Path) -> dict[str, Json]:
    def no_duplicates(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        if len({name for name, _ in pairs}) < len(pairs):
            raise ValueError("a name twice in one object")
        return dict(pairs)

    def no_constant(name: str) -> NoReturn:
        raise ValueError(f"{name} is not JSON")

    try:
        document: Json = json.loads(
            text, object_pairs_hook=no_duplicates, parse_constant=no_constant
        )
    except (ValueError, RecursionError):
        raise FileError(f"{path} is not plain JSON; it may have comments.") from None
    if not isinstance(document, dict):
        raise FileError(f"{path} holds something else than a JSON object.")
    return document


def _merge(
    old: Mapping[str, Json], command: Sequence[str], env: Mapping[str, str]
) -> dict[str, Json]:
    program, *words = command
    others = old.get("env")
    kept = {**others} if isinstance(others, dict) else {}
    for name in ("HOSTUP_API_KEY", "HOSTUP_SANDBOX"):
        kept.pop(name, None)
    # Their place in the entry stays, so that the difference is small.
    new: dict[str, Json] = {**old, "command": program}
    flags = _flags(old)
    new.pop("args", None)
    if words or flags:
        new["args"] = [*words, *flags]
    return {**{key: new[key] for key in new if key != "env"}, "env": {**env, **kept}}


def _flags(old: Mapping[str, Json]) -> list[Json]:
    """Return the flags for hostup-mcp in an entry; none if it started something else."""
    command, words = old.get("command"), old.get("args")
    if not isinstance(command, str) or not isinstance(words, list):
        return []
    # A path of either system.
    program = re.split(r"[\\/]", command)[-1].removesuffix(".exe")
    if words[:2] == ["-m", "hostup_mcp"]:
        return words[2:]
    return words if program == "hostup-mcp" else []


def _indent(text: str) -> int | str:
    found = re.search(r"^\{\r?\n([ \t]+)", text)
    return found[1] if found else 2


def _shown(server: Mapping[str, Json], *, is_new: bool) -> str:
    """Return an entry as JSON whose values of variables that may be secret are left out."""
    given = server.get("env")
    shown: dict[str, Json] = {}
    for name, value in (given if isinstance(given, dict) else {}).items():
        if name == "HOSTUP_API_KEY":
            shown[name] = "(the key that you typed)" if is_new else "(the key until now)"
        else:
            shown[name] = value if name in _SHOWN else "(not shown)"
    return json.dumps({**server, "env": cast("Json", shown)}, indent=2, ensure_ascii=False)


def describe_place(path: PurePath, home: PurePath) -> str:
    """Return `path` as people write it: with `~` for their home on systems that know that."""
    if "\\" in str(path) or not path.is_relative_to(home):
        return str(path)
    return f"~/{path.relative_to(home).as_posix()}"
