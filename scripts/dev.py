"""Everything from nothing but Python: `python3 scripts/dev.py demo` or `... test`.

`... setup` only sets everything up, with the tools for working on it.

Makes `.venv` beside the sources with the versions of constraints.txt, then runs what was asked for.
Further words go to pytest: `python3 scripts/dev.py test tests/recovery -x`.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if sys.platform == "win32" else "bin")
OLDEST = (3, 11)


def main(words: list[str]) -> int:
    if sys.version_info < OLDEST:
        print(
            f"Python {OLDEST[0]}.{OLDEST[1]} or newer is needed; this is {sys.version.split()[0]}."
        )
        return 1
    match words:
        case ["demo"]:
            install(".")
            return run(BIN / "hostup-mcp", "demo")
        case ["test", *more]:
            install("-e", ".[test]")
            # Half of their time the tests wait for processes and sockets: two for each core.
            workers = str(2 * (os.cpu_count() or 1))
            return run(BIN / "pytest", *(more or ["-n", workers, "--dist", "worksteal", "-q"]))
        case ["setup"]:
            install("-e", ".[dev]")
            return 0
        case _:
            print(__doc__)
            return 1


def install(*what: str) -> None:
    if not (BIN / "python").exists() and not (BIN / "python.exe").exists():
        print("Making .venv", flush=True)
        venv.create(VENV, with_pip=True)
    print(f"Installing {what[-1]}", flush=True)
    subprocess.run(
        [BIN / "python", "-m", "pip", "install", "-q", "--disable-pip-version-check",
         "-c", ROOT / "constraints.txt", *what],
        cwd=ROOT,
        check=True,
    )  # fmt: skip


def run(program: Path, *words: str) -> int:
    return subprocess.run([program, *words], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
