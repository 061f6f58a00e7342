"""Requests that are signed when they are sent, each for itself."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.provider import FakeProvider, json_response
from tests.fakes.signer import FakeSigner, new_pair, pem_of
from tests.unit.vending.harness import DEFINITION, Harness

from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_definition import Assertion, ClientAuthentication
from tokenvend.domain.errors import (
    CredentialNotReadyError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
)
from tokenvend.domain.oauth.token_request import (
    ProviderRequest,
    ProviderSecret,
    build_token_request,
)
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.scopes import NO_SCOPES
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_fields import secret_of
from tokenvend.domain.signing import SigningAlgorithm
from tokenvend.ports import SigningKeyUnusableError, StoreAwayError
from tokenvend.vending.signing import SigningClient

ARN = "arn:aws:kms:eu-central-1:111122223333:key/one"
SIGNS = replace(
    DEFINITION,
    client_authentication=ClientAuthentication.PRIVATE_KEY_JWT,
    revocation_endpoint="https://login.acme.example/revoke",
    assertion=Assertion(
        audience="https://login.acme.example", algorithm=SigningAlgorithm.ES256, kms_keys=(ARN,)
    ),
)


@pytest.fixture
def harness() -> Harness:
    harness = Harness(definition=SIGNS)
    harness.signer = FakeSigner({ARN: new_pair(SigningAlgorithm.ES256)})
    secret = ProviderSecret("our-client", Secret(""), "login.acme.example")
    harness.secrets.secrets[SIGNS.name, None] = secret
    return harness


def test_client_is_proven_by_an_assertion_and_sends_no_secret(harness: Harness) -> None:
    harness.vend(harness.environment())

    (request,) = harness.provider.requests
    assert request.form["client_assertion_type"] == (
        "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    )
    assert request.form["client_assertion"].count(".") == 2
    assert "client_secret" not in request.form
    assert request.assertion is None


def test_no_assertion_is_sent_twice(harness: Harness) -> None:
    def wider(_: ProviderRequest) -> ProviderResponse:
        fields = {"access_token": "t", "token_type": "Bearer", "expires_in": 60}
        return json_response(fields | {"scope": "jobs_read jobs_manage"})

    harness.provider.script(wider)
    with pytest.raises(ProviderRefusedError):
        harness.vend(harness.environment())
    harness.clock.advance(timedelta(minutes=1))
    harness.vend(harness.environment())

    sent = [request.form["client_assertion"] for request in harness.provider.requests]
    assert [request.url.rpartition("/")[2] for request in harness.provider.requests] == [
        "token",
        "revoke",
        "token",
    ]
    assert len(set(sent)) == 3


def test_kms_that_is_away_is_temporary_and_nothing_is_sent(harness: Harness) -> None:
    harness.signer.is_away = True

    with pytest.raises(TemporarilyUnavailableError) as caught:
        harness.vend(harness.environment())

    assert caught.value.rule == "assertion.away"
    assert harness.provider.requests == []


def test_key_that_cannot_sign_is_told_and_tried_again_once_it_can(harness: Harness) -> None:
    pairs, harness.signer.pairs = harness.signer.pairs, {}
    with pytest.raises(CredentialNotReadyError) as caught:
        harness.vend(harness.environment())
    harness.signer.pairs = pairs

    assert caught.value.rule == "assertion.key"
    assert harness.vend(harness.environment()).answer.token.access_token.reveal()


@dataclass
class FakeIdentity:
    """`ports.IdentityTokens` for audiences that it knows."""

    known: frozenset[str] = frozenset({"api://directory"})

    def token(self, audience: str) -> Secret:
        if audience not in self.known:
            raise SigningKeyUnusableError("AWS's identity tokens may not be had for this audience.")
        return Secret(f"aws.says.{audience}")


class AwayIdentity(FakeIdentity):
    """STS does not answer."""

    def token(self, audience: str) -> Secret:
        raise StoreAwayError(f"sts: {audience}")


def test_aws_identity_that_is_away_is_temporary() -> None:
    with pytest.raises(TemporarilyUnavailableError, match="STS does not answer") as caught:
        _sent_by_aws_identity(AwayIdentity(), "api://directory")

    assert caught.value.rule == "assertion.away"


def _sent_by_aws_identity(identity: FakeIdentity | None, audience: str) -> ProviderRequest:
    definition = replace(SIGNS, assertion=Assertion(audience=audience, aws_identity=True))
    secret = secret_of(definition, {"client_id": "ours"}, allowed_host="login.acme.example")
    spec = TokenSpec(credential=SIGNS.name, definition="d", scopes=NO_SCOPES)
    provider = FakeProvider()
    client = SigningClient(provider, FakeSigner(), FakeClock(), identity)
    client.send(build_token_request(definition, spec, secret))
    return provider.requests[0]


def test_aws_identity_proves_a_client_that_has_no_secret() -> None:
    request = _sent_by_aws_identity(FakeIdentity(), "api://directory")

    assert request.form["client_id"] == "ours"
    assert request.form["client_assertion"] == "aws.says.api://directory"
    assert request.form["client_assertion_type"].endswith(":jwt-bearer")
    assert Secret("aws.says.api://directory") in request.confidential


@pytest.mark.parametrize(
    ("identity", "told"),
    [
        (FakeIdentity(), "for this audience"),
        (None, "This client is proven by the AWS identity of .* which nobody else has"),
    ],
    ids=["another audience", "somebody else than a function"],
)
def test_aws_identity_that_is_not_to_be_had_is_told(
    identity: FakeIdentity | None, told: str
) -> None:
    with pytest.raises(CredentialNotReadyError, match=told) as caught:
        _sent_by_aws_identity(identity, "https://elsewhere.example")

    assert caught.value.rule == "assertion.key"


def test_assertion_goes_only_to_the_host_that_is_recorded(harness: Harness) -> None:
    secret = ProviderSecret("our-client", Secret(""), "elsewhere.example")
    harness.secrets.secrets[SIGNS.name, None] = secret

    with pytest.raises(CredentialNotReadyError) as caught:
        harness.vend(harness.environment())

    assert caught.value.rule == "secret.host"
    assert (harness.signer.signed, harness.provider.requests) == ([], [])


def test_private_key_in_the_secret_signs_where_no_kms_key_is_named(harness: Harness) -> None:
    pair = new_pair(SigningAlgorithm.RS256)
    definition = replace(SIGNS, assertion=Assertion(audience="https://login.acme.example"))
    harness.reader.definitions[SIGNS.name] = definition
    secret = ProviderSecret("our-client", pem_of(pair), "login.acme.example")
    harness.secrets.secrets[SIGNS.name, None] = secret

    harness.vend(harness.environment())

    (request,) = harness.provider.requests
    assert "PRIVATE KEY" not in str(request.form)
    assert len(harness.signer.signed) == 1
