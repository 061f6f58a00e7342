"""A token that the client signs: its parts, and what no description and no secret can change."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.clock import START
from tests.unit.domain.signed_jwts import KMS, SPEC, decoded, definition_of, parts_of, secret_of

from tokenvend.domain import bounds
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_definition import Assertion, ScopeMode
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.signed_jwt import (
    RESERVED_HEADER,
    SET_CLAIMS,
    KeyPair,
    build_signed_jwt,
    parse_signed_jwt,
    placeholders_in_jwt,
)
from tokenvend.domain.secret import Secret
from tokenvend.domain.shared_key import MacAlgorithm, SharedKey
from tokenvend.domain.signing import KmsKey, PrivateKey, SigningAlgorithm


@given(value=st.text())
def test_secrets_text_stands_in_its_place_alone(value: str) -> None:
    value = value.encode(errors="replace").decode()
    described = {"header": {"kid": "{secret.a}"}, "claims": {"x": ["{{{secret.a}}}", {"y": 7}]}}

    header, claims = parts_of(described, a=value)

    assert header == {"typ": "JWT", "kid": value, "alg": "HS256"}
    issued_at = int(START.timestamp()) - 30
    assert claims == {"x": ["{" + value + "}", {"y": 7}], "iat": issued_at, "exp": issued_at + 300}


@given(
    document=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=12,
    )
)
def test_no_document_gets_past_the_parser_with_anothers_place(document: Any) -> None:
    try:
        described = parse_signed_jwt({"algorithm": "HS256", "claims": document, "header": document})
    except ValueError:
        return
    assert SET_CLAIMS.isdisjoint(described.claims)
    assert RESERVED_HEADER.isdisjoint(described.header)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"algorithm": "none"},
        {"algorithm": "None"},
        {"algorithm": "hs256"},
        {"algorithm": ["HS256"]},
        *({"algorithm": "HS256", "claims": {name: 1}} for name in sorted(SET_CLAIMS)),
        *({"algorithm": "HS256", "header": {name: "x"}} for name in sorted(RESERVED_HEADER)),
        {"algorithm": "HS256", "claims": []},
        {"algorithm": "HS256", "claims": {"a": "{token}"}},
        {"algorithm": "HS256", "claims": {"a": [{"b": "{secret.shared_key}"}]}},
        {"algorithm": "ES256", "header": {"kid": "{secret.private_key}"}},
        {"algorithm": "ES256", "claims": {"a": "{secret.client_secret}"}},
        {"algorithm": "HS256", "key_encoding": "rot13"},
        {"algorithm": "HS256", "lifetime_seconds": True},
        {"algorithm": "HS256", "lifetime_seconds": 0},
    ],
    ids=str,
)
def test_description_that_could_do_harm_is_refused(document: dict[str, Any]) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  several texts
        parse_signed_jwt(document)
    with pytest.raises(CredentialNotReadyError) as caught:
        build_signed_jwt(
            replace(definition_of({}), signed_jwt=document), SPEC, secret_of(), now=START
        )
    assert caught.value.rule == "definition.signed_jwt"


@pytest.mark.parametrize("seconds", [3601, 10**400])
def test_no_token_lives_longer_than_an_hour(seconds: int) -> None:
    described = parse_signed_jwt({"algorithm": "HS256", "lifetime_seconds": seconds})

    assert described.lifetime == bounds.SIGNED_JWT_LIFETIME_MAXIMUM


def test_iat_is_earlier_by_a_tenth_of_a_short_lifetime() -> None:
    _, claims = parts_of({"lifetime_seconds": 60})

    assert (claims["iat"], claims["exp"]) == (START.timestamp() - 6, START.timestamp() + 54)


def test_typ_may_be_another() -> None:
    assert parts_of({"header": {"typ": "at+jwt"}})[0] == {"typ": "at+jwt", "alg": "HS256"}


@pytest.mark.parametrize(
    ("described", "assertion", "key"),
    [
        ({}, None, SharedKey(Secret("k" * 32), MacAlgorithm.HS256)),
        (
            {"algorithm": "RS256"},
            Assertion(audience=""),
            KeyPair(PrivateKey(Secret("PEM")), SigningAlgorithm.RS256),
        ),
        (
            {"algorithm": "ES256"},
            Assertion(audience="", kms_keys=(KMS, "next")),
            KeyPair(KmsKey(KMS), SigningAlgorithm.ES256),
        ),
        # A key in KMS never signs with a shared key's algorithm.
        (
            {"algorithm": "HS256"},
            Assertion(audience="", kms_keys=(KMS,)),
            SharedKey(Secret("k" * 32), MacAlgorithm.HS256),
        ),
    ],
    ids=str,
)
def test_key_fits_the_algorithm(
    described: dict[str, Any], assertion: Assertion | None, key: object
) -> None:
    definition = definition_of(described, assertion=assertion)

    unsigned = build_signed_jwt(definition, SPEC, secret_of(private_key="PEM"), now=START)

    assert unsigned.key == key


def test_field_that_the_secret_lacks_is_named_and_nothing_else() -> None:
    with pytest.raises(CredentialNotReadyError, match=r"has no field a\.$"):
        parts_of({"claims": {"x": "{secret.b}{secret.a}"}}, b="of the secret")


@pytest.mark.parametrize("spec", [replace(SPEC, audience="x"), replace(SPEC, resources=("x",))])
def test_request_cannot_choose_the_audience(spec: TokenSpec) -> None:
    with pytest.raises(CredentialNotReadyError, match="audience of a signed JWT is fixed"):
        build_signed_jwt(definition_of({}), spec, secret_of(), now=START)


def test_scopes_of_a_request_narrow_the_token_or_there_is_none() -> None:
    spec = replace(SPEC, scopes=frozenset({"read"}))
    narrows: dict[str, Any] = {"scope_mode": ScopeMode.NARROWS}

    with pytest.raises(CredentialNotReadyError, match="cannot be narrowed"):
        build_signed_jwt(definition_of({}, **narrows), spec, secret_of(), now=START)

    unsigned = build_signed_jwt(
        definition_of({"scope_claim": True}, **narrows), spec, secret_of(), now=START
    )
    assert decoded(unsigned)[1]["scope"] == "read"


def test_token_has_a_longest_length() -> None:
    with pytest.raises(CredentialNotReadyError, match="characters; 16384 are the most") as caught:
        parts_of({"claims": {"x": "{secret.a}"}}, a="zq" * 8192)

    assert "zq" not in str(caught.value)


def test_fields_are_told_once_in_their_order() -> None:
    described = {"header": {"kid": "{secret.k}"}, "claims": {"b": ["{secret.b}{secret.k}"]}}

    assert placeholders_in_jwt(described) == ("k", "b")
