"""Loads the SDK for a stdio session, in less time than a plain import of it takes."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


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
    """Import the SDK.

    It builds the validators of all messages of all revisions, client's side included: a quarter of
    its loading time. A session uses few of them: pydantic builds these when they are first used.
    """
    with _building_late():
        import mcp.server  # noqa: F401


@contextmanager
def _building_late() -> Iterator[None]:
    """Have what is defined meanwhile build its validators late. In one thread only."""
    from pydantic import BaseModel, ConfigDict, PydanticUserError, TypeAdapter

    build = TypeAdapter.__init__

    def build_late(
        adapter: TypeAdapter[object],
        its: Any,
        *,
        config: ConfigDict | None = None,
        _parent_depth: int = 2,
        module: str | None = None,
    ) -> None:
        depth, late = _parent_depth + 1, ConfigDict(**(config or {}), defer_build=True)
        try:
            build(adapter, its, config=late, _parent_depth=depth, module=module)
        except PydanticUserError:  # a model, which has its own configuration
            build(adapter, its, config=config, _parent_depth=depth, module=module)

    # Subclasses inherit it, and pydantic has no public switch for adapters.
    BaseModel.model_config["defer_build"] = True
    TypeAdapter.__init__ = build_late  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        TypeAdapter.__init__ = build  # type: ignore[method-assign]
        del BaseModel.model_config["defer_build"]


def loaded() -> None:
    """Turn garbage collection on, but not for what is there by now: it stays."""
    gc.freeze()
    gc.enable()
