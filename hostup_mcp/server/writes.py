"""The one way by which anything is changed: noted, alone on its server, sent once."""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from urllib.parse import quote

import anyio
from mcp.types import CallToolResult

from hostup_mcp.config import Group, Misconfigured
from hostup_mcp.hostup.jobs import Started, is_path_on_host
from hostup_mcp.hostup.problems import BadAnswer, HostUpError
from hostup_mcp.server import failures
from hostup_mcp.server.attempts import QUESTION_SECONDS, Attempt, attempt
from hostup_mcp.server.consent import yes_used
from hostup_mcp.server.memory import Memory, MemoryAway
from hostup_mcp.server.services import Ctx, Services, caller, services

log = logging.getLogger(__name__)

WRITE_SECONDS = 240.0
"""How long a server counts as being written to when nothing more is heard of the write.

Longer than the reads before it, the write, and the look after it can take together.
"""


@asynccontextmanager
async def alone_on(ctx: Ctx, vps_id: str) -> AsyncIterator[None]:
    """Hold `vps_id` for one write.

    Raises:
        Refusal: another write on it is under way, or its outcome is not known yet.
    """
    memory = services(ctx).memory
    name = f"write/{vps_id}"
    if not await memory.claim(name, WRITE_SECONDS):
        raise failures.refuse(
            "write_in_flight",
            "Another change of this server is under way, or how it ended is not known yet. "
            "Nothing was changed by this call.",
            "Look with list_vps_backups how it stands, and tell the person.",
        )
    try:
        yield
    except OutcomeUnknown:
        # The name stays taken: what was sent may still be at work.
        raise
    except BaseException:
        await _let_go(memory, name)
        raise
    await _let_go(memory, name)


async def _let_go(memory: Memory, *names: str) -> None:
    """Release `names`, also for a client that has given up; else they run out by themselves."""
    with anyio.CancelScope(shield=True), suppress(MemoryAway):
        for name in names:
            await memory.release(name)


class OutcomeUnknown(failures.Refusal):
    """A write was sent and its answer lost: it may have been carried out."""


async def send(
    ctx: Ctx,
    vps_id: str,
    write: Callable[[], Awaitable[Started]],
    look: Callable[[], Awaitable[str]],
    check: str,
) -> Started:
    """Send one write, noted before it leaves, never twice, and not interrupted half-way.

    `look` reads once what became of a write whose answer was lost; `check` tells the person where
    to look.

    Raises:
        Refusal: the plan or the yes was used before, or the trail cannot be written; nothing was
            sent.
        OutcomeUnknown: it was sent, and what became of it is not known.
        HostUpError: HostUp refused it, or could not be reached.
    """
    means, trying = services(ctx), attempt()
    trying.scope.deadline = math.inf
    with anyio.CancelScope(shield=True):
        taken = await _use_up(means.memory, trying)
        try:
            means.trail.note(means.now(), trying.entry("sent"))
            trying.sent = True
            result = await write()
        except HostUpError as error:
            trying.request_id = error.request_id
            if error.outcome_unknown:
                raise await _unknown(error, look, check) from None
            if not error.sent:
                trying.sent = False
                await _let_go(means.memory, *taken)
                raise
            if trying.plan is None:
                raise
            # HostUp saw it and said no: what was planned with is not what is there.
            refused = failures.of_hostup(error)
            step = f"{refused.next_step} This plan is used up: call plan_restore again first."
            raise failures.Refusal(refused.model_copy(update={"next_step": step})) from None
        except failures.Refusal:
            await _let_go(means.memory, *taken)
            raise
        except Exception:
            log.exception("a write broke off")
            lost = BadAnswer("HostUp's answer could not be dealt with")
            raise await _unknown(lost, look, check) from None
        await _remember_job(ctx, vps_id, result)
        trying.job_id = result.job_id
        try:
            await ctx.notify_resource_updated(f"hostup://vps/{vps_id}/backups")
        except Exception:
            log.warning("nobody could be told of a change", exc_info=True)
    return result


async def _use_up(memory: Memory, trying: Attempt) -> list[str]:
    """Claim what is good for one write: the plan, and the round in which the person said yes.

    Raises:
        Refusal: one of them was used before.
    """
    wanted = []
    if trying.plan is not None:
        wanted.append((plan_claim(trying.plan), plan_used))
    if trying.answers is not None:
        round_ = hashlib.sha256(trying.answers.encode()).hexdigest()
        wanted.append((f"yes/{round_}", yes_used))
    taken: list[str] = []
    for name, used in wanted:
        if not await memory.claim(name, QUESTION_SECONDS * 2):
            await _let_go(memory, *taken)
            raise used()
        taken.append(name)
    return taken


def plan_claim(nonce: str) -> str:
    """The claim that marks a plan as carried out."""
    return f"plan/{nonce}"


def plan_used() -> failures.Refusal:
    """Why a plan that was sent is not sent again."""
    return failures.refuse(
        "plan_used",
        "This plan was sent to HostUp before, and each plan is good for once. "
        "Nothing was changed by this call.",
        "Follow what it started with get_job, or look with list_vps_backups; for anything more, "
        "plan again.",
    )


async def _unknown(
    error: HostUpError, look: Callable[[], Awaitable[str]], check: str
) -> OutcomeUnknown:
    try:
        seen = await look()
    except Exception as trouble:
        # Whatever happens to the look, what is told about the write stays true.
        if not isinstance(trouble, HostUpError):
            log.exception("a look after a lost answer failed")
        seen = "A look at the server got no answer either."
    failure = failures.of_hostup(error)
    return OutcomeUnknown(
        failure.model_copy(
            update={
                "kind": "outcome_unknown",
                "message": "The change was sent and its answer lost, so it is NOT KNOWN whether it "
                f"was carried out: {failure.message} {seen}",
                "retry_after_seconds": None,
                "next_step": f"Do not send it again. {check} Tell the person that it is unknown.",
            }
        )
    )


async def _remember_job(ctx: Ctx, vps_id: str, result: Started) -> None:
    if result.job_id is None:
        return
    poll = result.poll_url or f"/api/jobs/{quote(result.job_id, safe='')}"
    note = json.dumps({"vps": vps_id, "poll": poll if is_path_on_host(poll) else None})
    await services(ctx).remember({f"job/{result.job_id}": note})


def refuse_locked(means: Services, tool: str, group: Group) -> CallToolResult:
    """The answer of a tool whose group is not allowed; it leaves its line in the trail too."""
    if isinstance(means.configuration, Misconfigured):
        return failures.answer(failures.not_configured(means.configuration))
    refusal = locked(tool, group)
    with suppress(failures.Refusal):
        means.trail.note(means.now(), Attempt(tool, caller()).entry("refused: not_allowed"))
    return failures.answer(refusal.failure)


def locked(tool: str, *groups: Group) -> failures.Refusal:
    """What unlocks a tool whose group is not allowed."""
    names = " and ".join(groups)
    return failures.refuse(
        "not_allowed",
        f"{tool} is not unlocked on this server. Nothing was changed.",
        f"Only the person can unlock it where the server is configured: --allow with {names} "
        "(HOSTUP_MCP_ALLOW). They can also do it themselves in HostUp's panel.",
    )
