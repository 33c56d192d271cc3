"""Deterministic public ids; by default a type prefix and a 26 character ULID-like tail."""

from hashlib import sha256
from typing import Literal
from uuid import UUID

IdStyle = Literal["ulid", "readable", "uuid"]

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_TAIL = 24


def make_id(prefix: str, seed: str, style: IdStyle = "ulid") -> str:
    """Return the id for `seed`: the same at every start, and not guessable by eye."""
    digest = sha256(f"{prefix}/{seed}".encode()).digest()
    if style == "uuid":
        return f"{prefix}_{str(UUID(bytes=digest[:16])).upper()}"
    number = int.from_bytes(digest[:15])
    if style == "readable":
        return f"{prefix}_vm-{number % 1000}-{number // 1000 % 10**9}"
    digits = (_ALPHABET[(number >> (5 * place)) & 31] for place in reversed(range(_TAIL)))
    return f"{prefix}_01{''.join(digits)}"
