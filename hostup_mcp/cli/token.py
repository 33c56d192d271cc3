"""`hostup-mcp token new`: makes a bearer token for a caller over HTTP."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hostup_mcp.remote.tokens import TokenFileError, new_token


def token(arguments: argparse.Namespace) -> int:
    """Print a new token, store its hash in the tokens file, and return the exit code."""
    try:
        print(new_token(Path(arguments.tokens).expanduser(), arguments.name))  # noqa: T201
    except TokenFileError as error:
        print(f"hostup-mcp: {error}.", file=sys.stderr)  # noqa: T201
        return 1
    return 0
