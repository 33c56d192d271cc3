"""The actions on a server's power."""

from dataclasses import replace

from .. import gates
from ..calls import Call
from ..jobs import Job, JobKind
from ..models import Server
from ..responses import Response

_GRACEFUL: frozenset[JobKind] = frozenset({"shutdown", "restart"})


def start(call: Call) -> Response:
    """Handle `POST /api/v2/vps/{id}/actions/start`: boot a stopped server."""
    return _act(call, "start")


def shutdown(call: Call) -> Response:
    """Handle `POST /api/v2/vps/{id}/actions/shutdown`, which the guest may ignore."""
    return _act(call, "shutdown")


def stop(call: Call) -> Response:
    """Handle `POST /api/v2/vps/{id}/actions/stop`: switch the server off at once."""
    return _act(call, "stop")


def restart(call: Call) -> Response:
    """Handle `POST /api/v2/vps/{id}/actions/restart`; with `force`, without the guest."""
    return _act(call, "restart", "force")


def reset(call: Call) -> Response:
    """Handle `POST /api/v2/vps/{id}/actions/reset`: switch the server off and on at once."""
    return _act(call, "reset")


def _act(call: Call, kind: JobKind, *known: str) -> Response:
    call.query()
    server = call.server()
    fields = call.fields(*known)
    is_graceful = kind in _GRACEFUL and not fields.flag("force")
    fields.finish()
    gates.enforce(gates.can_change_power(call.writing(server), kind))
    job = call.new_job(kind, server)
    return call.start(_unheard(call, server, job) if is_graceful else job)


def _unheard(call: Call, server: Server, job: Job) -> Job:
    """Return a graceful action as what becomes of it where the guest does not react."""
    how = call.variants.shutdown
    if server.boots and (job.kind == "restart" or how == "obeyed"):
        return job
    if how == "fails":
        return replace(job, failure=job.failure or "The guest did not react in time.")
    return replace(job, is_ignored=True)
