"""What only the real token store has: DynamoDB's errors, its retries and its TTL."""

import traceback
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.adapters.aws import Aws, Tables
from tests.adapters.faults import Calls, answer_with, repeat_after_success
from tests.adapters.samples import (
    FAILURE,
    KEY,
    SPEC,
    TOKEN,
    failures,
    leases,
    new_lease,
    specs,
    tokens,
)
from tests.adapters.stores import dynamodb_store

from tokenvend.adapters.aws_errors import AwsRefusedError
from tokenvend.adapters.dynamodb.token_items import token_pk
from tokenvend.adapters.dynamodb.token_store import DynamoDbTokenStore
from tokenvend.domain import bounds
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.failure import Failure
from tokenvend.domain.lease import Lease
from tokenvend.domain.token import AccessToken
from tokenvend.ports import StoreAwayError, StoreThrottledError, TokenItem

THROTTLED = "ProvisionedThroughputExceededException"


def test_a_winner_whose_write_was_repeated_by_botocore_has_won(aws: Aws, tables: Tables) -> None:
    client = aws.client("dynamodb")
    repeat_after_success(client, "UpdateItem")
    lease = new_lease()

    item = dynamodb_store(aws, tables, client=client).acquire_lease(KEY, lease, instead_of=None)

    assert item == TokenItem(lease=lease)


def test_a_put_that_was_repeated_by_botocore_is_kept(aws: Aws, tables: Tables) -> None:
    lease = new_lease()
    dynamodb_store(aws, tables).acquire_lease(KEY, lease, instead_of=None)
    client = aws.client("dynamodb")
    repeat_after_success(client, "UpdateItem")

    assert dynamodb_store(aws, tables, client=client).put_token(KEY, TOKEN, spec=SPEC, lease=lease)


def test_a_throttled_acquisition_is_lost(aws: Aws, tables: Tables) -> None:
    client = aws.client("dynamodb")
    answer_with(client, "UpdateItem", status=400, code=THROTTLED)
    store = dynamodb_store(aws, tables, client=client)

    assert store.acquire_lease(KEY, new_lease(), instead_of=None) is None


def test_a_throttled_put_is_lost(aws: Aws, tables: Tables) -> None:
    lease = new_lease()
    dynamodb_store(aws, tables).acquire_lease(KEY, lease, instead_of=None)
    client = aws.client("dynamodb")
    answer_with(client, "UpdateItem", status=400, code=THROTTLED)

    assert not dynamodb_store(aws, tables, client=client).put_token(
        KEY, TOKEN, spec=SPEC, lease=lease
    )


def test_a_throttled_read_says_that_the_table_is_there(aws: Aws, tables: Tables) -> None:
    client = aws.client("dynamodb")
    answer_with(client, "GetItem", status=400, code=THROTTLED)

    with pytest.raises(StoreThrottledError):
        dynamodb_store(aws, tables, client=client).read(KEY)


CALLS: list[tuple[str, Callable[[DynamoDbTokenStore], object]]] = [
    ("GetItem", lambda store: store.read(KEY)),
    ("UpdateItem", lambda store: store.acquire_lease(KEY, new_lease(), instead_of=None)),
    ("UpdateItem", lambda store: store.put_token(KEY, TOKEN, spec=SPEC, lease=new_lease())),
    ("UpdateItem", lambda store: store.release_lease(KEY, lease=new_lease(), failure=None)),
]
each_call = pytest.mark.parametrize(
    ("operation", "call"), CALLS, ids=["read", "acquire_lease", "put_token", "release_lease"]
)


@each_call
def test_a_broken_table_is_away(
    aws: Aws, tables: Tables, operation: str, call: Callable[[DynamoDbTokenStore], object]
) -> None:
    client = aws.client("dynamodb")
    answer_with(client, operation, status=500, code="InternalServerError")

    with pytest.raises(StoreAwayError) as caught:
        call(dynamodb_store(aws, tables, client=client))

    assert not isinstance(caught.value, StoreThrottledError)


@each_call
def test_a_table_that_nobody_reaches_is_away(
    aws: Aws, tables: Tables, operation: str, call: Callable[[DynamoDbTokenStore], object]
) -> None:
    del operation
    client = aws.client("dynamodb", endpoint_url="http://127.0.0.1:9")

    with pytest.raises(StoreAwayError):
        call(dynamodb_store(aws, tables, client=client))


@each_call
def test_a_missing_permission_is_no_outage_and_not_quoted(
    aws: Aws, tables: Tables, operation: str, call: Callable[[DynamoDbTokenStore], object]
) -> None:
    client = aws.client("dynamodb")
    answer_with(client, operation, status=400, code="AccessDeniedException", message="tell-tale")

    with pytest.raises(AwsRefusedError, match="AccessDeniedException") as caught:
        call(dynamodb_store(aws, tables, client=client))

    assert "tell-tale" not in "".join(traceback.format_exception(caught.value))


