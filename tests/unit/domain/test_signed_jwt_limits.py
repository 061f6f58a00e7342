"""How long a signed JWT may be and live, which key it has, and what is said if there is none."""

from dataclasses import replace
from datetime import UTC, timedelta
from typing import Any

import pytest
from tests.fakes.clock import START
from tests.unit.domain.signed_jwts import KMS, SPEC, decoded, definition_of, parts_of, secret_of

from tokenvend.domain import bounds
from tokenvend.domain.credential_definition import Assertion
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.request_description import DEEPEST
from tokenvend.domain.oauth.signed_jwt import (
    KeyPair,
    UnsignedJwt,
    build_signed_jwt,
    key_field,
    parse_signed_jwt,
    placeholders_in_jwt,
)
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.secret import Secret
from tokenvend.domain.shared_key import KeyEncoding, MacAlgorithm, SharedKey
from tokenvend.domain.signing import PrivateKey, SigningAlgorithm

MOST = bounds.API_REQUEST_CHARACTERS
KEYLESS = ProviderSecret("", Secret(""), "@signs:")


def unsigned(described: dict[str, Any], secret: ProviderSecret | None = None) -> UnsignedJwt:
    return build_signed_jwt(definition_of(described), SPEC, secret or secret_of(), now=START)


@pytest.mark.parametrize(("more", "is_made"), [(0, True), (1, False)])
def test_a_token_is_no_longer_than_what_may_be_sent_to_an_api(*, more: int, is_made: bool) -> None:
    header, empty = unsigned({"claims": {"x": ""}}).signing_input.split(b".")
    # Four characters are three bytes (RFC 4648 §5).
    size = (MOST - len(header) - 1) * 3 // 4 - len(empty) * 3 // 4 + more
    described = {"claims": {"x": "x" * size}}

    if is_made:
        assert len(unsigned(described).signing_input) == MOST
        return
    with pytest.raises(CredentialNotReadyError) as caught:
        unsigned(described)
    assert caught.value.rule == "secret.unusable"
    assert caught.value.description.startswith(f"The token has {MOST + 1} characters")


def test_a_token_says_when_it_ends_in_utc() -> None:
    _, claims = parts_of({"lifetime_seconds": 60})

    expires_at = unsigned({"lifetime_seconds": 60}).expires_at

    assert expires_at.tzinfo is UTC
    assert expires_at.timestamp() == claims["exp"]


def test_a_token_is_written_without_a_space() -> None:
    header, claims = unsigned({"claims": {"a": [1, 2]}}).signing_input.split(b".")

    # 27 bytes and 45: with spaces there would be more.
    assert (len(header), len(claims)) == (36, 60)


@pytest.mark.parametrize(("seconds", "lifetime"), [(1, 1), (3600, 3600), (3601, 3600)])
def test_a_token_lives_as_long_as_is_said_within_the_bound(seconds: int, lifetime: int) -> None:
    described = parse_signed_jwt({"algorithm": "HS256", "lifetime_seconds": seconds})

    assert described.lifetime == timedelta(seconds=lifetime)


def test_scopes_are_in_the_claim_only_where_that_is_described() -> None:
    spec = replace(SPEC, scopes=frozenset({"write", "read"}))
    cases: list[tuple[dict[str, Any], str | None]]
    cases = [
        ({"scope_claim": True, "claims": {"a": 1}}, "read,write"),
        ({"claims": {"a": 1}}, None),
    ]
    for described, claim in cases:
        definition = replace(definition_of(described), scope_separator=",")

        token = build_signed_jwt(definition, spec, secret_of(), now=START)

        claims = decoded(token)[1]
        assert (claims["a"], claims.get("scope")) == (1, claim)


def test_a_token_without_scopes_has_no_scope_claim() -> None:
    assert "scope" not in parts_of({"scope_claim": True})[1]


@pytest.mark.parametrize(
    ("described", "key"),
    [
        (
            {"algorithm": "HS384", "key_encoding": "base64"},
            SharedKey(Secret(""), MacAlgorithm.HS384, KeyEncoding.BASE64),
        ),
        ({"algorithm": "PS256"}, KeyPair(PrivateKey(Secret("")), SigningAlgorithm.PS256)),
    ],
    ids=str,
)
def test_a_secret_without_a_key_gives_an_empty_one_that_no_signer_takes(
    described: dict[str, Any], key: object
) -> None:
    assert unsigned(described, KEYLESS).key == key


def test_a_key_in_kms_signs_without_a_field_of_the_secret() -> None:
    in_kms = Assertion(audience="", kms_keys=(KMS,))

    assert key_field(definition_of({"algorithm": "ES256"}, assertion=in_kms)) is None
    assert key_field(definition_of({"algorithm": "ES256"})) == "private_key"
    assert key_field(definition_of({}, assertion=in_kms)) == "shared_key"


@pytest.mark.parametrize("name", ["header", "claims"])
def test_a_description_has_a_greatest_depth(name: str) -> None:
    value: object = "x"
    for _ in range(DEEPEST - 1):
        value = {"a": value}

    described = parse_signed_jwt({"algorithm": "HS256", name: {"a": value}})

    assert getattr(described, name) == {"a": value}
    with pytest.raises(ValueError, match="nested too deeply"):
        parse_signed_jwt({"algorithm": "HS256", name: {"a": {"a": value}}})


def test_a_token_has_no_audience_but_that_of_its_description() -> None:
    with pytest.raises(CredentialNotReadyError) as caught:
        build_signed_jwt(definition_of({}), replace(SPEC, audience="x"), secret_of(), now=START)

    assert caught.value.rule == "signed_jwt.target"
    assert caught.value.description == (
        "The audience of a signed JWT is fixed: leave audience and resource out."
    )


def test_a_description_of_another_version_is_told() -> None:
    with pytest.raises(CredentialNotReadyError) as caught:
        unsigned({"algorithm": "HS1024"})

    assert caught.value.description == (
        "The definition's signed_jwt cannot be read; apply the file again."
    )


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        ({"header": {"kid": {"a": "{secret.shared_key}"}}}, "header would show a key"),
        ({"claims": {"a": "{secret.private_key}"}}, "claims would show a key"),
        ({"claims": {"a": "{b}"}}, "claims has a brace"),
        ({"header": {"jwk": "x"}}, "header sets"),
    ],
    ids=str,
)
def test_a_description_that_could_do_harm_is_refused_for_that(
    document: dict[str, Any], problem: str
) -> None:
    with pytest.raises(ValueError, match=f"^{problem}"):
        parse_signed_jwt({"algorithm": "HS256", **document})


def test_a_description_without_claims_shows_no_field() -> None:
    assert placeholders_in_jwt({"algorithm": "HS256"}) == ()
