"""The tools by what they do."""

from __future__ import annotations

from hostup_mcp.server import catalog

READING = frozenset(catalog.READING)
WRITING = frozenset(n for n, tool in catalog.WRITING.items() if not tool.confirmed_in_panel)
DESTRUCTIVE = frozenset(n for n in WRITING if not catalog.WRITING[n].is_always_harmless)
GROUPS = {name: catalog.WRITING[name].group.value for name in sorted(WRITING)}
