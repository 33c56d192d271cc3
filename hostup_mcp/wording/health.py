"""The state of the backups of servers, in lines for a user."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from hostup_mcp.recovery.health import Health, Severity
from hostup_mcp.recovery.spans import age
from hostup_mcp.wording import formats
from hostup_mcp.wording.render import for_user
from hostup_mcp.wording.viewer import Language, Viewer


class Gap(Enum):
    """Why not all servers are known to be checked, where HostUp's own error does not say it."""

    UNLISTED = auto()
    NO_SERVERS = auto()


@dataclass(frozen=True, slots=True)
class HealthWords:
    """The words around the findings. A pair is the singular and the plural."""

    servers: tuple[str, str]
    severities: Mapping[Severity, tuple[str, str]]
    healthy: str
    incomplete: str
    nameless: str
    no_address: str
    newest: str
    ago: str
    gaps: Mapping[Gap, str]


WORDS: Mapping[Language, HealthWords] = {
    Language.ENGLISH: HealthWords(
        servers=("1 server", "{} servers"),
        severities={each: (f"{{}} {each}", f"{{}} {each}") for each in Severity},
        healthy="{} healthy",
        incomplete="not complete: {}",
        nameless="a server without a name",
        no_address="no IP",
        newest="Newest complete backup: {moment}{ago}.",
        ago=", {} ago",
        gaps={
            Gap.UNLISTED: "HostUp has servers that it does not list, or lists in a form that "
            "cannot be read.",
            Gap.NO_SERVERS: "The account has no servers that this key can see.",
        },
    ),
    Language.SWEDISH: HealthWords(
        servers=("1 server", "{} servrar"),
        severities={
            Severity.CRITICAL: ("{} kritisk", "{} kritiska"),
            Severity.UNKNOWN: ("{} okänd", "{} okända"),
            Severity.WARNING: ("{} med varning", "{} med varning"),
            Severity.NOTICE: ("{} med anmärkning", "{} med anmärkning"),
        },
        healthy="{} utan problem",
        incomplete="inte fullständigt: {}",
        nameless="en server utan namn",
        no_address="ingen IP-adress",
        newest="Nyaste fullständiga backup: {moment}{ago}.",
        ago=", för {} sedan",
        gaps={
            Gap.UNLISTED: "HostUp har servrar som inte finns i listan, eller som står där i en "
            "form som inte går att läsa.",
            Gap.NO_SERVERS: "Kontot har inga servrar som den här nyckeln kan se.",
        },
    ),
}


def summarize(counts: Mapping[Severity | None, int], language: Language) -> str:
    """Say how many servers are how bad: `3 servers: 1 critical, 2 healthy`."""
    words, total = WORDS[language], sum(counts.values())
    problems = [each for each in Severity if each is not Severity.NOTICE]
    healthy = total - sum(counts.get(each, 0) for each in problems)
    parts = [
        _counted(words.severities[each], counts[each]) for each in problems if counts.get(each)
    ]
    parts.append(words.healthy.format(healthy))
    return f"{_counted(words.servers, total)}: {', '.join(parts)}"


def describe_server(health: Health, now: datetime, viewer: Viewer) -> str:
    """Describe a server with findings on one line."""
    words = WORDS[viewer.language]
    name = health.vps.name or words.nameless
    address = health.vps.primary_ip or words.no_address
    said = [for_user(concern.finding, viewer) for concern in health.concerns]
    said += _newest(health, now, viewer)
    return f"{name} ({address}, {health.vps.id}): {' '.join(said)}"


def _newest(health: Health, now: datetime, viewer: Viewer) -> Iterable[str]:
    newest, words = health.newest, WORDS[viewer.language]
    if newest is None or newest.created is None:
        return
    span = age(newest.created, now)
    ago = "" if span is None else words.ago.format(formats.span(span, viewer.language))
    yield words.newest.format(moment=formats.moment(newest.created, viewer), ago=ago)


def _counted(words: tuple[str, str], count: int) -> str:
    one, many = words
    return (one if count == 1 else many).format(count)
