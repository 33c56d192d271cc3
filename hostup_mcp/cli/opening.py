"""Opens a stdio session, before the command line is parsed if it is a usual one.

argparse takes half as long as all the rest of the opening. Only light modules of the standard
library may be imported here, and on the way here.
"""

from __future__ import annotations

import os
import sys

from hostup_mcp.stdio.early import unlocked_groups
from hostup_mcp.stdio.opening import Opening, open_stdio

TYPE_CHECKING = False  # the one of `typing` would cost its import
if TYPE_CHECKING:
    from collections.abc import Sequence


def open_at_once(words: Sequence[str]) -> Opening | None:
    """Open the session that `words` ask for; None if they may ask for anything else."""
    allow, rest = None, iter(words[1:] if words[:1] == ["serve"] else words)
    for word in rest:
        flag, has_value, value = word.partition("=")
        if word == "--sandbox":
            continue
        value = value if has_value else next(rest, "-")
        if flag != "--allow" or value.startswith("-"):
            return None
        allow = value
    return open_session(allow)


def open_session(allow: str | None) -> Opening:
    """Open a session with the value of `--allow`, None if it was not given."""
    if sys.stdin is not None and sys.stdin.isatty():
        # Started by hand: say what it waits for.
        print(  # noqa: T201
            "hostup-mcp is waiting for an MCP client (Ctrl-C stops it). Try it: hostup-mcp demo",
            file=sys.stderr,
        )
    variable = os.environ.get("HOSTUP_MCP_ALLOW", "")
    return open_stdio(unlocked=unlocked_groups(allow, variable))
