"""Write docs/clients.md from docs/clients: a section per client, a program per library.

    .venv/bin/python scripts/clients.py [--check]

With --check it changes nothing and fails if the page is stale.
"""

import json
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "clients.md"
SOURCE = ROOT / "docs" / "clients"
PACKAGING = ROOT / "packaging"

Entry = dict[str, Any]
Env = dict[str, str]

KEY: Env = {"HOSTUP_API_KEY": "your key"}
SANDBOX: Env = {"HOSTUP_SANDBOX": "1"}
UNLOCKED = "create,restore"


# Snippets -----------------------------------------------------------------------------------------


def fenced(language: str, text: str) -> str:
    return f"```{language}\n{text.strip()}\n```\n"


def as_json(shape: str, env: Env) -> str:
    """The configuration file of clients that use `shape`."""
    server: Entry = {"command": "hostup-mcp", "env": env}
    around: Entry = {}
    if shape == "context_servers":
        server = {"command": "hostup-mcp", "args": [], "env": env}
    if shape == "servers":
        server = {"type": "stdio", **server}
        if env == KEY:
            prompt = {"id": "hostup", "type": "promptString"}
            around["inputs"] = [{**prompt, "description": "HostUp API key", "password": True}]
            server["env"] = {"HOSTUP_API_KEY": "${input:hostup}"}
    return fenced("json", json.dumps({**around, shape: {"hostup": server}}, indent=2))


def as_toml(env: Env) -> str:
    [(name, value)] = env.items()
    return fenced(
        "toml",
        f'[mcp_servers.hostup]\ncommand = "hostup-mcp"\n\n'
        f'[mcp_servers.hostup.env]\n{name} = "{value}"',
    )


def as_command(parts: list[str], env: Env) -> str:
    before, option, after = parts
    [(name, value)] = env.items()
    quoted = f'"{value}"' if " " in value else value
    return fenced("sh", f"{before} {option} {name}={quoted} {after}")


def snippets(client: Entry, env: Env) -> str:
    """How to add the server to this client: a file, a command, or both."""
    shape = client["shape"]
    made = [as_toml(env) if shape == "toml" else as_json(shape, env)] if shape != "command" else []
    if "commands" in client:
        made.append(as_command(client["commands"], env))
    return "\n".join(made)


def unlocking(client: Entry) -> str:
    match client["shape"]:
        case "command":
            return f"`{client['commands'][1]} HOSTUP_MCP_ALLOW={UNLOCKED}` before the `--`"
        case "toml":
            return f'`HOSTUP_MCP_ALLOW = "{UNLOCKED}"` under `[mcp_servers.hostup.env]`'
        case _:
            return f'`"HOSTUP_MCP_ALLOW": "{UNLOCKED}"` in `env`'


# The page -----------------------------------------------------------------------------------------


def version(entry: Entry) -> str | None:
    """The version that the tests run, from the file that pins it."""
    package = entry.get("package")
    if package is None:
        return None
    if package == "mcp":
        return pinned(ROOT / "constraints.txt", "mcp")
    room, _, name = package.partition("/")
    if (PACKAGING / "node" / room).is_dir():
        listed = json.loads((PACKAGING / "node" / room / "package.json").read_bytes())
        return str(listed["dependencies"][name])
    return pinned(PACKAGING / "python" / f"{room}.txt", name or room)


def pinned(file: Path, name: str) -> str:
    lines = (line.partition("==") for line in file.read_text(encoding="utf-8").splitlines())
    return next(number for given, _, number in lines if given.partition("[")[0] == name)


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines) + "\n"


def overview(clients: list[Entry]) -> str:
    return table(
        ["client", "can ask you", "shows the panel", "run here", "protocol"],
        (
            [c["name"], c["asks"], c["panel"], version(c) or "no", c.get("revision", "")]
            for c in clients
        ),
    )


def libraries(programs: list[Entry]) -> str:
    return table(
        ["library", "can ask the user", "run here", "protocol"],
        ([p["name"], p["asks"], version(p) or "", p["revision"]] for p in programs),
    )


def section(client: Entry) -> str:
    return (
        f"## {client['name']}\n\n{client['where'].strip()}\n\n"
        f"With your key:\n\n{snippets(client, KEY)}\n"
        f"Without a key:\n\n{snippets(client, SANDBOX)}\n"
        f"- Unlock with {unlocking(client)}.\n"
        f"- Can it ask you? {client['asks'].capitalize()}. "
        f"Does it show the panel? {client['panel'].capitalize()}.\n"
        f"- Troubleshooting: {' '.join(client['hint'].split())}\n"
    )


def program(entry: Entry) -> str:
    file = SOURCE / entry["file"]
    language = {".py": "python", ".mjs": "js"}[file.suffix]
    note = f"\n{entry['note'].strip()}\n" if "note" in entry else ""
    shown = fenced(language, file.read_text(encoding="utf-8"))
    imported = " and with `import os`" if language == "python" else ""
    token = fenced(language, entry["token"])
    with_token = f"\nWith a token, instead of the line of `server`{imported}:\n\n{token}"
    return f"### {entry['name']}\n\n`{entry['install']}`\n\n{shown}{note}{with_token}"


def page() -> str:
    source = tomllib.loads((SOURCE / "clients.toml").read_text(encoding="utf-8"))
    parts = {
        "table": overview(source["client"]),
        "clients": "\n".join(map(section, source["client"])),
        "libraries": libraries(source["program"]),
        "programs": "\n".join(map(program, source["program"])),
    }
    text = (SOURCE / "page.md").read_text(encoding="utf-8")
    for name, part in parts.items():
        text = text.replace(f"<!-- {name} -->\n", part)
    return "<!-- made by scripts/clients.py from docs/clients -->\n\n" + text


def main() -> int:
    wanted = page()
    if "--check" in sys.argv:
        same = PAGE.exists() and PAGE.read_text(encoding="utf-8") == wanted
        return 0 if same else print("docs/clients.md: run scripts/clients.py") or 1
    PAGE.write_text(wanted, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
