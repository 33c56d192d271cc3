"""Strategies: every documented response of `GET /api/v2/vps/{id}/backups`, and worse."""

from typing import Any

from hypothesis import strategies as st

text = st.text(max_size=40)
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=6,
)
moments = (
    st.datetimes().map(lambda moment: moment.isoformat(timespec="milliseconds") + "Z")
    | st.datetimes().map(lambda moment: moment.isoformat() + "+23:59")
    | st.sampled_from(
        [
            "2026-04-27T10:00:00.000Z",
            "2026-04-27T10:00:00",
            "2026-04-27",
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59-23:59",
            "2026-02-30T10:00:00Z",
            "27/04/2026",
            "",
        ]
    )
    | text
)
# A float holds each whole number up to here; beyond, what is read is another number.
numbers = st.integers(0, 2**53) | st.floats(0, 2.0**53)
whole = st.integers(0, 10**30) | st.integers(0, 2**53).map(float)

ids = st.from_regex(r"[0-9A-Za-z_][0-9A-Za-z_.:~-]{0,30}", fullmatch=True)

# What a later version of the API may add. Its names never look like one that is known.
extra = st.dictionaries(text.map("x-{}".format), anything, max_size=2)


def _with_extra(fields: dict[str, st.SearchStrategy[Any]], **optional: Any) -> Any:
    known = st.fixed_dictionaries(fields, optional=optional)
    return st.builds(lambda a, b: a | b, extra, known)


gates = _with_extra(
    {"allowed": st.booleans(), "reason": st.none() | text},
    code=st.none() | st.just("pending_order") | text,
)
backups = _with_extra(
    {
        "id": ids,
        "displayId": text,
        "storageKey": text,
        "createdAt": st.none() | moments,
        "sizeGb": numbers,
        "backupType": text,
        "note": st.none() | text,
    }
)
quotas = _with_extra({"used": whole, "limit": st.none() | whole, "remaining": st.none() | whole})
listings = _with_extra(
    {
        "backups": st.lists(backups, max_size=4),
        "quotaInfo": quotas,
        "actions": _with_extra({"canCreateBackup": gates, "canRestore": gates}),
    }
)
