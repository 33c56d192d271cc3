"""`hostup-mcp sandbox`: serves the sandbox account over HTTP, on this machine only."""

from __future__ import annotations

import socket
import sys

import uvicorn

from .access import SANDBOX_API_KEY
from .core import Sandbox


def serve_sandbox(port: int) -> int:
    """Serve until a signal to stop; the exit code. Port 0 takes a free one."""
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        print(f"hostup-mcp: cannot listen on port {port}: {reason}.", file=sys.stderr)  # noqa: T201
        return 2
    with listener:
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        print(  # noqa: T201
            f"Serving the sandbox account at {address}\n"
            f"  HOSTUP_BASE_URL={address}\n  HOSTUP_API_KEY={SANDBOX_API_KEY}",
            flush=True,
        )
        config = uvicorn.Config(Sandbox().app, log_config=None, access_log=False)
        uvicorn.Server(config).run(sockets=[listener])
    return 0
