"""The shape of a document names types and documented keys, never a value."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from hostup_mcp.hostup.models import BackupList, VpsPage
from hostup_mcp.hostup.shapes import expected_shape, shape_of


def test_items_share_one_path() -> None:
    assert shape_of({"data": [{"a": 1}, {"a": None, "b": [True, "x"]}, 2.5]}) == {
        "data": {"array"},
        "data[]": {"object", "number"},
        "data[].a": {"number", "null"},
        "data[].b": {"array"},
        "data[].b[]": {"boolean", "string"},
    }


def test_expected_is_what_is_read() -> None:
    assert (
        expected_shape(VpsPage).items()
        >= {
            "data[]": frozenset({"object"}),
            "data[].resources.storageGb": frozenset({"number"}),
            "hasMore": frozenset({"boolean"}),
        }.items()
    )
    assert expected_shape(BackupList)["actions.canRestore.allowed"] == {"boolean"}


@settings(max_examples=30)
@given(
    st.recursive(
        st.text() | st.integers(10**6) | st.none(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_value_is_in_a_shape(document: object) -> None:
    marked = {"secret 4711": [document, "secret 4712"], "vps_01h4713": {"4714": "4715"}}
    found = shape_of(json.loads(json.dumps(marked)))
    assert not any(f"471{n}" in path for path in found for n in range(6))
