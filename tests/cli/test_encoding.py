"""What is printed can be read in any code page."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from support.product import environment

from hostup_mcp.cli.encoding import print_anywhere

COMMAND = [sys.executable, "-m", "hostup_mcp"]


def printed(text: str, encoding: str) -> str:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding=encoding, newline="\n")
    print_anywhere([stream])
    print(text, file=stream, flush=True)
    return raw.getvalue().decode(encoding).removesuffix("\n")


@pytest.mark.parametrize(
    ("encoding", "expected"),
    [
        ("utf-8", "✓ ✗ “a” … █░ å ☃"),
        ("cp1252", "OK FAIL “a” … #- å ?"),
        ("cp437", 'OK FAIL "a" ... █░ å ?'),
        ("cp932", "OK FAIL “a” … #- a ?"),
        ("ascii", 'OK FAIL "a" ... #- a ?'),
    ],
)
def test_each_character_has_a_likeness(encoding: str, expected: str) -> None:
    assert printed("✓ ✗ “a” … █░ å ☃", encoding) == expected


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437"])
def test_marks_of_doctor_are_readable(encoding: str) -> None:
    done = subprocess.run(
        [*COMMAND, "doctor"],
        env=environment(PYTHONIOENCODING=encoding, HOSTUP_API_KEY="'key'"),
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert done.stderr == b""
    assert done.stdout.decode(encoding).startswith("FAIL HOSTUP_API_KEY has quotes around it")


def test_no_file_has_the_encoding_of_the_locale(tmp_path: Path) -> None:
    """A locale without UTF-8 changes nothing, and Python warns of no file opened in it."""
    plain = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    variables = {**os.environ, **plain, "PYTHONWARNDEFAULTENCODING": "1", "HOSTUP_SANDBOX": "1"}
    for words in (["doctor"], ["token", "new", "asa", "--tokens", str(tmp_path / "tokens")]):
        done = subprocess.run(
            [sys.executable, "-W", "error::EncodingWarning", "-m", "hostup_mcp", *words],
            env=variables,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
