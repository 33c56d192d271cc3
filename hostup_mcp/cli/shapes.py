"""`hostup-mcp doctor --shapes`: keys and types of what HostUp really sends, never a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import anyio
from rich.console import Console

from hostup_mcp.config import Settings
from hostup_mcp.hostup.audit import AuditPage
from hostup_mcp.hostup.base import Model
from hostup_mcp.hostup.endpoints import AUDIT, BACKUP, BILLING, READ, vps_path
from hostup_mcp.hostup.http import Http
from hostup_mcp.hostup.jobs import Document
from hostup_mcp.hostup.live import Cancellation, GuestAgent, VpsStatus, VpsStorage
from hostup_mcp.hostup.models import (
    BackupList,
    BackupSchedules,
    RestoreSources,
    SnapshotList,
    Vps,
    VpsPage,
)
from hostup_mcp.hostup.payg import BillingBreakdown, PaygLimits, PaygPreflight
from hostup_mcp.hostup.problems import ForbiddenError, HostUpError
from hostup_mcp.hostup.shapes import Shape, expected_shape, shape_of
from hostup_mcp.server.connections import connect
from hostup_mcp.server.errors.hostup import describe_for_user


@dataclass(frozen=True)
class _Endpoint:
    below: str
    """Path below that of one server."""
    model: type[Model]
    scopes: tuple[str, ...] = READ
    is_payg_only: bool = False
    """Whether it is read only of servers that are paid for by use."""


_OF_ONE_SERVER = (
    _Endpoint("", Vps),
    _Endpoint("/status", VpsStatus),
    _Endpoint("/backups", BackupList),
    _Endpoint("/backups/restore-sources", RestoreSources, BACKUP),
    _Endpoint("/snapshots", SnapshotList),
    _Endpoint("/backup-schedules", BackupSchedules),
    _Endpoint("/storage", VpsStorage),
    _Endpoint("/agent/exec", GuestAgent),
    _Endpoint("/cancellation", Cancellation),
    _Endpoint("/billing-breakdown", BillingBreakdown, BILLING, is_payg_only=True),
)
_OF_THE_ACCOUNT: tuple[tuple[str, type[Model], tuple[str, ...], Mapping[str, int]], ...] = (
    ("/api/v2/vps/payg/deployments", PaygPreflight, READ, {}),
    ("/api/v2/vps/payg/limits", PaygLimits, READ, {}),
    ("/api/v2/audit-log", AuditPage, AUDIT, {"limit": 20}),
)

MOST_SERVERS = 3
"""Servers that are read one by one."""

_Result: TypeAlias = tuple[str, type[Model], list[Document | HostUpError]]


def print_shapes(settings: Settings, console: Console) -> int:
    """Read what the key may read of up to three servers, and print the shape of each response.

    Returns 1 if a response could not be read, other than for a missing scope, or has a type that
    was not expected; else 0.
    """
    return anyio.run(_print_shapes, settings, console)


async def _print_shapes(settings: Settings, console: Console) -> int:
    http = connect(settings)
    try:
        servers = await _read(http, "/api/v2/vps", READ, {"limit": MOST_SERVERS})
        results: list[_Result] = [("/api/v2/vps", VpsPage, [servers])]
        for endpoint in _OF_ONE_SERVER:
            read = [
                await _read(http, vps_path(vps_id) + endpoint.below, endpoint.scopes)
                for vps_id in _ids(servers, endpoint)
            ]
            if read:
                results.append((f"/api/v2/vps/{{id}}{endpoint.below}", endpoint.model, read))
        for path, model, scopes, params in _OF_THE_ACCOUNT:
            results.append((path, model, [await _read(http, path, scopes, params)]))
    finally:
        await http.close()
    is_expected = [_print(console, *result) for result in results]
    console.print("Keys and types only: no value of the account is in this list.")
    return 0 if all(is_expected) else 1


async def _read(
    http: Http, path: str, scopes: tuple[str, ...], params: Mapping[str, int] | None = None
) -> Document | HostUpError:
    try:
        return await http.read(Document, path, params, scopes=scopes)
    except HostUpError as error:
        return error


def _ids(servers: Document | HostUpError, endpoint: _Endpoint) -> list[str]:
    listed = servers.get("data") if isinstance(servers, Document) else None
    items = [x for x in listed if isinstance(x, dict)] if isinstance(listed, list) else []
    found = [each.get("id") for each in items if not endpoint.is_payg_only or _is_payg(each)]
    return [each for each in found if isinstance(each, str) and each.strip("./")][:MOST_SERVERS]


def _is_payg(item: Mapping[str, object]) -> bool:
    billing = item.get("billing")
    return isinstance(billing, dict) and billing.get("isPayg") is True


def _print(
    console: Console, path: str, model: type[Model], read: list[Document | HostUpError]
) -> bool:
    documents = [each.model_extra or {} for each in read if isinstance(each, Document)]
    console.print(f"GET {path}: {len(documents)} of {len(read)} read")
    errors = {describe_for_user(each) for each in read if isinstance(each, HostUpError)}
    for error in sorted(errors):
        console.print(f"  ✗ {error}")
    found = _merged([shape_of(document) for document in documents])
    lines = list(_compare(found, expected_shape(model)))
    width = max((len(path) for path, _, _ in lines), default=0)
    for field, types, remark in lines:
        console.print(f"  {field:<{width}}  {types}{f'  {remark}' if remark else ''}")
    console.print()
    is_broken = any(isinstance(e, HostUpError) and not isinstance(e, ForbiddenError) for e in read)
    return not is_broken and not any(remark.startswith("expected") for _, _, remark in lines)


def _merged(shapes: list[Shape]) -> Shape:
    paths = {path for shape in shapes for path in shape}
    return {path: frozenset().union(*(s.get(path, frozenset()) for s in shapes)) for path in paths}


def _compare(found: Shape, expected: Shape) -> Iterator[tuple[str, str, str]]:
    """Return each path, the types found there, and a remark about them."""
    for path in sorted({*found, *expected} if found else ()):
        types, wanted = found.get(path), expected.get(path)
        if types is None:
            parent = path.rpartition(".")[0]
            # Where the whole object is missing, its fields are not missing one by one.
            if not parent or "object" in found.get(parent, frozenset()):
                yield path, "missing", ""
        elif wanted is None:
            yield path, ", ".join(sorted(types)), "not used by hostup-mcp"
        else:
            odd = types - wanted - {"null"}
            yield (
                path,
                ", ".join(sorted(types)),
                f"expected {', '.join(sorted(wanted))}" if odd else "",
            )
