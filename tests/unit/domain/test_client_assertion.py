"""What a client assertion says (RFC 7523 §3), and when it is made."""

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime
from typing import Any

from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_definition import (
    Assertion,
    ClientAuthentication,
    CredentialDefinition,
)
from tokenvend.domain.oauth.client_assertion import (
    AssertionDraft,
    client_assertion,
    signing_input,
)
from tokenvend.domain.oauth.token_request import (
    ProviderSecret,
    build_revocation_request,
    build_token_request,
)
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import KmsKey, PrivateKey, SigningAlgorithm

NOW = datetime(2026, 3, 1, 12, 0, 0, 900_000, tzinfo=UTC)
KEY = KmsKey("arn:aws:kms:eu-central-1:111122223333:key/one")
DRAFT = AssertionDraft("our-client", "https://login.acme.example", SigningAlgorithm.ES256, KEY)
SIGNS = CredentialDefinition(
    name="orders",
    provider="acme",
    token_endpoint="https://login.acme.example/token",
    client_authentication=ClientAuthentication.PRIVATE_KEY_JWT,
    revocation_endpoint="https://login.acme.example/revoke",
)
SPEC = TokenSpec(credential="orders", definition="d", scopes=frozenset())
SECRET = ProviderSecret("our-client", Secret("PEM"), "login.acme.example", key_id="theirs")


def _decode(part: str) -> Any:
    return json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_assertion_says_who_to_whom_once_and_for_a_minute() -> None:
    signed = signing_input(DRAFT, key_id="k", now=NOW, jti="once")
    header, claims = (_decode(part) for part in signed.decode().split("."))

    assert header == {"alg": "ES256", "typ": "JWT", "kid": "k"}
    assert claims == {
        "iss": "our-client",
        "sub": "our-client",
        "aud": "https://login.acme.example",
        "jti": "once",
        "iat": 1772366400,
        "exp": 1772366460,
    }


def test_compact_form_has_no_padding() -> None:
    assertion = client_assertion(b"a.b", b"\xff\xfe")

    assert assertion.reveal() == "a.b.__4"
    assert "__4" not in repr(assertion)


def test_name_of_a_kms_key_tells_neither_account_nor_key() -> None:
    assert len(KEY.key_id) == 22
    assert "111122223333" not in KEY.key_id
    assert KEY.key_id != KmsKey(KEY.arn[:-1]).key_id


def test_token_request_carries_a_draft_and_no_secret() -> None:
    request = build_token_request(SIGNS, SPEC, SECRET)

    assert request.form == {"grant_type": "client_credentials", "client_id": "our-client"}
    assert "Authorization" not in request.headers
    assert request.assertion == AssertionDraft(
        "our-client",
        "https://login.acme.example/token",
        SigningAlgorithm.RS256,
        PrivateKey(Secret("PEM"), "theirs"),
    )


def test_definition_says_audience_algorithm_and_key() -> None:
    assertion = Assertion(
        audience="https://login.acme.example",
        algorithm=SigningAlgorithm.ES256,
        kms_keys=(KEY.arn, "arn:next"),
    )
    definition = CredentialDefinition(
        name="orders",
        provider="acme",
        token_endpoint="https://login.acme.example/token",
        client_authentication=ClientAuthentication.PRIVATE_KEY_JWT,
        assertion=assertion,
    )

    assert build_token_request(definition, SPEC, SECRET).assertion == DRAFT


def test_revocation_is_signed_too() -> None:
    request = build_revocation_request(SIGNS, Secret("token"), SECRET)

    assert request is not None
    assert request.assertion is not None
