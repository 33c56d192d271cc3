"""Whether a server is back after a restore: what is seen of it now, compared with before.

A verdict needs evidence. That HostUp calls the restore complete, or the server running, does not
show that anything on it works.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from hostup_mcp.hostup.jobs import JobState
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.evidence import (
    Answer,
    DisksListed,
    DisksLost,
    Evidence,
    Look,
    LookAgain,
    LookUpWrite,
    NotRestarted,
    Observation,
    Port,
    PortAnswers,
    PortMute,
    PortSilent,
    PowerOff,
    PowerOther,
    RestoreEnded,
    RestoreFailed,
)
from hostup_mcp.recovery.power import LAG

BOOT = timedelta(minutes=5)
"""How long a server that has just started may well take until something on it answers."""

CLOCK_SLACK = timedelta(seconds=60)
"""How much earlier than the look before the restore a start has to be to count as earlier."""

_RUNNING = "running"
_OFF = ("stopped", "paused", "error")


class BackVerdict(StrEnum):
    """Whether the server is back. What was not seen is never rounded up."""

    BACK = "back"
    """Something on it answered after the restore had ended, and nothing is known to be lost."""
    NOT_BACK = "not_back"
    """The restore failed, or the server lacks something that it had before."""
    NOT_KNOWN = "not_known"


class Proves(StrEnum):
    """What an item proves."""

    BACK = "back"
    NOT_BACK = "not_back"
    NOTHING = "nothing"
    """Neither, on its own."""


class SeenBy(StrEnum):
    """Where an item comes from."""

    JOB = "job"
    STATUS = "status"
    AGENT = "agent"
    STORAGE = "storage"
    PROBE = "probe"


@dataclass(frozen=True, slots=True)
class Restore:
    """A restore that was sent, as far as it is known what became of it."""

    write_id: str
    is_accepted: bool
    """Whether HostUp is known to have accepted it."""
    state: JobState | None
    """Of its job; None if HostUp gave none."""
    said: str | None = None
    """Why the job failed or ended, in HostUp's words."""
    ended: datetime | None = None
    """When the job ended, or was first seen to have ended."""
    brings_other_system: bool = False
    """Whether another server's backup was restored, so that it need not answer as before."""
    restarts: bool = True
    """Whether the server that runs afterwards must have started after the restore was sent."""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that was seen."""

    finding: Evidence
    at: datetime
    """When it was seen; for a job that has ended, when it ended."""
    seen_by: SeenBy
    proves: Proves = Proves.NOTHING

    @property
    def code(self) -> Code:
        """The code of its finding."""
        return self.finding if isinstance(self.finding, Code) else self.finding.code


@dataclass(frozen=True, slots=True)
class Verification:
    """The verdict, what it rests on, and what else the user can look at."""

    items: tuple[Item, ...]
    looks: tuple[Look, ...]

    @property
    def verdict(self) -> BackVerdict:
        """The verdict that follows from the items; a loss outweighs an answer."""
        proven = {item.proves for item in self.items}
        if Proves.NOT_BACK in proven:
            return BackVerdict.NOT_BACK
        return BackVerdict.BACK if Proves.BACK in proven else BackVerdict.NOT_KNOWN

    @property
    def may_start_until(self) -> datetime | None:
        """Until when HostUp may still start the server, if that time is not over."""
        return next((look.until for look in self.looks if isinstance(look, LookAgain)), None)


def verify(
    restore: Restore, before: Observation, now: Observation, *, can_start: bool = False
) -> Verification:
    """Judge the restore by `before`, as the server was when it was sent, and `now`.

    `can_start` is whether a tool could start the server here.
    """
    case = _Case(restore, before, now, can_start)
    items = tuple(case.items())
    return Verification(items, tuple(case.looks(items)))


@dataclass(frozen=True, slots=True)
class _Case:
    restore: Restore
    before: Observation
    now: Observation
    can_start: bool

    def items(self) -> Iterator[Item]:
        yield from self._job()
        yield from self._power()
        yield from self._agent()
        yield from self._disks()
        before = {port.number: port for port in self.before.ports or ()}
        for port in self.now.ports or ():
            yield self._port(port, before.get(port.number))

    @property
    def _is_over(self) -> bool:
        """Whether the restore is at work no more, so that the server could be back."""
        state = self.restore.state
        return self.restore.is_accepted and state is not None and state.is_over

    @property
    def _has_succeeded(self) -> bool:
        return self.restore.is_accepted and self.restore.state is JobState.SUCCEEDED

    @property
    def _power_now(self) -> str | None:
        return None if self.now.power is None else self.now.power.lower()

    @property
    def _was_running(self) -> bool:
        return (self.before.power or "").lower() == _RUNNING

    @property
    def _started_before(self) -> datetime | None:
        """When the server started, if that was before the restore was sent."""
        uptime = self.now.uptime_seconds
        if uptime is None or not self.restore.restarts or not self._has_succeeded:
            return None
        started = self.now.at - timedelta(seconds=uptime)
        return started if started < self.before.at - CLOCK_SLACK else None

    @property
    def _answer_proves(self) -> Proves:
        """What it proves that something on the server answers."""
        is_restored = self._has_succeeded and self._started_before is None
        return Proves.BACK if is_restored else Proves.NOTHING

    @property
    def _silence_counts(self) -> bool:
        """Whether what answered before, and does not now, is lost."""
        is_steady = self._power_now in (None, _RUNNING, *_OFF)
        return self._is_over and is_steady and not self.restore.brings_other_system

    def _job(self) -> Iterator[Item]:
        finding, proves = self._job_finding()
        yield Item(finding, self.restore.ended or self.now.at, SeenBy.JOB, proves)

    def _job_finding(self) -> tuple[Evidence, Proves]:
        if not self.restore.is_accepted:
            return Code.RESTORE_UNCONFIRMED, Proves.NOTHING
        match self.restore.state:
            case None:
                return Code.RESTORE_WITHOUT_JOB, Proves.NOTHING
            case JobState.SUCCEEDED:
                return Code.RESTORE_SUCCEEDED, Proves.NOTHING
            case JobState.FAILED:
                return RestoreFailed(self.restore.said), Proves.NOT_BACK
            case JobState.ENDED_OTHERWISE:
                return RestoreEnded(self.restore.said), Proves.NOT_BACK
            case JobState.GONE:
                return Code.RESTORE_GONE, Proves.NOTHING
            case JobState.UNKNOWN:
                return Code.RESTORE_UNCLEAR, Proves.NOTHING
            case _:
                return Code.RESTORE_RUNNING, Proves.NOTHING

    def _power(self) -> Iterator[Item]:
        at, power = self.now.at, self.now.power
        if power is None:
            yield Item(Code.POWER_UNKNOWN, at, SeenBy.STATUS)
        elif self._power_now == _RUNNING:
            yield Item(Code.POWER_RUNNING, at, SeenBy.STATUS)
        elif self._power_now in _OFF:
            is_lost = self._is_over and self._was_running
            proves = Proves.NOT_BACK if is_lost else Proves.NOTHING
            yield Item(PowerOff(power, is_lost), at, SeenBy.STATUS, proves)
        else:
            yield Item(PowerOther(power), at, SeenBy.STATUS)
        if (since := self._started_before) is not None:
            yield Item(NotRestarted(since), at, SeenBy.STATUS)

    def _agent(self) -> Iterator[Item]:
        at = self.now.at
        if self.now.agent is None:
            yield Item(Code.AGENT_UNKNOWN, at, SeenBy.AGENT)
        elif self.now.agent:
            yield Item(Code.AGENT_ANSWERS, at, SeenBy.AGENT, self._answer_proves)
        elif self.before.agent and self._silence_counts:
            yield Item(Code.AGENT_LOST, at, SeenBy.AGENT, Proves.NOT_BACK)
        else:
            yield Item(Code.AGENT_SILENT, at, SeenBy.AGENT)

    def _disks(self) -> Iterator[Item]:
        at = self.now.at
        if self.now.disks is None:
            yield Item(Code.DISKS_UNKNOWN, at, SeenBy.STORAGE)
            return
        count, before = len(self.now.disks), len(self.before.disks or ())
        is_comparable = self._is_over and not self.restore.brings_other_system
        if count < before and is_comparable:
            yield Item(DisksLost(before, count), at, SeenBy.STORAGE, Proves.NOT_BACK)
        else:
            yield Item(DisksListed(count), at, SeenBy.STORAGE)

    def _port(self, port: Port, before: Port | None) -> Item:
        at = self.now.at
        was = Answer.NOTHING if before is None else before.answer
        if port.answer is Answer.NOTHING:
            is_lost = was is not Answer.NOTHING and self._silence_counts
            proves = Proves.NOT_BACK if is_lost else Proves.NOTHING
            return Item(PortSilent(port.number, is_lost), at, SeenBy.PROBE, proves)
        has_spoken = was in (Answer.TLS, Answer.HTTP)
        if port.answer is Answer.CONNECTION and has_spoken and self._silence_counts:
            return Item(PortMute(port.number), at, SeenBy.PROBE, Proves.NOT_BACK)
        answers = PortAnswers(port.number, port.answer, port.status)
        return Item(answers, at, SeenBy.PROBE, self._answer_proves)

    def looks(self, items: tuple[Item, ...]) -> Iterator[Look]:
        if not self.restore.is_accepted:
            yield LookUpWrite(self.restore.write_id)
        elif self.restore.state in (JobState.WAITING, JobState.RUNNING):
            yield Code.WAIT_FOR_RESTORE
            return
        proven = {item.proves for item in items}
        if Proves.NOT_BACK not in proven and Proves.BACK in proven:
            yield Code.USE_SERVER
            return
        yield from self._later()
        yield Code.OPEN_CONSOLE
        yield Code.USE_SERVER
        if Proves.NOT_BACK not in proven and self.now.ports is None:
            yield Code.ENABLE_PROBE

    def _later(self) -> Iterator[Look]:
        """Whether to wait, or what to do about the power."""
        ended, uptime = self.restore.ended, self.now.uptime_seconds
        if self._has_succeeded and ended is not None and self.now.at < ended + LAG:
            yield LookAgain(ended + LAG)
        elif self._has_succeeded and self._power_now in _OFF:
            yield Code.START_WITH_TOOL if self.can_start else Code.START_SERVER
        elif (
            self._power_now not in (_RUNNING, *_OFF)
            or self.restore.state is JobState.UNKNOWN
            or (uptime is not None and timedelta(seconds=uptime) < BOOT)
        ):
            yield Code.LOOK_AGAIN_SOON
