"""A user who may consent, and what the tests make of the way there."""

import pytest
from tests.unit.consent.harness import Harness

from tokenvend.domain.credential_definition import Authorization, CredentialDefinition


@pytest.fixture
def harness() -> Harness:
    return Harness()


def authorization_of(definition: CredentialDefinition) -> Authorization:
    assert definition.authorization is not None
    return definition.authorization
