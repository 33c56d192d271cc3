"""What is answered before the SDK is loaded: as the real server does, or not at all."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from itertools import chain, combinations
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from mcp.shared.message import SessionMessage
from mcp_types import JSONRPCError, JSONRPCRequest, JSONRPCResponse
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS, KNOWN_PROTOCOL_VERSIONS
from support.waiting import PATIENCE

from hostup_mcp.config import Group, Misconfigured, Settings
from hostup_mcp.config import load as configuration
from hostup_mcp.server.app import build_server
from hostup_mcp.stdio.early import LONGEST, Early, unlocked_groups
from hostup_mcp.stdio.opening import PREPARED
from hostup_mcp.stdio.prepare import APPS, LISTS, opening_results, prepare, product, to_text
from hostup_mcp.stdio.session import lowlevel, parse, serve_messages

from .child_tools import build_server as build_child

STATELESS = "2026-07-28"
KEY = "io.modelcontextprotocol/"
ENVELOPE: dict[str, Any] = {f"{KEY}protocolVersion": STATELESS, f"{KEY}clientCapabilities": {}}
HELLO: dict[str, Any] = {
    "protocolVersion": "2025-11-25",
    "capabilities": {},
    "clientInfo": {"name": "raw", "version": "1"},
}
INITIALIZED = b'{"jsonrpc":"2.0","method":"notifications/initialized"}'


def message(
    method: str, asked: object = 1, params: object = None, more: Mapping[str, object] | None = None
) -> bytes:
    given: dict[str, object] = {"jsonrpc": "2.0", "id": asked, "method": method}
    if params is not None:
        given["params"] = params
    return json.dumps({**given, **(more or {})}).encode()


def discover(asked: object = 1, meta: object = ENVELOPE, **more: object) -> bytes:
    return message("server/discover", asked, {"_meta": meta}, more)


def hello(**others: object) -> bytes:
    return message("initialize", "hello", HELLO | others)


def early(unlocked: str | None = "", is_configured: bool | None = True) -> Early:
    return Early(PREPARED, unlocked, lambda: is_configured)


def result_of(opening: Early, line: bytes) -> Any:
    response, _ = opening.receive(line)
    return json.loads(response)["result"]


def opened(revision: str, capabilities: Mapping[str, object], opening: Early) -> dict[str, Any]:
    """What `opening_results` returns for the real server, from the prepared responses."""
    if revision == STATELESS:
        params: Any = {"_meta": ENVELOPE | {f"{KEY}clientCapabilities": capabilities}}
        results = {"server/discover": result_of(opening, message("server/discover", 1, params))}
        methods = [*LISTS]
    else:
        first = hello(protocolVersion=revision, capabilities=capabilities)
        results = {"initialize": result_of(opening, first)}
        assert opening.receive(INITIALIZED) == (b"", [INITIALIZED])
        params, methods = {}, ["ping", *LISTS]
    results |= {m: result_of(opening, message(m, 2, params)) for m in methods}
    assert not opening.in_doubt
    return results


# The prepared responses ---------------------------------------------------------------------------

SUBSETS = [
    frozenset(subset)
    for subset in chain.from_iterable(combinations(Group, size) for size in range(len(Group) + 1))
]


def test_the_file_is_current_and_compact() -> None:
    """If it is not, run `python -m hostup_mcp.stdio.prepare`."""
    kept = Path(PREPARED).read_text(encoding="utf-8")
    assert json.loads(kept) == json.loads(to_text(product()))
    assert len(kept) < 120_000


@pytest.mark.parametrize("is_configured", [True, False])
def test_every_combination_is_as_the_server(is_configured: bool) -> None:
    """Each revision, set of groups, and kind of client, of a server that is configured or not."""
    for groups in SUBSETS:
        about = (
            Settings("key", sandbox=True, allow=groups)
            if is_configured
            else Misconfigured(("HOSTUP_API_KEY is not set.",), groups)
        )
        server = build_server(about)
        unlocked = unlocked_groups(",".join(groups), "")
        everything = groups in (frozenset(), frozenset(Group))
        for revision in KNOWN_PROTOCOL_VERSIONS:
            for capabilities in ({}, APPS):
                # The other lists are the same for all groups; see the next test.
                methods = ("ping", *LISTS) if everything else ("tools/list",)
                real = opening_results(server, revision, capabilities, methods)
                prepared = opened(revision, capabilities, early(unlocked, is_configured))
                assert real == {method: prepared[method] for method in real}


def test_the_groups_change_nothing_else() -> None:
    """Only the instructions and the tools depend on them."""
    for revision in (STATELESS, HANDSHAKE_PROTOCOL_VERSIONS[-1]):
        nothing, *others = [
            opened(revision, {}, early(unlocked_groups(",".join(groups), ""))) for groups in SUBSETS
        ]
        for results in others:
            changed = {m for m, result in results.items() if result != nothing[m]}
            assert changed <= {"initialize", "server/discover", "tools/list"}


@pytest.mark.parametrize(
    "environ", [{}, {"HOSTUP_API_KEY": "hu_live_1"}, {"HOSTUP_API_KEY": "no key"}]
)
@pytest.mark.parametrize(
    ("flag", "variable", "is_early"),
    [
        (None, "", True),
        (None, "restore", True),
        ("", "restore", True),
        ("all", "", True),
        (" Create , RESTORE ", "", True),
        ("create,restore,delete,schedule,spend,power", "", True),
        ("power,spend,delete", "restore", True),
        (",", "", True),
        ("restore,restore", "", False),
        ("all,all", "", False),
        ("all,restore", "", False),
        ("everything", "", False),
    ],
)
def test_the_groups_are_read_as_the_configuration_does(
    flag: str | None, variable: str, is_early: bool, environ: dict[str, str]
) -> None:
    loaded = configuration({"allow": flag}, {**environ, "HOSTUP_MCP_ALLOW": variable})
    opening = early(unlocked_groups(flag, variable), isinstance(loaded, Settings))
    assert opening.in_doubt is not is_early
    if is_early:
        assert opened(STATELESS, {}, opening) == opening_results(
            build_server(loaded), STATELESS, {}
        )


def test_unknown_groups_wait() -> None:
    assert early(None).in_doubt


def test_an_unknown_configuration_waits_where_it_matters() -> None:
    params = {"_meta": ENVELOPE}
    for unlocked, waits in (("", False), ("restore", True)):
        opening = early(unlocked, is_configured=None)
        assert result_of(opening, message("prompts/list", 1, params))
        opening.receive(message("tools/list", 1, params))
        assert opening.in_doubt is waits


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"tools": []}', "null"])
def test_a_damaged_file_is_ignored(tmp_path: Path, text: str) -> None:
    path = tmp_path / "prepared.json"
    assert Early(str(path), "", lambda: True).in_doubt
    path.write_text(text, encoding="utf-8")
    assert Early(str(path), "", lambda: True).in_doubt
    assert Early(None, "", lambda: True).in_doubt


# What is beyond doubt -----------------------------------------------------------------------------


@pytest.mark.parametrize("asked", [1, 0, -5, 10**30, "a", "é", ""])
def test_ids_come_back_as_they_are(asked: int | str) -> None:
    opening = early()
    for line in (discover(asked), message("initialize", asked, HELLO)):
        answer = json.loads(opening.receive(line)[0])
        assert answer["id"] == asked
        assert type(answer["id"]) is type(asked)
    assert opening.answered == [asked]


@pytest.mark.parametrize(
    "more",
    [
        {f"{KEY}clientInfo": {"name": "n", "version": "1", "title": "t"}},
        {f"{KEY}clientInfo": None},
        {f"{KEY}clientCapabilities": {"elicitation": {"form": {}}, "sampling": {}, "x": 1}},
        {"traceparent": "00-1-2-01", "com.example/x": [1]},
    ],
)
def test_other_fields_of_meta_are_ignored(more: dict[str, object]) -> None:
    assert result_of(early(), discover(meta=ENVELOPE | more) + b"\r")


CLIENTS: dict[str, dict[str, Any]] = {
    "small": {},
    "large": {
        "capabilities": {
            "roots": {"listChanged": True},
            "sampling": {"context": {}, "tools": {}},
            "elicitation": {"form": {}, "url": {}},
            "experimental": {"a": {"b": 1}},
            "tasks": {
                "list": {},
                "cancel": {},
                "requests": {"sampling": {"createMessage": {}}, "elicitation": {"create": {}}},
            },
            **APPS,
            "unknown": 5,
        },
        "clientInfo": {
            "name": "n",
            "version": "1",
            "title": "t",
            "description": "d",
            "websiteUrl": "https://example.com",
            "icons": [{"src": "https://example.com/i.png", "sizes": ["any"], "theme": "dark"}],
            "unknown": 5,
        },
        "_meta": {"traceparent": "00-1-2-01"},
    },
    "newer": {"protocolVersion": STATELESS},
    "unknown revision": {"protocolVersion": "1.0"},
}


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
def test_real_clients_need_not_wait(client: dict[str, Any]) -> None:
    line = hello(**client)
    assert isinstance(parse(line), JSONRPCRequest)
    assert [json.loads(early().receive(line)[0])] == asyncio.run(replies(build_product(), [line]))


def build_product() -> Any:
    return build_server(Settings("key", sandbox=True))


DOUBTFUL: dict[str, bytes] = {
    "no envelope": discover(meta={}),
    "envelope is no object": discover(meta=[1]),
    "no capabilities": discover(meta={f"{KEY}protocolVersion": STATELESS}),
    "no version": discover(meta={f"{KEY}clientCapabilities": {}}),
    "another version": discover(meta=ENVELOPE | {f"{KEY}protocolVersion": "2099-01-01"}),
    "version of a handshake": discover(meta=ENVELOPE | {f"{KEY}protocolVersion": "2025-11-25"}),
    "version is no text": discover(meta=ENVELOPE | {f"{KEY}protocolVersion": 1}),
    "capabilities are no object": discover(meta=ENVELOPE | {f"{KEY}clientCapabilities": [1]}),
    "odd capability": discover(meta=ENVELOPE | {f"{KEY}clientCapabilities": {"roots": 1}}),
    "null": discover(meta=ENVELOPE | {f"{KEY}clientCapabilities": {"roots": None}}),
    "odd client": discover(meta=ENVELOPE | {f"{KEY}clientInfo": {"name": "n"}}),
    "log level": discover(meta=ENVELOPE | {f"{KEY}logLevel": "debug"}),
    "progress": discover(meta=ENVELOPE | {"progressToken": 1}),
    "a notification": json.dumps({"jsonrpc": "2.0", "method": "server/discover"}).encode(),
    "no id": discover(asked=None),
    "id is true": discover(asked=True),
    "id is a fraction": discover(asked=1.5),
    "id is half a character": discover(asked="\ud800"),
    "another method": discover(method="server/discover/more"),
    "another JSON-RPC": discover(jsonrpc="1.0"),
    "another field": discover(result={}),
    "params are null": discover(params=None),
    "no params": message("server/discover"),
    "a batch": b"[" + discover() + b"]",
    "cut off": discover()[:-1],
    "two messages": discover() * 2,
    "no UTF-8": discover().replace(b"2.0", b"2.\xff"),
    "no JSON": discover(meta=ENVELOPE | {"a": float("nan")}),
    "deeply nested": discover().replace(b'{"_meta', b"[" * 30_000 + b'{"_meta'),
    "long": discover(meta=ENVELOPE | {"a": "x" * LONGEST}),
    "UTF-16": discover().decode().encode("utf-16"),
    "a cursor": message("tools/list", 1, {"_meta": ENVELOPE, "cursor": None}),
    "a list before the handshake": message("tools/list"),
    "done before the handshake": INITIALIZED,
    "ping without a handshake era": message("ping", 1, {"_meta": ENVELOPE}),
    "no client": hello(clientInfo=None),
    "client without a version": hello(clientInfo={"name": "n"}),
    "client with an odd icon": hello(clientInfo={"name": "n", "version": "1", "icons": [{}]}),
    "odd revision": hello(protocolVersion=1),
    "odd handshake": hello(more=1),
    "handshake in an envelope": hello(_meta=ENVELOPE),
    "handshake with progress": hello(_meta={"progressToken": 1}),
    "capability of an odd type": hello(capabilities={"roots": {"listChanged": 1}}),
    "extension of an odd type": hello(capabilities={"extensions": {"a": []}}),
    "empty key": hello(capabilities={"": ["name"]}),
    "a response": b'{"jsonrpc":"2.0","id":1,"result":{}}',
}


@pytest.mark.parametrize("line", DOUBTFUL.values(), ids=DOUBTFUL)
def test_whatever_is_in_doubt_waits(line: bytes) -> None:
    opening = early()
    assert opening.receive(line) == (b"", [line])
    assert opening.in_doubt
    assert opening.receive(hello()) == (b"", [hello()])


@pytest.mark.parametrize(
    "line",
    [
        message("tools/list", 2, {"cursor": "a"}),
        message("tools/list", 2, {"_meta": ENVELOPE}),
        message("tools/list", 2, {"_meta": {"progressToken": "p"}}),
        message("tools/call", 2, {"name": "list_vps"}),
        message("logging/setLevel", 2, {"level": "debug"}),
        message("completion/complete", 2, {}),
        discover(),
        hello(),
        json.dumps({"jsonrpc": "2.0", "method": "notifications/cancelled"}).encode(),
        json.dumps({"jsonrpc": "2.0", "method": "notifications/roots/list_changed"}).encode(),
    ],
)
def test_other_messages_after_the_handshake_wait(line: bytes) -> None:
    opening = early()
    opening.receive(hello())
    assert opening.receive(line) == (b"", [line])
    assert opening.in_doubt


# As the server does -------------------------------------------------------------------------------

CHILD_CALL = {"name": "echo", "arguments": {"text": "x"}}
STATELESS_LIST = message("prompts/list", "list", {"_meta": ENVELOPE})
SEQUENCES: dict[str, list[bytes]] = {
    "a handshake and a call": [
        hello(),
        INITIALIZED,
        message("tools/list", 2),
        message("ping", 3),
        message("tools/call", 4, CHILD_CALL),
        message("tools/list", 5),
    ],
    "a list before the handshake": [message("tools/list"), hello(), message("tools/list", 2)],
    "a ping before the handshake": [message("ping"), hello(), message("ping", 2), discover(3)],
    "two handshakes": [hello(), hello(protocolVersion="2024-11-05"), message("ping", 3)],
    "an old handshake": [hello(protocolVersion="2024-11-05"), message("tools/list", 2)],
    "a list, then a handshake": [STATELESS_LIST, hello(), discover(3)],
    "a list, then a ping": [STATELESS_LIST, message("ping", 2)],
    "a list, then a call": [
        STATELESS_LIST,
        message("tools/call", 2, CHILD_CALL | {"_meta": ENVELOPE}),
    ],
    "a handshake, then a discovery": [hello(), discover(), message("ping", 3)],
    "a discovery, then a handshake": [discover(), hello(), INITIALIZED, message("tools/list", 2)],
    "a cursor": [hello(), message("tools/list", 2, {"cursor": "x"}), message("ping", 3)],
    "one id for everything": [
        message("ping"),
        message("initialize", 1, HELLO),
        message("tools/list", 1),
        message("tools/call", 1, CHILD_CALL),
    ],
}


async def replies(server: Any, lines: list[bytes]) -> list[dict[str, Any]]:
    """The real server's responses to `lines`, each sent after the response to the one before."""
    inbox, received = anyio.create_memory_object_stream[Any]()
    outbox, sent = anyio.create_memory_object_stream[SessionMessage]()
    answers: list[dict[str, Any]] = []
    async with anyio.create_task_group() as tasks, inbox, sent:
        tasks.start_soon(serve_messages, lowlevel(server), received, outbox, None)
        for line in lines:
            parsed = parse(line)
            assert not hasattr(parsed, "code"), line
            await inbox.send(SessionMessage(parsed))  # type: ignore[arg-type]
            if isinstance(parsed, JSONRPCRequest):
                answer = (await sent.receive()).message
                assert isinstance(answer, JSONRPCResponse | JSONRPCError)
                answers.append(answer.model_dump(mode="json", by_alias=True, exclude_unset=True))
        tasks.cancel_scope.cancel()
    return answers


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> str:
    server = build_child()
    path = tmp_path_factory.mktemp("prepared") / "prepared.json"
    path.write_text(to_text(prepare(server, {"": server.instructions}, {})), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("name", "in_one_write"),
    [*((name, True) for name in SEQUENCES), *((name, False) for name in [*SEQUENCES][:3])],
)
def test_sequences_are_answered_as_by_the_server(
    prepared: str, name: str, in_one_write: bool
) -> None:
    """By real processes. A leading discovery decides nothing here, so it is not compared."""
    lines = SEQUENCES[name]
    child = [sys.executable, str(Path(__file__).with_name("child.py")), "--prepared", prepared]
    expected = asyncio.run(
        replies(build_child(), [line for line in lines[0:1] if b"discover" not in line] + lines[1:])
    )
    requests = [line for line in lines if b'"id"' in line]
    with subprocess.Popen(child, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        answers = []
        if in_one_write:
            process.stdin.write(b"\n".join(lines) + b"\n")
            process.stdin.flush()
            answers = [json.loads(process.stdout.readline()) for _ in requests]
        else:
            for line in lines:
                process.stdin.write(line + b"\n")
                process.stdin.flush()
                if line in requests:
                    answers.append(json.loads(process.stdout.readline()))
        rest, _ = process.communicate(timeout=PATIENCE)
    assert rest == b"", "a response came twice"
    if b"discover" in lines[0]:
        assert "supportedVersions" in answers.pop(0)["result"]
    by_id = lambda answer: str(answer["id"])  # noqa: E731
    if in_one_write:
        answers, expected = sorted(answers, key=by_id), sorted(expected, key=by_id)
    assert answers == expected


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 1) | st.sampled_from(["", "x", STATELESS]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(["_meta", "form", "name", "roots", ""]), inner, max_size=2
        )
    ),
    max_leaves=4,
)


