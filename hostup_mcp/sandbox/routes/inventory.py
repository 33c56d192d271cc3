"""The servers: list, one of them, details, live status."""

from .. import wire
from ..answers import Answer, Json, json_answer
from ..calls import Call
from ..cursors import read_cursor, write_cursor
from ..facts import Server
from ..problems import FieldError, ProblemError, invalid

_MAX_PAGE = 100


def list_servers(call: Call) -> Answer:
    """`GET /api/v2/vps`."""
    query = call.query({"limit", "cursor", "primaryIp", "name"}, repeatable={"include"})
    limit = _limit(query.get("limit"), call.readings.default_page)
    found = [each for each in call.state.owned(call.key.owner) if _wanted(each, query)]
    binding = (call.key.owner, query.get("primaryIp"), query.get("name"))
    start = 0
    if "cursor" in query:
        ids = [each.id for each in found]
        last = read_cursor(query["cursor"], binding)
        if last is None or last not in ids:
            raise ProblemError(400, "invalid_cursor", "The cursor does not belong to this query.")
        start = ids.index(last) + 1
    page = found[start : start + limit]
    more = start + limit < len(found)
    shown: dict[str, Json] = {
        "data": [wire.inventory(call.view(each)) for each in page],
        "nextCursor": write_cursor(page[-1].id, binding) if more else None,
    }
    if call.readings.list_envelope == "has_more":
        shown["hasMore"] = more
    return json_answer(200, shown)


def get_server(call: Call) -> Answer:
    """`GET /api/v2/vps/{id}`."""
    call.query()
    view = call.view(call.server())
    shown = wire.inventory(view)
    if call.readings.vps_actions:
        shown["actions"] = wire.power_gates(view)
    return json_answer(200, shown)


def get_details(call: Call) -> Answer:
    """`GET /api/v2/vps/{id}/details`."""
    call.query()
    return json_answer(200, wire.details(call.view(call.server())))


def get_status(call: Call) -> Answer:
    """`GET /api/v2/vps/{id}/status`."""
    call.query()
    server = call.server()
    running = call.state.running(server.id, call.now)
    return json_answer(200, wire.status(call.view(server), running, call.now))


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
