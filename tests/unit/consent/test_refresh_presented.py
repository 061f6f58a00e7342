"""A token of a connection whose API takes tokens in a form of its own."""

from dataclasses import replace

import pytest
from tests.fakes.rotating_provider import Fault
from tests.unit.consent.refreshing import DEFINITION, Refreshing

from tokenvend.domain.errors import (
    CredentialNotReadyError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
)
from tokenvend.domain.secret import Secret
from tokenvend.domain.token_presentation import RequestParts

WITH_KEY = {"headers": {"X-Token": "{token}", "X-Api-Key": "{secret.api_key}"}}


def harness_with_key(value: str = "our-key") -> Refreshing:
    """A connection whose API takes the token beside a field of the client's secret."""
    harness = Refreshing(definition=replace(DEFINITION, api_request=WITH_KEY))
    secret = harness.secrets.secrets["jobs", None]
    harness.secrets.secrets["jobs", None] = replace(
        secret,
        allowed_host=f"{secret.allowed_host} @callers:api_key",
        fields={"api_key": Secret(value)},
    )
    return harness


def test_refreshed_token_is_sent_beside_the_field_of_the_secret() -> None:
    harness = harness_with_key()

    token = harness.refresh()

    assert isinstance(token.sent_as, RequestParts)
    assert token.sent_as.headers == {"X-Token": Secret("access-1"), "X-Api-Key": Secret("our-key")}


def test_field_that_no_header_can_have_redeems_no_refresh_token() -> None:
    harness = harness_with_key("our\nkey")

    with pytest.raises(CredentialNotReadyError) as caught:
        harness.refresh()

    assert caught.value.rule == "secret.unusable"
    assert harness.rotating.requests == []
    assert harness.refresh_token == "refresh-1"


@pytest.mark.parametrize(
    ("fault", "error"),
    [(Fault.TOO_MANY, TemporarilyUnavailableError), (Fault.GARBLED, ProviderRefusedError)],
)
def test_answer_without_a_token_presents_nothing(fault: Fault, error: type[Exception]) -> None:
    harness = harness_with_key()
    harness.rotating.faults.append(fault)

    with pytest.raises(error):
        harness.refresh()
