"""The contract of `ports.ConnectionStore`, on the fake and on DynamoDB."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.connection_samples import (
    CODE,
    CONNECTION,
    OTHER_CONNECTION,
    active,
    after,
    consent,
    pending,
    redemption,
    successor,
)
from tests.adapters.races import ENVIRONMENTS, at_once
from tests.adapters.stores import dynamodb_connections
from tests.fakes.clock import START
from tests.fakes.connection_store import InMemoryConnectionStore

from tokenvend.domain.connection import Connection, ConnectionKey, complete
from tokenvend.domain.tenant_binding import TenantBinding
from tokenvend.ports import ConnectionStore, StoreResult

type NewEnvironment = Callable[[], ConnectionStore]


@pytest.fixture(params=["fake", "dynamodb"])
def new_environment(request: pytest.FixtureRequest) -> NewEnvironment:
    """One more environment on the same table."""
    if request.param == "fake":
        fake = InMemoryConnectionStore()
        return lambda: fake
    aws: Aws = request.getfixturevalue("aws")
    tables: Tables = request.getfixturevalue("tables")
    return lambda: dynamodb_connections(aws, tables)


@pytest.fixture
def store(new_environment: NewEnvironment) -> ConnectionStore:
    return new_environment()


def put(store: ConnectionStore, key: ConnectionKey = CONNECTION) -> Connection:
    connection = active(key)
    assert store.put_consent(None, connection)
    return connection


def test_a_connection_that_nobody_started_is_absent(store: ConnectionStore) -> None:
    assert store.read(CONNECTION) is None


def test_a_consent_comes_back_as_it_was_put(new_environment: NewEnvironment) -> None:
    connection = put(new_environment())

    assert new_environment().read(CONNECTION) == connection


def test_a_customers_own_host_stays_with_the_consent(new_environment: NewEnvironment) -> None:
    tenant = TenantBinding({"domain": "acme.shops.example"}, "acme.shops.example")
    waiting = pending()
    waiting = replace(waiting, consent=replace(waiting.consent, tenant=tenant))
    connection = replace(active(), consent=replace(consent(), tenant=tenant))
    store = new_environment()
    assert store.put_consent(None, connection)
    entry = redemption(connection)
    begun = store.begin_redemption(connection, entry)
    assert begun is not None
    store.finish_redemption(begun, successor())
    store.put_pending(CONNECTION, waiting)

    found = new_environment().read(CONNECTION)

    assert found is not None
    assert found.consent is not None
    assert (found.number, found.consent.tenant, found.pending) == (2, tenant, waiting)


def test_a_connection_is_found_under_its_own_key_only(store: ConnectionStore) -> None:
    put(store)

    assert store.read(OTHER_CONNECTION) is None


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
    store.begin_redemption(connection, redemption(connection))
    store.finish_redemption(connection, successor())

    assert store.put_consent(before, done)
    assert store.read(CONNECTION) == done


def test_a_new_consent_ends_the_journal_and_heals(store: ConnectionStore) -> None:
    connection = put(store)
    entry = redemption(connection)
    store.begin_redemption(connection, entry)
    store.mark_lost(connection, entry)
    store.put_pending(CONNECTION, pending())
    before, done = completed(store)

    assert store.put_consent(before, done)
    assert store.read(CONNECTION) == done
    assert (done.redemption, done.is_lost, done.number) == (None, False, 1)


def test_nothing_is_imported_over_what_is_there(store: ConnectionStore) -> None:
    connection = put(store)

    assert not store.put_consent(None, active())
    assert store.read(CONNECTION) == connection


def test_an_import_may_replace_what_it_has_read(store: ConnectionStore) -> None:
    before, imported = put(store), active()

    assert store.put_consent(before, imported)
    assert store.read(CONNECTION) == imported


def test_whoever_begins_sees_the_item_as_it_is_then(store: ConnectionStore) -> None:
    connection, waiting = put(store), pending()
    entry = redemption(connection)
    store.put_pending(CONNECTION, waiting)

    begun = store.begin_redemption(connection, entry)

    assert begun == replace(connection, redemption=entry, pending=waiting)
    assert store.read(CONNECTION) == begun


def test_a_token_that_is_being_redeemed_is_not_redeemed_by_another(store: ConnectionStore) -> None:
    connection = put(store)
    entry = redemption(connection)
    begun = store.begin_redemption(connection, entry)

    assert store.begin_redemption(connection, redemption(connection)) is None
    assert store.read(CONNECTION) == begun


def test_whoever_asks_again_recognises_its_own_entry(store: ConnectionStore) -> None:
    connection = put(store)
    entry = redemption(connection)
    begun = store.begin_redemption(connection, entry)

    assert store.begin_redemption(connection, entry) == begun


@pytest.mark.parametrize("holder_is_dead", [False, True])
def test_of_many_environments_exactly_one_redeems_a_token(
    new_environment: NewEnvironment, *, holder_is_dead: bool
) -> None:
    environments = [new_environment() for _ in range(ENVIRONMENTS)]
    connection = put(environments[0])
    if holder_is_dead:
        dead = environments[0].begin_redemption(connection, redemption(connection))
        assert dead is not None
        connection = dead

    won = at_once(
        [
            partial(store.begin_redemption, connection, redemption(connection))
            for store in environments
        ]
    )

    assert [one for one in won if one is not None] == [environments[0].read(CONNECTION)]


def test_a_retry_follows_the_holder_that_was_seen_and_no_other(store: ConnectionStore) -> None:
    connection = put(store)
    seen = store.begin_redemption(connection, redemption(connection))
    assert seen is not None
    retry = replace(redemption(connection), is_retry=True)

    begun = store.begin_redemption(seen, retry)

    assert begun == replace(connection, redemption=retry)
    assert store.begin_redemption(seen, redemption(connection)) is None


def test_a_token_that_was_redeemed_is_not_redeemed_again(store: ConnectionStore) -> None:
    connection = put(store)
    store.begin_redemption(connection, redemption(connection))
    store.finish_redemption(connection, successor())

    assert store.begin_redemption(connection, redemption(connection)) is None


def test_a_token_of_a_former_consent_is_not_redeemed(store: ConnectionStore) -> None:
    former = put(store)
    assert store.put_consent(former, active())

    assert store.begin_redemption(former, redemption(former)) is None


def test_a_successor_is_kept_and_ends_the_journal(store: ConnectionStore) -> None:
    connection = put(store)
    store.begin_redemption(connection, redemption(connection))

    assert store.finish_redemption(connection, successor()) is StoreResult.STORED
    assert store.read(CONNECTION) == after(connection, "refresh-2")


def test_scopes_that_a_provider_withholds_are_remembered_until_it_gives_them_back(
    store: ConnectionStore,
) -> None:
    connection = put(store)
    assert connection.consent is not None
    agreed = connection.consent.scopes
    store.begin_redemption(connection, redemption(connection))
    store.finish_redemption(connection, replace(successor(), scopes=frozenset({"jobs_read"})))

    less = store.read(CONNECTION)
    assert less is not None
    store.begin_redemption(less, redemption(less))
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
    store.begin_redemption(connection, redemption(connection))

    assert store.finish_redemption(connection, successor(None)) is StoreResult.STORED
    assert store.read(CONNECTION) == after(connection, "refresh-1")


def test_a_successor_is_kept_whoever_holds_the_journal_by_then(store: ConnectionStore) -> None:
    connection = put(store)
    slow = store.begin_redemption(connection, redemption(connection))
    assert slow is not None
    store.begin_redemption(slow, replace(redemption(connection), is_retry=True))

    assert store.finish_redemption(connection, successor()) is StoreResult.STORED
    assert store.read(CONNECTION) == after(connection, "refresh-2")


def test_a_late_success_heals_a_lost_consent(store: ConnectionStore) -> None:
    connection = put(store)
    entry = redemption(connection)
    store.begin_redemption(connection, entry)
    assert store.mark_lost(connection, entry)

    assert store.finish_redemption(connection, successor()) is StoreResult.STORED
    assert store.read(CONNECTION) == after(connection, "refresh-2")


def test_a_successor_that_comes_too_late_does_not_replace_a_newer_one(
    store: ConnectionStore,
) -> None:
    connection = put(store)
    store.begin_redemption(connection, redemption(connection))
    store.finish_redemption(connection, successor("the-newer"))

    assert store.finish_redemption(connection, successor("the-late")) is StoreResult.SUPERSEDED
    assert store.read(CONNECTION) == after(connection, "the-newer")


def test_a_successor_of_a_former_consent_is_not_kept(store: ConnectionStore) -> None:
    former = put(store)
    store.begin_redemption(former, redemption(former))
    reconnected = active()
    assert store.put_consent(store.read(CONNECTION), reconnected)

    assert store.finish_redemption(former, successor()) is StoreResult.SUPERSEDED
    assert store.read(CONNECTION) == reconnected


def test_a_successor_for_a_connection_that_is_gone_is_not_kept(store: ConnectionStore) -> None:
    connection = put(store)
    store.begin_redemption(connection, redemption(connection))
    store.delete(CONNECTION)

    assert store.finish_redemption(connection, successor()) is StoreResult.GONE
    assert store.read(CONNECTION) is None


def test_a_successor_does_not_touch_what_is_pending(store: ConnectionStore) -> None:
    connection, waiting = put(store), pending()
    store.begin_redemption(connection, redemption(connection))
    store.put_pending(CONNECTION, waiting)

    store.finish_redemption(connection, successor())

    assert store.read(CONNECTION) == replace(after(connection, "refresh-2"), pending=waiting)


def test_a_holder_gives_the_token_back_for_later(store: ConnectionStore) -> None:
    connection = put(store)
    entry = redemption(connection)
    store.begin_redemption(connection, entry)
    retry_at = START + timedelta(seconds=90)

    store.release_redemption(connection, entry, retry_at=retry_at)

    assert store.read(CONNECTION) == replace(
        connection, redemption=replace(entry, retry_at=retry_at)
    )


def test_a_token_given_back_is_redeemed_by_another(store: ConnectionStore) -> None:
    connection = put(store)
    first, second = redemption(connection), redemption(connection)
    store.begin_redemption(connection, first)
    store.release_redemption(connection, first, retry_at=START)
    given = store.read(CONNECTION)
    assert given is not None

    assert store.begin_redemption(given, second) == replace(connection, redemption=second)


def test_somebody_elses_token_is_not_given_back(store: ConnectionStore) -> None:
    connection = put(store)
    entry = redemption(connection)
    begun = store.begin_redemption(connection, entry)

    store.release_redemption(connection, redemption(connection), retry_at=START)

    assert store.read(CONNECTION) == begun


def test_a_consent_is_lost_once(new_environment: NewEnvironment) -> None:
    environments = [new_environment() for _ in range(ENVIRONMENTS)]
    connection = put(environments[0])
    entry = redemption(connection)
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
    slow = redemption(connection)
    seen = store.begin_redemption(connection, slow)
    assert seen is not None
    store.begin_redemption(seen, replace(redemption(connection), is_retry=True))

    assert not store.mark_lost(connection, slow)


def test_a_lost_consents_token_is_not_redeemed(store: ConnectionStore) -> None:
    connection = put(store)
    entry = redemption(connection)
    begun = store.begin_redemption(connection, entry)
    store.mark_lost(connection, entry)
    assert begun is not None

    assert store.begin_redemption(begun, redemption(connection)) is None


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


def test_a_deleted_connection_is_gone_and_shown_once(store: ConnectionStore) -> None:
    connection = put(store)

    assert store.delete(CONNECTION) == connection
    assert store.delete(CONNECTION) is None
    assert store.read(CONNECTION) is None


def test_a_caller_sees_its_own_connections_only(store: ConnectionStore) -> None:
    mine, others = put(store), put(store, OTHER_CONNECTION)
    second = put(store, replace(CONNECTION, name="second"))

    assert sorted(store.owned_by("billing"), key=str) == sorted([mine, second], key=str)
    assert store.owned_by("payroll") == [others]
    assert store.owned_by("nobody") == []


def test_a_pending_connection_is_listed_too(store: ConnectionStore) -> None:
    store.put_pending(CONNECTION, pending())

    assert [found.key for found in store.owned_by("billing")] == [CONNECTION]


def test_every_connection_is_found(store: ConnectionStore) -> None:
    connections = [put(store, replace(CONNECTION, name=f"user-{number}")) for number in range(7)]

    assert sorted(store.all(), key=str) == sorted(connections, key=str)
