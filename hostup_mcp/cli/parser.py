"""The command line: commands, flags, and what is wrong with one that cannot be parsed."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from datetime import timedelta

from hostup_mcp import __version__

TRANSPORTS = ("stdio", "streamable-http", "sse")

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


class UsageError(Exception):
    """The command line cannot be parsed; the message says why."""

    def without_values(self) -> str:
        """Return the message without the given values: one may be a key in the wrong place."""
        parts = str(self).split(": ")
        return ": ".join(parts[: 2 if parts[0].startswith("argument ") else 1])


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]
        raise UsageError(message)


def duration(text: str) -> timedelta:
    """Parse a span such as `55s`, `90m`, `26h` or `7d`.

    Raises:
        ValueError: it is none, or longer than ten years.
    """
    found = re.fullmatch(r"([1-9][0-9]{0,6})([smhd])", text, re.ASCII)
    if found is None:
        raise ValueError("not a duration")
    span = timedelta(**{_UNITS[found[2]]: int(found[1])})
    if span > timedelta(days=3650):
        raise ValueError("longer than ten years")
    return span


def transport(name: str) -> str:
    """Return the name of a transport; `http` is short for streamable HTTP.

    Raises:
        argparse.ArgumentTypeError: there is none of that name.
    """
    if name == "http":
        return "streamable-http"
    if name not in TRANSPORTS:
        raise argparse.ArgumentTypeError(f"must be {', '.join(TRANSPORTS[:-1])} or sse")
    return name


def transport_in(words: Sequence[str]) -> str | None:
    """Return what a command line that cannot be parsed gives for `--transport`, if anything."""
    parser = _Parser(add_help=False)
    parser.add_argument("--transport")
    try:
        given: str | None = parser.parse_known_args(words)[0].transport
    except UsageError:
        return ""
    return given


def with_command(words: Sequence[str]) -> list[str]:
    """Return the words of a command line with the default command, `serve`, where none is named."""
    if not words or (words[0].startswith("-") and words[0] not in ("-h", "--help", "--version")):
        return ["serve", *words]
    return list(words)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands; it raises `UsageError` instead of exiting."""
    parser = _Parser(
        prog="hostup-mcp",
        description="Lets an assistant see HostUp backups and say whether a restore is possible.",
        epilog="Without a command it serves stdio. The key is read from HOSTUP_API_KEY.",
    )
    parser.add_argument("--version", action="version", version=f"hostup-mcp {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)
    serve = commands.add_parser("serve", help="serve MCP (default: over stdio)")
    serve.add_argument(
        "--transport",
        type=transport,
        metavar="{stdio,streamable-http,sse}",
        default="stdio",
        help="http is short for streamable-http",
    )
    serve.add_argument("--host", default="127.0.0.1", help="loopback address for HTTP")
    serve.add_argument("--port", type=int, default=8000, help="port for HTTP; 0 takes a free one")
    _sandbox_flag(serve)
    serve.add_argument(
        "--allow", metavar="GROUPS", help="create,restore,delete,schedule,spend,power|all"
    )
    serve.add_argument("--audit-log", metavar="PATH", help="file that records each write")
    serve.add_argument("--tokens", metavar="PATH", help="file of hashed tokens, for other callers")
    serve.add_argument("--state", metavar="URL", help="redis:// address that replicas share")
    token = commands.add_parser("token", help="make or revoke bearer tokens of callers over HTTP")
    actions = token.add_subparsers(dest="action", required=True, parser_class=_Parser)
    for action, what in (
        ("new", "print a new token once; only its hash is kept"),
        ("list", "print whose tokens are in the file"),
        ("revoke", "remove a token; servers refuse it from its next call on"),
    ):
        command = actions.add_parser(action, help=what)
        if action != "list":
            command.add_argument("name", metavar="NAME", help="whose token it is")
        command.add_argument("--tokens", metavar="PATH", required=True, help="file of the hashes")
    audit = commands.add_parser("audit", help="check an audit log for changes")
    verify = audit.add_subparsers(dest="action", required=True, parser_class=_Parser).add_parser(
        "verify", help="say up to which line the chain of an audit log holds"
    )
    verify.add_argument("file", metavar="FILE", help="the audit log")
    verify.add_argument(
        "--head",
        metavar="HASH",
        type=_hash,
        help="HMAC of a line that was noted elsewhere",
    )
    verify.add_argument(
        "--sandbox", action="store_true", help="accept lines of the sandbox account too"
    )
    commands.add_parser("demo", help="watch an assistant work on the sandbox account")
    setup = commands.add_parser("setup", help="print the entry that adds this to a client")
    setup.add_argument("client", nargs="?", metavar="CLIENT", help="without it: which there are")
    _sandbox_flag(setup)
    setup.add_argument(
        "--write",
        action="store_true",
        help="write it, after a question: claude-desktop and cursor",
    )
    doctor = commands.add_parser("doctor", help="check the configuration with one cheap read")
    _sandbox_flag(doctor)
    doctor.add_argument(
        "--shapes", action="store_true", help="print keys and types of HostUp's responses"
    )
    check = commands.add_parser("check", help="check all backups, for cron and monitoring")
    _sandbox_flag(check)
    check.add_argument(
        "--max-age",
        type=duration,
        metavar="AGE",
        default=timedelta(days=2),
        help="older than this is too old: 26h, 7d (default 2d)",
    )
    check.add_argument(
        "--schedules", action="store_true", help="also find scheduled runs that failed"
    )
    check.add_argument(
        "--timeout",
        type=duration,
        metavar="TIME",
        default=timedelta(minutes=10),
        help="give up after this time, waits for rate limits included (default 10m)",
    )
    output = check.add_mutually_exclusive_group()
    for name in ("json", "prometheus"):
        output.add_argument(f"--{name}", dest="output", action="store_const", const=name)
    check.set_defaults(output="text")
    commands.add_parser("health", help="ask the server of this container whether it is healthy")
    sandbox = commands.add_parser("sandbox", help="serve the sandbox account over HTTP")
    sandbox.add_argument("--port", type=int, default=8080, help="0 takes a free one")
    sandbox.add_argument(
        "--variant",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="contract variant or anomaly to play; may be repeated",
    )
    return parser


def _hash(text: str) -> str:
    if not re.fullmatch("[0-9A-Fa-f]{64}", text):
        raise argparse.ArgumentTypeError("an HMAC has 64 hexadecimal digits")
    return text.lower()


def _sandbox_flag(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--sandbox", action="store_const", const="1", help="use the sandbox account, no key needed"
    )


def settings_flags(arguments: argparse.Namespace) -> dict[str, str | None]:
    """Return the flags that `config.load` reads, by name; None if one was not given."""
    return {
        "sandbox": arguments.sandbox,
        "allow": getattr(arguments, "allow", None),
        "audit-log": getattr(arguments, "audit_log", None),
        "tokens": getattr(arguments, "tokens", None),
        "state": getattr(arguments, "state", None),
    }
