"""No change to an audit log goes unnoticed, and what is wrong is said of the right line."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostup_mcp.server.writes.audit_chain import (
    MAX_LINE,
    AuditKey,
    Chain,
    parse,
    sign,
    to_bytes,
)
from hostup_mcp.server.writes.audit_keys import SANDBOX_KEY
from hostup_mcp.server.writes.audit_log import AuditLog
from hostup_mcp.server.writes.audit_verify import Finding, Kind, Verification

NOW = datetime(2026, 4, 27, 10, 0, tzinfo=UTC)
KEY = AuditKey("1", b"1" * 32)
OTHER = AuditKey("2", b"2" * 32)
COUNT = 8

Lines: TypeAlias = list[bytes]
Spot: TypeAlias = tuple[Kind, int, int]


@cache
def made(name: str, key: AuditKey = KEY) -> tuple[bytes, ...]:
    """The lines of a log that nobody touched."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "audit.jsonl"
        audit_log = AuditLog(path, lambda: key)
        for number in range(COUNT):
            audit_log.append(NOW, {"log": name, "n": number})
        return tuple(path.read_bytes().splitlines(keepends=True))


def log() -> Lines:
    return [*made("a")]


def verified(
    lines: Iterable[bytes], noted: str | None = None, *keys: AuditKey
) -> tuple[Verification, list[Finding]]:
    verification = Verification({key.id: key for key in keys or (KEY,)}, noted)
    return verification, [*verification.findings(io.BytesIO(b"".join(lines)))]


def spots(lines: Iterable[bytes], *keys: AuditKey) -> list[Spot]:
    return [(found.kind, found.line, found.until) for found in verified(lines, None, *keys)[1]]


def hmac_of(line: bytes) -> str:
    signed = parse(line.removesuffix(b"\n"))
    assert signed is not None
    return signed.hmac


HEAD = hmac_of(log()[-1])


def test_an_untouched_log_holds() -> None:
    verification, findings = verified(log(), HEAD)
    assert findings == []
    assert verification.holds
    assert verification.holds_to is None
    assert (verification.lines, verification.head, verification.noted_at) == (COUNT, HEAD, COUNT)


def swap(lines: Lines) -> Lines:
    lines[3], lines[4] = lines[4], lines[3]
    return lines


def edit(number: int, old: bytes = b'"n": ', new: bytes = b'"n": 1') -> Callable[[Lines], Lines]:
    def edited(lines: Lines) -> Lines:
        assert old in lines[number - 1]
        lines[number - 1] = lines[number - 1].replace(old, new)
        return lines

    return edited


def without(*numbers: int) -> Callable[[Lines], Lines]:
    return lambda lines: [line for n, line in enumerate(lines, 1) if n not in numbers]


def inserted(at: int, *more: bytes) -> Callable[[Lines], Lines]:
    return lambda lines: [*lines[: at - 1], *more, *lines[at - 1 :]]


def both(*changes: Callable[[Lines], Lines]) -> Callable[[Lines], Lines]:
    def changed(lines: Lines) -> Lines:
        for change in changes:
            lines = change(lines)
        return lines

    return changed


