"""What is known of one tenant's secret is never another's, and never the whole credential's."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.samples import FAILURE
from tests.adapters.stores import Untrusted
from tests.fakes.clock import START
from tests.fakes.credential_states import InMemoryCredentialStates
from tests.fakes.token_store import InMemoryTokenStore
from tests.fakes.vend_reader import InMemoryCredentialReader, InMemoryVendReader

from tokenvend.adapters.dynamodb.credential_reader import DynamoDbCredentialReader
from tokenvend.adapters.dynamodb.credential_states import DynamoDbCredentialStates
from tokenvend.domain.credential_state import (
    UNKNOWN_STATE,
    CredentialState,
    ObservedExchange,
    ProviderOutage,
    ScheduledReader,
)
from tokenvend.domain.token import LifetimeSource, SecretStage
from tokenvend.ports import CredentialReader, CredentialStates

OBSERVED = ObservedExchange(
    lifetime_seconds=1770,
    lifetime_source=LifetimeSource.EXPIRES_IN,
    secret_stage=SecretStage.CURRENT,
)
OUTAGE = ProviderOutage(since=START)
RENEWAL = ScheduledReader.RENEWAL
TENANTS = ("acme", "globex", None)

type Harness = tuple[CredentialStates, CredentialReader]


@pytest.fixture(params=["fake", "dynamodb"])
def harness(request: pytest.FixtureRequest) -> Harness:
    """States that a test changes, and whoever reads them."""
    if request.param == "fake":
        states = InMemoryCredentialStates()
        registry = InMemoryVendReader(InMemoryTokenStore(), states)
        return states, InMemoryCredentialReader(registry)
    aws: Aws = request.getfixturevalue("aws")
    tables: Tables = request.getfixturevalue("tables")
    reader = DynamoDbCredentialReader(
        aws.dynamodb,
        registry_table=tables.registry,
        tokens_table=tables.tokens,
        on_untrusted=Untrusted(),
    )
    return DynamoDbCredentialStates(aws.dynamodb, table=tables.tokens), reader


def refuses(states: CredentialStates, tenant: str | None) -> None:
    assert states.replace_failure("jobs", tenant, before=None, after=FAILURE)


def is_away(states: CredentialStates, tenant: str | None) -> None:
    assert states.replace_outage("jobs", tenant, before=None, after=OUTAGE)


def is_observed(states: CredentialStates, tenant: str | None) -> None:
    states.record_observed("jobs", tenant, OBSERVED)


def is_not_ready(states: CredentialStates, tenant: str | None) -> None:
    states.mark_ready("jobs", tenant, RENEWAL, is_ready=False)


def begins(states: CredentialStates, tenant: str | None) -> None:
    states.start_secret_generation("jobs", tenant, "v2")


@pytest.mark.parametrize("tenant", TENANTS)
@pytest.mark.parametrize(
    ("change", "state"),
    [
        (refuses, replace(UNKNOWN_STATE, failure=FAILURE)),
        (is_away, replace(UNKNOWN_STATE, outage=OUTAGE)),
        (is_observed, replace(UNKNOWN_STATE, observed=OBSERVED)),
        (is_not_ready, replace(UNKNOWN_STATE, not_ready_for=frozenset({RENEWAL}))),
        (begins, replace(UNKNOWN_STATE, secret_generation="v2")),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_change_is_of_one_tenant_alone(
    harness: Harness,
    change: Callable[[CredentialStates, str | None], None],
    state: CredentialState,
    tenant: str | None,
) -> None:
    states, reader = harness

    change(states, tenant)

    found = {each: reader.read("jobs", each).state for each in TENANTS}
    assert found == {each: state if each == tenant else UNKNOWN_STATE for each in TENANTS}
    assert reader.read("other", tenant).state == UNKNOWN_STATE


def test_a_failure_and_an_outage_end_where_they_began(harness: Harness) -> None:
    states, reader = harness
    for tenant in TENANTS:
        refuses(states, tenant)
        is_away(states, tenant)
    later = replace(FAILURE, retry_at=FAILURE.retry_at + timedelta(seconds=8))

    assert not states.replace_failure("jobs", "acme", before=later, after=None)
    assert states.replace_failure("jobs", "acme", before=FAILURE, after=None)
    assert not states.replace_outage("jobs", "acme", before=None, after=None)
    assert states.replace_outage("jobs", "acme", before=OUTAGE, after=None)

    found = {each: reader.read("jobs", each).state for each in TENANTS}
    still = replace(UNKNOWN_STATE, failure=FAILURE, outage=OUTAGE)
    assert found == {"acme": UNKNOWN_STATE, "globex": still, None: still}
