"""Random calls of every tool that the server lists, made from the input schemas."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]
Arguments = dict[str, Any]

IDS = ("id", "backupId", "sourceVpsId", "snapshotName", "planId", "jobId", "writeId")
WORDS = ("probe-1", "a", "before_upgrade", "x9", "v1.0", "stockholm", "Nightly", "192.0.2.1", "-")
INVENTED = {
    "id": "vps_01hxinvented000000",
    "backupId": "bkp_01hxinvented000000",
    "sourceVpsId": "vps_01hxinvented111111",
    "snapshotName": "never-made",
    "planId": "v1.bm90LWEtcGxhbg",
    "jobId": "job_01hxinvented000000",
    "writeId": "0123456789abcdef",
}


@dataclass(frozen=True)
class Offered:
    """A tool as listed by `tools/list`."""

    name: str
    schema: Schema
    results: frozenset[str]
    read_only: bool
    may_destroy: bool

    @property
    def properties(self) -> dict[str, Schema]:
        """The arguments and their schemas."""
        found: dict[str, Schema] = self.schema.get("properties", {})
        return found

    @property
    def required(self) -> frozenset[str]:
        """The required arguments."""
        return frozenset(self.schema.get("required", ()))

    @property
    def plans(self) -> bool:
        """Whether it returns plans."""
        return self.read_only and "planId" in self.results

    @property
    def looks(self) -> bool:
        """Whether it reads one server and requires only its id."""
        return self.read_only and set(self.properties) == {"id"}


def offered(tools: Iterable[Any]) -> list[Offered]:
    """The tools of a `tools/list`; missing hints have the protocol's defaults."""
    found = []
    for tool in tools:
        hints = tool.annotations
        read_only = bool(hints and hints.read_only_hint)
        destroys = hints.destructive_hint if hints is not None else None
        found.append(
            Offered(
                tool.name,
                tool.input_schema,
                frozenset((tool.output_schema or {}).get("properties", {})),
                read_only,
                not read_only and destroys is not False,
            )
        )
    return found


@dataclass
class Known:
    """The ids and plans that results returned, and the arguments of each plan."""

    vps: list[str] = field(default_factory=list)
    backups: dict[str, list[str]] = field(default_factory=dict)
    snapshots: dict[str, list[str]] = field(default_factory=dict)
    sources: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    plans: dict[str, Arguments] = field(default_factory=dict)
    jobs: list[str] = field(default_factory=list)
    writes: list[str] = field(default_factory=list)
    looked: set[str] = field(default_factory=set)

    def learn(self, arguments: Arguments, result: Any) -> None:
        """Record the ids of a result, or the id of the write in its error."""
        if not isinstance(result, dict):
            return
        if isinstance(error := result.get("error"), dict):
            if isinstance(write := error.get("writeId"), str):
                self.writes.append(write)
            return
        vps = arguments.get("id")
        if isinstance(plan := result.get("planId"), str):
            self.plans[plan] = arguments
        if isinstance(job := result.get("jobId"), str):
            self.jobs = [*self.jobs[-20:], job]
        for item in _items(result, "data"):
            id_ = str(item.get("id", ""))
            if id_.startswith("vps_") and id_ not in self.vps:
                self.vps.append(id_)
        if not isinstance(vps, str):
            return
        if "backups" in result:
            self.backups[vps] = [item["id"] for item in _items(result, "backups")]
        if "data" in result:
            self.snapshots[vps] = [str(item["name"]) for item in _items(result, "data")]
        if "sources" in result:
            self.sources[vps] = [
                (source["id"], backup["id"])
                for source in _items(result, "sources")
                for backup in _items(source, "backups")
            ]

    def forget(self, vps: str) -> None:
        """Forget a server that must not be written to any more."""
        self.vps = [known for known in self.vps if known != vps]
        self.plans = {plan: args for plan, args in self.plans.items() if args.get("id") != vps}

    def plan_of(self, vps: str) -> str | None:
        """The newest plan for a server."""
        return next((p for p in reversed(self.plans) if self.plans[p].get("id") == vps), None)


def _items(document: dict[str, Any], key: str) -> list[dict[str, Any]]:
    value = document.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


