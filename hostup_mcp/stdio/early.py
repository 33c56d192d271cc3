"""What a client's first messages get before the SDK is loaded: prepared responses.

The SDK needs about half a second. A client sees the prepared responses after some milliseconds,
and the SDK then reads those messages that it has to know of; its own responses to them are dropped.
From the first message on that is in any doubt, everything waits for the SDK. Where the SDK is fast
enough, this module, `prepare.py` and `prepared.json` can be deleted.

Only light modules of the standard library may be imported here.
"""

from __future__ import annotations

import json
from collections.abc import Callable

TYPE_CHECKING = False  # the one of `typing` would cost its import
if TYPE_CHECKING:
    from typing import TypeAlias

    Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
    Shape: TypeAlias = type | tuple[str, ...] | list["Shape"] | dict[str, "Shape"]

HANDSHAKE, STATELESS = "handshake", "stateless"
"""The eras of the protocol: the session opens with `initialize`; each request stands alone."""

LONGEST = 64 * 1024
"""The longest message in bytes that is looked at here."""

MOST = 64
"""Responses of one session; a client that wants more is left to the SDK, and to its limits."""

_RESERVED = "io.modelcontextprotocol/"
_VERSION = f"{_RESERVED}protocolVersion"
_CAPABILITIES = f"{_RESERVED}clientCapabilities"
_INFO = f"{_RESERVED}clientInfo"
_APPS = f"{_RESERVED}ui"
_APPS_TYPE = "text/html;profile=mcp-app"

# A shape: a type; allowed strings; a list of items; or an object, with the shapes of its keys, of
# any other key ("*"), and the keys that it must have (""). Keys that have no shape may hold
# anything: the SDK ignores them.
_OBJECT: Shape = {}
_CLIENT: Shape = {
    "": ("name", "version"),
    **dict.fromkeys(("name", "version", "title", "description", "websiteUrl"), str),
    "icons": [
        {"": ("src",), "src": str, "mimeType": str, "sizes": [str], "theme": ("light", "dark")}
    ],
}
_CAPABLE: Shape = {
    "experimental": {"*": _OBJECT},
    "extensions": {"*": _OBJECT},
    "roots": {"listChanged": bool},
    "sampling": {"context": _OBJECT, "tools": _OBJECT},
    "elicitation": {"form": _OBJECT, "url": _OBJECT},
    "tasks": {
        "list": _OBJECT,
        "cancel": _OBJECT,
        "requests": {
            "sampling": {"createMessage": _OBJECT},
            "elicitation": {"create": _OBJECT},
        },
    },
}


