"""The two ways to bring a backup back to a server that is there, and where one may come from."""

from dataclasses import replace

from .. import gates, wire
from ..calls import Call
from ..models import Backup, Retained, Server
from ..problems import ProblemError, not_found
from ..responses import NO_CONTENT, Response, json_response


def list_sources(call: Call) -> Response:
    """Handle `GET /api/v2/vps/{id}/backups/restore-sources`; the target must be active."""
    call.query()
    target = call.server()
    if target.service_status != "active":
        gates.enforce(gates.can_restore_from_vps(call.view(target)))
    servers = [
        wire.source(each, "server", call.variants)
        for each in call.state.owned(call.key.owner)
        if each.id != target.id and each.backups
    ]
    retained = [
        wire.source(each, "retained", call.variants)
        for each in call.state.retained.values()
        if each.owner == call.key.owner
    ]
    return json_response(200, {"sources": servers + retained})


def in_place(call: Call) -> Response:
    """Handle `POST /api/v2/vps/{id}/backups/{backupId}/actions/restore`: start a restore job."""
    call.query()
    server = call.server()
    call.no_body()
    backup = _backup(server, call.params["backupId"])
    gates.enforce(gates.can_restore_backup(call.writing(server)))
    if call.variants.restore_of_running == "refused" and server.power_state != "stopped":
        raise ProblemError(409, "vps_not_ready", "The server has to be stopped first.")
    job = replace(call.new_job("restore", server), backup_id=backup.id)
    if call.variants.restore_response == "204":
        call.state.add_job(job, call.now)
        return NO_CONTENT
    return call.start(job, status=int(call.variants.restore_response))


def from_other_server(call: Call) -> Response:
    """Handle `POST /api/v2/vps/{id}/backups/actions/restore-from-vps`; `{id}` is overwritten."""
    call.query()
    target = call.server()
    call.need_body()
    fields = call.fields("sourceVpsId", "backupId")
    source_id, backup_id = fields.need_text("sourceVpsId"), fields.need_text("backupId")
    if source_id == target.id:
        fields.refuse("sourceVpsId", "Source and target must differ.")
    fields.finish()
    backup = _backup(_source(call, source_id), backup_id)
    gates.enforce(gates.can_restore_from_vps(call.writing(target)))
    if backup.size_gb > target.storage_gb:
        detail = f"The backup needs {backup.size_gb} GB, the target has {target.storage_gb} GB."
        raise ProblemError(409, "target_storage_too_small", detail)
    job = call.new_job("restore_from_vps", target)
    return call.start(replace(job, backup_id=backup.id, source_id=source_id))


def _backup(holder: Server | Retained, backup_id: str) -> Backup:
    found = holder.backup(backup_id)
    if found is None:
        raise not_found("backup")
    return found


def _source(call: Call, source_id: str) -> Server | Retained:
    kept = call.state.retained.get(source_id)
    if kept is not None and kept.owner == call.key.owner:
        return kept
    return call.server_with(source_id)
