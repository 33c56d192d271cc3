"""`hostup-mcp sandbox`: serves the sandbox account over HTTP, on this machine only."""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence

import uvicorn

from .access import SANDBOX_API_KEY
from .core import Sandbox
from .variants import parse_variants


def serve_sandbox(port: int, variants: Sequence[str] = ()) -> int:
    """Serve until a signal to stop, and return the exit code. Port 0 takes a free port.

    `variants` are `NAME=VALUE`: contract variants and anomalies.
    """
    try:
        chosen, anomalies = parse_variants(variants)
        listener = socket.create_server(("127.0.0.1", port))
    except ValueError as error:
        return _fail(str(error))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        return _fail(f"cannot listen on port {port}: {reason}.")
    with listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        print(  # noqa: T201
            f"Serving the sandbox account at {address}\n"
            f"  HOSTUP_BASE_URL={address}\n  HOSTUP_API_KEY={SANDBOX_API_KEY}",
            flush=True,
        )
        sandbox = Sandbox(variants=chosen, anomalies=anomalies)
        config = uvicorn.Config(
            sandbox.app,
            log_config=None,
            access_log=False,
            date_header=not anomalies.clock_hours_ahead,
        )
        uvicorn.Server(config).run(sockets=[listener])
    return 0


def _fail(message: str) -> int:
    print(f"hostup-mcp: {message}", file=sys.stderr)  # noqa: T201
    return 2
