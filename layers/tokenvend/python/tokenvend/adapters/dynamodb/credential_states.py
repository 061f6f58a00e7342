"""Store the state of credentials' secrets in the tokens table."""

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tokenvend.adapters.aws_errors import CONDITION_FAILED, error_code, is_throttling, store_errors
from tokenvend.adapters.dynamodb.credential_items import (
    build_secret_generation,
    credential_state_pk,
    failure_value,
    not_ready_attribute,
    observed_value,
    outage_value,
)
from tokenvend.domain.credential_state import ObservedExchange, ProviderOutage, ScheduledReader
from tokenvend.domain.failure import Failure

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDbCredentialStates:
    """`ports.CredentialStates` on one table."""

    def __init__(self, client: "DynamoDBClient", *, table: str) -> None:
        self._client = client
        self._table = table

    def replace_failure(
        self, credential: str, tenant: str | None, *, before: Failure | None, after: Failure | None
    ) -> bool:
        """See `ports.CredentialStates`."""
        return self._replace(
            credential_state_pk(credential, tenant),
            "failure",
            None if before is None else failure_value(before),
            None if after is None else failure_value(after),
        )

    def replace_outage(
        self,
        credential: str,
        tenant: str | None,
        *,
        before: ProviderOutage | None,
        after: ProviderOutage | None,
    ) -> bool:
        """See `ports.CredentialStates`."""
        return self._replace(
            credential_state_pk(credential, tenant),
            "outage",
            None if before is None else outage_value(before),
            None if after is None else outage_value(after),
        )

    def _replace(
        self, pk: str, attribute: str, before: dict[str, Any] | None, after: dict[str, Any] | None
    ) -> bool:
        """Replace *before* by *after* in *attribute*; return whether it was written.

        `None` means that the attribute is absent. A throttled write counts as not written.
        """
        named = {":before": before, ":after": after}
        values = {name: value for name, value in named.items() if value is not None}
        request: dict[str, Any] = {
            "TableName": self._table,
            "Key": {"pk": {"S": pk}},
            "UpdateExpression": (
                f"REMOVE {attribute}" if after is None else f"SET {attribute} = :after"
            ),
            "ConditionExpression": (
                f"attribute_not_exists({attribute})" if before is None else f"{attribute} = :before"
            ),
        }
        if values:
            request["ExpressionAttributeValues"] = values
        with store_errors("dynamodb:UpdateItem"):
            try:
                self._client.update_item(**request)
            except ClientError as error:
                if error_code(error) == CONDITION_FAILED or is_throttling(error):
                    return False
                raise
        return True

    def record_observed(
        self, credential: str, tenant: str | None, observed: ObservedExchange
    ) -> None:
        """See `ports.CredentialStates`."""
        with store_errors("dynamodb:UpdateItem"):
            self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": credential_state_pk(credential, tenant)}},
                UpdateExpression="SET observed = :observed",
                ExpressionAttributeValues={":observed": observed_value(observed)},
            )

    def mark_ready(
        self, credential: str, tenant: str | None, reader: ScheduledReader, *, is_ready: bool
    ) -> None:
        """See `ports.CredentialStates`."""
        name = not_ready_attribute(reader)
        request: dict[str, Any] = {"UpdateExpression": f"REMOVE {name}"}
        if not is_ready:
            request = {
                "UpdateExpression": f"SET {name} = :yes",
                "ExpressionAttributeValues": {":yes": {"BOOL": True}},
            }
        with store_errors("dynamodb:UpdateItem"):
            self._client.update_item(
                TableName=self._table,
                Key={"pk": {"S": credential_state_pk(credential, tenant)}},
                **request,
            )

    def start_secret_generation(
        self, credential: str, tenant: str | None, secret_generation: str
    ) -> None:
        """See `ports.CredentialStates`."""
        with store_errors("dynamodb:PutItem"):
            self._client.put_item(
                TableName=self._table,
                Item=build_secret_generation(credential, tenant, secret_generation),
            )
