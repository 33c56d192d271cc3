"""What the server says of itself: who it is, and which revisions of the protocol it speaks."""

import struct
from base64 import b64decode

import anyio
import pytest
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCRequest, JSONRPCResponse
from mcp_types.version import (
    HANDSHAKE_PROTOCOL_VERSIONS,
    KNOWN_PROTOCOL_VERSIONS,
    LATEST_MODERN_VERSION,
)

from hostup_mcp.config import Misconfigured
from hostup_mcp.server.app import build_server
from hostup_mcp.stdio.prepare import opening_results
from hostup_mcp.stdio.session import lowlevel, respond_alone

from .wiring import client_of

MOST_ON_EACH_ANSWER = 600
"""Characters of the icon; in the stateless revision it goes with every answer."""


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_it_has_name_address_and_icon(mode: str) -> None:
    async with client_of(mode=mode) as client:
        about = client.server_info
    assert about is not None
    assert (about.name, about.title) == ("hostup-mcp", "HostUp backups")
    assert about.website_url == "https://github.com/hostup-mcp/hostup-mcp"
    [icon] = about.icons or []
    kind, data = icon.src.split(",", 1)
    assert (kind, icon.mime_type) == ("data:image/png;base64", "image/png")
    assert len(icon.src) <= MOST_ON_EACH_ANSWER
    picture = b64decode(data)
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", picture[16:24])
    assert icon.sizes == [f"{width}x{height}"]


def test_all_revisions_are_named() -> None:
    results = opening_results(build_server(Misconfigured(())), LATEST_MODERN_VERSION, {}, ())
    named = results["server/discover"]["supportedVersions"]
    assert named == sorted(KNOWN_PROTOCOL_VERSIONS, reverse=True)


@pytest.mark.parametrize("version", HANDSHAKE_PROTOCOL_VERSIONS)
async def test_each_named_handshake_works(version: str) -> None:
    hello = JSONRPCRequest(
        jsonrpc="2.0",
        id=1,
        method="initialize",
        params={
            "protocolVersion": version,
            "capabilities": {},
            "clientInfo": {"name": "old", "version": "1"},
        },
    )
    outbox, sent = anyio.create_memory_object_stream[SessionMessage](1)
    async with outbox, sent:
        server = lowlevel(build_server(Misconfigured(())))
        async with server.lifespan(server) as state:
            await respond_alone(server, hello, state, outbox)
        answer = (await sent.receive()).message
    assert isinstance(answer, JSONRPCResponse)
    assert answer.result["protocolVersion"] == version
