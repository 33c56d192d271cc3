"""`set_vps_power`: starts a server, shuts it down, restarts it, or switches it off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from pydantic import WithJsonSchema

from hostup_mcp.config import Group
from hostup_mcp.hostup import requests
from hostup_mcp.hostup.live import VpsStatus
from hostup_mcp.hostup.models import Gate, documented
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.hostup.requests import PowerAction
from hostup_mcp.hostup.text import safe_word
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.effects import PowerSet
from hostup_mcp.recovery.gates import step_to_open
from hostup_mcp.recovery.power import RESTING, is_pointless, power_gate, power_state
from hostup_mcp.server.definition import WritingTool
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import refuse
from hostup_mcp.server.errors.hostup import closed_gate_refusal
from hostup_mcp.server.ids import VpsId
from hostup_mcp.server.reader import Reader
from hostup_mcp.server.writes.proposal import Destructive, FollowUp, Harmless
from hostup_mcp.server.writes.questions import find_subject
from hostup_mcp.wording.question_texts import Words
from hostup_mcp.wording.questions import say


async def propose(
    reader: Reader,
    id: VpsId,
    action: Annotated[
        PowerAction,
        WithJsonSchema(
            {
                "type": "string",
                "enum": [action.value for action in PowerAction],
                "description": "stop cuts the power at once: unsaved data may be lost.",
            }
        ),
    ],
) -> Destructive | Harmless:
    """Switches a VPS on or off, or restarts it. The user is asked first, by hostup-mcp or the
    client, except for start, which is refused while a job runs. Follow it with get_job. To look,
    use list_vps."""
    vps, status = await reader.hostup.get_vps(id), await reader.hostup.get_status(id)
    state = power_state(vps, status)
    if is_pointless(action, state):
        text = texts.CANNOT_RESTART if action is PowerAction.RESTART else texts.ALREADY_IN_STATE
        raise refuse(text, state=safe_word(state or ""))
    gate = power_gate(action, vps.actions, status.actions)
    if gate is not None and not gate.allowed:
        raise closed_gate_refusal(gate, texts.POWER_GATE_CLOSED, status=vps.service_status)
    request, follow_up = requests.set_power(id, action), _follow_up(action)
    if action is PowerAction.START:
        await _require_no_job(reader.hostup, id, status, gate)
        reason = "starting a stopped server loses nothing"
        return Harmless(vps_id=id, request=request, facts={}, reason=reason, follow_up=follow_up)
    is_busy, subject = status.has_pending_tasks, await find_subject(reader.hostup, vps)
    what, effect = _ASKED[action]
    return Destructive(
        vps_id=id,
        request=request,
        facts={
            "powerState": state,
            "isBusy": is_busy,
            "gate": None if gate is None else documented(gate),
            **subject.facts,
        },
        question=subject.question(
            say(what),
            [effect, *([Words.BUSY] if is_busy else [])],
            plain_yes=action is not PowerAction.STOP,
        ),
        follow_up=follow_up,
    )


_ASKED: Mapping[PowerAction, tuple[Words, Words]] = {
    PowerAction.SHUTDOWN: (Words.SHUT_DOWN, Words.SERVICES_STOP),
    PowerAction.RESTART: (Words.RESTART, Words.SERVICES_INTERRUPTED),
    PowerAction.STOP: (Words.SWITCH_OFF, Words.LOSES_POWER),
}
_DOING: Mapping[PowerAction, str] = {
    PowerAction.START: "Starting",
    PowerAction.SHUTDOWN: "Shutting down",
    PowerAction.RESTART: "Restarting",
    PowerAction.STOP: "Switching off",
}


async def _require_no_job(
    hostup: ReadingClient, id: str, status: VpsStatus, gate: Gate | None
) -> None:
    """Refuse a start while a job runs.

    Where HostUp does not say so, and has no gate for a start, a closed restore gate counts: a
    running job closes it.

    Raises:
        RefusalError: a job is running, or may be.
    """
    if status.has_pending_tasks:
        raise refuse(texts.JOB_RUNNING)
    if status.has_pending_tasks is False or gate is not None:
        return
    can_restore = (await hostup.list_backups(id)).actions.can_restore
    is_closed = can_restore is not None and not can_restore.allowed
    if is_closed and step_to_open(can_restore) is not Code.CHECK_SCOPE:
        raise closed_gate_refusal(can_restore, texts.GATE_CLOSED_FOR_START)


def _follow_up(action: PowerAction) -> FollowUp:
    return FollowUp(
        f"{_DOING[action]} {{server}}",
        PowerSet(action),
        "Call list_vps in a minute and read its power state.",
        leads_to=RESTING[action],
    )


TOOL = WritingTool(
    name="set_vps_power",
    title="Start, restart or stop a server",
    group=Group.POWER,
    scope="power:vm",
    may_propose=frozenset({Destructive, Harmless}),
    is_idempotent=False,
    propose=propose,
)
