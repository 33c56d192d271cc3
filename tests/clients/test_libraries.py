"""The programs of the page, run with their real libraries over stdio and HTTP."""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator

import pytest
from support.catalog import READING
from support.product import environment, running

from . import page
from .page import LIBRARIES, ROOT
from .real import CACHE, NODE_PROTOCOL, Home, needs

VENVS = {
    "FastMCP": "fastmcp",
    "LangChain": "langchain",
    "OpenAI Agents SDK": "openai-agents",
    "Pydantic AI": "pydantic-ai",
}
NAMES = ["MCP Python SDK", *VENVS, "TypeScript SDK"]


def marked(name: str) -> object:
    """The library's name, skipped where that is not installed."""
    if name == "MCP Python SDK":
        return name
    needed = NODE_PROTOCOL / "@modelcontextprotocol" / "client"
    if name in VENVS:
        needed = CACHE / "venvs" / VENVS[name] / "bin" / "python"
    return pytest.param(name, marks=[pytest.mark.clients, needs(name, needed)])


each_library = pytest.mark.parametrize("name", [marked(name) for name in NAMES])


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with the sandbox account."""
    with running(tmp_path_factory.mktemp("served"), environment(HOSTUP_SANDBOX="1")) as child:
        yield child.url


def program(name: str) -> str:
    [(_, text), _] = page.blocks(page.SECTIONS[name])
    return text


def over_http(text: str, url: str) -> str:
    """The program with its line for HTTP instead of the one above."""
    pattern = r"^( *)(?:const )?server = .*?\n\1(?:#|//) Over HTTP: (.+)$"
    changed, times = re.subn(pattern, r"\1\2", text, flags=re.MULTILINE | re.DOTALL)
    assert times == 1
    assert "http://127.0.0.1:8000/mcp" in changed
    return changed.replace("http://127.0.0.1:8000/mcp", url)


def run(name: str, text: str, home: Home) -> None:
    """Run a program as a reader of the page does, and check that it found the server."""
    if name == "TypeScript SDK":
        (home.folder / "node_modules").symlink_to(NODE_PROTOCOL)
        home.write("program.mjs", text)
        said = home.run(["node", "program.mjs"])
    else:
        own = CACHE / "venvs" / VENVS[name] / "bin" / "python" if name in VENVS else sys.executable
        home.write("program.py", text)
        said = home.run([str(own), "program.py"])
    assert set(re.findall(r"\w+", said)) >= READING
    assert re.search(r"vps_\w+.*web-01", said)


def test_every_library_on_the_page_is_run() -> None:
    assert set(NAMES) == set(LIBRARIES)
    said = tomllib.loads((ROOT / "docs" / "clients" / "clients.toml").read_text())
    files = {path.name for path in (ROOT / "docs" / "clients").iterdir()}
    assert files - {"clients.toml", "page.md"} == {entry["file"] for entry in said["program"]}


@each_library
def test_each_program_works_over_stdio(name: str, home: Home) -> None:
    run(name, program(name), home)
    revision, capabilities = home.introduction
    assert revision == LIBRARIES[name]["protocol"]
    assert "elicitation" not in capabilities, "without a callback it cannot ask"


@each_library
def test_each_program_works_over_http(name: str, home: Home, served: str) -> None:
    run(name, over_http(program(name), served), home)
