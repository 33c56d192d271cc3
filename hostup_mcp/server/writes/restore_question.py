"""The question before a plan is carried out, for the client's window and for the panel."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.costs import Cost, PricesDiffer, RehearsalPrice, ServerPrice
from hostup_mcp.recovery.findings import (
    BackupSmall,
    Changes,
    Doubt,
    EverythingForState,
    Loss,
    SideEffect,
)
from hostup_mcp.recovery.payg import size_of
from hostup_mcp.server.plans import PlanFacts, StoredPlan
from hostup_mcp.server.writes.questions import Subject
from hostup_mcp.wording.question_texts import Words
from hostup_mcp.wording.questions import Part, Question, Quote, Say, say
from hostup_mcp.wording.words import address, word

_EFFECTS: Mapping[SideEffect, Words] = {
    Code.DISK_REPLACED: Words.DISK_REPLACED,
    Code.SERVER_STOPPED: Words.SERVER_STOPPED,
    Code.DISK_ROLLED_BACK: Words.DISK_ROLLED_BACK,
    Code.MEMORY_RESUMED: Words.MEMORY_RESUMED,
    Code.COLD_START: Words.COLD_START,
    Code.TWIN_STARTS: Words.TWIN_STARTS,
}
_DETAILS: Mapping[SideEffect, Words] = {
    Code.NETWORK_KEPT: Words.NETWORK_KEPT,
    Code.NEW_ADDRESS: Words.NEW_ADDRESS,
}
_UNKNOWN: Mapping[SideEffect, Words] = {
    Code.POWER_STATE_UNKNOWN: Words.POWER_STATE_UNKNOWN,
    Code.MAY_BE_REFUSED: Words.MAY_BE_REFUSED,
}

_NAMES = {"name": Words.NEW_NAME, "region": Words.REGION}


def restore_question(plan: StoredPlan, facts: PlanFacts, subject: Subject) -> Question:
    """Return the question whether to carry out `plan`, in which all that will be sent is."""
    effects = facts.plan.side_effects
    return subject.question(
        _what(plan, facts),
        [
            *([] if plan.is_rehearsal else [_loss(facts.plan.data_loss)]),
            *_told(effects, _EFFECTS),
            *([Words.BETTER_TIME] if plan.is_rehearsal else []),
        ],
        details=[
            *_unconfirmed(plan),
            *([_loss(facts.plan.data_loss)] if plan.is_rehearsal else []),
            *_region(plan),
            *([] if plan.is_rehearsal else _told(effects, _DETAILS)),
        ],
        cost=_cost(facts.plan.cost),
        unknown=[*_told(effects, _UNKNOWN), *_doubts(facts.plan.doubts)],
        quotes=_quotes(plan, facts),
        ids=[id_ for id_ in (plan.source_id, plan.point) if id_],
        plain_yes=plan.definition.builds_server,
    )


def _told(effects: Iterable[SideEffect], words: Mapping[SideEffect, Words]) -> list[Words]:
    return [words[effect] for effect in effects if effect in words]


def _what(plan: StoredPlan, facts: PlanFacts) -> Say:
    words = Words.RESTORE_BACKUP
    if plan.definition.builds_server:
        words = Words.REHEARSE if plan.is_rehearsal else Words.BUILD_SERVER
    elif plan.source_id:
        words = Words.RESTORE_OTHER
    elif plan.definition.goes_back_to == "snapshot":
        words = Words.RESTORE_SNAPSHOT
    found = facts.plan.point
    made = None if found is None else found.created
    if plan.definition.builds_server:
        return say(words, made=made, size=_size(plan))
    return say(words, made=made)


def _loss(loss: Loss) -> Part:
    match loss:
        case Changes(age=age):
            return say(Words.LOSES_CHANGES, age=age)
        case Code.NOTHING:
            return Words.NOTHING_LOST
        case EverythingForState() | Code.EVERYTHING_FOR_UNKNOWN | Code.EVERYTHING:
            return Words.LOSES_EVERYTHING
        case Code.CHANGES_UNKNOWN | Code.LOSS_UNKNOWN:
            return Words.LOSES_UNKNOWN


def _cost(cost: Cost | None) -> Part | None:
    match cost:
        case ServerPrice(per_hour=hour, per_month=month):
            return say(Words.PRICE, hour=hour, month=month)
        case RehearsalPrice(per_hour=hour, two_hours=two):
            return say(Words.REHEARSAL_PRICE, hour=hour, two=two)
        case PricesDiffer(per_hour=hour, other=other):
            return say(Words.PRICES_DIFFER, hour=hour, other=other)
        case Code.PRICE_UNKNOWN:
            return Words.PRICE_UNKNOWN
    return None


def _doubts(found: Iterable[Doubt]) -> list[Part]:
    """Return why the backup may be incomplete."""
    doubts: list[Part] = []
    for each in found:
        match each:
            case BackupSmall(size_gb=size, usual_gb=usual):
                doubts.append(say(Words.BACKUP_SMALL, size=size, usual=usual))
            case Code.BACKUP_EMPTY:
                doubts.append(Words.BACKUP_EMPTY)
            case Code.BACKUP_NEW:
                doubts.append(Words.BACKUP_NEW)
    return doubts


def _unconfirmed(plan: StoredPlan) -> list[Part]:
    """Return what is known of the request that the backup may come from."""
    if plan.unconfirmed is None:
        return []
    has_failed = plan.unconfirmed.has_failed
    return [Words.BACKUP_OF_FAILED_JOB if has_failed else Words.BACKUP_UNCONFIRMED]


def _size(plan: StoredPlan) -> Say:
    size = size_of(plan.options)
    return say(Words.NEW_SIZE, cores=size.cpu_cores, memory=size.memory_gb, disk=size.storage_gb)


def _region(plan: StoredPlan) -> list[Part]:
    is_default = plan.definition.builds_server and "region" not in plan.options
    return [Words.DEFAULT_REGION] if is_default else []


def _quotes(plan: StoredPlan, facts: PlanFacts) -> list[Quote]:
    quotes = []
    if (source := facts.source) is not None:
        about = {"address": address(source.address), "status": word(source.status)}
        quotes.append(Quote(Words.SOURCE, source.name or "", about))
    if plan.definition.goes_back_to == "snapshot":
        quotes.append(Quote(Words.SNAPSHOT_NAME, plan.point))
    return quotes + [
        Quote(words, str(plan.options[option]))
        for option, words in _NAMES.items()
        if option in plan.options
    ]
