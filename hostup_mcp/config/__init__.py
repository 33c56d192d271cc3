"""Settings from flags and environment, checked once. A secret never shows in a repr or message."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from hostup_mcp.config.values import (
    LANGUAGES,
    drop_unfilled,
    known_language,
    parse_path,
    read_audit_log,
    read_hosts,
    read_language,
    read_origins,
    read_switch,
    read_zone,
    time_zone,
    unfilled_problem,
    url_problems,
)
from hostup_mcp.hostup.address import Host, is_safe_base_url
from hostup_mcp.hostup.keys import key_problem
from hostup_mcp.hostup.variables import OUTGOING

__all__ = [
    "LANGUAGES",
    "Confirm",
    "Group",
    "Misconfigured",
    "Remote",
    "Settings",
    "known_language",
    "load",
    "load_secrets",
    "time_zone",
]

DEFAULT_BASE_URL = "https://cloud.hostup.se"
SHORTEST_SECRET = 32

# The characters of an OAuth scope; a quote would end the string in the challenge that names it.
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


class Group(StrEnum):
    """A group of writing tools, unlocked by `--allow`."""

    CREATE = "create"
    RESTORE = "restore"
    DELETE = "delete"
    SCHEDULE = "schedule"
    SPEND = "spend"
    POWER = "power"


class Confirm(StrEnum):
    """Who confirms a destructive call: the user, asked by this server, or their client alone."""

    PERSON = "person"
    CLIENT = "client"


@dataclass(frozen=True)
class Remote:
    """Settings for serving other callers over a network; unused over stdio."""

    tokens: Path | None = None
    issuer: str | None = None
    audience: str | None = None
    jwks_url: str | None = None
    scope: str = "hostup"
    public_url: str | None = None
    allowed_hosts: tuple[Host, ...] = ()
    allowed_origins: tuple[str, ...] = ()
    """Web pages of these origins may call this server from a browser."""
    credentials: Path | None = None
    state: str | None = field(default=None, repr=False)
    calls_per_minute: int = 120
    calls_at_once: int = 32
    metrics_port: int | None = None
    metrics_host: str = "127.0.0.1"

    @property
    def authenticates(self) -> bool:
        """Whether callers must authenticate."""
        return self.tokens is not None or self.issuer is not None


@dataclass(frozen=True)
class Settings:
    """A valid configuration."""

    api_key: str = field(repr=False)
    base_url: str = DEFAULT_BASE_URL
    sandbox: bool = False
    allow: frozenset[Group] = frozenset()
    confirm: Confirm = Confirm.PERSON
    audit_log: Path | None = None
    secrets: tuple[str, ...] = field(default=(), repr=False)
    zone: ZoneInfo | None = None
    """The user's time zone, if it was given."""
    language: str | None = None
    """The user's language, if it was given: one of `LANGUAGES`."""
    probe: bool = False
    """Whether ports of a restored server are tried."""
    remote: Remote = Remote()


@dataclass(frozen=True)
class Misconfigured:
    """An invalid configuration, with one line for each thing to set."""

    problems: tuple[str, ...]
    allow: frozenset[Group] = frozenset()
    """The groups that it unlocks, as far as that can be read. Nothing can be called."""


