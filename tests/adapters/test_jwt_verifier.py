"""What joserfc is given: one key, one algorithm; and that it never raises."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fakes.issuer import FakeIssuer, new_key, public_jwk, shared_key

from tokenvend.adapters.jwt_verifier import JoserfcVerifier
from tokenvend.domain.secret import Secret

VERIFIER = JoserfcVerifier()
TOKEN = FakeIssuer(datetime(2026, 3, 1, tzinfo=UTC)).token()
KEY = public_jwk(shared_key("ES256"))


def test_signature_of_the_key_is_its_owners() -> None:
    assert VERIFIER.is_signed_by(TOKEN, KEY, algorithm="ES256")


@pytest.mark.parametrize("algorithm", ["ES384", "RS256", "HS256", "none", "x"])
def test_another_algorithm_than_the_one_that_is_asked_for_is_refused(algorithm: str) -> None:
    assert not VERIFIER.is_signed_by(TOKEN, KEY, algorithm=algorithm)


def test_another_key_is_refused() -> None:
    assert not VERIFIER.is_signed_by(TOKEN, public_jwk(new_key("ES256")), algorithm="ES256")


def test_header_as_long_as_a_certificate_is_read() -> None:
    issuer = FakeIssuer(datetime(2026, 3, 1, tzinfo=UTC))

    token = issuer.token({"x5c": ["A" * 2000], "private": {"a": 1}})

    assert VERIFIER.is_signed_by(token, KEY, algorithm="ES256")


@pytest.mark.parametrize(
    "key",
    [
        {},
        {"kty": "EC"},
        {"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43},
        {"kty": "RSA", "n": "AA", "e": "AA"},
        {"kty": "RSA", "n": "%%%", "e": "AQAB"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
        {"kty": "oct", "k": "AA"},
        {"kty": ["EC"], "crv": {"a": 1}},
        dict(KEY) | {"x": 7},
    ],
)
def test_key_that_is_none_verifies_nothing(key: dict[str, Any]) -> None:
    assert not VERIFIER.is_signed_by(TOKEN, key, algorithm="ES256")


@given(text=st.text(max_size=60) | st.text("eyJ.AB-_=", max_size=60))
def test_text_that_is_no_token_is_signed_by_nobody(text: str) -> None:
    assert not VERIFIER.is_signed_by(Secret(text), KEY, algorithm="ES256")


@given(at=st.integers(0, len(TOKEN.reveal()) - 1), put=st.characters())
def test_token_with_another_character_is_not_the_same(at: int, put: str) -> None:
    text = TOKEN.reveal()
    changed = text[:at] + put + text[at + 1 :]

    # The last character of a part has bits that mean nothing.
    is_last = at + 1 == len(text) or text[at + 1] == "." or put == text[at]
    assert is_last or not VERIFIER.is_signed_by(Secret(changed), KEY, algorithm="ES256")
