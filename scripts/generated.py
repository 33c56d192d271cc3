"""The generated files: the command that writes each, and the check whether it is stale.

    .venv/bin/python scripts/generated.py [--check] [NAME ...]

Writes all of them. With --check it changes nothing, and prints each stale file with the command
that writes it. NAME is a name in GENERATED.
"""

from __future__ import annotations

import argparse
import json
import os
import runpy
import shutil
import subprocess
import sys
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON = ".venv/bin/python"
DEFINITIONS = "tests/server/test_definitions.py"
PANEL = "hostup_mcp/server/panel/recovery.html"
LICENSES = "hostup_mcp/server/panel/LICENSES.txt"
TIMEOUT = 600


class SkippedError(Exception):
    """A generator needs something that is not installed; the message says what."""


@dataclass(frozen=True)
class Generated:
    """Files, the command that writes them, and the check whether they are fresh."""

    name: str
    files: tuple[str, ...]
    command: str
    is_fresh: Callable[[], bool] | None
    """None if two runs never give the same bytes."""
    needs: Callable[[], str | None] = lambda: None
    """What the command needs and is not installed, if anything."""


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command in the project's folder, with this Python in place of .venv/bin/python."""
    command = [sys.executable if word == PYTHON else word for word in words]
    env = {k: v for k, v in os.environ.items() if not k.startswith(("HOSTUP_", "OTEL_"))}
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=TIMEOUT, env=env
    )


def passes(*words: str) -> Callable[[], bool]:
    return lambda: run(*words).returncode == 0


# Checks of generators without --check -------------------------------------------------------------


def icons_are_fresh() -> bool:
    made = runpy.run_path(str(ROOT / "packaging" / "icon.py"))
    kept = ((ROOT / "packaging/icon.png", "smooth"), (ROOT / "hostup_mcp/server/icon.png", "small"))
    return all(pixels(file.read_bytes()) == pixels(made[draw]()) for file, draw in kept)


def pixels(png: bytes) -> list[bytes]:
    """The chunks of a PNG file, decompressed: builds of zlib compress differently."""
    chunks, place = [], 8
    while place < len(png):
        size = int.from_bytes(png[place : place + 4], "big")
        kind, data = png[place + 4 : place + 8], png[place + 8 : place + 8 + size]
        chunks.append(kind + (zlib.decompress(data) if kind == b"IDAT" else data))
        place += size + 12
    return chunks


def opening_is_fresh() -> bool:
    program = "from hostup_mcp.stdio.prepare import product, to_text; print(to_text(product()))"
    done = run(PYTHON, "-c", program)
    kept = (ROOT / "hostup_mcp/stdio/prepared.json").read_text(encoding="utf-8")
    return done.returncode == 0 and json.loads(done.stdout) == json.loads(kept)


def panel_is_fresh() -> bool:
    for file, flag in ((PANEL, "--stdout"), (LICENSES, "--licenses")):
        done = run("node", "panel/build.mjs", flag)
        if done.returncode or done.stdout != (ROOT / file).read_text(encoding="utf-8"):
            return False
    return True


def panel_tools() -> str | None:
    if shutil.which("node") is None:
        return "Node (version 20 or newer)"
    if not (ROOT / "panel" / "node_modules" / "esbuild").is_dir():
        return "the panel's npm packages: run panel/setup.sh"
    return None


def browser() -> str | None:
    program = "import PIL, playwright"
    if panel_tools() or shutil.which("chromium") is None or run(PYTHON, "-c", program).returncode:
        return "Chromium, Playwright and Pillow: run panel/setup.sh"
    return None


def uv() -> str | None:
    packaged = ROOT / ".cache" / "packaging" / "venvs" / "tools" / "bin" / "uv"
    if packaged.exists() or shutil.which("uv"):
        return None
    return "uv: run packaging/setup"


def by_script(name: str, script: str, *files: str) -> Generated:
    """Files of a script that has a --check of its own."""
    return Generated(name, files, f"{PYTHON} {script}", passes(PYTHON, script, "--check"))


GENERATED = (
    Generated(
        "locks",
        ("constraints.txt", "packaging/container/*.txt"),
        f"{PYTHON} scripts/locks.py",
        passes(PYTHON, "scripts/locks.py", "--check"),
        uv,
    ),
    by_script("readme", "scripts/readme.py", "README.md"),
    by_script("clients", "scripts/clients.py", "docs/clients.md"),
    by_script("architecture", "scripts/architecture.py", "docs/architecture.md"),
    by_script("picture", "scripts/picture.py", "docs/images/demo.svg"),
    by_script("metadata", "packaging/metadata.py", "manifest.json", "server.json"),
    Generated(
        "icons",
        ("packaging/icon.png", "hostup_mcp/server/icon.png"),
        f"{PYTHON} packaging/icon.py",
        icons_are_fresh,
    ),
    Generated(
        "opening",
        ("hostup_mcp/stdio/prepared.json",),
        f"{PYTHON} -m hostup_mcp.stdio.prepare",
        opening_is_fresh,
    ),
    Generated(
        "definitions",
        ("tests/server/definitions",),
        f"{PYTHON} -m pytest {DEFINITIONS} -q -k match_the_snapshots --rewrite-definitions",
        passes(PYTHON, "-m", "pytest", DEFINITIONS, "-q", "-k", "match_the_snapshots"),
    ),
    by_script("panel words", "panel/words.py", "panel/src/words.generated.ts"),
    Generated("panel", (PANEL, LICENSES), "panel/build", panel_is_fresh, panel_tools),
    Generated(
        "screenshots", ("docs/images/panel-*.png",), f"{PYTHON} panel/screenshots", None, browser
    ),
)


def check(one: Generated) -> str | None:
    """The problem with a generated file and the command that solves it, or None."""
    if one.is_fresh is None:
        raise SkippedError("two runs never give the same bytes; look at it after a visible change")
    if (missing := one.needs()) is not None:
        raise SkippedError(f"needs {missing}")
    return None if one.is_fresh() else f"{', '.join(one.files)} is stale; run: {one.command}"


def write(one: Generated) -> str | None:
    """Write a generated file; the problem, or None."""
    if (missing := one.needs()) is not None:
        raise SkippedError(f"needs {missing}")
    done = run(*one.command.split())
    return f"{one.command} failed:\n{done.stdout}{done.stderr}" if done.returncode else None


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    names = [one.name for one in GENERATED]
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(names))
    parser.add_argument("--check", action="store_true", help="change nothing; print what is stale")
    parser.add_argument("--strict", action="store_true", help="fail if a check cannot run")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(names):
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    failed = False
    for one in GENERATED:
        if arguments.names and one.name not in arguments.names:
            continue
        try:
            problem = (check if arguments.check else write)(one)
        except SkippedError as reason:
            failed |= arguments.strict and one.is_fresh is not None
            print(f"{one.name}: skipped, {reason}", flush=True)
            continue
        failed |= problem is not None
        print(f"{one.name}: {problem or ('fresh' if arguments.check else 'written')}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
