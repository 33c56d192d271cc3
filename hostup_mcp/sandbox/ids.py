"""Deterministic public ids: a type prefix and a 26 character ULID-like tail."""

from hashlib import sha256

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_TAIL = 24


def make_id(prefix: str, seed: str) -> str:
    """The id that belongs to `seed`: the same at every start, and not to be guessed by eye."""
    number = int.from_bytes(sha256(f"{prefix}/{seed}".encode()).digest()[:15])
    digits = (_ALPHABET[(number >> (5 * place)) & 31] for place in reversed(range(_TAIL)))
    return f"{prefix}_01{''.join(digits)}"
