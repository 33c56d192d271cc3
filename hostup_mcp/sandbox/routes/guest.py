"""What a server looks like from inside: disks and guest agent."""

from ..access import require
from ..calls import Call
from ..models import Server
from ..power import is_up
from ..problems import FieldError, invalid, not_found
from ..responses import Response, json_response
from ..wire_live import agent, storage


def get_storage(call: Call) -> Response:
    """Handle `GET /api/v2/vps/{id}/storage`."""
    call.query()
    server = call.server()
    disk_id = call.state.id_of("vpsdisk", server.id)
    return json_response(
        200, storage(call.view(server), disk_id, agent_is_up=_agent_is_up(call, server))
    )


def get_agent(call: Call) -> Response:
    """Handle `GET /api/v2/vps/{id}/agent/exec`; no command was ever run, so no `pid` exists."""
    query = call.query({"pid"})
    server = call.server()
    if "pid" in query:
        require(call.key, frozenset({"write:vm"}), call.variants.missing_scope_code)
        if not query["pid"].isdecimal():
            raise invalid(FieldError("/pid", "`pid` must be a whole number."))
        raise not_found("command")
    return json_response(200, agent(server, call.variants, is_up=_agent_is_up(call, server)))


def _agent_is_up(call: Call, server: Server) -> bool:
    installed = server.has_guest_agent and call.variants.guest_agent == "as_installed"
    return installed and is_up(server, call.now, call.state.durations.boot)
