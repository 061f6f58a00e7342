"""Read everything that decides one request, in one BatchGetItem over two tables."""

from typing import TYPE_CHECKING

from tokenvend.adapters.dynamodb import registry_items
from tokenvend.adapters.dynamodb.attributes import Item
from tokenvend.adapters.dynamodb.batch_read import (
    RegistryFound,
    batch_get,
    parsed,
    registry_found,
    tokens_found,
)
from tokenvend.adapters.dynamodb.credential_items import credential_state_pk, parse_state
from tokenvend.adapters.dynamodb.definition_items import parse_definition
from tokenvend.adapters.dynamodb.registry_items import (
    BLOCKED,
    META_KEY,
    SECRET,
    SETTINGS,
    blocked_owners,
    connection_block_pk,
    credential_pk,
)
from tokenvend.adapters.dynamodb.token_items import TokenItemParser, token_pk
from tokenvend.domain.registry import RegistryView
from tokenvend.domain.untrusted import OnUntrusted
from tokenvend.ports import EMPTY_ITEM, Lookup, LookupResult, StoreAwayError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoDbVendReader:
    """`ports.VendReader` on the registry and tokens tables.

    The read is eventually consistent. That is enough: memory already delays changes of the registry
    by up to `MemorySeconds`, and the conditional write of a lease returns a consistent item.
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

    def read(self, lookup: Lookup) -> LookupResult:
        """See `ports.VendReader`."""
        keys = {self._registry: _registry_keys(lookup), self._tokens: _token_keys(lookup)}
        found = batch_get(self._client, keys)
        tokens = tokens_found(found[self._tokens])
        item = tokens.get(token_pk(lookup.token_key)) if lookup.token_key else None
        state = tokens.get(credential_state_pk(lookup.credential, lookup.tenant), {})
        return LookupResult(
            view=self._view(lookup, registry_found(found[self._registry])),
            item=self._parser.parse(item) if item else EMPTY_ITEM,
            state=parse_state(state, self._on_untrusted),
        )

    def is_away(self) -> bool:
        """See `ports.VendReader`."""
        try:
            batch_get(self._client, {self._registry: [_key(*META_KEY)]})
        except StoreAwayError:
            return True
        return False

    def _view(self, lookup: Lookup, found: RegistryFound) -> RegistryView:
        identity, definition = lookup.identity, credential_pk(lookup.credential)
        count = self._on_untrusted
        caller = parsed(found, identity, SETTINGS, registry_items.parse_caller, count)
        grant = parsed(found, identity, lookup.credential, registry_items.parse_grant, count)
        secrets = parsed(found, identity, SECRET, registry_items.parse_client_secrets, count)
        if grant is not None and caller is not None and grant.caller != caller.name:
            # The identity has just moved to another caller, to which its old grant does not apply.
            grant = None
        return RegistryView(
            caller=caller,
            caller_blocked=(identity, BLOCKED) in found,
            client_secret_hashes=secrets or (),
            grant=grant,
            definition=parsed(found, definition, SETTINGS, parse_definition, count),
            # A block applies whatever its document says.
            credential_blocked=(definition, BLOCKED) in found,
            blocked_owners=_blocked_owners(lookup, found),
        )


def _blocked_owners(lookup: Lookup, found: RegistryFound) -> frozenset[str]:
    if lookup.connection is None:
        return frozenset()
    pk = connection_block_pk(lookup.credential, lookup.connection)
    return blocked_owners(found.get((pk, BLOCKED)))


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
    if lookup.connection is not None:
        pairs.append((connection_block_pk(lookup.credential, lookup.connection), BLOCKED))
    return [_key(pk, sk) for pk, sk in pairs]


def _token_keys(lookup: Lookup) -> list[Item]:
    keys = [credential_state_pk(lookup.credential, lookup.tenant)]
    if lookup.token_key is not None:
        keys.append(token_pk(lookup.token_key))
    return [{"pk": {"S": pk}} for pk in keys]


def _key(pk: str, sk: str) -> Item:
    return {"pk": {"S": pk}, "sk": {"S": sk}}
