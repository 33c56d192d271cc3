"""Snapshots: list, create, delete, roll back."""

from dataclasses import replace

from .. import effects, gates, wire
from ..calls import Call
from ..models import Server
from ..problems import ProblemError, not_found
from ..responses import NO_CONTENT, Response, json_response

_NAME = r"[A-Za-z0-9_-]{1,40}"


def list_snapshots(call: Call) -> Response:
    """Handle `GET /api/v2/vps/{id}/snapshots`: snapshots and gates."""
    call.query()
    return json_response(200, wire.snapshots(call.view(call.server())))


def create(call: Call) -> Response:
    """Handle `POST /api/v2/vps/{id}/snapshots`: start a snapshot job."""
    call.query()
    server = call.server()
    call.need_body()
    fields = call.fields("name", "description")
    name = fields.need_text("name", _NAME)
    description = fields.text("description", nullable=True)
    fields.finish()
    gates.enforce(gates.can_create_snapshot(call.writing(server)))
    if server.snapshot(name) is not None:
        raise ProblemError(409, "snapshot_exists", "A snapshot of that name exists.")
    job = call.new_job("snapshot", server)
    return call.start(replace(job, snapshot_name=name, note=description))


def delete(call: Call) -> Response:
    """Handle `DELETE /api/v2/vps/{id}/snapshots/{name}`."""
    call.query()
    call.no_body()
    server, name = _existing(call)
    if call.writing(server).busy is not None:
        gates.enforce(gates.can_restore_snapshot(call.writing(server)))
    if call.variants.snapshot_delete == 202:
        return call.start(replace(call.new_job("snapshot_delete", server), snapshot_name=name))
    call.state.put(effects.without_snapshot(server, name))
    return NO_CONTENT if call.variants.snapshot_delete == 204 else json_response(200, {})


def restore(call: Call) -> Response:
    """Handle `POST /api/v2/vps/{id}/snapshots/{name}/actions/restore`: start a rollback job."""
    call.query()
    call.no_body()
    server, name = _existing(call)
    gates.enforce(gates.can_restore_snapshot(call.writing(server)))
    return call.start(replace(call.new_job("snapshot_restore", server), snapshot_name=name))


def _existing(call: Call) -> tuple[Server, str]:
    server, name = call.server(), call.params["name"]
    if server.snapshot(name) is None:
        raise not_found("snapshot")
    return server, name
