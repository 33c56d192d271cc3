"""What the product promises holds in real agent frameworks and clients, with a scripted model."""

from __future__ import annotations

import re
from typing import Any

import pytest
from support.catalog import READING, WRITING

from .conftest import Product
from .libraries import PLAN_ID, Driver, agrees, declines

pytestmark = pytest.mark.frameworks


def confirm(driver: Driver) -> str:
    """What the operator sets for a library: to trust it where it has a question of its own."""
    return "client" if driver.library.asks == "approval" else "person"


def test_every_tool_but_the_panels_is_offered(driver: Driver, product: Product) -> None:
    with driver.converse(product.over_http()) as model:
        assert set(model.tools) == READING | WRITING


def test_servers_and_backups_are_read(driver: Driver, product: Product) -> None:
    web = product.sandbox.state.by_name("web-01")
    with driver.converse(product.over_http()) as model:
        servers = model.call("list_vps")
        vps, backups = model.backups("web-01")
    assert vps == web.id
    assert "web-01" in servers
    assert "staging" in servers
    for backup in web.backups:
        assert backup.id in backups
    assert product.sandbox.writes == []


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("list_vps_backups", {"id": "vps_Invented1"}),
        (
            "plan_restore",
            {"id": "vps_Invented1", "mode": "in_place", "backupId": "bkp_Invented1"},
        ),
    ],
    ids=["server", "plan"],
)
def test_an_invented_id_is_refused(
    driver: Driver, product: Product, tool: str, arguments: dict[str, Any]
) -> None:
    with driver.converse(product.over_http()) as model:
        heard = model.call(tool, **arguments)
        assert "list_vps" in heard
        assert "data[].id" in heard
        assert product.sandbox.requests == []
        assert model.find("web-01"), "the model can go on from there"


def test_a_declined_restore_sends_nothing(driver: Driver, product: Product) -> None:
    with driver.converse(product.over_http(confirm(driver)), declines) as model:
        _, _, plan = model.plan("web-01")
        heard = model.call("restore_vps", planId=plan)
        assert len(model.questions) == 1
    if driver.library.asks == "elicitation":
        assert "The user declined. What was asked: Restore" in heard
        assert "web-01" in model.questions[0]
    else:
        assert "not approved" in heard
    assert product.sandbox.writes == []


def test_an_accepted_restore_is_carried_out_once(driver: Driver, product: Product) -> None:
    with driver.converse(product.over_http(confirm(driver)), agrees) as model:
        vps, backup, plan = model.plan("web-01")
        assert product.sandbox.writes == []
        heard = model.call("restore_vps", planId=plan)
        assert len(model.questions) == 1
        again = model.call("restore_vps", planId=plan)
    [write] = product.sandbox.writes
    assert (write.method, write.path) == (
        "POST",
        f"/api/v2/vps/{vps}/backups/{backup}/actions/restore",
    )
    assert "get_job" in heard
    assert "othing was changed" in again


def test_without_a_user_the_answer_is_no(driver: Driver, product: Product) -> None:
    with driver.converse(product.over_http()) as model:
        vps, _, plan = model.explain("web-01")
        heard = model.call("set_vps_power", id=vps, action="stop")
        assert model.questions == []
    assert "This client cannot ask the user for their yes" in plan
    assert re.search(PLAN_ID, plan) is None
    assert "which this client cannot ask for. Nothing was changed." in heard
    for said in (plan, heard):
        assert "HOSTUP_MCP_CONFIRM" in said
    assert product.sandbox.writes == []


def test_a_restore_over_stdio_is_sent_once(driver: Driver, product: Product) -> None:
    with driver.converse(product.over_stdio(confirm(driver)), declines) as model:
        assert {*model.tools} >= READING | WRITING
        _, backup, plan = model.plan("web-01")
        model.call("restore_vps", planId=plan)
        assert product.sandbox.writes == []
        model.reply = agrees
        assert "get_job" in model.call("restore_vps", planId=plan)
        assert len(model.questions) == 2
    [write] = product.sandbox.writes
    assert backup in write.path
