"""Tokens for a signed assertion (RFC 7523 §2.1): from the file to what the provider is asked."""

import json
import traceback
from base64 import urlsafe_b64decode
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from tests.configuration.described import ReceivedRequest, definition_of, token_endpoint, vend
from tests.configuration.samples import FIXED, problems_in
from tests.fakes.clock import START, FakeClock
from tests.fakes.signer import new_pair, pem_of

from tokenvend.domain import bounds
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.jwt_bearer import parse_assertion_description
from tokenvend.domain.oauth.token_request import build_token_request
from tokenvend.domain.scopes import NO_SCOPES
from tokenvend.domain.secret_fields import optional_secret_fields, secret_fields, secret_of
from tokenvend.domain.signing import SigningAlgorithm, encode

NO_CLIENT: dict[str, Any] = {"client_authentication": "none"}
PAIR = new_pair(SigningAlgorithm.RS256)
ACCOUNT = {
    "client_email": "svc@project.example",
    "private_key": pem_of(PAIR).reveal(),
    "key_id": "k1",
}
ISSUER = {"issuer": "{secret.client_email}"}
KMS_KEY = "arn:aws:kms:eu-central-1:111122223333:key/one"


def _asked(
    assertion: dict[str, Any],
    secret: dict[str, str] | None = None,
    *,
    credential: dict[str, Any] | None = None,
    described: dict[str, Any] | None = None,
    **provider: Any,
) -> tuple[str, ReceivedRequest]:
    """The URL of the endpoint, and what it is asked."""
    with token_endpoint() as endpoint:
        whole = NO_CLIENT | {
            "token_endpoint": endpoint.url,
            "token_request": {"assertion": assertion} | (described or {}),
        }
        vend(whole | provider, secret or ACCOUNT, clock=FakeClock(), **(credential or {}))
        return endpoint.url, endpoint.asked


def _claims(assertion: str, pair: Any = PAIR) -> dict[str, Any]:
    """What it says, once its signature is proven by the public key alone."""
    signed, _, signature = assertion.rpartition(".")
    public, raw = pair.public_key(), _decoded(signature)
    if isinstance(public, ec.EllipticCurvePublicKey):
        numbers = (int.from_bytes(raw[at : at + 32]) for at in (0, 32))
        public.verify(encode_dss_signature(*numbers), signed.encode(), ec.ECDSA(SHA256()))
    else:
        public.verify(raw, signed.encode(), PKCS1v15(), SHA256())
    claims: dict[str, Any] = json.loads(_decoded(signed.partition(".")[2]))
    return claims


def _decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


class StubKms:
    """A key pair of which KMS gives signatures, as ASN.1."""

    def __init__(self) -> None:
        self.pair = ec.generate_private_key(ec.SECP256R1())
        self.exceptions: Any = None

    # The names are those of KMS.
    def sign(self, *, Message: bytes, **_: str) -> dict[str, bytes]:  # noqa: N803
        return {"Signature": self.pair.sign(Message, ec.ECDSA(Prehashed(SHA256())))}


def test_assertion_says_whose_it_is_for_whom_and_for_a_minute() -> None:
    url, request = _asked(ISSUER)

    assert request.form.keys() == {"grant_type", "assertion"}
    assert request.form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    claims = _claims(request.form["assertion"])
    assert len(claims.pop("jti")) == 32
    issued_at = int(START.timestamp())
    assert claims == {
        "iss": "svc@project.example",
        "sub": "svc@project.example",
        "aud": url,
        "iat": issued_at,
        "exp": issued_at + 60,
    }
    header = _decoded(request.form["assertion"].partition(".")[0])
    assert json.loads(header) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}


def test_subject_audience_claims_and_scopes_are_those_of_the_file() -> None:
    _, request = _asked(
        ISSUER
        | {
            "subject": "{secret.user}",
            "audience": "account.example",
            "claims": {"kind": {"of": ["{secret.user}", 7]}},
            "scope_claim": True,
            "lifetime_seconds": 300,
        },
        ACCOUNT | {"user": "ada"},
        credential={"scopes": ["b", "a"], "scope_parameter": True},
    )

    claims = _claims(request.form["assertion"])
    assert (claims["sub"], claims["aud"], claims["scope"]) == ("ada", "account.example", "a b")
    assert claims["kind"] == {"of": ["ada", 7]}
    assert claims["exp"] - claims["iat"] == 300
    assert "scope" not in request.form


def test_client_authenticates_beside_the_assertion_if_the_file_says_so() -> None:
    _, request = _asked(
        {"claims": {"box_sub_type": "enterprise"}},
        ACCOUNT | {"client_id": "id", "client_secret": "s3cret"},
        client_authentication="client_secret_post",
    )

    assert (request.form["client_id"], request.form["client_secret"]) == ("id", "s3cret")
    assert _claims(request.form["assertion"])["iss"] == "id"


