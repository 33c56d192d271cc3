"""`plan_restore`: what a recovery would mean, and the id of the plan to carry it out with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, tzinfo
from typing import Annotated, Any

from mcp.types import CallToolResult
from pydantic import Field, WithJsonSchema

from hostup_mcp.config import Group
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.findings import RestoredSince
from hostup_mcp.recovery.here import Connection, Here, look_here
from hostup_mcp.recovery.modes import MODES
from hostup_mcp.recovery.modes.definition import Argument, Mode
from hostup_mcp.recovery.situation import restored_since
from hostup_mcp.recovery.suggestions import NewerSnapshot
from hostup_mcp.recovery.verdicts import Verdict
from hostup_mcp.server.clocks import clock_lines, hostup_now
from hostup_mcp.server.definition import ReadingTool
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.here import read_connection, recent_refusal, restore_needs
from hostup_mcp.server.ids import (
    BackupId,
    SnapshotName,
    SourceVpsId,
    VpsId,
    require_point,
    require_vps,
)
from hostup_mcp.server.names import ServerName, about, name_of, remember_servers
from hostup_mcp.server.new_names import matches
from hostup_mcp.server.new_server import new_server_item, new_server_lines
from hostup_mcp.server.output import (
    here_item,
)
from hostup_mcp.server.panel.language import questions_for_panel
from hostup_mcp.server.plans import (
    LIFE,
    PlanFacts,
    StoredPlan,
    milliseconds,
    new_suffix,
    new_ticket,
    read_facts,
)
from hostup_mcp.server.reader import READ_SECONDS, reader
from hostup_mcp.server.result import to_result
from hostup_mcp.server.services import Ctx, services
from hostup_mcp.server.situation import read_situation
from hostup_mcp.server.tools.plan_findings import explain
from hostup_mcp.server.tools.plan_result import PlanResult, point_item
from hostup_mcp.server.writes.questions import find_subject
from hostup_mcp.server.writes.restore_question import restore_question
from hostup_mcp.state.store import StateUnavailableError
from hostup_mcp.wording import formats
from hostup_mcp.wording.phrases import now_text, verdict_text
from hostup_mcp.wording.plans import loss_text, point_text
from hostup_mcp.wording.render import for_model

CONFIRM_TOOL = "confirm_restore"
CONFIRM_META = "hostup-mcp/confirm"
"""The key in a result's _meta of what the panel confirms a plan with: the tool, a ticket, the
question as the client's window shows it, and what to type."""


_MODES = (
    "in_place (backupId): the server's own backup over it. from_other_vps (sourceVpsId, backupId; "
    "scope backup:vm): another server's. snapshot (snapshotName): its snapshot over it. "
    "new_cloud_vps (backupId; optional: name and the arguments after it): a new, paid server from "
    "its backup."
)

_OPTIONS = ("name", "region", "cpuCores", "memoryGb", "storageGb")
"""Arguments of the modes that build a server, besides `rehearsal`."""

_Hostname = Annotated[
    str,
    matches(
        "^[0-9A-Za-z]([0-9A-Za-z-]{0,47}[0-9A-Za-z])?$",
        "may have at most 49 characters: a to z, A to Z, 0 to 9, and - between them",
    ),
    # What is published is wider, and shorter to read.
    WithJsonSchema({"type": "string", "pattern": "^[0-9A-Za-z-]{1,49}$"}),
]


