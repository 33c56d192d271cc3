"""Servers as lines for a model: what most of them have in common is said once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from hostup_mcp.hostup.models import Resources, Vps
from hostup_mcp.hostup.text import quoted, safe_word
from hostup_mcp.wording.formats import number

FEWEST = 3
"""From so many servers on, what more than half of them have in common is said once."""

NOT_PAYG = "not pay-as-you-go"
"""The usual way to pay, so it is only said where most of the servers are paid otherwise."""


def describe_servers(servers: Sequence[Vps], notes: Iterable[str]) -> tuple[str, list[str]]:
    """Return what holds unless a line says otherwise, and a line on each of `servers`.

    Each of `notes` ends the line of its server; an empty one is left out.
    """
    facts = [_facts(vps) for vps in servers]
    usual = [_usual(values) for values in zip(*facts, strict=True)]
    rows = [
        [*_identity(vps), *map(_unless, own, usual), note]
        for vps, own, note in zip(servers, facts, notes, strict=True)
    ]
    said = ", ".join(most for most in usual if most not in ("", NOT_PAYG))
    return said, [" · ".join(filter(None, row)) for row in rows]


def _identity(vps: Vps) -> list[str]:
    return [
        safe_word(vps.id),
        quoted(vps.name) if vps.name is not None else "no name",
        safe_word(vps.primary_ip) if vps.primary_ip else "no IP",
    ]


def _facts(vps: Vps) -> tuple[str, ...]:
    system, size, billing = vps.operating_system, vps.resources or Resources(), vps.billing
    name = None if system is None else system.display_name or system.family
    amounts = (
        (size.cpu_cores, "cores"),
        (size.memory_gb, "GB memory"),
        (size.storage_gb, "GB disk"),
    )
    is_payg = None if billing is None else billing.is_payg
    return (
        f"service {safe_word(vps.service_status or 'unknown')}",
        f"power {safe_word(vps.power_state or 'unknown')}",
        f"OS {quoted(name) if name else 'unknown'}",
        *(
            f"{unit.removeprefix('GB ')} unknown" if amount is None else f"{number(amount)} {unit}"
            for amount, unit in amounts
        ),
        {True: "pay-as-you-go", False: NOT_PAYG, None: "billing unknown"}[is_payg],
    )


def _usual(values: tuple[str, ...]) -> str:
    """Return the value that holds for most; empty if none does, or there are only few."""
    value, count = Counter(values).most_common(1)[0]
    return value if len(values) >= FEWEST and 2 * count > len(values) else ""


def _unless(value: str, usual: str) -> str:
    """Return `value`, or an empty text if it goes without saying."""
    is_expected = value == usual or (value == NOT_PAYG and not usual)
    return "" if is_expected else value
