"""A fingerprint changes with anything that a proposal rests on, and with nothing else."""

from dataclasses import replace
from typing import Any

import pytest

from hostup_mcp.hostup.requests import WriteRequest
from hostup_mcp.server.writes.proposal import Proposal, fingerprint

from .bench import DESTRUCTIVE, FOLLOW_UP, HARMLESS, OTHER_VPS, request

SAME: dict[str, dict[str, Any]] = {
    "question": {"question": replace(DESTRUCTIVE.question, to_type="another")},
    "follow-up": {"follow_up": replace(FOLLOW_UP, doing="Other words")},
    "scopes": {"request": replace(request(), scopes=("another",))},
}
OTHER: dict[str, Proposal] = {
    "kind": HARMLESS,
    "server": replace(DESTRUCTIVE, vps_id=OTHER_VPS),
    "method": replace(DESTRUCTIVE, request=replace(request(), method="PUT")),
    "path": replace(DESTRUCTIVE, request=request("/api/v2/vps/x")),
    "body": replace(DESTRUCTIVE, request=replace(request(), body={"note": "y"})),
    "no body": replace(DESTRUCTIVE, request=replace(request(), body=None)),
    "fact": replace(DESTRUCTIVE, facts={"name": "web-02"}),
    "no fact": replace(DESTRUCTIVE, facts={}),
    "one fact more": replace(DESTRUCTIVE, facts={**DESTRUCTIVE.facts, "address": None}),
    "type of a fact": replace(DESTRUCTIVE, facts={"name": ["web-01"]}),
}


@pytest.mark.parametrize("changes", SAME.values(), ids=SAME)
def test_texts_do_not_count(changes: dict[str, Any]) -> None:
    assert fingerprint(replace(DESTRUCTIVE, **changes)) == fingerprint(DESTRUCTIVE)


@pytest.mark.parametrize("other", OTHER.values(), ids=OTHER)
def test_anything_else_counts(other: Proposal) -> None:
    assert fingerprint(other) != fingerprint(DESTRUCTIVE)


def test_the_order_of_facts_does_not_count() -> None:
    one = replace(DESTRUCTIVE, facts={"a": 1, "b": {"c": 2, "d": 3}})
    other = replace(DESTRUCTIVE, facts={"b": {"d": 3, "c": 2}, "a": 1})
    assert fingerprint(one) == fingerprint(other)


def test_requests_are_equal_as_data() -> None:
    assert request() == WriteRequest("POST", request().path, {"note": "x"}, scopes=("backup:vm",))
