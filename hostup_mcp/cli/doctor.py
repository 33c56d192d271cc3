"""`hostup-mcp doctor`: is this configuration going to work? One cheap read tells."""

from __future__ import annotations

import anyio
from rich.console import Console

from hostup_mcp.config import Misconfigured, Settings
from hostup_mcp.hostup.address import KEYS_PAGE
from hostup_mcp.hostup.problems import (
    BadResponseError,
    EdgeRefusedError,
    ForbiddenError,
    HostUpError,
    NotFoundError,
    ProblemError,
    RateLimitedError,
    UnauthorizedError,
    UnreachableError,
)
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.server.services import connect
from hostup_mcp.stdio.state import shares_state

PATIENCE = 6.0
"""Seconds for the one read, retries included; a person is watching."""


def doctor(configuration: Settings | Misconfigured, console: Console | None = None) -> int:
    """Print what is wrong, one line each; 0 if nothing is."""
    console = console or Console(soft_wrap=True, highlight=False, markup=False)
    if isinstance(configuration, Misconfigured):
        for problem in configuration.problems:
            console.print(f"✗ {problem}")
        return 1
    where = "the sandbox account" if configuration.sandbox else configuration.base_url
    try:
        servers = anyio.run(_one_read, configuration)
    except HostUpError as error:
        console.print(f"✗ {diagnosis(error, configuration)}")
        return 1
    console.print(f"✓ {where} accepts the key and lets it list servers.")
    if not servers:
        console.print("✓ The account has no servers that this key can see.")
    return _check_state(configuration, console)


def _check_state(settings: Settings, console: Console) -> int:
    """Whether stdio sessions that can change something know of each other."""
    if not shares_state(settings):
        return 0
    from hostup_mcp.state.sqlite import SqliteState, default_path

    path = default_path()
    if SqliteState(path).is_usable():
        return 0
    console.print(
        f"✗ The state file {path} cannot be written, so two clients on this machine do not know of "
        "each other's changes. Make its folder writable."
    )
    return 1


def diagnosis(error: HostUpError, settings: Settings) -> str:
    """What is wrong, in one line."""
    match error:
        case UnauthorizedError():
            return f"HostUp refuses the key (401). Make or check it at {KEYS_PAGE}."
        case EdgeRefusedError():
            return "Something in front of HostUp's API rejects this network (403)."
        case ForbiddenError():
            if error.code not in (None, "forbidden"):
                return f'HostUp refuses this account (403, code {error.code}): "{error}"'
            return f"The key lacks the scope read:vm (403). Give it that at {KEYS_PAGE}."
        case NotFoundError() | BadResponseError():
            said = str(error).removesuffix(".")
            return f"{settings.base_url} does not answer like HostUp's API: {said}."
        case RateLimitedError():
            return "HostUp accepts no more requests at the moment (429); the rest seems in order."
        case ProblemError():
            return f'HostUp cannot answer at the moment ({error.status}): "{error}"'
        case UnreachableError():
            return f"No network, or the wrong HOSTUP_BASE_URL: {error}."
        case _:
            return f"HostUp did not give an answer: {error}."


async def _one_read(settings: Settings) -> int:
    client = ReadingClient(connect(settings, budget=PATIENCE))
    try:
        return len((await client.list_vps(limit=1)).data)
    finally:
        await client.close()
