"""An assertion is signed by the secret's key or by KMS, and the private key is never sent."""

import json
import traceback
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tests.configuration.described import definition_of, token_endpoint, vend
from tests.configuration.samples import FIXED, problems_in
from tests.configuration.sent_assertions import (
    ACCOUNT,
    ISSUER,
    NO_CLIENT,
    PAIR,
    decoded,
    sent_request,
    verified_claims,
)
from tests.fakes.clock import START
from tests.fakes.kms_signer import KMS_KEY, StubKms

from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.token_request import build_token_request
from tokenvend.domain.scopes import NO_SCOPES
from tokenvend.domain.secret_fields import optional_secret_fields, secret_fields, secret_of
from tokenvend.domain.signing import encode


def test_key_in_kms_signs_and_the_secret_has_none() -> None:
    kms = StubKms()
    with token_endpoint() as endpoint:
        provider = NO_CLIENT | {
            "token_endpoint": endpoint.url,
            "token_request": {"assertion": ISSUER},
        }
        signing = {"algorithm": "ES256", "kms_keys": [KMS_KEY]}
        vend(provider, {"client_email": "svc@a.example"}, kms=kms, signing=signing)

        assert verified_claims(endpoint.asked.form["assertion"], kms.pair)["iss"] == "svc@a.example"


def _certificate_of(pair: rsa.RSAPrivateKey) -> tuple[str, str]:
    """A certificate of the pair, and its SHA-256 as another library has it."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a client")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(pair.public_key())
        .serial_number(1)
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=1))
        .sign(pair, SHA256())
    )
    return made.public_bytes(Encoding.PEM).decode(), encode(made.fingerprint(SHA256()))


@pytest.mark.parametrize("grant", [False, True], ids=["the client's", "the grant's"])
def test_assertion_names_the_certificate_of_its_key(*, grant: bool) -> None:
    assert isinstance(PAIR, rsa.RSAPrivateKey)
    certificate, thumbprint = _certificate_of(PAIR)
    secret = ACCOUNT | {"client_id": "id", "certificate": certificate}
    with token_endpoint() as endpoint:
        provider = {"token_endpoint": endpoint.url, "client_authentication": "private_key_jwt"}
        if grant:
            provider |= NO_CLIENT | {"token_request": {"assertion": ISSUER}}
        vend(provider, secret, signing={"certificate": True})
        form = endpoint.asked.form

    sent = form["assertion" if grant else "client_assertion"]
    header = json.loads(decoded(sent.partition(".")[0]))
    assert (header["x5t#S256"], header["kid"]) == (thumbprint, "k1")
    assert verified_claims(sent)["iss"] == ("svc@project.example" if grant else "id")


@pytest.mark.parametrize(
    "text", ["hunter2", "-----BEGIN CERTIFICATE-----a-----END CERTIFICATE-----"]
)
def test_certificate_that_is_none_is_told(text: str) -> None:
    secret = ACCOUNT | {"client_id": "id", "certificate": text}

    with pytest.raises(CredentialNotReadyError, match="is not in PEM form") as caught:
        sent_request({}, secret, credential={"signing": {"certificate": True}})

    assert "hunter2" not in str(caught.value)


def test_private_key_is_never_placed_whatever_a_definition_says() -> None:
    described = {"assertion": ISSUER, "headers": {"X-Key": "{secret.private_key}"}}
    definition = definition_of(FIXED | NO_CLIENT | {"token_request": {"assertion": ISSUER}}, {})

    changed = replace(definition, token_request=described)
    secret = secret_of(changed, ACCOUNT, allowed_host="login.acme.example")
    spec = TokenSpec(credential="jobs", definition="d", scopes=NO_SCOPES)
    with pytest.raises(CredentialNotReadyError) as caught:
        build_token_request(changed, spec, secret)

    assert "PRIVATE KEY" not in "".join(traceback.format_exception(caught.value))


def test_secret_has_the_key_and_what_is_named() -> None:
    definition = definition_of(FIXED | NO_CLIENT | {"token_request": {"assertion": ISSUER}}, {})

    assert secret_fields(definition) == ("private_key", "client_email")
    assert "key_id" in optional_secret_fields(definition)


def test_key_in_kms_needs_a_secret_that_records_the_host() -> None:
    whole = FIXED | NO_CLIENT | {"token_request": {"assertion": {"issuer": "ours"}}}
    credential = {"provider": "acme", "scopes": ["read", "write"]}
    signs = credential | {"signing": {"kms_keys": [KMS_KEY]}}

    [problem] = problems_in({"providers": {"acme": whole}, "credentials": {"jobs": signs}})

    assert "the secret records where it may go" in problem
    assert problems_in({"providers": {"acme": whole}, "credentials": {"jobs": credential}}) == []