def load(flags: Mapping[str, str | None], environ: Mapping[str, str]) -> Settings | Misconfigured:
    """Load settings from `flags` (names without dashes; None if not given) and `environ`.

    A flag takes precedence over its variable.
    """
    problems: list[str] = []
    environ, unfilled = drop_unfilled(environ)

    def given(flag: str, variable: str) -> str:
        value = flags.get(flag)
        return (environ.get(variable, "") if value is None else value).strip()

    sandbox = read_switch(given("sandbox", "HOSTUP_SANDBOX"), "HOSTUP_SANDBOX", problems)
    # The sandbox account needs no key, so that it does not matter who did not fill it in.
    problems += [unfilled_problem(n) for n in unfilled if not sandbox or n != "HOSTUP_API_KEY"]
    api_key = environ.get("HOSTUP_API_KEY", "").strip()
    base_url = environ.get("HOSTUP_BASE_URL", "").strip() or DEFAULT_BASE_URL
    remote = _remote(given, problems)
    secrets = _secrets(environ.get("HOSTUP_MCP_SECRET", ""), remote, problems)
    if not sandbox:
        rule = f"an https address such as {DEFAULT_BASE_URL}"
        problems += url_problems("HOSTUP_BASE_URL", base_url, rule)
        # With a credentials file, each caller brings the key of an account.
        if "HOSTUP_API_KEY" not in unfilled and (api_key or remote.credentials is None):
            problems += filter(None, [key_problem(api_key)])
    urls = {
        "HOSTUP_BASE_URL": "" if sandbox else base_url,
        "HOSTUP_MCP_OAUTH_ISSUER": remote.issuer or "",
        "HOSTUP_MCP_OAUTH_JWKS": remote.jwks_url or "",
        "HOSTUP_MCP_PUBLIC_URL": remote.public_url or "",
    }
    problems += _outgoing_problems(urls, environ)
    allow = _groups(given("allow", "HOSTUP_MCP_ALLOW"), problems)
    confirm = environ.get("HOSTUP_MCP_CONFIRM", "").strip() or Confirm.PERSON
    if confirm not in set(Confirm):
        problems.append("HOSTUP_MCP_CONFIRM must be person or client.")
    audit_log = read_audit_log(given("audit-log", "HOSTUP_MCP_AUDIT_LOG"), problems)
    zone = read_zone(given("", "HOSTUP_MCP_TIMEZONE"), problems)
    language = read_language(given("", "HOSTUP_MCP_LANGUAGE"), problems)
    probe = read_switch(given("", "HOSTUP_MCP_PROBE"), "HOSTUP_MCP_PROBE", problems)
    if problems:
        return Misconfigured(tuple(problems), allow)
    return Settings(
        api_key=api_key,
        base_url=base_url,
        sandbox=sandbox,
        allow=allow,
        confirm=Confirm(confirm),
        audit_log=audit_log,
        secrets=secrets,
        zone=zone,
        language=language,
        probe=probe,
        remote=remote,
    )


def load_secrets(environ: Mapping[str, str]) -> tuple[str, ...] | Misconfigured:
    """Load the keys of `HOSTUP_MCP_SECRET` alone."""
    problems: list[str] = []
    secrets = _secrets(environ.get("HOSTUP_MCP_SECRET", ""), Remote(), problems)
    return Misconfigured(tuple(problems)) if problems else secrets


def _remote(given: Callable[[str, str], str], problems: list[str]) -> Remote:
    def text(flag: str, variable: str) -> str | None:
        return given(flag, variable) or None

    def file(flag: str, variable: str) -> Path | None:
        value = text(flag, variable)
        path = parse_path(value) if value else None
        # Unlike `Path.is_file`, this does not fail for a folder that may not be searched.
        if value and (path is None or not os.path.isfile(path)):
            problems.append(f"The file of {variable} does not exist, or its folder cannot be read.")
        return path

    def count(variable: str, default: int) -> int:
        value = given("", variable)
        if value and (not value.isdecimal() or len(value) > 5 or not 1 <= int(value) <= 65535):
            problems.append(f"{variable} must be a number from 1 to 65535.")
            return default
        return int(value) if value else default

    issuer = text("", "HOSTUP_MCP_OAUTH_ISSUER")
    audience = text("", "HOSTUP_MCP_OAUTH_AUDIENCE")
    jwks_url = text("", "HOSTUP_MCP_OAUTH_JWKS")
    public_url = text("", "HOSTUP_MCP_PUBLIC_URL")
    if issuer and not (audience and jwks_url and public_url):
        problems.append(
            "HOSTUP_MCP_OAUTH_ISSUER also needs HOSTUP_MCP_OAUTH_AUDIENCE, HOSTUP_MCP_OAUTH_JWKS "
            "and HOSTUP_MCP_PUBLIC_URL."
        )
    for variable, url in (
        ("HOSTUP_MCP_OAUTH_ISSUER", issuer),
        ("HOSTUP_MCP_OAUTH_JWKS", jwks_url),
        ("HOSTUP_MCP_PUBLIC_URL", public_url),
    ):
        if url:
            problems += url_problems(variable, url, "https")
    scope = text("", "HOSTUP_MCP_OAUTH_SCOPE") or Remote.scope
    if not _SCOPE.fullmatch(scope):
        problems.append("HOSTUP_MCP_OAUTH_SCOPE must be one scope, without spaces or quotes.")
    tokens = file("tokens", "HOSTUP_MCP_TOKENS")
    if tokens and issuer:
        problems.append("Set HOSTUP_MCP_TOKENS or HOSTUP_MCP_OAUTH_ISSUER, not both.")
    return Remote(
        tokens=tokens,
        issuer=issuer,
        audience=audience,
        jwks_url=jwks_url,
        scope=scope,
        public_url=public_url,
        allowed_hosts=read_hosts(given("", "HOSTUP_MCP_ALLOWED_HOSTS"), problems),
        allowed_origins=read_origins(given("", "HOSTUP_MCP_ALLOWED_ORIGINS"), problems),
        credentials=file("", "HOSTUP_MCP_CREDENTIALS"),
        state=text("state", "HOSTUP_MCP_STATE"),
        calls_per_minute=count("HOSTUP_MCP_CALLS_PER_MINUTE", Remote.calls_per_minute),
        calls_at_once=count("HOSTUP_MCP_CALLS_AT_ONCE", Remote.calls_at_once),
        metrics_port=count("HOSTUP_MCP_METRICS_PORT", 0) or None,
        metrics_host=text("", "HOSTUP_MCP_METRICS_HOST") or Remote.metrics_host,
    )


