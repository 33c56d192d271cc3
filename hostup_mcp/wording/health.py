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
    ONLY_REHEARSALS = auto()


@dataclass(frozen=True, slots=True)
class HealthWords:
    """The words around the findings. A pair is the singular and the plural."""

    servers: tuple[str, str]
    severities: Mapping[Severity, tuple[str, str]]
    healthy: str
    rehearsals: tuple[str, str]
    """Servers of rehearsals, which are not checked."""
    end_rehearsal: str
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
        rehearsals=("1 rehearsal that was not checked", "{} rehearsals that were not checked"),
        end_rehearsal="To end it, ask the assistant for end_rehearsal, or cancel its server in "
        "HostUp's panel.",
        incomplete="not complete: {}",
        nameless="a server without a name",
        no_address="no IP",
        newest="Newest complete backup: {moment}{ago}.",
        ago=", {} ago",
        gaps={
            Gap.UNLISTED: "HostUp has servers that it does not list, or lists in a form that "
            "cannot be read.",
            Gap.NO_SERVERS: "The account has no servers that this key can see.",
            Gap.ONLY_REHEARSALS: "The only servers that this key can see are of rehearsals.",
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
        rehearsals=("1 övning som inte kontrollerades", "{} övningar som inte kontrollerades"),
        end_rehearsal="Avsluta den så här: be assistenten om end_rehearsal, eller säg upp dess "
        "server i HostUps panel.",
        incomplete="inte fullständigt: {}",
        nameless="en server utan namn",
        no_address="ingen IP-adress",
        newest="Nyaste fullständiga backup: {moment}{ago}.",
        ago=", för {} sedan",
        gaps={
            Gap.UNLISTED: "HostUp har servrar som inte finns i listan, eller som står där i en "
            "form som inte går att läsa.",
            Gap.NO_SERVERS: "Kontot har inga servrar som den här nyckeln kan se.",
            Gap.ONLY_REHEARSALS: "De enda servrar som den här nyckeln kan se hör till övningar.",
        },
    ),
}


def summarize(
    counts: Mapping[Severity | None, int], language: Language, rehearsals: int = 0
) -> str:
    """Say how many servers are how bad: `3 servers: 1 critical, 2 healthy`.

    `rehearsals` servers more are of rehearsals, and were not checked.
    """
    words, total = WORDS[language], sum(counts.values())
    problems = [each for each in Severity if each is not Severity.NOTICE]
    healthy = total - sum(counts.get(each, 0) for each in problems)
    parts = [
        _counted(words.severities[each], counts[each]) for each in problems if counts.get(each)
    ]
    parts.append(words.healthy.format(healthy))
    if rehearsals:
        parts.append(_counted(words.rehearsals, rehearsals))
    return f"{_counted(words.servers, total + rehearsals)}: {', '.join(parts)}"


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
