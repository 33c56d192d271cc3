"""Where a stdio session keeps its state."""

from __future__ import annotations

import logging

from hostup_mcp.config import Misconfigured, Settings
from hostup_mcp.state.folders import state_file
from hostup_mcp.state.in_memory import InMemoryState
from hostup_mcp.state.read_only import ReadOnlyState
from hostup_mcp.state.store import StateStore

log = logging.getLogger(__name__)


def stdio_state(configuration: Settings | Misconfigured) -> StateStore:
    """Return a session's store: the user's state file if the session can change anything at HostUp.

    Two clients on one machine then know of each other's writes. Without that file the session
    knows only its own. A session that only reads knows the restores that others recorded.
    """
    if not shares_state(configuration):
        is_sandbox = isinstance(configuration, Settings) and configuration.sandbox
        return InMemoryState() if is_sandbox else ReadOnlyState(state_file)
    from hostup_mcp.state.sqlite import SqliteState

    shared = SqliteState(state_file())
    if shared.is_usable():
        return shared
    log.warning("the state file cannot be used; writes of other sessions are not known here")
    return InMemoryState()


def shares_state(configuration: Settings | Misconfigured) -> bool:
    """Return whether a session with this configuration shares state; the sandbox never does."""
    return isinstance(configuration, Settings) and bool(
        configuration.allow and not configuration.sandbox
    )
