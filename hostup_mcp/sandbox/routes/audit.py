"""The audit log of the account: what was requested, by which key, and how it was answered."""

import re
from datetime import datetime, timedelta

from ..calls import Call, Handled, RecordedRequest
from ..ids import make_id
from ..problems import FieldError, ProblemError, invalid
from ..responses import Json, Response, iso, json_response

_DEFAULT_WINDOW = timedelta(hours=12)
_DEFAULT_PAGE, _MAX_PAGE = 20, 100
_VPS_PATH = re.compile(r"/api/v2/vps/(?P<id>[^/]+)(?P<rest>/.*)?")


def list_events(call: Call) -> Response:
    """Handle `GET /api/v2/audit-log`, newest first."""
    query = call.query(
        {
            "limit",
            "cursor",
            "startAt",
            "endAt",
            "hideGet",
            "includeStats",
            "includeDnsEvents",
        }
    )
    limit = query.get("limit", str(_DEFAULT_PAGE))
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= _MAX_PAGE):
        raise invalid(FieldError("/limit", f"`limit` must be 1 to {_MAX_PAGE}.", "out_of_range"))
    start = _moment(query, "startAt", call.now - _DEFAULT_WINDOW)
    end = _moment(query, "endAt", call.now)
    hide_reads = _flag(query, "hideGet")
    _flag(query, "includeStats")
    _flag(query, "includeDnsEvents")
    visible = call.now - timedelta(seconds=call.variants.audit_delay)
    rows = [
        _row(call, each, each.handled)
        for each in reversed(call.log)
        if each.handled is not None
        and each.handled.owner == call.key.owner
        and start <= each.at <= min(end, visible)
        and not (hide_reads and each.method == "GET")
    ]
    first = _offset(query.get("cursor"), rows)
    page = rows[first : first + int(limit)]
    more = first + len(page) < len(rows)
    cursor = str(page[-1]["id"]) if more else None
    return json_response(200, {"data": page, "hasMore": more, "nextCursor": cursor})


def _row(call: Call, request: RecordedRequest, handled: Handled) -> dict[str, Json]:
    found = _VPS_PATH.fullmatch(request.path)
    server = call.state.servers.get(found["id"]) if found else None
    endpoint = f"/api/v2/vps/{{id}}{found['rest'] or ''}" if found else request.path
    path = request.path
    if server is not None and found is not None and call.variants.audit_path == "internal":
        path = f"/api/vm/{server.vm_number}{found['rest'] or ''}"
    succeeded = handled.status < 400
    return {
        "id": make_id("aud", str(request.number)),
        "occurredAt": iso(request.at),
        "method": request.method,
        "endpoint": endpoint,
        "path": path,
        "success": succeeded,
        "resourcesAccessed": [] if server is None else [server.id],
        "severity": "info" if succeeded else "error",
        "tags": [],
        "eventSource": "request_audit",
        "category": "api",
        "action": f"{request.method} {endpoint}",
        "summary": f"{request.method} {path}: {handled.status}",
        "ipAddress": "192.0.2.200",
        "userAgent": request.headers.get("user-agent") if call.variants.audit_user_agent else None,
        "statusCode": handled.status,
        "durationMs": 42,
        "errorMessage": None if succeeded else f"HTTP {handled.status}",
        "authMethod": "api_key",
        "actorType": "api",
        "actorId": make_id("usr", handled.owner),
        "requestId": handled.request_id,
        "resourceLabel": None if server is None else server.name,
    }


def _offset(cursor: str | None, rows: list[dict[str, Json]]) -> int:
    if cursor is None:
        return 0
    ids = [row["id"] for row in rows]
    if cursor not in ids:
        raise ProblemError(400, "invalid_cursor", "The cursor does not belong to this query.")
    return ids.index(cursor) + 1


def _moment(query: dict[str, str], name: str, default: datetime) -> datetime:
    if name not in query:
        return default
    try:
        moment = datetime.fromisoformat(query[name])
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise invalid(FieldError(f"/{name}", f"`{name}` must be an ISO 8601 timestamp."))
    return moment


def _flag(query: dict[str, str], name: str) -> bool:
    value = query.get(name, "false")
    if value not in {"true", "false"}:
        raise invalid(FieldError(f"/{name}", f"`{name}` must be true or false."))
    return value == "true"
