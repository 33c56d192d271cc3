"""Backups: list, create, delete."""

from dataclasses import replace

from .. import effects, gates, wire
from ..calls import Call
from ..problems import ProblemError, not_found
from ..responses import NO_CONTENT, Response, json_response


def list_backups(call: Call) -> Response:
    """Handle `GET /api/v2/vps/{id}/backups`: backups, quota and gates."""
    call.query()
    return json_response(200, wire.backups(call.view(call.server())))


def create(call: Call) -> Response:
    """Handle `POST /api/v2/vps/{id}/backups`: start a backup job."""
    call.query()
    server = call.server()
    fields = call.fields("note")
    note = fields.text("note")
    limit = call.variants.note_limit
    if note is not None and limit is not None and len(note) > limit:
        fields.refuse("note", f"`note` may have {limit} characters.", "too_long")
    fields.finish()
    gates.enforce(gates.can_create_backup(call.writing(server)))
    job = call.new_job("backup", server)
    return call.start(replace(job, backup_id=call.state.new_id("bkp"), note=note))


def delete(call: Call) -> Response:
    """Handle `DELETE /api/v2/vps/{id}/backups/{backupId}`: delete a backup at once."""
    call.query()
    call.no_body()
    server = call.server()
    backup_id = call.params["backupId"]
    busy = call.state.busy(server.id, call.now)
    being_made = any(
        job.kind == "backup" and job.backup_id == backup_id
        for job in call.state.running(server.id, call.now)
    )
    if server.backup(backup_id) is None and not being_made:
        raise not_found("backup")
    if being_made or (busy is not None and call.variants.delete_during_job == 409):
        raise ProblemError(409, "operation_in_progress", "A job on this server is running.")
    call.state.put(effects.without_backup(server, backup_id))
    return NO_CONTENT
