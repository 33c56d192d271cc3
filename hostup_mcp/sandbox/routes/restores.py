"""The three ways to bring a backup back, and where one may come from."""

from dataclasses import replace

from .. import gates, wire
from ..calls import Call
from ..models import Backup, Billing, Retained, Retention, Server
from ..problems import FieldError, ProblemError, invalid, not_found
from ..responses import NO_CONTENT, Response, json_response
from ..wire_jobs import operation

_NAME = r"[A-Za-z0-9-]{3,63}"
_REGIONS = "stockholm"
_MAX_CPU, _MAX_MEMORY, _MIN_STORAGE, _MAX_STORAGE = 32, 256, 50, 2000


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


def to_payg(call: Call) -> Response:
    """Handle `POST /api/v2/vps/{id}/backups/{backupId}/actions/restore-to-payg`; costs money."""
    call.query()
    source = call.server()
    fields = call.fields("name", "region", "cpuCores", "memoryGb", "storageGb")
    name = fields.text("name", pattern=_NAME)
    fields.text("region", pattern=_REGIONS)
    cpu = fields.integer("cpuCores", 1, _MAX_CPU)
    memory = fields.integer("memoryGb", 1, _MAX_MEMORY)
    storage = fields.integer("storageGb", _MIN_STORAGE, _MAX_STORAGE)
    fields.finish()
    backup = _backup(source, call.params["backupId"])
    if storage is not None and storage < backup.size_gb:
        detail = f"The backup needs {backup.size_gb} GB."
        raise invalid(FieldError("/storageGb", detail, "out_of_range"))
    gates.enforce(gates.can_restore_backup(call.writing(source)))
    _may_spend(call)
    new = _new_server(call, source, backup)
    new = replace(
        new,
        name=name or new.name,
        cpu_cores=cpu or new.cpu_cores,
        memory_gb=memory or new.memory_gb,
        storage_gb=storage or new.storage_gb,
    )
    job = replace(call.new_job("restore_to_payg", source), backup_id=backup.id, new_server=new)
    status = call.variants.payg_status
    if call.variants.payg_response == "operation":
        taken = call.state.add_job(job, call.now)
        return json_response(status, {"operation": operation(taken, call.now, call.variants)})
    call.state.put(new)
    call.state.add_job(job, call.now)
    order_id = call.state.new_id("ord")
    return json_response(status, {"status": "provisioning", "vpsId": new.id, "orderId": order_id})


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


def _may_spend(call: Call) -> None:
    if call.key.owner not in call.state.payg_owners:
        raise ProblemError(
            409,
            "cloud_vm_unavailable",
            "This account cannot order pay-as-you-go servers yet.",
            extensions={"blockerReasons": ["payment_method_missing"]},
        )


def _new_server(call: Call, source: Server, backup: Backup) -> Server:
    number = len(call.state.servers) + 1
    return Server(
        id=call.state.new_id("vps"),
        owner=source.owner,
        name=f"restore-{source.vm_number}-{number}",
        vm_number=900 + number,
        primary_ip=f"203.0.113.{100 + number % 150}",
        billing=Billing(0.42 * source.cpu_cores, is_payg=True),
        retention=Retention(limit=source.backups_included),
        created_at=call.now,
        service_status="pending",
        power_state="provisioning",
        operating_system=source.operating_system,
        product_name="Cloud VPS",
        cpu_cores=min(source.cpu_cores, _MAX_CPU),
        memory_gb=min(source.memory_gb, _MAX_MEMORY),
        storage_gb=max(_MIN_STORAGE, source.storage_gb, int(backup.size_gb) + 1),
        backups_included=source.backups_included,
        disk=f"state as of backup {backup.id}",
    )
