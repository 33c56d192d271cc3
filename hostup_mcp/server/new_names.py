"""Names for something new: which characters they may have, also in the words of an error."""

from __future__ import annotations

import re

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

INVALID_NAME = "invalid_name"
"""The type of pydantic's error for a name with other characters; its `rule` says which it may have.

Every other pattern is that of an id, for which making up another value is no remedy.
"""


def matches(pattern: str, rule: str) -> AfterValidator:
    """Return a validator of text that fits `pattern` as a whole; `rule` says the same in words."""
    expression = re.compile(pattern)

    def check(text: str) -> str:
        if expression.fullmatch(text) is None:
            raise PydanticCustomError(INVALID_NAME, "{rule}", {"rule": rule})
        return text

    return AfterValidator(check)
