"""Store callers' token buckets in the tokens table.

| attribute  | holds                                                           |
|------------|-----------------------------------------------------------------|
| `pk`       | `quota#<caller>`                                                |
| `empty_at` | the instant from which permits count, in µs: see `domain.quota` |
| `ttl`      | when DynamoDB may delete it: the bucket is full by then         |

If botocore repeats a write that had succeeded, it draws twice. So permits can be lost, but a caller
never gets more than its limit.
"""

from typing import TYPE_CHECKING

from tokenvend.adapters.aws_errors import AwsRefusedError
from tokenvend.adapters.dynamodb.attributes import Item, number, number_of
from tokenvend.adapters.dynamodb.conditional_update import update_item
from tokenvend.domain.quota import Quota, latest_at
from tokenvend.ports import StoreAwayError
from tokenvend.ports.quotas import Drawn

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: How long the item is stored after its bucket is full again.
_KEPT_SECONDS = 3600
_MICROSECONDS = 1_000_000

_IS_FULL = "attribute_not_exists(empty_at) OR empty_at < :full OR empty_at > :believed"
_HOLDS_ENOUGH = "empty_at BETWEEN :full AND :latest"


class DynamoDbQuotas:
    """`ports.quotas.QuotaStore` on the tokens table."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def draw(self, caller: str, quota: Quota, permits: int, *, now: int, from_full: bool) -> Drawn:
        """See `ports.quotas.QuotaStore`."""
        full, cost = quota.full_at(now), permits * quota.interval
        ttl = (now + quota.burst * quota.interval) // _MICROSECONDS + _KEPT_SECONDS
        values: Item = {":full": number(full), ":ttl": number(ttl)}
        if from_full:
            change, condition = "SET empty_at = :after, #ttl = :ttl", _IS_FULL
            values |= {":after": number(full + cost), ":believed": number(latest_at(now))}
        else:
            change, condition = "SET empty_at = empty_at + :cost, #ttl = :ttl", _HOLDS_ENOUGH
            values |= {":cost": number(cost), ":latest": number(now - cost)}
        try:
            granted, item = update_item(
                self._client,
                table=self._table,
                pk=quota_pk(caller),
                change=change,
                condition=condition,
                values=values,
                names={"#ttl": "ttl"},
            )
        except AwsRefusedError as error:
            # Right after an upgrade IAM may not have the permission yet: no reason to refuse.
            raise StoreAwayError(str(error)) from None
        empty_at = number_of(item, "empty_at") if item else None
        return Drawn(granted, None if empty_at is None else int(empty_at))


def quota_pk(caller: str) -> str:
    """Return the partition key of a caller's bucket."""
    return f"quota#{caller}"
