"""The keys that an authorization server publishes (JWKS), as far as they are needed here.

Fetched over one bounded request that follows no redirect: when they are old, or when a token names
a key that is not known. An issuer that is away is asked again only after a rest, and its last
known keys stay good for an hour.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable

import anyio
import httpx
import jwt

from hostup_mcp import __version__

log = logging.getLogger(__name__)

FRESH_SECONDS = 300.0
"""How long keys are used without a look at whether they are still published."""

GOOD_SECONDS = 3600.0
"""How long they are used at the most when the issuer does not answer."""

FETCH_SECONDS = 5.0
REST_SECONDS = 5.0
"""How long an issuer that did not answer is left alone."""

LARGEST_SET = 512 * 1024


class Keys:
    """The keys published at `url`.

    An unknown key id makes them be fetched again, at most every `cooldown` seconds, so that
    rotation works and a flood of made-up ids does not reach the issuer.
    """

    def __init__(
        self, url: str, cooldown: float = 30.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.cooldown = cooldown
        self._clock = clock
        self._url = url
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched = -math.inf
        self._not_before = -math.inf
        self._fetching = anyio.Lock()

    async def find(self, key_id: str) -> jwt.PyJWK:
        """The signing key of that id.

        Raises:
            PyJWKClientError: there is none, or it cannot be had now.
        """
        if key_id not in self._keys or self._age() > FRESH_SECONDS:
            await self._refresh()
        if key_id not in self._keys or self._age() > GOOD_SECONDS:
            raise jwt.PyJWKClientError("no such key")
        return self._keys[key_id]

    def _age(self) -> float:
        return self._clock() - self._fetched

    async def _refresh(self) -> None:
        before = self._fetched
        async with self._fetching:
            # Of those who waited, the first has done it for all.
            if self._fetched != before or self._clock() < self._not_before:
                return
            rest = min(REST_SECONDS, self.cooldown)
            try:
                with anyio.fail_after(FETCH_SECONDS):
                    self._keys = _signing_keys(await _fetch(self._url))
                self._fetched, rest = self._clock(), self.cooldown
            except (httpx.HTTPError, TimeoutError, ValueError, RecursionError) as error:
                log.warning("the issuer's keys cannot be had: %s", type(error).__name__)
            except jwt.PyJWTError as error:
                log.warning("the issuer's keys cannot be used: %s", type(error).__name__)
            self._not_before = self._clock() + rest


async def _fetch(url: str) -> bytes:
    agent = {"User-Agent": f"hostup-mcp/{__version__}", "Accept-Encoding": "identity"}
    async with (
        httpx.AsyncClient(follow_redirects=False, timeout=FETCH_SECONDS, headers=agent) as client,
        client.stream("GET", url) as answer,
    ):
        # A redirect too is an answer without keys.
        if answer.status_code != httpx.codes.OK:
            raise ValueError(f"status {answer.status_code}")
        body = b""
        async for part in answer.aiter_bytes():
            body += part
            if len(body) > LARGEST_SET:
                raise ValueError("too large")
        return body


def _signing_keys(body: bytes) -> dict[str, jwt.PyJWK]:
    published = json.loads(body)
    if not isinstance(published, dict):
        raise ValueError("not an object")
    found = jwt.PyJWKSet.from_dict(published).keys
    keys = {k.key_id: k for k in reversed(found) if k.key_id and k.public_key_use in ("sig", None)}
    if not keys:
        raise jwt.PyJWKSetError("no signing keys")
    return keys