class Early:
    """The opening of one session: its prepared responses, and what they depend on.

    `path` is the file that `prepare` writes. `unlocked` are the groups that are unlocked (see
    `unlocked_groups`). `is_configured` returns whether the configuration is valid, as soon as that
    is known. None stands for what is not known.
    """

    def __init__(
        self, path: str | None, unlocked: str | None, is_configured: Callable[[], bool | None]
    ) -> None:
        self._prepared = _load(path)
        self._unlocked = unlocked
        self._is_configured = is_configured
        self._era = ""
        self._revision = ""
        self._shows_apps = False
        self._first: tuple[int | str, bytes] | None = None
        self._left = MOST
        self.in_doubt = not self._prepared or unlocked not in _object(self._prepared["unlocked"])
        """Whether a message had to wait for the SDK: so do all that follow."""
        self.answered: list[int | str] = []
        """Ids of requests that were answered here and are read by the SDK too, in this order."""

    def receive(self, line: bytes) -> tuple[bytes, list[bytes]]:
        """Return the response to `line`, if there is one yet, and what the SDK has to read."""
        if self.in_doubt:
            return b"", [line]
        response = self._respond(line) if self._left > 0 else None
        if response is not None:
            self._left -= bool(response[0])
            return response
        self.in_doubt = True
        if self._first is None or (_VERSION.encode() in line and b'"initialize"' not in line):
            return b"", [line]
        # The SDK takes the era of a session from its first request, which this line is not.
        id_, first = self._first
        self.answered.append(id_)
        return b"", [first, line]

    def _respond(self, line: bytes) -> tuple[bytes, list[bytes]] | None:
        message = _parse(line)
        params = message.get("params", {})
        if not isinstance(params, dict):
            return None
        match message:
            case {"method": "notifications/initialized"} if "id" not in message:
                is_plain = self._revision and _fits(params, {"_meta": _OBJECT})
                return (b"", [line]) if is_plain else None
            case {"id": int() | str() as id_, "method": str() as method} if type(id_) is not bool:
                knows_client = bool(self._revision)
                is_undecided = not self._era
                result = self._result(method, params)
                if result is None:
                    return None
                if is_undecided and self._era == STATELESS:
                    self._first = id_, line
                is_read_too = method == "initialize" or (method == "ping" and not knows_client)
                if is_read_too:
                    self.answered.append(id_)
                response: Json = {"jsonrpc": "2.0", "id": id_, "result": result}
                text = json.dumps(response, ensure_ascii=False, separators=(",", ":"))
                return text.encode() + b"\n", [line] if is_read_too else []
            case _:
                return None

    def _result(self, method: str, params: dict[str, Json]) -> dict[str, Json] | None:
        meta = params.get("_meta", {})
        if not isinstance(meta, dict) or "progressToken" in meta or "progress_token" in meta:
            return None
        if method == "initialize":
            return self._initialize(params, meta)
        if params.keys() - {"_meta"}:
            return None
        if any(key.startswith(_RESERVED) for key in meta):
            return self._stateless(method, meta)
        if self._era == STATELESS or (method != "ping" and not self._revision):
            return None
        self._era = HANDSHAKE
        return self._prepared_result(HANDSHAKE, method, self._shows_apps)

    def _initialize(self, params: dict[str, Json], meta: dict[str, Json]) -> dict[str, Json] | None:
        revision = params.get("protocolVersion")
        if (
            self._era == STATELESS
            or self._revision
            or not isinstance(revision, str)
            or params.keys() - {"protocolVersion", "capabilities", "clientInfo", "_meta"}
            or not _fits(params.get("clientInfo"), _CLIENT)
            or not _fits(params.get("capabilities"), _CAPABLE)
            or any(key.startswith(_RESERVED) for key in meta)
        ):
            return None
        offered = self._revisions(HANDSHAKE)
        self._era = HANDSHAKE
        self._revision = revision if revision in offered else offered[-1]
        self._shows_apps = _shows_apps(params.get("capabilities"))
        result = self._prepared_result(HANDSHAKE, "initialize", self._shows_apps)
        return None if result is None else {"protocolVersion": self._revision, **result}

    def _stateless(self, method: str, meta: dict[str, Json]) -> dict[str, Json] | None:
        reserved = {key for key in meta if key.startswith(_RESERVED)}
        if (
            self._era == HANDSHAKE
            or meta.get(_VERSION) not in self._revisions(STATELESS)
            or not _fits(meta.get(_CAPABILITIES), _CAPABLE)
            or not (meta.get(_INFO) is None or _fits(meta[_INFO], _CLIENT))
            or reserved - {_VERSION, _CAPABILITIES, _INFO}
        ):
            return None
        if method != "server/discover":  # a client may probe, and then open with a handshake
            self._era = STATELESS
        return self._prepared_result(STATELESS, method, _shows_apps(meta.get(_CAPABILITIES)))

    def _revisions(self, era: str) -> list[str]:
        every = _object(self._prepared["revisions"])
        return sorted(revision for revision, its in every.items() if its == era)

    def _prepared_result(self, era: str, method: str, shows_apps: bool) -> dict[str, Json] | None:
        result = _object(self._prepared[era]).get(method)
        if not isinstance(result, dict):
            return None
        result = {**result, **_object(_object(self._prepared["lists"]).get(method))}
        if method in ("initialize", "server/discover"):
            number = _object(self._prepared["unlocked"])[self._unlocked or ""]
            texts = self._prepared["instructions"]
            text = texts[number] if isinstance(texts, list) and isinstance(number, int) else None
            return {**result, "instructions": text} if text is not None else result
        if method != "tools/list":
            return result
        groups = {group for group in (self._unlocked or "").split(",") if group}
        if groups:
            is_configured = self._is_configured()
            if is_configured is None:
                return None
            groups = groups if is_configured else set()
        return {**result, "tools": self._tools(groups, shows_apps)}

    def _tools(self, groups: set[str], shows_apps: bool) -> list[Json]:
        every = self._prepared["tools"]
        shown: list[Json] = []
        for tool in map(_object, every if isinstance(every, list) else []):
            group = tool["group"]
            if group is not None and group not in groups and "all" not in groups:
                continue
            if shows_apps:
                shown.append({**_object(tool["definition"]), **_object(tool["forApps"])})
            elif not tool["isOnlyForApps"]:
                shown.append(tool["definition"])
        return shown


def unlocked_groups(flag: str | None, variable: str) -> str:
    """Return the groups that `--allow` (None if not given) or else its variable unlocks, in order.

    They are a key of the prepared instructions; invalid ones are not there.
    """
    value = variable if flag is None else flag
    return ",".join(sorted(part.strip().lower() for part in value.split(",") if part.strip()))


def _load(path: str | None) -> dict[str, Json]:
    """Return what `prepare` wrote to `path`; nothing if it is not there or damaged."""
    if path is None:
        return {}
    try:
        with open(path, encoding="utf-8") as file:
            prepared: Json = json.load(file)
    except (OSError, ValueError):
        return {}
    keys = {"revisions", "instructions", "unlocked", "lists", "tools", HANDSHAKE, STATELESS}
    return prepared if isinstance(prepared, dict) and prepared.keys() == keys else {}


def _parse(line: bytes) -> dict[str, Json]:
    """Return the message in `line` if it is surely one for the SDK, else nothing."""
    if len(line) > LONGEST:
        return {}
    try:
        message: Json = json.loads(line.decode(), parse_constant=_refuse)
        json.dumps(message, ensure_ascii=False).encode()  # fails for invalid Unicode
    except (ValueError, RecursionError):
        return {}
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        return {}
    return {} if message.keys() - {"jsonrpc", "id", "method", "params"} else message


def _refuse(constant: str) -> None:
    raise ValueError(constant)  # NaN and Infinity are no JSON


def _object(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def _shows_apps(capabilities: Json) -> bool:
    types = _object(_object(_object(capabilities).get("extensions")).get(_APPS)).get("mimeTypes")
    return isinstance(types, list) and _APPS_TYPE in types


def _fits(value: Json, shape: Shape) -> bool:
    """Return whether `value` has `shape`; see the shapes above."""
    if isinstance(shape, type):
        return type(value) is shape
    if isinstance(shape, tuple):
        return value in shape
    if isinstance(shape, list):
        return isinstance(value, list) and all(_fits(item, shape[0]) for item in value)
    if not isinstance(value, dict) or "" in value:
        return False
    needed = shape.get("", ())
    if isinstance(needed, tuple) and not value.keys() >= set(needed):
        return False
    others = shape.get("*")
    shapes = ((item, shape.get(key, others)) for key, item in value.items() if key != "*")
    return all(its is None or _fits(item, its) for item, its in shapes)
