"""Stdio sessions of real processes: raw lines, both protocol revisions, every end.

Deadlines are generous, because the machine may be busy; what must be early is proved by order.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import cycle, product
from pathlib import Path
from typing import Any

import pytest
from mcp import StdioServerParameters
from mcp.client import Client
from mcp.server import MCPServer
from mcp.server.lowlevel import Server
from mcp_types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCNotification, TextContent

from hostup_mcp.stdio.opening import MAX_LINE
from hostup_mcp.stdio.session import lowlevel, parse

CHILD = str(Path(__file__).with_name("child.py"))
KEY = "io.modelcontextprotocol/"
META = {
    f"{KEY}protocolVersion": "2026-07-28",
    f"{KEY}clientCapabilities": {},
    f"{KEY}clientInfo": {"name": "raw", "version": "1"},
}
ANSWER_WITHIN = 60.0
END_WITHIN = 5.0
"""The promise is 2 s; the rest is for the interpreter's own exit on a busy machine."""
FOREVER = 60

Message = dict[str, Any]


class Raw:
    """A client that knows nothing but lines."""

    def __init__(self, stderr: Path, *flags: str) -> None:
        self.stderr = stderr
        with stderr.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, CHILD, *flags],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
            )
        assert self.process.stdin
        assert self.process.stdout
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        self.lines: queue.Queue[bytes] = queue.Queue()
        self.reader: threading.Thread | None = None

    def listen(self) -> None:
        def read() -> None:
            for line in self.stdout:
                self.lines.put(line)
            self.lines.put(b"")

        self.reader = threading.Thread(target=read, daemon=True)
        self.reader.start()

    def send(self, *messages: Message | bytes) -> None:
        self.write(b"".join(m if isinstance(m, bytes) else line(m) for m in messages))

    def write(self, data: bytes) -> None:
        self.stdin.write(data)
        self.stdin.flush()

    def receive(self) -> Message:
        text = self.lines.get(timeout=ANSWER_WITHIN)
        assert text, f"the server has gone: {self.stderr.read_text()}"
        answer: Message = json.loads(text)
        return answer

    def ask(self, message: Message) -> Message:
        self.send(message)
        answer = self.receive()
        assert answer["id"] == message["id"]
        return answer

    def ends(self, within: float = END_WITHIN) -> int:
        code = self.process.wait(within)
        assert "Traceback" not in self.stderr.read_text()
        assert "Exception" not in self.stderr.read_text()
        return code

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        with suppress(BrokenPipeError):
            self.stdin.close()
        if self.reader:
            self.reader.join(ANSWER_WITHIN)
        self.stdout.close()


Start = Callable[..., Raw]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    started: list[Raw] = []

    def start(*flags: str, listen: bool = True) -> Raw:
        client = Raw(tmp_path / f"stderr-{len(started)}", *flags)
        started.append(client)
        if listen:
            client.listen()
        return client

    yield start
    for client in started:
        client.close()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("prepared") / "prepared.json"
    subprocess.run([sys.executable, CHILD, "--prepare", path], check=True, timeout=ANSWER_WITHIN)
    return str(path)


@pytest.fixture(params=["early", "late"])
def flags(request: pytest.FixtureRequest, prepared: str) -> list[str]:
    """Ways to open: from a prepared result, without one, and only with the session.

    The one without a result differs only in who answers `server/discover`.
    """
    return {"early": ["--prepared", prepared], "unprepared": [], "late": ["--late"]}[request.param]


every_opening = pytest.mark.parametrize("flags", ["early", "unprepared", "late"], indirect=True)


@pytest.fixture
def marker(tmp_path: Path) -> Path:
    path = tmp_path / "marker"
    path.touch()
    return path


def line(message: Message) -> bytes:
    return json.dumps(message).encode() + b"\n"


def request(asked: int | str, method: str, **params: object) -> Message:
    return {"jsonrpc": "2.0", "id": asked, "method": method, "params": params}


def modern(asked: int | str, method: str, **params: object) -> Message:
    return request(asked, method, **params, _meta=META)


def discover(asked: int | str = "probe") -> Message:
    return modern(asked, "server/discover")


def initialize(version: str = "2025-11-25") -> Message:
    return request(
        "hello",
        "initialize",
        protocolVersion=version,
        capabilities={},
        clientInfo={"name": "raw", "version": "1"},
    )


