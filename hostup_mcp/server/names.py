"""Names and addresses of servers, kept as the notes of their ids in the record of ids.

So that each result can name the server that it is about, without a request for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hostup_mcp.hostup.models import Vps
from hostup_mcp.hostup.text import Json, clean_text, quoted, safe_word
from hostup_mcp.server.caller import caller
from hostup_mcp.server.labels import folded
from hostup_mcp.server.listing import ListingOutput
from hostup_mcp.server.services import Services
from hostup_mcp.state.store import StateUnavailableError
from hostup_mcp.wording import formats

MAX_NAME = 64
"""Characters of a name that are kept: it stands in each result about its server."""


class ServerName(BaseModel):
    """What identifies a server to its user, as HostUp last returned it to this caller."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str | None = None
    address: str | None = None

    def __str__(self) -> str:
        known = [safe_word(self.address)] if self.address else []
        if self.name:
            return f"{quoted(self.name)} ({', '.join([*known, safe_word(self.id)])})"
        return f"{safe_word(self.id)} ({known[0]})" if known else safe_word(self.id)


class ServerListing(ListingOutput):
    """Base of results that list something of one server."""

    id: str = Field(description="Id of the server.")
    name: str | None = Field(description="Its name, shortened; user-supplied; null if unknown.")
    address: str | None = Field(description="Its main IP address; null if unknown.")
    now: str = Field(description="The time by HostUp's clock.")


def about(server: ServerName, now: datetime) -> dict[str, Json]:
    """Return the result fields of a `ServerListing` that say which server it is about, and when."""
    return {
        "id": server.id,
        "name": server.name,
        "address": server.address,
        "now": formats.iso(now),
    }


def about_subject(server: ServerName, now: datetime) -> dict[str, Json]:
    """Return the same for a result about a job or write on a server, whose id is `vpsId` there."""
    fields = about(server, now)
    return {"vpsId": fields.pop("id"), **fields}


def name_of(vps: Vps) -> ServerName:
    """Return the name and address of `vps`."""
    name = None if vps.name is None else clean_text(vps.name, MAX_NAME)
    return ServerName(id=vps.id, name=name, address=vps.primary_ip)


def read_note(vps_id: str, note: str | None) -> ServerName:
    """Return what the `note` of a server's id says; the id alone if it says nothing."""
    try:
        return ServerName.model_validate_json(note or "")
    except ValidationError:
        return ServerName(id=vps_id)


async def recall_name(services: Services, vps_id: str) -> ServerName:
    """Return what the current caller was told about a server; its id alone if nothing is known."""
    try:
        return read_note(vps_id, await services.state.recall_id(caller(), vps_id))
    except StateUnavailableError:
        return ServerName(id=vps_id)


async def remember_servers(services: Services, servers: Iterable[Vps]) -> Mapping[str, str]:
    """Record that the ids of `servers` were returned to the current caller, with their names.

    Returns those of them whose name another server has that was returned before, each with the id
    of that one.
    """
    known = {server.id: name_of(server) for server in servers}
    notes = {id_: named.model_dump_json(exclude_none=True) for id_, named in known.items()}
    labels = {id_: label for id_, named in known.items() if (label := folded(named.name or ""))}
    others = await _find_namesakes(services, {*labels.values()}, known)
    for label, elsewhere in others.items():
        here = [id_ for id_ in known if labels.get(id_) == label]
        notes[_NAME + label] = " ".join([*here, *elsewhere][:_MAX_NAMESAKES])
    await services.remember(notes)
    return {id_: others[label][0] for id_, label in labels.items() if others[label]}


_NAME = "name /"
"""Before a name in the record of ids; with the space it does not have the form of an id."""

_MAX_NAMESAKES = 10


async def _find_namesakes(
    services: Services, labels: Iterable[str], known: Mapping[str, ServerName]
) -> dict[str, list[str]]:
    """Return for each of `labels` the ids of servers, none of those `known`, returned under it.

    None if the store is unavailable.
    """
    found: dict[str, list[str]] = {label: [] for label in labels}
    with suppress(StateUnavailableError):
        recall = services.state.recall_ids
        notes = await recall(caller(), [_NAME + label for label in found])
        noted = {
            label: [id_ for id_ in (ids or "").split() if id_ not in known]
            for label, ids in zip(found, notes, strict=True)
        }
        others = list(dict.fromkeys(id_ for ids in noted.values() for id_ in ids))
        names = dict(zip(others, await recall(caller(), others), strict=True))
        for label, ids in noted.items():
            # It may have been renamed since.
            found[label] = [
                id_ for id_ in ids if folded(read_note(id_, names[id_]).name or "") == label
            ]
    return found
