"""`end_rehearsal`: cancels the temporary server that a rehearsal of this caller built."""

from __future__ import annotations

from hostup_mcp.config import Group
from hostup_mcp.hostup import requests
from hostup_mcp.hostup.live import CancellationState
from hostup_mcp.hostup.problems import HostUpError
from hostup_mcp.hostup.reading import ReadingClient
from hostup_mcp.recovery.effects import ServerCancelled
from hostup_mcp.recovery.rehearsals import NotEndable, why_not_endable
from hostup_mcp.server.definition import WritingTool
from hostup_mcp.server.errors import write_texts
from hostup_mcp.server.errors.failure import RefusalError, refuse
from hostup_mcp.server.ids import VpsId
from hostup_mcp.server.reader import Reader
from hostup_mcp.server.rehearsals import find_built
from hostup_mcp.server.writes.proposal import Destructive, FollowUp
from hostup_mcp.server.writes.questions import find_subject
from hostup_mcp.wording.question_texts import Words
from hostup_mcp.wording.questions import say

REASON = "The rehearsal of a restore is over."
"""What HostUp is told: never a text of a model."""

_UNDER_WAY = (CancellationState.PENDING, CancellationState.SCHEDULED, CancellationState.COMPLETED)


async def propose(reader: Reader, id: VpsId) -> Destructive:
    """Permanently deletes the temporary server of a rehearsal (plan_restore) with everything on it.
    This cannot be undone. It refuses any other server. The user is asked first, by hostup-mcp or
    the client. To look, use list_vps."""
    found = await find_built(reader.hostup, await reader.rehearsals(), id)
    if found is None:
        raise _refuse(NotEndable.NOT_BUILT)
    kept, sent = found
    vps = await reader.hostup.get_vps(id)
    if (why := why_not_endable(sent, vps)) is not None:
        raise _refuse(why)
    state = await _cancellation_state(reader.hostup, id)
    if state in _UNDER_WAY:
        raise refuse(write_texts.ALREADY_CANCELLED, state=state)
    subject = await find_subject(reader.hostup, vps)
    return Destructive(
        vps_id=id,
        request=requests.cancel_vps(id, REASON),
        facts={
            "recovery": kept.id,
            "cancellation": state,
            **subject.facts,
        },
        question=subject.question(
            say(Words.END_REHEARSAL),
            [Words.LOSES_REHEARSAL, Words.CANNOT_BE_UNDONE],
            unknown=[Words.CHARGE_END_UNKNOWN],
        ),
        follow_up=_follow_up(kept.id),
    )


async def _cancellation_state(hostup: ReadingClient, id: str) -> CancellationState:
    try:
        return (await hostup.get_cancellation(id)).state
    except HostUpError:
        return CancellationState.UNKNOWN


def _follow_up(recovery_id: str) -> FollowUp:
    return FollowUp(
        "Ending the rehearsal on {server}",
        ServerCancelled(),
        "Call list_vps in a few minutes: the server is gone once it has ended.",
        ends_recovery=recovery_id,
    )


def _refuse(why: NotEndable) -> RefusalError:
    return refuse(write_texts.NOT_ENDABLE, why=_WHY[why])


_WHY = {
    NotEndable.NOT_BUILT: "No rehearsal of this caller is known to have built this VPS",
    NotEndable.NOT_PAYG: "HostUp does not say that this VPS is pay-as-you-go",
    NotEndable.RENAMED: "This VPS does not have the name that the rehearsal gave it, so it may "
    "be in use",
}

TOOL = WritingTool(
    name="end_rehearsal",
    title="End a rehearsal",
    group=Group.SPEND,
    scope="write:billing",
    may_propose=frozenset({Destructive}),
    is_idempotent=True,
    propose=propose,
)
