"""Ending a service: cancel, see what becomes of that, take it back."""

from dataclasses import replace

from .. import cancellations, wire_payg
from ..calls import Call
from ..models import Server
from ..problems import ProblemError, not_found
from ..responses import NO_CONTENT, Json, Response, json_response

_REASON = r"(?s)(?=.*\S).{1,500}"
_CANCELLABLE = {"active", "pending", "suspended"}


def cancel(call: Call) -> Response:
    """Handle `POST /api/v2/vps/{id}/actions/cancel`; ends the server once it is carried out."""
    call.query()
    server = call.server()
    fields = call.fields("reason", "cancelType", "otherReason")
    reason = fields.text("reason", pattern=_REASON)
    if reason is None and not fields.has("reason") and call.variants.cancel_reason == "required":
        fields.refuse("reason", "`reason` is required.", "missing_required")
    kind = fields.text("cancelType", pattern="immediate|end_of_period") or "end_of_period"
    if fields.text("otherReason", pattern=_REASON) is not None and reason != "other":
        fields.refuse("otherReason", "`otherReason` goes with `other` only.", "not_allowed")
    fields.finish()
    old = server.cancellation
    if server.service_status not in _CANCELLABLE or (old and old.outcome == "open"):
        raise ProblemError(409, None, "The server is cancelled already.")
    if server.overdue_invoice or call.anomalies.invoice_overdue:
        call.state.put(replace(server, auto_renew=False))
        code = "cancellation_blocked_overdue_invoice"
        detail = "An invoice is overdue. Auto-renewal has been switched off."
        raise ProblemError(409, code, detail)
    seconds = call.state.durations.cancellation
    new = cancellations.new(server, kind, reason, call.now, seconds, call.variants, call.anomalies)
    call.state.put(replace(server, cancellation=new, auto_renew=False))
    body: dict[str, Json] = {"cancellationLookupPending": True}
    if call.variants.cancel_response == "cancellation":
        body = {"cancellationLookupPending": False, **_shown(call, server.id)}
    elif call.variants.cancel_response == "nested":
        body = {"cancellationLookupPending": False, "cancellation": _shown(call, server.id)}
    call.state.settle(call.now)
    return json_response(call.variants.cancel_status, body)


def get_cancellation(call: Call) -> Response:
    """Handle `GET /api/v2/vps/{id}/cancellation`; also for a server that has none."""
    call.query()
    return json_response(200, _shown(call, call.server().id))


def revoke(call: Call) -> Response:
    """Handle `DELETE /api/v2/vps/{id}/cancellation`: keep the server after all."""
    call.query()
    call.no_body()
    server = call.server()
    if server.cancellation is None:
        raise not_found("cancellation")
    if server.cancellation.outcome != "open":
        raise ProblemError(409, None, "The cancellation cannot be revoked any more.")
    revoked = replace(server.cancellation, outcome="revoked")
    call.state.put(replace(server, cancellation=revoked, auto_renew=True))
    if call.variants.cancellation_delete == 204:
        return NO_CONTENT
    return json_response(200, _shown(call, server.id))


def _shown(call: Call, server_id: str) -> dict[str, Json]:
    server: Server = call.state.servers[server_id]
    seconds = call.state.durations.cancellation
    status = cancellations.status(server.cancellation, call.now, seconds, call.variants)
    return wire_payg.cancellation(server, server.cancellation, status)
