"""The versions of all packages: constraints.txt, and with hashes those of the container image.

    .venv/bin/python scripts/locks.py [--check | --upgrade]

Writes the files again for what pyproject.toml asks for, and keeps the versions that are in them.
With --check it changes nothing and fails if a file is stale; with --upgrade it takes the newest
versions. Needs a network and uv, which packaging/setup installs.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONSTRAINTS = "constraints.txt"
HASHED = ("--generate-hashes", "--no-annotate", "--emit-build-options", "-c", CONSTRAINTS)

# Each file and what uv makes it of. The first one decides on versions, the others follow.
LOCKS = {
    CONSTRAINTS: ("--extra", "dev", "--no-header", "--no-annotate", "pyproject.toml"),
    "packaging/container/locked.txt": (
        *("--extra", "replicas", "--extra", "otel", *HASHED, "pyproject.toml"),
    ),
    "packaging/container/build.txt": (*HASHED, "packaging/container/build.in"),
}


def uv() -> str | None:
    """The path of uv, if it is installed."""
    packaged = ROOT / ".cache" / "packaging" / "venvs" / "tools" / "bin" / "uv"
    return str(packaged) if packaged.exists() else shutil.which("uv")


def made(program: str, name: str, upgrade: bool) -> str:
    """The text of a file as uv makes it now."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "locked.txt"
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, file)
        command = [program, "pip", "compile", "--quiet", "--universal", "--python-version", "3.11",
                   "--custom-compile-command", "scripts/locks.py", *LOCKS[name],
                   "--output-file", str(file), *(["--upgrade"] if upgrade else [])]  # fmt: skip
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{name}: uv failed:\n{done.stderr}")
        return file.read_text(encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--check", action="store_true", help="change nothing; fail if one is stale")
    how.add_argument("--upgrade", action="store_true", help="take the newest versions")
    arguments = parser.parse_args()
    program = uv()
    if program is None:
        print("uv is not installed: run packaging/setup")
        return 1
    stale = 0
    for name in LOCKS:
        text = made(program, name, arguments.upgrade)
        if (ROOT / name).exists() and (ROOT / name).read_text(encoding="utf-8") == text:
            continue
        stale += 1
        print(f"{name}: {'stale' if arguments.check else 'written'}")
        if not arguments.check:
            (ROOT / name).write_text(text, encoding="utf-8")
    return 1 if stale and arguments.check else 0


if __name__ == "__main__":
    sys.exit(main())
