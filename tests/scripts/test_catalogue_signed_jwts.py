"""A token that the catalogue's client signs is what `signed_jwt` describes."""

from typing import Any

import pytest
from scripts.catalogue.entries import described
from scripts.catalogue.measure import problem_of
from scripts.catalogue.placeholders import CannotSayError
from tests.scripts.catalogue_entries import provider_of

TOKEN: dict[str, Any] = {
    "signing_key": "${credentials.privateKey}",
    "expires_in_ms": 900_000,
    "header": {"alg": "ES256", "kid": "${credentials.privateKeyId}"},
    "payload": {"iss": "${credentials.issuerId}", "aud": "acme-v1"},
}
ENTRY: dict[str, Any] = {"auth_mode": "JWT", "signature": {"protocol": "EC"}, "token": TOKEN}
HMAC = {"signature": {"protocol": "HMAC"}}


def test_header_claims_algorithm_and_lifetime_are_the_entrys() -> None:
    assert provider_of(ENTRY) == {
        "signed_jwt": {
            "algorithm": "ES256",
            "lifetime_seconds": 900,
            "header": {"kid": "{secret.private_key_id}"},
            "claims": {"iss": "{secret.issuer_id}", "aud": "acme-v1"},
        }
    }


@pytest.mark.parametrize(
    ("encoding", "ours"), [({}, "hex"), ({"hmac_secret_encoding": "utf8"}, "utf-8")]
)
def test_shared_key_has_its_encoding(encoding: dict[str, str], ours: str) -> None:
    token = TOKEN | {
        "signing_key": "${credentials.key.id}||${credentials.key.secret}",
        "header": {"alg": "HS256", "kid": "${credentials.key.id}"},
    }

    provider = provider_of(ENTRY | {"token": token, "signature": HMAC["signature"] | encoding})

    assert provider["signed_jwt"]["key_encoding"] == ours
    assert provider["signed_jwt"]["header"] == {"kid": "{secret.key_id}"}


def test_fingerprint_of_the_public_key_is_in_the_secret() -> None:
    payload = {"iss": "${credentials.user}.${fingerprint(${credentials.privateKey})}"}

    provider = provider_of(ENTRY | {"token": TOKEN | {"payload": payload}})

    claims = provider["signed_jwt"]["claims"]
    assert claims == {"iss": "{secret.user}.{secret.public_key_fingerprint}"}


def test_header_beside_the_token_is_described() -> None:
    headers = {"authorization": "Acme ${accessToken}", "x-token-type": "JWT"}

    provider = provider_of(ENTRY | {"proxy": {"headers": headers}})

    assert provider["api_request"] == {
        "headers": {"authorization": "Acme {token}", "x-token-type": "JWT"}
    }


@pytest.mark.parametrize(
    "token",
    [
        TOKEN | {"signing_key": "${sha256(${credentials.key})}"},
        TOKEN | {"payload": {"iss": "${sha256(${credentials.key})}"}},
    ],
)
def test_what_is_computed_has_no_words(token: dict[str, Any]) -> None:
    with pytest.raises(CannotSayError, match="computed"):
        described(ENTRY | {"token": token})


def test_algorithm_that_nobody_verifies_is_not_counted() -> None:
    unsigned = ENTRY | {"token": TOKEN | {"header": {"alg": "none"}}}

    provider, credential = described(unsigned)

    assert problem_of(provider, credential) is not None
