"""A refresh token is revoked at its provider, and its secret goes nowhere else."""

from dataclasses import replace

import pytest
from tests.fakes.provider import FakeProvider, json_response
from tests.fakes.secret_store import FakeSecretStore
from tests.unit.consent.harness import DEFINITION

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.secret import Secret
from tokenvend.refresh_tokens.revocation import revoke_best_effort

TOKEN = Secret("refresh-1")


def revoke(
    definition: CredentialDefinition, provider: FakeProvider, *, host: str = "hiring.example"
) -> bool:
    secret = ProviderSecret("our-client", Secret("our-secret"), host)
    secrets = FakeSecretStore({(definition.name, None): secret})
    return revoke_best_effort(
        definition, TOKEN, secrets=secrets, provider=provider, hint="refresh_token"
    )


def test_the_token_is_sent_to_the_revocation_endpoint() -> None:
    provider = FakeProvider()
    provider.script(json_response({}))

    assert revoke(DEFINITION, provider)
    (request,) = provider.requests
    assert request.url == DEFINITION.revocation_endpoint
    assert request.form["token"] == "refresh-1"


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://evil.example/revoke",
        "https://hiring.example.evil.example/revoke",
        "https://sub.hiring.example/revoke",
    ],
)
def test_the_secret_goes_to_no_other_host(endpoint: str) -> None:
    provider = FakeProvider()

    assert not revoke(replace(DEFINITION, revocation_endpoint=endpoint), provider)
    assert provider.requests == []


def test_the_host_is_compared_without_regard_to_case() -> None:
    provider = FakeProvider()
    provider.script(json_response({}))

    assert revoke(DEFINITION, provider, host="Hiring.Example")


@pytest.mark.parametrize("status", [400, 401, 503])
def test_a_provider_that_says_no_has_not_revoked_it(status: int) -> None:
    provider = FakeProvider()
    provider.script(json_response({}, status=status))

    assert not revoke(DEFINITION, provider)


def test_nobody_is_asked_where_there_is_no_endpoint() -> None:
    provider = FakeProvider()

    assert not revoke(replace(DEFINITION, revocation_endpoint=None), provider)
    assert provider.requests == []


def test_a_provider_that_is_away_stops_nothing() -> None:
    provider = FakeProvider()
    provider.is_away = True

    assert not revoke(DEFINITION, provider)
