"""A credential that the provider refuses: one environment tries it, for all of its tokens."""

from base64 import b64decode
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.unit.vending.harness import BILLING, DEFINITION, GRANT, Harness

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.credential_definition import Rotation
from tokenvend.domain.errors import ProviderRefusedError, TokenVendError
from tokenvend.domain.oauth.token_request import ProviderRequest, ProviderSecret
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.request import VendRequest
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import LifetimeSource, SecretStage

BOTH = frozenset({"jobs_read", "jobs_manage"})
REFUSED = json_response({"error": "invalid_client"}, status=401)


def scope(name: str) -> VendRequest:
    return VendRequest("jobs", scopes=frozenset({name}))


def by_secret(good: str) -> Callable[[ProviderRequest], ProviderResponse]:
    """A provider that takes the secret *good* only."""

    def answer(request: ProviderRequest) -> ProviderResponse:
        basic = request.headers["Authorization"].removeprefix("Basic ")
        given = b64decode(basic).decode().partition(":")[2]
        if given != good:
            return REFUSED
        return json_response({"access_token": "good", "token_type": "Bearer", "expires_in": 1800})

    return answer


def secret(value: str, version: str) -> ProviderSecret:
    return ProviderSecret("our-client", Secret(value), "login.acme.example", version)


def test_a_refusal_met_by_one_token_keeps_every_token_of_the_credential_from_asking() -> None:
    harness = Harness(grant=replace(GRANT, scopes=BOTH))
    harness.provider.script(*[REFUSED] * 50)

    for _ in range(5):
        for name in sorted(BOTH):
            with pytest.raises(ProviderRefusedError) as caught:
                harness.vend(harness.environment(), scope(name))
            assert caught.value.provider_error == "invalid_client"

    assert harness.provider.exchanges == 1


def test_after_the_back_off_one_probe_is_made_for_all() -> None:
    harness = Harness(grant=replace(GRANT, scopes=BOTH))
    harness.provider.script(*[REFUSED] * 50)
    for name in sorted(BOTH):
        with pytest.raises(ProviderRefusedError):
            harness.vend(harness.environment(), scope(name))
    harness.clock.advance(bounds.BACKOFF_FIRST)

    for name in sorted(BOTH):
        with pytest.raises(ProviderRefusedError):
            harness.vend(harness.environment(), scope(name))

    assert harness.provider.exchanges == 2


def test_a_dead_credential_is_asked_for_about_a_hundred_times_a_day_at_most() -> None:
    harness = Harness()
    harness.provider.script(*[REFUSED] * 10_000)
    for _ in range(24 * 60 * 6):
        with pytest.raises(TokenVendError):
            harness.vend(harness.environment())
        harness.clock.advance(timedelta(seconds=10))

    most = timedelta(days=1) / (bounds.BACKOFF_MAXIMUM * 0.75) + 12
    assert harness.provider.exchanges <= most


def test_a_changed_secret_is_tried_at_once() -> None:
    harness = Harness()
    harness.provider.script(*[REFUSED] * 4)
    for _ in range(4):
        harness.clock.advance(timedelta(hours=1))
        with pytest.raises(ProviderRefusedError):
            harness.vend(harness.environment())

    harness.states.start_secret_generation("jobs", None, "v2")

    assert harness.vend(harness.environment()).answer.source is Source.PROVIDER


def test_success_lets_everybody_use_the_credential_again() -> None:
    harness = Harness(grant=replace(GRANT, scopes=BOTH))
    harness.provider.script(REFUSED)
    with pytest.raises(ProviderRefusedError):
        harness.vend(harness.environment(), scope("jobs_read"))
    harness.clock.advance(bounds.BACKOFF_FIRST)

    answers = [harness.vend(harness.environment(), scope(name)).answer for name in sorted(BOTH)]

    assert [answer.source for answer in answers] == [Source.PROVIDER] * 2
    assert harness.states.state("jobs").failure is None


@pytest.mark.parametrize("code", ["invalid_scope", "unauthorized_client", "access_denied"])
def test_a_refused_scope_keeps_no_other_token_from_asking(code: str) -> None:
    harness = Harness(grant=replace(GRANT, scopes=BOTH))
    harness.provider.script(json_response({"error": code}, status=400))

    with pytest.raises(ProviderRefusedError):
        harness.vend(harness.environment(), scope("jobs_manage"))

    assert harness.vend(harness.environment(), scope("jobs_read")).answer.source is Source.PROVIDER


