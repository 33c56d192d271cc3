"""Tokens of an OAuth 2.1 authorization server: signature, issuer, audience and times."""

from __future__ import annotations

import logging
from typing import Any

import jwt
from mcp.server.auth.provider import AccessToken

from hostup_mcp.remote.keys import Keys

log = logging.getLogger(__name__)

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""Only asymmetric ones: with any other, whoever knows the public key could sign."""

CLOCK_SKEW = 30
"""Seconds that the clocks of the authorization server and of this one may differ."""

LONGEST_TOKEN = 16_384


class JwtVerifier:
    """Verifies JWT access tokens against the keys that the issuer publishes (JWKS)."""

    def __init__(self, issuer: str, audience: str, keys: Keys) -> None:
        self._issuer = issuer
        self._audience = audience
        self._keys = keys

    async def verify_token(self, token: str) -> AccessToken | None:
        """Who the token is for, or None where it is not valid here."""
        if len(token) > LONGEST_TOKEN:
            return None
        try:
            claims = await self._claims(token)
        except jwt.PyJWTError as error:
            # The class tells the operator enough; the token and its claims stay out of the log.
            log.info("a token was refused: %s", type(error).__name__)
            return None
        scopes = claims.get("scope", "")
        return AccessToken(
            token="",
            client_id=str(claims.get("client_id") or claims.get("azp") or claims["sub"]),
            scopes=scopes.split() if isinstance(scopes, str) else [],
            resource=self._audience,
            subject=str(claims["sub"]),
            claims={"iss": self._issuer},
        )

    async def _claims(self, token: str) -> dict[str, Any]:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise jwt.InvalidAlgorithmError
        key = await self._keys.find(str(header.get("kid")))
        return dict(
            jwt.decode(
                token,
                key,
                algorithms=list(ALGORITHMS),
                audience=self._audience,
                issuer=self._issuer,
                leeway=CLOCK_SKEW,
                options={"require": ["exp", "iat", "iss", "aud", "sub"]},
            )
        )
