"""The contract of `ports.VendReader`, on the fake and on DynamoDB."""

from dataclasses import dataclass, field, replace
from typing import Protocol

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.registry_samples import CALLER, DEFINITION, GRANT, IDENTITY
from tests.adapters.samples import FAILURE, KEY, SPEC, TOKEN, new_lease
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
from tokenvend.domain.registry import Caller, Grant, RegistryView
from tokenvend.ports import Lookup, LookupResult, TokenItem, TokenStore, VendReader
from tokenvend_cli.deployment.blocks import Block, Blockable, blocking

HASHES = (f"{1:064x}", f"{2:064x}")
LOOKUP = Lookup(identity=IDENTITY, credential="ats")


class Harness(Protocol):
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
class FakeWorld:
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
class DynamoDbWorld:
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


@pytest.fixture(params=["fake", "dynamodb"])
def harness(request: pytest.FixtureRequest) -> Harness:
    if request.param == "fake":
        return FakeWorld()
    return DynamoDbWorld(request.getfixturevalue("aws"), request.getfixturevalue("tables"))


def fill(harness: Harness) -> None:
    harness.add_caller(IDENTITY, CALLER)
    harness.add_grant(IDENTITY, GRANT)
    harness.add_definition(DEFINITION)
    harness.add_secrets(IDENTITY, HASHES)


def test_an_empty_registry_says_nothing(harness: Harness) -> None:
    assert harness.reader.read(LOOKUP) == LookupResult(view=RegistryView())


def test_everything_that_decides_comes_in_one_read(harness: Harness) -> None:
    fill(harness)

    assert harness.reader.read(LOOKUP).view == RegistryView(
        caller=CALLER, client_secret_hashes=HASHES, grant=GRANT, definition=DEFINITION
    )


def test_another_identity_sees_the_definition_alone(harness: Harness) -> None:
    fill(harness)

    found = harness.reader.read(Lookup(identity="client:other", credential="ats"))

    assert found.view == RegistryView(definition=DEFINITION)


def test_another_credential_has_no_grant_and_no_definition(harness: Harness) -> None:
    fill(harness)

    found = harness.reader.read(Lookup(identity=IDENTITY, credential="crm"))

    assert found.view == RegistryView(caller=CALLER, client_secret_hashes=HASHES)


def test_an_identity_that_moved_to_another_caller_does_not_take_its_grant_along(
    harness: Harness,
) -> None:
    fill(harness)
    harness.add_caller(IDENTITY, Caller(name="payroll"))

    view = harness.reader.read(LOOKUP).view

    assert view.caller == Caller(name="payroll")
    assert view.grant is None


def test_a_blocked_identity_is_seen(harness: Harness) -> None:
    fill(harness)
    harness.block_identity(IDENTITY)

    view = harness.reader.read(LOOKUP).view

    assert (view.caller_blocked, view.credential_blocked) == (True, False)


def test_a_blocked_credential_is_seen(harness: Harness) -> None:
    fill(harness)
    harness.block_credential("ats")

    view = harness.reader.read(LOOKUP).view

    assert (view.caller_blocked, view.credential_blocked) == (False, True)


@pytest.mark.parametrize(
    ("connection", "owners"),
    [(None, set()), ("acme", {"billing"}), ("other", set())],
)
def test_the_owners_whose_connection_is_blocked_are_seen_in_the_same_read(
    harness: Harness, connection: str | None, owners: set[str]
) -> None:
    fill(harness)
    harness.block_connection(ConnectionKey(credential="ats", owner="billing", name="acme"))

    view = harness.reader.read(replace(LOOKUP, connection=connection)).view

    assert view.blocked_owners == owners
    assert (view.caller_blocked, view.credential_blocked) == (False, False)


def test_the_token_comes_along_where_its_key_is_known(harness: Harness) -> None:
    lease, standing = new_lease(), new_lease()
    harness.tokens.acquire_lease(KEY, lease, instead_of=None)
    harness.tokens.put_token(KEY, TOKEN, spec=SPEC, lease=lease)
    harness.tokens.acquire_lease(KEY, lease, instead_of=None)
    harness.tokens.release_lease(KEY, lease=lease, failure=FAILURE)
    harness.tokens.acquire_lease(KEY, standing, instead_of=None)

    found = harness.reader.read(Lookup(identity=IDENTITY, credential="ats", token_key=KEY))

    assert found.item == TokenItem(TOKEN, standing, FAILURE, SPEC)


def test_no_token_comes_along_where_its_key_is_not_known(harness: Harness) -> None:
    lease = new_lease()
    harness.tokens.acquire_lease(KEY, lease, instead_of=None)
    harness.tokens.put_token(KEY, TOKEN, spec=SPEC, lease=lease)

    assert harness.reader.read(LOOKUP).item == TokenItem()


@pytest.mark.parametrize("tenant", [None, "acme"])
def test_the_secret_generation_is_that_of_the_tenants_secret(
    harness: Harness, tenant: str | None
) -> None:
    harness.set_secret_generation("ats", tenant, "e1")

    own = harness.reader.read(Lookup(identity=IDENTITY, credential="ats", tenant=tenant))
    other = harness.reader.read(Lookup(identity=IDENTITY, credential="ats", tenant="umbrella"))

    assert (own.state.secret_generation, other.state.secret_generation) == ("e1", "")
