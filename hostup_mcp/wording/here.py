"""Why an action cannot be carried out from here, and who can change that, in words."""

from __future__ import annotations

from collections.abc import Mapping

from hostup_mcp.hostup.address import KEYS_PAGE
from hostup_mcp.recovery.codes import Code
from hostup_mcp.wording.text import Text, both

_ASKING = "MCP elicitation"
_TRUST = "HOSTUP_MCP_CONFIRM=client where hostup-mcp is configured"

HERE: Mapping[Code, Text] = {
    Code.LOCKED: Text(
        "Locked; to unlock: {how:finding}.",
        "It is locked in this assistant's access to HostUp. {how:finding}",
    ),
    Code.UNLOCK_BY_SETTING: Text(
        "set --allow or HOSTUP_MCP_ALLOW to {allow}, plus any group added meanwhile, where "
        "hostup-mcp is configured, then restart it",
        "Whoever set it up can unlock it: --allow or HOSTUP_MCP_ALLOW set to {allow}, plus any "
        "group added meanwhile, and a restart.",
    ),
    Code.UNLOCK_FOR_CALLER: Text(
        "whoever runs hostup-mcp sets allow {allow}, plus any group added meanwhile, for this "
        "caller in its credentials file, then restarts it",
        "Whoever runs it can unlock it for you: allow {allow}, plus any group added meanwhile, in "
        "the credentials file, then a restart.",
    ),
    Code.CLIENT_CANNOT_ASK: Text(
        "This client cannot ask the user for their yes (needs {how:finding}).",
        "It needs your yes, which this app cannot ask for: that needs {how:finding}.",
    ),
    Code.USE_ASKING_CLIENT: both(f"{_ASKING}, or {_TRUST}"),
    Code.USE_NEWER_CLIENT: both(f"{_ASKING} of revision 2026-07-28, or {_TRUST}"),
    Code.KEY_REFUSED: Text(
        "HostUp refused the API key with 403 at {at:moment}: it probably lacks the scope {scope}, "
        f"which the user can add at {KEYS_PAGE}. {{lasts:finding}}",
        "HostUp refused the API key on {at:moment}: it probably lacks a permission (the scope "
        "{scope}), which you can add on HostUp's page for API keys. {lasts:finding}",
    ),
    Code.CHECKED_AGAIN: both("It was still refused when checked just now."),
    Code.REMEMBERED_UNTIL: both(
        "If the key has been changed since, try again after {until:moment}."
    ),
    Code.STORE_UNAVAILABLE: Text(
        "Shared state is unavailable, so writes are disabled: call again in a minute; if it stays "
        "so, whoever runs hostup-mcp has to check it.",
        "Nothing can be changed from here now. Try again in a minute; if it stays so, whoever runs "
        "this assistant's access to HostUp has to check it.",
    ),
    Code.JOB_RUNNING: Text(
        "A change to this VPS through hostup-mcp is in progress, or its outcome is unknown: follow "
        "it with get_job. Until it has ended, at most until {until:moment}, no other is sent.",
        "Another change to this server is in progress, or its outcome is unknown. Until it has "
        "ended, at most until {until:moment}, no other is sent.",
    ),
    Code.USE_PANEL: Text(
        "The user can do it in HostUp's panel.", "You can do it yourself in HostUp's panel."
    ),
}
