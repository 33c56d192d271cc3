"""The versions that pyproject.toml, constraints.txt and the workflows name agree."""

import re
import runpy
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).parents[2]
VERSIONS = runpy.run_path(str(ROOT / "scripts" / "versions.py"))
CONSTRAINTS = [
    Requirement(line)
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
INTEL_MAC = {"sys_platform": "darwin", "platform_machine": "x86_64"}
APPLE_MAC = {"sys_platform": "darwin", "platform_machine": "arm64"}
WINDOWS = {"sys_platform": "win32", "platform_machine": "AMD64"}
WINDOWS_ON_ARM = {"sys_platform": "win32", "platform_machine": "ARM64"}
LINUX = {"sys_platform": "linux", "platform_machine": "x86_64"}


def test_every_declared_python_is_tested() -> None:
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    [matrix] = re.findall(r"python: \[(.+)\]", workflow)
    assert re.findall(r"3\.\d+", matrix) == VERSIONS["pythons"]()


@pytest.mark.parametrize(
    ("machine", "version"),
    [(INTEL_MAC, "<49"), (WINDOWS_ON_ARM, "<46.0.4"), (APPLE_MAC, ">=50"), (WINDOWS, ">=50"),
     (LINUX, ">=50")],
)  # fmt: skip
def test_each_machine_gets_a_version_with_wheels(machine: dict[str, str], version: str) -> None:
    asked = [line for line in CONSTRAINTS if line.name == "cryptography" and applies(line, machine)]
    assert len(asked) == 1
    pinned = str(asked[0].specifier).removeprefix("==")
    assert SpecifierSet(version).contains(pinned)


@pytest.mark.parametrize("machine", [INTEL_MAC, WINDOWS_ON_ARM, LINUX])
def test_no_package_is_pinned_twice(machine: dict[str, str]) -> None:
    named = [line.name for line in CONSTRAINTS if applies(line, machine)]
    assert len(set(named)) == len(named)


def applies(line: Requirement, machine: dict[str, str]) -> bool:
    python = {"python_version": "3.13", "python_full_version": "3.13.1"}
    return line.marker is None or line.marker.evaluate({**machine, **python})
