"""Tokens and leases in DynamoDB.

    attribute_not_exists(lease_id)         nobody is at it
    lease_id = :observed                   the holder that the waiter watched is still there
    lease_id = :lease_id                   it is ours

A lease is acquired on the first or the second, and ended or used on the third.
"""

from datetime import timedelta
from typing import Any

from botocore.exceptions import ClientError

from tokenvend.adapters.aws_errors import (
    CONDITION_FAILED,
    error_code,
    is_throttling,
    store_errors,
)
from tokenvend.adapters.dynamodb.attributes import Item, number, text_of
from tokenvend.adapters.dynamodb.token_items import (
    TokenItemParser,
    failure_values,
    lease_values,
    seal_token,
    token_pk,
)
from tokenvend.adapters.encryption import EnvelopeCipher
from tokenvend.domain.failure import Failure
from tokenvend.domain.lease import Lease
from tokenvend.domain.token import AccessToken
from tokenvend.domain.untrusted import OnUntrusted
from tokenvend.ports import NOTHING, Clock, TokenItem

_NOBODY_IS_AT_IT = "attribute_not_exists(lease_id)"
_THE_WATCHED_HOLDER_IS_STILL_THERE = "lease_id = :observed"
_IT_IS_OURS = "lease_id = :lease_id"

#: An item outlives the newest thing in it by this much, for TTL deletes without asking.
_KEPT = timedelta(hours=1)


class DynamoDbTokenStore:
    """`ports.TokenStore` on one table."""

    def __init__(
        self,
        client: Any,
        cipher: EnvelopeCipher,
        *,
        table: str,
        clock: Clock,
        on_untrusted: OnUntrusted,
    ) -> None:
        self._client = client
        self._cipher = cipher
        self._table = table
        self._clock = clock
        self._parser = TokenItemParser(cipher, on_untrusted)

    def read(self, key: str) -> TokenItem:
        """See `ports.TokenStore`."""
        with store_errors("dynamodb:GetItem"):
            answer = self._client.get_item(
                TableName=self._table, Key=_key(key), ConsistentRead=True
            )
        item = answer.get("Item")
        return self._parser.parse(item) if item else NOTHING

    def acquire_lease(
        self, key: str, lease: Lease, *, instead_of: Lease | None
    ) -> TokenItem | None:
        """See `ports.TokenStore`."""
        values = lease_values(lease) | {":ttl": self._ttl(lease)}
        condition = _NOBODY_IS_AT_IT
        if instead_of is not None:
            condition = _THE_WATCHED_HOLDER_IS_STILL_THERE
            values[":observed"] = {"S": instead_of.lease_id}
        item = self._update(
            key,
            "SET lease_id = :lease_id, lease_done_at = :done, lease_dies_at = :dies, #ttl = :ttl",
            condition,
            values,
        )
        if item is None or text_of(item, "lease_id") != lease.lease_id:
            return None
        return self._parser.parse(item)

    def put_token(self, key: str, token: AccessToken, *, lease: Lease) -> bool:
        """See `ports.TokenStore`."""
        values = seal_token(self._cipher, token_pk(key), token, now=self._clock.now())
        values[":token_ttl"] = values[":ttl"]
        values[":lease_id"] = {"S": lease.lease_id}
        kept = token.expires_at + _KEPT
        values[":ttl"] = number(int(kept.timestamp()))
        item = self._update(
            key,
            "SET #token = :token, wrapped_key = :wrapped_key, token_ttl = :token_ttl, #ttl = :ttl"
            " REMOVE lease_id, lease_done_at, lease_dies_at, failure",
            _IT_IS_OURS,
            values,
            names={"#token": "token"},
        )
        # A put of ours that was retried after it succeeded finds its own ciphertext there.
        return item is not None and item.get("token") == values[":token"]

    def release_lease(self, key: str, *, lease: Lease, failure: Failure | None) -> None:
        """See `ports.TokenStore`."""
        values: Item = {":lease_id": {"S": lease.lease_id}}
        update = "REMOVE lease_id, lease_done_at, lease_dies_at"
        if failure is not None:
            values |= failure_values(failure)
            update = "SET failure = :failure " + update
        self._update(key, update, _IT_IS_OURS, values, names={})

    def _update(
        self,
        key: str,
        update: str,
        condition: str,
        values: Item,
        *,
        names: dict[str, str] | None = None,
    ) -> Item | None:
        """The item after the write; where the condition failed, the item that made it fail.

        `None`: throttled, or there is no item at all.
        """
        names = dict(names or {})
        if "#ttl" in update:
            names["#ttl"] = "ttl"
        request: dict[str, Any] = {
            "TableName": self._table,
            "Key": _key(key),
            "UpdateExpression": update,
            "ConditionExpression": condition,
            "ExpressionAttributeValues": values,
            "ReturnValues": "ALL_NEW",
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if names:
            request["ExpressionAttributeNames"] = names
        with store_errors("dynamodb:UpdateItem"):
            try:
                found: Item = self._client.update_item(**request)["Attributes"]
            except ClientError as error:
                if error_code(error) == CONDITION_FAILED:
                    return error.response.get("Item")  # type: ignore[return-value]
                if is_throttling(error):
                    return None
                raise
        return found

    def _ttl(self, lease: Lease) -> dict[str, str]:
        # Never earlier than the longest token: a lease on a held token must not shorten it.
        from tokenvend.domain.bounds import LIFETIME_MAXIMUM

        return number(int((lease.dies_at + LIFETIME_MAXIMUM + _KEPT).timestamp()))


def _key(key: str) -> Item:
    return {"pk": {"S": token_pk(key)}}
