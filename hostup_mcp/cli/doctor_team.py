"""What `hostup-mcp doctor` checks of a server for a team: tokens, accounts and shared state."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import anyio
from rich.console import Console

from hostup_mcp.config import Settings
from hostup_mcp.hostup.text import quoted_briefly
from hostup_mcp.server.caller import Account

READS_AT_ONCE = 5

ReadAccount = Callable[[Settings], str | None]
"""Read once from the account of these settings; return what is wrong with it, or None."""


def check_team(settings: Settings, console: Console, read_account: ReadAccount) -> int:
    """Print what is right and wrong on a line each; return 1 if anything is wrong."""
    remote = settings.remote
    problems = 0
    names: list[str] | None = None
    if remote.tokens is not None:
        from hostup_mcp.remote.token_file import TokenFileError, read_hashes

        try:
            names = list(read_hashes(remote.tokens))
            console.print(f"✓ The token file has tokens of {_listed(names)}.")
        except TokenFileError as error:
            console.print(f"✗ HOSTUP_MCP_TOKENS: {error}.")
            problems += 1
    if remote.issuer is not None:
        console.print("- The authorization server (HOSTUP_MCP_OAUTH_ISSUER) was not checked.")
    if remote.credentials is not None:
        problems += _check_accounts(settings, console, read_account, names)
    if remote.state is not None:
        problems += _check_state(settings, console)
    return min(problems, 1)


def _check_accounts(
    settings: Settings, console: Console, read_account: ReadAccount, names: list[str] | None
) -> int:
    from hostup_mcp.remote.accounts import CredentialsError, read_accounts

    assert settings.remote.credentials is not None  # noqa: S101
    try:
        accounts = read_accounts(settings.remote.credentials, settings)
    except CredentialsError as error:
        console.print(f"✗ HOSTUP_MCP_CREDENTIALS: {error}.")
        return 1
    problems = 0
    for name, problem in _read_all(settings, accounts, read_account).items():
        who = f"caller {quoted_briefly(name, 64)}"
        if problem is None:
            console.print(f"✓ HostUp accepts the key of {who} and lets it list servers.")
        else:
            console.print(f"✗ The key of {who}: {problem}")
            problems += 1
    if names is not None:
        if without := [name for name in names if name not in accounts]:
            console.print(
                f"✗ {_listed(without)}: a token but no account in the credentials file, so every "
                "call is refused. Add the account, or revoke the token."
            )
            problems += 1
        if unused := [name for name in accounts if name not in names]:
            console.print(f"- {_listed(unused)}: an account, but no token.")
    return problems


def _read_all(
    settings: Settings, accounts: Mapping[str, Account], read_account: ReadAccount
) -> dict[str, str | None]:
    found: dict[str, str | None] = dict.fromkeys(accounts)

    async def read_each() -> None:
        limiter = anyio.CapacityLimiter(READS_AT_ONCE)

        async def read(name: str, account: Account) -> None:
            its = replace(settings, api_key=account.api_key)
            found[name] = await anyio.to_thread.run_sync(read_account, its, limiter=limiter)

        async with anyio.create_task_group() as tasks:
            for name, account in accounts.items():
                tasks.start_soon(read, name, account)

    anyio.run(read_each)
    return found


def _check_state(settings: Settings, console: Console) -> int:
    from hostup_mcp.remote.shared_state import SharedState, StateError

    async def is_available() -> bool:
        shared = SharedState(settings.remote.state or "", settings.secrets)
        try:
            return await shared.store.is_available()
        finally:
            await shared.redis.aclose()

    try:
        available = anyio.run(is_available)
    except StateError as error:
        console.print(f"✗ {error}.")
        return 1
    except ModuleNotFoundError:
        console.print("✗ HOSTUP_MCP_STATE needs the extra replicas, which is not installed.")
        return 1
    if available:
        console.print("✓ The shared state (HOSTUP_MCP_STATE) can be read and written.")
        return 0
    console.print(
        "✗ The shared state (HOSTUP_MCP_STATE) is unavailable, so every write would be refused. "
        "Check that it runs, its address and its password."
    )
    return 1


def _listed(names: list[str]) -> str:
    shown = ", ".join(quoted_briefly(name, 64) for name in names[:20])
    more = f" and {len(names) - 20} more" if len(names) > 20 else ""
    return f"{shown}{more}" if names else "nobody"
