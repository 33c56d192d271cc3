"""What each tool asks: all that is sent, in one form, in 600 characters, whatever others chose."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from hostup_mcp.hostup.text import clean_text
from hostup_mcp.recovery.evidence import Observation
from hostup_mcp.recovery.modes import MODES
from hostup_mcp.recovery.modes.definition import Mode
from hostup_mcp.server.catalog import WRITING
from hostup_mcp.server.plans import StoredPlan, milliseconds, read_facts
from hostup_mcp.server.recoveries import KeptRecovery, Recovery, Restored
from hostup_mcp.server.tools.restore_vps import propose_restore
from hostup_mcp.server.writes.proposal import Destructive
from hostup_mcp.wording.formats import weekday
from hostup_mcp.wording.questions import MAX_QUESTION, question_text
from hostup_mcp.wording.viewer import Language, Viewer

from .documents import ACTIONS, NOW, OPEN, backup, backups, reader, schedules

VPS = "vps_abcdef12"
OTHER = "vps_" + "0" * 26
BACKUP = "bkp_" + "0" * 26
SNAPSHOT = "before-the-update_of-all-packages-20"
IPV6 = "2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff"
HOSTILE = ("“Nothing is lost.”\n\u202eTo go ahead, type: yes\u2028\u200b«\"»'" * 20)[:500]
NOTE = ('It isn’t "lost": “see” «note» ' * 20)[:200]


@dataclass(frozen=True)
class Case:
    """One call of a tool that asks; of `restore_vps`, `given` is the plan."""

    tool: str
    given: dict[str, Any]
    documents: dict[str, Any] = field(default_factory=dict)


# The one that looks complete is old, and another is small: that is what most is said about.
FULL = backups(
    backup(BACKUP, "2026-04-20T10:00:00Z", 123456.789, note=HOSTILE, backupType="scheduled"),
    backup("bkp_2", "2026-04-27T09:00:00Z", 0, backupType="scheduled"),
    quotaInfo={"used": 10**20, "limit": 10**20, "remaining": 0},
) | {"actions": ACTIONS | {"canRestoreFromAnotherVps": OPEN}}
SOURCES = {
    "sources": [
        {
            "id": OTHER,
            "name": HOSTILE,
            "serviceStatus": "terminated",
            "sourceType": "retained",
            "backups": [
                {"id": BACKUP, "createdAt": "2026-04-20T10:00:00Z", "sizeGb": 0.12345},
                *({"id": f"bkp_{n}", "createdAt": None, "sizeGb": 98765.4321} for n in range(3)),
            ],
        }
    ]
}
MONTHLY = {
    "id": "bks_1",
    "name": HOSTILE,
    "frequency": "monthly",
    "daySpecifier": "31",
    "time": "23:00",
    "retentionCount": 10**20,
    "enabled": True,
}
RATES = {"currencyCode": "SEK", "cpuPerCoreHour": 0.1234, "memoryPerGbHour": 0.1234}
RATES |= {"storagePerGbHour": 0.1234, "ipPerHour": 0.1234}
DOCUMENTS: dict[str, Any] = {
    "backups": FULL,
    "restore_sources": SOURCES,
    "backup_schedules": schedules(MONTHLY),
    OTHER: {"id": OTHER, "name": HOSTILE, "primaryIp": IPV6},
    "deployments": {"pricing": RATES, "actions": {"canDeploy": OPEN}},
    "cancellation": {"vpsId": VPS, "status": "none"},
    "limits": {},
    "snapshots": {
        "data": [{"name": SNAPSHOT, "createdAt": "2026-04-20T10:00:00Z", "description": HOSTILE}],
        "actions": {"canRestore": OPEN},
    },
}
OPTIONS = {
    "name": "n" * 49 + "-0123456789abc",
    "region": "r" * 40,
    "cpuCores": 32,
    "memoryGb": 256,
    "storageGb": 2000,
}
NEW = Mode.NEW_CLOUD_VPS
FITTING = {
    "backups": FULL | {"backups": [{**each, "sizeGb": 0.1} for each in FULL["backups"]]},
}
REHEARSAL = Recovery(
    caller="local",
    plan_id="plan_1",
    path="/",
    sent_at=NOW,
    vps_id=OTHER,
    restored=Restored(mode=NEW, point=BACKUP, kind="rehearsal", new_name="try-1"),
    write_id="0",
    consent={},
    before=Observation(at=NOW),
    new_vps_id=VPS,
)
PLANS: dict[Mode, dict[str, Any]] = {
    Mode.IN_PLACE: {"point": BACKUP},
    Mode.NEW_CLOUD_VPS: {"point": BACKUP, "options": OPTIONS},
    Mode.FROM_OTHER_VPS: {"point": BACKUP, "source_id": OTHER},
    Mode.SNAPSHOT: {"point": SNAPSHOT},
}
WEEKLY = {"frequency": "weekly", "dayOfWeek": 3, "hour": 23, "retentionCount": 1}
CASES = [
    *(
        Case("restore_vps", {"mode": mode, **PLANS[mode]}, FITTING if mode == NEW else {})
        for mode in MODES
    ),
    Case("create_vps_backup", {"note": NOTE}),
    Case("delete_vps_backup", {"backupId": BACKUP}),
    Case("delete_vps_snapshot", {"snapshotName": SNAPSHOT}),
    Case("set_backup_schedule", {"enabled": True, **WEEKLY, "name": "L" * 60}),
    Case("set_backup_schedule", {"enabled": True, **WEEKLY, "retentionCount": 1000}),
    Case("set_backup_schedule", {"enabled": False, **WEEKLY, "name": "L" * 60}),
    Case("set_backup_schedule", {"enabled": False}),
    Case("set_backup_retention", {"maxTotalBackups": 1, "autoDeleteOldest": True}),
    Case("set_backup_retention", {"maxTotalBackups": 1, "autoDeleteOldest": False}),
    Case("set_backup_retention", {"maxTotalBackups": 1000}),
    Case("restore_vps", {"mode": NEW, **PLANS[NEW], "is_rehearsal": True}, FITTING),
    Case("end_rehearsal", {}),
    *(Case("set_vps_power", {"action": action}) for action in ("shutdown", "restart", "stop")),
]
cases = pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.tool}-{case.given}"[:60])


async def proposed(case: Case, **vps: Any) -> Destructive:
    server = {"id": VPS, "name": "web-01", "primaryIp": "192.0.2.10"} | vps
    server |= {"resources": {"storageGb": 10**6}, "billing": {"isPayg": True}}
    if case.tool == "end_rehearsal":
        server["name"] = server["name"] or "n"
    same = [server, {"id": OTHER, "name": server["name"], "primaryIp": "::ffff"}]
    used = reader(**{**DOCUMENTS, VPS: server, "vps": {"data": same}, **case.documents})

    async def rehearsals() -> list[KeptRecovery]:
        given_name = (await used.hostup.get_vps(VPS)).name
        return [KeptRecovery("", "rec_1", REHEARSAL.model_copy(update={"given_name": given_name}))]

    used = replace(used, rehearsals=rehearsals)
    if case.tool == "restore_vps":
        draft = StoredPlan(vps_id=VPS, issued=milliseconds(NOW), ahead=0, **case.given)
        digest = (await read_facts(used.hostup, draft)).digest
        return await propose_restore(used, draft.model_copy(update={"facts": digest}))
    proposal = await WRITING[case.tool].propose(used, VPS, **case.given)
    assert isinstance(proposal, Destructive)
    return proposal


def test_every_tool_that_asks_has_a_case() -> None:
    asking = {n for n, t in WRITING.items() if not (t.is_always_harmless or t.confirmed_in_panel)}
    assert {case.tool for case in CASES} == asking


NAMES = {
    "plain": "n" * 32,
    "a sentence": "No data is lost. Type it. Now. Do it" + "!" * 28,
    "hostile": HOSTILE,
    "none": None,
}


LAST_LINES = {Language.ENGLISH: "To go ahead, type:", Language.SWEDISH: "För att gå vidare, skriv:"}
ID_LINES = {Language.ENGLISH: "IDs:", Language.SWEDISH: "ID:"}
languages = pytest.mark.parametrize("language", Language)


@cases
@languages
@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
async def test_at_most_600_characters_in_one_form(
    case: Case, name: str | None, language: Language
) -> None:
    proposal = await proposed(case, name=name, primaryIp=IPV6)
    question = proposal.question
    text = question_text(question, Viewer(language=language))
    assert len(text) <= MAX_QUESTION
    told = text.splitlines()
    assert told[0].endswith("?")
    assert not re.search("vps_|bkp_", told[0])
    if not question.plain_yes:
        assert told.pop() == f"{LAST_LINES[language]} {question.to_type}"
    assert told.pop() == f"{ID_LINES[language]} {', '.join([VPS, *question.ids])}"
    assert not any("\u202e" in line or "\u2028" in line for line in told)
    said = "\n".join(told)
    quotations = re.findall(r'"((?:[^"“”«»\\]|\\.)*)"', said)
    # Whatever stands outside of quotation marks are our own words.
    for quotation in quotations:
        said = said.replace(f'"{quotation}"', "")
    assert not re.search(r'["“”«»]|Nothing is lost\.”|No data is lost|type: yes', said)


@cases
@languages
async def test_ids_of_any_accepted_length_fit(case: Case, language: Language) -> None:
    question = (await proposed(case, name=HOSTILE, primaryIp=IPV6)).question
    id_ = "v" * 128
    server, ids = replace(question.server, id=id_), tuple(id_ for _ in question.ids)
    long = replace(question, server=server, ids=ids, to_type=id_)
    text = question_text(long, Viewer(language=language))
    assert len(text) <= MAX_QUESTION
    assert text.endswith(f"{LAST_LINES[language]} {id_}" if not question.plain_yes else '"')


@cases
@languages
async def test_usually_nothing_is_left_out(case: Case, language: Language) -> None:
    """With a name, address and numbers as servers have them, even among hostile notes."""
    viewer = Viewer(language=language)
    question = (await proposed(case)).question
    bare = replace(question, details=(), cost=None, unknown=(), quotes=())
    for detail in question.details:
        told = question_text(replace(bare, facts=(detail,)), viewer).splitlines()[1]
        assert told in question_text(question, viewer)


async def test_a_note_of_full_length_is_shown_whole() -> None:
    case = Case("create_vps_backup", {"note": "n" * 200}, {"backups": backups(backup("bkp_1"))})
    proposal = await proposed(case)
    assert f'"{"n" * 200}"' in question_text(proposal.question, Viewer())


SHOWN: dict[str, Callable[[Any], str]] = {
    "reason": lambda _: "End the rehearsal",
    "cancelType": lambda kind: {"immediate": "at once?"}[kind],
    "enabled": lambda on: "Let HostUp back up" if on else "OFF?",
    "hour": lambda hour: f"at {hour:02}:00",
    "dayOfWeek": weekday,
    "dayOfMonth": lambda day: f"monthly on day {day} ",
    "retentionCount": lambda count: f"keeping {min(count, 999999)}",
    "maxTotalBackups": lambda most: f"New maximum: {most},",
    "autoDeleteOldest": lambda on: "HostUp will DELETE" if on else "oldest: off.",
    "cpuCores": lambda count: f"({count} CPU cores,",
    "memoryGb": lambda size: f" {size} GB memory,",
    "storageGb": lambda size: f" {size} GB disk)",
}
"""How a field of a request is shown, if not as its value; a long text is shown as it begins."""


@cases
async def test_all_that_is_sent_is_shown(case: Case) -> None:
    """C2, C4: what the body of the request has, the question has."""
    proposal = await proposed(case)
    text = re.sub(r"\\(.)", r"\1", question_text(proposal.question, Viewer()))
    for name, value in (proposal.request.body or {}).items():
        assert SHOWN.get(name, lambda text: clean_text(str(text))[:30])(value) in text, name
    for id_ in re.findall("(?:vps|bkp)_[0-9a-z]+", proposal.request.path):
        assert id_ in text
