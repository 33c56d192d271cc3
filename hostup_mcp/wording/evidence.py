"""The texts of what is seen after a restore, and of what else the user can look at."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from hostup_mcp.hostup.text import safe_word
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.evidence import Answer, Observation
from hostup_mcp.recovery.verification import BackVerdict, Proves, SeenBy
from hostup_mcp.wording.formats import span
from hostup_mcp.wording.text import Text, both

_FAILED = "HostUp reports that the restore failed"
_ENDED = "HostUp reports that the restore ended without success"


def _state(text: str) -> Text:
    return Text(text.format("{state:quoted}"), text.format("“{state}”"))


def _because(text: str) -> Text:
    return Text(f"{text}: {{said:quoted}}", f"{text}. HostUp says: “{{said}}”")


VERDICTS: Mapping[BackVerdict, str] = {
    BackVerdict.BACK: "it is back",
    BackVerdict.NOT_BACK: "it is NOT back",
    BackVerdict.NOT_KNOWN: "it is NOT KNOWN whether it is back",
}

SOURCES: Mapping[SeenBy, str] = {
    SeenBy.JOB: "HostUp, job",
    SeenBy.STATUS: "HostUp, status",
    SeenBy.AGENT: "HostUp, guest agent",
    SeenBy.STORAGE: "HostUp, storage",
    SeenBy.PROBE: "probe",
}

PROOFS: Mapping[Proves, str] = {
    Proves.NOT_BACK: "Proves that it is not back:",
    Proves.BACK: "Proves that it is back:",
    Proves.NOTHING: "Proves nothing by itself:",
}
"""The headings of items, what decides first."""


def observation_text(seen: Observation) -> str:
    """Describe a server as it was seen, as a part of a line."""
    if not seen.has_anything:
        return "nothing could be read of it, so nothing is compared with it"
    agent = {None: "unknown", True: "answers", False: "does not answer"}[seen.agent]
    disks = "unknown" if seen.disks is None else str(len(seen.disks))
    parts = [f"power {safe_word(seen.power) if seen.power else 'unknown'}"]
    if seen.uptime_seconds is not None:
        parts.append(f"up for {span(timedelta(seconds=seen.uptime_seconds))}")
    parts += [f"guest agent {agent}", f"disks {disks}"]
    parts += [f"port {port.number} {_ANSWERS[port.answer]}" for port in seen.ports or ()]
    return ", ".join(parts)


_ANSWERS: Mapping[Answer, str] = {
    Answer.NOTHING: "does not answer",
    Answer.CONNECTION: "accepts connections",
    Answer.TLS: "speaks TLS",
    Answer.HTTP: "speaks HTTP",
}

EVIDENCE: Mapping[Code, Text] = {
    Code.RESTORE_SUCCEEDED: both(
        "HostUp reports that the restore is complete, which does not show that the server works."
    ),
    Code.RESTORE_FAILED: both(f"{_FAILED}."),
    Code.RESTORE_FAILED_REASON: _because(_FAILED),
    Code.RESTORE_ENDED: both(f"{_ENDED}."),
    Code.RESTORE_ENDED_REASON: _because(_ENDED),
    Code.RESTORE_RUNNING: both("The restore is still running."),
    Code.RESTORE_GONE: both("HostUp no longer knows the job, so how the restore ended is unknown."),
    Code.RESTORE_UNCLEAR: both("Whether the restore has ended could not be read."),
    Code.RESTORE_WITHOUT_JOB: both(
        "HostUp accepted the restore; no job of it is known, so whether it has ended is unknown."
    ),
    Code.RESTORE_UNCONFIRMED: both("It is not known whether HostUp carried out the restore."),
    Code.POWER_RUNNING: both(
        "HostUp shows the server as running, which does not show that its system started."
    ),
    Code.POWER_LOST: _state("HostUp shows the server as {}; before the restore it was running."),
    Code.POWER_OFF: _state("HostUp shows the server as {}."),
    Code.POWER_OTHER: _state("HostUp shows the power state {}."),
    Code.POWER_UNKNOWN: both("The power state is unknown."),
    Code.NOT_RESTARTED: both(
        "By HostUp's uptime it has been running since {since:moment}, before the restore was sent: "
        "what answers may not be what was restored."
    ),
    Code.AGENT_ANSWERS: both("The guest agent answers: the server's system is running."),
    Code.AGENT_LOST: both("The guest agent does not answer; before the restore it did."),
    Code.AGENT_SILENT: both("The guest agent does not answer; the server may have none."),
    Code.AGENT_UNKNOWN: both("Whether the guest agent answers could not be read."),
    Code.DISKS_LISTED: both("HostUp lists its disks ({count}), not whether they hold the backup."),
    Code.DISKS_LOST: both("HostUp lists fewer disks ({now}) than before the restore ({before})."),
    Code.DISKS_UNKNOWN: both("The disks could not be read."),
    Code.PORT_SPEAKS_TLS: both("Port {port} answers with TLS."),
    Code.PORT_SPEAKS_HTTP: both("Port {port} answers with HTTP status {status}."),
    Code.PORT_ACCEPTS: both("Port {port} accepts connections."),
    Code.PORT_MUTE: both(
        "Port {port} accepts connections but says nothing; before the restore it did."
    ),
    Code.PORT_LOST: both("Port {port} does not answer; before the restore it did."),
    Code.PORT_SILENT: both("Port {port} does not answer."),
    # What else shows whether a server is back
    Code.WAIT_FOR_RESTORE: Text(
        "Wait for the job with get_job, then call verify_recovery again.",
        "Wait until the restore has ended, then check again.",
    ),
    Code.LOOK_AGAIN: Text(
        "It may still start until {until:moment}: call verify_recovery again after that.",
        "It may still start until {until:moment}: check again after that.",
    ),
    Code.LOOK_AGAIN_SOON: Text(
        "It may still be starting: call verify_recovery again in a minute.",
        "It may still be starting: check again in a minute.",
    ),
    Code.LOOK_UP_WRITE: Text(
        "get_job with writeId {write_id} looks in HostUp's audit log whether it was accepted.",
        "The assistant can look in HostUp's audit log whether it was accepted.",
    ),
    Code.START_SERVER: both("It can be started in HostUp's panel."),
    Code.START_WITH_TOOL: Text(
        "set_vps_power with action start starts it.", "The assistant can start it."
    ),
    Code.OPEN_CONSOLE: both("The console in HostUp's panel shows what is on its screen."),
    Code.USE_SERVER: both(
        "Whether its programs work shows only in using it: open its website, or log in."
    ),
    Code.ENABLE_PROBE: both(
        "With HOSTUP_MCP_PROBE=1 this program also checks whether ports 22, 80 and 443 answer."
    ),
}
