"""A stored connection is found whole, by its own key and its own caller, until it is deleted."""

from dataclasses import replace

from tests.adapters.connection_samples import (
    CONNECTION,
    OTHER_CONNECTION,
    active,
    consent,
    journal_entry,
    pending,
    put,
    successor,
)
from tests.adapters.connection_store.conftest import NewEnvironment

from tokenvend.domain.tenant_binding import TenantBinding
from tokenvend.ports import ConnectionStore


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
    entry = journal_entry(connection)
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
