"""`hostup-mcp health`: whether the server of this container is healthy, for its health check."""

from __future__ import annotations

import argparse
import http.client
import sys
from pathlib import Path, PurePath

from hostup_mcp.cli.parser import UsageError, make_parser, with_command

TIMEOUT_SECONDS = 2.0

COMMAND_LINE = Path("/proc/1/cmdline")
"""The command line of a container's first process."""

_EVERY_ADDRESS = {"0.0.0.0": "127.0.0.1", "": "127.0.0.1", "::": "::1"}  # noqa: S104


class UnhealthyError(Exception):
    """The server is not healthy, or cannot be found; the message says why."""


def health(command_line: Path = COMMAND_LINE) -> int:
    """Ask the server that was started with `command_line` and return the exit code.

    Over stdio there is no address to ask: a server that runs is healthy.
    """
    try:
        arguments = served_by(command_line.read_bytes())
        if arguments is not None and arguments.transport != "stdio":
            ask(arguments.host, arguments.port)
    except OSError as error:
        reason = f"cannot read {command_line}: {error.strerror}"
    except UnhealthyError as error:
        reason = str(error)
    else:
        return 0
    print(f"hostup-mcp: {reason}.", file=sys.stderr)  # noqa: T201
    return 1


def served_by(command_line: bytes) -> argparse.Namespace | None:
    """Parse a process's command line (words that end in NUL) as the server itself does.

    None is a command line that the server refuses: it then serves over stdio, to say so.

    Raises:
        UnhealthyError: the process is not a server of ours.
    """
    words = command_line.decode(errors="replace").split("\0")[:-1]
    # Before our own words come Python, its options and perhaps an init process.
    ours = next((n for n, word in enumerate(words) if _is_command(word)), None)
    if ours is None:
        raise UnhealthyError("the first process of this container is not hostup-mcp")
    try:
        arguments = make_parser().parse_args(with_command(words[ours + 1 :]))
    except UsageError:
        return None
    if arguments.command != "serve":
        raise UnhealthyError(f"this container runs hostup-mcp {arguments.command}, not a server")
    return arguments


def ask(host: str, port: int) -> None:
    """Request /healthz from the server that listens on `host`, directly: no proxy is used.

    Raises:
        UnhealthyError: it does not respond, or not with 200.
    """
    if port == 0:
        raise UnhealthyError("the server chose its own port (--port 0), so it cannot be asked")
    connection = http.client.HTTPConnection(
        _EVERY_ADDRESS.get(host, host), port, timeout=TIMEOUT_SECONDS
    )
    try:
        connection.request("GET", "/healthz")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        raise UnhealthyError(f"no response from {host} port {port}: {error}") from None
    finally:
        connection.close()
    if status != http.client.OK:
        raise UnhealthyError(f"the server responded with status {status}")


def _is_command(word: str) -> bool:
    return PurePath(word).name in ("hostup-mcp", "hostup_mcp")
