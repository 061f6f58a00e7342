"""Everything that decides one request, in one BatchGetItem over two tables."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tokenvend.adapters.aws_errors import store_errors
from tokenvend.adapters.dynamodb import registry_items
from tokenvend.adapters.dynamodb.attributes import Item, text_of
from tokenvend.adapters.dynamodb.registry_items import (
    BLOCKED,
    SECRET,
    SETTINGS,
    Document,
    credential_pk,
    has_known_schema,
    registry_item_of,
)
from tokenvend.adapters.dynamodb.token_items import TokenItemParser, epoch_pk, token_pk
from tokenvend.domain.registry import RegistryView
from tokenvend.domain.untrusted import Distrust, OnUntrusted
from tokenvend.ports import NOTHING, Findings, Lookup, StoreThrottledError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: DynamoDB may leave keys out of an answer when it is busy; they are asked for once more.
_TRIES = 2

type _Found = Mapping[tuple[str | None, str | None], Item]


class DynamoDbVendReader:
    """`ports.VendReader` on the registry and tokens tables.

    The read is eventually consistent: a change of the registry is seen within
    `memory_seconds` anyway, and a lease is acquired on a consistent one.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        parser: TokenItemParser,
        *,
        registry_table: str,
        tokens_table: str,
        on_untrusted: OnUntrusted,
    ) -> None:
        self._client = client
        self._parser = parser
        self._registry = registry_table
        self._tokens = tokens_table
        self._on_untrusted = on_untrusted

    def read(self, lookup: Lookup) -> Findings:
        """See `ports.VendReader`."""
        found = self._batch_get(_registry_keys(lookup), _token_keys(lookup))
        registry = {
            (text_of(item, "pk"), text_of(item, "sk")): item
            for item in found.get(self._registry, [])
        }
        tokens = {text_of(item, "pk"): item for item in found.get(self._tokens, [])}
        item = tokens.get(token_pk(lookup.token_key)) if lookup.token_key else None
        return Findings(
            view=self._view(lookup, registry),
            item=self._parser.parse(item) if item else NOTHING,
            epoch=text_of(tokens.get(epoch_pk(lookup.credential, lookup.tenant), {}), "epoch")
            or "",
        )

    def _batch_get(
        self, registry_keys: list[Item], token_keys: list[Item]
    ) -> Mapping[str, list[Item]]:
        found: dict[str, list[Item]] = {self._registry: [], self._tokens: []}
        wanted: dict[str, Any] = {
            self._registry: {"Keys": registry_keys},
            self._tokens: {"Keys": token_keys},
        }
        for _ in range(_TRIES):
            with store_errors("dynamodb:BatchGetItem"):
                answer = self._client.batch_get_item(RequestItems=wanted)
            for table, items in answer["Responses"].items():
                found[table].extend(items)
            wanted = answer.get("UnprocessedKeys") or {}
            if not wanted:
                return found
        # A part of the answer would decide on a part of the truth.
        raise StoreThrottledError("dynamodb:BatchGetItem left keys unprocessed")

    def _view(self, lookup: Lookup, registry: _Found) -> RegistryView:
        identity, definition = lookup.identity, credential_pk(lookup.credential)

        def parsed[T](pk: str, sk: str, parse: Callable[[Document], T]) -> T | None:
            item = registry.get((pk, sk))
            return None if item is None else self._parse(item, parse)

        caller = parsed(identity, SETTINGS, registry_items.parse_caller)
        grant = parsed(identity, lookup.credential, registry_items.parse_grant)
        if grant is not None and caller is not None and grant.caller != caller.name:
            # An identity that has just moved to another caller: its old grant is not that one's.
            grant = None
        return RegistryView(
            caller=caller,
            caller_blocked=(identity, BLOCKED) in registry,
            client_secret_hashes=parsed(identity, SECRET, registry_items.parse_client_secrets)
            or (),
            grant=grant,
            definition=parsed(definition, SETTINGS, registry_items.parse_definition),
            # A block counts whatever its document says.
            credential_blocked=(definition, BLOCKED) in registry,
        )

    def _parse[T](self, item: Item, parse: Callable[[Document], T]) -> T | None:
        reason = Distrust.MALFORMED if has_known_schema(item) else Distrust.UNKNOWN_SCHEMA
        found = registry_item_of(item)
        try:
            if found is not None:
                return parse(found.document)
        except ValueError:
            reason = Distrust.MALFORMED
        self._on_untrusted(text_of(item, "pk") or "", reason)
        return None


def _registry_keys(lookup: Lookup) -> list[Item]:
    definition = credential_pk(lookup.credential)
    pairs = [
        (lookup.identity, SETTINGS),
        (lookup.identity, lookup.credential),
        (lookup.identity, BLOCKED),
        (definition, SETTINGS),
        (definition, BLOCKED),
    ]
    if lookup.identity.startswith("client:"):
        pairs.append((lookup.identity, SECRET))
    return [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in pairs]


def _token_keys(lookup: Lookup) -> list[Item]:
    keys = [epoch_pk(lookup.credential, lookup.tenant)]
    if lookup.token_key is not None:
        keys.append(token_pk(lookup.token_key))
    return [{"pk": {"S": pk}} for pk in keys]
