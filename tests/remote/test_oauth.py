"""Access tokens of an authorization server: only its own, only for this server, only now."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import anyio
import certifi
import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from hostup_mcp.remote import jwks
from hostup_mcp.remote.jwks import MAX_AGE_SECONDS, MAX_BYTES, REFRESH_SECONDS, JwksCache
from hostup_mcp.remote.oauth import ALGORITHMS, CLOCK_SKEW, MAX_TOKEN_CHARS, JwtVerifier

from .wiring import AUDIENCE, ISSUER, PATIENCE, Issuer, Key, ec_key, ed_key, rsa_key

FIRST = rsa_key("first")
SECOND = rsa_key("second")


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    serving = Issuer([FIRST])
    yield serving
    serving.close()


def verifier_for(issuer: Issuer, **others: Any) -> JwtVerifier:
    return JwtVerifier(ISSUER, AUDIENCE, JwksCache(issuer.url, **others))


def encoded(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


async def test_token_gives_caller_and_scopes(issuer: Issuer) -> None:
    access = await verifier_for(issuer).verify_token(issuer.token(scope="hostup other"))
    assert access is not None
    assert (access.subject, access.client_id) == ("web-team", "agent")
    assert access.scopes == ["hostup", "other"]
    assert access.token == "", "the token goes no further"


@pytest.mark.parametrize(
    "key",
    [Key("k", FIRST.private, "PS256"), Key("k", FIRST.private, "RS512"), ec_key("k"), ed_key("k")],
    ids=lambda key: key.algorithm,
)
async def test_supported_key_types(issuer: Issuer, key: Key) -> None:
    issuer.keys = [key]
    assert await verifier_for(issuer).verify_token(issuer.token())


async def test_client_id_falls_back_to_sub(issuer: Issuer) -> None:
    access = await verifier_for(issuer).verify_token(issuer.token(client_id=None))
    assert access is not None
    assert access.client_id == access.subject == "web-team"
    access = await verifier_for(issuer).verify_token(issuer.token(client_id=None, azp="desk"))
    assert access is not None
    assert access.client_id == "desk"


@pytest.mark.parametrize("scope", [None, "", ["hostup"], 7, {"hostup": True}])
async def test_non_text_scope_is_ignored(issuer: Issuer, scope: object) -> None:
    access = await verifier_for(issuer).verify_token(issuer.token(scope=scope))
    assert access is not None
    assert access.scopes == []


@pytest.mark.parametrize("missing", ["exp", "iat", "iss", "aud", "sub"])
async def test_missing_claim_is_rejected(issuer: Issuer, missing: str) -> None:
    assert await verifier_for(issuer).verify_token(issuer.token(**{missing: None})) is None


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": "https://other.example.com"},
        {"aud": ["https://other.example.com", "https://third.example.com"]},
        {"aud": AUDIENCE + "/"},
        {"aud": ""},
        {"iss": "https://other.example.com"},
        {"iss": ISSUER + "/"},
        {"iss": ISSUER.upper()},
        {"iss": [ISSUER]},
        {"sub": 7},
        {"sub": ""},
        {"sub": " "},
        {"sub": "web-team\n"},
        {"sub": " web-team"},
        {"sub": "web\u202eteam"},
        {"sub": "web\x1b[31mteam"},
        {"sub": "web\u2028team"},
        {"sub": "x" * 256},
        {"client_id": "a\nb"},
        {"client_id": 7},
        {"client_id": None, "azp": "x" * 256},
        {"exp": float("inf")},
        {"exp": "tomorrow"},
        {"iat": "yesterday"},
        {"nbf": "now"},
    ],
    ids=str,
)
async def test_foreign_claims_are_rejected(issuer: Issuer, claims: dict[str, Any]) -> None:
    try:
        token = issuer.token(**claims)
    except (TypeError, jwt.PyJWTError):
        # PyJWT refuses to make such a token; another library might not.
        signing = f"{encoded({'alg': 'RS256', 'kid': 'first'})}.{encoded(issuer.claims(**claims))}"
        signature = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).sign(
            signing.encode(), FIRST.private
        )
        token = f"{signing}.{encoded(signature)}"
    assert await verifier_for(issuer).verify_token(token) is None


@pytest.mark.parametrize("sub", ["web team", "järnvägen", "auth0|5f7c8ec7", "x" * 255])
async def test_usual_subjects_are_accepted(issuer: Issuer, sub: str) -> None:
    access = await verifier_for(issuer).verify_token(issuer.token(sub=sub))
    assert access is not None
    assert access.subject == sub


async def test_keys_never_come_from_a_proxy(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = Issuer([rsa_key("first")])
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url.removesuffix("/jwks"))
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    try:
        assert await verifier_for(issuer).verify_token(issuer.token())
    finally:
        proxy.close()
    assert proxy.fetches == 0


async def test_one_of_several_audiences(issuer: Issuer) -> None:
    assert await verifier_for(issuer).verify_token(
        issuer.token(aud=["https://x.example", AUDIENCE])
    )


@pytest.mark.parametrize(
    ("claims", "good"),
    [
        ({"exp": -(CLOCK_SKEW - 5)}, True),
        ({"exp": -(CLOCK_SKEW + 5)}, False),
        ({"nbf": CLOCK_SKEW - 5}, True),
        ({"nbf": CLOCK_SKEW + 5}, False),
        ({"iat": CLOCK_SKEW - 5}, True),
        ({"iat": CLOCK_SKEW + 5}, False),
    ],
    ids=str,
)
async def test_clock_skew_is_bounded(issuer: Issuer, claims: dict[str, int], good: bool) -> None:
    now = int(time.time())
    token = issuer.token(**{name: now + shift for name, shift in claims.items()})
    assert (await verifier_for(issuer).verify_token(token) is not None) is good


# Signatures ---------------------------------------------------------------------------------------


def test_only_asymmetric_algorithms() -> None:
    assert not any(name.startswith("HS") or name == "none" for name in ALGORITHMS)


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", None, 7, ["RS256"], {}])
async def test_unsigned_token_is_rejected(issuer: Issuer, name: object) -> None:
    head, claims = encoded({"alg": name, "kid": "first"}), encoded(issuer.claims())
    signature = issuer.token().rpartition(".")[2]
    for signed in ("", signature):
        assert await verifier_for(issuer).verify_token(f"{head}.{claims}.{signed}") is None


@pytest.mark.parametrize("secret", ["pem", "jwk", "der"])
async def test_public_key_is_no_hmac_secret(issuer: Issuer, secret: str) -> None:
    public = FIRST.private.public_key()
    known = {
        "pem": public.public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
        "der": public.public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        ),
        "jwk": json.dumps(FIRST.public_jwk).encode(),
    }[secret]
    signing = f"{encoded({'alg': 'HS256', 'kid': 'first'})}.{encoded(issuer.claims())}"
    signature = hmac.new(known, signing.encode(), hashlib.sha256).digest()
    assert await verifier_for(issuer).verify_token(f"{signing}.{encoded(signature)}") is None


async def test_published_secret_is_unused(
    issuer: Issuer,
) -> None:
    secret = b"0123456789abcdef0123456789abcdef"
    mistake = {"kty": "oct", "k": encoded(secret), "kid": "oct", "alg": "HS256"}
    issuer.body = json.dumps({"keys": [FIRST.public_jwk, mistake]}).encode()
    token = jwt.encode(issuer.claims(), secret, algorithm="HS256", headers={"kid": "oct"})
    assert await verifier_for(issuer).verify_token(token) is None


async def test_forged_key_id_is_rejected(issuer: Issuer) -> None:
    forged = issuer.token(Key("first", SECOND.private))
    assert await verifier_for(issuer).verify_token(forged) is None


async def test_other_algorithm_is_rejected(issuer: Issuer) -> None:
    assert (
        await verifier_for(issuer).verify_token(issuer.token(Key("first", FIRST.private, "RS512")))
        is None
    )


async def test_key_inside_token_is_ignored(issuer: Issuer) -> None:
    header = {"kid": "mine", "jwk": {**SECOND.public_jwk, "kid": "mine"}, "jku": issuer.url}
    token = jwt.encode(issuer.claims(), SECOND.private, algorithm="RS256", headers=header)
    assert await verifier_for(issuer).verify_token(token) is None


async def test_altered_token_is_rejected(issuer: Issuer) -> None:
    head, claims, signature = issuer.token().split(".")
    more = encoded(issuer.claims(scope="hostup everything", exp=int(time.time()) + 10_000))
    verifier = verifier_for(issuer)
    for token in (
        f"{head}.{more}.{signature}",
        f"{head}.{claims}",
        f"{head}.{claims}.",
        f"{head}.{claims}.{signature[:-10]}",
        f"{head}.{claims}.{signature}.{signature}",
        head,
        "",
        "..",
        f"{head}.{claims}.{'A' * len(signature)}",
    ):
        assert await verifier.verify_token(token) is None, token


@pytest.mark.parametrize(
    "token",
    [
        "é.é.é",
        "\x00.\x00.\x00",
        f"{encoded(b'[' * 9_000)}.e30.AA",
        f"{encoded(b'{}')}.e30.AA",
        f"{encoded(b'null')}.e30.AA",
        f"{encoded({'alg': 'RS256', 'kid': ['first']})}.e30.AA",
        f"{encoded({'alg': 'RS256', 'kid': None})}.e30.AA",
        f"{encoded({'alg': 'RS256', 'kid': 'first', 'crit': ['x'], 'x': 1})}.e30.AA",
        f"{encoded({'alg': 'RS256', 'kid': 'first', 'b64': False})}.e30.AA",
    ],
    ids=range(9),
)
async def test_malformed_token_is_rejected(issuer: Issuer, token: str) -> None:
    assert await verifier_for(issuer).verify_token(token) is None


async def test_huge_token_is_rejected_early(issuer: Issuer) -> None:
    token = issuer.token(extra="x" * MAX_TOKEN_CHARS)
    assert await verifier_for(issuer).verify_token(token) is None
    assert issuer.fetches == 0, "nobody looked for its key"


# Keys ---------------------------------------------------------------------------------------------


async def test_keys_are_fetched_once(issuer: Issuer) -> None:
    verifier = verifier_for(issuer)
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(verifier.verify_token, issuer.token())
    assert issuer.fetches == 1
    assert issuer.agents[0].startswith("hostup-mcp/")


async def test_key_rotation(issuer: Issuer) -> None:
    verifier = verifier_for(issuer, cooldown=0)
    old = issuer.token()
    assert await verifier.verify_token(old)
    issuer.keys = [FIRST, SECOND]
    assert await verifier.verify_token(issuer.token(SECOND))
    assert await verifier.verify_token(old), "both are valid while both are published"
    issuer.keys = [SECOND]
    await verifier.verify_token(issuer.token(Key("third", FIRST.private)))
    assert await verifier.verify_token(old) is None


async def test_unknown_ids_cause_one_fetch(issuer: Issuer) -> None:
    verifier = verifier_for(issuer)
    assert await verifier.verify_token(issuer.token())
    before = issuer.fetches
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            for number in range(100):
                tasks.start_soon(
                    verifier.verify_token, issuer.token(Key(f"x{number}", SECOND.private))
                )
    assert issuer.fetches - before <= 1
    assert await verifier.verify_token(issuer.token())


async def test_outage_keeps_known_keys(
    issuer: Issuer,
) -> None:
    verifier = verifier_for(issuer, cooldown=0)
    token, unknown = issuer.token(), issuer.token(SECOND)
    assert await verifier.verify_token(token)
    issuer.status = 503
    assert await verifier.verify_token(unknown) is None
    assert await verifier.verify_token(token), "known keys remain valid"
    issuer.status = 0
    assert await verifier.verify_token(unknown) is None
    assert await verifier.verify_token(token)
    issuer.status, issuer.keys = 200, [FIRST, SECOND]
    assert await verifier.verify_token(unknown), "and it recovers"


async def test_unreachable_issuer(issuer: Issuer) -> None:
    unreachable = JwtVerifier(ISSUER, AUDIENCE, JwksCache("http://127.0.0.1:9/jwks"))
    assert await unreachable.verify_token(issuer.token()) is None


async def test_certificates_that_are_gone_are_an_outage(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while packages are replaced under a server that runs."""
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.setattr(certifi, "where", lambda: "/nowhere/cacert.pem")
    verifier = JwtVerifier(ISSUER, AUDIENCE, JwksCache("https://127.0.0.1:9/jwks"))
    assert await verifier.verify_token(issuer.token()) is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>sign in</html>",
        b"\xff\xfe",
        b"null",
        b"[]",
        b"{}",
        b'{"keys": null}',
        b'{"keys": []}',
        b'{"keys": [7]}',
        b'{"keys": [{"kty": "RSA", "kid": "first"}]}',
        b'{"keys": [{"kty": "RSA", "alg": ["RS256"], "kid": "first"}]}',
        b'{"keys": [{"kty": "oct", "k": "AAAA", "kid": ["first"]}]}',
        b"[" * 100_000,
    ],
    ids=range(13),
)
async def test_malformed_jwks(issuer: Issuer, body: bytes) -> None:
    issuer.body = body
    verifier = verifier_for(issuer, cooldown=0)
    assert await verifier.verify_token(issuer.token()) is None
    issuer.body = None
    assert await verifier.verify_token(issuer.token()), "and it recovers"


