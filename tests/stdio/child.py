"""A small server in a process of its own, for the tests of a stdio session.

It opens as the product does: `open_stdio()` first, then the imports, then `serve_stdio()`.
"""

import argparse
import os
import signal
import sys
import time
from pathlib import Path

from hostup_mcp.stdio.opening import open_stdio


def main() -> int:
    flags = argparse.ArgumentParser()
    flags.add_argument("--prepared", help="the result that is answered early")
    flags.add_argument("--late", action="store_true", help="open with the session, not before")
    flags.add_argument("--plain", action="store_true", help="the SDK's own session, to compare")
    flags.add_argument("--prepare", metavar="PATH", help="write the result, and serve nothing")
    flags.add_argument("--loading", type=float, default=0, help="seconds that loading takes more")
    flags.add_argument("--marker", metavar="PATH", help="what lifespan and tools write on")
    flags.add_argument("--stuck-cleanup", action="store_true")
    flags.add_argument("--deaf", action="store_true", help="no signal wakes the main thread")
    flags.add_argument("--broken-loop", action="store_true", help="the SDK's loop fails at once")
    options = flags.parse_args()

    opening = None
    if not (options.late or options.plain or options.prepare):
        opening = open_stdio(options.prepared, unlocked="")
        sys.stdout.write("printed while loading\n")
        os.write(1, b"written while loading\n")
        # In slices, as imports are: a signal on the way into one long sleep is seen after it only.
        until = time.monotonic() + options.loading
        while time.monotonic() < until:
            time.sleep(0.01)

    from child_tools import build_server

    from hostup_mcp.stdio.prepare import prepare, to_text
    from hostup_mcp.stdio.session import serve_stdio

    server = build_server(options.marker, options.stuck_cleanup)
    if options.deaf:
        # As for a signal that comes on the way into a wait: its handler runs after the wait.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    if options.prepare:
        text = to_text(prepare(server, {"": server.instructions}, {}))
        Path(options.prepare).write_text(text, encoding="utf-8")
        return 0
    if options.plain:
        server.run("stdio")
        return 0
    if options.broken_loop:
        break_loop()
    return serve_stdio(server, opening)


def break_loop() -> None:
    from hostup_mcp.stdio import session

    async def fail(*_: object, **__: object) -> None:
        raise LookupError("a defect of the loop")

    session.serve_dual_era_loop = fail


if __name__ == "__main__":
    sys.exit(main())
