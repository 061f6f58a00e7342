"""A failed call's error has the call's name, as a policy would write it, and AWS's code."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.connection_samples import CONNECTION, active, journal_entry, pending
from tests.adapters.connection_samples import successor as next_of
from tests.adapters.consent_samples import SESSION, TICKET
from tests.adapters.faults import answer_with
from tests.adapters.samples import KEY, SPEC, TOKEN, new_lease
from tests.adapters.stores import (
    Untrusted,
    dynamodb_connections,
    dynamodb_consents,
    dynamodb_reader,
    dynamodb_store,
)
from tests.fakes.clock import START

from tokenvend.adapters.dynamodb.connection_store import DynamoDbConnectionStore
from tokenvend.adapters.dynamodb.consent_store import DynamoDbConsentSessionStore
from tokenvend.adapters.dynamodb.credential_reader import DynamoDbCredentialReader
from tokenvend.adapters.dynamodb.credential_states import DynamoDbCredentialStates
from tokenvend.adapters.dynamodb.token_items import token_pk
from tokenvend.adapters.dynamodb.token_store import DynamoDbTokenStore
from tokenvend.adapters.dynamodb.vend_reader import DynamoDbVendReader
from tokenvend.domain.connection import Connection
from tokenvend.domain.credential_state import ObservedExchange, ScheduledReader
from tokenvend.domain.renewal import slot_of
from tokenvend.domain.token import AccessToken, LifetimeSource, SecretStage
from tokenvend.ports import Lookup, StoreAwayError, StoreThrottledError

ACTIVE = active()
JOURNAL = journal_entry(ACTIVE)
OBSERVED = ObservedExchange(
    lifetime_seconds=1770,
    lifetime_source=LifetimeSource.EXPIRES_IN,
    secret_stage=SecretStage.CURRENT,
)


@dataclass
class Stores:
    """Every store of an environment whose calls fail."""

    tokens: DynamoDbTokenStore
    connections: DynamoDbConnectionStore
    sessions: DynamoDbConsentSessionStore
    states: DynamoDbCredentialStates
    reader: DynamoDbVendReader
    credentials: DynamoDbCredentialReader


def stores(aws: Aws, tables: Tables, operation: str, *, status: int, code: str) -> Stores:
    client = aws.client("dynamodb")
    answer_with(client, operation, status=status, code=code)
    return Stores(
        tokens=dynamodb_store(aws, tables, client=client),
        connections=dynamodb_connections(aws, tables, client=client),
        sessions=dynamodb_consents(aws, tables, client=client),
        states=DynamoDbCredentialStates(client, table=tables.tokens),
        reader=dynamodb_reader(aws, tables, client=client),
        credentials=DynamoDbCredentialReader(
            client,
            registry_table=tables.registry,
            tokens_table=tables.tokens,
            on_untrusted=Untrusted(),
        ),
    )


CALLS: list[tuple[str, Callable[[Stores], object]]] = [
    ("GetItem", lambda to: to.tokens.read(KEY)),
    ("UpdateItem", lambda to: to.tokens.acquire_lease(KEY, new_lease(), instead_of=None)),
    ("UpdateItem", lambda to: to.tokens.put_token(KEY, TOKEN, spec=SPEC, lease=new_lease())),
    ("UpdateItem", lambda to: to.tokens.release_lease(KEY, lease=new_lease(), failure=None)),
    ("UpdateItem", lambda to: to.tokens.schedule_renewal(KEY, TOKEN, None)),
    ("UpdateItem", lambda to: to.tokens.reject(KEY, TOKEN)),
    ("Query", lambda to: list(to.tokens.due(slot_of(KEY, START)))),
    ("GetItem", lambda to: to.connections.read(CONNECTION)),
    ("UpdateItem", lambda to: to.connections.put_pending(CONNECTION, pending())),
    ("UpdateItem", lambda to: to.connections.put_consent(None, ACTIVE)),
    ("UpdateItem", lambda to: to.connections.begin_redemption(ACTIVE, JOURNAL)),
    ("UpdateItem", lambda to: to.connections.finish_redemption(ACTIVE, next_of())),
    ("UpdateItem", lambda to: to.connections.release_redemption(ACTIVE, JOURNAL, retry_at=START)),
    ("UpdateItem", lambda to: to.connections.mark_lost(ACTIVE, JOURNAL)),
    ("DeleteItem", lambda to: to.connections.delete(CONNECTION)),
    (
        "DeleteItem",
        lambda to: to.connections.drop_pending(Connection(key=CONNECTION, pending=pending())),
    ),
    ("Query", lambda to: to.connections.owned_by("billing")),
    ("Scan", lambda to: list(to.connections.all())),
    ("PutItem", lambda to: to.sessions.put(TICKET, SESSION)),
    ("GetItem", lambda to: to.sessions.read(TICKET)),
    (
        "UpdateItem",
        lambda to: to.states.replace_failure("jobs", "acme", before=None, after=None),
    ),
    ("UpdateItem", lambda to: to.states.record_observed("jobs", None, OBSERVED)),
    (
        "UpdateItem",
        lambda to: to.states.mark_ready("jobs", None, ScheduledReader.RENEWAL, is_ready=True),
    ),
    ("PutItem", lambda to: to.states.start_secret_generation("jobs", None, "v1")),
    ("BatchGetItem", lambda to: to.reader.read(Lookup(identity="alias:a", credential="jobs"))),
    ("BatchGetItem", lambda to: to.credentials.read("jobs", None)),
]


@pytest.mark.parametrize(("operation", "call"), CALLS)
def test_a_table_that_fails_is_away_and_the_call_is_named(
    aws: Aws, tables: Tables, operation: str, call: Callable[[Stores], object]
) -> None:
    failing = stores(aws, tables, operation, status=500, code="InternalServerError")

    with pytest.raises(StoreAwayError) as caught:
        call(failing)

    assert str(caught.value) == f"dynamodb:{operation} failed with InternalServerError"
    assert not isinstance(caught.value, StoreThrottledError)


def test_a_report_that_a_busy_table_did_not_take_is_told(aws: Aws, tables: Tables) -> None:
    busy = stores(
        aws, tables, "UpdateItem", status=400, code="ProvisionedThroughputExceededException"
    )

    with pytest.raises(StoreThrottledError) as caught:
        busy.tokens.reject(KEY, TOKEN)

    assert str(caught.value) == "dynamodb:UpdateItem was throttled"


def later(token: AccessToken) -> AccessToken:
    return replace(token, expires_at=token.expires_at + timedelta(hours=1))


def test_a_late_report_does_not_touch_the_token_that_came_after(aws: Aws, tables: Tables) -> None:
    store = dynamodb_store(aws, tables)
    for token in (TOKEN, later(TOKEN)):
        lease = new_lease()
        assert store.acquire_lease(KEY, lease, instead_of=None) is not None
        assert store.put_token(KEY, token, spec=SPEC, lease=lease)

    store.reject(KEY, TOKEN)
    spared = store.read(KEY)
    store.reject(KEY, later(TOKEN))

    assert not spared.is_rejected
    assert store.read(KEY).is_rejected


def test_a_late_report_takes_no_rejection_back(aws: Aws, tables: Tables) -> None:
    store, lease = dynamodb_store(aws, tables), new_lease()
    store.acquire_lease(KEY, lease, instead_of=None)
    store.put_token(KEY, later(TOKEN), spec=SPEC, lease=lease)
    store.reject(KEY, later(TOKEN))

    store.reject(KEY, TOKEN)

    assert store.read(KEY).is_rejected


def test_a_report_of_a_token_that_is_gone_leaves_nothing(aws: Aws, tables: Tables) -> None:
    with suppress(StoreThrottledError):
        dynamodb_store(aws, tables).reject(KEY, TOKEN)

    assert tables.token_item(token_pk(KEY)) == {}
