"""The shape of a JSON document: which types stand at which path, never a value."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from hostup_mcp.hostup.base import Model
from hostup_mcp.hostup.text import Json

Shape: TypeAlias = Mapping[str, frozenset[str]]
"""Types by path, as in `{"data[].name": {"string", "null"}}`."""

_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z_]*[0-9]{0,2}")
"""A key that does not match may be somebody's data, such as an id, and is not shown."""


def shape_of(document: Json) -> Shape:
    """Return the types that occur in `document`. Items of a list share one path."""
    return _collected(_walk(document, ""))


def expected_shape(model: type[Model]) -> Shape:
    """Return the types that `model` reads. Null, which may stand anywhere, is left out."""
    schema = model.model_json_schema(by_alias=True)
    return _collected(_walk_schema(schema, schema.get("$defs", {}), ""))


def _collected(found: Iterator[tuple[str, str]]) -> Shape:
    types: dict[str, set[str]] = defaultdict(set)
    for path, kind in found:
        if path:
            types[path].add(kind)
    return {path: frozenset(kinds) for path, kinds in types.items()}


def _walk(value: Json, path: str) -> Iterator[tuple[str, str]]:
    match value:
        case dict():
            yield path, "object"
            for key, each in value.items():
                yield from _walk(each, _below(path, key if _FIELD_NAME.fullmatch(key) else "*"))
        case list():
            yield path, "array"
            for each in value:
                yield from _walk(each, f"{path}[]")
        case None:
            yield path, "null"
        case bool():
            yield path, "boolean"
        case str():
            yield path, "string"
        case _:
            yield path, "number"


def _walk_schema(
    schema: Mapping[str, Any], definitions: Mapping[str, Any], path: str
) -> Iterator[tuple[str, str]]:
    if name := schema.get("$ref"):
        schema = definitions[name.rpartition("/")[2]]
    for choice in schema.get("anyOf", ()):
        yield from _walk_schema(choice, definitions, path)
    kind = schema.get("type")
    if kind is None or kind == "null":
        return
    yield path, "number" if kind == "integer" else kind
    for key, each in schema.get("properties", {}).items():
        yield from _walk_schema(each, definitions, _below(path, key))
    if kind == "array":
        yield from _walk_schema(schema["items"], definitions, f"{path}[]")


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
