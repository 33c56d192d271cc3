"""`hostup-mcp token`: makes, lists and revokes bearer tokens of callers over HTTP."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from hostup_mcp.remote.token_file import TokenFileError, new_token, read_hashes, revoke_token


def token(arguments: argparse.Namespace) -> int:
    """Carry out `new`, `list` or `revoke` on the tokens file and return the exit code."""
    path = Path(os.path.expanduser(arguments.tokens))
    try:
        match arguments.action:
            case "new":
                print(new_token(path, arguments.name))  # noqa: T201
            case "list":
                for name in read_hashes(path):
                    print(name)  # noqa: T201
            case _:
                revoke_token(path, arguments.name)
                print(f"Revoked the token of {arguments.name}.", file=sys.stderr)  # noqa: T201
    except TokenFileError as error:
        print(f"hostup-mcp: {error}.", file=sys.stderr)  # noqa: T201
        return 1
    return 0
