"""Google GenAI: its client, its automatic function calling, and a Gemini API played by the test."""

from __future__ import annotations

import asyncio
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from google import genai
from google.genai import types
from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client
from wire import Json, next_move, serve


class Gemini(BaseHTTPRequestHandler):
    """A model whose every turn is the test's."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        pass

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        part = turn(asked)
        content = {"role": "model", "parts": [part]}
        body = json.dumps({"candidates": [{"content": content, "finishReason": "STOP"}]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def turn(asked: Json) -> Json:
    """The next part of the conversation: a call, or what the model says at the end."""
    declared = [each for tool in asked["tools"] for each in tool["functionDeclarations"]]
    last = asked["contents"][-1]["parts"][-1].get("functionResponse")
    heard = None if last is None else text(last["response"])
    move = next_move({each["name"]: each["parameters"] for each in declared}, heard)
    if "say" in move:
        return {"text": move["say"]}
    return {"functionCall": {"name": move["tool"], "args": move["arguments"]}}


def text(response: Json) -> str:
    """What a tool's result says."""
    content = response.get("result", response).get("content", response)
    return (
        "\n".join(part["text"] for part in content) if isinstance(content, list) else str(content)
    )


async def converse(order: Json) -> str:
    gemini = ThreadingHTTPServer(("127.0.0.1", 0), Gemini)
    threading.Thread(target=gemini.serve_forever, daemon=True).start()
    options = types.HttpOptions(base_url=f"http://127.0.0.1:{gemini.server_port}")
    client = genai.Client(api_key="none", http_options=options)
    try:
        async with (
            streamable_http_client(order["server"]["url"]) as (reads, writes, *_),
            ClientSession(reads, writes) as session,
        ):
            await session.initialize()
            result = await client.aio.models.generate_content(
                model="gemini-2.5-flash",
                contents="Look after web-01.",
                # Not an object of its own, which it would copy together with the session.
                config={
                    "tools": [session],
                    "automatic_function_calling": {"maximum_remote_calls": 100},
                },
            )
            return str(result.text)
    finally:
        await asyncio.to_thread(gemini.shutdown)


serve(converse)