INITIALIZED: Message = {"jsonrpc": "2.0", "method": "notifications/initialized"}


def assert_serves_the_handshake_revision(client: Raw, version: str = "2025-11-25") -> None:
    assert client.ask(initialize(version))["result"]["protocolVersion"] == version
    client.send(INITIALIZED)
    assert len(client.ask(request(2, "tools/list"))["result"]["tools"]) > 1
    result = client.ask(request(3, "tools/call", name="echo", arguments={"text": "hé"}))["result"]
    assert result["content"][0]["text"] == "hé"


def assert_serves_the_modern_revision(client: Raw) -> None:
    assert client.ask(modern(2, "tools/list"))["result"]["resultType"] == "complete"
    result = client.ask(modern(3, "tools/call", name="echo", arguments={"text": "hé"}))["result"]
    assert result["content"][0]["text"] == "hé"


def wait_for(marker: Path, word: str) -> None:
    until = time.monotonic() + ANSWER_WITHIN
    while word not in marker.read_text():
        assert time.monotonic() < until, f"no {word!r} in {marker.read_text()!r}"
        time.sleep(0.01)


class TestOpening:
    def test_discover_does_not_wait_for_the_sdk(self, start: Start, prepared: str) -> None:
        client = start("--prepared", prepared, "--loading", str(FOREVER))
        kept = json.loads(Path(prepared).read_text())
        expected = {**kept["stateless"]["server/discover"], "instructions": "Être bref"}
        assert client.ask(discover("a"))["result"] == expected
        assert client.ask(discover(7))["result"] == expected
        assert expected["_meta"][f"{KEY}serverInfo"]["version"] == "1.2.3"

    def test_no_list_waits_for_the_sdk(self, start: Start, prepared: str) -> None:
        """In either era; and then there is nothing to wait for at the end either."""
        for first, ask in ((initialize(), request), (discover(), modern)):
            client = start("--prepared", prepared, "--loading", str(FOREVER))
            lists = ("tools", "prompts", "resources", "resources/templates")
            requests = [first, *(ask(name, f"{name}/list") for name in lists)]
            if ask is request:
                requests[1:1] = [INITIALIZED, request("ping", "ping")]
            client.send(*requests)
            for sent in requests:
                if "id" in sent:
                    answer = client.receive()
                    assert answer["id"] == sent["id"]
                    assert "result" in answer
            close(client)
            assert client.ends() == 0

    def test_the_prepared_result_is_the_sdks(self, start: Start, prepared: str) -> None:
        early = start("--prepared", prepared).ask(discover())
        assert early == start("--plain").ask(discover())
        assert early == start().ask(discover())

    @pytest.mark.parametrize("odd", ["no envelope", "half an envelope", "another version"])
    def test_an_odd_discover_gets_the_sdks_error(
        self, start: Start, prepared: str, odd: str
    ) -> None:
        probe = discover()
        if odd == "no envelope":
            del probe["params"]["_meta"]
        elif odd == "half an envelope":
            probe["params"]["_meta"] = {f"{KEY}protocolVersion": "2026-07-28"}
        else:
            probe["params"]["_meta"] = META | {f"{KEY}protocolVersion": "2099-01-01"}
        client = start("--prepared", prepared)
        refusal = client.ask(probe)
        assert refusal["error"]["code"] in (-32601, -32602, -32022)
        assert refusal == start("--plain").ask(probe)
        assert_serves_the_handshake_revision(client)

    @every_opening
    def test_a_handshake_may_follow_discover(self, start: Start, flags: list[str]) -> None:
        client = start(*flags)
        client.send(discover())
        time.sleep(0.5)
        client.send(initialize())
        first, second = client.receive(), client.receive()
        assert first["id"] == "probe"
        assert "2026-07-28" in first["result"]["supportedVersions"]
        assert second["id"] == "hello"
        assert second["result"]["protocolVersion"] == "2025-11-25"
        client.send(INITIALIZED)
        result = client.ask(request(3, "tools/call", name="echo", arguments={"text": "x"}))
        assert result["result"]["content"][0]["text"] == "x"

    def test_discover_may_be_sent_twice(self, start: Start, flags: list[str]) -> None:
        client = start(*flags)
        client.ask(discover(0))
        assert client.ask(discover(1))["result"]["supportedVersions"] == ["2026-07-28"]
        assert_serves_the_modern_revision(client)

    def test_a_client_may_probe_late(self, start: Start, marker: Path, flags: list[str]) -> None:
        client = start(*flags, "--marker", str(marker))
        wait_for(marker, "started")
        client.ask(discover())
        assert_serves_the_handshake_revision(client)

    def test_the_next_request_decides_the_revision(self, start: Start, flags: list[str]) -> None:
        client = start(*flags)
        assert_serves_the_modern_revision(client)
        assert client.ask(initialize())["error"]["code"] == -32022
        assert "result" in client.ask(discover())

    @pytest.mark.parametrize("version", ["2024-11-05", "2025-06-18", "2025-11-25"])
    def test_a_client_may_just_shake_hands(self, start: Start, prepared: str, version: str) -> None:
        client = start("--prepared", prepared)
        assert_serves_the_handshake_revision(client, version)
        assert client.ask(discover())["error"]["code"] == INVALID_REQUEST

    @every_opening
    def test_all_may_come_in_one_write(self, start: Start, flags: list[str]) -> None:
        client = start(*flags)
        calls = [
            modern(n, "tools/call", name="echo", arguments={"text": f"{n}"}) for n in range(200)
        ]
        client.send(discover(), discover("again"), modern("list", "tools/list"), *calls)
        answers = {answer["id"]: answer for answer in (client.receive() for _ in range(203))}
        assert {"probe", "again", "list"} < answers.keys()
        assert all(answers[n]["result"]["content"][0]["text"] == f"{n}" for n in range(200))

    def test_a_handshake_may_be_one_write(self, start: Start, flags: list[str]) -> None:
        client = start(*flags)
        client.send(discover(), initialize(), INITIALIZED, request(2, "tools/list"))
        assert [client.receive()["id"] for _ in range(3)] == ["probe", "hello", 2]

    def test_a_line_may_come_in_halves(self, start: Start, flags: list[str]) -> None:
        client = start(*flags)
        for cut in (1, 40, -1):
            whole, following = line(discover(cut)), line(discover("next"))
            client.write(whole[:cut])
            time.sleep(0.3)
            client.write(whole[cut:] + following[:cut])
            assert client.receive()["id"] == cut
            client.write(following[cut:])
            assert client.receive()["id"] == "next"
        assert_serves_the_handshake_revision(client)

    def test_crlf_and_blank_lines_are_fine(self, start: Start, flags: list[str]) -> None:
        client = start(*flags)
        client.write(b"\r\n\n  \n" + line(discover())[:-1] + b"\r\n\r\n")
        assert client.receive()["id"] == "probe"
        client.write(b"\n" + line(modern(2, "tools/list"))[:-1] + b"\r\n")
        assert client.receive()["id"] == 2

    @pytest.mark.parametrize("first", [discover(), initialize()], ids=["discover", "initialize"])
    def test_a_byte_order_mark_is_skipped(
        self, start: Start, flags: list[str], first: Message
    ) -> None:
        client = start(*flags)
        client.write(BOM_UTF8[:2])
        client.write(BOM_UTF8[2:] + line(first))
        answer = client.receive()
        assert (answer["id"], "result" in answer) == (first["id"], True)
        client.write(BOM_UTF8 + line(first))
        assert client.receive()["error"]["code"] == PARSE_ERROR

    def test_a_notification_with_a_null_id(self) -> None:
        message = parse(b'{"jsonrpc":"2.0","id":null,"method":"notifications/initialized"}')
        assert isinstance(message, JSONRPCNotification)


