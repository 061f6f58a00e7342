"""What only the real reader has: one call, its bounds, and items that cannot be trusted."""

from typing import Any

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.faults import Calls, answer_with
from tests.adapters.registry_samples import CALLER, DEFINITION, GRANT, IDENTITY
from tests.adapters.samples import KEY
from tests.adapters.stores import Untrusted, dynamodb_reader

from tokenvend.adapters.aws_errors import AwsRefusedError
from tokenvend.adapters.dynamodb.definition_items import build_definition
from tokenvend.adapters.dynamodb.registry_items import (
    BLOCKED,
    SECRET,
    RegistryItem,
    build_caller,
    build_grant,
)
from tokenvend.domain.registry import RegistryView
from tokenvend.domain.untrusted import Distrust
from tokenvend.ports import Lookup, StoreAwayError, StoreThrottledError

LOOKUP = Lookup(identity=IDENTITY, credential="ats", token_key=KEY)
BUILT = (build_caller(IDENTITY, CALLER), build_grant(IDENTITY, GRANT), build_definition(DEFINITION))


def leave_out(client: Any, *, times: int) -> None:
    """Let DynamoDB answer nothing and name every key as unprocessed, *times* times."""
    left = [times]

    def answer(http_response: Any, parsed: dict[str, Any], **_: object) -> None:
        del http_response
        if left[0] > 0:
            left[0] -= 1
            parsed["UnprocessedKeys"] = asked[-1]
            parsed["Responses"] = {}

    asked: list[Any] = []
    events = client.meta.events
    events.register(
        "provide-client-params.dynamodb.BatchGetItem",
        lambda params, **_: asked.append(params["RequestItems"]),
    )
    events.register("after-call.dynamodb.BatchGetItem", answer)


def test_one_request_is_one_call(aws: Aws, tables: Tables) -> None:
    client = aws.client("dynamodb")
    calls = Calls(client)

    dynamodb_reader(aws, tables, client=client).read(LOOKUP)

    assert calls.operations == ["BatchGetItem"]


@pytest.mark.parametrize(
    ("identity", "registry_items"), [(IDENTITY, 6), ("alias:billing", 5)], ids=["client", "alias"]
)
def test_only_an_oauth_clients_secrets_are_read(
    aws: Aws, tables: Tables, identity: str, registry_items: int
) -> None:
    client = aws.client("dynamodb")
    asked: list[dict[str, Any]] = []
    client.meta.events.register(
        "provide-client-params.dynamodb.BatchGetItem",
        lambda params, **_: asked.append(params["RequestItems"]),
    )

    dynamodb_reader(aws, tables, client=client).read(Lookup(identity=identity, credential="ats"))

    assert len(asked[0][tables.registry]["Keys"]) == registry_items
    assert len(asked[0][tables.tokens]["Keys"]) == 1


def test_keys_that_were_left_out_are_asked_for_once_more(aws: Aws, tables: Tables) -> None:
    for item in BUILT:
        tables.put_registry_item(item.to_item())
    client = aws.client("dynamodb")
    leave_out(client, times=1)

    view = dynamodb_reader(aws, tables, client=client).read(LOOKUP).view

    assert view == RegistryView(caller=CALLER, grant=GRANT, definition=DEFINITION)


def test_a_part_of_the_answer_decides_nothing(aws: Aws, tables: Tables) -> None:
    client = aws.client("dynamodb")
    leave_out(client, times=2)
    calls = Calls(client)

    with pytest.raises(StoreThrottledError):
        dynamodb_reader(aws, tables, client=client).read(LOOKUP)

    assert calls.of("BatchGetItem") == 2


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "ProvisionedThroughputExceededException", StoreThrottledError),
        (400, "ThrottlingException", StoreThrottledError),
        (400, "RequestLimitExceeded", StoreThrottledError),
        (500, "InternalServerError", StoreAwayError),
        (503, "ServiceUnavailable", StoreAwayError),
        (400, "AccessDeniedException", AwsRefusedError),
        (400, "ResourceNotFoundException", AwsRefusedError),
    ],
)
def test_each_answer_of_aws_is_told_apart(
    aws: Aws, tables: Tables, status: int, code: str, expected: type[Exception]
) -> None:
    client = aws.client("dynamodb")
    answer_with(client, "BatchGetItem", status=status, code=code)

    with pytest.raises(Exception, match=r"BatchGetItem") as caught:
        dynamodb_reader(aws, tables, client=client).read(LOOKUP)

    assert type(caught.value) is expected


def test_tables_that_nobody_reaches_are_away(aws: Aws, tables: Tables) -> None:
    client = aws.client("dynamodb", endpoint_url="http://127.0.0.1:9")

    with pytest.raises(StoreAwayError):
        dynamodb_reader(aws, tables, client=client).read(LOOKUP)


@pytest.mark.parametrize("spoilt", BUILT, ids=["caller", "grant", "definition"])
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        pytest.param({"document": {"S": "{"}}, Distrust.MALFORMED, id="broken JSON"),
        pytest.param({"document": {"S": "{}"}}, Distrust.MALFORMED, id="fields missing"),
        pytest.param({"schema": {"N": "2"}}, Distrust.UNKNOWN_SCHEMA, id="a later schema"),
    ],
)
def test_an_item_that_cannot_be_read_is_absent_and_counted(
    aws: Aws, tables: Tables, spoilt: RegistryItem, change: dict[str, Any], reason: Distrust
) -> None:
    for item in BUILT:
        changed = change if item is spoilt else {}
        tables.put_registry_item(item.to_item() | changed)
    untrusted = Untrusted()

    view = dynamodb_reader(aws, tables, untrusted=untrusted).read(LOOKUP).view

    assert [view.caller, view.grant, view.definition] == [
        None if item is spoilt else value
        for item, value in zip(BUILT, (CALLER, GRANT, DEFINITION), strict=True)
    ]
    assert untrusted.seen == [(spoilt.pk, reason)]


def test_malformed_secrets_of_a_client_are_no_secrets(aws: Aws, tables: Tables) -> None:
    tables.put_registry_item(RegistryItem(IDENTITY, SECRET, {"secrets": "all"}).to_item())
    untrusted = Untrusted()

    view = dynamodb_reader(aws, tables, untrusted=untrusted).read(LOOKUP).view

    assert view.client_secret_hashes == ()
    assert untrusted.seen == [(IDENTITY, Distrust.MALFORMED)]


def test_a_block_counts_whatever_it_says(aws: Aws, tables: Tables) -> None:
    tables.put_registry_item({"pk": {"S": IDENTITY}, "sk": {"S": BLOCKED}})

    assert dynamodb_reader(aws, tables).read(LOOKUP).view.caller_blocked
