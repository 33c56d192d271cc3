"""The desktop bundle starts as its manifest says."""

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import anyio
import pytest
from mcp import Client, StdioServerParameters
from mcp.types import TextContent
from support.catalog import READING

from .tools import ROOT, UV, needs_tools


def launched(**boxes: str) -> dict[str, str]:
    """The settings that the launcher derives from the options of the host."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import json, os, sys; sys.path.insert(0, 'packaging'); import launch;"
            "print(json.dumps(launch.settings(dict(os.environ))))",
        ],
        cwd=ROOT,
        env=boxes,
        capture_output=True,
        text=True,
        check=True,
    )
    settings: dict[str, str] = json.loads(done.stdout)
    return settings


def test_the_descriptions_match_the_package() -> None:
    done = subprocess.run(
        [sys.executable, "packaging/metadata.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


def test_only_ticked_boxes_unlock_something() -> None:
    assert launched()["HOSTUP_MCP_ALLOW"] == ""
    untouched = "${user_config.allow_delete}"
    made = launched(
        HOSTUP_BUNDLE_ALLOW_RESTORE="true",
        HOSTUP_BUNDLE_ALLOW_CREATE="false",
        HOSTUP_BUNDLE_ALLOW_DELETE=untouched,
        HOSTUP_API_KEY="${user_config.api_key}",
    )
    assert made["HOSTUP_MCP_ALLOW"] == "restore"
    assert made["HOSTUP_MCP_CONFIRM"] == ""
    assert "HOSTUP_API_KEY" not in made
    assert launched(HOSTUP_MCP_TIMEZONE="Europe/Stockholm")["HOSTUP_MCP_TIMEZONE"]
    assert "HOSTUP_MCP_TIMEZONE" not in launched(HOSTUP_MCP_TIMEZONE="${user_config.timezone}")
    assert launched(HOSTUP_MCP_LANGUAGE="sv")["HOSTUP_MCP_LANGUAGE"] == "sv"
    assert "HOSTUP_MCP_LANGUAGE" not in launched(HOSTUP_MCP_LANGUAGE="${user_config.language}")
    assert "HOSTUP_SANDBOX" not in made


def test_the_manifest_unlocks_nothing_by_default() -> None:
    manifest = json.loads((ROOT / "manifest.json").read_text())
    boxes = manifest["user_config"]
    assert boxes["api_key"]["sensitive"] is True
    ticked = [name for name, box in boxes.items() if box.get("default") is True]
    assert ticked == []
    used = json.dumps(manifest["server"]["mcp_config"]["env"])
    assert [name for name in boxes if f"${{user_config.{name}}}" not in used] == []


@pytest.fixture
def unpacked(packed: Path, tmp_path: Path) -> Path:
    """The bundle, unpacked."""
    [bundle] = packed.glob("*.mcpb")
    with zipfile.ZipFile(bundle) as inside:
        inside.extractall(tmp_path)
    return tmp_path


@needs_tools
def test_the_bundles_hash_is_correct(packed: Path) -> None:
    [bundle] = packed.glob("*.mcpb")
    digest = hashlib.sha256(bundle.read_bytes()).hexdigest()
    assert (packed / f"{bundle.name}.sha256").read_text() == f"{digest}  {bundle.name}\n"


@needs_tools
def test_a_bundle_contains_only_the_package(unpacked: Path) -> None:
    def held(root: Path) -> set[str]:
        files = (root / "hostup_mcp").rglob("*")
        return {str(f.relative_to(root)) for f in files if f.is_file() and f.suffix != ".pyc"}

    assert held(unpacked) == held(ROOT)
    assert not {"tests", "panel", "benchmarks"} & {path.name for path in unpacked.iterdir()}


@needs_tools
async def test_the_bundle_starts_from_its_manifest(unpacked: Path) -> None:
    config = json.loads((unpacked / "manifest.json").read_bytes())["server"]["mcp_config"]
    filled = {
        name: "true" if name == "HOSTUP_BUNDLE_SANDBOX" else value
        for name, value in config["env"].items()
    }
    child = StdioServerParameters(
        command=str(UV),
        args=[word.replace("${__dirname}", str(unpacked)) for word in config["args"]],
        env={**os.environ, "UV_PYTHON": sys.executable, **filled},
    )
    with anyio.fail_after(180):
        async with Client(child) as client:
            assert {tool.name for tool in (await client.list_tools()).tools} == READING
            result = await client.call_tool("list_vps", {"name": "web-01"})
    [block] = result.content
    assert isinstance(block, TextContent)
    assert "web-01" in block.text
