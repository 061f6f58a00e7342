"""Record used subject tokens in the tokens table.

| attribute | holds                                              |
|-----------|----------------------------------------------------|
| `pk`      | `replay#<sha256 of the issuer and the token's id>` |
| `used_by` | the random mark of the use                         |
| `ttl`     | when DynamoDB may delete it                        |

If botocore repeats a write that had succeeded, the item holds our own mark, which shows that the
first write succeeded.
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

_IS_UNUSED = "attribute_not_exists(pk)"


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
            condition=_IS_UNUSED,
            values={":mark": {"S": mark}, ":ttl": number(int((until + TTL_MARGIN).timestamp()))},
            names={"#ttl": "ttl"},
        )
        return item is not None and text_of(item, "used_by") == mark


def replay_pk(issuer: str, token_id: str) -> str:
    """Return the partition key of a used token.

    No issuer holds a space, so two tokens never have the same key.
    """
    digest = hashlib.sha256(f"{issuer} {token_id}".encode()).hexdigest()
    return f"replay#{digest}"
