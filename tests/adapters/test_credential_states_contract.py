"""The contracts of `ports.CredentialStates` and `ports.CredentialReader`, on fakes and DynamoDB."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.registry_samples import DEFINITION
from tests.adapters.samples import FAILURE
from tests.adapters.stores import Untrusted
from tests.fakes.clock import START
from tests.fakes.credential_states import InMemoryCredentialStates
from tests.fakes.token_store import InMemoryTokenStore
from tests.fakes.vend_reader import InMemoryCredentialReader, InMemoryVendReader

from tokenvend.adapters.dynamodb.credential_reader import DynamoDbCredentialReader
from tokenvend.adapters.dynamodb.credential_states import DynamoDbCredentialStates
from tokenvend.adapters.dynamodb.definition_items import build_definition
from tokenvend.adapters.dynamodb.registry_items import (
    BLOCKED,
    RegistryItem,
    build_block,
    connection_block_pk,
    credential_pk,
)
from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.credential_state import (
    UNKNOWN_STATE,
    CredentialState,
    ObservedExchange,
    ProviderOutage,
    ScheduledReader,
)
from tokenvend.domain.token import LifetimeSource, SecretStage
from tokenvend.ports import CredentialReader, CredentialStates, CredentialView

OBSERVED = ObservedExchange(
    lifetime_seconds=1770,
    lifetime_source=LifetimeSource.JWT_EXP,
    secret_stage=SecretStage.PENDING,
)
LATER = replace(FAILURE, count=4, retry_at=FAILURE.retry_at + timedelta(seconds=8))


class Harness(Protocol):
    """States that a test changes, and whoever reads them."""

    @property
    def states(self) -> CredentialStates: ...
    @property
    def reader(self) -> CredentialReader: ...
    def define(self, definition: CredentialDefinition) -> None: ...
    def block(self, credential: str) -> None: ...
    def block_connection(self, key: ConnectionKey) -> None: ...


@dataclass
class FakeWorld:
    states: InMemoryCredentialStates = field(default_factory=InMemoryCredentialStates)

    def __post_init__(self) -> None:
        self._registry = InMemoryVendReader(InMemoryTokenStore(), self.states)
        self.reader = InMemoryCredentialReader(self._registry)

    def define(self, definition: CredentialDefinition) -> None:
        self._registry.definitions[definition.name] = definition

    def block(self, credential: str) -> None:
        self._registry.blocked.add(credential)

    def block_connection(self, key: ConnectionKey) -> None:
        self._registry.blocked.add(str(key))


@dataclass
class DynamoDbWorld:
    aws: Aws
    tables: Tables

    def __post_init__(self) -> None:
        self.states = DynamoDbCredentialStates(self.aws.dynamodb, table=self.tables.tokens)
        self.reader = DynamoDbCredentialReader(
            self.aws.dynamodb,
            registry_table=self.tables.registry,
            tokens_table=self.tables.tokens,
            on_untrusted=Untrusted(),
        )

    def define(self, definition: CredentialDefinition) -> None:
        self.tables.put_registry_item(build_definition(definition).to_item())

    def block(self, credential: str) -> None:
        item = build_block(credential_pk(credential), reason="test", blocked_at=START)
        self.tables.put_registry_item(item.to_item())

    def block_connection(self, key: ConnectionKey) -> None:
        pk = connection_block_pk(key.credential, key.name)
        item = RegistryItem(pk, BLOCKED, {"owners": [key.owner]})
        self.tables.put_registry_item(item.to_item())


@pytest.fixture(params=["fake", "dynamodb"])
def harness(request: pytest.FixtureRequest) -> Harness:
    if request.param == "fake":
        return FakeWorld()
    return DynamoDbWorld(request.getfixturevalue("aws"), request.getfixturevalue("tables"))


@pytest.mark.parametrize(
    ("owner", "name", "is_there"),
    [("billing", "acme", False), ("payroll", "acme", True), ("billing", "other", True)],
)
def test_a_blocked_connection_has_no_definition_and_another_has(
    harness: Harness, owner: str, name: str, is_there: object
) -> None:
    harness.define(DEFINITION)
    harness.block_connection(ConnectionKey(credential="ats", owner="billing", name="acme"))

    key = ConnectionKey(credential="ats", owner=owner, name=name)

    assert (harness.reader.read("ats", None, connection=key).definition is not None) == is_there
    assert harness.reader.read("ats", None).definition == DEFINITION


def state(harness: Harness, tenant: str | None = None) -> CredentialState:
    return harness.reader.read("ats", tenant).state


def test_nothing_is_known_of_a_credential_at_first(harness: Harness) -> None:
    assert harness.reader.read("ats", None) == CredentialView(None, UNKNOWN_STATE)


@pytest.mark.parametrize("tenant", [None, "acme"])
def test_an_secret_generation_is_that_of_one_secret(harness: Harness, tenant: str | None) -> None:
    harness.states.start_secret_generation("ats", tenant, "v1")

    assert state(harness, tenant) == CredentialState(secret_generation="v1")
    assert state(harness, "umbrella") == UNKNOWN_STATE


def test_the_first_failure_stands_and_another_first_one_does_not(harness: Harness) -> None:
    first = harness.states.replace_failure("ats", None, before=None, after=FAILURE)
    second = harness.states.replace_failure("ats", None, before=None, after=LATER)

    assert (first, second) == (True, False)
    assert state(harness).failure == FAILURE


def test_a_failure_is_replaced_by_whoever_saw_it(harness: Harness) -> None:
    harness.states.start_secret_generation("ats", None, "v1")
    harness.states.replace_failure("ats", None, before=None, after=FAILURE)
    seen = state(harness).failure

    first = harness.states.replace_failure("ats", None, before=seen, after=LATER)
    second = harness.states.replace_failure("ats", None, before=seen, after=None)

    assert (first, second) == (True, False)
    assert state(harness) == CredentialState(secret_generation="v1", failure=LATER)


def test_a_failure_is_forgotten_and_the_secret_generation_is_not(harness: Harness) -> None:
    harness.states.start_secret_generation("ats", None, "v1")
    harness.states.replace_failure("ats", None, before=None, after=FAILURE)

    assert harness.states.replace_failure("ats", None, before=FAILURE, after=None)
    assert state(harness) == CredentialState(secret_generation="v1")


def test_what_an_exchange_showed_is_kept_beside_the_rest(harness: Harness) -> None:
    harness.states.replace_failure("ats", None, before=None, after=FAILURE)

    harness.states.record_observed("ats", None, OBSERVED)

    assert state(harness) == CredentialState(failure=FAILURE, observed=OBSERVED)


def test_an_outage_is_replaced_by_whoever_saw_it_and_stands_beside_the_rest(
    harness: Harness,
) -> None:
    began, lasting = ProviderOutage(since=START), ProviderOutage(since=START, failures=2)
    harness.states.replace_failure("ats", None, before=None, after=FAILURE)

    assert harness.states.replace_outage("ats", None, before=None, after=began)
    assert not harness.states.replace_outage("ats", None, before=None, after=lasting)
    seen = state(harness).outage
    assert harness.states.replace_outage("ats", None, before=seen, after=lasting)
    assert state(harness) == CredentialState(failure=FAILURE, outage=lasting)
    assert harness.states.replace_outage("ats", None, before=lasting, after=None)
    assert not harness.states.replace_outage("ats", None, before=lasting, after=began)
    assert state(harness) == CredentialState(failure=FAILURE)


@pytest.mark.parametrize("reader", ScheduledReader)
def test_a_schedule_that_cannot_use_the_secret_is_kept_until_it_can(
    harness: Harness, reader: ScheduledReader
) -> None:
    harness.states.replace_failure("ats", None, before=None, after=FAILURE)

    harness.states.mark_ready("ats", None, reader, is_ready=False)
    unready = state(harness)
    harness.states.mark_ready("ats", None, reader, is_ready=True)

    assert unready == CredentialState(failure=FAILURE, not_ready_for=frozenset({reader}))
    assert state(harness) == CredentialState(failure=FAILURE)


def test_a_new_secret_generation_forgets_the_failure(harness: Harness) -> None:
    harness.states.replace_failure("ats", None, before=None, after=FAILURE)

    harness.states.start_secret_generation("ats", None, "v2")

    assert state(harness) == CredentialState(secret_generation="v2")


def test_a_definition_is_read_unless_it_is_blocked(harness: Harness) -> None:
    definition = replace(DEFINITION, name="ats")
    harness.define(definition)

    before = harness.reader.read("ats", None).definition
    harness.block("ats")
    after = harness.reader.read("ats", None).definition

    assert (before, after) == (definition, None)
