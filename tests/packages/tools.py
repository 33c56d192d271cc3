"""The tools that packaging/setup installs."""

import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
_CACHE = ROOT / ".cache" / "packaging"
_MCPB = _CACHE / "node" / "protocol" / "node_modules" / "@anthropic-ai" / "mcpb"
BIN = _CACHE / "venvs" / "tools" / "bin"
UV = BIN / "uv"

needs_tools = pytest.mark.skipif(
    not _MCPB.is_dir() or not UV.exists() or shutil.which("node") is None,
    reason="the packaging tools are not installed: run packaging/setup",
)