@pytest.mark.parametrize(
    "odd", [7, {}, {"kty": "RSA", "alg": ["RS256"]}, {"kty": "oct", "k": "AAAA", "kid": [1]}]
)
async def test_odd_key_costs_only_itself(issuer: Issuer, odd: object) -> None:
    issuer.body = json.dumps({"keys": [odd, FIRST.public_jwk, odd]}).encode()
    assert await verifier_for(issuer).verify_token(issuer.token())


async def test_first_key_of_an_id_counts(issuer: Issuer) -> None:
    issuer.keys = [FIRST, Key("first", SECOND.private)]
    assert await verifier_for(issuer).verify_token(issuer.token())


async def test_slow_issuer_gets_one_fetch(
    issuer: Issuer,
) -> None:
    """Anybody can send invalid tokens, so they must not cost a fetch each."""
    issuer.silent_for = 0.3
    issuer.status = 503
    verifier = verifier_for(issuer)
    began = time.monotonic()
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            for number in range(30):
                tasks.start_soon(
                    verifier.verify_token, issuer.token(Key(f"x{number}", SECOND.private))
                )
    assert issuer.fetches <= 2
    assert time.monotonic() - began < 30 * issuer.silent_for


async def test_old_keys_last_an_hour(
    issuer: Issuer,
) -> None:
    now = 0.0
    verifier = verifier_for(issuer, cooldown=0, clock=lambda: now)
    token = issuer.token()
    assert await verifier.verify_token(token)
    issuer.status = 503
    now = MAX_AGE_SECONDS - 60
    assert await verifier.verify_token(token)
    assert issuer.fetches == 2, "old keys are fetched again"
    now = MAX_AGE_SECONDS + 1
    assert await verifier.verify_token(token) is None
    issuer.status = 200
    assert await verifier.verify_token(token)


