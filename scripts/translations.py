"""Prints what users read in English and in Swedish, side by side, for whoever checks one of them.

    .venv/bin/python scripts/translations.py [WORD ...]

With WORDs, only texts that contain one of them. The panel's own texts are side by side in
panel/src/texts.ts.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import fields

from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.kinds import ErrorKind
from hostup_mcp.server.errors.text import ErrorText
from hostup_mcp.wording import catalog, health, questions
from hostup_mcp.wording.question_texts import Words
from hostup_mcp.wording.swedish.errors import ERRORS
from hostup_mcp.wording.swedish.findings import FINDINGS
from hostup_mcp.wording.viewer import Language

MISSING = "—"


def rows() -> Iterator[tuple[str, str, str]]:
    """Where each text is from, its English and its Swedish."""
    for words in Words:
        english, swedish = (questions.TEXTS[language].get(words, MISSING) for language in Language)
        yield f"question {words}", english, swedish
    for code, text in catalog.TEXTS.items():
        yield f"finding {code}", text.user, FINDINGS.get(code, MISSING)
    for kind in ErrorKind:
        found = [text for text in vars(texts).values() if isinstance(text, ErrorText)]
        told = {
            " ".join(filter(None, (text.message, text.changed, text.user_step)))
            for text in found
            if text.kind is kind
        }
        yield f"error {kind}", " / ".join(sorted(told)), ERRORS.get(kind, MISSING)
    both = [health.WORDS[language] for language in Language]
    for field in fields(health.HealthWords):
        english, swedish = (getattr(words, field.name) for words in both)
        yield f"check {field.name}", str(english), str(swedish)


def main() -> int:
    wanted = [word.casefold() for word in sys.argv[1:]]
    for where, english, swedish in rows():
        text = f"{where}\n  en  {english}\n  sv  {swedish}\n"
        if not wanted or any(word in text.casefold() for word in wanted):
            print(text)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
