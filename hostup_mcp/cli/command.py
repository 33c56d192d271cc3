"""Parses the command line and calls the subcommand."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from hostup_mcp.cli.encoding import print_anywhere
from hostup_mcp.cli.parser import UsageError, make_parser, settings_flags, with_command
from hostup_mcp.stdio.opening import Opening


def run(given: Sequence[str], opening: Opening | None) -> int:
    """Run the command and return the exit code. `opening` is its session, if it is open already."""
    words = with_command(given)
    try:
        arguments = make_parser().parse_args(words)
    except UsageError as error:
        if words[0] == "serve":
            from hostup_mcp.cli.serve import serve_unusable

            return serve_unusable(words, f"The command line is wrong: {error.without_values()}.")
        if words[0] == "check":
            from hostup_mcp.cli.check import report_misuse

            return report_misuse(error.without_values())
        print(f"hostup-mcp: {error}. See hostup-mcp --help.", file=sys.stderr)  # noqa: T201
        return 2
    print_anywhere((sys.stdout, sys.stderr))
    try:
        return _run(arguments, opening)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # as in `hostup-mcp sandbox | head -1`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1


def _run(arguments: argparse.Namespace, opening: Opening | None) -> int:
    match arguments.command:
        case "check":
            from hostup_mcp.cli.check import Options, check
            from hostup_mcp.config import load

            options = Options(
                arguments.max_age, arguments.timeout, arguments.schedules, arguments.output
            )
            return check(load(settings_flags(arguments), os.environ), options)
        case "demo":
            from hostup_mcp.cli.demo import demo

            return demo()
        case "doctor":
            from hostup_mcp.cli.doctor import doctor
            from hostup_mcp.config import load

            return doctor(load(settings_flags(arguments), os.environ), shapes=arguments.shapes)
        case "health":
            from hostup_mcp.cli.health import health

            return health()
        case "setup":
            from hostup_mcp.cli.setup import setup

            return setup(arguments)
        case "sandbox":
            from hostup_mcp.sandbox.serve import serve_sandbox

            return serve_sandbox(arguments.port, arguments.variant)
        case "audit":
            from hostup_mcp.cli.audit import audit

            return audit(arguments)
        case "token":
            from hostup_mcp.cli.token import token

            return token(arguments)
        case _:
            from hostup_mcp.cli.serve import serve

            return serve(arguments, opening)
