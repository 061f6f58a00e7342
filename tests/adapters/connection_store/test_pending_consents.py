"""A pending consent waits beside the one in use, and is completed once or dropped."""

from dataclasses import replace
from functools import partial

from tests.adapters.connection_samples import (
    CODE,
    CONNECTION,
    active,
    consent,
    journal_entry,
    pending,
    put,
    successor,
)
from tests.adapters.connection_store.conftest import NewEnvironment
from tests.adapters.races import ENVIRONMENTS, at_once
from tests.fakes.clock import START

from tokenvend.domain.connection import Connection, complete
from tokenvend.ports import ConnectionStore


def test_what_is_pending_comes_back(store: ConnectionStore) -> None:
    waiting = pending()
    store.put_pending(CONNECTION, waiting)

    assert store.read(CONNECTION) == Connection(key=CONNECTION, pending=waiting)


def test_the_newest_pending_consent_counts(store: ConnectionStore) -> None:
    store.put_pending(CONNECTION, pending("refresh-of-the-first"))
    newer = pending("refresh-of-the-second")

    store.put_pending(CONNECTION, newer)

    assert store.read(CONNECTION) == Connection(key=CONNECTION, pending=newer)


def test_what_is_pending_waits_beside_the_consent_in_use(store: ConnectionStore) -> None:
    connection, waiting = put(store), pending()

    store.put_pending(CONNECTION, waiting)

    assert store.read(CONNECTION) == replace(connection, pending=waiting)


def completed(store: ConnectionStore) -> tuple[Connection, Connection]:
    """What is there, and what it is once its code has come."""
    before = store.read(CONNECTION)
    assert before is not None
    after_it = complete(before, CODE, now=START)
    assert isinstance(after_it, Connection)
    return before, after_it


def test_a_pending_consent_is_completed_once(store: ConnectionStore) -> None:
    store.put_pending(CONNECTION, pending())
    before, done = completed(store)

    assert store.put_consent(before, done)
    assert not store.put_consent(before, replace(done, consent=consent()))
    assert store.read(CONNECTION) == done


def test_of_many_that_complete_exactly_one_does(new_environment: NewEnvironment) -> None:
    environments = [new_environment() for _ in range(ENVIRONMENTS)]
    environments[0].put_pending(CONNECTION, pending())
    before, done = completed(environments[0])

    won = at_once(
        [
            partial(store.put_consent, before, replace(done, consent=consent(f"refresh-{number}")))
            for number, store in enumerate(environments)
        ]
    )

    assert won.count(True) == 1


def test_a_consent_that_was_replaced_while_it_waited_is_not_completed(
    store: ConnectionStore,
) -> None:
    store.put_pending(CONNECTION, pending())
    before, done = completed(store)
    newer = pending()
    store.put_pending(CONNECTION, newer)

    assert not store.put_consent(before, done)
    assert store.read(CONNECTION) == Connection(key=CONNECTION, pending=newer)


def test_a_new_consent_is_completed_although_the_old_one_was_refreshed_meanwhile(
    store: ConnectionStore,
) -> None:
    connection = put(store)
    store.put_pending(CONNECTION, pending())
    before, done = completed(store)
    store.begin_redemption(connection, journal_entry(connection))
    store.finish_redemption(connection, successor())

    assert store.put_consent(before, done)
    assert store.read(CONNECTION) == done


def test_a_new_consent_ends_the_journal_and_heals(store: ConnectionStore) -> None:
    connection = put(store)
    entry = journal_entry(connection)
    store.begin_redemption(connection, entry)
    store.mark_lost(connection, entry)
    store.put_pending(CONNECTION, pending())
    before, done = completed(store)

    assert store.put_consent(before, done)
    assert store.read(CONNECTION) == done
    assert (done.journal_entry, done.is_lost, done.number) == (None, False, 1)


def test_nothing_is_imported_over_what_is_there(store: ConnectionStore) -> None:
    connection = put(store)

    assert not store.put_consent(None, active())
    assert store.read(CONNECTION) == connection


def test_an_import_may_replace_what_it_has_read(store: ConnectionStore) -> None:
    before, imported = put(store), active()

    assert store.put_consent(before, imported)
    assert store.read(CONNECTION) == imported


def test_what_was_never_completed_is_dropped_whole(store: ConnectionStore) -> None:
    store.put_pending(CONNECTION, pending())
    found = store.read(CONNECTION)
    assert found is not None

    store.drop_pending(found)

    assert store.read(CONNECTION) is None


def test_dropping_what_is_pending_leaves_the_consent_in_use(store: ConnectionStore) -> None:
    connection = put(store)
    store.put_pending(CONNECTION, pending())
    found = store.read(CONNECTION)
    assert found is not None

    store.drop_pending(found)

    assert store.read(CONNECTION) == connection


def test_what_came_after_it_was_read_is_not_dropped(store: ConnectionStore) -> None:
    store.put_pending(CONNECTION, pending())
    found = store.read(CONNECTION)
    assert found is not None
    newer = pending()
    store.put_pending(CONNECTION, newer)

    store.drop_pending(found)

    assert store.read(CONNECTION) == Connection(key=CONNECTION, pending=newer)
