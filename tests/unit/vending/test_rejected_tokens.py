"""A report that an API refused a token: one exchange however many report it."""

from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.unit.vending.world import BILLING, REQUEST, World

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.errors import (
    InvalidClientError,
    InvalidScopeError,
    TemporarilyUnavailableError,
    TooManyRequestsError,
    UnauthorizedClientError,
)
from tokenvend.domain.identity import Entry, Proof
from tokenvend.domain.request import Rejection, VendRequest
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken
from tokenvend.ports import StoreAwayError
from tokenvend.vending.reject import RejectOutcome


def report(token: AccessToken, request: VendRequest = REQUEST) -> Rejection:
    return Rejection(request, token.access_token.sha256)


def test_one_exchange_however_many_report_it() -> None:
    world = World()
    token = world.vend(world.environment()).answer.token

    told = [world.parts().rejecter.reject(BILLING, report(token)) for _ in range(5)]
    answers = [world.vend(world.environment()).answer for _ in range(5)]

    assert told == [RejectOutcome.ACCEPTED] * 5
    assert [answer.source for answer in answers] == [Source.PROVIDER, *[Source.STORE] * 4]
    assert {answer.token.access_token for answer in answers} != {token.access_token}
    assert world.provider.exchanges == 2


def test_further_reports_of_a_token_write_nothing() -> None:
    """Many callers may report the same token at once, and a hot item would throttle them all."""
    world = World()
    token = world.vend(world.environment()).answer.token
    world.parts().rejecter.reject(BILLING, report(token))
    written = world.tokens.writes

    for _ in range(3):
        world.parts().rejecter.reject(BILLING, report(token))

    assert world.tokens.writes == written


def test_a_late_report_does_not_touch_the_replacement() -> None:
    world = World()
    token = world.vend(world.environment()).answer.token
    world.parts().rejecter.reject(BILLING, report(token))
    world.vend(world.environment())

    late = world.parts().rejecter.reject(BILLING, report(token))

    assert late is RejectOutcome.REPLACED
    assert world.vend(world.environment()).answer.source is Source.STORE


def test_who_reports_is_not_answered_the_same_token_from_memory() -> None:
    world = World()
    parts = world.parts()
    token = world.vend(parts.vendor).answer.token

    parts.rejecter.reject(BILLING, report(token))

    assert world.vend(parts.vendor).answer.source is Source.PROVIDER


def test_another_environment_answers_it_from_memory_for_memory_seconds_at_most() -> None:
    world = World()
    other = world.environment()
    token = world.vend(other).answer.token
    world.parts().rejecter.reject(BILLING, report(token))

    within = world.vend(other).answer.source
    world.clock.advance(timedelta(seconds=30))

    assert (within, world.vend(other).answer.source) == (Source.MEMORY, Source.PROVIDER)


def test_a_report_takes_the_token_from_nobody_when_there_is_no_other() -> None:
    world = World()
    token = world.vend(world.environment()).answer.token
    world.parts().rejecter.reject(BILLING, report(token))
    world.provider.script(json_response({}, status=500))

    vended = world.vend(world.environment())

    assert vended.answer.token.access_token == token.access_token
    assert isinstance(vended.failed, TemporarilyUnavailableError)


def test_it_is_honoured_only_for_what_the_caller_may_have() -> None:
    world = World()
    token = world.vend(world.environment()).answer.token
    stranger = Proof(Entry.IAM, "iam:111122223333:role/stranger")
    rejecter = world.parts().rejecter

    with pytest.raises(InvalidClientError):
        rejecter.reject(stranger, report(token))
    with pytest.raises(UnauthorizedClientError):
        rejecter.reject(BILLING, report(token, VendRequest("another")))
    wider = VendRequest("jobs", scopes=frozenset({"jobs_manage"}))
    with pytest.raises(InvalidScopeError):
        rejecter.reject(BILLING, report(token, wider))

    assert world.vend(world.environment()).answer.source is Source.STORE
    assert world.provider.exchanges == 1


def test_reports_do_not_drain_the_provider() -> None:
    world = World()
    refusals = []
    for _ in range(100):
        token = world.vend(world.environment()).answer.token
        try:
            world.parts().rejecter.reject(BILLING, report(token))
        except TooManyRequestsError as error:
            refusals.append(error.rule)
        world.clock.advance(timedelta(seconds=10))

    quarters = 100 * 10 / (token.lifetime.total_seconds() * bounds.REJECTION_AGAIN_AFTER)
    assert world.provider.exchanges <= 2 + quarters
    assert set(refusals) == {"reject.too_soon"}


def test_one_caller_reports_only_so_often() -> None:
    world = World()
    rejecter = world.parts().rejecter
    for _ in range(bounds.REJECTIONS_A_MINUTE):
        rejecter.reject(BILLING, Rejection(REQUEST, "a" * 64))

    with pytest.raises(TooManyRequestsError) as caught:
        rejecter.reject(BILLING, Rejection(REQUEST, "a" * 64))

    assert caught.value.caller == "billing"


def test_tables_that_are_away_are_said() -> None:
    world = World()
    world.reader.fails_with = StoreAwayError("away")

    with pytest.raises(TemporarilyUnavailableError):
        world.parts().rejecter.reject(BILLING, Rejection(REQUEST, "a" * 64))


def test_reports_of_an_unknown_client_cost_one_read() -> None:
    world = World()
    token = world.vend(world.environment()).answer.token
    nobody = Proof(Entry.OAUTH2, "client:nobody", client_secret=Secret("guess"))
    rejecter = world.parts().rejecter
    world.reader.lookups.clear()

    for _ in range(5):
        with pytest.raises(InvalidClientError):
            rejecter.reject(nobody, report(token))

    assert len(world.reader.lookups) == 1
