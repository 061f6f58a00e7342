"""Store tokens and leases in DynamoDB.

A lease on the time line, and the condition of each write:

    no lease          our lease       no lease         another's lease    our lease
      │                 │               │                 │                 │
    ──┼─────────────────┼───────────────┼─────────────────┼─────────────────┼────► time
      │    acquire      │ put, release  │                 │    take over    │
           NO_LEASE       IT_IS_OURS                           HOLDER_IS_UNCHANGED

Conditions compare ids, never instants. A take-over names the holder that it watched: if another
environment took over meanwhile, the condition fails and the watch begins again.

If botocore repeats a write that had succeeded, the condition of the repetition fails. DynamoDB then
returns the stored item, and our own id or ciphertext in it shows that the first write succeeded.
"""

from collections.abc import Iterator

from tokenvend.adapters.aws_errors import store_errors
from tokenvend.adapters.dynamodb.attributes import Item, number, text_of
from tokenvend.adapters.dynamodb.conditional_update import update_item
from tokenvend.adapters.dynamodb.credential_items import failure_value
from tokenvend.adapters.dynamodb.sealed_table import SealedTable
from tokenvend.adapters.dynamodb.token_items import (
    TOKEN_PREFIX,
    TTL_MARGIN,
    TokenItemParser,
    lease_values,
    seal_token,
    token_pk,
    ttl_value,
)
from tokenvend.domain import bounds
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.failure import Failure
from tokenvend.domain.lease import Lease
from tokenvend.domain.renewal import RenewalSlot
from tokenvend.domain.token import AccessToken
from tokenvend.ports import EMPTY_ITEM, StoreThrottledError, TokenItem

_NO_LEASE = "attribute_not_exists(lease_id)"
_HOLDER_IS_UNCHANGED = "lease_id = :observed"
_IT_IS_OURS = "lease_id = :lease_id"
_TOKEN_IS_UNCHANGED = "token_ttl = :token_ttl"

_SET_LEASE = (
    "SET lease_id = :lease_id, lease_done_at = :done, lease_deadline_at = :deadline, #ttl = :ttl"
)
_REMOVE_LEASE = "REMOVE lease_id, lease_done_at, lease_deadline_at"
_FORMER_MARKS = "failure, due, rejected"
_SET_TOKEN = "SET #token = :token, wrapped_key = :wrapped_key, token_ttl = :ttl, #ttl = :ttl"
_SET_TOKENS_OWN_TTL = "SET #ttl = if_not_exists(token_ttl, #ttl)"
_SET_FAILURE = "SET failure = :failure"

#: The sparse index of the tokens in use, by renewal slot.
RENEWALS = "renewals"

#: Attribute names that DynamoDB reserves, by the placeholder for each in expressions.
_RESERVED = {"#ttl": "ttl", "#token": "token"}


class DynamoDbTokenStore:
    """`ports.TokenStore` on one table."""

    def __init__(self, table: SealedTable) -> None:
        self._table = table
        self._parser = TokenItemParser(table.cipher, table.on_untrusted)

    def read(self, key: str) -> TokenItem:
        """See `ports.TokenStore`."""
        with store_errors("dynamodb:GetItem"):
            answer = self._table.client.get_item(
                TableName=self._table.name, Key=_key(key), ConsistentRead=True
            )
        item: Item | None = answer.get("Item")
        return self._parser.parse(item) if item else EMPTY_ITEM

    def acquire_lease(
        self, key: str, lease: Lease, *, instead_of: Lease | None
    ) -> TokenItem | None:
        """See `ports.TokenStore`."""
        # Later than the expiry of any token, so that a lease never makes TTL delete a valid token.
        ttl = lease.deadline_at + bounds.LIFETIME_MAXIMUM + TTL_MARGIN
        values = lease_values(lease) | {":ttl": number(int(ttl.timestamp()))}
        condition = _NO_LEASE
        if instead_of is not None:
            condition = _HOLDER_IS_UNCHANGED
            values[":observed"] = {"S": instead_of.lease_id}
        item = self._update(key, _SET_LEASE, condition, values)
        if item is None or text_of(item, "lease_id") != lease.lease_id:
            return None
        return self._parser.parse(item)

    def put_token(self, key: str, token: AccessToken, *, spec: TokenSpec, lease: Lease) -> bool:
        """See `ports.TokenStore`."""
        values = seal_token(
            self._table.cipher, token_pk(key), token, spec, now=self._table.clock.now()
        )
        values[":ttl"] = values.pop(":token_ttl")
        values[":lease_id"] = {"S": lease.lease_id}
        change = f"{_SET_TOKEN} {_REMOVE_LEASE}, {_FORMER_MARKS}"
        item = self._update(key, change, _IT_IS_OURS, values)
        return item is not None and item.get("token") == values[":token"]

    def release_lease(self, key: str, *, lease: Lease, failure: Failure | None) -> None:
        """See `ports.TokenStore`."""
        values: Item = {":lease_id": {"S": lease.lease_id}}
        change = _SET_TOKENS_OWN_TTL
        if failure is not None:
            values[":failure"] = failure_value(failure)
            change = _SET_FAILURE
        self._update(key, f"{change} {_REMOVE_LEASE}", _IT_IS_OURS, values)

    def schedule_renewal(self, key: str, token: AccessToken, slot: RenewalSlot | None) -> None:
        """See `ports.TokenStore`."""
        values: Item = {":token_ttl": ttl_value(token)}
        change = "REMOVE due"
        if slot is not None:
            change, values[":due"] = "SET due = :due", {"S": slot.name}
        self._update(key, change, _TOKEN_IS_UNCHANGED, values)

    def due(self, slot: RenewalSlot) -> Iterator[str]:
        """See `ports.TokenStore`."""
        pages = self._table.client.get_paginator("query").paginate(
            TableName=self._table.name,
            IndexName=RENEWALS,
            KeyConditionExpression="due = :due",
            ExpressionAttributeValues={":due": {"S": slot.name}},
        )
        with store_errors("dynamodb:Query"):
            for page in pages:
                yield from (item["pk"]["S"].removeprefix(TOKEN_PREFIX) for item in page["Items"])

    def reject(self, key: str, token: AccessToken) -> None:
        """See `ports.TokenStore`."""
        values: Item = {":token_ttl": ttl_value(token)}
        change = "SET rejected = :token_ttl"
        if self._update(key, change, _TOKEN_IS_UNCHANGED, values) is None:
            raise StoreThrottledError("dynamodb:UpdateItem was throttled")

    def _update(self, key: str, change: str, condition: str, values: Item) -> Item | None:
        """Update the item; return it as written, or as it is if the condition failed.

        `None`: the write was throttled, or the item does not exist.
        """
        names = {short: name for short, name in _RESERVED.items() if short in change}
        try:
            _, item = update_item(
                self._table.client,
                table=self._table.name,
                pk=token_pk(key),
                change=change,
                condition=condition,
                values=values,
                names=names,
            )
        except StoreThrottledError:
            return None
        return item


def _key(key: str) -> Item:
    return {"pk": {"S": token_pk(key)}}