def test_secret_that_turned_between_reading_and_asking_is_read_again_once() -> None:
    harness = Harness()
    harness.secrets.secrets["jobs", None] = secret("old", "v1")

    def turn(_: ProviderRequest) -> ProviderResponse:
        harness.secrets.secrets["jobs", None] = secret("new", "v2")
        return REFUSED

    harness.provider.script(turn)

    assert harness.vend(harness.environment()).answer.source is Source.PROVIDER
    assert harness.provider.exchanges == 2


def test_secret_that_has_not_changed_is_not_sent_twice() -> None:
    harness = Harness()
    harness.secrets.secrets["jobs", None] = secret("wrong", "v1")
    harness.provider.script(*[REFUSED] * 5)

    with pytest.raises(ProviderRefusedError):
        harness.vend(harness.environment())

    assert harness.provider.exchanges == 1
    assert harness.secrets.reads == 2


@pytest.mark.parametrize(
    ("rotation", "stage"), [(Rotation.STAGED, SecretStage.PENDING), (Rotation.IMMEDIATE, None)]
)
def test_pending_secret_is_tried_only_where_the_rotation_is_staged(
    rotation: Rotation, stage: SecretStage | None
) -> None:
    harness = Harness(definition=replace(DEFINITION, rotation=rotation))
    harness.secrets.secrets["jobs", None] = secret("old", "v1")
    harness.secrets.pending["jobs", None] = secret("next", "v2")
    harness.provider.script(*[by_secret("next")] * 2)

    try:
        found = harness.vend(harness.environment()).answer.token.secret_stage
    except ProviderRefusedError:
        found = None

    assert found is stage
    assert (BILLING.identity, "jobs") in harness.reader.grants


def test_probe_that_dies_lets_another_one_try_after_the_length_of_a_lease() -> None:
    harness = Harness(grant=replace(GRANT, scopes=BOTH))
    harness.provider.script(REFUSED)
    with pytest.raises(ProviderRefusedError):
        harness.vend(harness.environment(), scope("jobs_read"))
    harness.clock.advance(bounds.BACKOFF_FIRST)
    refused = harness.states.state("jobs").failure
    assert refused is not None
    # As somebody's claim stands who never came back.
    claim = replace(refused, retry_at=harness.clock.now() + bounds.LEASE)
    harness.states.replace_failure("jobs", None, before=refused, after=claim)

    with pytest.raises(ProviderRefusedError):
        harness.vend(harness.environment(), scope("jobs_manage"))
    harness.clock.advance(bounds.LEASE)

    assert (
        harness.vend(harness.environment(), scope("jobs_manage")).answer.source is Source.PROVIDER
    )


def test_what_an_exchange_showed_is_kept_once_while_it_stays_the_same() -> None:
    harness = Harness()
    harness.provider.script(json_response({"access_token": "opaque", "token_type": "Bearer"}))

    harness.vend(harness.environment())
    first = harness.states.state("jobs").observed
    harness.clock.advance(timedelta(hours=1))
    harness.vend(harness.environment())
    second = harness.states.state("jobs").observed

    assert first is not None
    assert first.lifetime_source is LifetimeSource.DEFAULT
    assert second is not None
    assert second.lifetime_source is LifetimeSource.EXPIRES_IN
    assert second.lifetime_seconds == 1770


@pytest.mark.parametrize(("seconds", "tries"), [(2.0, 2), (2.1, 1)])
def test_a_changed_secret_is_tried_again_only_if_there_is_time(seconds: float, tries: int) -> None:
    """Two slow requests would not end within one invocation."""
    harness = Harness()
    harness.provider.takes_seconds = seconds

    def refuse_and_rotate(_: ProviderRequest) -> ProviderResponse:
        harness.secrets.secrets["jobs", None] = secret("new", "v2")
        return REFUSED

    harness.provider.script(refuse_and_rotate, REFUSED)
    with pytest.raises(ProviderRefusedError):
        harness.vend(harness.environment())

    assert harness.provider.exchanges == tries


def test_a_probe_that_is_refused_for_another_reason_lets_everybody_try_again() -> None:
    harness = Harness(grant=replace(GRANT, scopes=BOTH))
    harness.provider.script(REFUSED, json_response({"error": "invalid_scope"}, status=400))
    for name in sorted(BOTH):
        with pytest.raises(ProviderRefusedError):
            harness.vend(harness.environment(), scope(name))
        harness.clock.advance(bounds.BACKOFF_FIRST)

    assert harness.states.state("jobs").failure is None
    assert (
        harness.vend(harness.environment(), scope("jobs_manage")).answer.source is Source.PROVIDER
    )
