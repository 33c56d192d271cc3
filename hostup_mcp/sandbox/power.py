"""Power: what the actions do to a server, and whether anything on it answers.

HostUp's job ends before the power state is reached; how much before is a variant.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from .jobs import Job, JobKind
from .models import PowerChange, Server

_TARGETS: dict[JobKind, str] = {
    "start": "running",
    "shutdown": "stopped",
    "stop": "stopped",
    "restart": "running",
    "reset": "running",
}
_PASSING = {"running": "starting", "stopped": "stopping"}


def begin(server: Server, kind: JobKind) -> Server:
    """Return the server at the moment an action on its power starts."""
    if _has_no_effect(server.power_state, kind):
        return server
    passing = "starting" if kind == "start" else "stopping"
    return replace(server, power_state=passing, power_change=None)


def end(server: Server, job: Job) -> Server:
    """Return the server when an action on its power is over, whether it went well or not."""
    if _has_no_effect(job.power_before, job.kind):
        return server
    if job.failure is not None or job.is_ignored:
        return replace(server, power_state=job.power_before)
    return reach(server, _TARGETS[job.kind], job)


def reach(server: Server, state: str | None, job: Job, meanwhile: str | None = None) -> Server:
    """Return the server on its way to a power state, which it has `job.power_lag` seconds later."""
    if state is None or state == server.power_state or job.power_lag <= 0:
        return arrive(server, state, job.ends_at)
    change = PowerChange(state, job.ends_at + timedelta(seconds=job.power_lag))
    passing = meanwhile or _PASSING.get(state, state)
    return replace(server, power_state=passing, power_change=change)


def arrive(server: Server, state: str | None, at: datetime) -> Server:
    """Return the server in a power state that it has from `at` on."""
    since = at if state == "running" else server.running_since
    return replace(server, power_state=state, power_change=None, running_since=since)


def destined(server: Server) -> str | None:
    """Return the power state that the server has, or will have without another request."""
    return server.power_state if server.power_change is None else server.power_change.state


def is_up(server: Server, now: datetime, boot_seconds: float) -> bool:
    """Return whether the operating system is up, so that the guest agent and ports answer."""
    booted = server.running_since is None or now >= server.running_since + timedelta(
        seconds=boot_seconds
    )
    return server.power_state == "running" and server.boots and booted


def _has_no_effect(before: str | None, kind: JobKind) -> bool:
    return kind in {"start", "shutdown", "stop"} and before == _TARGETS[kind]
