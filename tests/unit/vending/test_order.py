"""What a held token is good for, at each instant where that changes."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.fakes.clock import START, FakeClock
from tests.unit.vending.world import DEFINITION, READ

from tokenvend.domain import bounds
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_state import CredentialState
from tokenvend.domain.failure import Failure
from tokenvend.domain.renewal import missed_from, renewable_from
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken
from tokenvend.ports import TokenItem
from tokenvend.vending.exchange import TokenWanted
from tokenvend.vending.order import Order, Standing

KEY = "80" * 32
INSTANT = timedelta(microseconds=1)
SPEC = TokenSpec(credential="jobs", definition=DEFINITION.fingerprint, scopes=READ)
ORDER = Order(
    spec=SPEC, key=KEY, definition=DEFINITION, state=CredentialState(epoch="v1"), dies=1_020.0
)
TOKEN = AccessToken(
    access_token=Secret("a-token"),
    scopes=READ,
    requested_at=START,
    expires_at=START + timedelta(minutes=30),
    epoch="v1",
)
IN_USE = TokenItem(token=TOKEN, spec=SPEC, is_asked=True)
NOT_IN_USE = replace(IN_USE, is_asked=False)
RENEWAL = replace(ORDER, is_renewal=True)
OVERDUE_AT = TOKEN.overdue_at(KEY)


def changes_at(
    order: Order, item: TokenItem, at: datetime, before: Standing, since: Standing
) -> None:
    assert order.standing(item, at - INSTANT) is before
    assert order.standing(item, at) is since


def test_a_token_in_use_is_good_until_it_is_overdue_and_fit_until_it_expires() -> None:
    changes_at(ORDER, IN_USE, OVERDUE_AT, Standing.GOOD, Standing.REPLACEABLE)
    changes_at(ORDER, IN_USE, TOKEN.expires_at, Standing.REPLACEABLE, Standing.UNFIT)


def test_a_renewal_replaces_a_token_in_use_as_soon_as_it_may() -> None:
    at = renewable_from(KEY, TOKEN)

    changes_at(RENEWAL, IN_USE, at, Standing.GOOD, Standing.REPLACEABLE)
    changes_at(RENEWAL, NOT_IN_USE, OVERDUE_AT, Standing.GOOD, Standing.REPLACEABLE)


def test_a_request_replaces_what_nobody_used_once_the_schedule_may_come_too_late() -> None:
    at = missed_from(KEY, TOKEN)

    assert at < OVERDUE_AT
    changes_at(ORDER, NOT_IN_USE, at, Standing.GOOD, Standing.REPLACEABLE)


def test_a_token_is_unfit_with_less_left_than_the_request_wants() -> None:
    order = replace(ORDER, min_ttl=timedelta(minutes=10))
    last = TOKEN.expires_at - timedelta(minutes=10)

    assert order.standing(IN_USE, last) is Standing.GOOD
    assert order.standing(IN_USE, last + INSTANT) is Standing.UNFIT


@pytest.mark.parametrize(
    ("item", "standing"),
    [
        (TokenItem(), Standing.UNFIT),
        (replace(IN_USE, is_rejected=True), Standing.UNFIT),
        (replace(IN_USE, token=replace(TOKEN, epoch="v0")), Standing.REPLACEABLE),
        (replace(IN_USE, token=replace(TOKEN, epoch="")), Standing.REPLACEABLE),
        (IN_USE, Standing.GOOD),
    ],
)
def test_a_token_that_was_refused_or_made_with_a_former_secret_is_replaced(
    item: TokenItem, standing: Standing
) -> None:
    assert ORDER.standing(item, START) is standing


def failing(*, epoch: str = "v1") -> Failure:
    retry_at = START + timedelta(seconds=8)
    return Failure(provider_error=None, count=1, retry_at=retry_at, epoch=epoch)


@pytest.mark.parametrize("of_all", [True, False])
def test_a_failure_keeps_from_asking_until_its_instant(*, of_all: bool) -> None:
    state = CredentialState(epoch="v1", failure=failing() if of_all else None)
    item = TokenItem() if of_all else TokenItem(failure=failing())
    order = replace(ORDER, state=state)

    assert order.backing_off(item, failing().retry_at - INSTANT) == failing()
    assert order.backing_off(item, failing().retry_at) is None


def test_a_failure_with_a_former_secret_keeps_nobody_from_asking() -> None:
    former = failing(epoch="v0")
    order = replace(ORDER, state=CredentialState(epoch="v1", failure=former))

    assert order.backing_off(TokenItem(failure=former), START) is None
    assert order.backing_off(TokenItem(failure=failing()), START) == failing()


def test_an_exchange_fits_into_what_is_left_of_the_invocation_or_does_not() -> None:
    exactly, late = FakeClock(), FakeClock()
    exactly.advance(timedelta(seconds=20) - bounds.EXCHANGE_NEEDS)
    late.advance(timedelta(seconds=20.001) - bounds.EXCHANGE_NEEDS)

    assert ORDER.time_left(exactly) == bounds.EXCHANGE_NEEDS
    assert ORDER.has_time_to_exchange(exactly)
    assert not ORDER.has_time_to_exchange(late)


def test_the_provider_is_asked_for_this_token_in_this_state_and_by_this_time() -> None:
    assert ORDER.wanted == TokenWanted(DEFINITION, SPEC, "v1", 1_020.0)
