"""A line of the audit log, linked to the line before it and signed with an HMAC.

docs/audit-log.md describes the format. A line is recognized by its last bytes alone, so that one
whose JSON was damaged is still recognized.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from hostup_mcp.hostup.text import Json

MAX_LINE = 1024 * 1024
"""The longest line in bytes that is recognized. Lines of the log are far shorter."""


class Begins(StrEnum):
    """Why a chain begins with a line."""

    NEW_FILE = "new_file"
    """The file was missing or empty."""
    UNSIGNED_LINES = "unsigned_lines"
    """The file held only lines without an HMAC."""
    LINES_REMOVED = "lines_removed"
    """A line that this process had written was gone."""


@dataclass(frozen=True, slots=True)
class AuditKey:
    """A key that signs lines; each line names it by its id."""

    id: str
    secret: bytes = field(repr=False)

    def sign(self, content: bytes) -> str:
        """Return the HMAC of `content`, in hexadecimal."""
        return hmac.new(self.secret, content, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Chain:
    """What a line says about its place in the log."""

    id: str
    seq: int
    """The number of the line in its chain, from 1."""
    previous: str | None
    """The HMAC of the line before it; None for the first one."""
    key: str
    begins: Begins | None = None
    """Why a chain begins here; None for other lines."""
    earlier: str | None = None
    """The HMAC of the last line that the process wrote to another chain, if it wrote one."""
    skipped: str | None = None
    """The digest of what stands before it and carries no HMAC: half a line, or older lines."""

    def as_json(self) -> dict[str, Json]:
        """Return the fields in the order in which `parse` expects them."""
        more = {"begins": self.begins, "earlier": self.earlier, "skipped": self.skipped}
        return {
            "id": self.id,
            "seq": self.seq,
            "previous": self.previous,
            "key": self.key,
            **{name: value for name, value in more.items() if value is not None},
        }


@dataclass(frozen=True, slots=True)
class SignedLine:
    """A line that carries an HMAC, which may be wrong."""

    chain: Chain
    content: bytes
    """What the HMAC covers: everything before it, and so the HMAC of the line before it."""
    hmac: str


def digest(content: bytes) -> str:
    """Return the SHA-256 of `content`, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def sign(entry: Mapping[str, Json], chain: Chain, key: AuditKey) -> SignedLine:
    """Return the line for `entry` at its place in the chain, signed with `key`."""
    content = json.dumps({**entry, "chain": chain.as_json()}).encode()[:-1]
    return SignedLine(chain, content, key.sign(content))


def to_bytes(line: SignedLine) -> bytes:
    """Return `line` as it stands in the file, without its line end."""
    return line.content + f', "hmac": "{line.hmac}"}}'.encode()


_HASH = rb"[0-9a-f]{64}"
_START = b', "chain": {'
_END = re.compile(
    rb', "chain": \{"id": "(?P<id>[0-9a-f]{16})", "seq": (?P<seq>[1-9][0-9]{0,17}), '
    rb'"previous": (?:null|"(?P<previous>%(hash)s)"), "key": "(?P<key>[0-9a-z]{1,16})"'
    rb'(?:, "begins": "(?P<begins>%(begins)s)")?(?:, "earlier": "(?P<earlier>%(hash)s)")?'
    rb'(?:, "skipped": "(?P<skipped>%(hash)s)")?(?P<end>\}), "hmac": "(?P<hmac>%(hash)s)"\}'
    % {b"hash": _HASH, b"begins": "|".join(Begins).encode()}
)


def parse(line: bytes) -> SignedLine | None:
    """Return `line` (without its line end) if it carries an HMAC in the form of the log."""
    found = _END.fullmatch(line, line.rfind(_START))
    if found is None or len(line) > MAX_LINE:
        return None
    given = {name: value.decode() for name, value in found.groupdict(b"").items()}
    chain = Chain(
        id=given["id"],
        seq=int(given["seq"]),
        previous=given["previous"] or None,
        key=given["key"],
        begins=Begins(given["begins"]) if given["begins"] else None,
        earlier=given["earlier"] or None,
        skipped=given["skipped"] or None,
    )
    return SignedLine(chain, line[: found.end("end")], given["hmac"])
