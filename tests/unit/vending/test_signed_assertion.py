"""An assertion as the provider checks it: by which key, by which algorithm, only once."""

import json
from base64 import urlsafe_b64decode
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from tests.fakes.clock import FakeClock
from tests.fakes.provider import FakeProvider
from tests.fakes.signer import FakeSigner, KeyPair, new_pair

from tokenvend.domain.errors import CredentialNotReadyError, TemporarilyUnavailableError
from tokenvend.domain.oauth.client_assertion import AssertionDraft, GrantAssertion
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import KmsKey, SigningAlgorithm
from tokenvend.domain.token_presentation import BEARER, request_parts
from tokenvend.vending.signing import SigningClient

URL = "https://login.acme.example/token"
KEY = KmsKey("arn:aws:kms:eu-central-1:111122223333:key/one")


def request(algorithm: SigningAlgorithm, *, key: KmsKey = KEY) -> ProviderRequest:
    draft = AssertionDraft("our-client", "https://login.acme.example", algorithm, key)
    return ProviderRequest(URL, {"grant_type": "client_credentials"}, {}, draft)


def decoded(part: str) -> bytes:
    return urlsafe_b64decode(part + "=" * (-len(part) % 4))


def verify(pair: KeyPair, algorithm: SigningAlgorithm, assertion: str) -> None:
    """Check the signature as RFC 7518 §3.3 to §3.5 say."""
    signed, _, last = assertion.rpartition(".")
    signature, public = decoded(last), pair.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        padding: Any = PKCS1v15()
        if algorithm is SigningAlgorithm.PS256:
            padding = PSS(MGF1(SHA256()), SHA256.digest_size)
        public.verify(signature, signed.encode(), padding, SHA256())
        return
    r, s = (int.from_bytes(half) for half in (signature[:32], signature[32:]))
    public.verify(encode_dss_signature(r, s), signed.encode(), ec.ECDSA(SHA256()))


@pytest.mark.parametrize("algorithm", SigningAlgorithm)
def test_an_assertion_is_signed_by_the_algorithm_that_it_names(
    algorithm: SigningAlgorithm,
) -> None:
    pair, provider = new_pair(algorithm), FakeProvider()
    client = SigningClient(provider, FakeSigner({KEY.arn: pair}), FakeClock())

    for _ in range(2):
        client.send(request(algorithm))

    sent = [each.form["client_assertion"] for each in provider.requests]
    for assertion in sent:
        verify(pair, algorithm, assertion)
    headers, claims = (
        [json.loads(decoded(assertion.split(".")[part])) for assertion in sent] for part in (0, 1)
    )
    assert headers[0] == {"alg": algorithm.value, "typ": "JWT", "kid": KEY.key_id}
    assert all(isinstance(each["jti"], str) and len(each["jti"]) == 32 for each in claims)
    assert claims[0]["jti"] != claims[1]["jti"]


@pytest.mark.parametrize("parameter", [None, "jwt"], ids=["as bearer token", "as a parameter"])
def test_a_grants_assertion_is_sent_once_and_is_confidential(parameter: str | None) -> None:
    signer, provider = FakeSigner({KEY.arn: new_pair(SigningAlgorithm.ES256)}), FakeProvider()
    draft = AssertionDraft("ours", "https://login.acme.example", SigningAlgorithm.ES256, KEY)
    given = Secret("a value of the secret")
    unsigned = ProviderRequest(
        URL, {"a": "b"}, {"x": "y"}, secret_values=(given,), grant=GrantAssertion(draft, parameter)
    )

    SigningClient(provider, signer, FakeClock()).send(unsigned)

    (sent,) = provider.requests
    _, assertion = sent.confidential
    text = assertion.reveal()
    assert text.count(".") == 2
    assert sent == replace(
        unsigned,
        form={"a": "b"} | ({parameter: text} if parameter else {}),
        headers={"x": "y"} | ({} if parameter else {"Authorization": f"Bearer {text}"}),
        secret_values=(given, assertion),
        grant=None,
    )


def test_a_request_without_an_assertion_is_sent_as_it_is() -> None:
    provider, plain = FakeProvider(), ProviderRequest(URL, {"grant_type": "x"}, {"a": "b"})

    SigningClient(provider, FakeSigner(), FakeClock()).send(plain)

    assert provider.requests == [plain]


AS_BEARER = request_parts(BEARER, Secret("a-token"))


def test_a_users_token_is_asked_about_without_a_client() -> None:
    provider = FakeProvider()
    signer = FakeSigner()

    SigningClient(provider, signer, FakeClock()).get(
        "https://login.acme.example/me", parts=AS_BEARER
    )

    assert provider.asked == [("https://login.acme.example/me", AS_BEARER)]
    assert signer.signed == []


def test_a_key_that_cannot_sign_says_why() -> None:
    client = SigningClient(FakeProvider(), FakeSigner(), FakeClock())

    with pytest.raises(CredentialNotReadyError) as caught:
        client.send(request(SigningAlgorithm.ES256))

    assert caught.value.rule == "assertion.key"
    assert caught.value.description == "The key does not exist."


def test_kms_that_is_away_says_so() -> None:
    client = SigningClient(FakeProvider(), FakeSigner(is_away=True), FakeClock())

    with pytest.raises(TemporarilyUnavailableError) as caught:
        client.send(request(SigningAlgorithm.ES256))

    assert caught.value.rule == "assertion.away"
    assert caught.value.description == "KMS does not answer; ask again."
