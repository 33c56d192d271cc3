"""A new pay-as-you-go server: its name and size, and what speaks against building it.

Only HostUp's gate `canDeploy` decides whether the account may have one. The rest of the preflight
explains a closed gate, or contradicts an open one. Limits are HostUp's own numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from math import ceil
from typing import TypeAlias

from hostup_mcp.hostup.models import Backup, Vps
from hostup_mcp.hostup.payg import PaygLimits, PaygPreflight, PaygSize
from hostup_mcp.recovery.account_reasons import (
    AboveLimit,
    AccountBlocked,
    AccountBlocker,
    AccountContradiction,
    Counted,
    NewDiskSmall,
    NewSizeUnknown,
    RegionUnknown,
    TooLarge,
    TooSmall,
)
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.gates import closed_reason, step_to_open
from hostup_mcp.recovery.reasons import Reason
from hostup_mcp.recovery.suggestions import Step

Options: TypeAlias = Mapping[str, str | int]
"""What is asked of a new server, with the names of the request's body."""

LONGEST_NAME = 63
"""Characters of a hostname."""

SMALLEST = PaygSize(cpu_cores=1, memory_gb=1, storage_gb=50)
"""What HostUp documents for other new servers, for where it does not state it for this one."""

_MOST = 1_000_000
"""A size above this is taken for an error."""

_FIELDS: Mapping[str, tuple[str, Counted]] = {
    "cpuCores": ("cpu_cores", Code.CPU_CORES),
    "memoryGb": ("memory_gb", Code.GB_OF_MEMORY),
    "storageGb": ("storage_gb", Code.GB_OF_STORAGE),
}

_BLOCKER_STEPS: Mapping[str, Step] = {
    "not_verified": Code.VERIFY_ACCOUNT,
    "no_cloud_access": Code.ENABLE_CLOUD,
    "no_card_on_file": Code.ADD_CARD,
    "cpu_limit_exceeded": Code.RAISE_LIMIT,
    "memory_limit_exceeded": Code.RAISE_LIMIT,
    "storage_limit_exceeded": Code.RAISE_LIMIT,
    "instance_limit_exceeded": Code.RAISE_SERVER_LIMIT,
    "has_unpaid_invoice": Code.PAY_INVOICE,
}


def blocker_step(word: str) -> Step:
    """Return what to do about HostUp's `word` for what keeps an account from a new server."""
    return _BLOCKER_STEPS.get(word.lower(), Code.ASK_ABOUT_BLOCKER)


def unique_name(wanted: str | None, source: str | None, kind: str, random: str) -> str:
    """Return a hostname that ends in `random`: the one that is `wanted`, or of `kind` and source.

    It is cut where it would be too long.
    """
    words = re.findall(r"[0-9a-z]+", (source or "").lower())
    base = wanted or "-".join((kind, *words))
    return "-".join((base[: LONGEST_NAME - 1 - len(random)].rstrip("-"), random))


def choose_size(
    options: Options, vps: Vps, backup: Backup | None, preflight: PaygPreflight | None
) -> dict[str, str | int]:
    """Return `options` with a size: the one asked for, else the source's, else HostUp's default.

    A size that is not asked for is at least what HostUp builds and the backup needs. What is not
    known is left out.
    """
    chosen = dict(options)
    for option, (field, _) in _FIELDS.items():
        if option in options:
            continue
        size = _of_source(vps, field)
        if size is None:
            size = _of(preflight and preflight.defaults, field)
        if size is None:
            continue
        least = _of_bound(preflight, "smallest", field) or getattr(SMALLEST, field)
        needed = _whole(backup.size_gb) if option == "storageGb" and backup is not None else None
        chosen[option] = max(each for each in (size, least, needed) if each is not None)
    return chosen


def size_of(options: Options) -> PaygSize:
    """Return the size in `options`, as far as it is chosen."""
    given = {field: options.get(option) for option, (field, _) in _FIELDS.items()}
    return PaygSize(**{field: size for field, size in given.items() if isinstance(size, int)})