GARBAGE = {
    "no JSON": (b"hello", PARSE_ERROR, None),
    "cut off": (line(discover())[:-9], PARSE_ERROR, None),
    "invalid UTF-8": (b'{"jsonrpc":"2.0","id":1,"method":"\xff"}', PARSE_ERROR, None),
    "half a character": (rb'{"jsonrpc":"2.0","id":1,"method":"\ud800"}', PARSE_ERROR, 1),
    "half an id": (rb'{"jsonrpc":"2.0","id":"\ud800","method":"x"}', PARSE_ERROR, None),
    "deeply nested": (b"[" * 100_000, PARSE_ERROR, None),
    "a batch": (b"[" + line(discover())[:-1] + b"]", INVALID_REQUEST, None),
    "an empty batch": (b"[]", INVALID_REQUEST, None),
    "a number": (b"1", INVALID_REQUEST, None),
    "another JSON-RPC": (b'{"jsonrpc":"1.0","id":4,"method":"x"}', INVALID_REQUEST, 4),
    "no JSON-RPC": (b'{"id":"q","method":"x"}', INVALID_REQUEST, "q"),
    "odd id": (b'{"id":true,"method":"x"}', INVALID_REQUEST, None),
    "null as id": (b'{"jsonrpc":"2.0","id":null,"method":"tools/list"}', INVALID_REQUEST, None),
    "a float as id": (b'{"jsonrpc":"2.0","id":2.0,"method":"tools/list"}', INVALID_REQUEST, None),
    "a list as id": (b'{"jsonrpc":"2.0","id":[1],"method":"tools/list"}', INVALID_REQUEST, None),
    "true as id": (b'{"jsonrpc":"2.0","id":true,"method":"tools/list"}', INVALID_REQUEST, None),
    "odd method": (b'{"jsonrpc":"2.0","id":4,"method":5}', INVALID_REQUEST, 4),
}


