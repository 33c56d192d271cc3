"""`hostup-mcp doctor`: checks the configuration with one cheap read."""

from __future__ import annotations

import anyio
from rich.console import Console

from hostup_mcp.config import Misconfigured, Settings
from hostup_mcp.hostup.problems import BadResponseError, HostUpError, NotFoundError
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.server.connections import connect
from hostup_mcp.server.errors.hostup import describe_for_user
from hostup_mcp.state.key_file import audit_key_path
from hostup_mcp.stdio.state import shares_state
from hostup_mcp.wording.viewer import Language

PATIENCE = 6.0
"""Seconds for the one read, retries included, while the user waits."""


def doctor(
    configuration: Settings | Misconfigured, console: Console | None = None, *, shapes: bool = False
) -> int:
    """Print each problem on a line; return 0 without any. With `shapes`, see `print_shapes`."""
    console = console or Console(soft_wrap=True, highlight=False, markup=False)
    try:
        return _examine(configuration, console, shapes=shapes)
    except BrokenPipeError:
        raise  # nobody reads the output
    except HostUpError as error:  # as where no client can be built
        console.print(f"✗ {diagnosis(error)}")
        return 1
    except Exception as error:
        # Whatever is wrong here, the user came to be told. The message might quote anything.
        console.print(
            f"✗ doctor failed: {type(error).__name__}. That is a bug of hostup-mcp; report it with "
            "the output of hostup-mcp --version."
        )
        return 1


def _examine(configuration: Settings | Misconfigured, console: Console, *, shapes: bool) -> int:
    if isinstance(configuration, Misconfigured):
        for problem in configuration.problems:
            console.print(f"✗ {problem}")
        return 1
    if shapes:
        from hostup_mcp.cli.shapes import print_shapes

        return print_shapes(configuration, console)
    from hostup_mcp.cli.doctor_team import check_team

    problems = 0
    if configuration.remote.credentials is None or configuration.api_key:
        problems += _check_account(configuration, console)
    problems += check_team(configuration, console, _problem_of_account)
    if configuration.allow and not configuration.sandbox:
        console.print(
            "- Scopes for changes were not checked: only a change shows whether a key has them."
        )
    problems += _check_state(configuration, console) + _check_audit_log(configuration, console)
    return min(problems, 1)


def _check_account(settings: Settings, console: Console) -> int:
    where = "the sandbox account" if settings.sandbox else settings.base_url
    try:
        servers = anyio.run(_one_read, settings)
    except HostUpError as error:
        console.print(f"✗ {where}: {diagnosis(error)}")
        return 1
    console.print(f"✓ {where} accepts the key and lets it list servers.")
    if not servers:
        console.print("✓ The account has no servers that this key can see.")
    return 0


def _problem_of_account(settings: Settings) -> str | None:
    try:
        anyio.run(_one_read, settings)
    except HostUpError as error:
        return diagnosis(error)
    return None


def _check_state(settings: Settings, console: Console) -> int:
    """Report whether stdio sessions that can change something share state."""
    if not shares_state(settings):
        return 0
    from hostup_mcp.state.folders import state_file
    from hostup_mcp.state.sqlite import SqliteState

    path = state_file()
    if SqliteState(path).is_usable():
        return 0
    console.print(
        f"✗ The state file {path} cannot be written, so two clients on this machine do not know of "
        "each other's changes. Make its folder writable."
    )
    return 1


def _check_audit_log(settings: Settings, console: Console) -> int:
    """Report whether lines can be written to the audit log, and verified later."""
    path = settings.audit_log
    if path is None:
        return 0
    from hostup_mcp.server.writes.audit_keys import PROCESS_KEY, signing_key
    from hostup_mcp.server.writes.audit_log import try_to_open

    try:
        try_to_open(path)
    except OSError as error:
        console.print(
            f"✗ The audit log {path} cannot be written ({error.strerror or error}), so every write "
            "will be refused. Make the file and its folder writable."
        )
        return 1
    if signing_key(settings) is PROCESS_KEY:
        console.print(
            f"✗ The key file {audit_key_path()} cannot be used, so lines of the audit log cannot "
            "be verified later. Make its folder writable, or set HOSTUP_MCP_SECRET."
        )
        return 1
    return 0


def diagnosis(error: HostUpError, language: Language = Language.ENGLISH) -> str:
    """Describe what is wrong and what the user can do, on one line."""
    if isinstance(error, NotFoundError):
        # Every account has a list of servers, so this is not HostUp's API.
        said = str(error).removesuffix(".")
        error = BadResponseError(f"HostUp's API was not found there: {said}", status=404)
    return describe_for_user(error, language)


async def _one_read(settings: Settings) -> int:
    client = ReadingClient(connect(settings, budget=PATIENCE))
    try:
        return len((await client.list_vps(limit=1)).data)
    finally:
        await client.close()
