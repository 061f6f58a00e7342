"""What a scheduled run cannot read of a credential is counted, under the item's key."""

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.registry_samples import DEFINITION
from tests.adapters.stores import Untrusted

from tokenvend.adapters.dynamodb.credential_items import credential_state_pk
from tokenvend.adapters.dynamodb.credential_reader import DynamoDbCredentialReader
from tokenvend.adapters.dynamodb.definition_items import build_definition
from tokenvend.adapters.dynamodb.registry_items import credential_pk
from tokenvend.domain.untrusted import Distrust


@pytest.fixture
def untrusted() -> Untrusted:
    return Untrusted()


@pytest.fixture
def reader(aws: Aws, tables: Tables, untrusted: Untrusted) -> DynamoDbCredentialReader:
    return DynamoDbCredentialReader(
        aws.dynamodb,
        registry_table=tables.registry,
        tokens_table=tables.tokens,
        on_untrusted=untrusted,
    )


def test_a_definition_that_makes_no_sense_is_absent_and_counted(
    reader: DynamoDbCredentialReader, tables: Tables, untrusted: Untrusted
) -> None:
    item = build_definition(DEFINITION)
    del item.document["provider"]
    tables.put_registry_item(item.to_item())

    assert reader.read(DEFINITION.name, None).definition is None
    assert untrusted.seen == [(credential_pk(DEFINITION.name), Distrust.MALFORMED)]


@pytest.mark.parametrize("attribute", ["failure", "observed", "outage"])
def test_a_state_that_makes_no_sense_is_absent_and_counted(
    reader: DynamoDbCredentialReader, tables: Tables, untrusted: Untrusted, attribute: str
) -> None:
    pk = credential_state_pk(DEFINITION.name, "acme")
    tables.put_token_item({"pk": {"S": pk}, attribute: {"S": "{"}})

    state = reader.read(DEFINITION.name, "acme").state

    assert getattr(state, attribute) is None
    assert untrusted.seen == [(pk, Distrust.MALFORMED)]
