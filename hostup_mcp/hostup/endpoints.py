"""What reads and writes share about HostUp's endpoints: path segments and the scopes of a key."""

from __future__ import annotations

from urllib.parse import quote

READ = ("read:vm",)
WRITE = ("write:vm",)
BACKUP = ("backup:vm",)
SPEND = ("backup:vm", "write:billing")


def segment(value: str) -> str:
    """Quote `value` as one segment of a path, so that an id can never reach another endpoint.

    Raises:
        ValueError: it is empty or a dot segment, which no encoding makes safe, or it holds half
            a character (a lone surrogate).
    """
    if value in ("", ".", ".."):
        raise ValueError(f"not an id: {value!r}")
    return quote(value, safe="")


def vps_path(vps_id: str) -> str:
    """The path of a VPS, `/api/v2/vps/{id}`, which all its endpoints begin with.

    Raises:
        ValueError: as `segment`.
    """
    return f"/api/v2/vps/{segment(vps_id)}"
