"""A redemption ends with the next refresh token stored, or with the consent marked as lost."""

from dataclasses import replace
from functools import partial

from tests.adapters.connection_samples import (
    CONNECTION,
    active,
    after,
    journal_entry,
    pending,
    put,
    successor,
)
from tests.adapters.connection_store.conftest import NewEnvironment
from tests.adapters.races import ENVIRONMENTS, at_once

from tokenvend.ports import ConnectionStore, StoreResult


def test_a_successor_is_kept_and_ends_the_journal(store: ConnectionStore) -> None:
    connection = put(store)
    store.begin_redemption(connection, journal_entry(connection))

    assert store.finish_redemption(connection, successor()) is StoreResult.STORED
    assert store.read(CONNECTION) == after(connection, "refresh-2")


def test_scopes_that_a_provider_withholds_are_remembered_until_it_gives_them_back(
    store: ConnectionStore,
) -> None:
    connection = put(store)
    assert connection.consent is not None
    agreed = connection.consent.scopes
    store.begin_redemption(connection, journal_entry(connection))
    store.finish_redemption(connection, replace(successor(), scopes=frozenset({"jobs_read"})))

    less = store.read(CONNECTION)
    assert less is not None
    store.begin_redemption(less, journal_entry(less))
    store.finish_redemption(less, replace(successor("refresh-3"), scopes=agreed))
    whole = store.read(CONNECTION)

    assert less.consent is not None
    assert (less.consent.scopes, less.consent.most_scopes) == (frozenset({"jobs_read"}), agreed)
    assert whole is not None
    assert whole.consent is not None
    assert (whole.consent.scopes, whole.consent.agreed_scopes) == (agreed, None)


def test_a_provider_that_does_not_rotate_keeps_the_token_under_a_new_number(
    store: ConnectionStore,
) -> None:
    connection = put(store)
    store.begin_redemption(connection, journal_entry(connection))

    assert store.finish_redemption(connection, successor(None)) is StoreResult.STORED
    assert store.read(CONNECTION) == after(connection, "refresh-1")


def test_a_successor_is_kept_whoever_holds_the_journal_by_then(store: ConnectionStore) -> None:
    connection = put(store)
    slow = store.begin_redemption(connection, journal_entry(connection))
    assert slow is not None
    store.begin_redemption(slow, replace(journal_entry(connection), is_retry=True))

    assert store.finish_redemption(connection, successor()) is StoreResult.STORED
    assert store.read(CONNECTION) == after(connection, "refresh-2")


def test_a_late_success_heals_a_lost_consent(store: ConnectionStore) -> None:
    connection = put(store)
    entry = journal_entry(connection)
    store.begin_redemption(connection, entry)
    assert store.mark_lost(connection, entry)

    assert store.finish_redemption(connection, successor()) is StoreResult.STORED
    assert store.read(CONNECTION) == after(connection, "refresh-2")


def test_a_successor_that_comes_too_late_does_not_replace_a_newer_one(
    store: ConnectionStore,
) -> None:
    connection = put(store)
    store.begin_redemption(connection, journal_entry(connection))
    store.finish_redemption(connection, successor("the-newer"))

    assert store.finish_redemption(connection, successor("the-late")) is StoreResult.SUPERSEDED
    assert store.read(CONNECTION) == after(connection, "the-newer")


def test_a_successor_of_a_former_consent_is_not_kept(store: ConnectionStore) -> None:
    former = put(store)
    store.begin_redemption(former, journal_entry(former))
    reconnected = active()
    assert store.put_consent(store.read(CONNECTION), reconnected)

    assert store.finish_redemption(former, successor()) is StoreResult.SUPERSEDED
    assert store.read(CONNECTION) == reconnected


def test_a_successor_for_a_connection_that_is_gone_is_not_kept(store: ConnectionStore) -> None:
    connection = put(store)
    store.begin_redemption(connection, journal_entry(connection))
    store.delete(CONNECTION)

    assert store.finish_redemption(connection, successor()) is StoreResult.GONE
    assert store.read(CONNECTION) is None


def test_a_successor_does_not_touch_what_is_pending(store: ConnectionStore) -> None:
    connection, waiting = put(store), pending()
    store.begin_redemption(connection, journal_entry(connection))
    store.put_pending(CONNECTION, waiting)

    store.finish_redemption(connection, successor())

    assert store.read(CONNECTION) == replace(after(connection, "refresh-2"), pending=waiting)


def test_a_consent_is_lost_once(new_environment: NewEnvironment) -> None:
    environments = [new_environment() for _ in range(ENVIRONMENTS)]
    connection = put(environments[0])
    entry = journal_entry(connection)
    environments[0].begin_redemption(connection, entry)

    told = at_once([partial(store.mark_lost, connection, entry) for store in environments])

    assert told.count(True) == 1
    found = environments[0].read(CONNECTION)
    assert found is not None
    assert found.is_lost


def test_a_consent_is_not_lost_by_a_holder_that_another_took_over_from(
    store: ConnectionStore,
) -> None:
    connection = put(store)
    slow = journal_entry(connection)
    seen = store.begin_redemption(connection, slow)
    assert seen is not None
    store.begin_redemption(seen, replace(journal_entry(connection), is_retry=True))

    assert not store.mark_lost(connection, slow)
