"""`hostup-mcp serve`, the default: serves MCP over stdio, streamable HTTP or SSE.

Imports stay inside the functions: a stdio session must be answered before the rest is loaded.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from hostup_mcp.cli.opening import open_session
from hostup_mcp.cli.parser import settings_flags, transport_in
from hostup_mcp.stdio.opening import Opening


def serve(arguments: argparse.Namespace, opening: Opening | None) -> int:
    """Serve MCP over the transport that was chosen and return the exit code."""
    flags = settings_flags(arguments)
    if arguments.transport == "stdio":
        return _serve_stdio(flags, opening or open_session(flags["allow"]))
    from hostup_mcp.config import Misconfigured, load

    has_callers = _has_callers(flags["tokens"])
    settings = load(flags, os.environ)
    if isinstance(settings, Misconfigured):
        return _end(" ".join(settings.problems), has_callers)
    from hostup_mcp.cli.logs import log_to_stderr

    log_to_stderr(as_json=has_callers)
    from hostup_mcp.remote.app import Listen
    from hostup_mcp.remote.serve import ServeError, serve_http

    try:
        return serve_http(settings, Listen(arguments.transport, arguments.host, arguments.port))
    except ServeError as error:
        return _end(str(error), has_callers)


def _has_callers(tokens: str | None) -> bool:
    """Return whether callers authenticate, so this is a service with a log in JSON."""
    variables = ("HOSTUP_MCP_TOKENS", "HOSTUP_MCP_OAUTH_ISSUER")
    return bool(tokens or any(os.environ.get(variable) for variable in variables))


def _end(problem: str, has_callers: bool) -> int:
    """Say why the server does not start, in the form of its log, and return the exit code."""
    if has_callers:
        import logging

        from hostup_mcp.cli.logs import log_to_stderr

        log_to_stderr(as_json=True)
        logging.getLogger(__name__).error(problem)
    else:
        print(f"hostup-mcp: {problem}", file=sys.stderr)  # noqa: T201
    return 2


def _serve_stdio(flags: dict[str, str | None], opening: Opening, *usage: str) -> int:
    from hostup_mcp.stdio.loading import load_sdk, loaded, start_loading

    start_loading()
    from hostup_mcp.config import Misconfigured, Settings, load

    configuration = Misconfigured(usage) if usage else load(flags, os.environ)
    opening.configured(isinstance(configuration, Settings))
    load_sdk()
    from hostup_mcp.cli.logs import log_to_stderr

    log_to_stderr()
    from hostup_mcp.server.app import serve_with
    from hostup_mcp.server.services import Services
    from hostup_mcp.stdio.session import serve_stdio
    from hostup_mcp.stdio.state import stdio_state
    from hostup_mcp.wording.formats import system_language, system_zone

    services = Services(
        configuration,
        state=stdio_state(configuration),
        default_zone=system_zone,
        default_language=system_language,
    )
    server = serve_with(services, is_late=True)
    loaded()
    return serve_stdio(server, opening, services.in_flight.stop)


def serve_unusable(words: Sequence[str], problem: str) -> int:
    """Serve although the command line is wrong and return the exit code.

    Over stdio every tool then reports the problem, since a client shows nothing of a process that
    has ended. Over HTTP, or with a transport that does not exist, the command ends.
    """
    if transport_in(words) not in (None, "stdio"):
        tokens = [word for word in words if word.split("=")[0] == "--tokens"]
        return _end(problem, _has_callers(tokens[0] if tokens else None))
    return _serve_stdio({}, open_session(""), problem)
