"""A user on the way to a consent, whom somebody attacks."""

import pytest
from tests.unit.consent.harness import (
    Harness,
)


@pytest.fixture
def harness() -> Harness:
    return Harness()
