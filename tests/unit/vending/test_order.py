"""What a held token is good for, at each instant where that changes."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.fakes.clock import START, FakeClock
from tests.unit.vending.harness import DEFINITION, READ

from tokenvend.domain import bounds
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_state import CredentialState
from tokenvend.domain.failure import Failure
from tokenvend.domain.freshness import Usability, overdue_at, renewable_from, schedule_missed_from
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken
from tokenvend.ports import TokenItem
from tokenvend.vending.acquisition import Acquisition
from tokenvend.vending.exchange import ExchangeRequest

KEY = "80" * 32
INSTANT = timedelta(microseconds=1)
SPEC = TokenSpec(credential="jobs", definition=DEFINITION.fingerprint, scopes=READ)
ORDER = Acquisition(
    spec=SPEC,
    key=KEY,
    definition=DEFINITION,
    state=CredentialState(secret_generation="v1"),
    deadline=1_020.0,
)
TOKEN = AccessToken(
    access_token=Secret("a-token"),
    scopes=READ,
    requested_at=START,
    expires_at=START + timedelta(minutes=30),
    secret_generation="v1",
)
IN_USE = TokenItem(token=TOKEN, spec=SPEC, is_in_use=True)
NOT_IN_USE = replace(IN_USE, is_in_use=False)
RENEWAL = replace(ORDER, is_renewal=True)
OVERDUE_AT = overdue_at(KEY, TOKEN)


def changes_at(
    acquisition: Acquisition, item: TokenItem, at: datetime, before: Usability, since: Usability
) -> None:
    assert acquisition.usability(item, at - INSTANT) is before
    assert acquisition.usability(item, at) is since


def test_a_token_in_use_is_good_until_it_is_overdue_and_fit_until_it_expires() -> None:
    changes_at(ORDER, IN_USE, OVERDUE_AT, Usability.USABLE, Usability.REPLACEABLE)
    changes_at(ORDER, IN_USE, TOKEN.expires_at, Usability.REPLACEABLE, Usability.UNUSABLE)


def test_a_renewal_replaces_a_token_in_use_as_soon_as_it_may() -> None:
    at = renewable_from(KEY, TOKEN)

    changes_at(RENEWAL, IN_USE, at, Usability.USABLE, Usability.REPLACEABLE)
    changes_at(RENEWAL, NOT_IN_USE, OVERDUE_AT, Usability.USABLE, Usability.REPLACEABLE)


def test_a_request_replaces_what_nobody_used_once_the_schedule_may_come_too_late() -> None:
    at = schedule_missed_from(KEY, TOKEN)

    assert at < OVERDUE_AT
    changes_at(ORDER, NOT_IN_USE, at, Usability.USABLE, Usability.REPLACEABLE)


def test_a_token_is_unfit_with_less_left_than_the_request_wants() -> None:
    acquisition = replace(ORDER, min_ttl=timedelta(minutes=10))
    last = TOKEN.expires_at - timedelta(minutes=10)

    assert acquisition.usability(IN_USE, last) is Usability.USABLE
    assert acquisition.usability(IN_USE, last + INSTANT) is Usability.UNUSABLE


@pytest.mark.parametrize(
    ("item", "usability"),
    [
        (TokenItem(), Usability.UNUSABLE),
        (replace(IN_USE, is_rejected=True), Usability.UNUSABLE),
        (replace(IN_USE, token=replace(TOKEN, secret_generation="v0")), Usability.REPLACEABLE),
        (replace(IN_USE, token=replace(TOKEN, secret_generation="")), Usability.REPLACEABLE),
        (IN_USE, Usability.USABLE),
    ],
)
def test_a_token_that_was_refused_or_made_with_a_former_secret_is_replaced(
    item: TokenItem, usability: Usability
) -> None:
    assert ORDER.usability(item, START) is usability


def failing(*, secret_generation: str = "v1") -> Failure:
    retry_at = START + timedelta(seconds=8)
    return Failure(
        provider_error=None, count=1, retry_at=retry_at, secret_generation=secret_generation
    )


@pytest.mark.parametrize("of_all", [True, False])
def test_a_failure_keeps_from_asking_until_its_instant(*, of_all: bool) -> None:
    state = CredentialState(secret_generation="v1", failure=failing() if of_all else None)
    item = TokenItem() if of_all else TokenItem(failure=failing())
    acquisition = replace(ORDER, state=state)

    assert acquisition.current_backoff(item, failing().retry_at - INSTANT) == failing()
    assert acquisition.current_backoff(item, failing().retry_at) is None


def test_a_failure_with_a_former_secret_keeps_nobody_from_asking() -> None:
    former = failing(secret_generation="v0")
    acquisition = replace(ORDER, state=CredentialState(secret_generation="v1", failure=former))

    assert acquisition.current_backoff(TokenItem(failure=former), START) is None
    assert acquisition.current_backoff(TokenItem(failure=failing()), START) == failing()


def test_an_exchange_fits_into_what_is_left_of_the_invocation_or_does_not() -> None:
    exactly, late = FakeClock(), FakeClock()
    exactly.advance(timedelta(seconds=20) - bounds.EXCHANGE_NEEDS)
    late.advance(timedelta(seconds=20.001) - bounds.EXCHANGE_NEEDS)

    assert ORDER.time_left(exactly) == bounds.EXCHANGE_NEEDS
    assert ORDER.has_time_to_exchange(exactly)
    assert not ORDER.has_time_to_exchange(late)


def test_the_provider_is_asked_for_this_token_in_this_state_and_by_this_time() -> None:
    assert ORDER.exchange_request == ExchangeRequest(DEFINITION, SPEC, "v1", 1_020.0)