class TestLinesThatAreNoMessages:
    @pytest.mark.parametrize(("text", "code", "asked"), GARBAGE.values(), ids=GARBAGE)
    def test_invalid_messages_are_described(self, text: bytes, code: int, asked: object) -> None:
        verdict = parse(text)
        assert isinstance(verdict, ErrorData)
        assert verdict.code == code

    def test_the_session_goes_on_after_them(self, start: Start, prepared: str) -> None:
        client = start("--prepared", prepared)
        for text, _, _ in GARBAGE.values():
            client.write(text + b"\n")
        for _, code, asked in GARBAGE.values():
            answer = client.receive()
            assert (answer["error"]["code"], answer["id"]) == (code, asked)
        assert client.ask(discover())["result"]
        client.write(b"nonsense\n")
        assert client.receive()["error"]["code"] == PARSE_ERROR
        assert_serves_the_handshake_revision(client)

    @pytest.mark.parametrize("when", ["first", "later"])
    def test_an_overlong_line_fails_early(self, start: Start, prepared: str, when: str) -> None:
        client = start("--prepared", prepared)
        if when == "later":
            client.ask(initialize())
        for _ in range(3):
            client.write(b'"' + b"x" * MAX_LINE)
        refusal = client.receive()
        assert (refusal["error"]["code"], refusal["id"]) == (INVALID_REQUEST, None)
        client.write(b'"\n')
        assert_serves_the_handshake_revision(client)

    def test_a_great_message_passes(self, start: Start) -> None:
        text = "x" * (MAX_LINE - 1000)
        answer = start().ask(modern(1, "tools/call", name="echo", arguments={"text": text}))
        assert answer["result"]["content"][0]["text"] == text


class TestOutput:
    def test_only_messages_reach_the_client(self, start: Start, flags: list[str]) -> None:
        client = start(*flags)
        client.ask(discover())
        result = client.ask(modern(2, "tools/call", name="shout", arguments={}))["result"]
        assert result["content"][0]["text"] == "said"
        log = client.stderr.read_text()
        assert "printed in a tool" in log
        assert "child ''" in log
        if "--late" not in flags:
            assert "written while loading" in log

    def test_an_unencodable_result_is_an_error(self, start: Start) -> None:
        client = start()
        answer = client.ask(modern(1, "tools/call", name="half_a_character", arguments={}))
        assert "error" in answer or answer["result"]["isError"]
        assert_serves_the_modern_revision(client)

    def test_busy_threads_block_no_response(self, start: Start) -> None:
        client = start()
        hold = {"name": "hold_thread", "arguments": {"seconds": FOREVER}}
        client.send(*(modern(n, "tools/call", **hold) for n in range(45)))
        assert_serves_the_modern_revision(client)


def close(client: Raw) -> None:
    client.stdin.close()


def terminate(client: Raw) -> None:
    client.process.send_signal(signal.SIGTERM)


def interrupt(client: Raw) -> None:
    client.process.send_signal(signal.SIGINT)


