"""Requests for the token of a connection."""

import pytest
from tests.unit.consent.refreshing import Refreshing

from tokenvend.domain.errors import (
    TokenVendError,
)
from tokenvend.domain.request import VendRequest
from tokenvend.vending.vend_result import VendResult

REQUEST = VendRequest("jobs", connection="acme")


def vend(harness: Refreshing, request: VendRequest = REQUEST) -> VendResult:
    """One request to a cold environment."""
    return harness.vend(harness.environment(), request)


def refused_by(harness: Refreshing, request: VendRequest = REQUEST) -> tuple[type, str]:
    with pytest.raises(TokenVendError) as caught:
        vend(harness, request)
    return type(caught.value), caught.value.rule
