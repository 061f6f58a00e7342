"""Store the wrapped data key of each day, which all environments share."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from tokenvend.adapters.aws_errors import CONDITION_FAILED, error_code, store_errors
from tokenvend.adapters.dynamodb.attributes import Item, bytes_of, number

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_TTL = timedelta(days=2)


class DynamoDbDataKeys:
    """`encryption.DataKeys` in the tokens table.

    Losing these items costs one KMS call a day and no data: each sealed item also holds its own
    wrapped key.
    """

    def __init__(self, client: "DynamoDBClient", *, table: str, logical_table: str) -> None:
        self._client = client
        self._table = table
        self._logical_table = logical_table

    def find(self, day: str) -> bytes | None:
        """See `encryption.DataKeys`."""
        with store_errors("dynamodb:GetItem"):
            answer = self._client.get_item(TableName=self._table, Key=self._key(day))
        return bytes_of(answer.get("Item", {}), "wrapped_key")

    def offer(self, day: str, wrapped_key: bytes) -> bytes:
        """See `encryption.DataKeys`."""
        starts = datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC)
        item = self._key(day) | {
            "wrapped_key": {"B": wrapped_key},
            "ttl": number((starts + _TTL).timestamp()),
        }
        with store_errors("dynamodb:PutItem"):
            try:
                self._client.put_item(
                    TableName=self._table,
                    Item=item,
                    ConditionExpression="attribute_not_exists(pk)",
                    ReturnValuesOnConditionCheckFailure="ALL_OLD",
                )
            except ClientError as error:
                if error_code(error) != CONDITION_FAILED:
                    raise
                winner: Item = error.response.get("Item", {})  # type: ignore[assignment]
                return bytes_of(winner, "wrapped_key") or wrapped_key
        return wrapped_key

    def _key(self, day: str) -> Item:
        return {"pk": {"S": f"datakey#{self._logical_table}#{day}"}}
