"""Tokens of an authorization server: only its own, only for this server, only now."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from typing import Any

import anyio
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


def verifier(issuer: Issuer, **others: Any) -> JwtVerifier:
    return JwtVerifier(ISSUER, AUDIENCE, JwksCache(issuer.url, **others))


def encoded(part: Any) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


async def test_a_good_token_says_who_calls_and_what_they_may(issuer: Issuer) -> None:
    access = await verifier(issuer).verify_token(issuer.token(scope="hostup other"))
    assert access is not None
    assert (access.subject, access.client_id) == ("web-team", "agent")
    assert access.scopes == ["hostup", "other"]
    assert access.token == "", "the token goes no further"


@pytest.mark.parametrize(
    "key",
    [Key("k", FIRST.private, "PS256"), Key("k", FIRST.private, "RS512"), ec_key("k"), ed_key("k")],
    ids=lambda key: key.algorithm,
)
async def test_every_usual_kind_of_key_is_understood(issuer: Issuer, key: Key) -> None:
    issuer.keys = [key]
    assert await verifier(issuer).verify_token(issuer.token())


async def test_the_client_is_the_subject_where_no_client_is_named(issuer: Issuer) -> None:
    access = await verifier(issuer).verify_token(issuer.token(client_id=None))
    assert access is not None
    assert access.client_id == access.subject == "web-team"
    access = await verifier(issuer).verify_token(issuer.token(client_id=None, azp="desk"))
    assert access is not None
    assert access.client_id == "desk"


@pytest.mark.parametrize("scope", [None, "", ["hostup"], 7, {"hostup": True}])
async def test_a_scope_that_is_no_text_gives_none(issuer: Issuer, scope: object) -> None:
    access = await verifier(issuer).verify_token(issuer.token(scope=scope))
    assert access is not None
    assert access.scopes == []


@pytest.mark.parametrize("missing", ["exp", "iat", "iss", "aud", "sub"])
async def test_a_token_without_one_of_the_claims_is_refused(issuer: Issuer, missing: str) -> None:
    assert await verifier(issuer).verify_token(issuer.token(**{missing: None})) is None


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
        {"sub": 7},
        {"exp": "tomorrow"},
        {"iat": "yesterday"},
        {"nbf": "now"},
    ],
    ids=str,
)
async def test_a_token_for_somebody_else_or_from_somebody_else_is_refused(
    issuer: Issuer, claims: dict[str, Any]
) -> None:
    try:
        token = issuer.token(**claims)
    except (TypeError, jwt.PyJWTError):
        # The library would not make such a token; somebody else's might.
        signing = f"{encoded({'alg': 'RS256', 'kid': 'first'})}.{encoded(issuer.claims(**claims))}"
        signature = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).sign(
            signing.encode(), FIRST.private
        )
        token = f"{signing}.{encoded(signature)}"
    assert await verifier(issuer).verify_token(token) is None


async def test_an_audience_among_several_is_enough(issuer: Issuer) -> None:
    assert await verifier(issuer).verify_token(issuer.token(aud=["https://x.example", AUDIENCE]))


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
async def test_clocks_may_differ_by_half_a_minute_and_no_more(
    issuer: Issuer, claims: dict[str, int], good: bool
) -> None:
    now = int(time.time())
    token = issuer.token(**{name: now + shift for name, shift in claims.items()})
    assert (await verifier(issuer).verify_token(token) is not None) is good


# Signatures ---------------------------------------------------------------------------------------


def test_no_algorithm_of_the_list_uses_a_shared_secret() -> None:
    assert not any(name.startswith("HS") or name == "none" for name in ALGORITHMS)


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", "", None, 7, ["RS256"], {}])
async def test_a_token_without_a_signature_is_refused(issuer: Issuer, name: object) -> None:
    head, claims = encoded({"alg": name, "kid": "first"}), encoded(issuer.claims())
    signature = issuer.token().rpartition(".")[2]
    for signed in ("", signature):
        assert await verifier(issuer).verify_token(f"{head}.{claims}.{signed}") is None


@pytest.mark.parametrize("secret", ["pem", "jwk", "der"])
async def test_the_public_key_is_no_secret_to_sign_with(issuer: Issuer, secret: str) -> None:
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
    assert await verifier(issuer).verify_token(f"{signing}.{encoded(signature)}") is None


async def test_a_shared_key_that_the_issuer_publishes_by_mistake_opens_nothing(
    issuer: Issuer,
) -> None:
    secret = b"0123456789abcdef0123456789abcdef"
    mistake = {"kty": "oct", "k": encoded(secret), "kid": "oct", "alg": "HS256"}
    issuer.body = json.dumps({"keys": [FIRST.public_jwk, mistake]}).encode()
    token = jwt.encode(issuer.claims(), secret, algorithm="HS256", headers={"kid": "oct"})
    assert await verifier(issuer).verify_token(token) is None


async def test_another_key_under_a_known_id_is_refused(issuer: Issuer) -> None:
    forged = issuer.token(Key("first", SECOND.private))
    assert await verifier(issuer).verify_token(forged) is None


async def test_an_algorithm_that_the_key_is_not_for_is_refused(issuer: Issuer) -> None:
    assert (
        await verifier(issuer).verify_token(issuer.token(Key("first", FIRST.private, "RS512")))
        is None
    )


async def test_a_key_that_the_token_brings_itself_is_not_looked_at(issuer: Issuer) -> None:
    with_its_own = {"kid": "mine", "jwk": {**SECOND.public_jwk, "kid": "mine"}, "jku": issuer.url}
    token = jwt.encode(issuer.claims(), SECOND.private, algorithm="RS256", headers=with_its_own)
    assert await verifier(issuer).verify_token(token) is None


async def test_a_changed_or_cut_token_is_refused(issuer: Issuer) -> None:
    head, claims, signature = issuer.token().split(".")
    more = encoded(issuer.claims(scope="hostup everything", exp=int(time.time()) + 10_000))
    check = verifier(issuer)
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
        assert await check.verify_token(token) is None, token


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
async def test_nonsense_is_refused_and_breaks_nothing(issuer: Issuer, token: str) -> None:
    assert await verifier(issuer).verify_token(token) is None


async def test_a_huge_token_is_refused_before_anything_is_done_with_it(issuer: Issuer) -> None:
    token = issuer.token(extra="x" * MAX_TOKEN_CHARS)
    began = time.monotonic()
    assert await verifier(issuer).verify_token(token) is None
    assert await verifier(issuer).verify_token("a." * 5_000_000) is None
    assert time.monotonic() - began < 1
    assert issuer.fetches == 0


# Keys ---------------------------------------------------------------------------------------------


async def test_keys_are_fetched_once_for_many_tokens(issuer: Issuer) -> None:
    check = verifier(issuer)
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(check.verify_token, issuer.token())
    assert issuer.fetches == 1
    assert issuer.agents[0].startswith("hostup-mcp/")


async def test_a_new_key_is_picked_up_and_a_withdrawn_one_is_forgotten(issuer: Issuer) -> None:
    check = verifier(issuer, cooldown=0)
    old = issuer.token()
    assert await check.verify_token(old)
    issuer.keys = [FIRST, SECOND]
    assert await check.verify_token(issuer.token(SECOND))
    assert await check.verify_token(old), "both are good while both are published"
    issuer.keys = [SECOND]
    await check.verify_token(issuer.token(Key("third", FIRST.private)))
    assert await check.verify_token(old) is None


async def test_a_flood_of_made_up_key_ids_reaches_the_issuer_at_most_once(issuer: Issuer) -> None:
    check = verifier(issuer)
    assert await check.verify_token(issuer.token())
    before = issuer.fetches
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            for number in range(100):
                tasks.start_soon(
                    check.verify_token, issuer.token(Key(f"x{number}", SECOND.private))
                )
    assert issuer.fetches - before <= 1
    assert await check.verify_token(issuer.token())


async def test_an_issuer_that_is_away_takes_nobody_in_and_throws_nobody_out(
    issuer: Issuer,
) -> None:
    check = verifier(issuer, cooldown=0)
    token, unknown = issuer.token(), issuer.token(SECOND)
    assert await check.verify_token(token)
    issuer.status = 503
    assert await check.verify_token(unknown) is None
    assert await check.verify_token(token), "the keys that are known stay good"
    issuer.status = 0
    assert await check.verify_token(unknown) is None
    assert await check.verify_token(token)
    issuer.status, issuer.keys = 200, [FIRST, SECOND]
    assert await check.verify_token(unknown), "and it recovers by itself"


async def test_an_issuer_that_was_never_there_is_a_no(issuer: Issuer) -> None:
    away = JwtVerifier(ISSUER, AUDIENCE, JwksCache("http://127.0.0.1:9/jwks"))
    assert await away.verify_token(issuer.token()) is None


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
        b"[" * 100_000,
    ],
    ids=range(11),
)
async def test_an_issuer_that_publishes_nonsense_is_a_no_and_breaks_nothing(
    issuer: Issuer, body: bytes
) -> None:
    issuer.body = body
    check = verifier(issuer, cooldown=0)
    assert await check.verify_token(issuer.token()) is None
    issuer.body = None
    assert await check.verify_token(issuer.token()), "and it recovers by itself"


async def test_a_silent_issuer_is_asked_once_however_many_made_up_tokens_come(
    issuer: Issuer,
) -> None:
    """Nobody needs a good token to send one, so it must not cost the issuer (or us) a call each."""
    issuer.silent_for = 0.3
    issuer.status = 503
    check = verifier(issuer)
    began = time.monotonic()
    with anyio.fail_after(PATIENCE):
        async with anyio.create_task_group() as tasks:
            for number in range(30):
                tasks.start_soon(
                    check.verify_token, issuer.token(Key(f"x{number}", SECOND.private))
                )
    assert issuer.fetches <= 2
    assert time.monotonic() - began < 30 * issuer.silent_for


async def test_keys_that_are_old_stay_good_for_an_hour_while_the_issuer_is_away(
    issuer: Issuer,
) -> None:
    passed = 0.0
    check = verifier(issuer, cooldown=0, clock=lambda: passed)
    token = issuer.token()
    assert await check.verify_token(token)
    issuer.status = 503
    passed = MAX_AGE_SECONDS - 60
    assert await check.verify_token(token)
    assert issuer.fetches == 2, "it was asked whether they are still published"
    passed = MAX_AGE_SECONDS + 1
    assert await check.verify_token(token) is None
    issuer.status = 200
    assert await check.verify_token(token)


async def test_keys_that_are_old_are_fetched_again_and_a_withdrawn_one_is_forgotten(
    issuer: Issuer,
) -> None:
    passed = 0.0
    check = verifier(issuer, clock=lambda: passed)
    assert await check.verify_token(issuer.token())
    issuer.keys = [SECOND]
    assert await check.verify_token(issuer.token(FIRST)), "it is not asked at each token"
    passed = REFRESH_SECONDS + 1
    assert await check.verify_token(issuer.token(FIRST)) is None


async def test_an_issuer_whose_answer_never_ends_is_given_up(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jwks, "FETCH_SECONDS", 0.5)
    issuer.drips = True
    try:
        with anyio.fail_after(PATIENCE):
            assert await verifier(issuer).verify_token(issuer.token()) is None
    finally:
        issuer.drips = False


async def test_an_answer_of_the_issuer_that_is_too_large_is_not_read(issuer: Issuer) -> None:
    known = json.dumps({"keys": [FIRST.public_jwk]})
    issuer.body = known.encode() + b" " * MAX_BYTES
    assert await verifier(issuer).verify_token(issuer.token()) is None


async def test_the_issuer_cannot_send_us_elsewhere_for_its_keys(issuer: Issuer) -> None:
    for status in (301, 302, 307):
        issuer.fetches, issuer.status = 0, status
        assert await verifier(issuer).verify_token(issuer.token()) is None
        assert issuer.fetches == 1


async def test_refused_tokens_and_their_claims_are_not_in_the_log(
    issuer: Issuer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    token = issuer.token(sub="somebody-secret", exp=1)
    assert await verifier(issuer).verify_token(token) is None
    assert token not in caplog.text
    assert "somebody-secret" not in caplog.text
