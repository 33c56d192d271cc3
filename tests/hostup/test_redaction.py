"""The key is removed from responses, however it is written there; the rest stays as it is."""

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hostup_mcp.hostup.keys import SHORTEST_KEY
from hostup_mcp.hostup.redaction import redactor

from .wire import KEY

ODD_KEY = 'hu/5ecret"+\\Key'
keys = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=SHORTEST_KEY)


def escaped(text: str) -> str:
    return "".join(f"\\u{ord(char):04X}" for char in text)


WRITTEN = [
    (KEY, KEY),
    (ODD_KEY, json.dumps(ODD_KEY)[1:-1]),
    (ODD_KEY, json.dumps(ODD_KEY)[1:-1].replace("/", "\\/")),
    (KEY, escaped(KEY)),
    (KEY, escaped(KEY).lower()),
    (KEY, KEY[:4] + escaped(KEY[4]) + KEY[5:]),
    (ODD_KEY, quote(ODD_KEY, safe="")),
]


@pytest.mark.parametrize(("key", "written"), WRITTEN)
@pytest.mark.parametrize("before", ["", "Bearer ", "\\n", "\\\\", '\\"', "\\u00e5"])
def test_a_key_is_redacted(key: str, written: str, before: str) -> None:
    body = f'{{"detail": "{before}{written} is not valid"}}'.encode()
    assert redactor(key)(body) == f'{{"detail": "{before}*** is not valid"}}'.encode()


@given(keys, st.text(), st.text())
def test_json_stays_valid(key: str, before: str, after: str) -> None:
    said = json.dumps([before + key + after, 1e30, {"a": key}]).encode()
    assert key not in str(json.loads(redactor(key)(said))[2])
    assert redactor(key)(key.encode()) == b"***"


def test_an_escape_before_the_key_stays_whole() -> None:
    assert redactor("n5ecretKey")(b'["\\n5ecretKey"]') == b'["\\n***"]'


def test_other_text_stays_as_it_is() -> None:
    body = b'{"a": 1.10, "b": 1e400, "c": "\\ud800", "a": "\\u0068u_live"}'
    assert redactor(KEY)(body) == body


def test_a_short_key_is_no_secret() -> None:
    assert redactor("backups")(b'{"backups": []}') == b'{"backups": []}'