def test_client_that_signs_sends_two_assertions() -> None:
    secret = ACCOUNT | {"client_id": "id"}

    _, request = _asked(ISSUER, secret, client_authentication="private_key_jwt")

    assert _claims(request.form["client_assertion"])["iss"] == "id"
    assert _claims(request.form["assertion"])["iss"] == "svc@project.example"


@pytest.mark.parametrize("place", ["json", "query"])
def test_assertion_goes_where_all_parameters_go_under_its_own_name(place: str) -> None:
    _, request = _asked(
        ISSUER | {"parameter": "jwt_token"},
        described={"parameters_in": place, "omit_grant_type": True},
    )

    parameters = request.json if place == "json" else request.query
    assert parameters.keys() == {"jwt_token"}
    assert _claims(parameters["jwt_token"])["iss"] == "svc@project.example"


def test_assertion_may_be_a_bearer_token() -> None:
    _, request = _asked(ISSUER | {"as_bearer": True}, described={"omit_grant_type": True})

    scheme, _, assertion = request.headers["authorization"].partition(" ")
    assert (scheme, request.body) == ("Bearer", b"")
    assert _claims(assertion)["iss"] == "svc@project.example"


def test_key_in_kms_signs_and_the_secret_has_none() -> None:
    kms = StubKms()
    with token_endpoint() as endpoint:
        provider = NO_CLIENT | {
            "token_endpoint": endpoint.url,
            "token_request": {"assertion": ISSUER},
        }
        signing = {"algorithm": "ES256", "kms_keys": [KMS_KEY]}
        vend(provider, {"client_email": "svc@a.example"}, kms=kms, signing=signing)

        assert _claims(endpoint.asked.form["assertion"], kms.pair)["iss"] == "svc@a.example"


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
    header = json.loads(_decoded(sent.partition(".")[0]))
    assert (header["x5t#S256"], header["kid"]) == (thumbprint, "k1")
    assert _claims(sent)["iss"] == ("svc@project.example" if grant else "id")


@pytest.mark.parametrize(
    "text", ["hunter2", "-----BEGIN CERTIFICATE-----a-----END CERTIFICATE-----"]
)
def test_certificate_that_is_none_is_told(text: str) -> None:
    secret = ACCOUNT | {"client_id": "id", "certificate": text}

    with pytest.raises(CredentialNotReadyError, match="is no PEM text") as caught:
        _asked({}, secret, credential={"signing": {"certificate": True}})

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


def test_no_assertion_lives_longer_than_an_hour() -> None:
    at_most = {"assertion": ISSUER | {"lifetime_seconds": 3601}}

    described = parse_assertion_description({"lifetime_seconds": 7200})

    assert described.lifetime == bounds.ASSERTION_LIFETIME_MAXIMUM == timedelta(hours=1)
    with pytest.raises(ValueError, match="less than or equal to 3600"):
        problems_in({"providers": {"acme": FIXED | NO_CLIENT | {"token_request": at_most}}})


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"issuer": 7},
        {"claims": []},
        {"claims": {"iss": "a"}},
        {"lifetime_seconds": True},
        {"lifetime_seconds": 0},
        {"parameter": ""},
    ],
    ids=str,
)
def test_description_of_another_form_is_refused(document: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  several texts
        parse_assertion_description(document)


@pytest.mark.parametrize(
    ("assertion", "provider", "told"),
    [
        ({"issuer": "{secret}"}, {}, "assertion.issuer: a brace begins a placeholder"),
        (
            {"claims": {"a": ["{secret.private_key}"]}},
            {},
            "assertion.claims.a[0]: a private_key is never sent",
        ),
        (
            {"claims": {"scope": "a"}, "scope_claim": True},
            {},
            "assertion.claims.scope: scope_claim sets it",
        ),
        (
            {"as_bearer": True},
            {"client_authentication": "client_secret_basic"},
            "something else has the header Authorization already",
        ),
    ],
)
def test_mistake_is_told_with_its_place(
    assertion: dict[str, Any], provider: dict[str, Any], told: str
) -> None:
    whole = FIXED | NO_CLIENT | {"token_request": {"assertion": assertion}} | provider

    [problem] = problems_in({"providers": {"acme": whole}})

    assert told in problem


def test_key_in_kms_needs_a_secret_that_records_the_host() -> None:
    whole = FIXED | NO_CLIENT | {"token_request": {"assertion": {"issuer": "ours"}}}
    credential = {"provider": "acme", "scopes": ["read", "write"]}
    signs = credential | {"signing": {"kms_keys": [KMS_KEY]}}

    [problem] = problems_in({"providers": {"acme": whole}, "credentials": {"jobs": signs}})

    assert "the secret records where it may go" in problem
    assert problems_in({"providers": {"acme": whole}, "credentials": {"jobs": credential}}) == []
