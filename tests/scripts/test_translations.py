"""`scripts/translations.py` shows both languages to whoever checks one of them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def printed(*words: str) -> str:
    command = [sys.executable, ROOT / "scripts" / "translations.py", *words]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return run.stdout


def test_every_text_is_shown_in_both() -> None:
    text = printed()
    assert text.count("\n  en  ") == text.count("\n  sv  ") > 300
    assert "  en  The service is suspended.\n  sv  Tjänsten är spärrad.\n" in text
    assert "  sv  —\n" not in text, "a text is missing in Swedish"


def test_a_word_narrows_it_down() -> None:
    text = printed("spärrad")
    assert "finding service_suspended\n" in text
    assert "finding gate_open\n" not in text
