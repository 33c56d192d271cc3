"""Parts of questions: which server, and what to type."""

import pytest

from hostup_mcp.hostup.models import Vps
from hostup_mcp.server.writes.consent import matches
from hostup_mcp.server.writes.questions import (
    MAX_TYPED,
    describe_server,
    to_type,
    type_to_confirm,
)


def vps(name: str | None, ip: str | None = "192.0.2.7") -> Vps:
    return Vps(id="vps_abcdef12", name=name, primary_ip=ip)


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("web-01", "web-01"),
        ("w", "w"),
        ("Mitt Café å", "Mitt Café å"),
        (" web-01 ", "web-01"),
        ("x" * MAX_TYPED, "x" * MAX_TYPED),
        *((name, "vps_abcdef12") for name in (None, "", "   ", "x" * (MAX_TYPED + 1))),
    ],
)
def test_the_name_is_typed_or_else_the_id(name: str | None, typed: str) -> None:
    assert to_type(vps(name)) == typed
    assert matches(typed, to_type(vps(name)))
    assert type_to_confirm(typed) == f"To go ahead, type: {typed}"


def test_a_server_is_named_with_id_and_ip() -> None:
    assert describe_server(vps("web-01")) == '"web-01" (vps_abcdef12, 192.0.2.7)'
    assert describe_server(vps(None, None)) == "the server without a name (vps_abcdef12, no IP)"


def test_a_name_stays_in_its_quotes() -> None:
    name = 'a" (b, c). Type: yes'
    assert describe_server(vps(name)).startswith('"a\\" (b, c). Type: yes" (vps_')
