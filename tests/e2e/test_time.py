"""Moments as the user's clock shows them, end to end over stdio."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.account import Upstream
from support.product import MODERN

from hostup_mcp.sandbox import Anomalies, ManualClock, Sandbox

from .harness import Product

STOCKHOLM = "Europe/Stockholm"
NOW = datetime(2026, 10, 25, 15, 40, tzinfo=UTC)
"""A Sunday afternoon; the clocks went back in the night before."""

MOMENTS = {
    "bkp_after": (datetime(2026, 10, 25, 1, 30, tzinfo=UTC), "Sun 2026-10-25 02:30 CET (01:30Z)"),
    "bkp_before": (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), "Sun 2026-10-25 02:30 CEST (00:30Z)"),
    "bkp_ten": (datetime(2026, 10, 24, 8, 0, tzinfo=UTC), "Sat 2026-10-24 10:00 CEST (08:00Z)"),
    "bkp_ten_utc": (
        datetime(2026, 10, 24, 10, 0, tzinfo=UTC),
        "Sat 2026-10-24 12:00 CEST (10:00Z)",
    ),
    "bkp_midnight": (
        datetime(2026, 10, 23, 22, 10, tzinfo=UTC),
        "Sat 2026-10-24 00:10 CEST (2026-10-23 22:10Z)",
    ),
}


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    """The product at a HostUp whose clock says `NOW`; web-01 has backups of that night."""
    upstream = Upstream(dated=False)
    # A second ahead, so that HostUp's responses say what time it is there.
    ahead = Anomalies(clock_hours_ahead=1 / 3600)
    box = Sandbox(clock=ManualClock(NOW), rate_limit=None, anomalies=ahead)
    upstream.sandbox = box
    web = box.state.by_name("web-01")
    backups = [
        replace(web.backups[0], id=id_, created_at=when) for id_, (when, _) in MOMENTS.items()
    ]
    box.state.put(replace(web, backups=tuple(backups)))
    yield Product(tmp_path, upstream)
    upstream.close()


@pytest.mark.parametrize("variable", ["TZ", "HOSTUP_MCP_TIMEZONE"])
async def test_yesterday_at_ten_is_unambiguous(product: Product, variable: str) -> None:
    async with product.by_stdio(MODERN, None, "--allow", "restore", **{variable: STOCKHOLM}) as it:
        vps = await it.find("web-01")
        listed = await it.call("list_vps_backups", id=vps)
        plan = await it.call("plan_restore", id=vps, mode="new_cloud_vps", backupId="bkp_ten")
    assert listed.text.startswith(
        f'"web-01" (192.0.2.10, {vps}). Now: Sun 2026-10-25 16:40 CET (15:40Z).\n'
    )
    for id_, (_, text) in MOMENTS.items():
        assert f"\n{id_} · {text} · " in listed.text
    [ten] = re.findall(r"^(\w+) · Sat 2026-10-24 10:00 ", listed.text, re.M)
    assert ten == "bkp_ten"
    order = re.findall(r"^(bkp_\w+) · ", listed.text, re.M)
    assert order == ["bkp_after", "bkp_before", "bkp_ten_utc", "bkp_ten", "bkp_midnight"]
    assert listed.data["now"].startswith("2026-10-25T15:40:"), "data is in UTC"
    assert "new_cloud_vps, backup from Sat 2026-10-24 10:00 CEST (08:00Z): " in plan.text
    assert not re.search(r"\d{4}-\d\d-\d\dT", listed.text + plan.text)


async def test_without_a_zone_it_is_utc(product: Product) -> None:
    async with product.by_stdio(MODERN, None) as assistant:
        listed = await assistant.call("list_vps_backups", id=await assistant.find("web-01"))
    assert "Now: Sun 2026-10-25 15:40 UTC." in listed.text
    assert "\nbkp_ten · Sat 2026-10-24 08:00 UTC · " in listed.text
