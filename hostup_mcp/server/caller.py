"""Who is making the current call, and the HostUp account that they use."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import tzinfo

from mcp.server.auth.middleware.auth_context import get_access_token
from mcp.server.auth.provider import principal_components

from hostup_mcp.config import Group

LOCAL = "local"
"""The one caller of a server that only this machine can reach."""


@dataclass(frozen=True)
class Account:
    """The HostUp account that a caller uses, and what they may change there."""

    api_key: str = field(repr=False)
    allow: frozenset[Group] = frozenset()
    zone: tzinfo | None = None
    """The caller's time zone, if it is known."""
    language: str | None = None
    """The language chosen for the caller, if one was."""


def caller() -> str:
    """Return the current caller. What is stored for one caller cannot be read by another."""
    token = get_access_token()
    if token is None:
        return LOCAL
    client, issuer, subject = principal_components(token)
    return client if subject is None else json.dumps([subject, client, issuer])


def principal() -> str | None:
    """Return the name that an account is looked up by: the token's, or the JWT's subject."""
    token = get_access_token()
    return None if token is None else token.subject or token.client_id
