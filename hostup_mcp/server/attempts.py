"""A call of a tool that changes something: its time-outs, its failures, and its line in the trail.

However it ends, a line tells how.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import anyio
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.types import CallToolResult, InputRequiredResult, ToolAnnotations

from hostup_mcp.config import Misconfigured
from hostup_mcp.hostup.problems import HostUpError
from hostup_mcp.server import failures
from hostup_mcp.server.consent import Consent, answering, nobody_answered, not_an_answer
from hostup_mcp.server.memory import MemoryAway
from hostup_mcp.server.services import Services, caller, services
from hostup_mcp.server.tool import PlainTool, tool

QUESTION_SECONDS = 600.0
"""How long a question to the person may stay open."""


@dataclass
class Attempt:
    """One call of a writing tool, on its way to its line in the trail."""

    tool: str
    caller: str
    ids: dict[str, str] = field(default_factory=dict)
    plan: str | None = None
    consent: Consent | None = None
    answers: str | None = None
    sent: bool = False
    request_id: str | None = None
    job_id: str | None = None
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)

    def entry(self, outcome: str) -> dict[str, object]:
        """This attempt as a line of the trail."""
        return {
            "caller": self.caller,
            "tool": self.tool,
            "ids": self.ids,
            "plan": self.plan,
            "yes": self.consent.model_dump() if self.consent else None,
            "requestId": self.request_id,
            "jobId": self.job_id,
            "outcome": outcome,
        }


_attempt: ContextVar[Attempt] = ContextVar("attempt")


def attempt() -> Attempt:
    """The attempt that is running."""
    return _attempt.get()


class WriteTool(PlainTool):
    """A tool that changes something. Whether it is unlocked is seen to before it is called."""

    async def run(
        self, arguments: dict[str, Any], context: Context[Any, Any], convert_result: bool = False
    ) -> Any:
        means: Services = services(context)
        if isinstance(means.configuration, Misconfigured):
            return await super().run(arguments, context, convert_result)
        trying = Attempt(self.name, caller(), answers=answering.get())
        outcome = "given up by the client"
        _attempt.set(trying)
        result: Any = failures.answer(nobody_answered().failure)
        try:
            # Without what is remembered nothing may be sent, so the person is not asked either.
            if not await means.memory.is_there():
                raise MemoryAway
            with trying.scope:
                trying.scope.deadline = anyio.current_time() + QUESTION_SECONDS
                result = await super().run(arguments, context, convert_result)
            outcome = _outcome(result)
        except MemoryAway:
            result = failures.answer(failures.memory_away())
            outcome = _outcome(result)
        except UnexpectedToolError:
            outcome = "failed: a fault of this server"
            raise
        except ToolError:
            # The SDK's own words for a reply that does not fit the form; no tool body has begun.
            if trying.consent is not None:
                outcome = "failed: a fault of this server"
                raise
            result = failures.answer(not_an_answer().failure)
            outcome = _outcome(result)
        except Exception:
            outcome = "failed: a fault of this server"
            raise
        finally:
            # What happened stays what it is, also where it cannot be noted any more.
            with suppress(failures.Refusal):
                means.trail.note(means.now(), trying.entry(outcome))
        return result

    def told(self, error: HostUpError) -> failures.Failure:
        failure = super().told(error)
        if attempt().sent:
            return failure
        return failure.model_copy(update={"message": f"{failure.message} Nothing was changed."})


def write_tool(
    function: Callable[..., Any], title: str, *, destroys: bool, idempotent: bool
) -> WriteTool:
    """`function` as a tool that changes something."""
    annotations = ToolAnnotations(
        read_only_hint=False,
        destructive_hint=destroys,
        idempotent_hint=idempotent,
        open_world_hint=True,
    )
    return WriteTool(**dict(tool(function, title, annotations)))


def _outcome(result: Any) -> str:
    if isinstance(result, InputRequiredResult):
        return "asked the person"
    if isinstance(result, CallToolResult) and result.is_error:
        error = (result.structured_content or {}).get("error", {})
        kind = error.get("kind", "failed")
        return kind if kind == "outcome_unknown" else f"refused: {kind}"
    return "accepted by HostUp"
