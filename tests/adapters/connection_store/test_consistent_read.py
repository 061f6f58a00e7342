"""A connection is read as it is now: an older one may name a refresh token that was redeemed."""

from tests.adapters.aws import Aws, Tables
from tests.adapters.connection_samples import CONNECTION
from tests.adapters.stores import dynamodb_connections


def test_a_connection_is_read_whichever_replica_answers(aws: Aws, tables: Tables) -> None:
    client, asked = aws.client("dynamodb"), []
    client.meta.events.register(
        "provide-client-params.dynamodb.GetItem", lambda params, **_: asked.append(params)
    )

    dynamodb_connections(aws, tables, client=client).read(CONNECTION)

    assert [each["ConsistentRead"] for each in asked] == [True]
