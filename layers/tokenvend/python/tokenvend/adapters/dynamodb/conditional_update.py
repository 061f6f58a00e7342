"""A conditional UpdateItem, which also returns the item if the condition failed."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tokenvend.adapters.aws_errors import CONDITION_FAILED, error_code, store_errors
from tokenvend.adapters.dynamodb.attributes import Item

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


def update_item(
    client: "DynamoDBClient",
    *,
    table: str,
    pk: str,
    change: str,
    condition: str | None,
    values: Item,
    names: dict[str, str] | None = None,
) -> tuple[bool, Item | None]:
    """Update the item *pk* if *condition* holds; return whether it was written, and the item.

    The item is the one after the write, or the one for which the condition failed.

    Raises:
        StoreThrottledError, StoreAwayError, AwsRefusedError: see `adapters.aws_errors`.
    """
    request: dict[str, Any] = {
        "TableName": table,
        "Key": {"pk": {"S": pk}},
        "UpdateExpression": change,
        "ExpressionAttributeValues": values,
        "ReturnValues": "ALL_NEW",
    }
    if condition is not None:
        request["ConditionExpression"] = condition
        request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    if names:
        request["ExpressionAttributeNames"] = names
    with store_errors("dynamodb:UpdateItem"):
        try:
            return True, client.update_item(**request)["Attributes"]
        except ClientError as error:
            if error_code(error) != CONDITION_FAILED:
                raise
            return False, error.response.get("Item")  # type: ignore[return-value]
