"""Verifies access tokens (JWT) of an OAuth 2.1 authorization server."""

from __future__ import annotations

import logging
from typing import Any

import jwt
from mcp.server.auth.provider import AccessToken

from hostup_mcp.remote.jwks import JwksCache

log = logging.getLogger(__name__)

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""Asymmetric only: with a symmetric one, anybody who has the public key could sign tokens."""

CLOCK_SKEW = 30
"""Seconds by which this clock and the authorization server's may differ."""

MAX_TOKEN_CHARS = 16_384
MAX_NAME_CHARS = 255
"""The longest subject and client id; the same as the longest subject of OpenID Connect."""


class JwtVerifier:
    """Checks signature, issuer, audience and times against the keys in `jwks`."""

    def __init__(self, issuer: str, audience: str, jwks: JwksCache) -> None:
        self._issuer = issuer
        self._audience = audience
        self._jwks = jwks

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return the caller and its scopes, or None if the token is not valid for this server."""
        if len(token) > MAX_TOKEN_CHARS:
            return None
        try:
            claims = await self._claims(token)
        except jwt.PyJWTError as error:
            # The class is enough for the operator; the token and its claims stay out of the log.
            log.info("rejected an access token: %s", type(error).__name__)
            return None
        scopes = claims.get("scope", "")
        return AccessToken(
            token="",
            client_id=claims.get("client_id") or claims.get("azp") or claims["sub"],
            scopes=scopes.split() if isinstance(scopes, str) else [],
            # The same leeway as for the check above, which the SDK does not know of.
            expires_at=int(claims["exp"]) + CLOCK_SKEW,
            resource=self._audience,
            subject=claims["sub"],
            claims={"iss": self._issuer},
        )

    async def _claims(self, token: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise jwt.InvalidAlgorithmError
        key = await self._jwks.find(str(header.get("kid")))
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=list(ALGORITHMS),
            audience=self._audience,
            issuer=self._issuer,
            leeway=CLOCK_SKEW,
            options={"require": ["exp", "iat", "iss", "aud", "sub"]},
        )
        names = (
            claims["sub"],
            *(claims[name] for name in ("client_id", "azp") if claims.get(name)),
        )
        if not all(map(_is_name, names)):
            raise _UnusableNameError
        return claims


class _UnusableNameError(jwt.InvalidTokenError):
    """The token does not name its caller in a way that can be compared and logged."""


def _is_name(value: object) -> bool:
    """Return whether `value` is a text without invisible characters or spaces at its ends."""
    return (
        isinstance(value, str)
        and 0 < len(value) <= MAX_NAME_CHARS
        and value.isprintable()
        and value == value.strip()
    )
