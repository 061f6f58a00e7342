"""Items that somebody altered, moved or put back: absent, and counted."""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.samples import FAILURE, KEY, OTHER_KEY, SPEC, TOKEN, new_lease
from tests.adapters.stores import (
    Untrusted,
    dynamodb_cipher,
    dynamodb_reader,
    dynamodb_store,
)
from tests.fakes.clock import START

from tokenvend.adapters.dynamodb.token_items import token_pk
from tokenvend.adapters.encryption import Sealed
from tokenvend.domain.untrusted import Distrust
from tokenvend.ports import EMPTY_ITEM, Lookup, TokenItem

type Alteration = Callable[[dict[str, Any]], None]

PK = token_pk(KEY)
SPEC_DOCUMENT = asdict(SPEC) | {"scopes": sorted(SPEC.scopes)}
LATER = {"N": str(int((START + timedelta(days=1)).timestamp()))}


def moved(item: dict[str, Any]) -> None:
    item["pk"] = {"S": token_pk(OTHER_KEY)}


def altered_byte(item: dict[str, Any]) -> None:
    ciphertext = bytearray(item["token"]["B"])
    ciphertext[40] ^= 1
    item["token"] = {"B": bytes(ciphertext)}


def emptied(item: dict[str, Any]) -> None:
    item["token"] = {"B": b"\x01"}


def other_wrapped_key(item: dict[str, Any]) -> None:
    item["wrapped_key"] = {"B": b"nonsense"}


def newer_schema(item: dict[str, Any]) -> None:
    item["token"] = {"B": b"\x02" + item["token"]["B"][1:]}


def new_ttl(item: dict[str, Any]) -> None:
    item["ttl"] = LATER


def new_token_ttl(item: dict[str, Any]) -> None:
    item["ttl"] = item["token_ttl"] = LATER


def new_ttl_under_a_lease(item: dict[str, Any]) -> None:
    item["lease_id"] = {"S": "0" * 32}
    item["ttl"] = item["token_ttl"] = LATER


def no_ttl(item: dict[str, Any]) -> None:
    del item["ttl"], item["token_ttl"]


ALTERATIONS = [
    pytest.param(moved, Distrust.NOT_AUTHENTIC, id="moved to another key"),
    pytest.param(altered_byte, Distrust.NOT_AUTHENTIC, id="a byte altered"),
    pytest.param(emptied, Distrust.NOT_AUTHENTIC, id="emptied"),
    pytest.param(other_wrapped_key, Distrust.NOT_AUTHENTIC, id="another wrapped key"),
    pytest.param(newer_schema, Distrust.UNKNOWN_SCHEMA, id="a schema of the future"),
    pytest.param(new_ttl, Distrust.REPLAYED, id="a new ttl"),
    pytest.param(new_token_ttl, Distrust.REPLAYED, id="both ttls new"),
    pytest.param(new_ttl_under_a_lease, Distrust.REPLAYED, id="new ttls and a lease"),
    pytest.param(no_ttl, Distrust.REPLAYED, id="no ttl"),
]


def stored_item(aws: Aws, tables: Tables) -> dict[str, Any]:
    store, lease = dynamodb_store(aws, tables), new_lease()
    store.acquire_lease(KEY, lease, instead_of=None)
    store.put_token(KEY, TOKEN, spec=SPEC, lease=lease)
    return tables.token_item(PK)


@pytest.mark.parametrize(("alter", "reason"), ALTERATIONS)
def test_the_store_takes_it_for_absent_and_counts_it(
    aws: Aws, tables: Tables, alter: Alteration, reason: Distrust
) -> None:
    item = stored_item(aws, tables)
    alter(item)
    tables.put_token_item(item)
    untrusted = Untrusted()
    pk = item["pk"]["S"]

    found = dynamodb_store(aws, tables, untrusted=untrusted).read(pk.removeprefix("token#"))

    assert found.token is None
    assert untrusted.seen == [(pk, reason)]


@pytest.mark.parametrize(("alter", "reason"), ALTERATIONS)
def test_the_one_read_takes_it_for_absent_and_counts_it(
    aws: Aws, tables: Tables, alter: Alteration, reason: Distrust
) -> None:
    item = stored_item(aws, tables)
    alter(item)
    tables.put_token_item(item)
    untrusted = Untrusted()
    pk = item["pk"]["S"]
    lookup = Lookup(identity="alias:billing", credential="ats", token_key=pk.removeprefix("token#"))

    found = dynamodb_reader(aws, tables, untrusted=untrusted).read(lookup)

    assert found.item.token is None
    assert untrusted.seen == [(pk, reason)]


def test_an_expired_item_put_back_with_a_new_ttl_is_replaced_by_the_next_exchange(
    aws: Aws, tables: Tables
) -> None:
    item = stored_item(aws, tables)
    new_ttl(item)
    tables.put_token_item(item)
    store, lease = dynamodb_store(aws, tables), new_lease()

    assert store.acquire_lease(KEY, lease, instead_of=None) is not None
    assert store.put_token(KEY, TOKEN, spec=SPEC, lease=lease)
    assert store.read(KEY) == TokenItem(token=TOKEN, spec=SPEC)


