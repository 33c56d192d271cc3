"""The HostUp account of each caller, from the credentials file.

The file is JSON. A key is a value, an environment variable or a file (for mounted secrets):

    {"callers": {"web-team": {"key": {"file": "/run/secrets/web"}, "allow": ["create"],
                              "timezone": "Europe/Stockholm", "language": "sv"}}}
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from hostup_mcp.config import Group, Settings, known_language, time_zone
from hostup_mcp.hostup.keys import key_fault
from hostup_mcp.server.caller import Account
from hostup_mcp.server.errors import texts
from hostup_mcp.server.errors.failure import refuse

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")


class CredentialsError(Exception):
    """The credentials file is invalid; the message is one line without secrets."""


class _Key(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    value: Annotated[str | None, Field(repr=False)] = None
    env: str | None = None
    file: Path | None = None

    @model_validator(mode="after")
    def _check_one_source(self) -> _Key:
        if sum(x is not None for x in (self.value, self.env, self.file)) != 1:
            raise ValueError("give exactly one of value, env and file")
        return self


def _read_zone(name: object) -> ZoneInfo | None:
    return None if name is None else time_zone(str(name))


def _read_language(name: object) -> str | None:
    return None if name is None else known_language(str(name))


class _Caller(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    key: _Key
    allow: frozenset[Group] | None = None
    timezone: Annotated[ZoneInfo | None, BeforeValidator(_read_zone)] = None
    language: Annotated[str | None, BeforeValidator(_read_language)] = None


class _Credentials(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    callers: dict[str, _Caller]


def read_accounts(
    path: Path, settings: Settings, environ: Mapping[str, str] = os.environ
) -> dict[str, Account]:
    """Read the accounts by caller (the token's name, or the JWT's subject).

    Raises:
        CredentialsError: the file or one of its keys cannot be read.
    """
    try:
        credentials = _Credentials.model_validate_json(path.read_bytes())
    except OSError as error:
        raise CredentialsError(f"cannot read the credentials file: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise CredentialsError(
            f"the credentials file is invalid at {where}: {first['type']}"
        ) from None
    return {
        name: Account(
            _read_key(name, entry.key, environ),
            settings.allow if entry.allow is None else entry.allow,
            entry.timezone or settings.zone,
            entry.language or settings.language,
        )
        for name, entry in credentials.callers.items()
    }


def account_of(accounts: Mapping[str, Account]) -> Callable[[str | None], Account]:
    """Return a function that returns the account of a caller, or refuses a caller without one."""

    def find(name: str | None) -> Account:
        account = accounts.get(name) if name is not None else None
        if account is None:
            raise refuse(texts.NO_ACCOUNT)
        return account

    return find


def _read_key(name: str, key: _Key, environ: Mapping[str, str]) -> str:
    if key.file is not None:
        text = _read_key_file(name, key.file)
    else:
        text = key.value or "" if key.env is None else environ.get(key.env, "")
    text = text.strip()
    if fault := key_fault(text):
        # A name that does not look like a variable's may be the key, in the wrong place.
        is_name = key.env is not None and _VARIABLE.fullmatch(key.env)
        where = f" (the variable {key.env})" if is_name else ""
        raise CredentialsError(f"the API key of caller {name!r}{where} {fault}")
    return text


def _read_key_file(name: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror
    except ValueError:
        reason = "its path or its content is not valid text"
    raise CredentialsError(f"cannot read the key file of caller {name!r}: {reason}")
