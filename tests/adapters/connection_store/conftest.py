"""Connection stores on the fake and on DynamoDB, for the contract of `ports.ConnectionStore`."""

from collections.abc import Callable

import pytest
from tests.adapters.aws import Aws, Tables
from tests.adapters.stores import dynamodb_connections
from tests.fakes.connection_store import InMemoryConnectionStore

from tokenvend.ports import ConnectionStore

type NewEnvironment = Callable[[], ConnectionStore]


@pytest.fixture(params=["fake", "dynamodb"])
def new_environment(request: pytest.FixtureRequest) -> NewEnvironment:
    """One more environment on the same table."""
    if request.param == "fake":
        fake = InMemoryConnectionStore()
        return lambda: fake
    aws: Aws = request.getfixturevalue("aws")
    tables: Tables = request.getfixturevalue("tables")
    return lambda: dynamodb_connections(aws, tables)


@pytest.fixture
def store(new_environment: NewEnvironment) -> ConnectionStore:
    return new_environment()