FORGED = made("a", OTHER)[3].replace(b'"key": "2"', b'"key": "1"')
TAMPERED: dict[str, tuple[Callable[[Lines], Lines], list[Spot]]] = {
    "the first line was edited": (edit(1), [(Kind.ALTERED, 1, 1)]),
    "a line was edited": (edit(4), [(Kind.ALTERED, 4, 4)]),
    "two lines were edited": (both(edit(4), edit(5)), [(Kind.ALTERED, 4, 5)]),
    "two lines apart were edited": (
        both(edit(4), edit(6)),
        [(Kind.ALTERED, 4, 4), (Kind.ALTERED, 6, 6)],
    ),
    "the last line was edited": (edit(8), [(Kind.ALTERED, 8, 8)]),
    "every line was edited": (
        lambda lines: [line.replace(b'"log": "a"', b'"log": "b"') for line in lines],
        [(Kind.ALTERED, 1, 8)],
    ),
    "a line's place was edited": (edit(4, b'"seq": 4', b'"seq": 5'), [(Kind.ALTERED, 4, 4)]),
    "an HMAC was edited": (
        lambda lines: edit(4, hmac_of(lines[3]).encode(), b"0" * 64)(lines),
        [(Kind.ALTERED, 4, 4)],
    ),
    "an HMAC was damaged": (
        lambda lines: [*lines[:7], lines[7].replace(b'"}\n', b'" }\n')],
        [(Kind.ALTERED, 8, 8)],
    ),
    "an HMAC was removed": (
        lambda lines: [*lines[:3], lines[3].split(b', "chain"')[0] + b"}\n", *lines[4:]],
        [(Kind.UNSIGNED, 4, 4), (Kind.MISSING, 5, 5)],
    ),
    "a line was removed": (without(4), [(Kind.MISSING, 4, 4)]),
    "the first line was removed": (without(1), [(Kind.MISSING, 1, 1)]),
    "the first lines were removed": (without(1, 2), [(Kind.MISSING, 1, 1)]),
    "a line was edited and the next removed": (
        both(edit(4), without(5)),
        [(Kind.ALTERED, 4, 4), (Kind.MISSING, 5, 5)],
    ),
    "lines were swapped": (swap, [(Kind.MISSING, 4, 4), (Kind.OUT_OF_PLACE, 5, 5)]),
    "a line was repeated": (inserted(4, log()[2]), [(Kind.OUT_OF_PLACE, 4, 4)]),
    "the last line was repeated": (inserted(9, log()[7]), [(Kind.OUT_OF_PLACE, 9, 9)]),
    "all lines were repeated": (lambda lines: lines * 2, [(Kind.OUT_OF_PLACE, 9, 16)]),
    "a line without HMAC was inserted": (inserted(4, b'{"n": 9}\n'), [(Kind.UNSIGNED, 4, 4)]),
    "a forged line was inserted": (inserted(4, FORGED), [(Kind.ALTERED, 4, 4)]),
    "a line of another log was inserted": (
        inserted(4, made("b")[3]),
        [(Kind.OTHER_CHAIN, 4, 5)],
    ),
    "another log was put before it": (
        lambda lines: [*made("b"), *lines],
        [(Kind.OTHER_CHAIN, 9, 9)],
    ),
    "an empty line was inserted": (inserted(4, b"\n"), [(Kind.FOREIGN, 4, 4)]),
    "an empty line was added": (inserted(9, b"\n"), [(Kind.FOREIGN, 9, 9)]),
    "binary data was inserted": (
        inserted(4, bytes(range(256)) + b"\n"),
        [(Kind.FOREIGN, 4, 5)],
    ),
    "a list was inserted": (inserted(4, b"[1]\n"), [(Kind.FOREIGN, 4, 4)]),
    "deep JSON was inserted": (inserted(4, b"[" * 100_000 + b"\n"), [(Kind.FOREIGN, 4, 4)]),
    "a long number was inserted": (
        inserted(4, b'{"n": ' + b"9" * 10_000 + b"}\n"),
        [(Kind.FOREIGN, 4, 4)],
    ),
    "a long line was inserted": (
        inserted(4, b"x" * (3 * MAX_LINE) + b"\n", b"y" * MAX_LINE + b"\n"),
        [(Kind.FOREIGN, 4, 5)],
    ),
    "a line was made long": (
        edit(4, b'"n": ', b'"x": "' + b"x" * MAX_LINE + b'", "n": '),
        [(Kind.FOREIGN, 4, 4), (Kind.MISSING, 5, 5)],
    ),
    "its line ends were changed": (
        lambda lines: [line.replace(b"\n", b"\r\n") for line in lines],
        [(Kind.CARRIAGE_RETURN, 1, 8)],
    ),
    "two line ends were changed": (
        both(edit(4, b"\n", b"\r\n"), edit(5, b"\n", b"\r\n")),
        [(Kind.CARRIAGE_RETURN, 4, 5)],
    ),
    "a space was added": (edit(4, b"\n", b" \n"), [(Kind.ALTERED, 4, 4)]),
    "garbage with a carriage return was inserted": (
        inserted(4, b"?\r\n"),
        [(Kind.FOREIGN, 4, 4)],
    ),
    "one line end was changed": (edit(4, b"\n", b"\r\n"), [(Kind.CARRIAGE_RETURN, 4, 4)]),
    "two lines were joined": (
        edit(4, b"\n", b""),
        [(Kind.ALTERED, 4, 4), (Kind.MISSING, 5, 5)],
    ),
    "its end was cut within a line": (
        lambda lines: [*lines[:-1], lines[-1][:20]],
        [(Kind.TORN_AT_END, 8, 8)],
    ),
    "garbage and half a line were added": (
        inserted(9, b"?\n", b"?\n", b"{"),
        [(Kind.FOREIGN, 9, 10), (Kind.TORN_AT_END, 11, 11)],
    ),
    "it was emptied": (lambda _: [], [(Kind.EMPTY, 1, 1)]),
    "it was replaced by garbage": (lambda _: [b"\x00" * 5000], [(Kind.TORN_AT_END, 1, 1)]),
    "it was converted to UTF-16": (
        lambda lines: [b"".join(lines).decode().encode("utf-16")],
        [(Kind.FOREIGN, 1, 8), (Kind.TORN_AT_END, 9, 9)],
    ),
}


@pytest.mark.parametrize("name", TAMPERED)
def test_a_changed_log_does_not_hold(name: str) -> None:
    change, expected = TAMPERED[name]
    changed = change(log())
    assert spots(changed) == expected
    verification, _ = verified(changed)
    assert not verification.holds
    assert not verification.is_undecided
    assert verification.holds_to == expected[0][1] - 1


@pytest.mark.parametrize("kept", range(1, COUNT))
def test_only_a_noted_head_shows_a_cut(kept: int) -> None:
    assert spots(log()[:kept]) == []
    verification, (found,) = verified(log()[:kept], HEAD)
    assert (found.kind, found.line, found.until) == (Kind.HEAD_MISSING, kept + 1, kept + 1)
    assert not verification.holds
    assert (verification.holds_to, verification.noted_at) == (kept, None)


