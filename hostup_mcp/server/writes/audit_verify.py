"""Checks an audit log line by line: is each one unchanged, and does it follow the one before it?"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hmac import compare_digest
from typing import BinaryIO

from hostup_mcp.server.writes.audit_chain import MAX_LINE, AuditKey, Begins, SignedLine, parse
from hostup_mcp.server.writes.audit_keys import SANDBOX_KEY

_LONGEST = MAX_LINE + 1
"""How much of a line is read: one that is longer, with its line end, is none of the log."""


class Kind(StrEnum):
    """What was found at a line."""

    ALTERED = "altered"
    """It does not match its HMAC, or its HMAC is damaged."""
    CARRIAGE_RETURN = "carriage_return"
    """It ends with CR LF. The log ends its lines with LF."""
    UNSIGNED = "unsigned"
    """It is JSON without an HMAC."""
    FOREIGN = "foreign"
    """It is nothing that the log would write."""
    TORN_AT_END = "torn_at_end"
    """It is the last line, and it is not complete."""
    MISSING = "missing"
    """`count` lines are missing before it."""
    GONE = "gone"
    """Lines without an HMAC, or half a line, stood before it and are gone or changed."""
    OUT_OF_PLACE = "out_of_place"
    """It repeats or precedes a line that stands before it."""
    NOT_LINKED = "not_linked"
    """It does not follow the line before it."""
    OTHER_CHAIN = "other_chain"
    """It belongs to another chain than the line before it."""
    LINES_REMOVED = "lines_removed"
    """Its writer found lines gone, up to the one with the HMAC `detail`."""
    UNKNOWN_KEY = "unknown_key"
    """It is signed with the key `detail`, which is not known here."""
    EMPTY = "empty"
    """The file holds nothing."""
    HEAD_MISSING = "head_missing"
    """No line has the HMAC that was noted."""
    TORN = "torn"
    """It is half a line, as the line after it says. The chain holds."""
    FOLLOWS = "follows"
    """An earlier file has the line with the HMAC `detail`. The chain holds."""
    SANDBOX = "sandbox"
    """It is signed with the public key of the sandbox account. The chain holds."""

    @property
    def is_note(self) -> bool:
        """Whether the chain holds all the same."""
        return self in (Kind.TORN, Kind.FOLLOWS, Kind.SANDBOX)


@dataclass(slots=True)
class Finding:
    """What was found at the lines from `line` to `until`, counted from 1."""

    kind: Kind
    line: int
    until: int
    count: int = 0
    detail: str | None = None


class Verification:
    """One reading of a log; the attributes are complete when `findings` has ended."""

    def __init__(self, keys: Mapping[str, AuditKey], noted: str | None = None) -> None:
        self.lines = 0
        """How many lines the file has."""
        self.head: str | None = None
        """The HMAC of the last line that is unchanged."""
        self.noted_at: int | None = None
        """The line with the HMAC that was noted."""
        self.holds_to: int | None = None
        """The line before the first problem; None if there is no problem."""
        self._kinds: set[Kind] = set()
        self._keys = keys
        self._noted = noted
        self._last: SignedLine | None = None
        self._altered = 0
        """How many altered lines came after `_last`."""
        self._skipped: list[Finding] = []
        """The lines since the last one that carries an HMAC, right or wrong."""
        self._skipped_digest = hashlib.sha256()

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return self.holds_to is None

    @property
    def is_undecided(self) -> bool:
        """Whether nothing is wrong, but keys are not known here."""
        return {kind for kind in self._kinds if not kind.is_note} == {Kind.UNKNOWN_KEY}

    def findings(self, file: BinaryIO) -> Iterator[Finding]:
        """Read `file` once, line by line, and yield what is found.

        Neighbours of one kind are one finding, which follows the last of them.
        """
        open_: list[Finding] = []
        for found in self._all(file):
            self._kinds.add(found.kind)
            if self.holds_to is None and not found.kind.is_note:
                self.holds_to = found.line - 1
            yield from (each for each in open_ if each.until < found.line - 1)
            open_ = [each for each in open_ if each.until >= found.line - 1]
            if not any(_extend(each, found) for each in open_):
                open_.append(found)
        yield from open_

    def _all(self, file: BinaryIO) -> Iterator[Finding]:
        for raw in _lines(file):
            self.lines += 1
            line = parse(raw.removesuffix(b"\n"))
            if line is None:
                self._skip(raw)
            else:
                yield from self._check(line)
        yield from self._skipped
        if not self.lines:
            yield Finding(Kind.EMPTY, 1, 1)
        if self._noted is not None and self.noted_at is None:
            yield Finding(Kind.HEAD_MISSING, self.lines + 1, self.lines + 1)

    def _skip(self, raw: bytes) -> None:
        """Note a line without a well-formed HMAC, until it is known what the next line says."""
        kind = _kind(raw)
        self._altered += kind in (Kind.ALTERED, Kind.CARRIAGE_RETURN)
        found = self._here(kind)
        if not self._skipped or not _extend(self._skipped[-1], found):
            self._skipped.append(found)
        self._skipped_digest.update(raw)

    def _check(self, line: SignedLine) -> Iterator[Finding]:
        key = self._keys.get(line.chain.key)
        is_altered = key is not None and not compare_digest(key.sign(line.content), line.hmac)
        yield from self._since_last(None if is_altered else line)
        if is_altered:
            self._altered += 1
            yield self._here(Kind.ALTERED)
            return
        if key is None:
            yield self._here(Kind.UNKNOWN_KEY, detail=line.chain.key)
        elif key is SANDBOX_KEY:
            yield self._here(Kind.SANDBOX)
        self.head = line.hmac
        if self._noted is not None and compare_digest(self._noted, line.hmac):
            self.noted_at = self.lines
        problem = self._place(line)
        if problem is not None:
            yield problem
        if problem is None or problem.kind is not Kind.OUT_OF_PLACE:
            self._last, self._altered = line, 0

    def _since_last(self, line: SignedLine | None) -> Iterator[Finding]:
        """Yield what stands between the last line that carries an HMAC and `line`."""
        said = None if line is None else line.chain.skipped
        is_as_said = said == self._skipped_digest.hexdigest()
        for found in self._skipped:
            if is_as_said and found.kind is Kind.FOREIGN:
                found.kind = Kind.TORN
            yield found
        begins = None if line is None else line.chain.begins
        is_gone = begins is Begins.UNSIGNED_LINES and not self._skipped
        if is_gone or (said is not None and not is_as_said):
            yield self._here(Kind.GONE)
        self._skipped = []
        self._skipped_digest = hashlib.sha256()

    def _place(self, line: SignedLine) -> Finding | None:
        """Return what is wrong with the place of `line`, or where its chain goes on."""
        chain, last = line.chain, self._last
        if chain.begins is Begins.LINES_REMOVED:
            return self._here(Kind.LINES_REMOVED, detail=chain.earlier)
        if last is None:
            if chain.seq > 1 + self._altered:
                return self._here(Kind.MISSING, count=chain.seq - 1 - self._altered)
        elif last.hmac != (chain.previous if chain.begins is None else chain.earlier):
            found = self._out_of_line(line, last)
            if found is not None:
                return found
        if chain.earlier is not None and (last is None or chain.earlier != last.hmac):
            return self._here(Kind.FOLLOWS, detail=chain.earlier)
        return None

    def _out_of_line(self, line: SignedLine, last: SignedLine) -> Finding | None:
        """Return why `line` does not follow `last`; None if altered lines between explain it."""
        if line.chain.id != last.chain.id:
            return self._here(Kind.OTHER_CHAIN)
        if line.chain.seq <= last.chain.seq:
            return self._here(Kind.OUT_OF_PLACE)
        missing = line.chain.seq - last.chain.seq - 1 - self._altered
        if missing > 0:
            return self._here(Kind.MISSING, count=missing)
        return None if self._altered else self._here(Kind.NOT_LINKED)

    def _here(self, kind: Kind, count: int = 0, detail: str | None = None) -> Finding:
        return Finding(kind, self.lines, self.lines, count, detail)


def _lines(file: BinaryIO) -> Iterator[bytes]:
    """Yield each line with its line end; of one longer than `MAX_LINE` only the beginning."""
    while line := file.readline(_LONGEST):
        yield line
        while line and not line.endswith(b"\n"):
            line = file.readline(_LONGEST)


def _extend(before: Finding, found: Finding) -> bool:
    """Extend `before` to `found` if that is the same at the next line; return whether it is."""
    is_same = (before.kind, before.detail) == (found.kind, found.detail) and not found.count
    if not is_same or before.until + 1 != found.line:
        return False
    before.until = found.until
    return True


def _kind(raw: bytes) -> Kind:
    """Return what a line is that carries no well-formed HMAC."""
    text = raw.removesuffix(b"\n")
    if text.endswith(b"\r") and parse(text[:-1]) is not None:
        return Kind.CARRIAGE_RETURN
    try:
        entry: object = json.loads(text.decode())
    except (ValueError, RecursionError):
        return Kind.FOREIGN if raw.endswith(b"\n") or len(raw) == _LONGEST else Kind.TORN_AT_END
    if not isinstance(entry, dict):
        return Kind.FOREIGN
    return Kind.ALTERED if "hmac" in entry else Kind.UNSIGNED
