"""The contents of docs/clients.md: sections, snippets, and claims of the tables."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "clients.md").read_text(encoding="utf-8")

Variant = Literal["key", "sandbox"]


@dataclass(frozen=True)
class Launch:
    """What a client starts."""

    command: str
    args: list[str]
    env: dict[str, str]


@dataclass(frozen=True)
class Snippet:
    """A block of the page that adds the server to a client."""

    client: str
    variant: Variant
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.client}-{self.variant}-{self.language}"

    @property
    def document(self) -> dict[str, Any]:
        """The block as a file."""
        made: dict[str, Any] = (json if self.language == "json" else tomllib).loads(self.text)
        return made

    @property
    def launch(self) -> Launch:
        """What the client starts with it."""
        if self.language == "sh":
            return _of_command(shlex.split(self.text))
        keys = {"mcpServers", "servers", "context_servers", "mcp_servers"}
        [key] = keys & self.document.keys()
        server = self.document[key]["hostup"]
        return Launch(server["command"], server.get("args", []), server["env"])


def _of_command(words: list[str]) -> Launch:
    """`PROGRAM mcp add hostup ... --env NAME=VALUE ... -- COMMAND`, or Gemini's order."""
    pairs = [words[i + 1] for i, word in enumerate(words) if word == "--env"]
    env = dict(pair.split("=", 1) for pair in pairs)
    if words[0] == "gemini":
        return Launch(words[4], [], env)
    command, *args = words[words.index("--") + 1 :]
    return Launch(command, args, env)


def sections() -> dict[str, str]:
    """The text under each heading."""
    # Within a block, `#` begins a comment.
    parts = re.split(r"^#{1,3} (.+)\n", PAGE, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def blocks(text: str) -> list[tuple[str, str]]:
    """Language and text of each block."""
    return re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def table(title: str) -> dict[str, dict[str, str]]:
    """The rows of the table whose first column is called `title`, by what that column says."""
    [found] = re.findall(rf"(^\| {title} \|.*?\n)\n", PAGE, re.MULTILINE | re.DOTALL)
    head, _, *rows = (line.strip("|").split("|") for line in found.splitlines())
    names = [cell.strip() for cell in head]
    cells = [[cell.strip() for cell in row] for row in rows]
    return {row[0]: dict(zip(names, row, strict=True)) for row in cells}


def _snippets(client: str, text: str) -> list[Snippet]:
    with_key, without = text.split("Without a key:")
    return [
        Snippet(client, variant, language, code)
        for variant, part in (("key", with_key), ("sandbox", without))
        for language, code in blocks(part)
    ]


CLIENTS = table("client")
LIBRARIES = table("library")
SECTIONS = sections()
SNIPPETS = [snippet for name in CLIENTS for snippet in _snippets(name, SECTIONS[name])]


def snippet(client: str, variant: Variant, language: str) -> Snippet:
    wanted = (client, variant, language)
    [found] = [s for s in SNIPPETS if (s.client, s.variant, s.language) == wanted]
    return found


def unlocking(client: str) -> dict[str, str]:
    """What the page says to add to the environment."""
    [words] = re.findall(r"^- Unlock with `([^`]+)`", SECTIONS[client], re.MULTILINE)
    if words.startswith("--env "):
        name, value = words.removeprefix("--env ").split("=")
        return {name: value}
    made: dict[str, str] = json.loads(f"{{{words}}}") if ":" in words else tomllib.loads(words)
    return made