async def test_old_keys_are_refreshed(
    issuer: Issuer,
) -> None:
    now = 0.0
    verifier = verifier_for(issuer, clock=lambda: now)
    assert await verifier.verify_token(issuer.token())
    issuer.keys = [SECOND]
    assert await verifier.verify_token(issuer.token(FIRST)), "not every token causes a fetch"
    now = REFRESH_SECONDS + 1
    assert await verifier.verify_token(issuer.token(FIRST)) is None


async def test_endless_jwks_is_abandoned(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jwks, "FETCH_SECONDS", 0.1)
    issuer.drips = True
    try:
        with anyio.fail_after(PATIENCE):
            assert await verifier_for(issuer).verify_token(issuer.token()) is None
    finally:
        issuer.drips = False


async def test_oversized_jwks_is_rejected(issuer: Issuer) -> None:
    known = json.dumps({"keys": [FIRST.public_jwk]})
    issuer.body = known.encode() + b" " * MAX_BYTES
    assert await verifier_for(issuer).verify_token(issuer.token()) is None


async def test_redirects_are_not_followed(issuer: Issuer) -> None:
    for status in (301, 302, 307):
        issuer.fetches, issuer.status = 0, status
        assert await verifier_for(issuer).verify_token(issuer.token()) is None
        assert issuer.fetches == 1


async def test_log_has_no_tokens_or_claims(
    issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    verifier = verifier_for(issuer)
    token = issuer.token(sub="web-team", email="somebody-secret", exp=1)
    assert await verifier.verify_token(token) is None
    assert token not in caplog.text
    assert "somebody-secret" not in caplog.text
    assert caplog.messages[-1] == (
        'refused caller "web-team": its access token was rejected (ExpiredSignatureError)'
    )


async def test_log_names_nobody_whom_the_issuer_did_not_sign(
    issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    head, _, signature = issuer.token().split(".")
    _, claims, _ = issuer.token(sub="somebody-else").split(".")
    forged = ".".join((head, claims, signature))
    assert await verifier_for(issuer).verify_token(forged) is None
    assert "somebody-else" not in caplog.text
    assert "refused an unknown caller" in caplog.text
