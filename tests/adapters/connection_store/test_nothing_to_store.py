"""A connection without a consent is refused before anything is written."""

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.connection_samples import CONNECTION, pending, successor
from tests.adapters.stores import dynamodb_connections

from tokenvend.adapters.dynamodb.connection_items import connection_pk
from tokenvend.domain.connection import Connection

PENDING = Connection(key=CONNECTION, pending=pending())


def test_a_connection_without_a_consent_is_not_put(aws: Aws, tables: Tables) -> None:
    store = dynamodb_connections(aws, tables)

    with pytest.raises(ValueError, match=r"^there is no consent to put$"):
        store.put_consent(None, PENDING)

    assert tables.connection_item(connection_pk(CONNECTION)) == {}


def test_a_connection_without_a_consent_has_nothing_to_redeem(aws: Aws, tables: Tables) -> None:
    store = dynamodb_connections(aws, tables)

    with pytest.raises(ValueError, match=r"^there was nothing to redeem$"):
        store.finish_redemption(PENDING, successor())

    assert tables.connection_item(connection_pk(CONNECTION)) == {}
