"""A scripted model behind the APIs of the real clients: the test decides what it says.

It implements the parts of three APIs that the clients need to call a tool and finish: Anthropic's
Messages (Claude Code), Google's Gemini (Gemini CLI) and OpenAI's Responses (Codex).
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Json = dict[str, Any]
Move = tuple[str, Json] | None
"""The tool to call next and its arguments; None at the end."""

Script = Callable[[list[str]], Move]
"""Maps the results so far to the next move."""


def look(answers: list[str]) -> Move:
    """Find one server; the other arguments are filled in, as strict modes of model APIs require."""
    others = {"limit": 50.0, "cursor": "", "primaryIp": ""}
    return None if answers else ("list_vps", {"name": "web-01", **others})


def restore(answers: list[str]) -> Move:
    """Do everything up to a restore, with ids from earlier results."""
    wanted = (r"vps_\w+", r"bkp_\w+", r"plan_[0-9a-z]{16}")
    found = [re.search(pattern, "\n".join(answers)) for pattern in wanted]
    match len(answers), *(match and match[0] for match in found):
        case 0, *_:
            return "list_vps", {"name": "web-01"}
        case 1, str(vps), _, _:
            return "list_vps_backups", {"id": vps}
        case 2, str(vps), str(backup), _:
            return "plan_restore", {"id": vps, "mode": "in_place", "backupId": backup}
        case 3, _, _, str(plan):
            return "restore_vps", {"planId": plan}
    return None


class Model:
    """A model that follows a script, and the results that it got."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.answers: list[str] = []
        """The results of the tools in the latest request of the client."""

    def reply(self, path: str, body: Json) -> tuple[str, str]:
        """Content type and body of the answer to a request."""
        if "/messages" in path:
            return self._stream(self._anthropic(body))
        if "/responses" in path:
            return self._stream(self._openai(body))
        if "streamGenerateContent" in path:
            return self._stream([(None, self._gemini(body))])
        # A question on the side, such as which model to take for the task.
        return "application/json", json.dumps(_gemini_turn({"text": "{}"}))

    def _stream(self, events: Any) -> tuple[str, str]:
        named = (
            (f"event: {name}\n" if name else "") + f"data: {json.dumps(data)}\r\n\r\n"
            for name, data in events
        )
        return "text/event-stream", "".join(named)

    def _move(self, answers: list[Any]) -> Move:
        self.answers = [a if isinstance(a, str) else json.dumps(a) for a in answers]
        return self.script(self.answers)

    def _anthropic(self, body: Json) -> Iterator[tuple[str, Json]]:
        parts = [
            p for m in body["messages"] if isinstance(m["content"], list) for p in m["content"]
        ]
        answers = [_text(p["content"]) for p in parts if p["type"] == "tool_result"]
        # Without tools it is a question on the side, such as a title for the conversation.
        move = self._move(answers) if body.get("tools") else None
        block: Json = {"type": "text", "text": ""}
        delta: Json = {"type": "text_delta", "text": "done"}
        if move:
            tool, arguments = move
            name = f"mcp__hostup__{tool}"
            block = {"type": "tool_use", "id": f"toolu_{len(answers)}", "name": name, "input": {}}
            delta = {"type": "input_json_delta", "partial_json": json.dumps(arguments)}
        usage = {"input_tokens": 1, "output_tokens": 1}
        message = {
            "id": f"msg_{len(answers)}",
            "type": "message",
            "role": "assistant",
            "model": body["model"],
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage,
        }
        reason = {"stop_reason": "tool_use" if move else "end_turn", "stop_sequence": None}
        for name, data in (
            ("message_start", {"message": message}),
            ("content_block_start", {"index": 0, "content_block": block}),
            ("content_block_delta", {"index": 0, "delta": delta}),
            ("content_block_stop", {"index": 0}),
            ("message_delta", {"delta": reason, "usage": usage}),
            ("message_stop", {}),
        ):
            yield name, {"type": name, **data}

    def _gemini(self, body: Json) -> Json:
        parts = [part for content in body["contents"] for part in content["parts"]]
        move = self._move([p["functionResponse"] for p in parts if "functionResponse" in p])
        if move is None:
            return _gemini_turn({"text": "done"})
        return _gemini_turn({"functionCall": {"name": f"mcp_hostup_{move[0]}", "args": move[1]}})

    def _openai(self, body: Json) -> Iterator[tuple[str, Json]]:
        given = [i for i in body["input"] if i["type"] == "function_call_output"]
        move = self._move([_text(item["output"]) for item in given])
        item: Json = {
            "type": "message",
            "role": "assistant",
            "content": [{"type": "output_text", "text": "done"}],
        }
        if move:
            item = {
                "type": "function_call",
                "namespace": "mcp__hostup",
                "name": move[0],
                "arguments": json.dumps(move[1]),
                "call_id": f"call_{len(given)}",
            }
        response = {"id": f"resp_{len(given)}", "usage": None}
        yield "response.created", {"type": "response.created", "response": response}
        yield "response.output_item.done", {"type": "response.output_item.done", "item": item}
        yield "response.completed", {"type": "response.completed", "response": response}


def _text(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)


def _gemini_turn(part: Json) -> Json:
    return {
        "candidates": [
            {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP", "index": 0}
        ],
        "usageMetadata": {"promptTokenCount": 1, "candidatesTokenCount": 1, "totalTokenCount": 2},
    }


@contextmanager
def scripted(script: Script) -> Iterator[tuple[Model, str]]:
    """A model at a loopback address."""
    model = Model(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_HEAD(self) -> None:
            self._send("text/plain", "")

        def do_GET(self) -> None:
            self._send("application/json", "{}")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"] or 0))
            self._send(*model.reply(self.path, json.loads(body)))

        def _send(self, kind: str, text: str) -> None:
            body = text.encode()
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield model, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
