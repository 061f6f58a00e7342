"""A registry that a test fills: in memory, and in DynamoDB."""

from dataclasses import dataclass, field
from typing import Protocol

from tests.adapters.aws import Aws, Tables
from tests.adapters.registry_samples import DEFINITION, IDENTITY
from tests.adapters.stores import dynamodb_reader, dynamodb_store
from tests.fakes.clock import START
from tests.fakes.token_store import InMemoryTokenStore
from tests.fakes.vend_reader import InMemoryVendReader

from tokenvend.adapters.dynamodb.credential_items import credential_state_pk
from tokenvend.adapters.dynamodb.definition_items import build_definition
from tokenvend.adapters.dynamodb.registry_items import (
    RegistryItem,
    build_block,
    build_caller,
    build_client_secrets,
    build_grant,
    credential_pk,
)
from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.registry import Caller, Grant
from tokenvend.ports import TokenStore, VendReader
from tokenvend_cli.deployment.blocks import Block, Blockable, blocking


class FilledRegistry(Protocol):
    """A registry that a test fills, and whoever reads it."""

    @property
    def reader(self) -> VendReader: ...
    @property
    def tokens(self) -> TokenStore: ...
    def add_caller(self, identity: str, caller: Caller) -> None: ...
    def add_grant(self, identity: str, grant: Grant) -> None: ...
    def add_definition(self, definition: CredentialDefinition) -> None: ...
    def add_secrets(self, identity: str, hashes: tuple[str, ...]) -> None: ...
    def block_identity(self, identity: str) -> None: ...
    def block_credential(self, name: str) -> None: ...
    def block_connection(self, key: ConnectionKey) -> None: ...
    def set_secret_generation(
        self, credential: str, tenant: str | None, secret_generation: str
    ) -> None: ...


@dataclass
class InMemoryRegistry:
    tokens: InMemoryTokenStore = field(default_factory=InMemoryTokenStore)

    def __post_init__(self) -> None:
        self.reader = InMemoryVendReader(self.tokens)

    def add_caller(self, identity: str, caller: Caller) -> None:
        self.reader.callers[identity] = caller

    def add_grant(self, identity: str, grant: Grant) -> None:
        self.reader.grants[identity, grant.credential] = grant

    def add_definition(self, definition: CredentialDefinition) -> None:
        self.reader.definitions[definition.name] = definition

    def add_secrets(self, identity: str, hashes: tuple[str, ...]) -> None:
        self.reader.client_secret_hashes[identity] = hashes

    def block_identity(self, identity: str) -> None:
        self.reader.blocked.add(identity)

    def block_credential(self, name: str) -> None:
        self.reader.blocked.add(name)

    def block_connection(self, key: ConnectionKey) -> None:
        self.reader.blocked.add(str(key))

    def set_secret_generation(
        self, credential: str, tenant: str | None, secret_generation: str
    ) -> None:
        self.reader.states.start_secret_generation(credential, tenant, secret_generation)


@dataclass
class DynamoDbRegistry:
    aws: Aws
    tables: Tables

    def __post_init__(self) -> None:
        self.reader = dynamodb_reader(self.aws, self.tables)
        self.tokens = dynamodb_store(self.aws, self.tables)

    def add_caller(self, identity: str, caller: Caller) -> None:
        self._put(build_caller(identity, caller))

    def add_grant(self, identity: str, grant: Grant) -> None:
        self._put(build_grant(identity, grant))

    def add_definition(self, definition: CredentialDefinition) -> None:
        self._put(build_definition(definition))

    def add_secrets(self, identity: str, hashes: tuple[str, ...]) -> None:
        entries = [{"sha256": value, "issued_at": START.isoformat()} for value in hashes]
        self._put(build_client_secrets(identity, entries))

    def block_identity(self, identity: str) -> None:
        self._put(build_block(identity, reason="a test", blocked_at=START))

    def block_credential(self, name: str) -> None:
        self._put(build_block(credential_pk(name), reason="a test", blocked_at=START))

    def block_connection(self, key: ConnectionKey) -> None:
        items = [build_definition(DEFINITION), build_caller(IDENTITY, Caller(name=key.owner))]
        block = Block(Blockable.CONNECTION, str(key))
        for item in blocking(items, block, reason="a test", now=START):
            self._put(item)

    def set_secret_generation(
        self, credential: str, tenant: str | None, secret_generation: str
    ) -> None:
        self.tables.put_token_item(
            {
                "pk": {"S": credential_state_pk(credential, tenant)},
                "secret_generation": {"S": secret_generation},
            }
        )

    def _put(self, item: RegistryItem) -> None:
        self.tables.put_registry_item(item.to_item())
