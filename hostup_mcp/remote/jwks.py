"""The signing keys that an authorization server publishes (JWKS), fetched and cached."""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable
from contextlib import suppress

import anyio
import httpx
import jwt

from hostup_mcp import __version__
from hostup_mcp.hostup.outgoing import outgoing
from hostup_mcp.hostup.problems import ClientSetupError

log = logging.getLogger(__name__)

REFRESH_SECONDS = 300.0
"""Age at which the keys are fetched again."""

MAX_AGE_SECONDS = 3600.0
"""Age up to which the keys are used while the issuer is unavailable."""

FETCH_SECONDS = 5.0
RETRY_SECONDS = 5.0
"""Pause after a failed fetch."""

MAX_BYTES = 512 * 1024


class JwksCache:
    """The keys published at `url`.

    A token with an unknown key id triggers a fetch, at most every `cooldown` seconds: keys can
    rotate, and a flood of invented ids does not reach the issuer. A fetch is one bounded request
    that follows no redirect.
    """

    def __init__(
        self, url: str, cooldown: float = 30.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.cooldown = cooldown
        self._clock = clock
        self._url = url
        self._keys: dict[str, jwt.PyJWK] = {}
        self._fetched_at = -math.inf
        self._not_before = -math.inf
        self._lock = anyio.Lock()

    async def find(self, key_id: str) -> jwt.PyJWK:
        """Return the signing key with this id.

        Raises:
            PyJWKClientError: the issuer does not publish it, or the keys could not be fetched.
        """
        if key_id not in self._keys or self._age() > REFRESH_SECONDS:
            await self._refresh()
        if key_id not in self._keys or self._age() > MAX_AGE_SECONDS:
            raise jwt.PyJWKClientError("no such key")
        return self._keys[key_id]

    def _age(self) -> float:
        return self._clock() - self._fetched_at

    async def _refresh(self) -> None:
        fetched_before = self._fetched_at
        async with self._lock:
            # Whoever held the lock may have fetched the keys already.
            if self._fetched_at != fetched_before or self._clock() < self._not_before:
                return
            pause = min(RETRY_SECONDS, self.cooldown)
            try:
                with anyio.fail_after(FETCH_SECONDS):
                    self._keys = _signing_keys(await _fetch(self._url))
                self._fetched_at, pause = self._clock(), self.cooldown
            except (httpx.HTTPError, OSError, ValueError, RecursionError) as error:
                log.warning("could not fetch the JWKS: %s", type(error).__name__)
            except ClientSetupError as error:
                log.warning("could not fetch the JWKS: %s", error)
            except jwt.PyJWTError as error:
                log.warning("the JWKS has no usable signing key: %s", type(error).__name__)
            self._not_before = self._clock() + pause


async def _fetch(url: str) -> bytes:
    # A proxy could exchange the keys in a plain http response; `outgoing` has none for it.
    way = outgoing(url)
    async with (
        httpx.AsyncClient(
            follow_redirects=False,
            timeout=FETCH_SECONDS,
            headers={"User-Agent": f"hostup-mcp/{__version__}", "Accept-Encoding": "identity"},
            trust_env=False,
            verify=way.verify,
            proxy=way.proxy,
        ) as client,
        client.stream("GET", url) as response,
    ):
        if response.status_code != httpx.codes.OK:
            raise ValueError(f"status {response.status_code}")
        body = b""
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_BYTES:
                raise ValueError("too large")
        return body


def _signing_keys(body: bytes) -> dict[str, jwt.PyJWK]:
    document = json.loads(body)
    published = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(published, list):
        raise ValueError("not a set of keys")
    keys: dict[str, jwt.PyJWK] = {}
    for each in published:
        # An odd key costs only itself; which exceptions one raises is not documented.
        with suppress(Exception):
            key = jwt.PyJWK(each)
            if key.key_id and key.public_key_use in ("sig", None):
                keys.setdefault(key.key_id, key)
    if not keys:
        raise jwt.PyJWKSetError("no signing keys")
    return keys
