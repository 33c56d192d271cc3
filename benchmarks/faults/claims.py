"""What a result claims about a change, read as an assistant reads it."""

from __future__ import annotations

import json
from typing import Any

from mcp.types import CallToolResult, TextContent

from benchmarks.faults.history import Call, Claim

NOT_KNOWN = frozenset({"outcome_unknown", "job_failed"})
"""Error kinds that leave open whether a change was applied."""


PROTOCOL = "io.modelcontextprotocol/"
"""Prefix of what the protocol itself puts into `_meta`."""


def note_result(call: Call, result: Any) -> None:
    """Record in `call` what `result` says."""
    if not isinstance(result, CallToolResult):
        questions = getattr(result, "input_requests", None) or {}
        call.kind, call.output = "question_repeated", str(list(questions.values()))
        return
    text = "\n".join(part.text for part in result.content if isinstance(part, TextContent))
    data = result.structured_content or {}
    call.output = f"{text}\n{json.dumps(data, ensure_ascii=False)}"
    if meta := {k: v for k, v in (result.meta or {}).items() if not k.startswith(PROTOCOL)}:
        call.output += f"\n{meta}"
    if not result.is_error:
        call.claim = Claim.DONE
        call.kind = "read" if call.read_only else str(data.get("state", "no state"))
        return
    error = data.get("error")
    kind = error.get("kind") if isinstance(error, dict) else None
    if kind is None:
        call.kind, call.claim = "internal_fault", Claim.UNKNOWN
        return
    call.kind = str(kind)
    call.claim = Claim.UNKNOWN if kind in NOT_KNOWN else Claim.REFUSED


def note_exception(call: Call, error: BaseException) -> None:
    """Record in `call` that no result came."""
    code = getattr(getattr(error, "error", None), "code", None)
    call.kind = f"no result: {type(error).__name__}" + (f" {code}" if code is not None else "")
    call.output = str(error)
