"""Renewals and rejected tokens in `ports.TokenStore`, on the fake and on DynamoDB."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.adapters.samples import KEY, OTHER_KEY, SPEC, TOKEN, new_lease
from tests.adapters.stores import dynamodb_store
from tests.fakes.token_store import InMemoryTokenStore

from tokenvend.domain.renewal import RenewalSlot, slot_of
from tokenvend.domain.secret import Secret
from tokenvend.ports import EMPTY_ITEM, TokenItem, TokenStore

NOW = TOKEN.requested_at
LATER_TOKEN = replace(
    TOKEN,
    access_token=Secret("a-later-token"),
    requested_at=TOKEN.requested_at + timedelta(seconds=60),
    expires_at=TOKEN.expires_at + timedelta(seconds=60),
)


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest) -> TokenStore:
    if request.param == "fake":
        return InMemoryTokenStore()
    return dynamodb_store(request.getfixturevalue("aws"), request.getfixturevalue("tables"))


def put(store: TokenStore) -> None:
    lease = new_lease()
    assert store.acquire_lease(KEY, lease, instead_of=None) is not None
    assert store.put_token(KEY, TOKEN, spec=SPEC, lease=lease)


def slot(minutes: int = 0) -> RenewalSlot:
    return slot_of(KEY, NOW + timedelta(minutes=minutes))


def test_a_token_that_is_scheduled_is_found_in_its_slot_and_counts_as_asked_for(
    store: TokenStore,
) -> None:
    put(store)

    store.schedule_renewal(KEY, TOKEN, slot())

    assert list(store.due(slot())) == [KEY]
    assert list(store.due(slot(1))) == []
    assert store.read(KEY) == TokenItem(token=TOKEN, spec=SPEC, is_in_use=True)


def test_a_token_is_in_one_slot_at_a_time(store: TokenStore) -> None:
    put(store)
    store.schedule_renewal(KEY, TOKEN, slot())

    store.schedule_renewal(KEY, TOKEN, slot(3))

    assert (list(store.due(slot())), list(store.due(slot(3)))) == ([], [KEY])


def test_a_token_that_is_left_to_expire_is_in_no_slot(store: TokenStore) -> None:
    put(store)
    store.schedule_renewal(KEY, TOKEN, slot())

    store.schedule_renewal(KEY, TOKEN, None)

    assert list(store.due(slot())) == []
    assert not store.read(KEY).is_in_use


def test_a_token_that_is_not_held_any_more_is_not_scheduled(store: TokenStore) -> None:
    put(store)

    store.schedule_renewal(KEY, LATER_TOKEN, slot())
    store.schedule_renewal(OTHER_KEY, TOKEN, slot())

    assert list(store.due(slot())) == []
    assert store.read(OTHER_KEY) == EMPTY_ITEM


def test_a_put_forgets_that_the_former_token_was_asked_for_and_rejected(store: TokenStore) -> None:
    put(store)
    store.schedule_renewal(KEY, TOKEN, slot())
    store.reject(KEY, TOKEN)
    lease = new_lease()
    store.acquire_lease(KEY, lease, instead_of=None)

    store.put_token(KEY, LATER_TOKEN, spec=SPEC, lease=lease)

    assert store.read(KEY) == TokenItem(token=LATER_TOKEN, spec=SPEC)
    assert list(store.due(slot())) == []


def test_a_rejected_token_is_still_held(store: TokenStore) -> None:
    put(store)

    store.reject(KEY, TOKEN)

    assert store.read(KEY) == TokenItem(token=TOKEN, spec=SPEC, is_rejected=True)


def test_a_token_that_was_replaced_is_not_rejected(store: TokenStore) -> None:
    put(store)

    store.reject(KEY, LATER_TOKEN)

    assert store.read(KEY) == TokenItem(token=TOKEN, spec=SPEC)


def test_a_new_token_that_expires_with_the_rejected_one_is_not_rejected(store: TokenStore) -> None:
    put(store)
    store.reject(KEY, TOKEN)
    lease, new = new_lease(), replace(LATER_TOKEN, expires_at=TOKEN.expires_at)
    store.acquire_lease(KEY, lease, instead_of=None)

    store.put_token(KEY, new, spec=SPEC, lease=lease)

    assert store.read(KEY) == TokenItem(token=new, spec=SPEC)
