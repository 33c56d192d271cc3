"""Single settings: each is read from its text, and what is wrong with it is added to `problems`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import TypeVar
from zoneinfo import ZoneInfo

from hostup_mcp.hostup.address import Host, is_safe_base_url, read_host, read_origin
from hostup_mcp.hostup.keys import is_unfilled, marks_around

T = TypeVar("T")

LANGUAGES = ("en", "sv")
"""The languages in which users are asked, and read results."""


def drop_unfilled(environ: Mapping[str, str]) -> tuple[Mapping[str, str], list[str]]:
    """Return `environ` without our settings that are placeholders, and their names."""
    ours = (name for name in environ if name.startswith("HOSTUP_"))
    unfilled = sorted(name for name in ours if is_unfilled(environ[name]))
    return {name: value for name, value in environ.items() if name not in unfilled}, unfilled


def unfilled_problem(name: str) -> str:
    """Say that the setting `name` is or has a placeholder."""
    return (
        f"{name} was not filled in by the client: it still has a placeholder. Put the value itself "
        "in its place in the client's configuration."
    )


def read_audit_log(text: str, problems: list[str]) -> Path | None:
    """Return the path of the audit log, checked as far as it can be before the first write."""
    if is_unfilled(text):  # as a flag; as a variable it was dropped
        problems.append(unfilled_problem("HOSTUP_MCP_AUDIT_LOG"))
        return None
    path = parse_path(text) if text else None
    # Unlike `Path.is_dir`, these do not fail for a folder that may not be searched.
    if text and (path is None or not os.path.isdir(path.parent) or os.path.isdir(path)):
        problems.append(
            "The audit log (HOSTUP_MCP_AUDIT_LOG) must be a file in a folder that exists."
        )
    elif path is not None and not _can_append(path):
        problems.append(
            "The audit log (HOSTUP_MCP_AUDIT_LOG) cannot be written there."
            if path.is_absolute()
            else "The audit log (HOSTUP_MCP_AUDIT_LOG) is a relative path, and the working "
            "directory cannot be written. Give an absolute path."
        )
    return path


def _can_append(path: Path) -> bool:
    """Return whether lines could be added to `path` now. Neither makes nor changes it."""
    try:
        # Its lock, and a new log, are made in the folder.
        with TemporaryFile(dir=path.parent):
            pass
        if path.exists():
            os.close(os.open(path, os.O_WRONLY | os.O_APPEND))
    except OSError:
        return False
    return True


def parse_path(text: str) -> Path | None:
    """Return `text` as a path, with `~` expanded; None if there is no such user."""
    try:
        return Path(text).expanduser()
    except RuntimeError:  # `~name` of a user who does not exist
        return None


def time_zone(name: str) -> ZoneInfo:
    """Return the time zone with an IANA name, such as `Europe/Stockholm`.

    Raises:
        ValueError: there is none.
    """
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, KeyError):
        # A folder of the time zone database, a path, and an unknown name in turn.
        raise ValueError("must be an IANA name such as Europe/Stockholm") from None


def url_problems(name: str, url: str, rule: str) -> list[str]:
    """Return what is wrong with the URL of the setting `name`; `rule` says what it must be."""
    if is_safe_base_url(url):
        return []
    if marks := marks_around(url):
        return [f"{name} has {marks} around it that are not part of the address; remove them."]
    return [f"{name} must be {rule} (plain http only to a loopback address)."]


def read_zone(name: str, problems: list[str]) -> ZoneInfo | None:
    """Return the user's time zone; None if it is not given."""
    if not name:
        return None
    try:
        return time_zone(name)
    except ValueError as error:
        problems.append(f"HOSTUP_MCP_TIMEZONE {error}.")
        return None


def known_language(name: str) -> str:
    """Return `name` if it is one of `LANGUAGES`.

    Raises:
        ValueError: it is none.
    """
    if name not in LANGUAGES:
        raise ValueError(f"must be {' or '.join(LANGUAGES)}")
    return name


def read_language(name: str, problems: list[str]) -> str | None:
    """Return the user's language; None if it is not given."""
    if not name:
        return None
    try:
        return known_language(name.lower())
    except ValueError as error:
        problems.append(f"HOSTUP_MCP_LANGUAGE {error}.")
        return None


def read_switch(value: str, name: str, problems: list[str]) -> bool:
    """Return whether `value` of the setting `name` is on."""
    if value.lower() in ("", "0", "false", "no", "off"):
        return False
    if value.lower() not in ("1", "true", "yes", "on"):
        problems.append(f"{name} must be 1 or 0.")
    return True


def read_hosts(text: str, problems: list[str]) -> tuple[Host, ...]:
    """Return the hosts in a comma-separated list."""
    problem = (
        "HOSTUP_MCP_ALLOWED_HOSTS must be hosts such as mcp.example.net, mcp.example.net:8000 "
        "or mcp.example.net:*, separated by commas."
    )
    return _read_each(text, read_host, problem, problems)


def read_origins(text: str, problems: list[str]) -> tuple[str, ...]:
    """Return the origins in a comma-separated list, as browsers write them."""
    problem = (
        "HOSTUP_MCP_ALLOWED_ORIGINS must be origins such as https://app.example.net or "
        "http://localhost:6274, separated by commas."
    )
    return _read_each(text, read_origin, problem, problems)


def _read_each(
    text: str, read: Callable[[str], T | None], problem: str, problems: list[str]
) -> tuple[T, ...]:
    """Return what `read` makes of each part of a list; add `problem` if one is invalid."""
    found = [read(part) for each in text.split(",") if (part := each.strip())]
    if None in found:
        problems.append(problem)
    return tuple(each for each in found if each is not None)
