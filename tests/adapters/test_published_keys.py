"""Which keys are published: one item of the registry, and nothing where it cannot be read."""

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.faults import answer_with

from tokenvend.adapters.dynamodb.documents import MalformedDocumentError
from tokenvend.adapters.dynamodb.published_keys import (
    DynamoDbPublishedKeys,
    build_published_keys,
    parse_published_keys,
)
from tokenvend.adapters.dynamodb.registry_items import JWKS_KEY
from tokenvend.domain.signing import PublishedKey, SigningAlgorithm
from tokenvend.ports import StoreAwayError

ONE = PublishedKey("arn:aws:kms:eu-central-1:111122223333:key/one", SigningAlgorithm.ES256)
TWO = PublishedKey("arn:aws:kms:eu-central-1:111122223333:key/two", SigningAlgorithm.PS256)


def test_keys_are_read_as_they_were_published(aws: Aws, tables: Tables) -> None:
    published = DynamoDbPublishedKeys(aws.dynamodb, table=tables.registry)
    assert published.read() == ()

    tables.put_registry_item(build_published_keys([TWO, ONE, TWO]).to_item())

    assert published.read() == (ONE, TWO)


def test_the_item_stands_under_a_key_that_no_name_can_have() -> None:
    item = build_published_keys([ONE])

    assert (item.pk, item.sk) == JWKS_KEY
    assert item.document == {"keys": [{"arn": ONE.arn, "algorithm": "ES256"}]}


def test_a_registry_that_does_not_answer_is_away(aws: Aws, tables: Tables) -> None:
    client = aws.client("dynamodb")
    answer_with(client, "GetItem", status=500, code="InternalServerError")

    with pytest.raises(StoreAwayError) as caught:
        DynamoDbPublishedKeys(client, table=tables.registry).read()

    assert str(caught.value) == "dynamodb:GetItem failed with InternalServerError"


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"keys": None},
        {"keys": "all"},
        {"keys": ["arn"]},
        {"keys": [{"arn": "a"}]},
        {"keys": [{"algorithm": "ES256"}]},
        {"keys": [{"arn": 7, "algorithm": "ES256"}]},
    ],
)
def test_an_item_of_another_form_publishes_nothing(document: dict[str, object]) -> None:
    with pytest.raises(MalformedDocumentError) as caught:
        parse_published_keys(document)

    if not isinstance(document.get("keys"), list):
        assert str(caught.value) == str(MalformedDocumentError("keys", "a list of objects"))


def test_an_algorithm_that_nobody_knows_publishes_nothing() -> None:
    with pytest.raises(ValueError, match="HS256"):
        parse_published_keys({"keys": [{"arn": "a", "algorithm": "HS256"}]})
