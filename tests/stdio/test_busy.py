"""A client that sends requests faster than it reads the responses, in a process of its own."""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hostup_mcp.stdio.requests import BUSY, MAX_OPEN, MAX_REFUSED

from .test_session import (
    ANSWER_WITHIN,
    FOREVER,
    INITIALIZED,
    Message,
    Raw,
    line,
    modern,
    request,
    wait_for,
)

MANY = 4_000
RESULT_BYTES = 200_000
"""As large as a large result of the product: without a limit, `MANY` of them take 800 MB."""
LIMIT_MIB = 200

resident = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="reads the memory of a process from /proc"
)


def resident_mib(client: Raw) -> float:
    status = Path(f"/proc/{client.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+)", status)
    assert found
    return int(found[1]) / 1024


def call(number: int | str, tool: str, **arguments: object) -> Message:
    return modern(number, "tools/call", name=tool, arguments=arguments)


def cancel(number: int | str) -> Message:
    return {
        "jsonrpc": "2.0",
        "method": "notifications/cancelled",
        "params": {"requestId": number},
    }


def is_busy(response: Message) -> bool:
    return bool(response.get("error", {}).get("code") == BUSY.code)


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    path = tmp_path / "marker"
    path.touch()
    return path


Start = Callable[..., Raw]


@pytest.fixture
def start(tmp_path: Path, marker: Path) -> Iterator[Start]:
    started: list[Raw] = []

    def start(*, listen: bool = True) -> Raw:
        client = Raw(tmp_path / f"stderr-{len(started)}", "--marker", str(marker))
        started.append(client)
        if listen:
            client.listen()
        return client

    yield start
    for client in started:
        client.close()


def send_all(client: Raw, messages: list[Message]) -> None:
    """Send all of them; fails if the server stops reading."""
    data = b"".join(map(line, messages))
    sender = threading.Thread(target=client.write, args=(data,), daemon=True)
    sender.start()
    sender.join(ANSWER_WITHIN)
    assert not sender.is_alive(), "the server has stopped reading"


@resident
def test_unread_results_are_bounded(start: Start, marker: Path) -> None:
    client = start(listen=False)
    calls = [call(n, "large", size=RESULT_BYTES) for n in range(MANY)]
    # The cancellation is behind all of them, and the client has read nothing.
    send_all(client, [call("waits", "wait_for_cancel"), *calls, cancel("waits")])
    wait_for(marker, "cancelled")
    assert resident_mib(client) < LIMIT_MIB

    client.listen()
    responses = [client.receive() for _ in range(MANY)]
    assert sorted(response["id"] for response in responses) == list(range(MANY))
    done = [response for response in responses if "result" in response]
    busy = [response for response in responses if is_busy(response)]
    assert len(done) >= MAX_OPEN - 1
    assert len(done) + len(busy) == MANY
    assert {len(r["result"]["content"][0]["text"]) for r in done} == {RESULT_BYTES}
    assert "has no effect" in busy[0]["error"]["message"]
    assert client.ask(call("next", "echo", text="x"))["result"]


@resident
def test_refusals_are_bounded_too(start: Start) -> None:
    client = start(listen=False)
    sent = [call(n, "large", size=1_000) for n in range(MAX_REFUSED + 6_000)]
    sender = threading.Thread(target=client.write, args=(b"".join(map(line, sent)),), daemon=True)
    sender.start()
    sender.join(2)
    assert resident_mib(client) < LIMIT_MIB
    client.listen()
    assert sorted(client.receive()["id"] for _ in sent) == list(range(len(sent)))
    sender.join(ANSWER_WITHIN)


def test_64_calls_at_once(start: Start) -> None:
    client = start()
    send_all(client, [call(n, "nap", seconds=0.5) for n in range(64)])
    responses = [client.receive() for _ in range(64)]
    assert all("result" in response for response in responses)


def test_a_response_that_was_read_has_made_room(start: Start) -> None:
    """A client that keeps as many calls open as it may sends the next one at once."""
    client = start(listen=False)
    client.write(b"".join(line(call(n, "echo", text="x")) for n in range(MAX_OPEN)))
    for number in range(MAX_OPEN, 4_000):
        assert "result" in json.loads(client.stdout.readline())
        client.send(call(number, "echo", text="x"))


def test_busy_reads_cancellations(start: Start, marker: Path) -> None:
    client = start()
    client.send(*(call(n, "nap", seconds=FOREVER) for n in range(MAX_OPEN)))
    assert is_busy(client.ask(call("more", "echo", text="x")))
    client.send(*map(cancel, range(MAX_OPEN)))
    until = time.monotonic() + ANSWER_WITHIN
    while is_busy(response := client.ask(call("again", "echo", text="x"))):
        assert time.monotonic() < until, "cancelled requests keep their places"
    assert response["result"]["content"][0]["text"] == "x"


def test_busy_reads_the_users_reply(start: Start, marker: Path) -> None:
    client = start()
    hello = request(
        "hello",
        "initialize",
        protocolVersion="2025-11-25",
        capabilities={"elicitation": {}},
        clientInfo={"name": "raw", "version": "1"},
    )
    client.ask(hello)
    client.send(INITIALIZED, request("asks", "tools/call", name="ask", arguments={}))
    question = client.receive()
    assert question["method"] == "elicitation/create"
    nap = {"name": "nap", "arguments": {"seconds": FOREVER}}
    client.send(*(request(n, "tools/call", **nap) for n in range(MAX_OPEN)))
    assert is_busy(client.receive())
    reply = {"action": "accept", "content": {"yes": True}}
    client.send({"jsonrpc": "2.0", "id": question["id"], "result": reply})
    response = client.receive()
    assert response["id"] == "asks"
    assert response["result"]["content"][0]["text"] == "accept"


@pytest.mark.parametrize("id_", [7, "seven"])
def test_repeated_ids_count(start: Start, id_: Any) -> None:
    client = start()
    client.send(*[call(id_, "nap", seconds=FOREVER)] * (MAX_OPEN + 10))
    assert [is_busy(client.receive()) for _ in range(10)] == [True] * 10


def test_large_requests_count_by_bytes(start: Start) -> None:
    client = start()
    first = modern(
        "a", "tools/call", name="nap", arguments={"seconds": FOREVER}, pad="x" * 3_000_000
    )
    client.send(first)
    client.send(json.loads(json.dumps(first | {"id": "b"})))
    assert is_busy(refused := client.receive())
    assert refused["id"] == "b"
    assert client.ask(call("small", "echo", text="x"))["result"]
