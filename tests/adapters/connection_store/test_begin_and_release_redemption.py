"""One environment at a time may redeem a refresh token; it may release the token for another."""

from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.connection_samples import (
    CONNECTION,
    active,
    journal_entry,
    pending,
    put,
    successor,
)
from tests.adapters.connection_store.conftest import NewEnvironment
from tests.adapters.races import ENVIRONMENTS, at_once
from tests.adapters.stores import dynamodb_connections
from tests.fakes.clock import START

from tokenvend.adapters.dynamodb.connection_items import connection_pk
from tokenvend.ports import ConnectionStore


def test_whoever_begins_sees_the_item_as_it_is_then(store: ConnectionStore) -> None:
    connection, waiting = put(store), pending()
    entry = journal_entry(connection)
    store.put_pending(CONNECTION, waiting)

    begun = store.begin_redemption(connection, entry)

    assert begun == replace(connection, journal_entry=entry, pending=waiting)
    assert store.read(CONNECTION) == begun


def test_a_token_that_is_being_redeemed_is_not_redeemed_by_another(store: ConnectionStore) -> None:
    connection = put(store)
    entry = journal_entry(connection)
    begun = store.begin_redemption(connection, entry)

    assert store.begin_redemption(connection, journal_entry(connection)) is None
    assert store.read(CONNECTION) == begun


def test_whoever_asks_again_recognises_its_own_entry(store: ConnectionStore) -> None:
    connection = put(store)
    entry = journal_entry(connection)
    begun = store.begin_redemption(connection, entry)

    assert store.begin_redemption(connection, entry) == begun


@pytest.mark.parametrize("holder_is_dead", [False, True])
def test_of_many_environments_exactly_one_redeems_a_token(
    new_environment: NewEnvironment, *, holder_is_dead: bool
) -> None:
    environments = [new_environment() for _ in range(ENVIRONMENTS)]
    connection = put(environments[0])
    if holder_is_dead:
        dead = environments[0].begin_redemption(connection, journal_entry(connection))
        assert dead is not None
        connection = dead

    won = at_once(
        [
            partial(store.begin_redemption, connection, journal_entry(connection))
            for store in environments
        ]
    )

    assert [one for one in won if one is not None] == [environments[0].read(CONNECTION)]


def test_a_retry_follows_the_holder_that_was_seen_and_no_other(store: ConnectionStore) -> None:
    connection = put(store)
    seen = store.begin_redemption(connection, journal_entry(connection))
    assert seen is not None
    retry = replace(journal_entry(connection), is_retry=True)

    begun = store.begin_redemption(seen, retry)

    assert begun == replace(connection, journal_entry=retry)
    assert store.begin_redemption(seen, journal_entry(connection)) is None


def test_a_token_that_was_redeemed_is_not_redeemed_again(store: ConnectionStore) -> None:
    connection = put(store)
    store.begin_redemption(connection, journal_entry(connection))
    store.finish_redemption(connection, successor())

    assert store.begin_redemption(connection, journal_entry(connection)) is None


def test_a_token_of_a_former_consent_is_not_redeemed(store: ConnectionStore) -> None:
    former = put(store)
    assert store.put_consent(former, active())

    assert store.begin_redemption(former, journal_entry(former)) is None


def test_a_holder_gives_the_token_back_for_later(store: ConnectionStore) -> None:
    connection = put(store)
    entry = journal_entry(connection)
    store.begin_redemption(connection, entry)
    retry_at = START + timedelta(seconds=90)

    store.release_redemption(connection, entry, retry_at=retry_at)

    assert store.read(CONNECTION) == replace(
        connection, journal_entry=replace(entry, retry_at=retry_at)
    )


def test_a_token_given_back_is_redeemed_by_another(store: ConnectionStore) -> None:
    connection = put(store)
    first, second = journal_entry(connection), journal_entry(connection)
    store.begin_redemption(connection, first)
    store.release_redemption(connection, first, retry_at=START)
    given = store.read(CONNECTION)
    assert given is not None

    assert store.begin_redemption(given, second) == replace(connection, journal_entry=second)


def test_somebody_elses_token_is_not_given_back(store: ConnectionStore) -> None:
    connection = put(store)
    entry = journal_entry(connection)
    begun = store.begin_redemption(connection, entry)

    store.release_redemption(connection, journal_entry(connection), retry_at=START)

    assert store.read(CONNECTION) == begun


def test_a_lost_consents_token_is_not_redeemed(store: ConnectionStore) -> None:
    connection = put(store)
    entry = journal_entry(connection)
    begun = store.begin_redemption(connection, entry)
    store.mark_lost(connection, entry)
    assert begun is not None

    assert store.begin_redemption(begun, journal_entry(connection)) is None


def test_an_entry_that_does_not_say_whether_it_is_a_retry_is_none(aws: Aws, tables: Tables) -> None:
    store = dynamodb_connections(aws, tables)
    connection = put(store)
    store.begin_redemption(connection, replace(journal_entry(connection), is_retry=True))
    item = tables.connection_item(connection_pk(CONNECTION))
    del item["is_retry"]
    tables.put_connection_item(item)

    found = store.read(CONNECTION)

    assert found is not None
    assert found.journal_entry is not None
    assert not found.journal_entry.is_retry
