"""Vending with a connection: whose it may be, what the token carries, and when to ask the user."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.fakes.rotating_provider import Fault, RotatingProvider
from tests.unit.consent.refreshing import CONSENT, DEFINITION, FIXED, GRANT, KEY, Refreshing
from tests.unit.vending.harness import BILLING

from tokenvend.domain.connection import Connection, ConnectionKey
from tokenvend.domain.errors import (
    ConsentRequiredError,
    InvalidRequestError,
    InvalidScopeError,
    TemporarilyUnavailableError,
    TokenVendError,
)
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.registry import ALL_CONNECTIONS, CredentialKind
from tokenvend.domain.request import Rejection, VendRequest
from tokenvend.domain.rule import Rule
from tokenvend.domain.secret import Secret
from tokenvend.ports import StoreAwayError
from tokenvend.vending.vend_result import VendResult

REQUEST = VendRequest("jobs", connection="acme")
READ = frozenset({"jobs_read"})
THEIRS = ConnectionKey(credential="jobs", owner="payroll", name="acme")


def vend(harness: Refreshing, request: VendRequest = REQUEST) -> VendResult:
    """One request to a cold environment."""
    return harness.vend(harness.environment(), request)


def refused_by(harness: Refreshing, request: VendRequest = REQUEST) -> tuple[type, str]:
    with pytest.raises(TokenVendError) as caught:
        vend(harness, request)
    return type(caught.value), caught.value.rule


def test_a_connection_is_vended_and_kept_for_the_next() -> None:
    harness = Refreshing()

    first, second = vend(harness), vend(harness)

    assert first.answer.token.access_token == Secret("access-1")
    assert second.answer.token == first.answer.token
    assert harness.rotating.redeemed == ["refresh-1"]


def test_the_answer_is_honest_about_a_consent_to_less() -> None:
    harness = Refreshing(consent=replace(CONSENT, scopes=READ))

    assert vend(harness).answer.token.scopes == READ


@pytest.mark.parametrize("definition", [DEFINITION, FIXED], ids=["narrows", "fixed"])
def test_scopes_that_are_named_are_all_given_or_the_user_is_asked(definition: object) -> None:
    harness = Refreshing(
        definition=definition,  # type: ignore[arg-type]
        consent=replace(CONSENT, scopes=READ),
    )

    with pytest.raises(ConsentRequiredError, match="jobs_manage") as caught:
        vend(harness, replace(REQUEST, scopes=frozenset({"jobs_read", "jobs_manage"})))

    assert caught.value.rule == Rule.CONNECTION_SCOPES
    assert harness.rotating.requests == []


def test_a_grant_that_accepts_less_gets_less() -> None:
    harness = Refreshing(
        grant=replace(GRANT, accept_less=True), consent=replace(CONSENT, scopes=READ)
    )

    vended = vend(harness, replace(REQUEST, scopes=frozenset({"jobs_read", "jobs_manage"})))

    assert vended.answer.token.scopes == READ


def test_nothing_in_common_with_the_consent_is_for_the_user_to_mend() -> None:
    harness = Refreshing(
        grant=replace(GRANT, scopes=frozenset({"jobs_manage"})),
        consent=replace(CONSENT, scopes=READ),
    )

    assert refused_by(harness) == (ConsentRequiredError, Rule.CONNECTION_SCOPES)


def test_scopes_beyond_the_grant_are_refused_whatever_the_user_agreed_to() -> None:
    harness = Refreshing(grant=replace(GRANT, scopes=READ))

    requested_scopes = replace(REQUEST, scopes=frozenset({"jobs_manage"}))

    assert refused_by(harness, requested_scopes) == (InvalidScopeError, Rule.SCOPES)


def test_where_the_provider_narrows_a_lesser_grant_gets_a_lesser_token() -> None:
    harness = Refreshing(grant=replace(GRANT, scopes=READ))

    assert vend(harness).answer.token.scopes == READ
    assert harness.rotating.requests[0].form["scope"] == "jobs_read"


def test_where_it_does_not_a_grant_must_cover_what_the_user_agreed_to() -> None:
    harness = Refreshing(definition=FIXED, grant=replace(GRANT, scopes=READ))

    assert refused_by(harness) == (InvalidScopeError, Rule.WHOLE_SCOPE)
    assert harness.rotating.requests == []


def test_where_it_does_not_a_grant_of_less_than_the_credential_covers_a_consent_to_less() -> None:
    harness = Refreshing(
        definition=FIXED,
        grant=replace(GRANT, scopes=READ),
        consent=replace(CONSENT, scopes=READ),
    )

    assert vend(harness).answer.token.scopes == READ
    assert "scope" not in harness.rotating.requests[0].form


def test_what_nobody_ever_named_needs_full_access() -> None:
    consent = replace(CONSENT, scopes=frozenset())
    definition = replace(FIXED, scopes=frozenset())
    harness = Refreshing(
        definition=definition, consent=consent, grant=replace(GRANT, scopes=frozenset())
    )
    whole = Refreshing(
        definition=definition,
        consent=consent,
        grant=replace(GRANT, scopes=frozenset(), full_access=True),
    )

    assert refused_by(harness) == (InvalidScopeError, Rule.FULL_ACCESS)
    assert vend(whole).answer.token.access_token == Secret("access-1")


def test_two_scope_sets_of_one_connection_never_redeem_one_refresh_token_twice() -> None:
    harness = Refreshing()

    vend(harness, replace(REQUEST, scopes=READ))
    vend(harness, replace(REQUEST, scopes=frozenset({"jobs_manage"})))

    assert harness.rotating.redeemed == ["refresh-1", "refresh-2"]
    assert not harness.rotating.is_revoked


def test_two_scope_sets_at_the_same_time_take_turns() -> None:
    harness = Refreshing()

    def another() -> None:
        harness.rotating.interrupt = None
        with pytest.raises(TemporarilyUnavailableError):
            vend(harness, replace(REQUEST, scopes=frozenset({"jobs_manage"})))

    harness.rotating.interrupt = another

    vend(harness, replace(REQUEST, scopes=READ))
    vend(harness, replace(REQUEST, scopes=frozenset({"jobs_manage"})))

    assert harness.rotating.redeemed == ["refresh-1", "refresh-2"]


def test_waiting_for_another_is_no_failure_of_the_provider() -> None:
    harness = Refreshing()

    def another() -> None:
        harness.rotating.interrupt = None
        with pytest.raises(TemporarilyUnavailableError):
            vend(harness, replace(REQUEST, scopes=frozenset({"jobs_manage"})))

    harness.rotating.interrupt = another
    vend(harness, replace(REQUEST, scopes=READ))

    # At once: no back-off stands in the way.
    vend(harness, replace(REQUEST, scopes=frozenset({"jobs_manage"})))


def test_a_request_must_name_its_connection() -> None:
    assert refused_by(Refreshing(), VendRequest("jobs")) == (InvalidRequestError, Rule.CONNECTION)


def test_a_credential_without_consents_has_no_connections() -> None:
    harness = Refreshing(
        definition=replace(DEFINITION, kind=CredentialKind.CLIENT_CREDENTIALS, authorization=None)
    )

    assert refused_by(harness) == (InvalidRequestError, Rule.CONNECTION)


def test_anothers_connection_looks_like_one_that_is_not_there() -> None:
    harness = Refreshing()
    harness.connections.seed(Connection(key=THEIRS, consent=CONSENT, number=1))
    texts = set()

    for name in ("payroll/acme", "payroll/no-such", "no-such"):
        with pytest.raises(ConsentRequiredError) as caught:
            vend(harness, replace(REQUEST, connection=name))
        texts.add((caught.value.code, caught.value.description))

    assert len(texts) == 1
    assert harness.rotating.requests == []


@pytest.mark.parametrize("connections", [ALL_CONNECTIONS, frozenset({"payroll/acme"})])
def test_a_grant_may_reach_anothers_connection(connections: frozenset[str]) -> None:
    harness = Refreshing(grant=replace(GRANT, connections=connections))
    harness.connections.delete(KEY)
    harness.connections.seed(Connection(key=THEIRS, consent=CONSENT, number=1))

    vended = vend(harness, replace(REQUEST, connection="payroll/acme"))

    assert vended.decision.spec.connection_owner == "payroll"


def test_a_connection_of_the_same_name_is_another_owners_own() -> None:
    harness = Refreshing(grant=replace(GRANT, connections=ALL_CONNECTIONS))
    other = replace(CONSENT, consent_id="consent-2", refresh_token=Secret("refresh-1"))
    harness.connections.seed(Connection(key=THEIRS, consent=other, number=1))
    mine = vend(harness)
    harness.provider = RotatingProvider()  # type: ignore[assignment]

    theirs = vend(harness, replace(REQUEST, connection="payroll/acme"))

    assert mine.decision.key != theirs.decision.key


def test_the_callers_own_connection_can_be_named_in_full() -> None:
    harness = Refreshing()

    assert vend(harness, replace(REQUEST, connection="billing/acme")).decision.key == (
        vend(harness).decision.key
    )


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

    parts.rejecter.reject(BILLING, Rejection(REQUEST, token.access_token.sha256))
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
    """A provider that tells what it was told."""

    def send(self, request: ProviderRequest) -> ProviderResponse:
        told = {"error": "invalid_request", "error_description": request.form["refresh_token"]}
        return json_response(told, status=400)
