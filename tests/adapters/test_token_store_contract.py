"""The contract of `ports.TokenStore`, on the fake and on DynamoDB."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.races import ENVIRONMENTS, at_once
from tests.adapters.samples import FAILURE, KEY, OTHER_KEY, SPEC, TOKEN, new_lease
from tests.adapters.stores import dynamodb_store
from tests.fakes.token_store import InMemoryTokenStore

from tokenvend.domain.lease import Lease
from tokenvend.domain.secret import Secret
from tokenvend.ports import EMPTY_ITEM, TokenItem, TokenStore

type NewEnvironment = Callable[[], TokenStore]

LATER_TOKEN = replace(
    TOKEN,
    access_token=Secret("a-later-token"),
    requested_at=TOKEN.requested_at + timedelta(seconds=60),
    expires_at=TOKEN.expires_at + timedelta(seconds=60),
)


@pytest.fixture(params=["fake", "dynamodb"])
def new_environment(request: pytest.FixtureRequest) -> NewEnvironment:
    """One more environment on the same table."""
    if request.param == "fake":
        fake = InMemoryTokenStore()
        return lambda: fake
    aws: Aws = request.getfixturevalue("aws")
    tables: Tables = request.getfixturevalue("tables")
    return lambda: dynamodb_store(aws, tables)


@pytest.fixture
def store(new_environment: NewEnvironment) -> TokenStore:
    return new_environment()


def put(store: TokenStore, key: str = KEY) -> None:
    lease = new_lease()
    assert store.acquire_lease(key, lease, instead_of=None) is not None
    assert store.put_token(key, TOKEN, spec=SPEC, lease=lease)


def test_a_key_that_nobody_wrote_is_empty(store: TokenStore) -> None:
    assert store.read(KEY) == EMPTY_ITEM


def test_token_of_a_user_comes_back_with_whose_it_is(store: TokenStore) -> None:
    of_user = replace(SPEC, user="a" * 64)
    lease = new_lease()
    store.acquire_lease(KEY, lease, instead_of=None)
    store.put_token(KEY, TOKEN, spec=of_user, lease=lease)

    assert store.read(KEY) == TokenItem(token=TOKEN, spec=of_user)


def test_a_token_comes_back_as_it_was_put(new_environment: NewEnvironment) -> None:
    put(new_environment())

    assert new_environment().read(KEY) == TokenItem(token=TOKEN, spec=SPEC)


def test_a_token_is_found_under_its_own_key_only(store: TokenStore) -> None:
    put(store)

    assert store.read(OTHER_KEY) == EMPTY_ITEM


def test_the_winner_of_a_lease_sees_the_item_as_it_is_then(store: TokenStore) -> None:
    put(store)
    first, second = new_lease(), new_lease()
    store.acquire_lease(KEY, first, instead_of=None)
    store.release_lease(KEY, lease=first, failure=FAILURE)

    item = store.acquire_lease(KEY, second, instead_of=None)

    assert item == TokenItem(token=TOKEN, spec=SPEC, lease=second, failure=FAILURE)


def test_a_lease_that_stands_is_not_acquired(store: TokenStore) -> None:
    holder = new_lease()
    store.acquire_lease(KEY, holder, instead_of=None)

    assert store.acquire_lease(KEY, new_lease(), instead_of=None) is None
    assert store.read(KEY).lease == holder


def test_a_winner_that_asks_again_recognises_itself(store: TokenStore) -> None:
    lease = new_lease()
    store.acquire_lease(KEY, lease, instead_of=None)

    assert store.acquire_lease(KEY, lease, instead_of=None) == TokenItem(lease=lease)


def test_a_lease_is_taken_over_from_the_holder_that_was_watched(store: TokenStore) -> None:
    holder, taker = new_lease(), new_lease()
    store.acquire_lease(KEY, holder, instead_of=None)

    assert store.acquire_lease(KEY, taker, instead_of=holder) == TokenItem(lease=taker)


def test_a_lease_is_not_taken_over_from_another_holder(store: TokenStore) -> None:
    watched, holder = new_lease(), new_lease()
    store.acquire_lease(KEY, holder, instead_of=None)

    assert store.acquire_lease(KEY, new_lease(), instead_of=watched) is None
    assert store.read(KEY).lease == holder


def test_a_lease_that_has_ended_is_not_taken_over(store: TokenStore) -> None:
    holder = new_lease()
    store.acquire_lease(KEY, holder, instead_of=None)
    store.release_lease(KEY, lease=holder, failure=None)

    assert store.acquire_lease(KEY, new_lease(), instead_of=holder) is None


def test_a_winner_that_repeats_its_take_over_recognises_itself(store: TokenStore) -> None:
    holder, taker = new_lease(), new_lease()
    store.acquire_lease(KEY, holder, instead_of=None)
    store.acquire_lease(KEY, taker, instead_of=holder)

    assert store.acquire_lease(KEY, taker, instead_of=holder) == TokenItem(lease=taker)


@pytest.mark.parametrize("is_taken_over", [False, True], ids=["free", "taken over"])
def test_of_many_environments_exactly_one_gets_a_lease(
    new_environment: NewEnvironment, *, is_taken_over: bool
) -> None:
    environments = [new_environment() for _ in range(ENVIRONMENTS)]
    for number in range(10):
        key = f"{number:064x}"
        watched: Lease | None = None
        if is_taken_over:
            watched = new_lease()
            environments[0].acquire_lease(key, watched, instead_of=None)

        won = at_once(
            [
                partial(store.acquire_lease, key, new_lease(), instead_of=watched)
                for store in environments
            ]
        )

        winners = [item.lease for item in won if item is not None]
        assert winners == [environments[0].read(key).lease]


def test_a_put_ends_the_lease_and_clears_the_failure(store: TokenStore) -> None:
    failed, lease = new_lease(), new_lease()
    store.acquire_lease(KEY, failed, instead_of=None)
    store.release_lease(KEY, lease=failed, failure=FAILURE)
    store.acquire_lease(KEY, lease, instead_of=None)

    assert store.put_token(KEY, TOKEN, spec=SPEC, lease=lease)
    assert store.read(KEY) == TokenItem(token=TOKEN, spec=SPEC)


def test_a_put_replaces_the_token(store: TokenStore) -> None:
    put(store)
    lease = new_lease()
    store.acquire_lease(KEY, lease, instead_of=None)

    assert store.put_token(KEY, LATER_TOKEN, spec=SPEC, lease=lease)
    assert store.read(KEY).token == LATER_TOKEN


def test_nothing_is_put_without_a_lease(store: TokenStore) -> None:
    assert not store.put_token(KEY, TOKEN, spec=SPEC, lease=new_lease())
    assert store.read(KEY) == EMPTY_ITEM


def test_a_holder_whose_lease_was_taken_over_puts_nothing(store: TokenStore) -> None:
    holder, taker = new_lease(), new_lease()
    store.acquire_lease(KEY, holder, instead_of=None)
    store.acquire_lease(KEY, taker, instead_of=holder)

    assert not store.put_token(KEY, TOKEN, spec=SPEC, lease=holder)
    assert store.read(KEY) == TokenItem(lease=taker)


def test_a_holder_that_comes_late_does_not_replace_what_its_taker_put(store: TokenStore) -> None:
    holder, taker = new_lease(), new_lease()
    store.acquire_lease(KEY, holder, instead_of=None)
    store.acquire_lease(KEY, taker, instead_of=holder)
    store.put_token(KEY, LATER_TOKEN, spec=SPEC, lease=taker)

    assert not store.put_token(KEY, TOKEN, spec=SPEC, lease=holder)
    assert store.read(KEY) == TokenItem(token=LATER_TOKEN, spec=SPEC)


def test_a_release_keeps_the_token_and_leaves_the_failure(store: TokenStore) -> None:
    put(store)
    lease = new_lease()
    store.acquire_lease(KEY, lease, instead_of=None)

    store.release_lease(KEY, lease=lease, failure=FAILURE)

    assert store.read(KEY) == TokenItem(token=TOKEN, spec=SPEC, failure=FAILURE)


def test_a_release_without_a_failure_keeps_the_former_one(store: TokenStore) -> None:
    failed, lease = new_lease(), new_lease()
    store.acquire_lease(KEY, failed, instead_of=None)
    store.release_lease(KEY, lease=failed, failure=FAILURE)
    store.acquire_lease(KEY, lease, instead_of=None)

    store.release_lease(KEY, lease=lease, failure=None)

    assert store.read(KEY) == TokenItem(failure=FAILURE)


def test_somebody_elses_lease_is_not_released(store: TokenStore) -> None:
    holder = new_lease()
    store.acquire_lease(KEY, holder, instead_of=None)

    store.release_lease(KEY, lease=new_lease(), failure=FAILURE)

    assert store.read(KEY) == TokenItem(lease=holder)


def test_a_lease_is_free_after_its_release(store: TokenStore) -> None:
    lease, next_lease = new_lease(), new_lease()
    store.acquire_lease(KEY, lease, instead_of=None)
    store.release_lease(KEY, lease=lease, failure=None)

    assert store.acquire_lease(KEY, next_lease, instead_of=None) == TokenItem(lease=next_lease)
