"""The vend path when a secret is dead, missing or changed, or a token carries other scopes."""

from dataclasses import replace

import pytest
from tests.fakes.provider import json_response
from tests.unit.vending.harness import (
    DEFINITION,
    GRANT,
    READ,
    Harness,
)

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.credential_definition import ScopeMode
from tokenvend.domain.errors import (
    CredentialNotReadyError,
    InvalidScopeError,
    ProviderRefusedError,
)
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.request import VendRequest
from tokenvend.domain.secret import Secret


def test_dead_credential_is_left_alone_until_its_back_off_is_over() -> None:
    harness = Harness()
    harness.provider.script(json_response({"error": "invalid_client"}, status=401))

    for _ in range(3):
        with pytest.raises(ProviderRefusedError) as caught:
            harness.vend(harness.environment())
        assert caught.value.provider_error == "invalid_client"
    harness.clock.advance(bounds.BACKOFF_FIRST)
    recovered = harness.vend(harness.environment()).answer.source

    assert recovered is Source.PROVIDER
    assert harness.provider.exchanges == 2


def test_changed_secret_replaces_a_valid_token_but_never_makes_an_outage() -> None:
    harness = Harness()
    first = harness.vend(harness.environment()).answer.token
    harness.states.start_secret_generation("jobs", None, "changed")
    harness.provider.script(json_response({"error": "invalid_client"}, status=401))

    mistyped = harness.vend(harness.environment()).answer.token
    harness.clock.advance(bounds.BACKOFF_FIRST)
    mended = harness.vend(harness.environment()).answer

    assert mistyped == first
    assert mended.source is Source.PROVIDER
    assert mended.token.secret_generation == "changed"


def test_secret_is_not_sent_to_another_host_than_it_was_written_for() -> None:
    harness = Harness()
    harness.secrets.secrets["jobs", None] = ProviderSecret(
        "our-client", Secret("our-secret"), "login.elsewhere.example"
    )

    with pytest.raises(CredentialNotReadyError) as caught:
        harness.vend(harness.environment())

    assert caught.value.rule == "secret.host"
    assert harness.provider.requests == []


def test_missing_secret_is_said_and_not_held_against_the_provider() -> None:
    harness = Harness()
    kept = harness.secrets.secrets.pop(("jobs", None))

    with pytest.raises(CredentialNotReadyError, match="tokenvend secret put jobs"):
        harness.vend(harness.environment())
    harness.secrets.secrets["jobs", None] = kept

    assert harness.vend(harness.environment()).answer.source is Source.PROVIDER


def test_wider_token_is_refused_revoked_and_remembered() -> None:
    harness = Harness(
        definition=replace(DEFINITION, revocation_endpoint="https://login.acme.example/revoke")
    )
    wide = {"access_token": "wide", "token_type": "bearer", "scope": "jobs_read jobs_manage"}
    harness.provider.script(json_response(wide), json_response({}))

    for _ in range(2):
        with pytest.raises(ProviderRefusedError) as caught:
            harness.vend(harness.environment())
        assert caught.value.provider_error == "scope_widened"

    assert [request.url.rpartition("/")[2] for request in harness.provider.requests] == [
        "token",
        "revoke",
    ]


def test_token_is_not_revoked_at_a_host_that_may_not_have_the_secret() -> None:
    harness = Harness(
        definition=replace(DEFINITION, revocation_endpoint="https://evil.example/revoke")
    )
    wide = {"access_token": "wide", "token_type": "bearer", "scope": "jobs_read jobs_manage"}
    harness.provider.script(json_response(wide))

    with pytest.raises(ProviderRefusedError):
        harness.vend(harness.environment())

    assert len(harness.provider.requests) == 1


@pytest.mark.parametrize("accept_less", [True, False])
def test_narrower_token_is_honest_or_refused(*, accept_less: bool) -> None:
    grant = replace(GRANT, scopes=DEFINITION.scopes, accept_less=accept_less)
    harness = Harness(grant=grant)
    harness.provider.script(
        json_response({"access_token": "less", "token_type": "Bearer", "scope": "jobs_read"})
    )

    if accept_less:
        assert harness.vend(harness.environment()).answer.to_dict()["scope"] == "jobs_read"
    else:
        with pytest.raises(InvalidScopeError) as caught:
            harness.vend(harness.environment())
        assert caught.value.rule == "grant.accept_less"


def test_fixed_credential_answers_its_whole_scope_and_sends_none() -> None:
    harness = Harness(
        definition=replace(DEFINITION, scope_mode=ScopeMode.FIXED),
        grant=replace(GRANT, scopes=DEFINITION.scopes),
    )

    answer = harness.vend(harness.environment(), VendRequest("jobs", scopes=READ)).answer

    assert answer.to_dict()["scope"] == "jobs_manage jobs_read"
    assert "scope" not in harness.provider.requests[0].form