class Maker:
    """Makes arguments for one tool and one server."""

    def __init__(self, pick: random.Random, known: Known) -> None:
        self._random = pick
        self._known = known

    def arguments(self, tool: Offered, vps: str | None) -> Arguments:
        """Arguments that are mostly valid, and sometimes wrong on purpose."""
        sensible = self._random.random() < 0.92
        made: Arguments = {}
        chosen = self._enums(tool)
        source = self._source(vps)
        for name, schema in tool.properties.items():
            if name in tool.required or self._wanted(tool, name, schema, chosen, sensible):
                made[name] = self._value(tool, name, schema, vps, chosen, source, sensible)
        if sensible and {"jobId", "writeId"} <= made.keys():
            del made["jobId" if self._known.writes and self._random.random() < 0.5 else "writeId"]
        if not sensible and self._random.random() < 0.3:
            made["surprise"] = 1
        return {name: value for name, value in made.items() if value is not None}

    def _enums(self, tool: Offered) -> dict[str, str]:
        """A random value for each argument with an enum."""
        return {
            name: self._random.choice(options)
            for name, schema in tool.properties.items()
            if (options := _options(tool.schema, schema))
        }

    def _wanted(
        self, tool: Offered, name: str, schema: Schema, chosen: dict[str, str], sensible: bool
    ) -> bool:
        """Whether an optional argument is given; its description may tie it to a chosen word."""
        if not sensible:
            return self._random.random() < 0.5
        about = str(schema.get("description", ""))
        for other, choice in chosen.items():
            options = _options(tool.schema, tool.properties[other])
            tied = [word for word in options if re.search(rf"\b{word}\b", about)]
            if other != name and tied:
                return choice in tied and (name in IDS or self._random.random() < 0.5)
            if name == "snapshotName":
                return "snapshot" in choice
            if name == "backupId":
                return "snapshot" not in choice
        if tool.read_only and name not in IDS:
            return self._random.random() < 0.1
        return self._random.random() < 0.85

    def _value(
        self,
        tool: Offered,
        name: str,
        schema: Schema,
        vps: str | None,
        chosen: dict[str, str],
        source: tuple[str, str] | None,
        sensible: bool,
    ) -> Any:
        if name in IDS and schema.get("type") == "string":
            if not sensible and self._random.random() < 0.4:
                return INVENTED[name]
            from_other = "sourceVpsId" in tool.properties and any(
                "other" in choice for choice in chosen.values()
            )
            return self._id(name, vps, source if from_other else None, source) or INVENTED[name]
        if name in chosen:
            return chosen[name]
        return self._free(name, schema, sensible)

    def _id(
        self,
        name: str,
        vps: str | None,
        backup_of: tuple[str, str] | None,
        source: tuple[str, str] | None,
    ) -> str | None:
        known, at = self._known, vps or ""
        match name:
            case "id":
                return vps
            case "backupId":
                return backup_of[1] if backup_of else self._one(known.backups.get(at))
            case "sourceVpsId":
                return source[0] if source else None
            case "snapshotName":
                return self._one(known.snapshots.get(at))
            case "planId":
                return known.plan_of(at)
            case "jobId":
                return self._one(known.jobs)
            case "writeId":
                return self._one(known.writes)
        return None

    def _source(self, vps: str | None) -> tuple[str, str] | None:
        pairs = self._known.sources.get(vps or "")
        return self._random.choice(pairs) if pairs else None

    def _one(self, values: list[str] | None) -> str | None:
        return self._random.choice(values) if values else None

    def _free(self, name: str, schema: Schema, sensible: bool) -> Any:
        pick = self._random
        match schema.get("type"):
            case "boolean":
                return pick.random() < 0.6
            case "integer" | "number":
                low, high = schema.get("minimum", 0), schema.get("maximum", 100)
                if name.endswith("Seconds"):
                    return low
                return pick.randint(low, min(high, low + 30)) if sensible else high + 1
            case "string":
                pattern = schema.get("pattern", "")
                words = [word for word in WORDS if re.search(pattern, word)]
                text = pick.choice(words or list(WORDS))
                text = f"{text}{pick.randint(1, 9999)}" if "pattern" in schema else text
                return text[: schema.get("maxLength", 100)] if sensible else "\u202e" + text
        return "surprise"


def _options(whole: Schema, schema: Schema) -> list[str]:
    if "$ref" in schema:
        schema = whole.get("$defs", {}).get(schema["$ref"].rsplit("/", 1)[-1], {})
    return [option for option in schema.get("enum", ()) if isinstance(option, str)]
