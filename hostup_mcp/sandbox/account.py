"""The account that the sandbox starts with.

All times are relative to the start, so that every age is the same whenever it starts.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from . import hostile
from .access import MAIN_OWNER, OTHER_OWNER
from .ids import IdStyle, make_id
from .jobs import Job
from .models import (
    Backup,
    Billing,
    Gate,
    OperatingSystem,
    Retained,
    Retention,
    Schedule,
    Server,
    Snapshot,
)
from .state import Account

UBUNTU = OperatingSystem("Ubuntu 24.04", "ubuntu", "24.04")
DEBIAN = OperatingSystem("Debian 12", "debian", "12")
ALMA = OperatingSystem("AlmaLinux 9", "almalinux", "9")

HOSTILE_NAME = hostile.NAME
RETAINED_NAME = "old-shop"
RUNNING_JOB_ID = make_id("job", "seed-db-01")
UNBOOTABLE_NOTE = "Before upgrade"
"""The note of the backup of `web-01` that boots to nothing."""

_LAST_RUN = timedelta(hours=8)
_DAY = timedelta(days=1)


def demo_account(start: datetime, ids: IdStyle = "ulid") -> Account:
    """Build the whole account as of `start`."""
    builder = _Builder(start, ids)
    servers = (
        *_everyday(builder),
        *_full(builder),
        *_closed(builder),
        *_odd(builder),
        *_other_owner(builder),
    )
    busy = next(each for each in servers if each.name == "db-01")
    running = Job(
        id=builder.id("job", "seed-db-01"),
        kind="backup",
        owner=busy.owner,
        server_id=busy.id,
        created_at=start - timedelta(minutes=4),
        begins_at=start - timedelta(minutes=3, seconds=30),
        ends_at=start + timedelta(minutes=15),
        backup_id=builder.id("bkp", "seed-db-01-running"),
        note="Before index rebuild",
    )
    kept = Retained(
        id=builder.id("vps", "seed-retained"),
        owner=MAIN_OWNER,
        name=RETAINED_NAME,
        backups=(builder.backup(171, 1, 40 * _DAY, 22.5), builder.backup(171, 2, 47 * _DAY, 22)),
    )
    return Account(servers, (kept,), (running,), frozenset({MAIN_OWNER}))


class _Builder:
    """Makes servers, backups and snapshots relative to one moment."""

    def __init__(self, start: datetime, ids: IdStyle) -> None:
        self.start = start
        self._ids = ids

    def id(self, prefix: str, seed: str) -> str:
        return make_id(prefix, seed, self._ids)

    def server(
        self,
        number: int,
        name: str,
        ip: str | None,
        *,
        limit: int | None = 3,
        auto_delete: bool = False,
        price: float = 199,
        age_days: int = 400,
    ) -> Server:
        return Server(
            id=self.id("vps", f"seed-{number}"),
            owner=MAIN_OWNER,
            name=name,
            vm_number=number,
            primary_ip=ip,
            billing=Billing(price, period_years=1),
            retention=Retention(limit, auto_delete),
            backups_included=3 if limit is None else limit,
            created_at=self.start - timedelta(days=age_days),
            next_due_at=self.start + timedelta(days=12),
            operating_system=UBUNTU,
            product_name="VPS S",
        )

    def backup(
        self,
        vm: int,
        number: int,
        age: timedelta | None,
        size_gb: float,
        note: str | None = None,
    ) -> Backup:
        created = None if age is None else self.start - age
        stamp = f"{created:%Y_%m_%d-%H_%M_%S}" if created else f"import-{number}"
        return Backup(
            id=self.id("bkp", f"seed-{vm}-{number}"),
            storage_key=f"vzdump-qemu-{vm}-{stamp}.vma.zst",
            created_at=created,
            size_gb=size_gb,
            backup_type="scheduled" if note is None else "manual",
            note=note,
        )

    def daily_backups(self, vm: int, sizes: Sequence[float]) -> tuple[Backup, ...]:
        return tuple(
            self.backup(vm, index + 1, _LAST_RUN + index * _DAY, size)
            for index, size in enumerate(sizes)
        )

    def daily(self, vm: int, keep: int) -> Schedule:
        last = self.start - _LAST_RUN
        return Schedule(
            id=self.id("bks", f"seed-{vm}"),
            name="Daily backup",
            frequency="daily",
            hour=last.hour,
            retention_count=keep,
            enabled=True,
            last_run=last,
        )

    def snapshot(self, name: str, age: timedelta, description: str | None) -> Snapshot:
        created = self.start - age
        return Snapshot(name, created, created + _DAY, description)


def _everyday(make: _Builder) -> tuple[Server, ...]:
    web = make.server(101, "web-01", "192.0.2.10", limit=6)
    staging = make.server(102, "staging", "192.0.2.11", limit=2, price=99, age_days=60)
    dev = make.server(103, "dev-01", "192.0.2.12", price=99)
    cloud = make.server(104, "api-sthlm", "203.0.113.20", age_days=30)
    return (
        replace(
            web,
            backups=(
                *make.daily_backups(101, (12.4, 12, 12.3)),
                replace(
                    make.backup(101, 9, 2 * _DAY + timedelta(hours=3), 12.1, UNBOOTABLE_NOTE),
                    boots=False,
                ),
            ),
            snapshots=(make.snapshot("before-php-83", timedelta(hours=2), "Before PHP 8.3"),),
            schedules=(make.daily(101, 5),),
            snapshot_limit=3,
        ),
        replace(staging, snapshot_limit=0, storage_gb=40, memory_gb=2, operating_system=DEBIAN),
        replace(
            dev,
            power_state="stopped",
            backups=(make.backup(103, 1, 9 * _DAY, 8, "Parked for the summer"),),
        ),
        replace(
            cloud,
            billing=Billing(0.84, "monthly", is_payg=True),
            next_due_at=None,
            product_name="Cloud VPS",
            cpu_cores=4,
            memory_gb=8,
            backups=make.daily_backups(104, (18.6,)),
        ),
    )


def _full(make: _Builder) -> tuple[Server, ...]:
    shop = make.server(111, "shop-prod", "198.51.100.10", price=399)
    mail = make.server(112, "mail", "198.51.100.11", auto_delete=True)
    busy = make.server(113, "db-01", "198.51.100.12", limit=4, price=399)
    return (
        replace(
            shop,
            cpu_cores=4,
            memory_gb=8,
            storage_gb=160,
            backups=make.daily_backups(111, (61.2, 60.8, 60)),
            schedules=(make.daily(111, 3),),
        ),
        replace(
            mail,
            operating_system=DEBIAN,
            has_guest_agent=False,
            backups=make.daily_backups(112, (30, 29.7, 29.5)),
            schedules=(make.daily(112, 3),),
        ),
        replace(busy, backups=make.daily_backups(113, (44.9, 44.1)), cpu_cores=4, memory_gb=16),
    )


def _closed(make: _Builder) -> tuple[Server, ...]:
    crm = make.server(121, "crm", "198.51.100.20", age_days=1)
    intranet = make.server(122, "intranet", "198.51.100.21")
    files = make.server(123, "files", "198.51.100.22")
    analytics = make.server(124, "analytics", "198.51.100.23")
    moving = Gate(False, "Storage is being moved to other hardware.", "storage_migration_window")
    return (
        replace(crm, service_status="pending", power_state="provisioning"),
        replace(
            intranet,
            service_status="suspended",
            power_state="stopped",
            backups=make.daily_backups(122, (15.5,)),
            next_due_at=make.start - 20 * _DAY,
            overdue_invoice=True,
        ),
        replace(files, backups=make.daily_backups(123, (70.2, 70)), restore_gate=Gate(False)),
        replace(
            analytics,
            backups=make.daily_backups(124, (25.1,)),
            create_gate=moving,
            restore_gate=moving,
        ),
    )


def _odd(make: _Builder) -> tuple[Server, ...]:
    erp = make.server(131, "legacy-erp", None, age_days=2900)
    wiki = make.server(132, "wiki", "192.0.2.31", limit=10)
    mean = make.server(133, hostile.NAME, "192.0.2.32")
    archive = make.server(134, "archive", "192.0.2.33", limit=80, price=899)
    build = make.server(135, "build-01", "192.0.2.34", limit=None)
    media = make.server(136, "media", "192.0.2.35", price=1290, age_days=1500)
    undated = (make.backup(131, 1, None, 20), make.backup(131, 2, None, 19.5, "Imported"))
    return (
        replace(
            erp,
            power_state=None,
            operating_system=None,
            billing=Billing(0, None),
            product_name=None,
            created_at=None,
            next_due_at=None,
            has_guest_agent=False,
            backups=(*undated, make.backup(131, 3, 90 * _DAY, 20.2)),
        ),
        replace(
            wiki,
            operating_system=ALMA,
            backups=tuple(
                make.backup(132, index, index * _DAY, 5, note)
                for index, note in enumerate(hostile.NOTES, start=1)
            ),
        ),
        replace(
            mean,
            backups=make.daily_backups(133, (9.9,)),
            create_gate=Gate(False, hostile.REASON, "maintenance\nwindow"),
        ),
        replace(
            archive,
            storage_gb=500,
            backups=make.daily_backups(134, [40 + n / 4 for n in range(60)]),
        ),
        replace(build, backups=make.daily_backups(135, (11, 10.9))),
        replace(
            media,
            cpu_cores=8,
            memory_gb=32,
            storage_gb=800,
            operating_system=ALMA,
            backups=(make.backup(136, 1, 410 * _DAY, 612, "Before move to new disks"),),
        ),
    )


def _other_owner(make: _Builder) -> tuple[Server, ...]:
    web = make.server(201, "other-web", "203.0.113.40")
    store = make.server(202, "other-db", "203.0.113.41")
    return (
        replace(web, owner=OTHER_OWNER, backups=make.daily_backups(201, (7.7, 7))),
        replace(store, owner=OTHER_OWNER),
    )
