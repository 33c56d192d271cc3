"""Sends the requests that change something at HostUp, and reads what their responses say."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Mapping

from hostup_mcp.hostup import responses
from hostup_mcp.hostup.base import ID_PATTERN
from hostup_mcp.hostup.http import Http
from hostup_mcp.hostup.jobs import Document, JobState, Started, job, operation_path, state_of
from hostup_mcp.hostup.problems import HostUpError, UnclearResponseError
from hostup_mcp.hostup.requests import Expected, WriteRequest
from hostup_mcp.hostup.stated import REFUSALS, is_refusal

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
        unclear.is_json = False
        raise unclear from None
    stated = responses.stated_error(document.model_extra or {}, status)
    shapes = (shape(request, document) for shape in _SHAPES[request.expected])
    started = next((each for each in shapes if each is not None), None)
    if started is not None and (
        stated is None or started.state in (JobState.FAILED, JobState.ENDED_OTHERWISE)
    ):
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


def _operation(_: WriteRequest, document: Document) -> Started | None:
    """Read `{"operation": {"status": ..., "jobId": ..., "pollUrl": ...}}`, perhaps in `data`."""
    operation = operation_path(document)
    status = document.text(*operation, "status")
    job_id = document.text(*operation, "jobId")
    if job_id is not None and not _ID.fullmatch(job_id):
        job_id = None
    is_known = state_of(status) is not None
    if (status or "").lower() in REFUSALS or not (is_known or job_id):
        return None
    seen = job(document)
    return Started(
        job_id=job_id,
        poll_url=document.text(*operation, "pollUrl"),
        state=seen.state,
        reason=seen.reason,
        vps_id=document.text("vpsId") or document.text(*operation, "result", "vpsId"),
    )


def _new_server(_: WriteRequest, document: Document) -> Started | None:
    """Read `{"status": "provisioning", "vpsId": ..., "orderId": ...}`."""
    vps_id, status = document.text("vpsId"), document.get("status")
    if vps_id is None or document.text("orderId") is None or status not in ("provisioning", None):
        return None
    return Started(vps_id=vps_id)


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
    Expected.SETTINGS: (_settings,),
    Expected.UNDOCUMENTED: (),
}
