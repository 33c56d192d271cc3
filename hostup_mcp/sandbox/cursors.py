"""Opaque page cursors that only fit the query for which they were made."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

Binding = tuple[str | None, ...]
"""What a cursor belongs to: the owner and the filters of the query."""


def write_cursor(last_id: str, binding: Binding) -> str:
    """The cursor that continues after `last_id`."""
    return urlsafe_b64encode(f"{_seal(last_id, binding)}.{last_id}".encode()).decode().rstrip("=")


def read_cursor(cursor: str, binding: Binding) -> str | None:
    """The id after which to continue; None if the cursor is broken or of another query."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        seal, _, last_id = urlsafe_b64decode(padded.encode("ascii")).decode().partition(".")
    except ValueError:
        return None
    return last_id if seal == _seal(last_id, binding) else None


def _seal(last_id: str, binding: Binding) -> str:
    return sha256(json.dumps([last_id, *binding]).encode()).hexdigest()[:16]