def _secrets(value: str, remote: Remote, problems: list[str]) -> tuple[str, ...]:
    ring = tuple(part.strip() for part in value.split(",") if part.strip())
    if any(len(part) < SHORTEST_SECRET for part in ring):
        problems.append(
            f"Each key of HOSTUP_MCP_SECRET must have at least {SHORTEST_SECRET} characters."
        )
    if len(set(ring)) < len(ring):
        problems.append("HOSTUP_MCP_SECRET names a key twice.")
    if remote.state and not ring:
        problems.append(
            "Shared state (HOSTUP_MCP_STATE) needs HOSTUP_MCP_SECRET, the same on all replicas. "
            'Make one with: python -c "import secrets; print(secrets.token_hex(32))"'
        )
    if remote.state and not remote.state.startswith(("redis://", "rediss://", "unix://")):
        problems.append("HOSTUP_MCP_STATE must be a redis:// address.")
    return ring


def _outgoing_problems(urls: Mapping[str, str], environ: Mapping[str, str]) -> list[str]:
    safe = [(name, url) for name, url in urls.items() if is_safe_base_url(url)]
    # Elsewhere than on Linux, the system's settings may name a proxy too.
    uses_defaults = sys.platform == "linux" and not any(map(environ.get, OUTGOING))
    if uses_defaults and all(_is_plain(url) for _, url in safe):
        return []
    # It loads httpx, for which a session that opens has no time.
    from hostup_mcp.hostup.outgoing import find_problems

    found = [problem for name, url in safe for problem in find_problems(name, url, environ)]
    return list(dict.fromkeys(found))


def _is_plain(url: str) -> bool:
    """Return whether nothing can be wrong with `url`: a host in ASCII, and at most a port."""
    plain = re.fullmatch(r"https?://[0-9A-Za-z.-]{1,100}(:[1-5]?[0-9]{1,4})?/?", url, re.ASCII)
    return plain is not None and "xn--" not in url.lower()


def _groups(value: str, problems: list[str]) -> frozenset[Group]:
    names = [name.strip().lower() for name in value.split(",") if name.strip()]
    if names == ["all"]:
        return frozenset(Group)
    if wrong := [name for name in names if name not in set(Group)]:
        # Only the count: a secret may have been pasted here by mistake.
        problems.append(
            f"--allow (HOSTUP_MCP_ALLOW) has {len(wrong)} unknown group(s); "
            f"known are {', '.join(Group)}, or all."
        )
        return frozenset()
    return frozenset(Group(name) for name in names)
