"""How anomalies change requests and responses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, cast

from .calls import RecordedRequest
from .problems import ErrorContext, ProblemError, render
from .responses import Response, iso, json_response
from .variants import Anomalies

_UNAVAILABLE = "Backup storage is unavailable"
_UNTIL_ABANDONED = timedelta(days=92)
_EMPTY_BACKUP_AGE = timedelta(minutes=4)


EDGE_REFUSAL = Response(403, b"error code: 1010", (("Content-Type", "text/plain; charset=UTF-8"),))
_MAINTENANCE_PAGE = Response(
    200,
    b"<!DOCTYPE html><html><body><h1>We are back soon</h1><p>Scheduled maintenance.</p></body>",
    (("Content-Type", "text/html; charset=utf-8"),),
)


def refuse_write(anomalies: Anomalies, where: ErrorContext) -> Response | None:
    """Return the response to a write that an anomaly stops; None if it is carried out."""
    kind = anomalies.write_response
    if kind == "success_false":
        return json_response(200, {"success": False, "error": _UNAVAILABLE})
    if kind == "error_list":
        error = {"pointer": "", "detail": _UNAVAILABLE, "code": "upstream_failed"}
        return json_response(200, {"errors": [error]})
    if kind == "problem_with_200":
        problem = ProblemError(409, "vps_not_ready", f"{_UNAVAILABLE}.")
        return replace(render(problem, where), status=200)
    if kind == "maintenance_page":
        return _MAINTENANCE_PAGE
    if kind == "locked":
        detail = "Another operation holds this server."
        return render(ProblemError(423, "locked", detail, headers={"Retry-After": "30"}), where)
    return None


def without_filters(anomalies: Anomalies, request: RecordedRequest) -> RecordedRequest:
    """Return the request as the account sees it."""
    if not anomalies.filters_ignored:
        return request
    kept = tuple(each for each in request.query if each[0] not in {"name", "primaryIp"})
    return replace(request, query=kept)


def alter(
    anomalies: Anomalies, request: RecordedRequest, name: str, response: Response, now: datetime
) -> Response:
    """Return the account's response with the anomalies in it; `name` as in `odd_field`."""
    if request.is_write:
        if anomalies.write_response == "empty_object" and response.status < 300:
            return json_response(200, {})
        return response
    changes = list(_changes(anomalies, request, name, now))
    if not changes or response.status != 200:
        return response
    document = cast("dict[str, Any]", json.loads(response.body))
    for change in changes:
        change(document)
    return replace(response, body=json.dumps(document, ensure_ascii=False).encode())


def _changes(
    anomalies: Anomalies, request: RecordedRequest, name: str, now: datetime
) -> Iterator[Callable[[dict[str, Any]], None]]:
    if anomalies.newest_backup_empty and name == "backups":
        yield lambda document: _empty_newest(document, now)
    if anomalies.backups_unlisted and name == "backups":
        yield lambda document: document.update(backups=[])
    if anomalies.gates_checked_at:
        read_at = iso(now + timedelta(milliseconds=request.number))
        yield lambda document: _stamp_gates(document, read_at)
    if anomalies.schedules_abandoned and name == "backup-schedules":
        yield lambda document: _abandon_schedules(document, iso(now - _UNTIL_ABANDONED))
    if anomalies.cursor != "works" and name == "vps":
        yield lambda document: _break_cursor(document, anomalies.cursor, request)
    if anomalies.odd_field is not None and anomalies.odd_field.startswith(f"{name}/"):
        pointer = anomalies.odd_field.removeprefix(f"{name}/")
        yield lambda document: _set_field(document, pointer)


def _empty_newest(document: dict[str, Any], now: datetime) -> None:
    newest = max(document["backups"], key=lambda each: each["createdAt"] or "", default=None)
    if newest is not None:
        newest.update(sizeGb=0, createdAt=iso(now - _EMPTY_BACKUP_AGE))


def _stamp_gates(document: dict[str, Any], moment: str) -> None:
    for gate in document.get("actions", {}).values():
        gate["checkedAt"] = moment


def _abandon_schedules(document: dict[str, Any], moment: str) -> None:
    for schedule in document["schedules"]:
        if schedule["enabled"]:
            schedule["lastRun"] = moment


def _break_cursor(document: dict[str, Any], how: str, request: RecordedRequest) -> None:
    if "data" not in document:
        return
    if how == "missing":
        document["nextCursor"] = None
        return
    asked_with = dict(request.query).get("cursor")
    if asked_with is not None:
        document.update(nextCursor=asked_with, hasMore=True)


def _set_field(document: dict[str, Any], odd_field: str) -> None:
    pointer, given, value = odd_field.partition("=")
    *parents, last = pointer.split("/")
    holder: Any = document
    try:
        for part in parents:
            holder = holder[int(part) if isinstance(holder, list) else part]
        key: Any = int(last) if isinstance(holder, list) else last
        if given:
            holder[key] = json.loads(value)
        else:
            del holder[key]
    except (LookupError, TypeError):
        return
