"""The registry table, as the command reads and writes it: all or nothing, one writer at a time."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tokenvend.adapters.dynamodb.registry_items import META_KEY, RegistryItem, registry_item_of
from tokenvend_cli.item_size import item_bytes
from tokenvend_cli.problems import CommandError

#: DynamoDB takes 100 items in one transaction; one of them is the revision.
_BATCH = 99
#: DynamoDB takes 4 MB in one transaction; the revision needs some of them.
_BATCH_BYTES = 4_000_000 - 1_000
_TRIES = 5
_RACE_CODES = frozenset({"ConditionalCheckFailed", "TransactionConflict"})


class ChangedMeanwhileError(CommandError):
    """Somebody else wrote the registry since it was read."""

    def __init__(self) -> None:
        super().__init__(
            "somebody else changed the registry at the same time, so nothing was written: try again"
        )


class AnotherDeploymentError(CommandError):
    """The registry was written under another `DeploymentId` than the stack has now."""

    def __init__(self, was: str, now: str) -> None:
        super().__init__(
            f"this deployment had the DeploymentId {was} before, but its stack has {now}. Under"
            " another id, its stored tokens and consents cannot be read, and its secrets are not"
            f" found. Deploy it again with DeploymentId={was}"
        )


@dataclass(frozen=True, slots=True)
class Registry:
    """Every item of the registry, as of one revision.

    The revision of a registry that nobody has written yet is 0. `deployment` is the
    `DeploymentId` under which it was written; `None` where nobody has said so yet.
    """

    items: list[RegistryItem]
    revision: int
    deployment: str | None = None


@dataclass(frozen=True, slots=True)
class Writes:
    """The items to remove first, and the items to write."""

    put: Sequence[RegistryItem] = ()
    delete: Sequence[RegistryItem] = ()


class RegistryTable:
    """Reads and writes of one registry.

    Every write increments the revision, on condition that no other writer has changed it. So two
    concurrent writers never mix: the second gets `ChangedMeanwhileError`.
    """

    def __init__(self, client: Any, table: str, *, deployment: str | None = None) -> None:
        self._client = client
        self._table = table
        self._deployment = deployment

    def read(self) -> Registry:
        """Return every item, consistently read.

        Raises:
            AnotherDeploymentError: it was written under another `DeploymentId`.
        """
        # The revision is read first: a write during the scan then changes it, and ours is refused.
        meta = self.get(*META_KEY)
        pages = self._client.get_paginator("scan").paginate(
            TableName=self._table, ConsistentRead=True
        )
        parsed = [registry_item_of(item) for page in pages for item in page["Items"]]
        items = [item for item in parsed if item is not None]
        return Registry(
            items,
            int(meta.document["revision"]) if meta else 0,
            self._checked(meta.document.get("deployment")) if meta else None,
        )

    def _checked(self, written_as: str | None) -> str | None:
        if None not in {written_as, self._deployment} and written_as != self._deployment:
            raise AnotherDeploymentError(str(written_as), str(self._deployment))
        return written_as

    def get(self, pk: str, sk: str) -> RegistryItem | None:
        """Return one item."""
        key = {"pk": {"S": pk}, "sk": {"S": sk}}
        answer = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return registry_item_of(answer["Item"]) if "Item" in answer else None

    def begin(self) -> None:
        """Write revision 1 of a registry that nobody has written yet, with nothing in it.

        Raises:
            ChangedMeanwhileError: somebody has written it.
        """
        self._transact([self._move_on(0)])

    def write(self, writes: Writes, *, revision: int) -> None:
        """Write *writes* if the registry is still at *revision*; in one transaction if they fit.

        More than 99 items, or 4 MB, are written in several transactions, in order. After an
        interruption between two of them, making the same writes again completes them.

        Raises:
            ChangedMeanwhileError: *revision* is no longer the current one.
        """
        operations = [
            *((item_bytes(item), self._delete(item)) for item in writes.delete),
            *((item_bytes(item), self._put(item)) for item in writes.put),
        ]
        for step, batch in enumerate(_batches(operations)):
            self._transact([self._move_on(revision + step), *batch])

    def update(self, decide: Callable[[Registry], Writes]) -> None:
        """Read, write what *decide* returns, and start again if another writer came between.

        Raises:
            ChangedMeanwhileError: another writer came between each time.
        """
        for attempt in range(1, _TRIES + 1):
            registry = self.read()
            try:
                self.write(decide(registry), revision=registry.revision)
            except ChangedMeanwhileError:
                if attempt == _TRIES:
                    raise
            else:
                return

    def _transact(self, operations: list[dict[str, Any]]) -> None:
        try:
            self._client.transact_write_items(TransactItems=operations)
        except ClientError as error:
            reasons = error.response.get("CancellationReasons", [])
            if any(reason.get("Code") in _RACE_CODES for reason in reasons):
                raise ChangedMeanwhileError from None
            raise

    def _move_on(self, revision: int) -> dict[str, Any]:
        put = self._put(self._meta(revision + 1, self._deployment))
        if revision == 0:
            put["Put"]["ConditionExpression"] = "attribute_not_exists(pk)"
            return put
        # A former version of the command did not write the deployment's id.
        put["Put"]["ConditionExpression"] = "document IN (:seen, :seen_before)"
        put["Put"]["ExpressionAttributeValues"] = {
            ":seen": self._meta(revision, self._deployment).to_item()["document"],
            ":seen_before": self._meta(revision, None).to_item()["document"],
        }
        return put

    @staticmethod
    def _meta(revision: int, deployment: str | None) -> RegistryItem:
        document: dict[str, Any] = {"revision": revision}
        if deployment is not None:
            document["deployment"] = deployment
        return RegistryItem(*META_KEY, document)

    def _put(self, item: RegistryItem) -> dict[str, Any]:
        return {"Put": {"TableName": self._table, "Item": item.to_item()}}

    def _delete(self, item: RegistryItem) -> dict[str, Any]:
        key = {"pk": {"S": item.pk}, "sk": {"S": item.sk}}
        return {"Delete": {"TableName": self._table, "Key": key}}


def _batches(operations: Iterable[tuple[int, dict[str, Any]]]) -> Iterator[list[dict[str, Any]]]:
    """Divide *operations*, each with the size of its item, into transactions, in their order."""
    batch: list[dict[str, Any]] = []
    total = 0
    for size, operation in operations:
        if len(batch) == _BATCH or (batch and total + size > _BATCH_BYTES):
            yield batch
            batch, total = [], 0
        batch.append(operation)
        total += size
    if batch:
        yield batch