def reasons_against(
    options: Options,
    backup: Backup | None,
    preflight: PaygPreflight | None,
    limits: PaygLimits | None,
) -> tuple[Reason, ...]:
    """Return what speaks against a new server with `options`, as far as HostUp tells."""
    missing = tuple(option for option in _FIELDS if option not in options)
    disk, needed = options.get("storageGb"), None if backup is None else backup.size_gb
    found: list[Reason] = []
    if preflight is not None:
        found += _account(preflight)
        found += _region(options, preflight)
    found += _bounds(options, preflight, limits)
    if missing:
        found.append(NewSizeUnknown(", ".join(missing)))
    if isinstance(disk, int) and needed is not None and disk < needed:
        found.append(NewDiskSmall(needed, disk))
    return tuple(found)


def steps_for(reasons: Iterable[Reason], preflight: PaygPreflight | None) -> tuple[Step, ...]:
    """Return what can be done about `reasons`, each step once."""
    steps: list[Step] = []
    for reason in reasons:
        match reason:
            case AccountBlocker(word=word):
                steps.append(blocker_step(word))
            case AboveLimit(of=Code.CLOUD_SERVERS):
                steps.append(Code.RAISE_SERVER_LIMIT)
            case AboveLimit():
                steps.append(Code.RAISE_LIMIT)
            case TooLarge() | TooSmall() | NewDiskSmall() | NewSizeUnknown():
                steps.append(Code.CHOOSE_SIZE)
            case RegionUnknown():
                steps.append(Code.CHOOSE_REGION)
    gate = None if preflight is None else preflight.actions.can_deploy
    if not steps and gate is not None and not gate.allowed:
        steps.append(step_to_open(gate))
    return tuple(dict.fromkeys(steps))


def may_deploy(preflight: PaygPreflight | None) -> bool:
    """Return whether HostUp says that the account may have a new server."""
    gate = None if preflight is None else preflight.actions.can_deploy
    return gate is not None and gate.allowed


def _account(preflight: PaygPreflight) -> Iterator[Reason]:
    gate, access = preflight.actions.can_deploy, preflight.access
    words = () if access is None else tuple(dict.fromkeys(filter(None, access.blocker_reasons)))
    is_refused = preflight.available is False or (access is not None and access.available is False)
    is_open = gate is not None and gate.allowed
    if gate is not None and not gate.allowed:
        yield closed_reason(gate)
    elif is_open and (words or is_refused):
        yield AccountContradiction()
    if gate is None and is_refused:
        yield AccountBlocked(preflight.reason or (access and access.reason) or None)
    for word in words:
        yield AccountBlocker(word, is_open)


def _region(options: Options, preflight: PaygPreflight) -> Iterator[Reason]:
    region, known = options.get("region"), [each.id for each in preflight.regions]
    if region is not None and known and region not in known:
        yield RegionUnknown(str(region), ", ".join(known))


def _bounds(
    options: Options, preflight: PaygPreflight | None, limits: PaygLimits | None
) -> Iterator[Reason]:
    left = None if limits is None else limits.remaining
    if left is not None and left.instance_count == 0:
        yield AboveLimit(1, 0, Code.CLOUD_SERVERS)
    for option, (field, what) in _FIELDS.items():
        wanted = options.get(option)
        if not isinstance(wanted, int):
            continue
        remaining = None if left is None else getattr(left, field)
        most = _of_bound(preflight, "largest", field)
        least = _of_bound(preflight, "smallest", field)
        if remaining is not None and wanted > remaining:
            yield AboveLimit(wanted, remaining, what)
        elif most is not None and wanted > most:
            yield TooLarge(wanted, most, what)
        elif least is not None and wanted < least:
            yield TooSmall(wanted, least, what)


def _of_source(vps: Vps, field: str) -> int | None:
    return None if vps.resources is None else _whole(getattr(vps.resources, field))


def _whole(size: float | None) -> int | None:
    """Return a size rounded up; None for one that is unknown, 0 or absurd."""
    return ceil(size) if size is not None and 0 < size <= _MOST else None


def _of(defaults: object, field: str) -> int | None:
    size: int | None = getattr(getattr(defaults, "resources", None), field, None)
    return size or None


def _of_bound(preflight: PaygPreflight | None, bound: str, field: str) -> int | None:
    if preflight is None or preflight.limits is None:
        return None
    found: int | None = getattr(getattr(preflight.limits, bound), field)
    return found