@pytest.mark.parametrize(
    "cipher_parts", [{"deployment": "another"}, {"logical_table": "connections"}]
)
def test_an_item_sealed_elsewhere_is_absent_and_counted(
    aws: Aws, tables: Tables, cipher_parts: dict[str, str]
) -> None:
    elsewhere = dynamodb_cipher(aws, tables, **cipher_parts)  # type: ignore[arg-type]
    store, lease = dynamodb_store(aws, tables, cipher=elsewhere), new_lease()
    store.acquire_lease(KEY, lease, instead_of=None)
    store.put_token(KEY, TOKEN, spec=SPEC, lease=lease)
    untrusted = Untrusted()

    assert dynamodb_store(aws, tables, untrusted=untrusted).read(KEY) == EMPTY_ITEM
    assert untrusted.seen == [(PK, Distrust.NOT_AUTHENTIC)]


def test_an_untouched_item_is_not_counted(aws: Aws, tables: Tables) -> None:
    stored_item(aws, tables)
    untrusted = Untrusted()

    assert dynamodb_store(aws, tables, untrusted=untrusted).read(KEY) == TokenItem(
        token=TOKEN, spec=SPEC
    )
    assert untrusted.seen == []


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"secret_generation": 7}, id="an epoch that is a number"),
        pytest.param({"expires_at": True}, id="an expiry that is a truth value"),
        pytest.param({"requested_at": "1"}, id="an instant that is a text"),
        pytest.param({"forced": "false"}, id="a flag that is a text"),
        pytest.param({"scopes": "jobs_read"}, id="scopes that are one text"),
        pytest.param({"spec": SPEC_DOCUMENT | {"tenant": 7}}, id="a tenant that is a number"),
        pytest.param({"spec": SPEC_DOCUMENT | {"credential": None}}, id="no credential"),
        pytest.param({"spec": SPEC_DOCUMENT | {"more": "x"}}, id="a field of another version"),
    ],
)
def test_an_authentic_token_of_another_kind_is_absent_and_counted(
    aws: Aws, tables: Tables, wrong: dict[str, Any]
) -> None:
    item, cipher = stored_item(aws, tables), dynamodb_cipher(aws, tables)
    opened = cipher.open(PK, Sealed(item["token"]["B"], item["wrapped_key"]["B"]))
    sealed = cipher.seal(PK, json.dumps(json.loads(opened) | wrong).encode(), now=START)
    changed = {"token": {"B": sealed.ciphertext}, "wrapped_key": {"B": sealed.wrapped_key}}
    tables.put_token_item(item | changed)
    untrusted = Untrusted()

    found = dynamodb_store(aws, tables, untrusted=untrusted).read(KEY)

    assert found == EMPTY_ITEM
    assert untrusted.seen == [(PK, Distrust.MALFORMED)]


@pytest.mark.parametrize(
    "failure",
    [
        *("", "no JSON", "[]", '{"count": 1}', '{"count": "1", "retry_at": 1}'),
        '{"retry_at": 1e400}',
        '{"count": 1, "retry_at": true, "secret_generation": ""}',
        '{"count": 1, "retry_at": 1, "secret_generation": 7}',
    ],
)
def test_a_malformed_failure_is_absent_and_counted(aws: Aws, tables: Tables, failure: str) -> None:
    tables.put_token_item(stored_item(aws, tables) | {"failure": {"S": failure}})
    untrusted = Untrusted()

    found = dynamodb_store(aws, tables, untrusted=untrusted).read(KEY)

    assert found == TokenItem(token=TOKEN, spec=SPEC)
    assert untrusted.seen == [(PK, Distrust.MALFORMED)]


def test_a_malformed_lease_can_be_taken_over_at_once(aws: Aws, tables: Tables) -> None:
    tables.put_token_item(
        stored_item(aws, tables)
        | {
            "lease_id": {"S": "somebody"},
            "lease_done_at": {"N": "1e60"},
            "lease_deadline_at": {"N": "1e60"},
        }
    )
    store, lease = dynamodb_store(aws, tables), new_lease()

    watched = store.read(KEY).lease

    assert watched is not None
    assert watched.deadline_at < START
    assert store.acquire_lease(KEY, lease, instead_of=watched) == TokenItem(
        token=TOKEN, lease=lease, spec=SPEC
    )


def test_a_lease_and_a_failure_survive_a_token_that_does_not(aws: Aws, tables: Tables) -> None:
    store, lease = dynamodb_store(aws, tables), new_lease()
    stored_item(aws, tables)
    store.acquire_lease(KEY, lease, instead_of=None)
    store.release_lease(KEY, lease=lease, failure=FAILURE)
    item = tables.token_item(PK)
    altered_byte(item)
    tables.put_token_item(item)

    assert store.read(KEY) == TokenItem(failure=FAILURE)
