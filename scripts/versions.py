"""Whether the ranges of pyproject.toml are true, at both ends.

    .venv/bin/python scripts/versions.py platforms
    .venv/bin/python scripts/versions.py lowest [arguments of pytest]

`platforms` resolves what users install for each platform and each Python version, and fails if
anything would have to be built there. `lowest` installs the lowest version of each dependency
into .cache/lowest and runs the fast tests with them. Both need a network and uv, which
packaging/setup installs.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOWEST = ROOT / ".cache" / "lowest"

PLATFORMS = (
    "x86_64-unknown-linux-gnu",
    "aarch64-unknown-linux-gnu",
    "x86_64-unknown-linux-musl",
    "aarch64-apple-darwin",
    "x86_64-apple-darwin",
    "x86_64-pc-windows-msvc",
    "aarch64-pc-windows-msvc",
)


def pythons() -> list[str]:
    """The versions of Python that pyproject.toml declares."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [line.rpartition(" ")[2] for line in project["classifiers"] if " :: 3." in line]
    assert named, "pyproject.toml declares no version of Python"
    return named


def compiled(uv: str, *words: str) -> subprocess.CompletedProcess[str]:
    command = [uv, "pip", "compile", "--quiet", "--no-header", "--no-annotate", *words]
    command += ["pyproject.toml"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def problem(uv: str, platform: str, python: str) -> str | None:
    """What would have to be built on a platform, or why nothing can be installed there."""
    words = ["--python-platform", platform, "--python-version", python]
    words += ["--extra", "replicas", "--extra", "otel"]
    where = f"{platform}, Python {python}"
    chosen = compiled(uv, *words)
    if chosen.returncode:
        return f"{where}: {chosen.stderr.strip()}"
    wheels = compiled(uv, *words, "--only-binary", ":all:")
    if wheels.returncode:
        return f"{where}: {wheels.stderr.strip()}"
    built = sorted(set(chosen.stdout.splitlines()) - set(wheels.stdout.splitlines()))
    return f"{where}: no wheel of {', '.join(built)}" if built else None


def check_platforms(uv: str) -> int:
    """Print what would have to be built, and return the exit code."""
    pairs = [(platform, python) for platform in PLATFORMS for python in pythons()]
    with ThreadPoolExecutor(4) as pool:
        found = [p for p in pool.map(lambda pair: problem(uv, *pair), pairs) if p]
    print("\n".join(found) or f"{len(pairs)} platforms and versions of Python: nothing to build")
    return 1 if found else 0


def check_lowest(uv: str, arguments: list[str]) -> int:
    """Run the fast tests with the lowest versions, and return the exit code."""
    resolved = compiled(uv, "--resolution", "lowest-direct", "--extra", "test")
    if resolved.returncode:
        print(resolved.stderr)
        return 1
    LOWEST.mkdir(parents=True, exist_ok=True)
    listed = LOWEST / "lowest.txt"
    listed.write_text(resolved.stdout, encoding="utf-8")
    environment = LOWEST / "venv"
    python = str(environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))
    for words in (
        ["venv", "--quiet", "--clear", "--python", sys.executable, str(environment)],
        ["pip", "install", "--quiet", "--python", python, "-r", str(listed)],
        ["pip", "install", "--quiet", "--python", python, "--no-deps", "-e", "."],
    ):
        if subprocess.run([uv, *words], cwd=ROOT).returncode:
            return 1
    tests = arguments or runpy.run_path(str(ROOT / "scripts" / "dev.py"))["fast_arguments"]()
    return subprocess.run([python, "-m", "pytest", *tests], cwd=ROOT).returncode


def main(words: list[str]) -> int:
    locks = runpy.run_path(str(ROOT / "scripts" / "locks.py"))
    uv = locks["uv"]()
    if words[:1] not in (["platforms"], ["lowest"]) or words[1:2] == ["--help"]:
        print(__doc__)
        return 2
    if uv is None:
        print("uv is not installed: run packaging/setup")
        return 1
    return check_platforms(uv) if words[0] == "platforms" else check_lowest(uv, words[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
