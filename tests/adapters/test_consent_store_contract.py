"""The contract of `ports.ConsentSessionStore`, on the fake and on DynamoDB."""

from dataclasses import replace
from typing import Any

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.consent_samples import OTHER, SESSION, TICKET
from tests.adapters.races import at_once
from tests.adapters.stores import Untrusted, dynamodb_cipher, dynamodb_consents
from tests.fakes.clock import START
from tests.fakes.consent_store import InMemoryConsentSessionStore

from tokenvend.domain.consent import BrowserFlow, ConsentSession
from tokenvend.domain.secret import Secret
from tokenvend.domain.tenant_binding import TenantBinding
from tokenvend.domain.untrusted import Distrust
from tokenvend.ports import ConsentSessionStore

THERE = TenantBinding({"domain": "acme.shops.example"}, "acme.shops.example")
FLOW = BrowserFlow(browser_sha256="0" * 64, code_verifier=Secret("v" * 43))


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest) -> ConsentSessionStore:
    if request.param == "fake":
        return InMemoryConsentSessionStore()
    aws, tables = request.getfixturevalue("aws"), request.getfixturevalue("tables")
    return dynamodb_consents(aws, tables)


@pytest.mark.parametrize(
    "session",
    [SESSION, replace(SESSION, flow=FLOW), replace(SESSION, tenant=THERE)],
    ids=["link", "state", "at a host of its own"],
)
def test_a_session_comes_back_as_it_was_put(
    store: ConsentSessionStore, session: ConsentSession
) -> None:
    store.put(TICKET, session)

    assert store.read(TICKET) == session
    assert store.take(TICKET) == session


def test_a_ticket_that_is_used_up_is_for_nothing(store: ConsentSessionStore) -> None:
    store.put(TICKET, SESSION)
    store.put(OTHER, SESSION)
    store.take(TICKET)

    assert store.read(TICKET) is None
    assert store.take(TICKET) is None
    assert store.read(OTHER) == SESSION


def test_an_unknown_ticket_is_for_nothing_and_leaves_nothing(store: ConsentSessionStore) -> None:
    assert store.read(TICKET) is None
    assert store.take(TICKET) is None

    store.put(TICKET, SESSION)

    assert store.take(TICKET) == SESSION


def test_of_many_who_use_a_ticket_one_gets_the_session(store: ConsentSessionStore) -> None:
    store.put(TICKET, SESSION)

    got = at_once([lambda: store.take(TICKET)] * 8)

    assert sorted(got, key=bool) == [None] * 7 + [SESSION]


def item_of(tables: Tables) -> dict[str, Any]:
    return tables.token_item(f"consent#{TICKET.sha256}")


def test_nothing_of_a_session_stands_outside_the_ciphertext(aws: Aws, tables: Tables) -> None:
    dynamodb_consents(aws, tables).put(TICKET, replace(SESSION, flow=FLOW))

    item = item_of(tables)

    assert item.keys() == {"pk", "session", "wrapped_key", "ttl"}
    shown = str(item)
    for word in (TICKET.reveal(), "shop", "ada", "jobs_read", "v" * 43):
        assert word not in shown


def test_a_session_moved_to_another_ticket_is_absent_and_counted(aws: Aws, tables: Tables) -> None:
    untrusted = Untrusted()
    store = dynamodb_consents(aws, tables, untrusted=untrusted)
    store.put(TICKET, SESSION)
    tables.put_token_item({**item_of(tables), "pk": {"S": f"consent#{OTHER.sha256}"}})

    assert store.read(OTHER) is None
    assert store.take(OTHER) is None
    assert {reason for _, reason in untrusted.seen} == {Distrust.NOT_AUTHENTIC}


def test_a_session_of_another_deployment_is_absent(aws: Aws, tables: Tables) -> None:
    dynamodb_consents(aws, tables).put(TICKET, SESSION)
    elsewhere = dynamodb_cipher(aws, tables, deployment="another")

    assert dynamodb_consents(aws, tables, cipher=elsewhere).read(TICKET) is None


def test_a_write_that_was_repeated_after_it_succeeded_is_ours(aws: Aws, tables: Tables) -> None:
    """As botocore repeats a call whose answer got lost: the second try finds its own mark."""
    store = dynamodb_consents(aws, tables)
    store.put(TICKET, SESSION)
    first = aws.dynamodb.update_item

    class Repeating:
        def __getattr__(self, name: str) -> object:
            return getattr(aws.dynamodb, name)

        def update_item(self, **request: object) -> object:
            first(**request)  # type: ignore[arg-type]
            return first(**request)  # type: ignore[arg-type]

    repeating = dynamodb_consents(aws, tables, client=Repeating())  # type: ignore[arg-type]

    assert repeating.take(TICKET) == SESSION


def test_a_session_is_deleted_only_after_it_ended(aws: Aws, tables: Tables) -> None:
    dynamodb_consents(aws, tables).put(TICKET, SESSION)

    assert float(item_of(tables)["ttl"]["N"]) >= SESSION.expires_at.timestamp()


def test_a_session_just_put_is_read_whichever_replica_answers(aws: Aws, tables: Tables) -> None:
    client, asked = aws.client("dynamodb"), []
    client.meta.events.register(
        "provide-client-params.dynamodb.GetItem", lambda params, **_: asked.append(params)
    )

    dynamodb_consents(aws, tables, client=client).read(TICKET)

    assert [each["ConsistentRead"] for each in asked] == [True]


@pytest.mark.parametrize(
    ("lost", "reason"),
    [("session", Distrust.UNKNOWN_SCHEMA), ("wrapped_key", Distrust.NOT_AUTHENTIC)],
)
def test_a_session_without_its_ciphertext_or_key_is_absent_and_counted(
    aws: Aws, tables: Tables, lost: str, reason: Distrust
) -> None:
    untrusted = Untrusted()
    store = dynamodb_consents(aws, tables, untrusted=untrusted)
    store.put(TICKET, SESSION)
    item = item_of(tables)
    del item[lost]
    tables.put_token_item(item)

    assert store.read(TICKET) is None
    assert untrusted.seen == [(f"consent#{TICKET.sha256}", reason)]


def test_a_sealed_document_that_is_no_session_is_absent_and_counted(
    aws: Aws, tables: Tables
) -> None:
    untrusted, pk = Untrusted(), f"consent#{TICKET.sha256}"
    cipher = dynamodb_cipher(aws, tables)
    store = dynamodb_consents(aws, tables, cipher=cipher, untrusted=untrusted)
    store.put(TICKET, SESSION)
    sealed = cipher.seal(pk, b"{}", now=START)
    blobs = {"session": {"B": sealed.ciphertext}, "wrapped_key": {"B": sealed.wrapped_key}}
    tables.put_token_item(item_of(tables) | blobs)

    assert store.take(TICKET) is None
    assert untrusted.seen == [(pk, Distrust.MALFORMED)]
