"""The contract of `ports.VendReader`, on the fake and on DynamoDB."""

from dataclasses import replace

import pytest
from tests.adapters.registries import DynamoDbRegistry, FilledRegistry, InMemoryRegistry
from tests.adapters.registry_samples import CALLER, DEFINITION, GRANT, IDENTITY
from tests.adapters.samples import FAILURE, KEY, SPEC, TOKEN, new_lease

from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.registry import Caller, RegistryView
from tokenvend.ports import Lookup, LookupResult, TokenItem

HASHES = (f"{1:064x}", f"{2:064x}")
LOOKUP = Lookup(identity=IDENTITY, credential="ats")


@pytest.fixture(params=["fake", "dynamodb"])
def harness(request: pytest.FixtureRequest) -> FilledRegistry:
    if request.param == "fake":
        return InMemoryRegistry()
    return DynamoDbRegistry(request.getfixturevalue("aws"), request.getfixturevalue("tables"))


def fill(harness: FilledRegistry) -> None:
    harness.add_caller(IDENTITY, CALLER)
    harness.add_grant(IDENTITY, GRANT)
    harness.add_definition(DEFINITION)
    harness.add_secrets(IDENTITY, HASHES)


def test_an_empty_registry_says_nothing(harness: FilledRegistry) -> None:
    assert harness.reader.read(LOOKUP) == LookupResult(view=RegistryView())


def test_everything_that_decides_comes_in_one_read(harness: FilledRegistry) -> None:
    fill(harness)

    assert harness.reader.read(LOOKUP).view == RegistryView(
        caller=CALLER, client_secret_hashes=HASHES, grant=GRANT, definition=DEFINITION
    )


def test_another_identity_sees_the_definition_alone(harness: FilledRegistry) -> None:
    fill(harness)

    found = harness.reader.read(Lookup(identity="client:other", credential="ats"))

    assert found.view == RegistryView(definition=DEFINITION)


def test_another_credential_has_no_grant_and_no_definition(harness: FilledRegistry) -> None:
    fill(harness)

    found = harness.reader.read(Lookup(identity=IDENTITY, credential="crm"))

    assert found.view == RegistryView(caller=CALLER, client_secret_hashes=HASHES)


def test_an_identity_that_moved_to_another_caller_does_not_take_its_grant_along(
    harness: FilledRegistry,
) -> None:
    fill(harness)
    harness.add_caller(IDENTITY, Caller(name="payroll"))

    view = harness.reader.read(LOOKUP).view

    assert view.caller == Caller(name="payroll")
    assert view.grant is None


def test_a_blocked_identity_is_seen(harness: FilledRegistry) -> None:
    fill(harness)
    harness.block_identity(IDENTITY)

    view = harness.reader.read(LOOKUP).view

    assert (view.caller_blocked, view.credential_blocked) == (True, False)


def test_a_blocked_credential_is_seen(harness: FilledRegistry) -> None:
    fill(harness)
    harness.block_credential("ats")

    view = harness.reader.read(LOOKUP).view

    assert (view.caller_blocked, view.credential_blocked) == (False, True)


@pytest.mark.parametrize(
    ("connection", "owners"),
    [(None, set()), ("acme", {"billing"}), ("other", set())],
)
def test_the_owners_whose_connection_is_blocked_are_seen_in_the_same_read(
    harness: FilledRegistry, connection: str | None, owners: set[str]
) -> None:
    fill(harness)
    harness.block_connection(ConnectionKey(credential="ats", owner="billing", name="acme"))

    view = harness.reader.read(replace(LOOKUP, connection=connection)).view

    assert view.blocked_owners == owners
    assert (view.caller_blocked, view.credential_blocked) == (False, False)


def test_the_token_comes_along_where_its_key_is_known(harness: FilledRegistry) -> None:
    lease, standing = new_lease(), new_lease()
    harness.tokens.acquire_lease(KEY, lease, instead_of=None)
    harness.tokens.put_token(KEY, TOKEN, spec=SPEC, lease=lease)
    harness.tokens.acquire_lease(KEY, lease, instead_of=None)
    harness.tokens.release_lease(KEY, lease=lease, failure=FAILURE)
    harness.tokens.acquire_lease(KEY, standing, instead_of=None)

    found = harness.reader.read(Lookup(identity=IDENTITY, credential="ats", token_key=KEY))

    assert found.item == TokenItem(TOKEN, standing, FAILURE, SPEC)


def test_no_token_comes_along_where_its_key_is_not_known(harness: FilledRegistry) -> None:
    lease = new_lease()
    harness.tokens.acquire_lease(KEY, lease, instead_of=None)
    harness.tokens.put_token(KEY, TOKEN, spec=SPEC, lease=lease)

    assert harness.reader.read(LOOKUP).item == TokenItem()


@pytest.mark.parametrize("tenant", [None, "acme"])
def test_the_secret_generation_is_that_of_the_tenants_secret(
    harness: FilledRegistry, tenant: str | None
) -> None:
    harness.set_secret_generation("ats", tenant, "e1")

    own = harness.reader.read(Lookup(identity=IDENTITY, credential="ats", tenant=tenant))
    other = harness.reader.read(Lookup(identity=IDENTITY, credential="ats", tenant="umbrella"))

    assert (own.state.secret_generation, other.state.secret_generation) == ("e1", "")