def places(value: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of all values in an object."""
    yield path
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*path, key))


def changed(value: Any, path: tuple[str, ...], new: object) -> Any:
    if not path:
        return new
    return {**value, path[0]: changed(value[path[0]], path[1:], new)}


MESSAGES = [
    json.loads(line)
    for line in (
        hello(**CLIENTS["large"]),
        discover(meta=ENVELOPE | {f"{KEY}clientInfo": HELLO["clientInfo"]}),
        message("tools/list", 1, {"_meta": ENVELOPE}),
        message("ping", 1, {"_meta": {}}),
    )
]
CHANGES = [(index, path) for index, each in enumerate(MESSAGES) for path in places(each)]


@effort(max_examples=300, deadline=None)
@given(st.sampled_from(CHANGES), ANY)
def test_an_odd_message_is_never_answered_otherwise(
    where: tuple[int, tuple[str, ...]], new: object
) -> None:
    """Whatever stands in one place of a message: what is sent early is what the server sends."""
    index, path = where
    line = json.dumps(changed(MESSAGES[index], path, new)).encode()
    response, _ = early().receive(line)
    if response:
        assert [json.loads(response)] == asyncio.run(replies(build_cached(), [line]))


SERVERS: list[Any] = []


def build_cached() -> Any:
    if not SERVERS:
        SERVERS.append(build_product())
    return SERVERS[0]


# The product --------------------------------------------------------------------------------------


@pytest.mark.parametrize("flags", [["--sandbox"], []])
def test_the_command_answers_as_its_server(flags: list[str]) -> None:
    """With a configuration, and without: then nothing can be unlocked."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("HOSTUP_")}
    lines = [hello(), INITIALIZED, message("tools/list", 2), message("prompts/list", 3)]
    command = [sys.executable, "-m", "hostup_mcp", "--allow", "all", *flags]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ
    ) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"\n".join(lines) + b"\n")
        process.stdin.flush()
        answers = [json.loads(process.stdout.readline()) for _ in range(3)]
        process.kill()
    loaded = configuration({"sandbox": "1" if flags else None, "allow": "all"}, {})
    assert isinstance(loaded, Settings if flags else Misconfigured)
    real = opening_results(build_server(loaded), HANDSHAKE_PROTOCOL_VERSIONS[-1], {})
    assert answers == [
        {"jsonrpc": "2.0", "id": asked, "result": real[method]}
        for asked, method in (("hello", "initialize"), (2, "tools/list"), (3, "prompts/list"))
    ]
