"""Subject tokens that were used, in the tokens table.

| attribute | holds                                              |
|-----------|----------------------------------------------------|
| `pk`      | `replay#<sha256 of the issuer and the token's id>` |
| `used_by` | who used it                                        |
| `ttl`     | when DynamoDB may delete it                        |

A write that botocore repeats after the first had succeeded finds its own mark, and so knows that it
was the one.
"""

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from tokenvend.adapters.dynamodb.attributes import number, text_of
from tokenvend.adapters.dynamodb.conditional_update import update_item
from tokenvend.adapters.dynamodb.token_items import TTL_MARGIN

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_NOBODY_HAS_USED_IT = "attribute_not_exists(pk)"


class DynamoDbUsedTokens:
    """`ports.workloads.UsedTokens` on the tokens table."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def use(self, issuer: str, token_id: str, *, until: datetime) -> bool:
        """See `ports.workloads.UsedTokens`."""
        mark = uuid4().hex
        _, item = update_item(
            self._client,
            table=self._table,
            pk=replay_pk(issuer, token_id),
            change="SET used_by = :mark, #ttl = :ttl",
            condition=_NOBODY_HAS_USED_IT,
            values={":mark": {"S": mark}, ":ttl": number(int((until + TTL_MARGIN).timestamp()))},
            names={"#ttl": "ttl"},
        )
        return item is not None and text_of(item, "used_by") == mark


def replay_pk(issuer: str, token_id: str) -> str:
    """The key of a used token. No issuer has a space, so no two tokens have one key."""
    digest = hashlib.sha256(f"{issuer} {token_id}".encode()).hexdigest()
    return f"replay#{digest}"
