"""Codex as its editor plugins run it: `codex app-server`, one JSON message per line."""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .real import PATIENCE, Home, Json

Answer = Callable[[Json], Json]
"""Maps a question of Codex to the user's answer."""


class Codex:
    """A running Codex with one thread, and a user who answers its questions."""

    def __init__(self, process: subprocess.Popen[str], answer: Answer) -> None:
        self._process = process
        self._answer = answer
        self._lines: queue.Queue[str] = queue.Queue()
        self._asked = 0
        self.questions: list[str] = []
        """The questions to the user, by Codex itself and by the server."""
        self._ready = False
        threading.Thread(target=self._read, daemon=True).start()
        self.request("initialize", clientInfo={"name": "test", "title": "Test", "version": "1"})
        self._send({"method": "initialized"})
        self.thread: str = self.request("thread/start")["thread"]["id"]
        if not self._ready:  # without the server, a turn begins without its tools
            self.wait(lambda _: self._ready)

    def call(self, tool: str, **arguments: object) -> Json:
        """Call a tool without a model."""
        return self.request(
            "mcpServer/tool/call",
            threadId=self.thread,
            server="hostup",
            tool=tool,
            arguments=arguments,
        )

    def turn(self, text: str) -> None:
        """Give the model a task, and wait until it has finished."""
        self.request("turn/start", threadId=self.thread, input=[{"type": "text", "text": text}])
        self.wait(lambda event: event.get("method") == "turn/completed")

    def request(self, method: str, **params: object) -> Json:
        self._asked += 1
        number = self._asked
        self._send({"id": number, "method": method, "params": params})
        answer = self.wait(lambda event: event.get("id") == number and "method" not in event)
        result: Json = answer["result"]
        return result

    def wait(self, true: Callable[[Json], bool]) -> Json:
        """The first message for which `true` holds; questions are answered meanwhile."""
        while True:
            event: Json = json.loads(self._lines.get(timeout=PATIENCE))
            self._ready |= event.get("params", {}).get("status") == "ready"
            if "id" in event and "method" in event:
                self.questions.append(event["params"]["message"])
                self._send({"id": event["id"], "result": self._answer(event["params"])})
            elif true(event):
                return event

    def _send(self, message: Json) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(message) + "\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)


def nobody(question: Json) -> Json:
    """For conversations without questions."""
    raise AssertionError(question)


@contextmanager
def running(home: Home, answer: Answer = nobody) -> Iterator[Codex]:
    with (home.folder / "codex.err").open("wb") as err:
        process = subprocess.Popen(
            ["codex", "app-server"],
            cwd=home.folder,
            env=home.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=err,
            text=True,
        )
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdout:
        try:
            yield Codex(process, answer)
        finally:
            process.stdin.close()  # the end of the session
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(30)
