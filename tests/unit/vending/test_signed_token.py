"""A token that tokenvend signs is stored, renewed and guarded as one of a provider's."""

from datetime import timedelta

import pytest
from tests.fakes.signer import new_pair
from tests.unit.vending.harness import Harness

from tokenvend.domain.answer import Source
from tokenvend.domain.credential_definition import (
    Assertion,
    ClientAuthentication,
    CredentialDefinition,
    CredentialKind,
)
from tokenvend.domain.errors import CredentialNotReadyError, TemporarilyUnavailableError
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.registry import Grant
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_destination import destination_of
from tokenvend.domain.signing import SigningAlgorithm
from tokenvend.ports import StoreAwayError

KEY = "arn:aws:kms:eu-west-1:111122223333:key/one"
PAIR = new_pair(SigningAlgorithm.ES256)
DEFINITION = CredentialDefinition(
    name="jobs",
    provider="acme",
    token_endpoint="",
    kind=CredentialKind.SIGNED_JWT,
    client_authentication=ClientAuthentication.NONE,
    assertion=Assertion(audience="", algorithm=SigningAlgorithm.ES256, kms_keys=(KEY,)),
    signed_jwt={"algorithm": "ES256", "claims": {"iss": "{secret.issuer}"}},
)
SECRET = ProviderSecret("", Secret(""), destination_of(DEFINITION), fields={"issuer": Secret("us")})


def harness_of() -> Harness:
    harness = Harness(
        definition=DEFINITION, grant=Grant(caller="billing", credential="jobs", full_access=True)
    )
    harness.secrets.secrets["jobs", None] = SECRET
    harness.signer.pairs[KEY] = PAIR
    return harness


def test_environments_share_one_token_and_ask_no_provider() -> None:
    harness = harness_of()

    first = harness.vend(harness.environment()).answer
    other = harness.vend(harness.environment()).answer

    assert (first.source, other.source) == (Source.PROVIDER, Source.STORE)
    assert first.token.access_token == other.token.access_token
    assert len(harness.signer.signed) == 1
    assert harness.provider.requests == []


def test_schedule_replaces_a_token_in_use_before_it_is_overdue() -> None:
    harness = harness_of()
    parts = harness.parts()
    first = harness.vend(parts.vendor).answer.token
    harness.clock.advance(timedelta(seconds=225))

    parts.renew_all()

    harness.clock.advance(timedelta(seconds=1))
    renewed = harness.vend(harness.environment()).answer.token
    assert renewed.access_token != first.access_token
    assert renewed.expires_at > first.expires_at
    assert len(harness.signer.signed) == 2


def test_changed_secret_replaces_the_token() -> None:
    harness = harness_of()
    first = harness.vend(harness.environment()).answer.token
    harness.clock.advance(timedelta(seconds=31))
    harness.states.start_secret_generation("jobs", None, "2")

    assert harness.vend(harness.environment()).answer.token.access_token != first.access_token


def test_valid_token_is_answered_while_kms_is_away() -> None:
    harness = harness_of()
    first = harness.vend(harness.environment()).answer.token
    harness.clock.advance(timedelta(seconds=235))
    harness.signer.is_away = True

    vended = harness.vend(harness.environment())

    assert vended.answer.token.access_token == first.access_token
    assert isinstance(vended.failed, TemporarilyUnavailableError)


def test_no_token_comes_while_kms_is_away() -> None:
    harness = harness_of()
    harness.signer.is_away = True

    with pytest.raises(TemporarilyUnavailableError, match="KMS does not answer") as caught:
        harness.vend(harness.environment())

    assert caught.value.rule == "assertion.away"


def test_key_that_is_gone_is_told() -> None:
    harness = harness_of()
    del harness.signer.pairs[KEY]

    with pytest.raises(CredentialNotReadyError, match="does not exist"):
        harness.vend(harness.environment())


def test_token_is_signed_while_the_tables_are_away() -> None:
    harness = harness_of()
    environment = harness.environment()
    first = harness.vend(environment).answer.token
    harness.clock.advance(first.lifetime)
    harness.reader.fails_with = StoreAwayError("away")

    vended = harness.vend(environment)

    assert vended.answer.token.access_token != first.access_token
    assert vended.answer.source is Source.MEMORY
