"""One exchange: how long it takes, which secret it may send, and a token that comes again."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.clock import START
from tests.fakes.provider import json_response
from tests.unit.vending.harness import BILLING, DEFINITION, REQUEST, Harness
from tests.unit.vending.on_behalf_of import definition_on_behalf

from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.errors import (
    CredentialNotReadyError,
    SubjectTokenError,
    TemporarilyUnavailableError,
)
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken
from tokenvend.domain.users import UserToken
from tokenvend.vending.exchange import ClientExchange, ExchangeRequest
from tokenvend.vending.provider_secret import read_secret


def exchange_of(harness: Harness) -> ClientExchange:
    return ClientExchange(
        secrets=harness.secrets,
        provider=harness.provider,
        signer=harness.signer,
        clock=harness.clock,
    )


def test_the_next_exchange_is_expected_to_take_as_long_as_the_newest() -> None:
    harness = Harness()
    exchange = exchange_of(harness)
    spec = harness.vend(harness.environment()).decision.spec
    harness.provider.takes_seconds = 0.7

    assert exchange.expected_duration == timedelta(milliseconds=300)
    exchange.run(ExchangeRequest(DEFINITION, spec))

    assert exchange.expected_duration == timedelta(seconds=0.7)


def exchange_for_user(*, until: timedelta) -> AccessToken:
    """One exchange of a second, for a user whose token ends *until* after its start."""
    harness = Harness(definition=definition_on_behalf())
    harness.provider.takes_seconds = 1.0
    user_token = UserToken(Secret("ada-1"), START + until)
    spec = TokenSpec(credential="jobs", definition="1", scopes=frozenset({"jobs_read"}))
    request = ExchangeRequest(definition_on_behalf(), spec, user_token=user_token)
    return exchange_of(harness).run(request)


def test_a_token_that_outlasts_the_exchange_by_an_instant_ends_with_the_users() -> None:
    until = timedelta(seconds=1, microseconds=1)

    assert exchange_for_user(until=until).expires_at == START + until


def test_no_token_comes_of_an_exchange_that_ends_when_the_users_token_does() -> None:
    with pytest.raises(SubjectTokenError) as caught:
        exchange_for_user(until=timedelta(seconds=1))

    assert caught.value.rule == "subject_token.expired"
    assert caught.value.description == "The user's token has expired."


def test_a_secret_is_sent_to_its_own_host_and_this_is_said() -> None:
    harness = Harness()
    elsewhere = ProviderSecret("our-client", Secret("our-secret"), "evil.example")
    harness.secrets.secrets["jobs", None] = elsewhere

    with pytest.raises(CredentialNotReadyError) as caught:
        read_secret(harness.secrets, DEFINITION, None)

    assert caught.value.rule == "secret.host"
    assert caught.value.description == (
        "The credential's secret may not be sent to where its definition sends it."
    )
    own = replace(elsewhere, allowed_host="LOGIN.acme.example")
    harness.secrets.secrets["jobs", None] = own
    assert read_secret(harness.secrets, DEFINITION, None) == own


def test_secrets_manager_that_is_away_says_so() -> None:
    harness = Harness()
    harness.secrets.is_away = True

    with pytest.raises(TemporarilyUnavailableError) as caught:
        read_secret(harness.secrets, DEFINITION, None)

    assert caught.value.rule == "secret.away"
    assert caught.value.description == "Secrets Manager does not answer; ask again."


def test_a_token_that_comes_again_is_known_as_the_one_that_was_there() -> None:
    harness = Harness()
    same = {"access_token": "same", "token_type": "Bearer", "expires_in": 1800}
    flags = []
    for answer in (same, same, {**same, "access_token": "another"}):
        harness.provider.script(json_response(answer))
        vended = harness.vend(harness.environment())
        flags.append((vended.answer.token.repeated, vended.answer.token.forced))
        harness.clock.set_wall(vended.answer.token.expires_at)

    assert flags == [(False, False), (True, False), (False, False)]


def test_a_token_in_place_of_a_rejected_one_is_known_as_that() -> None:
    harness = Harness()
    first = harness.vend(harness.environment())
    item = harness.tokens.read(first.decision.key)
    harness.tokens.seed(first.decision.key, replace(item, is_rejected=True))

    second = harness.vend(harness.environment()).answer.token

    assert (second.forced, second.repeated) == (True, False)


def test_a_busy_provider_is_left_alone_by_whoever_cannot_claim_it() -> None:
    harness = Harness()
    harness.provider.script(json_response({}, status=429, retry_after="7"))
    with pytest.raises(TemporarilyUnavailableError):
        harness.vend(harness.environment())
    harness.clock.advance(timedelta(seconds=8))
    exchanges = harness.provider.exchanges
    harness.states.is_away = True

    with pytest.raises(TemporarilyUnavailableError) as caught:
        harness.environment().vend(BILLING, REQUEST, time_left=timedelta(seconds=20))

    assert caught.value.rule == "provider.backoff"
    assert harness.provider.exchanges == exchanges
