"""A report of a refused token: who may make one, when it is too soon, and what is read for it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.vending.world import BILLING, DEFINITION, GRANT, REQUEST, World

from tokenvend.domain import bounds
from tokenvend.domain.errors import InvalidClientError, TooManyRequestsError
from tokenvend.domain.identity import Entry, Proof
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.registry import ALL_TENANTS, Caller
from tokenvend.domain.request import Rejection
from tokenvend.domain.rule import Rule
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken
from tokenvend.vending.reject import RejectOutcome

CLIENT = Proof(Entry.OAUTH2, "client:shop", client_secret=Secret("tv_good"))
INSTANT = timedelta(microseconds=1)


def with_client(world: World) -> World:
    """*world*, in which the client may have what billing may."""
    world.reader.callers[CLIENT.identity] = Caller(name="shop")
    world.reader.grants[CLIENT.identity, "jobs"] = replace(GRANT, caller="shop")
    world.reader.client_secret_hashes[CLIENT.identity] = (Secret("tv_good").sha256,)
    return world


def report(token: AccessToken) -> Rejection:
    return Rejection(REQUEST, token.access_token.sha256)


def replacement(world: World) -> AccessToken:
    """A token that was made because the one before it was rejected."""
    first = world.vend(world.environment()).answer.token
    world.parts().rejecter.reject(BILLING, report(first))
    token = world.vend(world.environment()).answer.token
    assert token.forced
    return token


def reported_at(world: World, token: AccessToken, age: timedelta) -> RejectOutcome:
    world.clock.set_wall(token.requested_at + age)
    return world.parts().rejecter.reject(BILLING, report(token))


def test_a_known_client_reports_again_and_again() -> None:
    world = with_client(World())
    token = world.vend(world.environment()).answer.token
    rejecter = world.parts().rejecter

    told = [rejecter.reject(CLIENT, report(token)) for _ in range(3)]

    assert told == [RejectOutcome.ACCEPTED] * 3


def test_a_client_that_was_nobody_is_so_for_the_time_that_is_remembered() -> None:
    world = World()
    token = world.vend(world.environment()).answer.token
    rejecter = world.parts().rejecter
    with pytest.raises(InvalidClientError):
        rejecter.reject(CLIENT, report(token))
    with_client(world)

    with pytest.raises(InvalidClientError) as caught:
        rejecter.reject(CLIENT, report(token))
    world.clock.advance(bounds.UNKNOWN_CLIENT_REMEMBERED)

    assert caught.value.rule == Rule.CALLER_KNOWN
    assert rejecter.reject(CLIENT, report(token)) is RejectOutcome.ACCEPTED


def test_a_signer_that_was_nobody_is_known_as_soon_as_it_is() -> None:
    """Nobody can make up signatures, so there is no flood of them to be spared."""
    world = World()
    token = world.vend(world.environment()).answer.token
    signer = replace(BILLING, identity="iam:111122223333:role/new")
    rejecter = world.parts().rejecter
    with pytest.raises(InvalidClientError):
        rejecter.reject(signer, report(token))
    world.reader.callers[signer.identity] = Caller(name="billing")
    world.reader.grants[signer.identity, "jobs"] = GRANT

    assert rejecter.reject(signer, report(token)) is RejectOutcome.ACCEPTED


def test_a_report_is_decided_by_what_a_request_for_the_token_would_read() -> None:
    family = replace(DEFINITION, family=True)
    world = World(definition=family, grant=replace(GRANT, tenants=ALL_TENANTS))
    secret = ProviderSecret("our-client", Secret("our-secret"), "login.acme.example")
    world.secrets.secrets["jobs", "acme"] = secret
    request = replace(REQUEST, tenant="acme")
    token = world.vend(world.environment(), request).answer.token

    world.parts().rejecter.reject(BILLING, Rejection(request, token.access_token.sha256))

    vend, reported = world.reader.lookups
    assert reported == vend
    assert reported.tenant == "acme"


def test_a_replacement_is_rejected_after_a_quarter_of_its_life_and_no_sooner() -> None:
    world = World()
    token = replacement(world)
    quarter = token.lifetime * bounds.REJECTION_AGAIN_AFTER

    with pytest.raises(TooManyRequestsError):
        reported_at(world, token, quarter - INSTANT)

    assert reported_at(world, token, quarter) is RejectOutcome.ACCEPTED


@pytest.mark.parametrize(("before", "seconds"), [(342.5, 343), (1.5, 2), (0.5, 2)])
def test_who_reports_too_soon_is_told_when_to_come_back(before: float, seconds: int) -> None:
    world = World()
    token = replacement(world)
    quarter = token.lifetime * bounds.REJECTION_AGAIN_AFTER

    with pytest.raises(TooManyRequestsError) as caught:
        reported_at(world, token, quarter - timedelta(seconds=before))

    assert caught.value.retry_after_seconds == seconds
    assert (caught.value.rule, caught.value.caller) == ("reject.too_soon", "billing")
    assert caught.value.description == (
        "This token is itself the replacement of a rejected one; it can be rejected later."
    )


def test_a_token_that_nobody_has_rejected_before_is_rejected_at_any_age() -> None:
    world = World()
    token = world.vend(world.environment()).answer.token

    assert world.parts().rejecter.reject(BILLING, report(token)) is RejectOutcome.ACCEPTED
