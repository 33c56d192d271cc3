"""How a driver speaks with the test that started it: one JSON object a line, each way.

The test plays the model and the person. A driver only lends them a library: it tells what the
model would read and makes the move that comes back. Drivers run in the library's own Python, so
this file imports nothing but the standard library.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

Json = dict[str, Any]

# What a library prints must not get between the lines.
_out, sys.stdout = sys.stdout, sys.stderr


def _tell(event: Json) -> None:
    _out.write(json.dumps(event) + "\n")
    _out.flush()


def _hear() -> Json:
    line = sys.stdin.readline()
    if not line:
        sys.exit()
    heard: Json = json.loads(line)
    return heard


def next_move(tools: dict[str, Any], heard: object) -> Json:
    """The model's turn: the tools that it is offered and what it last read; its move.

    `tools` are the names with the input schemas as the library gives them to the model.

    The move is `{"tool": name, "arguments": {...}}`, or `{"say": text}` to end.
    """
    text = heard if isinstance(heard, str) or heard is None else json.dumps(heard)
    _tell({"tools": tools, "heard": text})
    return _hear()


def ask(question: str) -> Json:
    """The person's turn: `{"action": "accept" | "decline" | "cancel", "content": {...}}`."""
    _tell({"question": question})
    return _hear()


def serve(converse: Callable[[Json], Awaitable[str]]) -> None:
    """Hold a conversation for each order, until the test hangs up.

    An order is `{"server": {"url"} | {"command", "args", "env"}, "person": bool}`.
    """

    async def each() -> None:
        while True:
            order = _hear()
            _tell({"said": await converse(order)})

    asyncio.run(each())
