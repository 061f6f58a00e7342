"""Store consents and their refresh tokens in DynamoDB.

Each write has a condition of `connection_conditions`.

If botocore repeats a write that had succeeded, the condition of the repetition fails. DynamoDB then
returns the stored item, and our own id or ciphertext in it shows that the first write succeeded.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from tokenvend.adapters.aws_errors import CONDITION_FAILED, error_code, store_errors
from tokenvend.adapters.dynamodb import connection_listing
from tokenvend.adapters.dynamodb.attributes import Item, number, text_of
from tokenvend.adapters.dynamodb.conditional_update import update_item
from tokenvend.adapters.dynamodb.connection_conditions import (
    HOLDER_IS_UNCHANGED,
    ITS_OWN_JOURNAL,
    NO_CONSENT,
    NO_REDEMPTION,
    NOT_LOST,
    SAME_PENDING,
    SAME_TOKEN,
    same_token,
    unchanged_since,
)
from tokenvend.adapters.dynamodb.connection_items import (
    ConnectionItemParser,
    connection_pk,
    redemption_values,
    seal_consent,
    seal_pending,
)
from tokenvend.adapters.dynamodb.sealed_table import SealedTable
from tokenvend.adapters.encryption import EnvelopeCipher
from tokenvend.domain.connection import Connection, ConnectionKey, JournalEntry, PendingConsent
from tokenvend.domain.journal import Successor, renewed
from tokenvend.ports import StoreResult, StoreThrottledError

_SET_CONSENT = "SET consent = :consent, consent_key = :consent_key, token_number = :number"
_SET_OWNED_CONSENT = f"{_SET_CONSENT}, consent_id = :consent_id, owned_by = :owner"
#: The role of the consent pages may write only these attributes: see the template.
SET_PENDING = (
    "SET pending_consent = :pending, pending_key = :pending_key, pending_id = :pending_id,"
    " owned_by = :owner"
)
_SET_REDEMPTION = "SET holder_id = :holder_id, deadline_at = :deadline_at, is_retry = :is_retry"
#: Without `holder_id` there is no entry: its other attributes are ignored, then overwritten.
_REMOVE_JOURNAL = "REMOVE holder_id, lost_by"
_REMOVE_PENDING = "REMOVE pending_consent, pending_key, pending_id"


class DynamoDbConnectionStore:
    """`ports.ConnectionStore` on one table. *pending* is the cipher of pending consents."""

    def __init__(self, table: SealedTable, *, pending: EnvelopeCipher) -> None:
        self._table = table
        self._pending = pending
        self._parser = ConnectionItemParser(table.cipher, pending, table.on_untrusted)

    def read(self, key: ConnectionKey) -> Connection | None:
        """See `ports.ConnectionStore`."""
        with store_errors("dynamodb:GetItem"):
            answer = self._table.client.get_item(
                TableName=self._table.name, Key=_key(key), ConsistentRead=True
            )
        return self._parsed(answer.get("Item"))

    def put_pending(self, key: ConnectionKey, pending: PendingConsent) -> None:
        """See `ports.ConnectionStore`."""
        values = seal_pending(
            self._pending, connection_pk(key), pending, now=self._table.clock.now()
        )
        # The write returns no item: the role that writes pending consents may not read others.
        with store_errors("dynamodb:UpdateItem"):
            self._table.client.update_item(
                TableName=self._table.name,
                Key=_key(key),
                UpdateExpression=SET_PENDING,
                ExpressionAttributeValues=values | {":owner": {"S": key.owner}},
            )

    def put_consent(self, before: Connection | None, after: Connection) -> bool:
        """See `ports.ConnectionStore`."""
        if after.consent is None:
            raise ValueError("there is no consent to put")
        values = seal_consent(
            self._table.cipher,
            connection_pk(after.key),
            after.consent,
            after.number,
            now=self._table.clock.now(),
        )
        values[":owner"] = {"S": after.key.owner}
        change = (
            f"{_SET_OWNED_CONSENT} {_REMOVE_JOURNAL}, {_REMOVE_PENDING.removeprefix('REMOVE ')}"
        )
        condition = unchanged_since(before, values)
        written, item = self._update(after.key, change, condition, values)
        return written or _holds(item, values)

    def begin_redemption(
        self, before: Connection, journal_entry: JournalEntry
    ) -> Connection | None:
        """See `ports.ConnectionStore`.

        It first checks that a data key is available. Without one, the next refresh token could not
        be stored, so the redemption is not begun.
        """
        self._table.cipher.seal(connection_pk(before.key), b"", now=self._table.clock.now())
        values = same_token(before) | redemption_values(journal_entry)
        journal = NO_REDEMPTION
        if before.journal_entry is not None:
            journal = HOLDER_IS_UNCHANGED
            values[":former"] = {"S": before.journal_entry.holder_id}
        condition = f"{SAME_TOKEN} AND {NOT_LOST} AND {journal}"
        try:
            _, item = self._update(
                before.key, f"{_SET_REDEMPTION} REMOVE retry_at", condition, values
            )
        except StoreThrottledError:
            return None
        if item is None or text_of(item, "holder_id") != journal_entry.holder_id:
            return None
        return self._parsed(item)

    def finish_redemption(self, redeemed: Connection, successor: Successor) -> StoreResult:
        """See `ports.ConnectionStore`."""
        if redeemed.consent is None:
            raise ValueError("there was nothing to redeem")
        values = seal_consent(
            self._table.cipher,
            connection_pk(redeemed.key),
            renewed(redeemed.consent, successor),
            redeemed.number + 1,
            now=self._table.clock.now(),
        )
        del values[":consent_id"]
        values |= same_token(redeemed)
        written, item = self._update(
            redeemed.key, f"{_SET_CONSENT} {_REMOVE_JOURNAL}", SAME_TOKEN, values
        )
        if written or _holds(item, values):
            return StoreResult.STORED
        return (
            StoreResult.GONE if item is None or "consent_id" not in item else StoreResult.SUPERSEDED
        )

    def release_redemption(
        self, redeemed: Connection, journal_entry: JournalEntry, *, retry_at: datetime
    ) -> None:
        """See `ports.ConnectionStore`."""
        values = same_token(redeemed) | {
            ":holder_id": {"S": journal_entry.holder_id},
            ":retry_at": number(retry_at.timestamp()),
        }
        condition = f"{SAME_TOKEN} AND {ITS_OWN_JOURNAL}"
        self._update(redeemed.key, "SET retry_at = :retry_at", condition, values)

    def mark_lost(self, connection: Connection, journal_entry: JournalEntry) -> bool:
        """See `ports.ConnectionStore`."""
        # Several may mark the same holder as gone. An id of our own identifies our write.
        mark = {"S": uuid4().hex}
        values = same_token(connection) | {
            ":holder_id": {"S": journal_entry.holder_id},
            ":mark": mark,
        }
        condition = f"{SAME_TOKEN} AND {ITS_OWN_JOURNAL} AND {NOT_LOST}"
        written, item = self._update(connection.key, "SET lost_by = :mark", condition, values)
        return written or (item is not None and item.get("lost_by") == mark)

    def drop_pending(self, connection: Connection) -> None:
        """See `ports.ConnectionStore`."""
        if connection.pending is None:
            return
        values = {":seen_pending": {"S": connection.pending.consent.consent_id}}
        if connection.consent is not None:
            self._update(connection.key, _REMOVE_PENDING, SAME_PENDING, values)
            return
        with store_errors("dynamodb:DeleteItem"):
            try:
                self._table.client.delete_item(
                    TableName=self._table.name,
                    Key=_key(connection.key),
                    ConditionExpression=f"{SAME_PENDING} AND {NO_CONSENT}",
                    ExpressionAttributeValues=values,
                )
            except ClientError as error:
                if error_code(error) != CONDITION_FAILED:
                    raise

    def delete(self, key: ConnectionKey) -> Connection | None:
        """See `ports.ConnectionStore`."""
        with store_errors("dynamodb:DeleteItem"):
            answer = self._table.client.delete_item(
                TableName=self._table.name, Key=_key(key), ReturnValues="ALL_OLD"
            )
        return self._parsed(answer.get("Attributes"))

    def owned_by(self, owner: str) -> list[Connection]:
        """See `ports.ConnectionStore`."""
        items = connection_listing.items_owned_by(self._table.client, self._table.name, owner)
        found = (self._parsed(item) for item in items)
        # `owned_by` is not authenticated. The item's key is, because the ciphertext is bound to it.
        return [one for one in found if one is not None and one.key.owner == owner]

    def all(self) -> Iterator[Connection]:
        """See `ports.ConnectionStore`."""
        for item in connection_listing.all_items(self._table.client, self._table.name):
            connection = self._parsed(item)
            if connection is not None:
                yield connection

    def _parsed(self, item: Any) -> Connection | None:
        return self._parser.parse(item) if item else None

    def _update(
        self, key: ConnectionKey, change: str, condition: str | None, values: Item
    ) -> tuple[bool, Item | None]:
        """See `update_item`."""
        return update_item(
            self._table.client,
            table=self._table.name,
            pk=connection_pk(key),
            change=change,
            condition=condition,
            values=values,
        )


def _key(key: ConnectionKey) -> Item:
    return {"pk": {"S": connection_pk(key)}}


def _holds(item: Item | None, values: Item) -> bool:
    return item is not None and item.get("consent") == values[":consent"]
