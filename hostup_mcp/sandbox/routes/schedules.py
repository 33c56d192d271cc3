"""Backup schedules and retention settings."""

from dataclasses import replace

from .. import effects, gates, wire
from ..calls import Call
from ..models import Schedule, Server
from ..problems import not_found
from ..responses import NO_CONTENT, Json, Response, json_response
from ..validation import Fields

_DAY_FIELDS = {"weekly": ("dayOfWeek", 0, 6), "monthly": ("dayOfMonth", 1, 31)}


def list_schedules(call: Call) -> Response:
    """Handle `GET /api/v2/vps/{id}/backup-schedules`: schedules, retention and gates."""
    call.query()
    return json_response(200, wire.schedules(call.view(call.server())))


def put_schedule(call: Call) -> Response:
    """Handle `POST /api/v2/vps/{id}/backup-schedules`; replaces the one of the same frequency."""
    call.query()
    server = call.server()
    call.need_body()
    wanted = _wanted(call, server)
    gates.enforce(gates.can_create_schedule(call.writing(server)))
    old = next((s for s in server.schedules if s.frequency == wanted.frequency), None)
    if old is not None:
        wanted = replace(wanted, id=old.id, last_run=old.last_run)
    others = tuple(
        replace(each, enabled=each.enabled and not wanted.enabled)
        for each in server.schedules
        if each.frequency != wanted.frequency
    )
    changed = replace(server, schedules=(*others, wanted))
    call.state.put(changed)
    return _schedule_response(call, changed, wanted)


def change_settings(call: Call) -> Response:
    """Handle `PATCH /api/v2/vps/{id}/backup-schedules`; may make old backups disappear at once."""
    call.query()
    server = call.server()
    call.need_body()
    fields = call.fields("maxTotalBackups", "autoDeleteOldest")
    limit = fields.integer("maxTotalBackups", 1, _purchased(server))
    auto = fields.flag("autoDeleteOldest")
    if not (fields.has("maxTotalBackups") or fields.has("autoDeleteOldest")):
        fields.refuse("maxTotalBackups", "Give at least one of the settings.", "missing_required")
    fields.finish()
    gates.enforce(gates.can_create_schedule(call.writing(server)))
    retention = replace(
        server.retention,
        limit=server.retention.limit if limit is None else limit,
        auto_delete_oldest=server.retention.auto_delete_oldest if auto is None else auto,
    )
    changed = effects.trim(replace(server, retention=retention))
    call.state.put(changed)
    return json_response(200, {"settings": wire.settings(changed)})


def delete(call: Call) -> Response:
    """Handle `DELETE /api/v2/vps/{id}/backup-schedules/{scheduleId}`; the backups stay."""
    call.query()
    call.no_body()
    server = call.server()
    kept = tuple(each for each in server.schedules if each.id != call.params["scheduleId"])
    if len(kept) == len(server.schedules):
        raise not_found("backup schedule")
    gates.enforce(gates.can_create_schedule(call.writing(server)))
    call.state.put(replace(server, schedules=kept))
    return NO_CONTENT if call.variants.schedule_delete == 204 else json_response(200, {})


def _wanted(call: Call, server: Server) -> Schedule:
    fields = call.fields(
        "frequency", "hour", "dayOfWeek", "dayOfMonth", "retentionCount", "enabled", "name"
    )
    frequency = fields.need_text("frequency", "daily|weekly|monthly")
    schedule = Schedule(
        id=call.state.new_id("bks"),
        name=fields.text("name") or f"{frequency.capitalize()} backup",
        frequency=frequency,
        hour=fields.need_integer("hour", 0, 23),
        retention_count=fields.need_integer("retentionCount", 1, _purchased(server)),
        enabled=fields.need_flag("enabled"),
        day=_day(fields, frequency),
    )
    fields.finish()
    return schedule


def _day(fields: Fields, frequency: str) -> int | None:
    day = None
    for owner, (name, low, high) in _DAY_FIELDS.items():
        if owner == frequency:
            day = fields.need_integer(name, low, high)
        elif fields.has(name):
            fields.refuse(name, f"`{name}` does not go with `{frequency}`.", "not_allowed")
    return day


def _purchased(server: Server) -> int | None:
    return None if server.retention.limit is None else server.backups_included


def _schedule_response(call: Call, server: Server, schedule: Schedule) -> Response:
    status = call.variants.schedule_status
    if status == 204:
        return NO_CONTENT
    body: dict[str, Json] = {}
    if call.variants.schedule_response == "schedule":
        body = {"schedule": wire.schedule(schedule, call.variants)}
    elif call.variants.schedule_response == "schedules":
        body = wire.schedules(call.view(server))
    return json_response(status, body)
