"""The command `hostup-mcp`: serve (the default), demo, doctor, sandbox, token.

Imports stay inside the commands: a stdio session has to be answered before the rest is loaded.
"""

from __future__ import annotations

import argparse
import gc
import io
import itertools
import os
import sys
from collections.abc import Sequence

from hostup_mcp import __version__

TRANSPORTS = ("stdio", "streamable-http", "sse")


class UsageError(Exception):
    """The command line cannot be understood; the message says why."""


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        raise UsageError(message)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help", "--version")):
        words.insert(0, "serve")
    try:
        arguments = _parser().parse_args(words)
    except UsageError as error:
        if words[0] == "serve":
            return _serve_unusable(words, f"The command line is wrong: {_without_values(error)}.")
        print(f"hostup-mcp: {error}. See hostup-mcp --help.", file=sys.stderr)  # noqa: T201
        return 2
    for stream in (sys.stdout, sys.stderr):
        # Better a question mark in a line than no line, where the encoding has no such sign.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        return _COMMANDS[arguments.command](arguments)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # as in `hostup-mcp sandbox | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="hostup-mcp",
        description="Lets an assistant see HostUp backups and say whether a restore is possible.",
        epilog="Without a command it serves stdio. The key is read from HOSTUP_API_KEY.",
    )
    parser.add_argument("--version", action="version", version=f"hostup-mcp {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    serve = commands.add_parser("serve", help="serve MCP (default: over stdio)")
    serve.add_argument("--transport", choices=TRANSPORTS, default="stdio")
    serve.add_argument("--host", default="127.0.0.1", help="loopback address for HTTP")
    serve.add_argument("--port", type=int, default=8000, help="port for HTTP; 0 takes a free one")
    _sandbox_flag(serve)
    serve.add_argument("--allow", metavar="GROUPS", help="create,restore,delete,schedule,spend|all")
    serve.add_argument("--audit-log", metavar="PATH", help="file that each write is noted in")
    serve.add_argument("--tokens", metavar="PATH", help="file of hashed tokens, for other callers")
    serve.add_argument("--state", metavar="URL", help="redis:// address that replicas share")
    token = commands.add_parser("token", help="make a bearer token for a caller over HTTP")
    new = token.add_subparsers(dest="action", required=True, parser_class=_Parser).add_parser(
        "new", help="print a new token once; only its hash is kept"
    )
    new.add_argument("name", help="whose token it is")
    new.add_argument("--tokens", metavar="PATH", required=True, help="file that keeps the hash")
    commands.add_parser("demo", help="watch an assistant work on the sandbox account")
    doctor = commands.add_parser("doctor", help="check the configuration with one cheap read")
    _sandbox_flag(doctor)
    sandbox = commands.add_parser("sandbox", help="serve the sandbox account over HTTP")
    sandbox.add_argument("--port", type=int, default=8080, help="0 takes a free one")
    return parser


def _sandbox_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sandbox", action="store_const", const="1", help="use the sandbox account, no key needed"
    )


def _flags(arguments: argparse.Namespace) -> dict[str, str | None]:
    return {
        "sandbox": arguments.sandbox,
        "allow": getattr(arguments, "allow", None),
        "audit-log": getattr(arguments, "audit_log", None),
        "tokens": getattr(arguments, "tokens", None),
        "state": getattr(arguments, "state", None),
    }


def _serve(arguments: argparse.Namespace) -> int:
    if arguments.transport == "stdio":
        return _serve_stdio(_flags(arguments))
    from hostup_mcp.config import Misconfigured, load

    settings = load(_flags(arguments), os.environ)
    if isinstance(settings, Misconfigured):
        print(f"hostup-mcp: {' '.join(settings.problems)}", file=sys.stderr)  # noqa: T201
        return 2
    from hostup_mcp.logs import log_to_stderr

    log_to_stderr(as_json=settings.remote.authenticates)
    from hostup_mcp.remote.app import Listen
    from hostup_mcp.remote.serve import ServeError, serve_http

    try:
        return serve_http(settings, Listen(arguments.transport, arguments.host, arguments.port))
    except ServeError as error:
        print(f"hostup-mcp: {error}", file=sys.stderr)  # noqa: T201
        return 2


def _without_values(error: UsageError) -> str:
    """What is wrong, without what was given: it may be a key in the wrong place."""
    parts = str(error).split(": ")
    return ": ".join(parts[: 2 if parts[0].startswith("argument ") else 1])


def _serve_stdio(flags: dict[str, str | None], *usage: str) -> int:
    from hostup_mcp.server.opening import open_stdio

    if sys.stdin is not None and sys.stdin.isatty():
        # Nobody types this protocol by hand.
        print(  # noqa: T201
            "hostup-mcp waits for an MCP client (Ctrl-C ends). To look around: hostup-mcp demo",
            file=sys.stderr,
        )
    opening = open_stdio()
    # A tenth of the time that loading takes would go to looking for garbage where there is none.
    gc.disable()
    # httpx would bring its own command line, and the SDK colours for a log that we set up: both do
    # without where rich is not installed, and a session starts a twentieth sooner.
    for unwanted in ("httpx._main", "rich"):
        sys.modules.setdefault(unwanted, None)  # type: ignore[arg-type]
    from hostup_mcp.logs import log_to_stderr

    log_to_stderr()
    from hostup_mcp.config import Misconfigured, load
    from hostup_mcp.server.app import serve_with
    from hostup_mcp.server.services import Services
    from hostup_mcp.server.stdio import serve_stdio
    from hostup_mcp.server.stdio_state import stdio_state

    configuration = Misconfigured(usage) if usage else load(flags, os.environ)
    services = Services(configuration, state=stdio_state(configuration))
    server = serve_with(services)
    gc.freeze()
    gc.enable()
    return serve_stdio(server, opening, services.in_flight.stop)


def _serve_unusable(words: Sequence[str], problem: str) -> int:
    """Over stdio every tool can say what is wrong; a dead process says nothing to a client."""
    after = dict(itertools.pairwise(words)).get("--transport", "")
    if {after, *(word.removeprefix("--transport=") for word in words)} & {"streamable-http", "sse"}:
        print(f"hostup-mcp: {problem}", file=sys.stderr)  # noqa: T201
        return 2
    return _serve_stdio({}, problem)


def _demo(_: argparse.Namespace) -> int:
    from hostup_mcp.demo import demo

    return demo()


def _doctor(arguments: argparse.Namespace) -> int:
    from hostup_mcp.config import load
    from hostup_mcp.doctor import doctor

    return doctor(load(_flags(arguments), os.environ))


def _token(arguments: argparse.Namespace) -> int:
    from pathlib import Path

    from hostup_mcp.remote.tokens import TokenFileError, new_token

    try:
        print(new_token(Path(arguments.tokens).expanduser(), arguments.name))  # noqa: T201
    except TokenFileError as error:
        print(f"hostup-mcp: {error}.", file=sys.stderr)  # noqa: T201
        return 1
    return 0


def _sandbox(arguments: argparse.Namespace) -> int:
    from hostup_mcp.sandbox.serve import serve_sandbox

    return serve_sandbox(arguments.port)


_COMMANDS = {
    "serve": _serve,
    "demo": _demo,
    "doctor": _doctor,
    "sandbox": _sandbox,
    "token": _token,
}
