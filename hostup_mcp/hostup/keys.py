"""What can be wrong with an API key, or another setting, before anything is sent with it."""

from __future__ import annotations

import re

from hostup_mcp.hostup.address import KEYS_PAGE

# What clients leave in place of a variable that they do not know, whole or in quotes.
_UNFILLED = re.compile(
    r"""["']?(
        \$\{.*\}            # ${HOSTUP_API_KEY}, ${input:hostup}, ${user_config.key}, ${env:KEY}
      | \$[A-Za-z_][\w:]*   # $HOSTUP_API_KEY, $env:HOSTUP_API_KEY
      | %\w+%               # %HOSTUP_API_KEY%
      | \{\{.*\}\}          # {{HOSTUP_API_KEY}}
    )["']?""",
    re.VERBOSE,
)
# What examples have in place of a key.
_EXAMPLE = re.compile(
    r"""["']?(
        <.*> | \[.*\] | \.{3} | … | x{3,}
      | ((your|my|the|hostup|api)[\ _-]?)+key([\ _-]?here)?
    )["']?""",
    re.IGNORECASE | re.VERBOSE,
)


def is_unfilled(value: str) -> bool:
    """Return whether `value` is a placeholder that a client should have filled in."""
    return bool(_UNFILLED.fullmatch(value.strip()))


def key_problem(api_key: str) -> str | None:
    """Return what is wrong with an API key, on one line without the key; None if nothing shows."""
    if not api_key:
        return (
            f"HOSTUP_API_KEY is not set. Create a key with the scope read:vm at {KEYS_PAGE}, "
            "or set HOSTUP_SANDBOX=1 to try the sandbox account."
        )
    if _EXAMPLE.fullmatch(api_key):
        return (
            "HOSTUP_API_KEY is still the text of an example: no key was filled in. Put your key in "
            "its place in the client's configuration."
        )
    if api_key[0] in "\"'" or api_key[-1] in "\"'":
        return "HOSTUP_API_KEY has quotes around it that belong to no key; take them away."
    if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
        return "HOSTUP_API_KEY contains spaces or characters that no key has; copy it again."
    return None
