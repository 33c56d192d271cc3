"""Findings as sentences."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import datetime, tzinfo
from string import Formatter
from typing import Any

from hostup_mcp.hostup.text import quoted
from hostup_mcp.recovery.codes import Code
from hostup_mcp.recovery.findings import Finding
from hostup_mcp.wording import formats
from hostup_mcp.wording.catalog import TEXTS
from hostup_mcp.wording.swedish.findings import FINDINGS
from hostup_mcp.wording.viewer import Language, Viewer


def for_model(finding: Finding, zone: tzinfo) -> str:
    """Describe `finding` for a model: with ids and names of tools, dates in `zone` and in UTC."""
    words = _Words(lambda nested: for_model(nested, zone), lambda when: formats.stamp(when, zone))
    return words.vformat(TEXTS[finding_code(finding)].model, (), facts_of(finding))


def for_user(finding: Finding, viewer: Viewer) -> str:
    """Describe `finding` for a user: without ids, in their language and zone."""
    words = _Words(
        lambda nested: for_user(nested, viewer),
        lambda when: formats.moment(when, viewer),
        viewer.language,
    )
    text = user_texts(viewer.language)[finding_code(finding)]
    return words.vformat(text, (), facts_of(finding))


def user_texts(language: Language) -> Mapping[Code, str]:
    """Return what a user reads of each finding, with the facts still to be put in."""
    return _USER_TEXTS[language]


def finding_code(finding: Finding) -> Code:
    """Return the code of `finding`, which is the finding itself if it has no facts."""
    return finding if isinstance(finding, Code) else finding.code


def facts_of(finding: Finding) -> Mapping[str, Any]:
    """Return the facts of `finding` by name, with their values unchanged."""
    if isinstance(finding, Code):
        return {}
    return {field.name: getattr(finding, field.name) for field in fields(finding)}


_ENGLISH = {code: text.user for code, text in TEXTS.items()}
_USER_TEXTS: Mapping[Language, Mapping[Code, str]] = {
    Language.ENGLISH: _ENGLISH,
    Language.SWEDISH: {**_ENGLISH, **FINDINGS},
}


def _is_said(value: Any) -> bool:
    """Return whether a fact is somebody else's text, and not a sentence of the catalogue."""
    return isinstance(value, str | int) or finding_code(value) is Code.GATE_CLOSED_REASON


class _Words(Formatter):
    """Puts facts into a text; `nested` renders a fact that is itself a finding."""

    def __init__(
        self,
        nested: Callable[[Finding], str],
        moment: Callable[[datetime | None], str],
        language: Language = Language.ENGLISH,
    ) -> None:
        def plain(value: Any) -> str:
            return str(value) if isinstance(value, str | int) else nested(value)

        self._formats: Mapping[str, Callable[[Any], str]] = {
            "": plain,
            "finding": nested,
            "quoted": lambda value: quoted(plain(value)) if _is_said(value) else nested(value),
            "moment": moment,
            "span": lambda value: formats.span(value, language),
            "size": lambda value: formats.size(value, language),
            "money": lambda value: formats.price(value.amount, value.currency, language),
        }

    def format_field(self, value: Any, format_spec: str) -> str:
        return self._formats[format_spec](value)
