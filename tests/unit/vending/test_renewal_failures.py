"""A renewal that fails, is missed or comes late."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.unit.vending.harness import DEFINITION, INVOCATION, Harness
from tests.unit.vending.renewing import AGING, MINUTE, in_use, outcomes

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source
from tokenvend.domain.credential_state import ScheduledReader
from tokenvend.domain.lease import Lease, new_lease
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.ports import StoreAwayError, TokenItem
from tokenvend.schedules.renewal import RenewalOutcome


def test_a_renewal_that_fails_leaves_the_valid_token_and_is_tried_again_later() -> None:
    harness = Harness()
    in_use(harness)
    harness.clock.advance(timedelta(seconds=1800 * 0.8) - AGING)
    harness.provider.script(json_response({}, status=503))

    first = outcomes(harness)
    at_once = outcomes(harness)
    answer = harness.vend(harness.environment()).answer
    harness.clock.advance(MINUTE)
    later = outcomes(harness)

    assert (first, set(at_once), later) == (
        [RenewalOutcome.FAILED],
        {RenewalOutcome.NOT_YET},
        [RenewalOutcome.RENEWED],
    )
    assert answer.source is Source.STORE


def test_renewal_that_cannot_use_the_secret_is_kept_until_it_can() -> None:
    harness = Harness()
    in_use(harness)
    harness.clock.advance(timedelta(seconds=1800 * 0.8) - AGING)
    secrets = dict(harness.secrets.secrets)
    harness.secrets.secrets.clear()

    failed = outcomes(harness)
    unready = harness.states.state("jobs").not_ready_for
    harness.secrets.secrets.update(secrets)
    harness.clock.advance(MINUTE)
    renewed = outcomes(harness)

    assert (failed, renewed) == ([RenewalOutcome.FAILED], [RenewalOutcome.RENEWED])
    assert unready == {ScheduledReader.RENEWAL}
    assert harness.states.state("jobs").not_ready_for == frozenset()


def test_a_renewal_keeps_out_of_the_way_of_who_is_at_it() -> None:
    harness = Harness()
    in_use(harness)
    harness.clock.advance(timedelta(seconds=1800 * 0.8) - AGING)
    key = harness.vend(harness.environment()).decision.key
    now = harness.clock.now()
    lease = new_lease(now=now, deadline_at=now + INVOCATION, expected_duration=timedelta(seconds=1))
    harness.tokens.acquire_lease(key, lease, instead_of=None)

    held = outcomes(harness)
    harness.clock.advance(INVOCATION + bounds.CLOCK_SKEW)
    after_its_death = outcomes(harness)

    assert (held, after_its_death) == ([RenewalOutcome.NOT_YET], [RenewalOutcome.RENEWED])


def _block(harness: Harness) -> None:
    harness.reader.blocked.add("jobs")


def _remove(harness: Harness) -> None:
    harness.reader.definitions.clear()


def _redirect(harness: Harness) -> None:
    elsewhere = replace(DEFINITION, token_endpoint="https://login.acme.example/other")
    harness.reader.definitions["jobs"] = elsewhere


@pytest.mark.parametrize("spoil", [_block, _remove, _redirect])
def test_a_token_whose_credential_was_changed_or_blocked_is_not_renewed(
    spoil: Callable[[Harness], None],
) -> None:
    harness = Harness()
    in_use(harness)
    harness.clock.advance(timedelta(seconds=1800 * 0.8) - AGING)
    spoil(harness)

    assert outcomes(harness) == [RenewalOutcome.UNWANTED]
    assert outcomes(harness) == [], "it is in no slot any more"
    assert harness.provider.exchanges == 1


def test_a_renewal_without_enough_time_leaves_the_rest_to_the_next_run() -> None:
    harness = Harness()
    in_use(harness)
    harness.clock.advance(timedelta(seconds=1800 * 0.8) - AGING)

    short = outcomes(harness, time_left=bounds.EXCHANGE_NEEDS - timedelta(seconds=1))

    assert short == [RenewalOutcome.NO_TIME]
    assert outcomes(harness) == [RenewalOutcome.RENEWED]


def test_a_run_that_was_missed_is_made_up_for() -> None:
    harness = Harness()
    in_use(harness)
    harness.clock.advance(timedelta(seconds=1800 * 0.75) - AGING + 4 * MINUTE)

    assert outcomes(harness) == [RenewalOutcome.RENEWED]


def test_a_provider_that_gives_the_same_token_again_is_not_asked_in_a_storm() -> None:
    harness = Harness()
    first_request = harness.clock.now()

    def same(_: ProviderRequest) -> ProviderResponse:
        left = 1800 - int((harness.clock.now() - first_request).total_seconds())
        return json_response(
            {"access_token": "the-same", "token_type": "Bearer", "expires_in": left}
        )

    harness.provider.script(*[same] * 50)
    for _ in range(28 * 60 // 10):
        harness.clock.advance(timedelta(seconds=10))
        outcomes(harness)
        harness.vend(harness.environment(memory=timedelta(0)))

    assert harness.provider.exchanges <= 4


def test_a_table_that_is_away_ends_the_run() -> None:
    harness = Harness()
    in_use(harness)
    harness.tokens.is_away = True

    with pytest.raises(StoreAwayError):
        outcomes(harness)


def test_a_renewal_leaves_alone_what_a_request_has_replaced_meanwhile() -> None:
    harness = Harness()
    harness.provider.expires_in = 60
    harness.vend(harness.environment())
    harness.clock.advance(timedelta(seconds=2))
    harness.vend(harness.environment())
    harness.clock.advance(timedelta(seconds=50))
    rightly = harness.tokens.acquire_lease

    def after_a_request(key: str, lease: Lease, *, instead_of: Lease | None) -> TokenItem | None:
        harness.tokens.acquire_lease = rightly  # type: ignore[method-assign]
        harness.vend(harness.environment())
        return rightly(key, lease, instead_of=instead_of)

    harness.tokens.acquire_lease = after_a_request  # type: ignore[method-assign]

    assert outcomes(harness) == [RenewalOutcome.NOT_YET]
    assert harness.provider.exchanges == 2


def late(harness: Harness) -> list[bool]:
    """Whether each renewal of one run came late."""
    return [each.is_late for each in harness.parts().renew_all()]


def test_a_renewal_that_comes_in_time_is_not_late() -> None:
    harness = Harness()
    in_use(harness)
    harness.clock.advance(timedelta(seconds=1800 * 0.8) - AGING)

    assert late(harness) == [False]


def test_a_token_that_a_late_run_finds_overdue_is_renewed_late() -> None:
    harness = Harness()
    in_use(harness)
    # The schedule was silent from when the token was due to shortly before its end. A run looks
    # back five minutes, and an overdue token is at most a tenth of its life from its end.
    harness.clock.advance(timedelta(seconds=1800 * 0.91) - AGING)

    renewals = harness.parts().renew_all()

    assert [(each.outcome, each.is_late) for each in renewals] == [(RenewalOutcome.RENEWED, True)]


def test_a_renewal_that_its_providers_failures_put_off_is_not_late() -> None:
    harness = Harness()
    in_use(harness)
    harness.clock.advance(timedelta(seconds=1800 * 0.8) - AGING)
    harness.provider.script(json_response({}, status=500))
    assert outcomes(harness) == [RenewalOutcome.FAILED]

    harness.clock.advance(timedelta(seconds=1800 * 0.12))

    renewals = [
        each for each in harness.parts().renew_all() if each.outcome is RenewalOutcome.RENEWED
    ]
    assert [each.is_late for each in renewals] == [False]
