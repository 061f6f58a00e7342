"""A report, an API key and a memory, in the cases that few requests are."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.clock import START
from tests.unit.consent.refreshing import GRANT as CONNECTION_GRANT
from tests.unit.consent.refreshing import KEY, Refreshing
from tests.unit.vending.harness import API_KEY, BILLING, GRANT, REQUEST, Harness, api_key_of
from tests.unit.vending.remembering import memory, remember, token_of

from tokenvend.domain import bounds
from tokenvend.domain.errors import ConsentRequiredError, TokenVendError, UnauthorizedClientError
from tokenvend.domain.registry import Grant, Observation
from tokenvend.domain.request import RejectionReport, VendRequest
from tokenvend.domain.rule import Rule
from tokenvend.vending.memory import Memory
from tokenvend.vending.reject import RejectOutcome

OF_CONNECTION = replace(REQUEST, connection="acme")


def report(harness: Harness, request: VendRequest) -> RejectOutcome:
    token = harness.vend(harness.environment(), request).answer.token
    rejection = RejectionReport(request, token.access_token.sha256)
    return harness.parts().rejection_recorder.reject(BILLING, rejection)


def test_a_connections_token_is_reported_by_what_a_request_for_it_would_read() -> None:
    harness = Refreshing()

    assert report(harness, OF_CONNECTION) is RejectOutcome.ACCEPTED

    vend, reported = harness.reader.lookups
    assert reported == vend
    assert reported.connection == "acme"


def test_a_report_of_a_blocked_connection_or_a_lost_consent_is_refused() -> None:
    harness = Refreshing()
    rejection = RejectionReport(OF_CONNECTION, "0" * 64)
    harness.connections.seed(replace(harness.connection, is_lost=True))
    with pytest.raises(ConsentRequiredError) as lost:
        harness.parts().rejection_recorder.reject(BILLING, rejection)
    harness.reader.blocked.add(str(KEY))

    with pytest.raises(UnauthorizedClientError) as blocked:
        harness.parts().rejection_recorder.reject(BILLING, rejection)

    assert (lost.value.rule, lost.value.caller) == (Rule.CONNECTION_LOST, "billing")
    assert blocked.value.rule == Rule.CONNECTION_BLOCKED


def test_a_report_names_the_scopes_of_its_token() -> None:
    """Of a connection with two scope sets, each has a token of its own."""
    harness = Refreshing()
    read = replace(OF_CONNECTION, scopes=frozenset({"jobs_read"}))

    assert report(harness, read) is RejectOutcome.ACCEPTED

    rejected = [item for item in harness.tokens.everything().values() if item.is_rejected]
    assert [item.token.scopes for item in rejected if item.token] == [{"jobs_read"}]


@pytest.mark.parametrize("of_connection", [False, True])
def test_a_report_of_an_observed_scope_is_taken_while_it_is_observed(
    *, of_connection: bool
) -> None:
    until = START + timedelta(minutes=1)
    observation = Observation(scopes=frozenset({"jobs_manage"}), until=until)
    granted = replace(
        CONNECTION_GRANT if of_connection else GRANT,
        scopes=frozenset({"jobs_read"}),
        observation=observation,
    )
    harness: Harness = Refreshing(grant=granted) if of_connection else Harness(grant=granted)
    asks = OF_CONNECTION if of_connection else REQUEST
    request = replace(asks, scopes=frozenset({"jobs_manage"}))

    assert report(harness, request) is RejectOutcome.ACCEPTED
    harness.clock.advance(timedelta(minutes=1))
    with pytest.raises(TokenVendError) as caught:
        harness.parts().rejection_recorder.reject(BILLING, RejectionReport(request, "0" * 64))
    assert caught.value.rule == Rule.SCOPES


def test_a_key_is_vended_by_the_grant_that_decided() -> None:
    harness = Harness()
    api_key_of(harness)
    grant = Grant(caller="billing", credential=API_KEY.name, full_access=True)
    harness.reader.grants[BILLING.identity, API_KEY.name] = grant

    vended = harness.vend(harness.environment(), VendRequest(API_KEY.name))

    assert vended.decision.grant == grant
    assert vended.failed is None


def count_remembered(held: Memory, count: int) -> int:
    requests = (replace(REQUEST, min_ttl_seconds=number) for number in range(count))
    return sum(held.recall((BILLING.identity, request)) is not None for request in requests)


@pytest.mark.parametrize("forgotten", [0, 1, 5])
def test_memory_holds_as_many_as_it_may_whatever_was_forgotten(forgotten: int) -> None:
    held = memory()
    token = token_of()
    for number in range(bounds.MEMORY_ENTRIES):
        remember(held, token, request=replace(REQUEST, min_ttl_seconds=number))
    for number in range(forgotten):
        held.forget((BILLING.identity, replace(REQUEST, min_ttl_seconds=number)))
    assert count_remembered(held, bounds.MEMORY_ENTRIES) == bounds.MEMORY_ENTRIES - forgotten

    for number in range(bounds.MEMORY_ENTRIES, bounds.MEMORY_ENTRIES + 10):
        remember(held, token, request=replace(REQUEST, min_ttl_seconds=number))

    assert count_remembered(held, bounds.MEMORY_ENTRIES + 10) == bounds.MEMORY_ENTRIES
