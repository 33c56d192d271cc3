"""What reads and writes share: scopes of a key, and the quoting of path segments."""

from __future__ import annotations

from urllib.parse import quote

READ = ("read:vm",)
WRITE = ("write:vm",)
BACKUP = ("backup:vm",)
AUDIT = ("audit:read",)
POWER = ("power:vm",)
BILLING = ("read:billing",)
CANCEL = ("write:billing",)
SPEND = ("backup:vm", "write:billing")


def segment(value: str) -> str:
    """Quote `value` as one path segment, so that an id can never reach another endpoint.

    Raises:
        ValueError: it is empty or a dot segment, which no encoding makes safe, or it holds a lone
            surrogate.
    """
    if value in ("", ".", ".."):
        raise ValueError(f"not an id: {value!r}")
    return quote(value, safe="")


def vps_path(vps_id: str) -> str:
    """Return `/api/v2/vps/{id}`, the prefix of all endpoints of a VPS.

    Raises:
        ValueError: as `segment`.
    """
    return f"/api/v2/vps/{segment(vps_id)}"
