"""What is refused on behalf of a user, and whom a refusal, a block or a report concerns."""

from datetime import timedelta

import pytest
from tests.fakes.clock import START
from tests.fakes.provider import json_response
from tests.unit.vending.harness import BILLING, DEFINITION, INVOCATION
from tests.unit.vending.on_behalf_of import (
    ADA,
    APP,
    BOB,
    STAFF,
    OnBehalfHarness,
    echoing,
    token_named_for_user,
    value_of,
)

from tokenvend.domain.errors import (
    InvalidRequestError,
    ProviderRefusedError,
    SubjectTokenError,
    TemporarilyUnavailableError,
    TokenVendError,
    UnauthorizedClientError,
)
from tokenvend.domain.request import RejectionReport, VendRequest
from tokenvend.domain.users import User
from tokenvend.ports import StoreAwayError


@pytest.fixture
def harness() -> OnBehalfHarness:
    return echoing(OnBehalfHarness())


@pytest.mark.parametrize(
    ("user", "error"),
    [
        (None, InvalidRequestError),
        (User("https://foreign.example", "ada", APP), SubjectTokenError),
        (User(STAFF, "ada", "another-api"), SubjectTokenError),
    ],
)
def test_without_a_user_of_the_grant_nobody_is_asked(
    harness: OnBehalfHarness, user: User | None, error: type[TokenVendError]
) -> None:
    with pytest.raises(error):
        harness.environment().vend(BILLING, VendRequest("jobs", user=user), time_left=INVOCATION)

    assert harness.provider.requests == []


def test_credential_that_acts_for_nobody_takes_no_users_token() -> None:
    harness = OnBehalfHarness(DEFINITION)

    with pytest.raises(InvalidRequestError) as caught:
        harness.ask(harness.environment())

    assert caught.value.rule == "request.subject_token"
    assert harness.provider.requests == []


def test_refusal_of_one_user_keeps_no_other_from_asking(harness: OnBehalfHarness) -> None:
    environment = harness.environment()
    for status, error in ((400, {"error": "invalid_grant"}), (401, {})):
        harness.provider.unscript()
        harness.provider.script(json_response(error, status=status), *[token_named_for_user] * 5)
        with pytest.raises(ProviderRefusedError):
            harness.ask(environment, User(STAFF, f"eve-{status}", APP))

        assert value_of(harness.ask(environment, User(STAFF, f"bob-{status}", APP)))


def test_refusal_of_the_client_itself_is_everybodys(harness: OnBehalfHarness) -> None:
    environment = harness.environment()
    harness.provider.unscript()
    harness.provider.script(json_response({"error": "invalid_client"}, status=401))
    with pytest.raises(ProviderRefusedError):
        harness.ask(environment, ADA)

    with pytest.raises(ProviderRefusedError):
        harness.ask(environment, BOB)

    assert harness.provider.exchanges == 1


def test_blocked_user_gets_nothing(harness: OnBehalfHarness) -> None:
    harness.reader.blocked.add(f"jobs/billing/{ADA.connection_name}")

    with pytest.raises(UnauthorizedClientError):
        harness.ask(harness.environment(), ADA)

    assert value_of(harness.ask(harness.environment(), BOB))


def test_report_replaces_its_own_users_token(harness: OnBehalfHarness) -> None:
    parts = harness.parts()
    vended = harness.ask(parts.vendor, ADA, token="first")
    digest = vended.answer.token.access_token.sha256
    harness.ask(parts.vendor, BOB, token="of-bob")

    parts.rejection_recorder.reject(BILLING, RejectionReport(VendRequest("jobs", user=BOB), digest))
    assert value_of(harness.ask(parts.vendor, ADA)) == "for-first"
    parts.rejection_recorder.reject(BILLING, RejectionReport(VendRequest("jobs", user=ADA), digest))

    assert value_of(harness.ask(parts.vendor, ADA, token="second")) == "for-second"
    assert value_of(harness.ask(parts.vendor, BOB)) == "for-of-bob"


def test_outage_of_the_tables_makes_no_token_without_a_lease(harness: OnBehalfHarness) -> None:
    environment = harness.environment()
    harness.ask(environment, until=START + timedelta(seconds=120))
    harness.clock.advance(timedelta(seconds=125))
    harness.reader.fails_with = StoreAwayError("away")

    with pytest.raises(TemporarilyUnavailableError):
        harness.ask(environment)

    assert harness.provider.exchanges == 1
