"""Verifies access tokens (JWT) of an OAuth 2.1 authorization server."""

from __future__ import annotations

from typing import Any

import jwt
from mcp.server.auth.provider import AccessToken

from hostup_mcp.remote.jwks import JwksCache
from hostup_mcp.remote.rejections import RejectionLog

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""Asymmetric only: with a symmetric one, anybody who has the public key could sign tokens."""

CLOCK_SKEW = 30
"""Seconds by which this clock and the authorization server's may differ."""

MAX_TOKEN_CHARS = 16_384
MAX_NAME_CHARS = 255
"""The longest subject and client id; the same as the longest subject of OpenID Connect."""

_SIGNATURE_ALONE: dict[str, Any] = {
    "options": {
        "require": ["sub"],
        **{f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud", "iss")},
    }
}


class JwtVerifier:
    """Checks signature, issuer, audience and times against the keys in `jwks`."""

    def __init__(
        self, issuer: str, audience: str, jwks: JwksCache, rejections: RejectionLog | None = None
    ) -> None:
        self._issuer = issuer
        self._audience = audience
        self._jwks = jwks
        self._rejections = rejections or RejectionLog()

    async def verify_token(self, token: str) -> AccessToken | None:
        """Return the caller and its scopes, or None if the token is not valid for this server."""
        if len(token) > MAX_TOKEN_CHARS:
            return None
        try:
            claims = await self._decode(
                token,
                audience=self._audience,
                issuer=self._issuer,
                leeway=CLOCK_SKEW,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        except jwt.PyJWTError as error:
            # The class is enough for the operator; the token and its claims stay out of the log.
            reason = f"its access token was rejected ({type(error).__name__})"
            self._rejections.note(reason, await self._signed_subject(token))
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

    async def _signed_subject(self, token: str) -> str | None:
        """Return whose token it is, provided that the issuer signed it, valid here or not."""
        try:
            return str((await self._decode(token, **_SIGNATURE_ALONE))["sub"])
        except jwt.PyJWTError:
            return None

    async def _decode(self, token: str, **options: Any) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise jwt.InvalidAlgorithmError
        key = await self._jwks.find(str(header.get("kid")))
        claims: dict[str, Any] = jwt.decode(token, key, algorithms=list(ALGORITHMS), **options)
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
