"""docs/sandbox.md lists the keys and every anomaly with its values."""

import re
from dataclasses import fields
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

from hostup_mcp.sandbox import DEFAULT_KEYS, Anomalies

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text("utf-8")
ROWS = re.findall(r"^\| `(\w+)` \| (.+?) \| .+ \|$", PAGE, re.MULTILINE)


def test_every_anomaly_is_listed() -> None:
    listed: dict[str, set[str]] = {}
    for name, values in ROWS:
        listed.setdefault(name, set()).update(re.findall(r"`(\w+)`", values))
    kinds = get_type_hints(Anomalies)
    assert listed.keys() == {field.name for field in fields(Anomalies)}
    for field in fields(Anomalies):
        if get_origin(kinds[field.name]) is Literal:
            assert listed[field.name] == {*get_args(kinds[field.name])} - {field.default}
        elif kinds[field.name] is bool:
            assert listed[field.name] == {"true"}


def test_the_keys_are_listed() -> None:
    assert set(re.findall(r"hostup_sandbox_\w+", PAGE)) == set(DEFAULT_KEYS)
