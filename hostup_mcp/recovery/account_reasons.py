"""Reasons that speak against a new pay-as-you-go server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.verdicts import Source, Verdict

Counted: TypeAlias = Literal[
    Code.CPU_CORES, Code.GB_OF_MEMORY, Code.GB_OF_STORAGE, Code.CLOUD_SERVERS
]
"""What is counted, as a finding of its own: its text is the word for it."""


@dataclass(frozen=True, slots=True)
class AccountBlocked:
    """HostUp says that the account may not have a new server, and has no gate for it."""

    said: str | None

    weight: ClassVar = Verdict.BLOCKED
    source: ClassVar = Source.GATE

    @property
    def code(self) -> Code:
        """With or without HostUp's reason."""
        return Code.ACCOUNT_BLOCKED_REASON if self.said else Code.ACCOUNT_BLOCKED


@dataclass(frozen=True, slots=True)
class AccountContradiction:
    """The gate for a new server is open, and HostUp says also that something is in the way."""

    code: ClassVar = Code.ACCOUNT_CONTRADICTION
    weight: ClassVar = Verdict.UNKNOWN
    source: ClassVar = Source.UNKNOWN


BLOCKER_WORDS: Mapping[str, Code] = {
    "not_verified": Code.ACCOUNT_NOT_VERIFIED,
    "no_cloud_access": Code.NO_CLOUD_ACCESS,
    "no_card_on_file": Code.NO_CARD,
    "cpu_limit_exceeded": Code.CPU_LIMIT,
    "memory_limit_exceeded": Code.MEMORY_LIMIT,
    "storage_limit_exceeded": Code.STORAGE_LIMIT,
    "instance_limit_exceeded": Code.SERVER_LIMIT,
    "has_unpaid_invoice": Code.UNPAID_INVOICE,
}
"""What each word stands for that HostUp documents for what is in the way of a new server."""


@dataclass(frozen=True, slots=True)
class AccountBlocker:
    """One `word` of HostUp for what keeps the account from a new server."""

    word: str
    is_gate_open: bool
    """Whether HostUp's gate allows a new server all the same."""

    source: ClassVar = Source.GATE

    @property
    def weight(self) -> Verdict:
        """It blocks, unless it contradicts the gate."""
        return Verdict.UNKNOWN if self.is_gate_open else Verdict.BLOCKED

    @property
    def code(self) -> Code:
        """What the word stands for; the set of words is open."""
        return BLOCKER_WORDS.get(self.word.lower(), Code.OTHER_BLOCKER)


@dataclass(frozen=True, slots=True)
class AboveLimit:
    """The new server needs more than the account's limit leaves."""

    wanted: int
    left: int
    of: Counted

    code: ClassVar = Code.ABOVE_LIMIT
    weight: ClassVar = Verdict.BLOCKED
    source: ClassVar = Source.STATE


@dataclass(frozen=True, slots=True)
class TooLarge:
    """The new server is larger than HostUp builds any."""

    wanted: int
    most: int
    of: Counted

    code: ClassVar = Code.TOO_LARGE
    weight: ClassVar = Verdict.BLOCKED
    source: ClassVar = Source.STATE


@dataclass(frozen=True, slots=True)
class TooSmall:
    """The new server is smaller than HostUp builds any."""

    wanted: int
    least: int
    of: Counted

    code: ClassVar = Code.TOO_SMALL
    weight: ClassVar = Verdict.BLOCKED
    source: ClassVar = Source.STATE


@dataclass(frozen=True, slots=True)
class NewDiskSmall:
    """The backup is larger than the new server's disk; both in GB."""

    backup_gb: float
    disk_gb: int

    code: ClassVar = Code.NEW_DISK_SMALL
    weight: ClassVar = Verdict.UNKNOWN
    source: ClassVar = Source.UNKNOWN


@dataclass(frozen=True, slots=True)
class NewSizeUnknown:
    """Neither the source's size nor a default is known; `missing` names the arguments to give."""

    missing: str

    code: ClassVar = Code.NEW_SIZE_UNKNOWN
    weight: ClassVar = Verdict.UNKNOWN
    source: ClassVar = Source.UNKNOWN


@dataclass(frozen=True, slots=True)
class RegionUnknown:
    """HostUp lists regions, and this one is not among them."""

    region: str
    listed: str

    code: ClassVar = Code.REGION_UNKNOWN
    weight: ClassVar = Verdict.BLOCKED
    source: ClassVar = Source.STATE


AccountReason: TypeAlias = (
    AccountBlocked
    | AccountContradiction
    | AccountBlocker
    | AboveLimit
    | TooLarge
    | TooSmall
    | NewDiskSmall
    | NewSizeUnknown
    | RegionUnknown
)
