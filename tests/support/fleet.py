"""Accounts with many servers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hostup_mcp.sandbox import Account, Backup, Clock, Gate, Sandbox, Schedule, Server
from hostup_mcp.sandbox.ids import make_id
from hostup_mcp.sandbox.models import Billing, Retention

SIZE = 63


def server(start: datetime, number: int, *hours: float | None, **others: Any) -> Server:
    """A server whose backups were made so many hours before `start`; None for an unknown date."""
    backups = tuple(
        Backup(
            id=make_id("bkp", f"fleet-{number}-{index}"),
            storage_key=f"vzdump-qemu-{number}-{index}.vma.zst",
            created_at=None if age is None else start - timedelta(hours=age),
            size_gb=12.4,
        )
        for index, age in enumerate(hours)
    )
    plain = Server(
        id=make_id("vps", f"fleet-{number}"),
        owner="main",
        name=f"web-{number:02}",
        vm_number=number,
        primary_ip=f"192.0.2.{number + 1}",
        billing=Billing(199),
        retention=Retention(7),
        created_at=start - timedelta(days=400),
        backups=backups,
        schedules=(nightly(start, number),),
    )
    return replace(plain, **others)


def nightly(start: datetime, number: int, hours: float | None = 8) -> Schedule:
    """A schedule that last ran so many hours before `start`, or never."""
    last_run = None if hours is None else start - timedelta(hours=hours)
    hour = 2 if last_run is None else last_run.hour
    return Schedule(
        make_id("bks", f"fleet-{number}"), "Night", "daily", hour, 3, True, None, last_run
    )


def healthy(start: datetime, count: int = SIZE) -> list[Server]:
    """Servers with a backup from last night and from the night before."""
    return [server(start, number, 8, 32) for number in range(count)]


def mixed(start: datetime) -> list[Server]:
    """63 servers, of which every fifth has another problem."""
    servers = healthy(start)
    odd: list[Server] = [
        server(start, 0),
        server(start, 5, 100, 124),
        server(start, 10, None),
        server(start, 15, 8, restore_gate=Gate(False, "Storage is being moved.", "moving")),
        server(start, 20, 8, service_status="suspended"),
        server(start, 25, 8, 32, retention=Retention(2)),
        server(start, 30, 200, create_gate=Gate(False)),
        server(start, 35, 8, schedules=(nightly(start, 35, None),)),
        server(start, 40, service_status="pending"),
        server(start, 45, 25),
        server(start, 50, 8, 32, 56, retention=Retention(3, auto_delete_oldest=True)),
        server(start, 55, 49),
    ]
    for each in odd:
        servers[each.vm_number] = each
    return servers


def failing(start: datetime) -> list[Server]:
    """63 servers that all have several problems, with long reasons."""
    moving = Gate(False, "Storage is being moved to other hardware. " * 5, "moving")
    return [
        server(
            start,
            number,
            *(24 * days for days in range(20 + number % 7, 27)),
            restore_gate=moving,
            create_gate=moving,
            retention=Retention(7),
            service_status="suspended" if number % 2 else "active",
        )
        for number in range(SIZE)
    ]


def sandbox_of(servers: Sequence[Server], clock: Clock, **others: Any) -> Sandbox:
    """A sandbox account that has these servers."""
    account = Account(tuple(servers), (), (), frozenset())
    return Sandbox(account, **{"clock": clock, "rate_limit": None, **others})
