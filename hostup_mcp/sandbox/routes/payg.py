"""Pay-as-you-go servers: whether and for how much, building one from a backup, what one costs."""

from dataclasses import replace

from .. import gates, wire_payg
from ..calls import Call
from ..models import Backup, Billing, Retention, Server
from ..payg import Rates, Resources, exceeded, per_month, used
from ..problems import FieldError, ProblemError, invalid, not_found
from ..responses import Json, Response, json_response
from ..wire_jobs import operation
from ..wire_payg import LARGEST, REGION, SMALLEST

_NAME = r"[A-Za-z0-9-]{3,63}"
_PREFLIGHT = "/api/v2/vps/payg/deployments"
_LIMITS = {
    "cpu_limit_exceeded": "cpu_cores",
    "memory_limit_exceeded": "memory_gb",
    "storage_limit_exceeded": "storage_gb",
    "instance_limit_exceeded": "instances",
}


def get_preflight(call: Call) -> Response:
    """Handle `GET /api/v2/vps/payg/deployments`: access, prices and bounds."""
    call.query()
    is_shown = call.variants.blockers_shown == "preflight"
    body = wire_payg.preflight(
        _blockers(call) if is_shown else (),
        is_blocked=is_shown and _is_blocked(call),
        rates=_rates(call),
        left=_most(call).minus(_used(call)),
        variants=call.variants,
    )
    return json_response(200, body)


def get_limits(call: Call) -> Response:
    """Handle `GET /api/v2/vps/payg/limits`: what is used, what may be, at which rates."""
    call.query()
    return json_response(200, wire_payg.limits(_used(call), _most(call), _rates(call)))


def get_breakdown(call: Call) -> Response:
    """Handle `GET /api/v2/vps/{id}/billing-breakdown`: a month of a pay-as-you-go server."""
    call.query()
    server = call.server()
    if not server.billing.is_payg and call.variants.fixed_breakdown == "problem":
        raise ProblemError(409, None, "The server is not billed by use.")
    return json_response(200, wire_payg.breakdown(server, _rates(call), call.now))


def restore(call: Call) -> Response:
    """Handle `POST /api/v2/vps/{id}/backups/{backupId}/actions/restore-to-payg`; costs money."""
    call.query()
    source = call.server()
    fields = call.fields("name", "region", "cpuCores", "memoryGb", "storageGb")
    name = fields.text("name", pattern=_NAME)
    fields.text("region", pattern=REGION)
    cpu = fields.integer("cpuCores", SMALLEST.cpu_cores, LARGEST.cpu_cores)
    memory = fields.integer("memoryGb", SMALLEST.memory_gb, LARGEST.memory_gb)
    storage = fields.integer("storageGb", SMALLEST.storage_gb, LARGEST.storage_gb)
    fields.finish()
    backup = source.backup(call.params["backupId"])
    if backup is None:
        raise not_found("backup")
    if storage is not None and storage < backup.size_gb:
        detail = f"The backup needs {backup.size_gb} GB."
        raise invalid(FieldError("/storageGb", detail, "out_of_range"))
    gates.enforce(gates.can_restore_backup(call.writing(source)))
    new = _new_server(call, source, backup)
    new = replace(
        new,
        name=name if name and call.variants.payg_name == "as_requested" else new.name,
        cpu_cores=cpu or new.cpu_cores,
        memory_gb=memory or new.memory_gb,
        storage_gb=storage or new.storage_gb,
    )
    new = replace(new, billing=Billing(per_month(new, _rates(call)), is_payg=True))
    _may_deploy(call, Resources(new.cpu_cores, new.memory_gb, new.storage_gb))
    return _deploy(call, source, backup, new)


def _deploy(call: Call, source: Server, backup: Backup, new: Server) -> Response:
    job = replace(call.new_job("restore_to_payg", source), backup_id=backup.id, new_server=new)
    kind = call.variants.payg_response
    if call.variants.payg_listed == "at_once" or kind == "deployment":
        call.state.put(new)
    taken = call.state.add_job(job, call.now)
    if call.anomalies.deploy_response == "shape_invalid":
        code = "upstream_cloud_quick_deploy_shape_invalid"
        raise ProblemError(502, code, "The response of the deployment could not be read.")
    body: dict[str, Json] = {}
    if kind != "operation":
        body = {"status": "provisioning", "vpsId": new.id, "orderId": call.state.new_id("ord")}
    if kind != "deployment":
        body["operation"] = operation(taken, call.now, call.variants)
    if call.anomalies.deploy_response == "neither":
        body = {"status": "provisioning"}
    return json_response(call.variants.payg_status, body)


def _new_server(call: Call, source: Server, backup: Backup) -> Server:
    number = len(call.state.servers) + len(call.state.gone) + 1
    return Server(
        id=call.state.new_id("vps"),
        owner=source.owner,
        name=f"restore-{source.vm_number}-{number}",
        vm_number=900 + number,
        primary_ip=f"203.0.113.{100 + number % 150}",
        billing=Billing(0, is_payg=True),
        retention=Retention(limit=source.backups_included),
        created_at=call.now,
        service_status="pending",
        power_state="provisioning",
        operating_system=source.operating_system,
        product_name="Cloud VPS",
        cpu_cores=min(source.cpu_cores, LARGEST.cpu_cores),
        memory_gb=min(source.memory_gb, LARGEST.memory_gb),
        storage_gb=max(SMALLEST.storage_gb, source.storage_gb, int(backup.size_gb) + 1),
        backups_included=source.backups_included,
        disk=f"state as of backup {backup.id}",
        boots=backup.boots,
        has_guest_agent=source.has_guest_agent,
    )


def _may_deploy(call: Call, wanted: Resources) -> None:
    blockers = _blockers(call)
    if not _is_blocked(call):
        blockers = exceeded(wanted, _most(call).minus(_used(call)))
        if not blockers:
            return
    status = 409 if "has_unpaid_invoice" in blockers else 403
    detail, code = wire_payg.blocked_reason(blockers), call.variants.blocker_code
    document: dict[str, Json] | None = {"blockerReasons": list(blockers)} if blockers else None
    if call.variants.blocker_place == "extensions":
        raise ProblemError(status, code, detail, extensions=document)
    raise ProblemError(status, code, detail, members=document)


def _is_blocked(call: Call) -> bool:
    return bool(_blockers(call)) or call.anomalies.payg_blocker == "unnamed"


def _blockers(call: Call) -> tuple[str, ...]:
    """Return the words for what keeps the account from any new server."""
    word = call.anomalies.payg_blocker
    if word not in {"none", "unnamed"}:
        return (word,)
    return () if call.key.owner in call.state.payg_owners else ("no_card_on_file",)


def _used(call: Call) -> Resources:
    return used(call.state.owned(call.key.owner))


def _most(call: Call) -> Resources:
    """Return the limits; one that an anomaly exceeds is what is used already."""
    field = _LIMITS.get(call.anomalies.payg_blocker)
    if field is None:
        return call.state.payg_limits
    return replace(call.state.payg_limits, **{field: getattr(_used(call), field)})


def _rates(call: Call) -> Rates:
    """Return the rates of now, which an anomaly raises with each read of the preflight."""
    reads = [
        each
        for each in call.log
        if (each.method, each.path) == ("GET", _PREFLIGHT) and each is not call.log[-1]
    ]
    return (
        call.state.rates.times(1 + len(reads) / 10)
        if call.anomalies.prices_rise
        else call.state.rates
    )
