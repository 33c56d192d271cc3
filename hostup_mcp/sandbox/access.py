"""API keys: who they belong to and what they may do."""

from collections.abc import Mapping
from dataclasses import dataclass

from .problems import ProblemError

MAIN_OWNER = "main"
OTHER_OWNER = "other"

ALL_SCOPES = frozenset(
    {
        "read:vm",
        "write:vm",
        "backup:vm",
        "power:vm",
        "read:billing",
        "write:billing",
        "read:account",
        "audit:read",
    }
)

SANDBOX_API_KEY = "hostup_sandbox_full_4f1c9a7d"
"""Every scope, on the account with the many servers."""
SANDBOX_READ_ONLY_KEY = "hostup_sandbox_read_8b2e6d03"
"""Only `read:vm`, on the same account."""
SANDBOX_OTHER_KEY = "hostup_sandbox_other_c57a1e94"
"""Every scope, on another customer's account."""


@dataclass(frozen=True, slots=True)
class Key:
    """What one API key opens: one owner's account, within these scopes."""

    scopes: frozenset[str] = ALL_SCOPES
    owner: str = MAIN_OWNER


DEFAULT_KEYS: Mapping[str, Key] = {
    SANDBOX_API_KEY: Key(),
    SANDBOX_READ_ONLY_KEY: Key(frozenset({"read:vm"})),
    SANDBOX_OTHER_KEY: Key(owner=OTHER_OWNER),
}


def authenticate(headers: Mapping[str, str], keys: Mapping[str, Key]) -> tuple[str, Key]:
    """Return the API key and its record. Raises ProblemError 401 without a known bearer key."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    key = keys.get(value.strip())
    if scheme.lower() != "bearer" or key is None:
        detail = "Send a valid API key as a bearer token."
        raise ProblemError(401, "unauthorized", detail, headers={"WWW-Authenticate": "Bearer"})
    return value.strip(), key


def require(key: Key, scopes: frozenset[str], code: str) -> None:
    """Raise a 403 problem with `code` unless the key has every one of `scopes`."""
    missing = sorted(scopes - key.scopes)
    if missing:
        raise ProblemError(403, code, f"The API key lacks the scope {', '.join(missing)}.")
