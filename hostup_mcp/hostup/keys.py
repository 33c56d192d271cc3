"""What can be wrong with an API key, or another setting, before anything is sent with it."""

from __future__ import annotations

import re

from hostup_mcp.hostup.address import KEYS_PAGE

SHORTEST_KEY = 8
"""A shorter text would be found in ordinary words, so it could not be kept out of output."""

# What clients leave in place of a variable that they do not know, whole or in quotes.
_UNFILLED = re.compile(
    r"""["'`]?(
        \$\{.*\}            # ${HOSTUP_API_KEY}, ${input:hostup}, ${user_config.key}, ${env:KEY}
      | .*\$\{[^{}]+\}.*   # ${HOME}/audit.jsonl, /home/${USER}/audit.jsonl
      | (\$[A-Z_]{3,} | %\w+%)[/\\].*  # $HOME/audit.jsonl, %USERPROFILE%\audit.jsonl
      | \$[A-Za-z_][\w:]*   # $HOSTUP_API_KEY, $env:HOSTUP_API_KEY
      | %\w+%               # %HOSTUP_API_KEY%
      | \{\{.*\}\}          # {{HOSTUP_API_KEY}}
    )["'`]?""",
    re.VERBOSE,
)
# What examples have in place of a key.
_EXAMPLE = re.compile(
    r"""["'`]?(
        <.*> | \[.*\] | \.{3} | … | x{3,}
      | ((your|my|the|hostup|api)[\ _-]?)+key([\ _-]?here)?
    )["'`]?""",
    re.IGNORECASE | re.VERBOSE,
)


def is_unfilled(value: str) -> bool:
    """Return whether `value` is or has a placeholder that a client should have filled in."""
    return bool(_UNFILLED.fullmatch(value.strip()))


def key_problem(api_key: str) -> str | None:
    """Return what is wrong with `HOSTUP_API_KEY`, on one line without it; None if nothing shows."""
    if not api_key:
        return (
            f"HOSTUP_API_KEY is not set. Create a key with the scope read:vm at {KEYS_PAGE}, "
            "or set HOSTUP_SANDBOX=1 to try the sandbox account."
        )
    fault = key_fault(api_key)
    if fault == _NOT_FILLED_IN:
        fault += ". Put your key in its place in the client's configuration"
    return fault and f"HOSTUP_API_KEY {fault}."


def key_fault(api_key: str) -> str | None:
    """Return what is wrong with an API key, to follow its name; None if nothing shows."""
    if not api_key:
        return "is missing"
    if is_unfilled(api_key):
        return "is still a placeholder"
    if _EXAMPLE.fullmatch(api_key):
        return _NOT_FILLED_IN
    if marks := marks_around(api_key):
        return f"has {marks} around it that are not part of the key; remove them"
    if not api_key.isascii() or not api_key.isprintable() or " " in api_key:
        return "contains spaces or characters that no key has; copy it again"
    if len(api_key) < SHORTEST_KEY:
        return f"is too short for a key (fewer than {SHORTEST_KEY} characters); copy all of it"
    return None


def marks_around(value: str) -> str | None:
    """Return what stands around a value, or at one end: quotes or backticks; None if neither."""
    ends = {value[:1], value[-1:]}
    if ends & {'"', "'"}:
        return "quotes"
    return "backticks" if "`" in ends else None


_NOT_FILLED_IN = "is still the text of an example: no key was filled in"
