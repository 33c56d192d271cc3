"""Loads the SDK for a stdio session, in less time than a plain import of it takes."""

from __future__ import annotations

import gc
import sys
from contextlib import suppress


def start_loading() -> None:
    """Prepare for imports. Garbage collection stays off until `loaded` is called.

    It would take a tenth of the loading time and find nothing.
    """
    gc.disable()
    # httpx would load its command line, and the SDK colours for a log that we replace. Both are
    # optional there, and without them a session starts 5 % sooner.
    for unwanted in ("httpx._main", "rich"):
        sys.modules.setdefault(unwanted, None)  # type: ignore[arg-type]


def load_sdk() -> None:
    """Import the SDK."""
    # The SDK builds validators of all messages of both eras of the protocol, a sixth of the loading
    # time. A session speaks one of them, and uses few messages: pydantic builds these then.
    with suppress(ImportError):
        from mcp_types import _wire_base

        _wire_base.WireModel.model_config["defer_build"] = True
    import mcp.server  # noqa: F401


def loaded() -> None:
    """Turn garbage collection on, but not for what is there by now: it stays."""
    gc.freeze()
    gc.enable()