async def plan_restore(
    ctx: Ctx,
    id: VpsId,
    mode: Annotated[
        Mode,
        WithJsonSchema(
            {"type": "string", "enum": [mode.value for mode in Mode], "description": _MODES}
        ),
    ],
    backupId: Annotated[
        BackupId | None,
        Field(description="backups[].id of list_vps_backups or list_restore_sources."),
    ] = None,
    sourceVpsId: SourceVpsId | None = None,
    snapshotName: Annotated[
        SnapshotName | None, Field(description="data[].name of list_vps_snapshots.")
    ] = None,
    name: Annotated[
        _Hostname | None, Field(description="Hostname; a random end is appended.")
    ] = None,
    region: Annotated[
        str | None,
        Field(
            pattern=r"^[0-9A-Za-z_-]{1,40}$",
            description="One of newServer.regions.",
        ),
    ] = None,
    cpuCores: Annotated[
        int | None, Field(ge=1, le=32, description="Default: as the source.")
    ] = None,
    memoryGb: Annotated[
        int | None, Field(ge=1, le=256, description="Default: as the source.")
    ] = None,
    storageGb: Annotated[
        int | None, Field(ge=1, le=2000, description="Default: as the source.")
    ] = None,
    rehearsal: Annotated[
        bool | None, Field(description="Temporary; end_rehearsal ends it.")
    ] = None,
) -> CallToolResult:
    """Plans a recovery and changes nothing: whether it is possible and why, what would be lost,
    what to do first, less risky ways and, if possible, a planId for restore_vps, good once. Show
    the user the plan first."""
    options: dict[str, str | int] = {
        key: value
        for key, value in (
            ("name", name),
            ("region", region),
            ("cpuCores", cpuCores),
            ("memoryGb", memoryGb),
            ("storageGb", storageGb),
        )
        if value is not None
    }
    known = await require_vps(ctx, id)
    given: dict[str, str | None] = {
        Argument.BACKUP_ID: backupId,
        Argument.SOURCE_VPS_ID: sourceVpsId,
        Argument.SNAPSHOT_NAME: snapshotName,
    }
    _check_arguments(mode, given, is_rehearsal=bool(rehearsal))
    await require_point(ctx, id, given)
    reader_ = reader(ctx, READ_SECONDS)
    draft = StoredPlan(
        vps_id=id,
        mode=mode,
        point=snapshotName or backupId or "",
        source_id=sourceVpsId or "",
        options=options,
        is_rehearsal=bool(rehearsal),
        issued=milliseconds(reader_.now),
    )
    facts = await read_facts(reader_.hostup, draft, new_suffix())
    refused = await recent_refusal(ctx, reader_.hostup, id, draft.definition.scopes)
    connection = await read_connection(ctx, id)
    here = look_here(connection, restore_needs(draft.definition), refused)
    now, listing = hostup_now(reader_.hostup, reader_.now), facts.account.listing
    situation = await read_situation(
        ctx, reader_.hostup, connection, refused, draft.definition, id, listing, now
    )
    ticket, ticket_hash = new_ticket()
    plan = draft.model_copy(
        update={
            "options": facts.target.options,
            "facts": facts.digest,
            "ahead": facts.ahead,
            "unconfirmed": situation.unconfirmed.get(draft.point),
            "ticket_hash": ticket_hash,
        }
    )
    plan_id = None
    if facts.plan.verdict is Verdict.POSSIBLE and here.allowed:
        try:
            plan_id = await reader_.plans.store(plan)
        except StateUnavailableError:
            here = Here((Code.STORE_UNAVAILABLE,))
    expires_at = None if plan_id is None else (plan.issued_at + LIFE).isoformat(timespec="seconds")
    zone = reader_.viewer.zone
    server = name_of(facts.vps)
    if server != known:
        await remember_servers(services(ctx), [facts.vps])
    suggestions = draft.definition.suggest(facts.account, facts.target, situation, now)
    named = [s.name for s in suggestions.alternatives if isinstance(s, NewerSnapshot)]
    await services(ctx).remember({f"{id}/snapshot/{name}": "" for name in named})
    restored = restored_since(facts.plan.data_loss, situation.restored, now)
    data = PlanResult(
        mode=mode,
        verdict=facts.plan.verdict,
        **explain(
            facts,
            suggestions,
            restored,
            zone,
            can_start=Group.POWER in reader_.allowed,
            unsettled=situation.unsettled,
            unconfirmed=plan.unconfirmed,
        ),
        here=here_item(here, zone),
        **about(server, now),
        point=point_item(draft.point, facts.plan.point, now),
        source=None if facts.source is None else asdict(facts.source),
        new_server=new_server_item(facts),
        plan_id=plan_id,
        expires_at=expires_at,
    )
    result = to_result(
        _lines(data, server, facts, here, now, zone, restored, connection)
        + clock_lines(reader_.hostup, zone),
        data.model_dump(mode="json", by_alias=True),
    )
    if plan_id is not None and reader_.shows_panel:
        # Only the panel sees it: hosts do not show a result's _meta to the model.
        question = restore_question(plan, facts, await find_subject(reader_.hostup, facts.vps))
        result.meta = {
            CONFIRM_META: {
                "tool": CONFIRM_TOOL,
                "ticket": ticket,
                "questions": questions_for_panel(question, reader_.viewer),
                "toType": question.to_type,
            }
        }
    return result


