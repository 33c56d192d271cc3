"""Which key signs the audit log, and which ones verify it."""

from __future__ import annotations

import hashlib
import hmac
import logging

import pytest

from hostup_mcp.config import Settings
from hostup_mcp.server.writes.audit_keys import (
    PROCESS_KEY,
    SANDBOX_KEY,
    signing_key,
    verifying_keys,
)
from hostup_mcp.state.key_file import audit_key_path

OLD, NEW = "old-secret-of-at-least-32-characters", "new-secret-of-at-least-32-characters"
REAL = Settings("key")
SANDBOX = Settings("", sandbox=True)


def test_without_a_secret_the_users_key_signs() -> None:
    assert verifying_keys(()) == {}
    key = signing_key(REAL)
    assert key.secret.hex() in audit_key_path().read_text()
    assert signing_key(REAL) == key
    assert verifying_keys(()) == {key.id: key}


def test_keys_are_those_of_the_page() -> None:
    """docs/audit-log.md says how to compute them."""
    key = signing_key(Settings("key", secrets=(OLD,)))
    derived = hmac.new(OLD.encode(), b"audit log of hostup-mcp", hashlib.sha256).digest()
    assert key.secret == derived
    assert key.id == hmac.new(derived, b"id", hashlib.sha256).hexdigest()[:8]


@pytest.mark.parametrize("sandbox", [False, True])
def test_with_a_secret_the_first_one_signs(sandbox: bool) -> None:
    keys = {
        ring: signing_key(Settings("key", sandbox=sandbox, secrets=ring))
        for ring in ((OLD,), (OLD, NEW), (NEW, OLD))
    }
    assert keys[OLD,] == keys[OLD, NEW] != keys[NEW, OLD]
    assert OLD.encode() not in keys[OLD,].secret
    assert not audit_key_path().exists()


def test_every_secret_of_the_ring_verifies() -> None:
    """So what the old one signed can be verified while and after it is replaced."""
    users = signing_key(REAL)
    old, new = (signing_key(Settings("key", secrets=(secret,))) for secret in (OLD, NEW))
    assert verifying_keys((NEW, OLD)) == {key.id: key for key in (new, old, users)}
    assert old.id not in verifying_keys((NEW,))


def test_the_sandbox_has_a_public_key() -> None:
    """It verifies only if that is asked for, and no file of the user is touched."""
    assert signing_key(SANDBOX) is SANDBOX_KEY
    assert not audit_key_path().parent.exists()
    assert SANDBOX_KEY.id not in verifying_keys(())
    assert verifying_keys((), sandbox=True) == {SANDBOX_KEY.id: SANDBOX_KEY}


def test_without_its_file_the_process_signs(caplog: pytest.LogCaptureFixture) -> None:
    audit_key_path().parent.parent.mkdir(parents=True, exist_ok=True)
    audit_key_path().parent.write_text("a file in the place of the folder")
    assert signing_key(REAL) is PROCESS_KEY
    (message,) = caplog.messages
    before, _, error = message.partition(": ")
    assert before == "no key for the audit log, so its lines cannot be verified later"
    assert str(audit_key_path().parent) in error


def test_a_broken_key_file_verifies_nothing(caplog: pytest.LogCaptureFixture) -> None:
    audit_key_path().parent.mkdir(parents=True)
    audit_key_path().write_text("not a key")
    with caplog.at_level(logging.WARNING):
        assert verifying_keys(()) == {}
    (message,) = caplog.messages
    assert message.startswith("the key file of the audit log cannot be used: [Errno 22] not a key")


def test_no_key_shows() -> None:
    for key in (signing_key(REAL), signing_key(Settings("key", secrets=(OLD,)))):
        assert repr(key) == f"AuditKey(id='{key.id}')"
        assert len(key.id) == 8
        assert key.id not in key.secret.hex()
