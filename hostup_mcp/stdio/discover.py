"""A client's first `server/discover`: whether it can get the prepared result, and that result.

Only light modules of the standard library may be imported here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

TYPE_CHECKING = False  # the one of `typing` would cost its import
if TYPE_CHECKING:
    from typing import TypeAlias

    Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None

FIRST_WITH_DISCOVER = "2026-07-28"
"""The earliest revision of the protocol that has `server/discover`."""


def discover_id(line: bytes, versions: Sequence[str]) -> int | str | None:
    """Return the id of a valid `server/discover` in one of `versions`; None for any other line."""
    if b"server/discover" not in line:
        return None
    try:
        message: Json = json.loads(line.decode())
        json.dumps(message, ensure_ascii=False).encode()  # fails for invalid Unicode
    except (ValueError, RecursionError):
        return None
    match message:
        case {
            "jsonrpc": "2.0",
            "id": int() | str() as id_,
            "method": "server/discover",
            "params": {
                "_meta": {
                    "io.modelcontextprotocol/protocolVersion": str() as version,
                    "io.modelcontextprotocol/clientCapabilities": {**capabilities},
                    **others,
                }
            },
        } if (
            not isinstance(id_, bool)
            and version in versions
            and all(isinstance(value, dict) for value in capabilities.values())
            and all(_is_plain(key, value) for key, value in others.items())
        ):
            return id_
        case _:
            return None


def _is_plain(key: object, value: object) -> bool:
    """Return whether an optional field of the envelope is surely valid; the SDK checks others."""
    match key, value:
        case "io.modelcontextprotocol/clientInfo", None | {"name": str(), "version": str()}:
            return True
        case _:
            return key != "progressToken" and not str(key).startswith("io.modelcontextprotocol/")


def unlocked_groups(flag: str | None, variable: str) -> str:
    """Return the groups that `--allow` (None if not given) or else its variable unlocks, in order.

    They are the key of the instructions in the prepared result; invalid ones are not there.
    """
    value = variable if flag is None else flag
    return ",".join(sorted(part.strip().lower() for part in value.split(",") if part.strip()))


def load(path: str | None, unlocked: str | None = None) -> tuple[list[str], bytes]:
    """Load the prepared result: its versions, and its JSON; both empty if there is none.

    `unlocked` are the groups that decide which instructions are in it; None if they are in doubt.
    """
    if path is None:
        return [], b""
    try:
        with open(path, encoding="utf-8") as file:
            prepared: Json = json.load(file)
    except (OSError, ValueError):
        return [], b""
    match prepared:
        case {
            "instructions": [*texts],
            "unlocked": {**numbers},
            "result": {"supportedVersions": [*versions], **others},
        } if isinstance(number := numbers.get(unlocked), int):
            result = {"supportedVersions": versions, **others, "instructions": texts[number]}
            wire = json.dumps(result, ensure_ascii=False, separators=(",", ":"))
            named = [str(version) for version in versions]
            return [v for v in named if v >= FIRST_WITH_DISCOVER], wire.encode()
        case _:
            return [], b""
