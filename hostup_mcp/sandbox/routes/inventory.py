"""The servers: list, one of them, details, live status."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

from .. import wire, wire_live
from ..calls import Call
from ..models import Server
from ..problems import FieldError, ProblemError, invalid
from ..responses import Json, Response, json_response

_MAX_PAGE = 100
_Binding = tuple[str | None, ...]
"""What a cursor belongs to: the owner and the filters of the query."""


def list_servers(call: Call) -> Response:
    """Handle `GET /api/v2/vps`: a page of servers, perhaps filtered."""
    query = call.query({"limit", "cursor", "primaryIp", "name"}, repeatable={"include"})
    limit = _limit(query.get("limit"), call.variants.default_page)
    found = [each for each in call.state.owned(call.key.owner) if _wanted(each, query)]
    binding = (call.key.owner, query.get("primaryIp"), query.get("name"))
    start = 0
    if "cursor" in query:
        ids = [each.id for each in found]
        last = _read_cursor(query["cursor"], binding)
        if last is None or last not in ids:
            raise ProblemError(400, "invalid_cursor", "The cursor does not belong to this query.")
        start = ids.index(last) + 1
    page = found[start : start + limit]
    more = start + limit < len(found)
    body: dict[str, Json] = {
        "data": [wire.inventory(call.view(each)) for each in page],
        "nextCursor": _write_cursor(page[-1].id, binding) if more else None,
    }
    if call.variants.list_envelope == "has_more":
        body["hasMore"] = more
    return json_response(200, body)


def get_server(call: Call) -> Response:
    """Handle `GET /api/v2/vps/{id}`: one server."""
    call.query()
    view = call.view(call.server())
    body = wire.inventory(view)
    if call.variants.vps_actions:
        body["actions"] = wire.power_gates(view)
    return json_response(200, body)


def get_details(call: Call) -> Response:
    """Handle `GET /api/v2/vps/{id}/details`: one server with everything about it."""
    call.query()
    return json_response(200, wire.details(call.view(call.server())))


def get_status(call: Call) -> Response:
    """Handle `GET /api/v2/vps/{id}/status`: power state, usage and running tasks."""
    call.query()
    server = call.server()
    running = call.state.running(server.id, call.now)
    return json_response(200, wire_live.status(call.view(server), running, call.now))


def _limit(text: str | None, default: int) -> int:
    if text is None:
        return default
    if text.isascii() and text.isdigit() and len(text) <= 3 and 1 <= int(text) <= _MAX_PAGE:
        return int(text)
    raise invalid(FieldError("/limit", f"`limit` must be 1 to {_MAX_PAGE}.", "out_of_range"))


def _wanted(server: Server, query: dict[str, str]) -> bool:
    if "primaryIp" in query and server.primary_ip != query["primaryIp"]:
        return False
    return "name" not in query or server.name.casefold() == query["name"].casefold()


def _write_cursor(last_id: str, binding: _Binding) -> str:
    """Return the cursor that continues after `last_id`."""
    return urlsafe_b64encode(f"{_seal(last_id, binding)}.{last_id}".encode()).decode().rstrip("=")


def _read_cursor(cursor: str, binding: _Binding) -> str | None:
    """Return the id after which to continue; None if the cursor is invalid or of another query."""
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        seal, _, last_id = urlsafe_b64decode(padded.encode("ascii")).decode().partition(".")
    except ValueError:
        return None
    return last_id if seal == _seal(last_id, binding) else None


def _seal(last_id: str, binding: _Binding) -> str:
    return sha256(json.dumps([last_id, *binding]).encode()).hexdigest()[:16]
