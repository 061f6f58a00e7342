"""One exchange: how long it takes, which secret it may send, and a token that comes again."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.unit.vending.world import BILLING, DEFINITION, REQUEST, World

from tokenvend.domain.errors import CredentialNotReadyError, TemporarilyUnavailableError
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.secret import Secret
from tokenvend.vending.exchange import Exchange, TokenWanted
from tokenvend.vending.secret import read_secret


def exchange_of(world: World) -> Exchange:
    return Exchange(secrets=world.secrets, provider=world.provider, clock=world.clock)


def test_the_next_exchange_is_expected_to_take_as_long_as_the_newest() -> None:
    world = World()
    exchange = exchange_of(world)
    spec = world.vend(world.environment()).decision.spec
    world.provider.takes_seconds = 0.7

    assert exchange.expected == timedelta(milliseconds=300)
    exchange.run(TokenWanted(DEFINITION, spec))

    assert exchange.expected == timedelta(seconds=0.7)


def test_a_secret_is_sent_to_its_own_host_and_this_is_said() -> None:
    world = World()
    elsewhere = ProviderSecret("our-client", Secret("our-secret"), "evil.example")
    world.secrets.secrets["jobs", None] = elsewhere

    with pytest.raises(CredentialNotReadyError) as caught:
        read_secret(world.secrets, DEFINITION, None)

    assert caught.value.rule == "secret.host"
    assert caught.value.description == (
        "The credential's secret may not be sent to where its definition sends it."
    )
    own = replace(elsewhere, allowed_host="LOGIN.acme.example")
    world.secrets.secrets["jobs", None] = own
    assert read_secret(world.secrets, DEFINITION, None) == own


def test_secrets_manager_that_is_away_says_so() -> None:
    world = World()
    world.secrets.is_away = True

    with pytest.raises(TemporarilyUnavailableError) as caught:
        read_secret(world.secrets, DEFINITION, None)

    assert caught.value.rule == "secret.away"
    assert caught.value.description == "Secrets Manager does not answer; ask again."


def test_a_token_that_comes_again_is_known_as_the_one_that_was_there() -> None:
    world = World()
    same = {"access_token": "same", "token_type": "Bearer", "expires_in": 1800}
    flags = []
    for answer in (same, same, {**same, "access_token": "another"}):
        world.provider.script(json_response(answer))
        vended = world.vend(world.environment())
        flags.append((vended.answer.token.repeated, vended.answer.token.forced))
        world.clock.set_wall(vended.answer.token.expires_at)

    assert flags == [(False, False), (True, False), (False, False)]


def test_a_token_in_place_of_a_rejected_one_is_known_as_that() -> None:
    world = World()
    first = world.vend(world.environment())
    item = world.tokens.read(first.decision.key)
    world.tokens.seed(first.decision.key, replace(item, is_rejected=True))

    second = world.vend(world.environment()).answer.token

    assert (second.forced, second.repeated) == (True, False)


def test_a_busy_provider_is_left_alone_by_whoever_cannot_claim_it() -> None:
    world = World()
    world.provider.script(json_response({}, status=429, retry_after="7"))
    with pytest.raises(TemporarilyUnavailableError):
        world.vend(world.environment())
    world.clock.advance(timedelta(seconds=8))
    exchanges = world.provider.exchanges
    world.states.is_away = True

    with pytest.raises(TemporarilyUnavailableError) as caught:
        world.environment().vend(BILLING, REQUEST, time_left=timedelta(seconds=20))

    assert caught.value.rule == "provider.backoff"
    assert world.provider.exchanges == exchanges