ENDS = [close, terminate, interrupt] if os.name == "posix" else [close]
SIGNALS = ENDS[1:]


class TestEnd:
    @pytest.mark.parametrize("end", ENDS)
    def test_while_the_sdk_is_loading(
        self, start: Start, prepared: str, marker: Path, end: Callable[[Raw], None]
    ) -> None:
        client = start("--prepared", prepared, "--loading", str(FOREVER), "--marker", str(marker))
        client.ask(discover())
        end(client)
        assert client.ends() == 0
        assert marker.read_text() == ""

    @pytest.mark.parametrize(
        ("end", "after"), list(zip(cycle(SIGNALS), [0.0, 0.15, 0.3, 0.45, 0.6], strict=False))
    )
    def test_at_any_moment_of_the_start(
        self,
        start: Start,
        prepared: str,
        marker: Path,
        end: Callable[[Raw], None],
        after: float,
    ) -> None:
        client = start("--prepared", prepared, "--marker", str(marker))
        client.ask(discover())
        client.send(initialize())
        time.sleep(after)
        end(client)
        assert client.ends() == 0
        assert marker.read_text() in ("", "started\ncleaned\n")

    def test_stdin_is_closed_at_once(self, start: Start, flags: list[str], marker: Path) -> None:
        client = start(*flags, "--marker", str(marker))
        close(client)
        assert client.ends(ANSWER_WITHIN) == 0
        assert marker.read_text() in ("", "started\ncleaned\n")

    @pytest.mark.skipif(os.name != "posix", reason="a shell closes the streams")
    @pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
    def test_a_stream_was_never_open(self, tmp_path: Path, closed: str) -> None:
        asked = tmp_path / "asked"
        asked.write_bytes(line(initialize()))
        command = f'"$0" "$1" --late < "$2" {closed}'
        run = subprocess.run(
            ["sh", "-c", command, sys.executable, CHILD, str(asked)],
            capture_output=True,
            timeout=ANSWER_WITHIN,
        )
        assert (run.returncode, run.stderr) == (0, b"")
        assert bool(run.stdout) == (closed == "2>&-")

    def test_requests_before_the_close_finish(self, start: Start, flags: list[str]) -> None:
        client = start(*flags)
        client.send(discover(), initialize())
        client.write(b"last words without an end")
        close(client)
        answers = {answer["id"]: answer for answer in (client.receive() for _ in range(3))}
        assert "result" in answers["probe"]
        assert "result" in answers["hello"]
        assert answers[None]["error"]["code"] == PARSE_ERROR
        assert client.ends() == 0

    @pytest.mark.parametrize("ask", [request, modern])
    def test_calls_before_the_close_finish(self, start: Start, ask: Callable[..., Message]) -> None:
        answered: dict[object, Message] = {}
        # How long they may take is bounded, so a very busy machine may need another try.
        for _ in range(5):
            client = start()
            client.send(*([initialize(), INITIALIZED] if ask is request else []))
            client.send(
                *(ask(n, "tools/call", name="echo", arguments={"text": "x"}) for n in "abc")
            )
            close(client)
            assert client.ends(ANSWER_WITHIN) == 0
            lines = iter(client.lines.get, b"")
            answered = {answer["id"]: answer for answer in map(json.loads, lines)}
            if {"a", "b", "c"} <= answered.keys():
                break
        assert [answered[n]["result"]["content"][0]["text"] for n in "abc"] == ["x"] * 3

    @pytest.mark.parametrize(
        ("flags", "end"),
        [*(("early", end) for end in ENDS), ("unprepared", close), ("late", ENDS[-1])],
        indirect=["flags"],
    )
    def test_idle(
        self, start: Start, flags: list[str], marker: Path, end: Callable[[Raw], None]
    ) -> None:
        client = start(*flags, "--marker", str(marker))
        client.ask(initialize())
        client.ask(request(2, "tools/call", name="echo", arguments={"text": "x"}))
        end(client)
        assert client.ends() == 0
        assert marker.read_text() == "started\ncleaned\n"

    @pytest.mark.parametrize("end", SIGNALS)
    def test_a_signal_that_comes_on_the_way_into_a_wait(
        self, start: Start, marker: Path, end: Callable[[Raw], None]
    ) -> None:
        client = start("--deaf", "--marker", str(marker))
        client.ask(initialize())
        time.sleep(0.3)  # until it waits
        end(client)
        assert client.ends() == 0
        assert marker.read_text() == "started\ncleaned\n"

    @pytest.mark.parametrize(
        ("tool", "end"),
        [
            *(("nap", end) for end in ENDS),
            *product(["hold_thread", "hold_executor", "refuse_to_stop"], ENDS[:2]),
        ],
    )
    def test_in_a_call(
        self, start: Start, marker: Path, end: Callable[[Raw], None], tool: str
    ) -> None:
        client = start("--marker", str(marker))
        client.send(modern(1, "tools/call", name=tool, arguments={"seconds": FOREVER}))
        wait_for(marker, "in call")
        end(client)
        assert client.ends() == 0
        assert marker.read_text() == "started\nin call\ncleaned\n"
        if tool == "nap":
            assert client.receive()["error"]["message"] == "Connection closed"

    @pytest.mark.parametrize("end", ENDS)
    def test_in_a_call_that_blocks_the_loop(
        self, start: Start, marker: Path, end: Callable[[Raw], None]
    ) -> None:
        client = start("--marker", str(marker))
        client.send(modern(1, "tools/call", name="hold_loop", arguments={"seconds": FOREVER}))
        wait_for(marker, "in call")
        end(client)
        assert client.ends() == 0

    @pytest.mark.parametrize("end", ENDS)
    def test_in_a_clean_up_that_never_ends(
        self, start: Start, marker: Path, end: Callable[[Raw], None]
    ) -> None:
        client = start("--marker", str(marker), "--stuck-cleanup")
        client.ask(initialize())
        end(client)
        assert client.ends() == 0
        assert "cleaned" in marker.read_text()

    def test_the_session_fails(self, start: Start, marker: Path) -> None:
        """Its client sees a process that has ended, and why, instead of waiting for nothing."""
        client = start("--broken-loop", "--marker", str(marker))
        client.send(initialize())
        assert client.process.wait(ANSWER_WITHIN) == 1
        assert "a defect of the loop" in client.stderr.read_text()
        assert marker.read_text() == "started\ncleaned\n"

    def test_the_client_listens_no_more(self, start: Start, marker: Path) -> None:
        client = start("--marker", str(marker), listen=False)
        wait_for(marker, "started")
        client.stdout.close()
        client.send(initialize())
        assert client.ends(END_WITHIN) == 0
        assert marker.read_text() == "started\ncleaned\n"

    def test_the_client_never_listened(self, start: Start, prepared: str) -> None:
        client = start("--prepared", prepared, "--loading", str(FOREVER), listen=False)
        client.stdout.close()
        client.send(discover())
        assert client.ends(ANSWER_WITHIN) == 0

    @pytest.mark.parametrize("end", ENDS)
    def test_the_client_reads_nothing(
        self, start: Start, marker: Path, end: Callable[[Raw], None]
    ) -> None:
        client = start("--marker", str(marker), listen=False)
        echo = {"name": "echo", "arguments": {"text": "x" * 200_000}}
        client.send(modern(1, "tools/call", **echo), modern(2, "tools/call", **echo))
        wait_for(marker, "started")
        time.sleep(0.3)
        end(client)
        assert client.ends() == 0
        assert marker.read_text() == "started\ncleaned\n"


class TestWithTheSdksClient:
    @pytest.fixture
    def anyio_backend(self) -> str:
        return "asyncio"

    @pytest.mark.anyio
    @pytest.mark.parametrize(
        ("mode", "flags"),
        [
            ("auto", "early"),
            ("auto", "unprepared"),
            ("auto", "late"),
            ("legacy", "early"),
            ("2026-07-28", "early"),
        ],
        indirect=["flags"],
    )
    async def test_every_mode_works(self, mode: str, flags: list[str]) -> None:
        child = StdioServerParameters(command=sys.executable, args=[CHILD, *flags])
        async with Client(child, mode=mode) as client:
            assert len((await client.list_tools()).tools) > 1
            for text in ("a", "b"):
                content = (await client.call_tool("echo", {"text": text})).content[0]
                assert isinstance(content, TextContent)
                assert content.text == text

    def test_the_sdk_has_what_we_use_of_it(self) -> None:
        assert isinstance(lowlevel(MCPServer[None]("any")), Server)
