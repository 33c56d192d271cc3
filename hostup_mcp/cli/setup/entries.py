"""What adds the server to a client: an entry for its file, or a command for its shell."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence

from hostup_mcp.cli.setup.clients import Client, Shape
from hostup_mcp.cli.setup.machine import Machine, System
from hostup_mcp.hostup.text import Json

NAME = "hostup"
KEY = {"HOSTUP_API_KEY": "your key"}
SANDBOX = {"HOSTUP_SANDBOX": "1"}

_PROMPT: dict[str, Json] = {
    "id": NAME,
    "type": "promptString",
    "description": "HostUp API key",
    "password": True,
}


def server_of(machine: Machine, env: Mapping[str, str]) -> dict[str, Json]:
    """Return the server as most clients want it: a command, its arguments, its environment."""
    command, *words = machine.command
    arguments: dict[str, Json] = {"args": [*words]} if words else {}
    return {"command": command, **arguments, "env": {**env}}


def entry(client: Client, machine: Machine, env: Mapping[str, str]) -> str:
    """Return what has to stand in the file of `client`."""
    server = server_of(machine, env)
    if client.shape is Shape.TOML:
        lines = [f"[mcp_servers.{NAME}]"]
        lines += [f"{key} = {_compact(value)}" for key, value in server.items() if key != "env"]
        lines += ["", f"[mcp_servers.{NAME}.env]"]
        # A basic string of TOML has the escapes of JSON.
        lines += [f"{name} = {_compact(value)}" for name, value in env.items()]
        return "\n".join(lines)
    document: dict[str, Json] = {}
    if client.shape is Shape.SERVERS:
        server, inputs = _vs_code(server, env)
        document = {"inputs": inputs} if inputs else {}
    if client.shape is Shape.CONTEXT_SERVERS:
        server = {"command": server["command"], "args": server.get("args", []), "env": {**env}}
    return json.dumps(
        {**document, client.shape.value: {NAME: server}}, indent=2, ensure_ascii=False
    )


def _vs_code(server: dict[str, Json], env: Mapping[str, str]) -> tuple[dict[str, Json], list[Json]]:
    """Return the server as VS Code wants it, and what VS Code asks for: it keeps the key itself."""
    if "HOSTUP_API_KEY" not in env:
        return {"type": "stdio", **server}, []
    asked: dict[str, Json] = {**env, "HOSTUP_API_KEY": f"${{input:{NAME}}}"}
    return {"type": "stdio", **server, "env": asked}, [_PROMPT]


def command_line(client: Client, machine: Machine, env: Mapping[str, str]) -> str | None:
    """Return the command that adds the server, for the machine's shell; None if there is none."""
    given = [word for pair in env.items() for word in ("--env", "=".join(pair))]
    words: Sequence[str]
    match client.program:
        case "claude":
            # `--env` takes all words up to the next flag, so the name comes first.
            scope = ("--scope", "user")
            words = ["claude", "mcp", "add", NAME, *scope, *given, "--", *machine.command]
        case "codex":
            words = ["codex", "mcp", "add", NAME, *given, "--", *machine.command]
        case "gemini":
            scope = ("--scope", "user")
            words = ["gemini", "mcp", "add", NAME, *machine.command, *scope, *given]
        case "code":
            server, inputs = _vs_code(server_of(machine, env), env)
            asked: dict[str, Json] = {"inputs": inputs} if inputs else {}
            words = ["code", "--add-mcp", _compact({"name": NAME, **asked, **server})]
        case _:
            return None
    return shell_line(words, machine)


def shell_line(words: Sequence[str], machine: Machine) -> str:
    """Return `words` as a line for the machine's shell."""
    if machine.system is System.WINDOWS:
        return " ".join(_for_powershell(word) for word in words)
    return shlex.join(words)


def _compact(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _for_powershell(word: str) -> str:
    """Quote `word` for PowerShell.

    It takes an unquoted `--` for itself where the program is a script, as npm's are. A double quote
    in an argument needs a backslash to reach the program, and so does each backslash before it.
    """
    if re.fullmatch(r"[A-Za-z0-9_./:=\\-]+", word) and word != "--":
        return word
    word = re.sub(r'(\\*)"', r'\1\1\\"', word)
    # It takes typographic quotes for its own.
    return "'" + re.sub(r"(['\u2018\u2019\u201a\u201b])", r"\1\1", word) + "'"
