"""The keys of the audit log: one signs, and all that are known verify.

Whoever knows a key can write lines that verify. The key of the sandbox account is public: its lines
can be verified like others, but only if that is asked for, and they prove nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
from collections.abc import Sequence

from hostup_mcp.config import Settings
from hostup_mcp.server.writes.audit_chain import AuditKey
from hostup_mcp.state.key_file import audit_key_path, read_key, read_or_make_key

log = logging.getLogger(__name__)

SANDBOX_KEY = AuditKey("sandbox", b"hostup-mcp sandbox account")
"""Public, so that a log of the sandbox account can be verified without a file of the user."""

PROCESS_KEY = AuditKey("process", os.urandom(32))
"""Signs where no other key can be had; its lines cannot be verified after this process."""


def signing_key(settings: Settings) -> AuditKey:
    """Return the key that signs now; makes the user's key file if it is needed and missing."""
    if settings.secrets:
        return _from_secret(settings.secrets[0])
    if settings.sandbox:
        return SANDBOX_KEY
    try:
        return _named(read_or_make_key(audit_key_path()))
    except OSError as error:
        log.warning("no key for the audit log, so its lines cannot be verified later: %s", error)
        return PROCESS_KEY


def verifying_keys(secrets: Sequence[str], *, sandbox: bool = False) -> dict[str, AuditKey]:
    """Return the keys of `HOSTUP_MCP_SECRET` and of this user, by their ids."""
    keys = [_from_secret(secret) for secret in secrets]
    try:
        if (key := read_key(audit_key_path())) is not None:
            keys.append(_named(key))
    except OSError as error:
        log.warning("the key file of the audit log cannot be used: %s", error)
    if sandbox:
        keys.append(SANDBOX_KEY)
    return {key.id: key for key in keys}


def _from_secret(secret: str) -> AuditKey:
    return _named(hmac.new(secret.encode(), b"audit log of hostup-mcp", hashlib.sha256).digest())


def _named(key: bytes) -> AuditKey:
    return AuditKey(hmac.new(key, b"id", hashlib.sha256).hexdigest()[:8], key)
