"""The oracle detects each kind of violation, and accepts honest histories."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.faults.history import FOREIGN_JOB, Call, Claim, Episode, Question, Received
from benchmarks.faults.oracle import KINDS, Violation, violations

KEY = "hostup_key_that_nobody_may_see"
VPS, OTHER, BACKUP = "vps_01hxaaaa", "vps_01hxbbbb", "bkp_01hxcccc"
QUESTION = f"Delete {BACKUP} of web-01 ({VPS})? To go ahead, type: web-01"


def called(claim: Claim = Claim.DONE, kind: str = "done", **others: object) -> Call:
    made = Call(
        "delete_vps_backup",
        {"id": VPS, "backupId": BACKUP},
        read_only=False,
        may_destroy=True,
        vps=VPS,
        claim=claim,
        kind=kind,
        output="Deleting the backup. Done.",
    )
    return replace(made, **others)


def read(**others: object) -> Call:
    made = Call("list_vps_backups", {"id": VPS}, read_only=True, may_destroy=False, vps=VPS)
    return replace(made, **{"claim": Claim.DONE, "kind": "read", **others})


def deleted(**others: object) -> Received:
    made = Received(
        1.0,
        "DELETE",
        f"/api/v2/vps/{VPS}/backups/{BACKUP}",
        applied=True,
        destroys=True,
        vps=VPS,
        ids=frozenset({BACKUP}),
    )
    return replace(made, **others)


def made_backup(**others: object) -> Received:
    made = Received(1.0, "POST", f"/api/v2/vps/{VPS}/backups", applied=True, vps=VPS)
    return replace(made, **others)


def create(claim: Claim = Claim.DONE, **others: object) -> Call:
    harmless = {"tool": "create_vps_backup", "arguments": {"id": VPS}, "may_destroy": False}
    return called(claim, **{**harmless, **others})


YES = Question(QUESTION, "yes: web-01", is_yes=True)
NO = Question(QUESTION, "decline", is_yes=False)


def episode(
    calls: list[Call],
    received: list[Received] | None = None,
    questions: list[Question] | None = None,
    **others: object,
) -> Episode:
    made = Episode("stdio/legacy", 1, calls, questions or [], received or [])
    return replace(made, **{"seconds_allowed": 10.0, **others})


LOST = called(Claim.UNKNOWN, "outcome_unknown", output="It is NOT KNOWN.")
CANCELLED = called(Claim.NOTHING, "cancelled", output="")
REFUSED = called(Claim.REFUSED, "not_confirmed", output="Nothing was changed.")
FAILED_READ = called(Claim.REFUSED, "timed_out", output="HostUp did not respond.")

HONEST = {
    "done with a yes": episode([called()], [deleted()], [YES]),
    "refused after a no": episode([REFUSED], [], [NO]),
    "a read before the write failed": episode([FAILED_READ]),
    "lost and applied": episode([LOST], [deleted()], [YES]),
    "lost and not applied": episode([LOST], [deleted(applied=False)], [YES]),
    "lost and applied late": episode([LOST], [], [YES], late=[deleted()]),
    "refused by HostUp": episode([REFUSED], [deleted(applied=False)], [YES]),
    "cancelled after a yes": episode([CANCELLED], [deleted()], [YES]),
    "cancelled before": episode([CANCELLED]),
    "a backup into a free slot": episode([create()], [made_backup()]),
    "a read": episode([read()], [Received(1.0, "GET", f"/api/v2/vps/{VPS}", vps=VPS)]),
    "two servers at once": episode(
        [called(), create(vps=OTHER, arguments={"id": OTHER})],
        [deleted(), made_backup(vps=OTHER)],
        [YES],
    ),
    "the same call twice at once": episode([called(), REFUSED], [deleted()], [YES, YES]),
    "a reply sent twice": episode([called(), REFUSED], [deleted()], [YES], single_yes=True),
    "two backups requested at once": episode([create(), create()], [made_backup(), made_backup()]),
    "refused after a change meanwhile": episode([REFUSED], [], [replace(YES, is_stale=True)]),
    "a snapshot of the server that the other call restores from": episode(
        [create(vps=OTHER, arguments={"id": OTHER}), REFUSED],
        [made_backup(vps=OTHER)],
        [Question(f"{QUESTION} from {OTHER}", "decline", is_yes=False)],
    ),
    "the question repeated under the new name": episode(
        [called()], [deleted()], [replace(YES, is_stale=True), YES]
    ),
    "a plan": episode(
        [called(arguments={"planId": "p"}, planned={"id": VPS, "backupId": BACKUP})],
        [deleted()],
        [YES],
    ),
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_history_passes(name: str) -> None:
    assert violations(HONEST[name], KEY) == []


PLANNED = called(arguments={"planId": "p"}, planned={"id": VPS, "backupId": BACKUP})
NOT_NAMED = Question(f"Delete {BACKUP} of {OTHER}?", "yes", is_yes=True)
WRONG = Question(QUESTION, "wrong: web-01x", is_yes=False)
PLAIN = f"Make a backup of {VPS}?"

LIES = {
    "two applications of one call": ("twice", episode([called()], [deleted(), deleted()], [YES])),
    "one plan carried out twice": (
        "twice",
        episode([PLANNED, PLANNED], [deleted(), deleted()], [YES, YES]),
    ),
    "one reply used for two changes": (
        "twice",
        episode([called(), called()], [deleted(), deleted()], [YES], single_yes=True),
    ),
    "an application and a late one": (
        "twice",
        episode([LOST], [deleted()], [YES], late=[deleted()]),
    ),
    "sent again after a lost response": (
        "sent_twice",
        episode([called()], [deleted(applied=False), deleted()], [YES]),
    ),
    "no question": ("no_yes", episode([called()], [deleted()])),
    "a no taken for a yes": ("no_yes", episode([called()], [deleted()], [NO])),
    "a wrong name taken for a yes": ("no_yes", episode([called()], [deleted()], [WRONG])),
    "cancelled before any yes": ("no_yes", episode([CANCELLED], [deleted()], [NO])),
    "a backup that evicts another, without a question": (
        "no_yes",
        episode([create()], [made_backup(destroys=True)]),
    ),
    "a harmless write after a no": (
        "no_yes",
        episode([create()], [made_backup()], [Question(PLAIN, "decline", is_yes=False)]),
    ),
    "a backup that evicts another, by a tool marked harmless": (
        "wrong_hint",
        episode([create()], [made_backup(destroys=True)], [replace(YES, text=PLAIN)]),
    ),
    "one yes for two": (
        "no_yes",
        episode([called(), called()], [deleted(), deleted()], [YES, NO]),
    ),
    "a yes to another server": (
        "question_without_target",
        episode([called()], [deleted()], [NOT_NAMED]),
    ),
    "a yes to the old name": (
        "stale_yes",
        episode([called()], [deleted()], [replace(YES, is_stale=True)]),
    ),
    "a yes that names the target only as a source": (
        "question_without_target",
        episode(
            [called(vps=OTHER, arguments={"id": OTHER}), called()],
            [deleted(vps=OTHER, ids=frozenset())],
            [Question(f"Restore {VPS} from {OTHER}?", "yes", is_yes=True)],
        ),
    ),
    "another backup than requested": (
        "wrong_target",
        episode([called()], [deleted(ids=frozenset({"bkp_other"}))], [YES]),
    ),
    "done, but nothing was": ("claimed_not_applied", episode([called()], [], [YES])),
    "done, but HostUp refused": (
        "claimed_not_applied",
        episode([called()], [deleted(applied=False)], [YES]),
    ),
    "done, without a server": ("claimed_not_applied", episode([called(vps=None)])),
    "one of two done, both reported done": (
        "claimed_not_applied",
        episode([called(), called()], [deleted()], [YES, YES]),
    ),
    "refused, but applied": ("denied_but_applied", episode([REFUSED], [deleted()], [YES])),
    "reported as a failed read, but applied": (
        "denied_but_applied",
        episode([FAILED_READ], [deleted()], [YES]),
    ),
    "unknown, yet unchanged in words": (
        "denied_but_applied",
        episode([replace(LOST, output="Nothing was changed.")], [deleted()], [YES]),
    ),
    "a job of another response": (
        "foreign_result",
        episode([called(output=f"Started as job {FOREIGN_JOB}.")], [deleted()], [YES]),
    ),
    "a read that writes": ("read_wrote", episode([read()], [made_backup()])),
    "a read that tries to write": ("read_wrote", episode([read()], [made_backup(applied=False)])),
    "a write to a server of no call": (
        "unowned",
        episode([called()], [deleted(), made_backup(vps=OTHER)], [YES]),
    ),
    "the key in a result": ("secret", episode([read(output=f"said {KEY}")])),
    "the key in a question": (
        "secret",
        episode([REFUSED], [], [replace(NO, text=f"{QUESTION} {KEY}")]),
    ),
    "the key in the log": ("secret", episode([read()], stderr=f"GET with {KEY}")),
    "a traceback in a result": (
        "traceback",
        episode([read(output="Traceback (most recent call last):\n")]),
    ),
    "a traceback in the log": (
        "traceback",
        episode([read()], stderr="Traceback (most recent call last):\n"),
    ),
    "a fault of the server": (
        "internal_fault",
        episode([read(kind="internal_fault", output="Error executing tool")]),
    ),
    "a late result": ("too_late", episode([read(seconds=10.5)])),
}


@pytest.mark.parametrize("name", LIES)
def test_planted_lie_is_found(name: str) -> None:
    kind, history = LIES[name]
    assert kind in {found.kind for found in violations(history, KEY)}


def test_every_violation_has_a_lie() -> None:
    assert {kind for kind, _ in LIES.values()} == set(KINDS)


def test_violation_shows_the_request() -> None:
    found = violations(episode([called()], [deleted()]), KEY)
    assert found == [
        Violation(
            "no_yes", f"DELETE /api/v2/vps/{VPS}/backups/{BACKUP}  (applied), user: no question"
        )
    ]
