"""Scheduled renewal: after the first request no other one waits while the token is in use."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.unit.vending.world import DEFINITION, INVOCATION, World

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.credential_state import ScheduledReader
from tokenvend.domain.lease import Lease, new_lease
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.ports import StoreAwayError, TokenItem
from tokenvend.vending.renew import Outcome

MINUTE = timedelta(minutes=1)
#: Of half an hour, in every jitter: who asks now asks for the next token too.
AGING = timedelta(seconds=200)


def outcomes(world: World, *, time_left: timedelta = INVOCATION) -> list[Outcome]:
    return [renewal.outcome for renewal in world.parts().renew_all(time_left=time_left)]


def in_use(world: World) -> None:
    """A token that one environment has made, and another one has read when it was aging."""
    world.vend(world.environment())
    world.clock.advance(AGING)
    world.vend(world.environment())


def test_no_request_waits_after_the_first_while_the_token_is_in_use() -> None:
    world = World()
    sources = []
    for minute in range(240):
        world.clock.advance(MINUTE)
        outcomes(world)
        sources += [world.vend(world.environment()).answer.source for _ in range(2)]
        assert world.provider.exchanges <= 1 + minute // 20 + 1

    assert sources[0] is Source.PROVIDER
    assert set(sources[1:]) == {Source.STORE}


def test_a_lifetime_of_five_minutes_is_renewed_in_time_too() -> None:
    world = World()
    world.provider.expires_in = 300
    sources = []
    for second in range(0, 3600, 10):
        # The schedule comes at some second of each minute; here at its last ones.
        if second % 60 == 50:
            outcomes(world)
        sources.append(world.vend(world.environment(memory=timedelta(0))).answer.source)
        world.clock.advance(timedelta(seconds=10))

    assert sources.count(Source.PROVIDER) == 1


def test_what_nobody_asks_for_again_is_left_to_expire() -> None:
    world = World()
    world.vend(world.environment())

    for _ in range(60):
        world.clock.advance(MINUTE)
        assert outcomes(world) == []

    assert world.provider.exchanges == 1


def test_what_nobody_asks_for_any_more_is_renewed_once_and_then_left_to_expire() -> None:
    world = World()
    in_use(world)

    seen = []
    for _ in range(120):
        world.clock.advance(MINUTE)
        seen += outcomes(world)

    assert seen == [Outcome.RENEWED]
    assert world.provider.exchanges == 2


def test_a_token_is_marked_as_asked_for_by_one_write() -> None:
    world = World()
    world.vend(world.environment())
    world.clock.advance(AGING)
    writes = world.tokens.writes

    for _ in range(5):
        assert world.vend(world.environment()).answer.source is Source.STORE

    assert world.tokens.writes == writes + 1


def test_many_requests_at_once_and_then_none_are_not_worth_a_renewal() -> None:
    world = World()
    for _ in range(20):
        world.vend(world.environment())

    for _ in range(60):
        world.clock.advance(MINUTE)
        assert outcomes(world) == []

    assert world.provider.exchanges == 1


def test_memory_lets_the_first_request_through_that_asks_for_the_next_token() -> None:
    world = World()
    world.provider.expires_in = 300
    environment = world.environment()
    for second in range(0, 241, 20):
        if second % 60 == 40:
            outcomes(world)
        # Each time again within 30 s: memory alone would never tell the table.
        assert second == 0 or world.vend(environment).answer.source is not Source.PROVIDER
        world.vend(environment)
        world.clock.advance(timedelta(seconds=20))

    assert world.provider.exchanges == 2, "made, and renewed by the schedule"


@pytest.mark.parametrize("lives", [300, 600, 1800])
def test_who_asks_first_when_the_schedule_comes_too_late_waits_and_nobody_after(
    lives: int,
) -> None:
    world = World()
    world.provider.expires_in = lives
    world.vend(world.environment())
    world.clock.advance(timedelta(seconds=lives * 0.863))
    first = world.vend(world.environment()).answer.source
    later = []
    for _ in range(lives // 20):
        world.clock.advance(timedelta(seconds=10))
        later.append(world.vend(world.environment()).answer.source)

    assert first is Source.PROVIDER
    assert set(later) == {Source.STORE}


def test_a_mark_that_cannot_be_written_costs_the_request_nothing() -> None:
    world = World()
    world.vend(world.environment())
    world.clock.advance(AGING)
    environment = world.environment()
    world.tokens.refuses_writes = True

    assert world.vend(environment).answer.source is Source.STORE


def test_a_renewal_that_fails_leaves_the_valid_token_and_is_tried_again_later() -> None:
    world = World()
    in_use(world)
    world.clock.advance(timedelta(seconds=1800 * 0.8) - AGING)
    world.provider.script(json_response({}, status=503))

    first = outcomes(world)
    at_once = outcomes(world)
    answer = world.vend(world.environment()).answer
    world.clock.advance(MINUTE)
    later = outcomes(world)

    assert (first, set(at_once), later) == ([Outcome.FAILED], {Outcome.NOT_YET}, [Outcome.RENEWED])
    assert answer.source is Source.STORE


def test_renewal_that_cannot_use_the_secret_is_kept_until_it_can() -> None:
    world = World()
    in_use(world)
    world.clock.advance(timedelta(seconds=1800 * 0.8) - AGING)
    secrets = dict(world.secrets.secrets)
    world.secrets.secrets.clear()

    failed = outcomes(world)
    unready = world.states.state("jobs").not_ready_for
    world.secrets.secrets.update(secrets)
    world.clock.advance(MINUTE)
    renewed = outcomes(world)

    assert (failed, renewed) == ([Outcome.FAILED], [Outcome.RENEWED])
    assert unready == {ScheduledReader.RENEWAL}
    assert world.states.state("jobs").not_ready_for == frozenset()


def test_a_renewal_keeps_out_of_the_way_of_who_is_at_it() -> None:
    world = World()
    in_use(world)
    world.clock.advance(timedelta(seconds=1800 * 0.8) - AGING)
    key = world.vend(world.environment()).decision.key
    now = world.clock.now()
    lease = new_lease(now=now, dies_at=now + INVOCATION, expected=timedelta(seconds=1))
    world.tokens.acquire_lease(key, lease, instead_of=None)

    held = outcomes(world)
    world.clock.advance(INVOCATION + bounds.CLOCK_SKEW)
    after_its_death = outcomes(world)

    assert (held, after_its_death) == ([Outcome.NOT_YET], [Outcome.RENEWED])


def _block(world: World) -> None:
    world.reader.blocked.add("jobs")


def _remove(world: World) -> None:
    world.reader.definitions.clear()


def _redirect(world: World) -> None:
    elsewhere = replace(DEFINITION, token_endpoint="https://login.acme.example/other")
    world.reader.definitions["jobs"] = elsewhere


@pytest.mark.parametrize("spoil", [_block, _remove, _redirect])
def test_a_token_whose_credential_was_changed_or_blocked_is_not_renewed(
    spoil: Callable[[World], None],
) -> None:
    world = World()
    in_use(world)
    world.clock.advance(timedelta(seconds=1800 * 0.8) - AGING)
    spoil(world)

    assert outcomes(world) == [Outcome.UNWANTED]
    assert outcomes(world) == [], "it is in no slot any more"
    assert world.provider.exchanges == 1


def test_a_renewal_without_enough_time_leaves_the_rest_to_the_next_run() -> None:
    world = World()
    in_use(world)
    world.clock.advance(timedelta(seconds=1800 * 0.8) - AGING)

    short = outcomes(world, time_left=bounds.EXCHANGE_NEEDS - timedelta(seconds=1))

    assert short == [Outcome.NO_TIME]
    assert outcomes(world) == [Outcome.RENEWED]


def test_a_run_that_was_missed_is_made_up_for() -> None:
    world = World()
    in_use(world)
    world.clock.advance(timedelta(seconds=1800 * 0.75) - AGING + 4 * MINUTE)

    assert outcomes(world) == [Outcome.RENEWED]


def test_a_provider_that_gives_the_same_token_again_is_not_asked_in_a_storm() -> None:
    world = World()
    first_request = world.clock.now()

    def same(_: ProviderRequest) -> ProviderResponse:
        left = 1800 - int((world.clock.now() - first_request).total_seconds())
        return json_response(
            {"access_token": "the-same", "token_type": "Bearer", "expires_in": left}
        )

    world.provider.script(*[same] * 50)
    for _ in range(28 * 60 // 10):
        world.clock.advance(timedelta(seconds=10))
        outcomes(world)
        world.vend(world.environment(memory=timedelta(0)))

    assert world.provider.exchanges <= 4


def test_a_table_that_is_away_ends_the_run() -> None:
    world = World()
    in_use(world)
    world.tokens.is_away = True

    with pytest.raises(StoreAwayError):
        outcomes(world)


def test_a_renewal_leaves_alone_what_a_request_has_replaced_meanwhile() -> None:
    world = World()
    world.provider.expires_in = 60
    world.vend(world.environment())
    world.clock.advance(timedelta(seconds=2))
    world.vend(world.environment())
    world.clock.advance(timedelta(seconds=50))
    rightly = world.tokens.acquire_lease

    def after_a_request(key: str, lease: Lease, *, instead_of: Lease | None) -> TokenItem | None:
        world.tokens.acquire_lease = rightly  # type: ignore[method-assign]
        world.vend(world.environment())
        return rightly(key, lease, instead_of=instead_of)

    world.tokens.acquire_lease = after_a_request  # type: ignore[method-assign]

    assert outcomes(world) == [Outcome.NOT_YET]
    assert world.provider.exchanges == 2


def late(world: World) -> list[bool]:
    """Whether each renewal of one run came late."""
    return [each.is_late for each in world.parts().renew_all()]


def test_a_renewal_that_comes_in_time_is_not_late() -> None:
    world = World()
    in_use(world)
    world.clock.advance(timedelta(seconds=1800 * 0.8) - AGING)

    assert late(world) == [False]


def test_a_token_that_a_late_run_finds_overdue_is_renewed_late() -> None:
    world = World()
    in_use(world)
    # The schedule was silent from when the token was due to shortly before its end. A run looks
    # back five minutes, and an overdue token is at most a tenth of its life from its end.
    world.clock.advance(timedelta(seconds=1800 * 0.91) - AGING)

    renewals = world.parts().renew_all()

    assert [(each.outcome, each.is_late) for each in renewals] == [(Outcome.RENEWED, True)]


def test_a_renewal_that_its_providers_failures_put_off_is_not_late() -> None:
    world = World()
    in_use(world)
    world.clock.advance(timedelta(seconds=1800 * 0.8) - AGING)
    world.provider.script(json_response({}, status=500))
    assert outcomes(world) == [Outcome.FAILED]

    world.clock.advance(timedelta(seconds=1800 * 0.12))

    renewals = [each for each in world.parts().renew_all() if each.outcome is Outcome.RENEWED]
    assert [each.is_late for each in renewals] == [False]
