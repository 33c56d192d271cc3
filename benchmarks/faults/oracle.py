"""Compares what results claimed with what the account applied. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from benchmarks.faults.history import FOREIGN_JOB, Call, Claim, Episode, Question, Received

KINDS = {
    "twice": "more than one application from one call, plan or yes",
    "sent_twice": "a write was sent more often than it was called for",
    "no_yes": "applied without the yes of the user",
    "wrong_hint": "destroyed something although the tool's definition says that it never does",
    "question_without_target": "applied with a yes to a question that does not name the target",
    "stale_yes": "applied although the server was renamed while the user was asked",
    "wrong_target": "applied to something that the arguments do not name",
    "claimed_not_applied": "reported as done, started or accepted; nothing was applied",
    "denied_but_applied": "reported as refused or unchanged; it was applied",
    "foreign_result": "reported from a response to no request of this call",
    "read_wrote": "a read tool caused a write",
    "unowned": "a write that belongs to no call",
    "secret": "an output or the log contains the API key",
    "traceback": "an output or the log contains a traceback",
    "internal_fault": "the server failed because of a bug of its own",
    "too_late": "the result came later than the time-outs allow",
}


@dataclass(frozen=True)
class Violation:
    """A broken promise: one of `KINDS`, and the evidence."""

    kind: str
    detail: str


def violations(episode: Episode, secret: str) -> list[Violation]:
    """All violations in `episode`; `secret` is the account's API key."""
    found = [*_outputs(episode, secret), *_times(episode)]
    for vps in {write.vps for write in episode.writes} | {call.vps for call in episode.calls}:
        calls = [call for call in episode.calls if call.vps == vps]
        writes = [write for write in episode.writes if write.vps == vps]
        found += _of_one_server(calls, writes, episode)
    return found


def _of_one_server(
    calls: list[Call], writes: list[Received], episode: Episode
) -> Iterator[Violation]:
    changing = [call for call in calls if not call.read_only]
    if not changing or not calls[0].vps:
        if writes:
            only_reads = bool(episode.calls) and all(call.read_only for call in episode.calls)
            yield Violation("read_wrote" if only_reads else "unowned", _named(writes))
        for call in changing:
            if call.claim is Claim.DONE:
                yield Violation("claimed_not_applied", f"{call.tool} {call.kind}: {call.output}")
        return
    applied = [write for write in writes if write.applied]
    yield from _counts(changing, writes, applied, episode.single_yes)
    yield from _claims(changing, applied)
    yield from _consents(applied, episode.questions)
    named = set().union(*(_texts(call.arguments) | _texts(call.planned) for call in changing))
    for write in applied:
        if write.destroys and not any(call.may_destroy for call in changing):
            yield Violation("wrong_hint", _named([write]))
        if strange := write.ids - named:
            yield Violation("wrong_target", f"{write.method} {write.path}: {sorted(strange)}")


def _counts(
    calls: list[Call], writes: list[Received], applied: list[Received], single_yes: bool
) -> Iterator[Violation]:
    plans = {call.arguments.get("planId") for call in calls}
    one_plan = len(plans) == 1 and plans != {None}
    most = 1 if single_yes or one_plan else len(calls)
    if len(applied) > most:
        yield Violation("twice", f"{len(applied)} applications, {most} at most: {_named(applied)}")
    if len(writes) > len(calls):
        yield Violation("sent_twice", f"{len(writes)} writes, {len(calls)} calls: {_named(writes)}")


def _claims(calls: list[Call], applied: list[Received]) -> Iterator[Violation]:
    done = [call for call in calls if call.claim is Claim.DONE]
    open_ = [call for call in calls if call.claim in (Claim.UNKNOWN, Claim.NOTHING)]
    if len(applied) < len(done):
        claims = "; ".join(f"{call.tool}: {call.output}" for call in done)
        yield Violation("claimed_not_applied", f"{len(applied)} applied, claimed: {claims}")
    if len(applied) > len(done) + len(open_):
        claims = "; ".join(f"{call.tool} {call.kind}: {call.output}" for call in calls)
        yield Violation("denied_but_applied", f"{_named(applied)}, claimed: {claims}")
    for call in calls:
        unchanged = "othing was changed" in call.output or "othing was sent" in call.output
        if applied and len(calls) == 1 and unchanged and call.claim is not Claim.REFUSED:
            yield Violation("denied_but_applied", f"{_named(applied)}, claimed: {call.output}")


def _consents(applied: list[Received], questions: list[Question]) -> Iterator[Violation]:
    """Each yes covers one application, and only one whose target its question names."""
    unused = [question for question in questions if question.is_yes]
    for write in applied:
        fitting = [
            question
            for question in unused
            if _target(question) == write.vps and all(id_ in question.text for id_ in write.ids)
        ]
        if fitting:
            # If the question was repeated under the new name, that yes is the one that counts.
            best = min(fitting, key=lambda question: question.is_stale)
            unused.remove(best)
            if best.is_stale:
                yield Violation("stale_yes", f"{_named([write])}, question: {best.text}")
            continue
        has_question = any(_target(question) == write.vps for question in questions)
        if not write.destroys and not has_question:
            continue
        if unused:
            texts = " | ".join(question.text for question in unused)
            yield Violation("question_without_target", f"{_named([write])}, questions: {texts}")
            unused.pop(0)
        else:
            replies = [question.reply for question in questions] or "no question"
            yield Violation("no_yes", f"{_named([write])}, user: {replies}")


def _target(question: Question) -> str | None:
    """The server that a question is about: it is named first, before any that is only a source."""
    found = re.search(r"vps_[0-9A-Za-z]+", question.text)
    return found[0] if found else None


def _outputs(episode: Episode, secret: str) -> Iterator[Violation]:
    places = [(call.tool, call.output) for call in episode.calls]
    places += [("question", question.text) for question in episode.questions]
    places.append(("stderr", episode.stderr))
    for place, text in places:
        if secret in text:
            yield Violation("secret", place)
        if "Traceback (most recent call last)" in text:
            yield Violation("traceback", f"{place}: {text[-1500:]}")
    for call in episode.calls:
        if FOREIGN_JOB in call.output and FOREIGN_JOB not in _texts(call.arguments):
            yield Violation("foreign_result", f"{call.tool}: {call.output}")
        if call.kind == "internal_fault":
            yield Violation("internal_fault", f"{call.tool}: {call.output}")


def _times(episode: Episode) -> Iterator[Violation]:
    for call in episode.calls:
        if call.seconds > episode.seconds_allowed:
            took = f"{call.seconds:.1f} s, allowed {episode.seconds_allowed:.1f} s"
            yield Violation("too_late", f"{call.tool}: {took}")


def _texts(value: Any) -> set[str]:
    if isinstance(value, dict):
        return set().union(*(_texts(item) for item in value.values())) if value else set()
    return {value} if isinstance(value, str) else set()


def _named(writes: list[Received]) -> str:
    return "; ".join(
        f"{w.method} {w.path} {w.body} ({'applied' if w.applied else 'not applied'}"
        f"{', ' + w.fault if w.fault else ''})"
        for w in writes
    )
