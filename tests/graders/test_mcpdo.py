"""mcpdo, the Inspector for a shell: the user's yes and no on a command line."""

import json
import re
import tempfile
from collections.abc import Iterator
from typing import Any

import pytest

from .tools import CONNECTING, EVERYTHING, MCPDO, NODE, run

pytestmark = pytest.mark.graders


class Shell:
    """A shell with its own daemon and one connection to the server."""

    def __init__(self, folder: str) -> None:
        self._variables = {"TMPDIR": folder, "MCP_INSPECTOR_SECRET_STORE": "memory"}
        exports = self._do("private")
        self._variables |= dict(re.findall(r"^export (\w+)='(.*)'$", exports, re.M))

    def connect(self, revision: str) -> dict[str, Any]:
        return self.do("connect", "--era", revision, *CONNECTING, "--", *EVERYTHING)

    def do(self, command: str, *words: str) -> dict[str, Any]:
        """The output of `command`; with JSON, a question is returned instead of asked here."""
        said = self._do("--format", "json", "--connection", "hostup", command, *words)
        printed: dict[str, Any] = json.loads(said)
        return printed

    def call(self, tool: str, **arguments: str) -> dict[str, Any]:
        return self.do("tools/call", tool, *(f"{k}:={v}" for k, v in arguments.items()))

    def data(self, tool: str, **arguments: str) -> dict[str, Any]:
        data: dict[str, Any] = self.call(tool, **arguments)["structuredContent"]
        return data

    def respond(self, question: dict[str, Any], *answer: str) -> dict[str, Any]:
        return self.do("elicitation/respond", question["elicitationId"], *answer)

    def close(self) -> None:
        self._do("daemon", "stop")

    def _do(self, *words: str) -> str:
        done = run(NODE, MCPDO, *words, **self._variables)
        assert done.returncode in (0, 5), done.stderr  # 5: the result of a tool is an error
        return done.stdout


@pytest.fixture
def shell() -> Iterator[Shell]:
    with tempfile.TemporaryDirectory(prefix="mcpdo") as folder:  # short: it holds a socket
        opened = Shell(folder)
        try:
            yield opened
        finally:
            opened.close()


@pytest.mark.parametrize("revision", ["legacy", "modern"])
def test_a_restore_waits_for_the_typed_name(shell: Shell, revision: str) -> None:
    assert shell.connect(revision)["protocolEra"] == revision
    [vps] = shell.data("list_vps", name="web-01")["data"]
    backup = shell.data("list_vps_backups", id=vps["id"])["backups"][0]
    wanted = {"id": vps["id"], "mode": "in_place", "backupId": backup["id"]}

    plan = shell.data("plan_restore", **wanted)
    question = shell.call("restore_vps", planId=plan["planId"])["elicitationPending"]
    assert "web-01" in question["message"]
    assert f"{backup['age']} of changes" in question["message"]
    assert list(question["requestedSchema"]["properties"]) == ["serverName"]
    refused = shell.respond(question, "--decline")
    assert refused["isError"] is True
    assert refused["structuredContent"]["error"]["kind"] == "not_confirmed"

    again = shell.data("plan_restore", **wanted)
    assert again["verdict"] == "possible"  # so nothing was started
    question = shell.call("restore_vps", planId=again["planId"])["elicitationPending"]
    started = shell.respond(question, "serverName:=web-01")["structuredContent"]
    assert started["state"] == "started"
    job = shell.data("get_job", jobId=started["jobId"])
    assert job["vpsId"] == vps["id"]
    assert job["state"] in {"waiting", "running", "succeeded"}
    found = shell.data("verify_recovery", id=vps["id"])
    assert found["recoveryId"] == started["recoveryId"]
    assert found["verdict"] in {"back", "not_known"}
