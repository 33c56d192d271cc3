"""Sends the requests that change something at HostUp, and reads what their responses say."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping

from hostup_mcp.hostup import responses
from hostup_mcp.hostup.base import ID_PATTERN
from hostup_mcp.hostup.http import Http
from hostup_mcp.hostup.jobs import (
    BAD_ENDS,
    Document,
    JobState,
    Started,
    job,
    operation_path,
    state_of,
)
from hostup_mcp.hostup.live import CancellationState, cancellation_state
from hostup_mcp.hostup.problems import HostUpError, UnclearResponseError
from hostup_mcp.hostup.requests import Expected, WriteRequest
from hostup_mcp.hostup.stated import REFUSALS, is_refusal
from hostup_mcp.hostup.text import clean_text

_ID = re.compile(ID_PATTERN)


def new_write_id() -> str:
    """Make a random id for one write, to find it in HostUp's audit log."""
    return secrets.token_hex(8)


class WritingClient:
    """Changes the resources of one account. Whoever made `http` closes its connections."""

    def __init__(self, http: Http) -> None:
        self._http = http

    async def send(self, request: WriteRequest, write_id: str | None = None) -> Started:
        """Send `request` once, on a new connection, and return what HostUp started.

        The User-Agent ends in `(write {write_id})`; without one, a new id is made.

        Raises:
            HostUpError: see `problems`; if `outcome_unknown` is true, the change may have been
                made.
        """
        try:
            response = await self._http.write(request, write_id or new_write_id())
            return outcome(request, response.status, response.headers, response.body)
        except HostUpError as error:
            error.scopes = request.scopes
            raise


def outcome(request: WriteRequest, status: int, headers: Mapping[str, str], body: bytes) -> Started:
    """Return what HostUp started, from a 2xx response to `request` with a documented shape.

    Raises:
        RefusedError: the response says that HostUp refused the request.
        UnclearResponseError: the response says neither, or both.
    """
    if status == 204 and request.expected is not Expected.UNDOCUMENTED:
        return Started()
    try:
        document = responses.parse(Document, status, headers, body)
    except HostUpError as error:
        unclear = UnclearResponseError(str(error), status=status)
        unclear.is_whole = status == 204
        raise unclear from None
    stated = responses.stated_error(document.model_extra or {}, status)
    shapes = (shape(request, document) for shape in _SHAPES[request.expected])
    started = next((each for each in shapes if each is not None), None)
    if started is not None and (stated is None or started.state in BAD_ENDS):
        return started
    # A word for the state of a job says that something was begun.
    word = document.text("data", "status") or document.text("data", "state")
    was_begun = state_of(word) is not None and not is_refusal(word)
    if stated is not None and started is None and not was_begun:
        raise stated
    but = f"; it states an error: {stated}" if stated is not None else ""
    raise UnclearResponseError(
        f"HostUp's response (status {status}) does not say whether the change was accepted{but}",
        status=status,
    )


# Each returns what was started where the response has its shape. All are documented, or follow
# from sibling endpoints.


def _operation(request: WriteRequest, document: Document) -> Started | None:
    """Read `{"operation": {"status": ..., "jobId": ..., "pollUrl": ...}}`, perhaps in `data`."""
    operation = operation_path(document)
    status = document.text(*operation, "status")
    job_id = document.text(*operation, "jobId")
    if job_id is not None and not _ID.fullmatch(job_id):
        job_id = None
    is_known = state_of(status) is not None
    if (status or "").lower() in REFUSALS or not (is_known or job_id):
        return None
    if _is_about_another(request, document):
        return None
    seen = job(document)
    builds = request.expected is Expected.NEW_SERVER
    return Started(
        job_id=job_id,
        poll_url=document.text(*operation, "pollUrl"),
        state=seen.state,
        reason=seen.reason,
        vps_id=_new_vps_id(request, document) if builds else None,
        order_id=_order_id(document) if builds else None,
    )


def _new_server(request: WriteRequest, document: Document) -> Started | None:
    """Read `{"status": "provisioning", "vpsId": ..., "orderId": ...}`."""
    vps_id, status = _new_vps_id(request, document), document.get("status")
    order_id = _order_id(document)
    if vps_id is None or order_id is None or status not in ("provisioning", None):
        return None
    return Started(vps_id=vps_id, order_id=order_id)


def _cancellation(request: WriteRequest, document: Document) -> Started | None:
    """Read `{"cancellationLookupPending": true}`, or `{"vpsId": ..., "status": ...}`.

    The latter is what a read of the cancellation returns, and may be in `cancellation`.
    """
    if _is_about_another(request, document):
        return None
    if document.get("cancellationLookupPending") is True:
        return Started(state=JobState.WAITING)
    place = ("cancellation",) if isinstance(document.get("cancellation"), dict) else ()
    state = cancellation_state(document.text(*place, "status"))
    is_known = document.text(*place, "vpsId") is not None
    return Started(state=_CANCELLED[state]) if is_known and state in _CANCELLED else None


_CANCELLED = {
    CancellationState.PENDING: JobState.WAITING,
    CancellationState.SCHEDULED: JobState.WAITING,
    CancellationState.COMPLETED: JobState.SUCCEEDED,
}


def _vps_ids(document: Document) -> set[str]:
    operation = operation_path(document)
    places = ((), operation, (*operation, "result"), ("cancellation",))
    return {id_ for place in places if (id_ := document.text(*place, "vpsId")) is not None}


def _is_about_another(request: WriteRequest, document: Document) -> bool:
    """Return whether a response names another server than the one that was to be changed."""
    builds = request.expected is Expected.NEW_SERVER
    # Received ids have been cleaned, so the requested one is cleaned before they are compared.
    return not builds and bool(_vps_ids(document) - {clean_text(request.vps_id)})


def _new_vps_id(request: WriteRequest, document: Document) -> str | None:
    """Return the id of a new server: the only one named, and not that of the backup's server."""
    ids = _vps_ids(document)
    id_ = ids.pop() if len(ids) == 1 else ""
    is_new = _ID.fullmatch(id_) is not None and id_ != clean_text(request.vps_id)
    return id_ if is_new else None


def _order_id(document: Document) -> str | None:
    operation = operation_path(document)
    places = ((), operation, (*operation, "result"))
    return next((id_ for place in places if (id_ := document.text(*place, "orderId"))), None)


def _settings(request: WriteRequest, document: Document) -> Started | None:
    """Read `{"settings": {...}}` with the values that were sent."""
    shown = {_SETTINGS[name]: value for name, value in (request.body or {}).items()}
    settings = document.get("settings")
    same = isinstance(settings, dict) and all(
        type(settings.get(name)) is type(value) and settings[name] == value
        for name, value in shown.items()
    )
    return Started(state=JobState.SUCCEEDED) if same else None


_SETTINGS = {"maxTotalBackups": "totalBackupLimit", "autoDeleteOldest": "autoDeleteOldest"}

_SHAPES: Mapping[Expected, tuple[Callable[[WriteRequest, Document], Started | None], ...]] = {
    Expected.OPERATION: (_operation,),
    Expected.NEW_SERVER: (_operation, _new_server),
    Expected.CANCELLATION: (_operation, _cancellation),
    Expected.SETTINGS: (_settings,),
    Expected.UNDOCUMENTED: (),
}
