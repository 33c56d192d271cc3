"""The words that every finding is made of."""

from __future__ import annotations

from enum import StrEnum

from pydantic import AliasGenerator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Finding(BaseModel):
    """Something concluded here: frozen, camelCase when it leaves the program."""

    model_config = ConfigDict(
        alias_generator=AliasGenerator(alias=to_camel),
        populate_by_name=True,
        frozen=True,
        extra="forbid",
        defer_build=True,
    )


class Verdict(StrEnum):
    """Whether an action can be done now. Unknown is never rounded up to possible."""

    POSSIBLE = "possible"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


class Source(StrEnum):
    """Where a reason comes from: the platform's gate, what the account holds, or nobody knows."""

    GATE = "gate"
    STATE = "state"
    UNKNOWN = "unknown"


class Reason(Finding):
    """One thing that speaks for or against an action."""

    code: str | None = Field(description="Code of the gate, or of this server; null if none came.")
    message: str = Field(description="The reason in words.")
    source: Source = Field(
        description="gate: said by HostUp. state: follows from what exists. unknown: not given."
    )