def test_each_step_of_a_vend_is_one_call(aws: Aws, tables: Tables) -> None:
    client = aws.client("dynamodb")
    calls = Calls(client)
    store = dynamodb_store(aws, tables, client=client)
    lease = new_lease()

    store.read(KEY)
    store.acquire_lease(KEY, lease, instead_of=None)
    store.put_token(KEY, TOKEN, spec=SPEC, lease=lease)

    assert calls.operations == ["GetItem", "UpdateItem", "UpdateItem"]


def test_reads_are_strongly_consistent(aws: Aws, tables: Tables) -> None:
    client = aws.client("dynamodb")
    asked: list[bool] = []
    client.meta.events.register(
        "provide-client-params.dynamodb.GetItem",
        lambda params, **_: asked.append(params.get("ConsistentRead", False)),
    )

    dynamodb_store(aws, tables, client=client).read(KEY)

    assert asked == [True]


def ttl_of(tables: Tables) -> int:
    return int(tables.token_item(token_pk(KEY))["ttl"]["N"])


def test_ttl_outlives_the_token(aws: Aws, tables: Tables) -> None:
    store, lease = dynamodb_store(aws, tables), new_lease()
    store.acquire_lease(KEY, lease, instead_of=None)
    store.put_token(KEY, TOKEN, spec=SPEC, lease=lease)

    assert ttl_of(tables) > TOKEN.expires_at.timestamp()


def test_ttl_outlives_a_lease_on_a_token_that_has_long_expired(aws: Aws, tables: Tables) -> None:
    store, lease, later = dynamodb_store(aws, tables), new_lease(), new_lease()
    store.acquire_lease(KEY, lease, instead_of=None)
    store.put_token(KEY, TOKEN, spec=SPEC, lease=lease)
    month = timedelta(days=30)
    later = Lease(
        lease_id=later.lease_id,
        expected_done_at=later.expected_done_at + month,
        deadline_at=later.deadline_at + month,
    )

    store.acquire_lease(KEY, later, instead_of=None)

    assert ttl_of(tables) > later.deadline_at.timestamp()


def test_ttl_outlives_the_longest_token_while_a_lease_is_on_it(aws: Aws, tables: Tables) -> None:
    store, lease = dynamodb_store(aws, tables), new_lease()

    store.acquire_lease(KEY, lease, instead_of=None)

    assert ttl_of(tables) > (lease.deadline_at + bounds.LIFETIME_MAXIMUM).timestamp()


def test_ttl_outlives_a_failure(aws: Aws, tables: Tables) -> None:
    store, lease = dynamodb_store(aws, tables), new_lease()
    store.acquire_lease(KEY, lease, instead_of=None)

    store.release_lease(KEY, lease=lease, failure=FAILURE)

    assert ttl_of(tables) > (FAILURE.retry_at + bounds.BACKOFF_MAXIMUM).timestamp()


def test_ttl_is_the_tokens_own_again_when_its_lease_ends(aws: Aws, tables: Tables) -> None:
    store, lease, unused = dynamodb_store(aws, tables), new_lease(), new_lease()
    store.acquire_lease(KEY, lease, instead_of=None)
    store.put_token(KEY, TOKEN, spec=SPEC, lease=lease)
    before = ttl_of(tables)
    store.acquire_lease(KEY, unused, instead_of=None)

    store.release_lease(KEY, lease=unused, failure=None)

    assert ttl_of(tables) == before
    assert store.read(KEY).token == TOKEN


def test_nothing_of_a_token_can_be_read_in_the_table(aws: Aws, tables: Tables) -> None:
    store, lease = dynamodb_store(aws, tables), new_lease()
    store.acquire_lease(KEY, lease, instead_of=None)
    store.put_token(KEY, TOKEN, spec=SPEC, lease=lease)

    item = tables.token_item(token_pk(KEY))

    assert item.keys() == {"pk", "token", "wrapped_key", "token_ttl", "ttl"}
    assert TOKEN.access_token.reveal().encode() not in item["token"]["B"]
    assert b"jobs_read" not in item["token"]["B"]


@given(token=tokens, spec=specs, lease=leases, failure=st.none() | failures)
@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_whatever_is_stored_comes_back_as_it_was(
    aws: Aws, tables: Tables, *, token: AccessToken, spec: TokenSpec, lease: Lease, failure: Failure
) -> None:
    store, key = dynamodb_store(aws, tables), lease.lease_id
    store.acquire_lease(key, lease, instead_of=None)
    assert store.read(key).lease == lease
    store.put_token(key, token, spec=spec, lease=lease)
    store.acquire_lease(key, lease, instead_of=None)
    store.release_lease(key, lease=lease, failure=failure)

    assert store.read(key) == TokenItem(token=token, failure=failure, spec=spec)
