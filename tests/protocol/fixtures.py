"""The product over HTTP with the fixtures that the conformance suite expects.

The suite calls tools, resources and prompts with fixed names. They are added to the product's own
server, so that the product lists them, calls them, asks and refuses. Run as
`python tests/protocol/fixtures.py`, followed by the arguments of `hostup-mcp serve`.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from mcp.server import MCPServer, ServerRequestContext
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.prompts.base import Prompt, UserMessage
from mcp.shared.exceptions import MCPError
from mcp.shared.message import ServerMessageMetadata
from mcp.types import (
    MISSING_REQUIRED_CLIENT_CAPABILITY,
    AudioContent,
    CallToolResult,
    ContentBlock,
    CreateMessageRequest,
    CreateMessageRequestParams,
    CreateMessageResult,
    ElicitRequest,
    ElicitRequestFormParams,
    ElicitResult,
    EmbeddedResource,
    EmptyResult,
    ImageContent,
    InputRequest,
    InputRequiredResult,
    ListRootsRequest,
    SamplingMessage,
    SetLevelRequestParams,
    SubscribeRequestParams,
    TextContent,
    TextResourceContents,
    UnsubscribeRequestParams,
)
from pydantic import Field

from hostup_mcp.cli import main
from hostup_mcp.remote import app

# The smallest files of their kind: one transparent pixel, and no sound at all.
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAAC0lEQVR4nGNgAAIAAAUAAXpeqz8AAAAASUVORK5CYII="
)
SILENCE = (
    b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x40\x1f\0\0\x40\x1f\0\0\x01\0\x08\0data\0\0\0\0"
)


def add_fixtures(server: MCPServer[Any]) -> None:
    """Add everything that the suite requests by name to `server`."""
    add_contents(server)
    add_notices(server)
    add_questions(server)
    add_rounds(server)
    add_schemas(server)
    add_resources(server)
    add_prompts(server)
    add_older_methods(server)


# Content of results -------------------------------------------------------------------------------


def text(words: str) -> TextContent:
    return TextContent(type="text", text=words)


def image() -> ImageContent:
    return ImageContent(type="image", data=base64.b64encode(PIXEL).decode(), mime_type="image/png")


def audio() -> AudioContent:
    return AudioContent(
        type="audio", data=base64.b64encode(SILENCE).decode(), mime_type="audio/wav"
    )


def embedded(uri: str, words: str, mime_type: str = "text/plain") -> EmbeddedResource:
    held = TextResourceContents(uri=uri, mime_type=mime_type, text=words)
    return EmbeddedResource(type="resource", resource=held)


def answer(*blocks: ContentBlock) -> CallToolResult:
    return CallToolResult(content=list(blocks))


def add_contents(server: MCPServer[Any]) -> None:
    mixed = embedded("test://mixed", json.dumps({"mixed": True}), "application/json")
    answers: dict[str, tuple[ContentBlock, ...]] = {
        "test_simple_text": (text("Plain words."),),
        "test_image_content": (image(),),
        "test_audio_content": (audio(),),
        "test_embedded_resource": (embedded("test://embedded", "Words of a resource."),),
        "test_multiple_content_types": (text("Three kinds."), image(), mixed),
    }
    for name, blocks in answers.items():
        server.add_tool(always(*blocks), name=name, description=f"Answers with {name[5:]}.")

    @server.tool(description="Always fails.")
    async def test_error_handling() -> CallToolResult:
        raise ToolError("This failure is intended.")


def always(*blocks: ContentBlock) -> Callable[[], CallToolResult]:
    def tool() -> CallToolResult:
        return answer(*blocks)

    return tool


# Notifications during a call ---------------------------------------------------------------------


def add_notices(server: MCPServer[Any]) -> None:
    async def logs(ctx: Context[Any, Any]) -> CallToolResult:
        for step in ("begun", "halfway", "done"):
            await ctx.info(step)
        return answer(text("Logged."))

    server.add_tool(logs, name="test_tool_with_logging", description="Logs three times.")
    server.add_tool(logs, name="test_logging_tool", description="Logs, if it may.")

    @server.tool(description="Reports progress three times.")
    async def test_tool_with_progress(ctx: Context[Any, Any]) -> CallToolResult:
        for percent in (0, 50, 100):
            await ctx.report_progress(percent, 100)
        return answer(text("Done."))

    @server.tool(description="Changes the list of tools and says so.")
    async def test_trigger_tool_change(ctx: Context[Any, Any]) -> CallToolResult:
        server.add_tool(always(text("Brief.")), name="test_brief", description="Soon gone.")
        server.remove_tool("test_brief")
        await ctx.notify_tools_changed()
        return answer(text("Changed."))

    @server.tool(description="Changes the list of prompts and says so.")
    async def test_trigger_prompt_change(ctx: Context[Any, Any]) -> CallToolResult:
        server.add_prompt(Prompt.from_function(lambda: "Brief.", name="test_brief"))
        server.remove_prompt("test_brief")
        await ctx.notify_prompts_changed()
        return answer(text("Changed."))


# Questions to the client while a call waits (revisions with a handshake) --------------------------


def form(message: str, **properties: dict[str, Any]) -> ElicitRequest:
    schema = {"type": "object", "properties": properties, "required": list(properties)}
    return ElicitRequest(params=ElicitRequestFormParams(message=message, requested_schema=schema))


def to_model(words: str, most: int = 100) -> CreateMessageRequest:
    said = SamplingMessage(role="user", content=text(words))
    return CreateMessageRequest(params=CreateMessageRequestParams(messages=[said], max_tokens=most))


STRING = {"type": "string"}
DEFAULTS: dict[str, dict[str, Any]] = {
    "name": {"type": "string", "default": "John Doe"},
    "age": {"type": "integer", "default": 30},
    "score": {"type": "number", "default": 95.5},
    "status": {"type": "string", "enum": ["active", "inactive", "pending"], "default": "active"},
    "verified": {"type": "boolean", "default": True},
}


def titled(*values: str) -> list[dict[str, str]]:
    return [{"const": value, "title": value.title()} for value in values]


ENUMS: dict[str, dict[str, Any]] = {
    "untitledSingle": {"type": "string", "enum": ["red", "green"]},
    "titledSingle": {"type": "string", "oneOf": titled("red", "green")},
    "legacyEnum": {"type": "string", "enum": ["red", "green"], "enumNames": ["Red", "Green"]},
    "untitledMulti": {"type": "array", "items": {"type": "string", "enum": ["red", "green"]}},
    "titledMulti": {"type": "array", "items": {"anyOf": titled("red", "green")}},
}


def add_questions(server: MCPServer[Any]) -> None:
    async def ask(ctx: Context[Any, Any], question: ElicitRequest) -> CallToolResult:
        # Without the request that it belongs to, it would wait for a stream that may not be open.
        place = ServerMessageMetadata(related_request_id=ctx.request_id)
        said = await ctx.session.send_request(question, ElicitResult, metadata=place)
        return answer(text(f"{said.action}: {json.dumps(said.content)}"))

    @server.tool(description="Asks the user.")
    async def test_elicitation(message: str, ctx: Context[Any, Any]) -> CallToolResult:
        return await ask(ctx, form(message, username=STRING, email=STRING))

    @server.tool(description="Asks the user, with defaults of every kind.")
    async def test_elicitation_sep1034_defaults(ctx: Context[Any, Any]) -> CallToolResult:
        return await ask(ctx, form("Who is it?", **DEFAULTS))

    @server.tool(description="Asks the user to choose, in every way.")
    async def test_elicitation_sep1330_enums(ctx: Context[Any, Any]) -> CallToolResult:
        return await ask(ctx, form("Which colours?", **ENUMS))

    @server.tool(description="Asks the client's model.")
    async def test_sampling(prompt: str, ctx: Context[Any, Any]) -> CallToolResult:
        place = ServerMessageMetadata(related_request_id=ctx.request_id)
        said = await ctx.session.send_request(to_model(prompt), CreateMessageResult, metadata=place)
        assert isinstance(said.content, TextContent)
        return answer(text(f"The model said: {said.content.text}"))


# Questions that end a call, which the client repeats with the answers (2026-07-28) ----------------

Questions = Mapping[str, InputRequest]

NAME = form("What is your name?", name=STRING)
CONFIRM = form("Is that right?", ok={"type": "boolean"})
ROOTS = ListRootsRequest()


def next_round(
    ctx: Context[Any, Any], rounds: tuple[Questions, ...], *, sealed: bool
) -> InputRequiredResult | None:
    """The questions to ask now; None when all are answered.

    The sealed state that the client returns holds the round; without one, there is one round.
    A client that leaves out an answer starts again.
    """
    asked = int(ctx.request_state or 0) if sealed else 1
    given = (ctx.input_responses or {}).keys()
    done = asked if asked and rounds[asked - 1].keys() <= given else 0
    if done == len(rounds):
        return None
    state = str(done + 1) if sealed else None
    return InputRequiredResult(input_requests=dict(rounds[done]), request_state=state)


def asking(
    *rounds: Questions, sealed: bool = False
) -> Callable[[Context[Any, Any]], CallToolResult | InputRequiredResult]:
    def tool(ctx: Context[Any, Any]) -> CallToolResult | InputRequiredResult:
        return next_round(ctx, rounds, sealed=sealed) or answer(text("state-ok: all is answered"))

    return tool


def add_rounds(server: MCPServer[Any]) -> None:
    colour = form("Which colour do you like?", color=STRING)
    three = {"user_name": NAME, "greeting": to_model("Greet me."), "client_roots": ROOTS}
    tools = {
        "test_streaming_elicitation": asking({"user_name": NAME}),
        "test_input_required_result_elicitation": asking({"user_name": NAME}),
        "test_input_required_result_sampling": asking({"capital": to_model("France's capital?")}),
        "test_input_required_result_list_roots": asking({"client_roots": ROOTS}),
        "test_input_required_result_request_state": asking({"confirm": CONFIRM}, sealed=True),
        "test_input_required_result_tampered_state": asking({"confirm": CONFIRM}, sealed=True),
        "test_input_required_result_multiple_inputs": asking(three, sealed=True),
        "test_input_required_result_multi_round": asking(
            {"step1": NAME}, {"step2": colour}, sealed=True
        ),
    }
    for name, tool in tools.items():
        server.add_tool(tool, name=name, description="Asks before it answers.")

    @server.tool(description="Asks only what the client can answer.")
    async def test_input_required_result_capabilities(
        ctx: Context[Any, Any],
    ) -> CallToolResult | InputRequiredResult:
        can = ctx.client_capabilities
        questions: dict[str, InputRequest] = {}
        if can is not None and can.elicitation is not None:
            questions["user_name"] = NAME
        if can is not None and can.sampling is not None:
            questions["greeting"] = to_model("Greet me.")
        return asking(questions)(ctx)

    @server.tool(description="Needs a client with a model.")
    async def test_missing_capability(ctx: Context[Any, Any]) -> CallToolResult:
        can = ctx.client_capabilities
        if can is None or can.sampling is None:
            raise MCPError(
                code=MISSING_REQUIRED_CLIENT_CAPABILITY,
                message="This needs a model of yours.",
                data={"requiredCapabilities": {"sampling": {}}},
            )
        return answer(text("You have one."))


# Schemas ------------------------------------------------------------------------------------------

EVERY_KEYWORD: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "$defs": {
        "address": {"$anchor": "addressDef", "type": "object", "properties": {"city": STRING}}
    },
    "properties": {"name": STRING, "address": {"$ref": "#/$defs/address"}, "phone": STRING},
    "allOf": [{"anyOf": [{"required": ["name"]}, {"required": ["phone"]}]}],
    "if": {"required": ["phone"]},
    "then": {"properties": {"phone": {"minLength": 1}}},
    "else": {"required": ["name"]},
    "additionalProperties": False,
}


def add_schemas(server: MCPServer[Any]) -> None:
    @server.tool(description="Takes arguments that a full schema describes.")
    async def json_schema_2020_12_tool() -> CallToolResult:
        return answer(text("Fine."))

    listed = server._tool_manager.get_tool("json_schema_2020_12_tool")
    assert listed is not None
    listed.parameters = EVERY_KEYWORD

    @server.tool(description="Takes an argument that is repeated in a header.")
    async def test_x_mcp_header(
        region: Annotated[str, Field(json_schema_extra={"x-mcp-header": "Region"})] = "",
    ) -> CallToolResult:
        return answer(text(f"region: {region}"))


# Resources and prompts ----------------------------------------------------------------------------


def add_resources(server: MCPServer[Any]) -> None:
    @server.resource("test://static-text", mime_type="text/plain")
    def static_text() -> str:
        return "Words that stay."

    @server.resource("test://static-binary", mime_type="image/png")
    def static_binary() -> bytes:
        return PIXEL

    @server.resource("test://template/{id}/data", mime_type="application/json")
    def template(id: str) -> str:  # noqa: A002 - the suite's name for it
        return json.dumps({"id": id})

    @server.resource("test://watched-resource", mime_type="text/plain")
    def watched() -> str:
        return "Words that could change."


def add_prompts(server: MCPServer[Any]) -> None:
    @server.prompt(description="Takes nothing.")
    def test_simple_prompt() -> str:
        return "A prompt without arguments."

    @server.prompt(description="Takes two words.")
    def test_prompt_with_arguments(arg1: str, arg2: str) -> str:
        return f"A prompt with {arg1} and {arg2}."

    @server.prompt(description="Holds a resource.")
    def test_prompt_with_embedded_resource(
        resourceUri: str,  # noqa: N803 - the suite's name for it
    ) -> list[UserMessage]:
        return [UserMessage(embedded(resourceUri, "Words to look at.")), UserMessage("Look at it.")]

    @server.prompt(description="Holds a picture.")
    def test_prompt_with_image() -> list[UserMessage]:
        return [UserMessage(image()), UserMessage("Look at it.")]

    @server.prompt(description="Asks before it answers.")
    def test_input_required_result_prompt(
        ctx: Context[Any, Any],
    ) -> str | InputRequiredResult:
        question = form("What is it about?", context=STRING)
        return next_round(ctx, ({"user_context": question},), sealed=False) or "It is about that."


# Methods that the SDK's server leaves out ---------------------------------------------------------


def add_older_methods(server: MCPServer[Any]) -> None:
    """Log levels and subscriptions of the revisions with a handshake."""

    async def accept(_: ServerRequestContext[Any, Any], __: Any) -> EmptyResult:
        return EmptyResult()

    methods = server._lowlevel_server
    methods.add_request_handler("logging/setLevel", SetLevelRequestParams, accept)
    methods.add_request_handler("resources/subscribe", SubscribeRequestParams, accept)
    methods.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, accept)


# The product with them ----------------------------------------------------------------------------


def serve(words: list[str]) -> int:
    """`hostup-mcp serve` with fixtures: the whole product, its HTTP application included."""
    make = app.serve_with

    def with_fixtures(*given: Any, **named: Any) -> MCPServer[Any]:
        server = make(*given, **named)
        add_fixtures(server)
        return server

    app.serve_with = with_fixtures
    return main(["serve", *words])


if __name__ == "__main__":
    sys.exit(serve(sys.argv[1:]))
