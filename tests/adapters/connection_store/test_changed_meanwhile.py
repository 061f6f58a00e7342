"""What another environment changed after a connection was read is neither overwritten nor lost."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.adapters.connection_samples import (
    CODE,
    CONNECTION,
    active,
    journal_entry,
    pending,
    put,
    successor,
)
from tests.fakes.clock import START

from tokenvend.domain.connection import Connection, complete
from tokenvend.ports import ConnectionStore


def test_an_import_does_not_replace_a_consent_that_became_pending_meanwhile(
    store: ConnectionStore,
) -> None:
    before, waiting = put(store), pending()
    store.put_pending(CONNECTION, waiting)

    assert not store.put_consent(before, active())
    assert store.read(CONNECTION) == replace(before, pending=waiting)


def test_an_import_does_not_replace_a_consent_that_came_meanwhile(store: ConnectionStore) -> None:
    before, reconnected = put(store), active()
    assert store.put_consent(before, reconnected)

    assert not store.put_consent(before, active())
    assert store.read(CONNECTION) == reconnected


def test_an_import_does_not_bring_back_a_connection_that_was_deleted_meanwhile(
    store: ConnectionStore,
) -> None:
    before = put(store)
    store.delete(CONNECTION)

    assert not store.put_consent(before, active())
    assert store.read(CONNECTION) is None


def test_dropping_what_is_pending_spares_a_consent_that_came_meanwhile(
    store: ConnectionStore,
) -> None:
    waiting = pending()
    store.put_pending(CONNECTION, waiting)
    seen = store.read(CONNECTION)
    assert seen is not None
    done = complete(seen, CODE, now=START)
    assert isinstance(done, Connection)
    assert store.put_consent(seen, done)
    # As a repeated write does that arrives late.
    store.put_pending(CONNECTION, waiting)

    store.drop_pending(seen)

    found = store.read(CONNECTION)
    assert found is not None
    assert found.consent == done.consent


@pytest.mark.parametrize("is_reconnected", [False, True], ids=["refreshed", "reconnected"])
def test_a_journal_that_ended_leaves_nothing_to_the_next_holder(
    store: ConnectionStore, *, is_reconnected: bool
) -> None:
    connection = put(store)
    former = replace(journal_entry(connection), is_retry=True)
    store.begin_redemption(connection, former)
    store.release_redemption(connection, former, retry_at=START + timedelta(hours=1))
    if is_reconnected:
        assert store.put_consent(connection, active())
    else:
        store.finish_redemption(connection, successor())
    free = store.read(CONNECTION)
    assert free is not None
    assert free.journal_entry is None
    entry = journal_entry(free)

    begun = store.begin_redemption(free, entry)

    assert begun == replace(free, journal_entry=entry)
    assert store.read(CONNECTION) == begun
