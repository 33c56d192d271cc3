"""The registry entry matches the current schema and the release."""

import hashlib
import json
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from .tools import BIN, ROOT, needs_tools

pytestmark = needs_tools


@pytest.fixture
def entry(packed: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((packed / "server.json").read_text(encoding="utf-8"))
    return read


def test_the_entry_fits_the_newest_schema(entry: dict[str, Any]) -> None:
    # skillsaw contains the schemas of all releases.
    schemas = {
        json.loads(path.read_text())["$id"]: json.loads(path.read_text())
        for path in BIN.parent.glob("lib/*/site-packages/skillsaw/schemas/mcp_registry/*/*.json")
    }
    newest = max(schemas)
    assert entry["$schema"] == newest
    jsonschema.validate(entry, schemas[newest], jsonschema.Draft7Validator)


def test_the_registrys_linter_finds_nothing(packed: Path) -> None:
    done = subprocess.run(
        [BIN / "skillsaw", "lint", packed], capture_output=True, text=True, timeout=120
    )
    assert "Repo type: mcp-registry" in done.stdout
    assert re.search(r"Errors: +0\n +Warnings: +0\n", done.stdout), done.stdout
    assert done.returncode == 0


def test_a_fault_in_the_entry_is_found(entry: dict[str, Any], tmp_path: Path) -> None:
    for package in entry["packages"]:
        package.pop("fileSha256", None)
    (tmp_path / "server.json").write_text(json.dumps(entry))
    done = subprocess.run([BIN / "skillsaw", "lint", tmp_path], capture_output=True, timeout=120)
    assert done.returncode != 0


def test_the_entry_names_what_is_released(entry: dict[str, Any], packed: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    by_kind = {package["registryType"]: package for package in entry["packages"]}
    assert set(by_kind) == {"pypi", "oci", "mcpb"}
    assert by_kind["pypi"]["identifier"] == project["name"]
    assert by_kind["pypi"]["version"] == entry["version"] == project["version"]
    assert by_kind["oci"]["identifier"].endswith(f":{project['version']}")
    [bundle] = packed.glob("*.mcpb")
    assert by_kind["mcpb"]["identifier"].endswith(f"/{bundle.name}")
    assert by_kind["mcpb"]["fileSha256"] == hashlib.sha256(bundle.read_bytes()).hexdigest()


def test_only_the_release_is_without_its_note(entry: dict[str, Any]) -> None:
    assert "_meta" not in entry
    [kept] = json.loads((ROOT / "server.json").read_text("utf-8"))["_meta"].values()
    assert kept["note"].startswith("Nothing is published yet.")


def test_pypi_and_image_name_the_entry(entry: dict[str, Any]) -> None:
    assert f"mcp-name: {entry['name']}" in (ROOT / "README.md").read_text()
    label = f'io.modelcontextprotocol.server.name="{entry["name"]}"'
    assert label in (ROOT / "Dockerfile").read_text()
