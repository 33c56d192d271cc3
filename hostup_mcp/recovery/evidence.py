"""What was seen of a server, and what each thing that was seen says of a restore."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, Literal, TypeAlias

from hostup_mcp.recovery.codes import Code

# What is seen. None means that it could not be read.


class Answer(StrEnum):
    """What a port answered."""

    NOTHING = "nothing"
    """No connection came about."""
    CONNECTION = "connection"
    """It accepts connections."""
    TLS = "tls"
    """It speaks TLS."""
    HTTP = "http"
    """It speaks HTTP."""


@dataclass(frozen=True, slots=True)
class Port:
    """A port that the probe tried, and the HTTP status that came, if one did."""

    number: int
    answer: Answer
    status: int | None = None


@dataclass(frozen=True, slots=True)
class SeenDisk:
    """A disk that HostUp lists; not a CD drive."""

    name: str | None
    total_gb: float | None


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at a server. `at` is when it began, by HostUp's clock."""

    at: datetime
    power: str | None = None
    """HostUp's word for the power state."""
    uptime_seconds: float | None = None
    agent: bool | None = None
    """Whether the guest agent answers."""
    disks: tuple[SeenDisk, ...] | None = None
    address: str | None = None
    """The address that was probed."""
    ports: tuple[Port, ...] | None = None
    """None if the probe is off; empty if the server has no address that may be probed."""

    @property
    def has_anything(self) -> bool:
        """Whether anything of the server was seen."""
        seen = (self.power, self.uptime_seconds, self.agent, self.disks)
        return bool(self.ports) or any(each is not None for each in seen)


# What it says. A finding without facts is its code alone.


@dataclass(frozen=True, slots=True)
class RestoreFailed:
    """HostUp reports that the restore failed. `said` is its reason, if it gave one."""

    said: str | None

    @property
    def code(self) -> Code:
        """With or without HostUp's reason."""
        return Code.RESTORE_FAILED_REASON if self.said else Code.RESTORE_FAILED


@dataclass(frozen=True, slots=True)
class RestoreEnded:
    """HostUp reports that the restore ended without success, for example cancelled."""

    said: str | None

    @property
    def code(self) -> Code:
        """With or without HostUp's reason."""
        return Code.RESTORE_ENDED_REASON if self.said else Code.RESTORE_ENDED


@dataclass(frozen=True, slots=True)
class PowerOff:
    """HostUp shows the server as off, in its word. `is_lost` is whether it should be running."""

    state: str
    is_lost: bool

    @property
    def code(self) -> Code:
        """Whether something was lost."""
        return Code.POWER_LOST if self.is_lost else Code.POWER_OFF


@dataclass(frozen=True, slots=True)
class PowerOther:
    """HostUp shows another state, such as starting."""

    state: str

    code: ClassVar = Code.POWER_OTHER


@dataclass(frozen=True, slots=True)
class NotRestarted:
    """By HostUp's uptime, the server has been running since before the restore was sent."""

    since: datetime

    code: ClassVar = Code.NOT_RESTARTED


@dataclass(frozen=True, slots=True)
class DisksListed:
    """HostUp lists this many disks."""

    count: int

    code: ClassVar = Code.DISKS_LISTED


@dataclass(frozen=True, slots=True)
class DisksLost:
    """HostUp lists fewer disks than before the restore."""

    before: int
    now: int

    code: ClassVar = Code.DISKS_LOST


@dataclass(frozen=True, slots=True)
class PortAnswers:
    """The port answers. `status` is that of HTTP."""

    port: int
    answer: Answer
    status: int | None

    @property
    def code(self) -> Code:
        """What it answered."""
        return {
            Answer.TLS: Code.PORT_SPEAKS_TLS,
            Answer.HTTP: Code.PORT_SPEAKS_HTTP,
        }.get(self.answer, Code.PORT_ACCEPTS)


@dataclass(frozen=True, slots=True)
class PortMute:
    """The port accepts connections, but no longer speaks as it did before the restore."""

    port: int

    code: ClassVar = Code.PORT_MUTE


@dataclass(frozen=True, slots=True)
class PortSilent:
    """The port does not answer. `is_lost` is whether it did before, and should again by now."""

    port: int
    is_lost: bool

    @property
    def code(self) -> Code:
        """Whether something was lost."""
        return Code.PORT_LOST if self.is_lost else Code.PORT_SILENT


Evidence: TypeAlias = (
    RestoreFailed
    | RestoreEnded
    | PowerOff
    | PowerOther
    | NotRestarted
    | DisksListed
    | DisksLost
    | PortAnswers
    | PortMute
    | PortSilent
    | Literal[
        Code.RESTORE_SUCCEEDED,
        Code.RESTORE_RUNNING,
        Code.RESTORE_GONE,
        Code.RESTORE_UNCLEAR,
        Code.RESTORE_WITHOUT_JOB,
        Code.RESTORE_UNCONFIRMED,
        Code.POWER_RUNNING,
        Code.POWER_UNKNOWN,
        Code.AGENT_ANSWERS,
        Code.AGENT_LOST,
        Code.AGENT_SILENT,
        Code.AGENT_UNKNOWN,
        Code.DISKS_UNKNOWN,
    ]
)
"""What one thing that was seen says."""


# What the user can look at where that does not settle it.


@dataclass(frozen=True, slots=True)
class LookAgain:
    """HostUp may still start the server until then."""

    until: datetime

    code: ClassVar = Code.LOOK_AGAIN


@dataclass(frozen=True, slots=True)
class LookUpWrite:
    """HostUp's audit log may show whether the restore was accepted."""

    write_id: str

    code: ClassVar = Code.LOOK_UP_WRITE


Look: TypeAlias = (
    LookAgain
    | LookUpWrite
    | Literal[
        Code.WAIT_FOR_RESTORE,
        Code.LOOK_AGAIN_SOON,
        Code.START_SERVER,
        Code.START_WITH_TOOL,
        Code.OPEN_CONSOLE,
        Code.USE_SERVER,
        Code.ENABLE_PROBE,
    ]
)
"""What else shows whether the server is back."""
