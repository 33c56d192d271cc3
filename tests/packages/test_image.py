"""The container image and compose.yaml: what they install, and what they open to others."""

import re
import tomllib
from typing import Any

import pytest

from .tools import ROOT

CONTAINER = ROOT / "packaging" / "container"
DIGEST = r"@sha256:[0-9a-f]{64}"


def pins(name: str) -> list[str]:
    """The requirements of a file of versions, without comments and hashes."""
    text = re.sub(r"\\\n", "", (ROOT / name).read_text(encoding="utf-8"))
    lines = [line.split(" --hash=")[0].strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("name", ["locked.txt", "build.txt"])
def test_every_package_has_a_version_and_hashes(name: str) -> None:
    text = re.sub(r"\\\n", "", (CONTAINER / name).read_text(encoding="utf-8"))
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert lines
    for line in lines:
        assert re.match(r"[a-z0-9-]+==\S+ .*--hash=sha256:[0-9a-f]{64}", line), line


def test_the_image_has_the_tested_versions() -> None:
    locked = pins("packaging/container/locked.txt")
    assert {line.split("==")[0] for line in locked} >= {"mcp", "httpx", "redis"}
    assert set(locked) - set(pins("constraints.txt")) == set()


def test_the_wheel_is_built_with_what_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert pins("packaging/container/build.in") == project["build-system"]["requires"]


def test_every_image_is_named_by_its_digest() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE) == ["${BASE}"] * 2
    named = re.findall(r"^ARG BASE=(\S+)", dockerfile, re.MULTILINE)
    compose = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    images = {*named, *re.findall(r"^ +image: (\S+)", compose, re.MULTILINE)} - {"hostup-mcp"}
    assert len(images) == 3
    for image in images:
        assert re.search(DIGEST + "$", image), image


def test_pip_gets_only_what_has_a_hash() -> None:
    text = re.sub(r"\\\n", " ", (ROOT / "Dockerfile").read_text(encoding="utf-8"))
    installs = re.findall(r"pip (?:install|wheel) [^&\n]+", text)
    assert len(installs) == 4, installs
    for command in installs:
        offline = "--no-index" in command or "--no-build-isolation" in command
        assert "--require-hashes" in command or ("--no-deps" in command and offline)


# compose.yaml -------------------------------------------------------------------------------------


@pytest.fixture
def compose() -> dict[str, Any]:
    yaml = pytest.importorskip("yaml")
    text = (ROOT / "compose.yaml").read_text(encoding="utf-8")
    return dict(yaml.safe_load(text))


def test_only_the_proxy_is_published_and_on_loopback(compose: dict[str, Any]) -> None:
    published = {name: one["ports"] for name, one in compose["services"].items() if "ports" in one}
    assert published == {"proxy": ["${LISTEN_ON:-127.0.0.1}:8080:8080"]}


def test_only_the_replicas_reach_the_store(compose: dict[str, Any]) -> None:
    assert compose["networks"]["state"] == {"internal": True}
    on_it = {n for n, one in compose["services"].items() if "state" in one.get("networks", ())}
    assert on_it == {"valkey", "replica-1", "replica-2"}
    valkey = compose["services"]["valkey"]
    assert valkey["networks"] == ["state"]
    command = valkey["command"]
    assert command[command.index("--requirepass") + 1] == "${VALKEY_PASSWORD}"
    state = compose["services"]["replica-1"]["environment"]["HOSTUP_MCP_STATE"]
    assert state.startswith("redis://:${VALKEY_PASSWORD:?")


def test_what_serves_is_started_again(compose: dict[str, Any]) -> None:
    services = compose["services"].items()
    once = {name for name, one in services if one.get("restart") != "unless-stopped"}
    assert once == {"token"}


def test_only_the_token_command_writes_tokens(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services["replica-1"]["volumes"] == ["tokens:/run/tokens:ro"]
    assert services["token"]["volumes"] == ["tokens:/run/tokens"]
    assert services["token"]["profiles"] == ["tools"]
