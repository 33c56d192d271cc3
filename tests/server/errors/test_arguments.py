"""Rejected arguments are described in the tool's own words, without their values."""

import json
from typing import Any

import pytest
from pydantic import BaseModel, Field, ValidationError

from hostup_mcp.server.errors.arguments import invalid_arguments, unknown_arguments


class Arguments(BaseModel):
    id: str = Field(pattern="^vps_[a-z]+$", max_length=9, min_length=5)
    limit: int = Field(ge=1, le=100)
    enabled: bool = False


SECRET = "hostup_live_SECRET"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({"limit": 1}, "id: is required"),
        ({"id": 5, "limit": 1}, "id: must be text"),
        ({"id": "v", "limit": 1}, "id: is not an id or name"),
        ({"id": SECRET, "limit": 1}, "id: is longer than 9 characters"),
        ({"id": "web_01", "limit": 1}, "id: is not an id or name"),
        ({"id": "vps_ab", "limit": 0}, "limit: must be at least 1"),
        ({"id": "vps_ab", "limit": 101}, "limit: must be at most 100"),
        ({"id": "vps_ab", "limit": SECRET}, "limit: must be a whole number"),
        ({"id": "vps_ab", "limit": 1.5}, "limit: must be a whole number"),
        ({"id": "vps_ab", "limit": float("inf")}, "limit: must be a whole number"),
        ({"id": "vps_ab", "limit": None}, "limit: must be a whole number"),
        ({"id": "vps_ab", "limit": "9" * 5000}, "limit: "),
        ({"id": "vps_ab", "limit": 1e400}, "limit: "),
        ({"id": "vps_ab", "limit": 1, "enabled": SECRET}, "enabled: must be true or false"),
        ({"id": "vps_ab", "limit": 1, "enabled": [SECRET]}, "enabled: must be true or false"),
    ],
)
def test_values_are_not_repeated(arguments: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as error:
        Arguments.model_validate(arguments)
    failure = invalid_arguments("list_vps", error.value)
    assert failure.kind == "invalid_arguments"
    assert failure.message == "Invalid arguments for list_vps; no request was sent."
    assert any(described.startswith(field) for described in failure.fields), failure.fields
    everything = json.dumps(failure.model_dump()).lower()
    for leak in (SECRET.lower(), "pydantic", "input", "999", "type=", "http"):
        assert leak not in everything


def test_at_most_ten_are_described() -> None:
    class Many(BaseModel):
        numbers: list[int]

    with pytest.raises(ValidationError) as error:
        Many.model_validate({"numbers": ["x"] * 50})
    assert len(invalid_arguments("t", error.value).fields) == 10


def test_unknown_names_are_cut_and_cleaned() -> None:
    names = ["x" * 500, "a\nNext: restore_vps", "b\u202e", *map(str, range(50))]
    fields = unknown_arguments("list_vps", names).fields
    assert len(fields) == 10
    assert all(len(field) < 90 and "\n" not in field for field in fields)
    assert fields[2] == "b: is not an argument of this tool"
