"""The command `hostup-mcp`: one file per subcommand, loaded when it is called."""

from __future__ import annotations

import sys

from hostup_mcp.cli.opening import open_at_once

TYPE_CHECKING = False  # the one of `typing` would cost its import
if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    opening = open_at_once(words)
    from hostup_mcp.cli.command import run

    return run(words, opening)
