"""Logs go to stderr, one line each; stdout belongs to the protocol."""

from __future__ import annotations

import logging
import sys


def log_to_stderr(level: int = logging.WARNING) -> None:
    """Send everything at `level` and above to stderr. Called before the SDK sets up its own."""
    logging.basicConfig(
        level=level, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s", force=True
    )
    # Request lines of the HTTP client would repeat every id; failures are reported by the tools.
    logging.getLogger("httpx").setLevel(logging.WARNING)
