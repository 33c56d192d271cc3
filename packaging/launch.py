"""Entry point of the desktop bundle: passes the user's settings on to the server.

A host passes each checkbox as `true` or `false`; for an empty field, some pass `${user_config.…}`
literally. Only the standard library is imported before the server responds.
"""

import os
import sys
from pathlib import Path

BUNDLE = Path(__file__).resolve().parent.parent
BOX = "HOSTUP_BUNDLE_"
GROUPS = ("create", "restore", "delete", "schedule", "spend", "power")


def settings(environ: dict[str, str]) -> dict[str, str]:
    """The server's own variables, from what the host set."""
    given = {name: value for name, value in environ.items() if "${user_config." not in value}
    rest = {name: value for name, value in given.items() if not name.startswith(BOX)}
    ticked = [name for name in GROUPS if given.get(f"{BOX}ALLOW_{name.upper()}") == "true"]
    rest["HOSTUP_MCP_ALLOW"] = ",".join(ticked)
    if given.get(f"{BOX}SANDBOX") == "true":
        rest["HOSTUP_SANDBOX"] = "1"
    rest["HOSTUP_MCP_CONFIRM"] = "client" if given.get(f"{BOX}CLIENT_CONFIRMS") == "true" else ""
    rest["HOSTUP_MCP_PROBE"] = "1" if given.get(f"{BOX}PROBE") == "true" else ""
    if folder := given.get(f"{BOX}AUDIT_FOLDER"):
        rest["HOSTUP_MCP_AUDIT_LOG"] = str(Path(folder) / "hostup-mcp.jsonl")
    return rest


if __name__ == "__main__":
    wanted = settings(dict(os.environ))
    os.environ.clear()
    os.environ.update(wanted)
    # The interpreter put this file's own folder first; the package is beside it.
    sys.path[0] = str(BUNDLE)
    from hostup_mcp.cli import main

    raise SystemExit(main(["serve"]))
