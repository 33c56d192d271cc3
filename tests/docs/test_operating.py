"""The page on operating has every metric."""

from __future__ import annotations

from hostup_mcp.remote.metrics import Metrics

from .pages import table


def test_every_metric_is_listed() -> None:
    rows = table("docs/operating.md", "metric", "what it counts")
    shown = [name for names, _ in rows for name in names]
    there_are = {
        f"{family.name}_total" if family.type == "counter" else family.name
        for family in Metrics().registry.collect()
    }
    assert sorted(shown) == sorted(there_are)
