"""When a connection's token is answered, replaced or ended."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.fakes.rotating_provider import Fault, RotatingProvider
from tests.unit.consent.refreshing import CONSENT, KEY, Refreshing
from tests.unit.consent.vending_connections import REQUEST, refused_by, vend
from tests.unit.vending.harness import BILLING

from tokenvend.domain.connection import Connection
from tokenvend.domain.errors import (
    ConsentRequiredError,
    TemporarilyUnavailableError,
    TokenVendError,
)
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.request import RejectionReport
from tokenvend.domain.rule import Rule
from tokenvend.domain.secret import Secret
from tokenvend.ports import StoreAwayError


def test_a_lost_consent_vends_nothing_more_though_its_token_lives() -> None:
    harness = Refreshing()
    vend(harness)
    harness.connections.seed(replace(harness.connection, is_lost=True))

    assert refused_by(harness) == (ConsentRequiredError, Rule.CONNECTION_LOST)


def test_a_connection_that_was_ended_vends_nothing_more_though_its_token_lives() -> None:
    harness = Refreshing()
    vend(harness)
    harness.connections.delete(KEY)

    assert refused_by(harness) == (ConsentRequiredError, Rule.CONNECTION_ACTIVE)


def test_memory_forgets_an_ended_connection_within_its_trust() -> None:
    harness = Refreshing()
    environment = harness.environment()
    harness.vend(environment, REQUEST)
    harness.connections.delete(KEY)
    harness.clock.advance(timedelta(seconds=30))

    with pytest.raises(ConsentRequiredError):
        harness.vend(environment, REQUEST)


def test_a_new_consent_never_gets_the_old_ones_token() -> None:
    harness = Refreshing()
    old = vend(harness)
    anew = replace(
        CONSENT, consent_id="consent-2", account="user-8", refresh_token=Secret("refresh-2")
    )
    harness.connections.seed(Connection(key=KEY, consent=anew, number=1))

    new = vend(harness)

    assert new.answer.token != old.answer.token
    assert harness.rotating.redeemed == ["refresh-1", "refresh-2"]


def test_a_lost_consent_is_found_by_one_request_and_asked_of_the_provider_no_more() -> None:
    harness = Refreshing()
    harness.rotating.is_revoked = True

    for _ in range(4):
        assert refused_by(harness)[0] is ConsentRequiredError

    assert harness.rotating.refreshes == 1
    assert len(harness.events) == 1


def test_a_valid_token_is_vended_while_the_provider_is_away() -> None:
    harness = Refreshing()
    vend(harness)
    harness.clock.advance(timedelta(seconds=1_700))
    harness.rotating.faults.append(Fault.BUSY)

    vended = vend(harness)

    assert vended.answer.token.access_token == Secret("access-1")
    assert vended.failed is not None


def test_memory_answers_for_a_while_when_the_connections_table_is_away() -> None:
    harness = Refreshing()
    environment = harness.environment()
    harness.vend(environment, REQUEST)
    harness.connections.is_away = True
    harness.clock.advance(timedelta(seconds=31))

    vended = harness.vend(environment, REQUEST)

    assert vended.answer.token.access_token == Secret("access-1")


@pytest.mark.parametrize("all_tables", [False, True])
def test_no_refresh_starts_in_an_outage_when_the_token_has_run_out(*, all_tables: bool) -> None:
    harness = Refreshing()
    environment = harness.environment()
    harness.vend(environment, REQUEST)
    harness.connections.is_away = True
    if all_tables:
        harness.reader.fails_with = StoreAwayError("away")
    harness.clock.advance(timedelta(seconds=1_799))

    with pytest.raises(TemporarilyUnavailableError):
        harness.vend(environment, REQUEST)

    assert harness.rotating.refreshes == 1


def test_a_rejected_token_is_replaced_through_the_journal() -> None:
    harness = Refreshing()
    parts = harness.parts()
    token = harness.vend(parts.vendor, REQUEST).answer.token

    parts.rejection_recorder.reject(BILLING, RejectionReport(REQUEST, token.access_token.sha256))
    replaced = harness.vend(parts.vendor, REQUEST)

    assert replaced.answer.token.access_token == Secret("access-2")
    assert harness.rotating.redeemed == ["refresh-1", "refresh-2"]


def test_a_connection_in_use_is_renewed_before_a_request_waits() -> None:
    harness = Refreshing()
    parts = harness.parts()
    harness.vend(parts.vendor, REQUEST)
    harness.clock.advance(timedelta(seconds=200))
    harness.vend(harness.environment(), REQUEST)
    for _ in range(35):
        harness.clock.advance(timedelta(minutes=1))
        parts.renew_all()

    assert harness.rotating.refreshes >= 2
    assert vend(harness).answer.source.value == "store"


def test_a_token_with_less_than_was_named_is_refused_though_the_consent_said_more() -> None:
    harness = Refreshing(provider=RotatingProvider(scope="jobs_read"))

    requested_scopes = replace(REQUEST, scopes=frozenset({"jobs_read", "jobs_manage"}))

    assert refused_by(harness, requested_scopes) == (ConsentRequiredError, Rule.CONNECTION_SCOPES)


def test_the_refresh_token_stands_in_no_answer_and_no_error() -> None:
    harness = Refreshing()
    harness.provider = Echo()  # type: ignore[assignment]

    with pytest.raises(TokenVendError) as caught:
        vend(harness)

    assert "refresh-1" not in f"{caught.value} {caught.value.description} {harness.events}"


class Echo:
    """A provider whose error repeats the refresh token of the request."""

    def send(self, request: ProviderRequest) -> ProviderResponse:
        told = {"error": "invalid_request", "error_description": request.form["refresh_token"]}
        return json_response(told, status=400)
