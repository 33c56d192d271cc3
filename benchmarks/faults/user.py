"""The seeded user, who replies to a question correctly, wrongly, or not at all."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import Any

import anyio
from mcp.types import ElicitResult

from benchmarks.faults.history import Question

TO_TYPE = re.compile(r"To go ahead, type: (.+?)\s*\Z", re.DOTALL)

REPLIES = {"yes": 13.0, "wrong": 2.0, "decline": 1.0, "cancel": 1.0, "raise": 0.6, "wait": 0.4}
WAIT_SECONDS = 0.4
MEANWHILE_SHARE = 0.15
"""How often something changes while the user thinks."""


class ClientFailedError(Exception):
    """The user's client failed while it showed the question."""


class User:
    """Replies to questions, and records questions and replies since `begin`."""

    def __init__(self) -> None:
        self.questions: list[Question] = []
        self.meanwhile: Callable[[], None] | None = None
        self._random = random.Random(0)

    def begin(self, seed: str) -> None:
        """Start the sequence of one episode."""
        self._random = random.Random(seed)
        self.questions = []
        self.meanwhile = None

    async def __call__(self, _context: Any, params: Any) -> ElicitResult:
        """Reply to one question, as a client's elicitation callback does."""
        kind = self._random.choices(list(REPLIES), list(REPLIES.values()))[0]
        question = Question(params.message, kind, is_yes=False)
        self.questions.append(question)
        if kind == "raise":
            raise ClientFailedError("the window was closed")
        if kind in ("decline", "cancel"):
            return ElicitResult(action="decline" if kind == "decline" else "cancel")
        if kind == "wait":
            await anyio.sleep(WAIT_SECONDS)
        if self.meanwhile is not None and self._random.random() < MEANWHILE_SHARE:
            self.meanwhile()
            question.is_stale = True
        content = fill(params.requested_schema, params.message, is_yes=kind != "wrong")
        question.is_yes = kind != "wrong"
        question.reply = f"{kind}: {content}"
        return ElicitResult(action="accept", content=content)


def fill(schema: Any, message: str, *, is_yes: bool) -> dict[str, Any]:
    """Fill in the form: with the text that the question asks for, or a yes."""
    found = TO_TYPE.search(message)
    text = found[1] if found else "yes"
    content: dict[str, Any] = {}
    for name, about in schema.get("properties", {}).items():
        content[name] = is_yes if about.get("type") == "boolean" else text if is_yes else f"{text}x"
    return content