def find_ignored(arguments: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Return the mode, and the arguments that do not belong to it.

    Not `rehearsal`: a recovery that overwrites a server is none.
    """
    mode = str(arguments.get("mode"))
    if mode not in [*Mode]:
        return "", ()
    definition = MODES[Mode(mode)]
    belong = {"id", "mode", "rehearsal", *definition.needs}
    options = () if definition.builds_server else _OPTIONS
    others = (*Argument, *options)
    return mode, tuple(name for name in arguments if name in others and name not in belong)


def _check_arguments(mode: Mode, given: Mapping[str, str | None], *, is_rehearsal: bool) -> None:
    """Refuse if an argument is missing, or if a server would be overwritten as a rehearsal.

    Raises:
        RefusalError: it names each of them.
    """
    definition = MODES[mode]
    wrong = [
        f"{key}: is required with mode {mode}" for key in definition.needs if given[key] is None
    ]
    if is_rehearsal and not definition.builds_server:
        wrong.append(
            "rehearsal: builds a temporary new server, so it needs mode new_cloud_vps; "
            f"{mode} would overwrite this one"
        )
    if wrong:
        raise refuse(texts.INVALID_ARGUMENTS, tool="plan_restore", fields=tuple(wrong))


def _lines(
    data: PlanResult,
    server: ServerName,
    facts: PlanFacts,
    here: Here,
    now: datetime,
    zone: tzinfo,
    restored: RestoredSince | None,
    connection: Connection,
) -> list[str]:
    plan = facts.plan
    of = "" if facts.source is None else f" of {facts.source}"
    action = f"{data.mode}, {point_text(data.point.id, plan.point, zone)}{of}"
    lost = [loss_text(plan.data_loss, zone)]
    if restored is not None:
        lost.append(for_model(restored, zone))
    overwrites = not MODES[data.mode].builds_server
    lines = [
        f"{server}. {now_text(now, zone)}",
        verdict_text(action, plan.verdict, plan.reasons, here, zone),
    ]
    if data.to_unblock:
        lines.append(f"To unblock: {data.to_unblock}")
    final = ", cannot be undone" if overwrites else ""
    lines += [
        f"Data loss{final}: {' '.join(lost)}",
        f"Side effects: {' '.join(data.side_effects)}",
    ]
    if data.recommended_first:
        lines.append(f"Recommended first: {' '.join(data.recommended_first)}")
    if data.alternatives:
        lines.append(f"Less risky: {' '.join(data.alternatives)}")
    lines += new_server_lines(data.new_server)
    if data.plan_id is None:
        where = "from here now" if plan.verdict is Verdict.POSSIBLE else "now"
        return [*lines, f"No planId: it cannot be carried out {where}."]
    expires = formats.until(now + LIFE, now, zone)
    return [
        *lines,
        f"planId (once, expires {expires}): {data.plan_id}",
        "This client cannot ask: the user confirms it in the recovery panel, not by restore_vps."
        if connection.asks_in_panel_only
        else "The user decides.",
    ]


TOOL = ReadingTool(
    name="plan_restore",
    title="Plan a recovery",
    scope="read:vm",
    read=plan_restore,
    find_ignored=find_ignored,
    result=PlanResult,
    shown_in_panel=True,
)
