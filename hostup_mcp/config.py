"""Settings from flags and environment, checked once. A secret never shows in a repr or message."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from hostup_mcp.hostup.address import is_safe_base_url

DEFAULT_BASE_URL = "https://cloud.hostup.se"
KEYS_PAGE = "https://cloud.hostup.se/api-management"


class Group(StrEnum):
    """A group of writing tools, unlocked by `--allow`."""

    CREATE = "create"
    RESTORE = "restore"
    DELETE = "delete"
    SCHEDULE = "schedule"
    SPEND = "spend"


class Confirm(StrEnum):
    """Who says yes to a destructive call: the person asked by this server, or their client."""

    PERSON = "person"
    CLIENT = "client"


@dataclass(frozen=True)
class Settings:
    """A configuration that can be worked with."""

    api_key: str = field(repr=False)
    base_url: str = DEFAULT_BASE_URL
    sandbox: bool = False
    allow: frozenset[Group] = frozenset()
    confirm: Confirm = Confirm.PERSON
    audit_log: Path | None = None


@dataclass(frozen=True)
class Misconfigured:
    """A configuration that cannot be worked with, and what to set, one line each."""

    problems: tuple[str, ...]


def load(flags: Mapping[str, str | None], environ: Mapping[str, str]) -> Settings | Misconfigured:
    """Settings from `flags` (name without dashes to value; None where not given) and `environ`.

    A flag wins over its variable.
    """
    problems: list[str] = []

    def given(flag: str, variable: str) -> str:
        value = flags.get(flag)
        return (environ.get(variable, "") if value is None else value).strip()

    sandbox = _switch(given("sandbox", "HOSTUP_SANDBOX"), "HOSTUP_SANDBOX", problems)
    api_key = environ.get("HOSTUP_API_KEY", "").strip()
    base_url = environ.get("HOSTUP_BASE_URL", "").strip() or DEFAULT_BASE_URL
    if not sandbox:
        problems += [*_key_problems(api_key), *_url_problems(base_url)]
    allow = _groups(given("allow", "HOSTUP_MCP_ALLOW"), problems)
    confirm = environ.get("HOSTUP_MCP_CONFIRM", "").strip() or Confirm.PERSON
    if confirm not in set(Confirm):
        problems.append("HOSTUP_MCP_CONFIRM must be person or client.")
    audit_log = given("audit-log", "HOSTUP_MCP_AUDIT_LOG")
    if audit_log and not Path(audit_log).expanduser().parent.is_dir():
        problems.append("The folder of the audit log (HOSTUP_MCP_AUDIT_LOG) does not exist.")
    if problems:
        return Misconfigured(tuple(problems))
    return Settings(
        api_key=api_key,
        base_url=base_url,
        sandbox=sandbox,
        allow=allow,
        confirm=Confirm(confirm),
        audit_log=Path(audit_log).expanduser() if audit_log else None,
    )


def _key_problems(api_key: str) -> list[str]:
    if not api_key:
        return [
            f"HOSTUP_API_KEY is not set. Make a key with the scope read:vm at {KEYS_PAGE}, "
            "or set HOSTUP_SANDBOX=1 to try the embedded account."
        ]
    if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
        return ["HOSTUP_API_KEY holds spaces or characters that no key has; copy it again."]
    return []


def _url_problems(base_url: str) -> list[str]:
    if not is_safe_base_url(base_url):
        return [
            f"HOSTUP_BASE_URL must be an https address such as {DEFAULT_BASE_URL} "
            "(plain http only to a loopback address)."
        ]
    return []


def _switch(value: str, name: str, problems: list[str]) -> bool:
    if value.lower() in ("", "0", "false", "no", "off"):
        return False
    if value.lower() not in ("1", "true", "yes", "on"):
        problems.append(f"{name} must be 1 or 0.")
    return True


def _groups(value: str, problems: list[str]) -> frozenset[Group]:
    names = [name.strip().lower() for name in value.split(",") if name.strip()]
    if names == ["all"]:
        return frozenset(Group)
    if wrong := [name for name in names if name not in set(Group)]:
        # Only the count: whatever was pasted here by mistake may be a secret.
        problems.append(
            f"--allow (HOSTUP_MCP_ALLOW) has {len(wrong)} unknown group(s); "
            f"known are {', '.join(Group)}, or all."
        )
        return frozenset()
    return frozenset(Group(name) for name in names)