def test_a_noted_head_shows_a_replaced_file() -> None:
    assert verified(made("b"))[0].holds
    assert [found.kind for found in verified(made("b"), HEAD)[1]] == [Kind.HEAD_MISSING]


def test_a_noted_head_may_be_followed() -> None:
    verification, findings = verified(log(), hmac_of(log()[4]))
    assert findings == []
    assert verification.noted_at == 5


def test_an_altered_line_is_no_head() -> None:
    verification, findings = verified(edit(8)(log()), HEAD)
    assert [found.kind for found in findings] == [Kind.ALTERED, Kind.HEAD_MISSING]
    assert verification.head == hmac_of(log()[6])


def test_it_counts_what_is_missing() -> None:
    for removed, expected in (((4,), 1), ((3, 4, 5), 3), ((1, 2), 2)):
        (found,) = verified(without(*removed)(log()))[1]
        assert (found.kind, found.count) == (Kind.MISSING, expected)
    _, (_, found) = verified(both(edit(1), without(2, 3))(log()))
    assert (found.kind, found.line, found.count) == (Kind.MISSING, 2, 2)


def test_two_futures_of_a_log_do_not_join() -> None:
    """Both are signed: two writers without a lock, or a copy that was continued."""
    fourth = parse(log()[3].removesuffix(b"\n"))
    assert fourth is not None
    other = sign({"time": "", "n": "other"}, fourth.chain, KEY)
    fifth = replace(fourth.chain, seq=5, previous=other.hmac)
    after = sign({"time": "", "n": "after"}, fifth, KEY)
    lines = [*log()[:4], *(to_bytes(line) + b"\n" for line in (other, after))]
    assert spots(lines) == [(Kind.OUT_OF_PLACE, 5, 5), (Kind.NOT_LINKED, 6, 6)]


@pytest.mark.parametrize(("length", "kind"), [(MAX_LINE, None), (MAX_LINE + 1, Kind.ALTERED)])
def test_a_line_has_a_greatest_length(length: int, kind: Kind | None) -> None:
    place = Chain("0" * 16, 1, None, KEY.id)
    short = len(to_bytes(sign({"time": ""}, place, KEY)))
    line = to_bytes(sign({"time": "x" * (length - short)}, place, KEY))
    assert len(line) == length
    assert [found[0] for found in spots([line, b"\n"])] == ([] if kind is None else [kind])


def test_an_unknown_key_leaves_it_undecided() -> None:
    verification, (found,) = verified(log(), None, OTHER)
    assert (found.kind, found.line, found.until, found.detail) == (Kind.UNKNOWN_KEY, 1, COUNT, "1")
    assert not verification.holds
    assert verification.is_undecided


def test_without_a_key_gaps_are_still_found() -> None:
    verification, findings = verified(without(4)(log()), None, OTHER)
    assert Kind.MISSING in {found.kind for found in findings}
    assert not verification.is_undecided


def test_sandbox_lines_are_pointed_out() -> None:
    verification, (found,) = verified(made("c", SANDBOX_KEY), None, SANDBOX_KEY)
    assert (found.kind, found.line, found.until) == (Kind.SANDBOX, 1, COUNT)
    assert verification.holds
    assert verified(made("c", SANDBOX_KEY))[0].is_undecided


@given(
    change=st.sampled_from(["flip", "insert", "remove", "cut", "move"]),
    at=st.integers(0, sum(map(len, log())) - 1),
    byte=st.integers(1, 255),
    length=st.integers(1, 2000),
)
def test_no_change_of_bytes_is_accepted(change: str, at: int, byte: int, length: int) -> None:
    whole = b"".join(log())
    match change:
        case "flip":
            changed = whole[:at] + bytes([whole[at] ^ byte]) + whole[at + 1 :]
        case "insert":
            changed = whole[:at] + bytes([byte]) * length + whole[at:]
        case "remove":
            changed = whole[:at] + whole[at + length :]
        case "cut":
            changed = whole[:at]
        case _:
            rest = whole[:at] + whole[at + length :]
            changed = rest[:length] + whole[at : at + length] + rest[length:]
    is_same = changed in (whole, whole[:-1])  # the last line end says nothing
    assert verified([changed], HEAD)[0].holds == is_same


def test_a_long_file_is_not_held() -> None:
    """It reads line by line, and neighbours of one kind are one finding."""

    class Endless(io.RawIOBase):
        left = 20_000

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: object) -> int:
            view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
            data = b'{"n": 1}\n'[: len(view)] if self.left else b""
            self.left -= bool(data)
            view[: len(data)] = data
            return len(data)

    verification = Verification({KEY.id: KEY})
    with io.BufferedReader(Endless()) as file:
        (found,) = verification.findings(file)
    assert (found.kind, found.line, found.until) == (Kind.UNSIGNED, 1, 20_000)
    assert verification.head is None, "no line is unchanged"
