"""`hostup-mcp audit verify`: says up to which line the chain of an audit log holds."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from hostup_mcp.config import Misconfigured, load_secrets
from hostup_mcp.server.writes.audit_keys import PROCESS_KEY, SANDBOX_KEY, verifying_keys
from hostup_mcp.server.writes.audit_verify import Finding, Kind, Verification

HOLDS, BROKEN, UNDECIDED = 0, 1, 3

MOST_PRINTED = 20
"""How many findings are printed; the rest are counted."""


def audit(arguments: argparse.Namespace) -> int:
    """Verify the file and return the exit code: 0 holds, 1 does not, 3 could not be verified."""
    secrets = load_secrets(os.environ)
    if isinstance(secrets, Misconfigured):
        return _cannot(" ".join(secrets.problems))
    keys = verifying_keys(secrets, sandbox=arguments.sandbox)
    path = Path(os.path.expanduser(arguments.file))
    verification = Verification(keys, arguments.head)
    count = 0
    try:
        with path.open("rb") as file:
            for found in verification.findings(file):
                count += 1
                if count <= MOST_PRINTED:
                    _print(_describe(found))
    except BrokenPipeError:  # of the output, not of the file
        raise
    except OSError as error:
        return _cannot(f"cannot read {path}: {error.strerror}.")
    if count > MOST_PRINTED:
        _print(f"… and {count - MOST_PRINTED} more.")
    for line in _conclude(verification):
        _print(line)
    if verification.holds:
        return HOLDS
    return UNDECIDED if verification.is_undecided else BROKEN


def _conclude(verification: Verification) -> list[str]:
    if verification.holds_to is not None:
        to = verification.holds_to
        holds, does_not = "The chain holds", "The chain does not hold"
        if verification.is_undecided:
            holds, does_not = "The chain is verified", "The chain cannot be verified"
        return [
            f"✗ {holds} up to line {to} only." if to else f"✗ {does_not}.",
            "Apart from what is listed, each line is unchanged and follows the one before it.",
        ]
    lines = verification.lines
    said = [f"✓ The chain holds up to line {lines}, the last one."]
    at = verification.noted_at
    if at is None:
        said.append(
            f"Its head is {verification.head}. Note it elsewhere: only --head shows that lines "
            "were cut off the end, or that the file was replaced."
        )
    elif at == lines:
        said.append("The noted head is the last line.")
    else:
        said.append(f"The noted head is line {at}; the lines after it were added later.")
    return said


def _describe(found: Finding) -> str:
    mark = "•" if found.kind.is_note else "✗"
    if found.kind in (Kind.EMPTY, Kind.HEAD_MISSING):
        return f"{mark} {_TEXTS[found.kind]}"
    where = f"line {found.line}"
    if found.until > found.line:
        where = f"lines {found.line} to {found.until}"
    if found.kind is Kind.UNKNOWN_KEY:
        return (
            f"{mark} {where}: {_KEYS.get(str(found.detail), _OTHER_KEY).format(key=found.detail)}"
        )
    return f"{mark} {where}: {_TEXTS[found.kind].format(count=found.count, hmac=found.detail)}"


_TEXTS = {
    Kind.ALTERED: "altered; it does not match its HMAC.",
    Kind.CARRIAGE_RETURN: "altered; its line end is CR LF, as some editors and transfers write it.",
    Kind.UNSIGNED: "no HMAC; written by an older version, or inserted.",
    Kind.FOREIGN: "not a line of an audit log.",
    Kind.TORN_AT_END: "torn; the last line is not complete. Either its write was interrupted, and "
    "nothing was sent for it, or the file was cut.",
    Kind.MISSING: "missing before it: {count}.",
    Kind.GONE: "the lines without an HMAC that stood before it are gone or altered.",
    Kind.OUT_OF_PLACE: "out of place; it repeats or precedes a line that stands before it.",
    Kind.NOT_LINKED: "does not follow the line before it.",
    Kind.OTHER_CHAIN: "belongs to another chain than the line before it; lines were replaced or "
    "removed, or files were joined.",
    Kind.LINES_REMOVED: "when it was written, lines before it had been removed, up to the one with "
    "the HMAC {hmac}.",
    Kind.EMPTY: "The file is empty.",
    Kind.HEAD_MISSING: "No line has the noted head: lines were cut off the end, or the file was "
    "replaced.",
    Kind.TORN: "torn; its write was interrupted, as the next line says. Nothing was sent for it.",
    Kind.FOLLOWS: "goes on from an earlier file. Verify that file with --head {hmac}",
    Kind.SANDBOX: "of the sandbox account, whose key is public; proves nothing.",
}
_KEYS = {
    PROCESS_KEY.id: "signed with a key that was lost when its process ended; cannot be verified.",
    SANDBOX_KEY.id: "of the sandbox account, whose key is public; --sandbox accepts it.",
}
_OTHER_KEY = (
    "signed with the key {key}, which is not known here; cannot be verified. Run this as the user "
    "whose server wrote it, or set HOSTUP_MCP_SECRET to every secret that it had."
)


def _cannot(why: str) -> int:
    print(f"hostup-mcp: {why}", file=sys.stderr)  # noqa: T201
    return UNDECIDED


def _print(line: str) -> None:
    print(line)  # noqa: T201
