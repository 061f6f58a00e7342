"""Vending with a connection: whose it may be, what the token carries, and when to ask the user."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.fakes.rotating_provider import Fault, RotatingProvider
from tests.unit.connecting.refreshing import CONSENT, DEFINITION, FIXED, GRANT, KEY, Refreshing
from tests.unit.vending.world import BILLING

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
from tokenvend.vending.vended import Vended

REQUEST = VendRequest("jobs", connection="acme")
READ = frozenset({"jobs_read"})
THEIRS = ConnectionKey(credential="jobs", owner="payroll", name="acme")


def vend(world: Refreshing, request: VendRequest = REQUEST) -> Vended:
    """One request to a cold environment."""
    return world.vend(world.environment(), request)


def refused_by(world: Refreshing, request: VendRequest = REQUEST) -> tuple[type, str]:
    with pytest.raises(TokenVendError) as caught:
        vend(world, request)
    return type(caught.value), caught.value.rule


def test_a_connection_is_vended_and_kept_for_the_next() -> None:
    world = Refreshing()

    first, second = vend(world), vend(world)

    assert first.answer.token.access_token == Secret("access-1")
    assert second.answer.token == first.answer.token
    assert world.rotating.spent == ["refresh-1"]


def test_the_answer_is_honest_about_a_consent_to_less() -> None:
    world = Refreshing(consent=replace(CONSENT, scopes=READ))

    assert vend(world).answer.token.scopes == READ


@pytest.mark.parametrize("definition", [DEFINITION, FIXED], ids=["narrows", "fixed"])
def test_scopes_that_are_named_are_all_given_or_the_user_is_asked(definition: object) -> None:
    world = Refreshing(
        definition=definition,  # type: ignore[arg-type]
        consent=replace(CONSENT, scopes=READ),
    )

    with pytest.raises(ConsentRequiredError, match="jobs_manage") as caught:
        vend(world, replace(REQUEST, scopes=frozenset({"jobs_read", "jobs_manage"})))

    assert caught.value.rule == Rule.CONNECTION_SCOPES
    assert world.rotating.requests == []


def test_a_grant_that_accepts_less_gets_less() -> None:
    world = Refreshing(
        grant=replace(GRANT, accept_less=True), consent=replace(CONSENT, scopes=READ)
    )

    vended = vend(world, replace(REQUEST, scopes=frozenset({"jobs_read", "jobs_manage"})))

    assert vended.answer.token.scopes == READ


def test_nothing_in_common_with_the_consent_is_for_the_user_to_mend() -> None:
    world = Refreshing(
        grant=replace(GRANT, scopes=frozenset({"jobs_manage"})),
        consent=replace(CONSENT, scopes=READ),
    )

    assert refused_by(world) == (ConsentRequiredError, Rule.CONNECTION_SCOPES)


def test_scopes_beyond_the_grant_are_refused_whatever_the_user_agreed_to() -> None:
    world = Refreshing(grant=replace(GRANT, scopes=READ))

    asked = replace(REQUEST, scopes=frozenset({"jobs_manage"}))

    assert refused_by(world, asked) == (InvalidScopeError, Rule.SCOPES)


def test_where_the_provider_narrows_a_lesser_grant_gets_a_lesser_token() -> None:
    world = Refreshing(grant=replace(GRANT, scopes=READ))

    assert vend(world).answer.token.scopes == READ
    assert world.rotating.requests[0].form["scope"] == "jobs_read"


def test_where_it_does_not_a_grant_must_cover_what_the_user_agreed_to() -> None:
    world = Refreshing(definition=FIXED, grant=replace(GRANT, scopes=READ))

    assert refused_by(world) == (InvalidScopeError, Rule.WHOLE_SCOPE)
    assert world.rotating.requests == []


def test_where_it_does_not_a_grant_of_less_than_the_credential_covers_a_consent_to_less() -> None:
    world = Refreshing(
        definition=FIXED,
        grant=replace(GRANT, scopes=READ),
        consent=replace(CONSENT, scopes=READ),
    )

    assert vend(world).answer.token.scopes == READ
    assert "scope" not in world.rotating.requests[0].form


def test_what_nobody_ever_named_needs_full_access() -> None:
    consent = replace(CONSENT, scopes=frozenset())
    definition = replace(FIXED, scopes=frozenset())
    world = Refreshing(
        definition=definition, consent=consent, grant=replace(GRANT, scopes=frozenset())
    )
    whole = Refreshing(
        definition=definition,
        consent=consent,
        grant=replace(GRANT, scopes=frozenset(), full_access=True),
    )

    assert refused_by(world) == (InvalidScopeError, Rule.FULL_ACCESS)
    assert vend(whole).answer.token.access_token == Secret("access-1")


def test_two_scope_sets_of_one_connection_never_spend_one_refresh_token_twice() -> None:
    world = Refreshing()

    vend(world, replace(REQUEST, scopes=READ))
    vend(world, replace(REQUEST, scopes=frozenset({"jobs_manage"})))

    assert world.rotating.spent == ["refresh-1", "refresh-2"]
    assert not world.rotating.is_revoked


def test_two_scope_sets_at_the_same_time_take_turns() -> None:
    world = Refreshing()

    def another() -> None:
        world.rotating.interrupt = None
        with pytest.raises(TemporarilyUnavailableError):
            vend(world, replace(REQUEST, scopes=frozenset({"jobs_manage"})))

    world.rotating.interrupt = another

    vend(world, replace(REQUEST, scopes=READ))
    vend(world, replace(REQUEST, scopes=frozenset({"jobs_manage"})))

    assert world.rotating.spent == ["refresh-1", "refresh-2"]


def test_waiting_for_another_is_no_failure_of_the_provider() -> None:
    world = Refreshing()

    def another() -> None:
        world.rotating.interrupt = None
        with pytest.raises(TemporarilyUnavailableError):
            vend(world, replace(REQUEST, scopes=frozenset({"jobs_manage"})))

    world.rotating.interrupt = another
    vend(world, replace(REQUEST, scopes=READ))

    # At once: no back-off stands in the way.
    vend(world, replace(REQUEST, scopes=frozenset({"jobs_manage"})))


def test_a_request_must_name_its_connection() -> None:
    assert refused_by(Refreshing(), VendRequest("jobs")) == (InvalidRequestError, Rule.CONNECTION)


def test_a_credential_without_consents_has_no_connections() -> None:
    world = Refreshing(
        definition=replace(DEFINITION, kind=CredentialKind.CLIENT_CREDENTIALS, authorization=None)
    )

    assert refused_by(world) == (InvalidRequestError, Rule.CONNECTION)


def test_anothers_connection_looks_like_one_that_is_not_there() -> None:
    world = Refreshing()
    world.connections.seed(Connection(key=THEIRS, consent=CONSENT, number=1))
    texts = set()

    for name in ("payroll/acme", "payroll/no-such", "no-such"):
        with pytest.raises(ConsentRequiredError) as caught:
            vend(world, replace(REQUEST, connection=name))
        texts.add((caught.value.code, caught.value.description))

    assert len(texts) == 1
    assert world.rotating.requests == []


@pytest.mark.parametrize("connections", [ALL_CONNECTIONS, frozenset({"payroll/acme"})])
def test_a_grant_may_reach_anothers_connection(connections: frozenset[str]) -> None:
    world = Refreshing(grant=replace(GRANT, connections=connections))
    world.connections.delete(KEY)
    world.connections.seed(Connection(key=THEIRS, consent=CONSENT, number=1))

    vended = vend(world, replace(REQUEST, connection="payroll/acme"))

    assert vended.decision.spec.connection_owner == "payroll"


def test_a_connection_of_the_same_name_is_another_owners_own() -> None:
    world = Refreshing(grant=replace(GRANT, connections=ALL_CONNECTIONS))
    other = replace(CONSENT, consent_id="consent-2", refresh_token=Secret("refresh-1"))
    world.connections.seed(Connection(key=THEIRS, consent=other, number=1))
    mine = vend(world)
    world.provider = RotatingProvider()  # type: ignore[assignment]

    theirs = vend(world, replace(REQUEST, connection="payroll/acme"))

    assert mine.decision.key != theirs.decision.key


def test_the_callers_own_connection_can_be_named_in_full() -> None:
    world = Refreshing()

    assert vend(world, replace(REQUEST, connection="billing/acme")).decision.key == (
        vend(world).decision.key
    )


def test_a_lost_consent_vends_nothing_more_though_its_token_lives() -> None:
    world = Refreshing()
    vend(world)
    world.connections.seed(replace(world.connection, is_lost=True))

    assert refused_by(world) == (ConsentRequiredError, Rule.CONNECTION_LOST)


def test_a_connection_that_was_ended_vends_nothing_more_though_its_token_lives() -> None:
    world = Refreshing()
    vend(world)
    world.connections.delete(KEY)

    assert refused_by(world) == (ConsentRequiredError, Rule.CONNECTION_ACTIVE)


def test_memory_forgets_an_ended_connection_within_its_trust() -> None:
    world = Refreshing()
    environment = world.environment()
    world.vend(environment, REQUEST)
    world.connections.delete(KEY)
    world.clock.advance(timedelta(seconds=30))

    with pytest.raises(ConsentRequiredError):
        world.vend(environment, REQUEST)


def test_a_new_consent_never_gets_the_old_ones_token() -> None:
    world = Refreshing()
    old = vend(world)
    anew = replace(
        CONSENT, consent_id="consent-2", account="user-8", refresh_token=Secret("refresh-2")
    )
    world.connections.seed(Connection(key=KEY, consent=anew, number=1))

    new = vend(world)

    assert new.answer.token != old.answer.token
    assert world.rotating.spent == ["refresh-1", "refresh-2"]


def test_a_lost_consent_is_found_by_one_request_and_asked_of_the_provider_no_more() -> None:
    world = Refreshing()
    world.rotating.is_revoked = True

    for _ in range(4):
        assert refused_by(world)[0] is ConsentRequiredError

    assert world.rotating.refreshes == 1
    assert len(world.events) == 1


def test_a_valid_token_is_vended_while_the_provider_is_away() -> None:
    world = Refreshing()
    vend(world)
    world.clock.advance(timedelta(seconds=1_700))
    world.rotating.faults.append(Fault.BUSY)

    vended = vend(world)

    assert vended.answer.token.access_token == Secret("access-1")
    assert vended.failed is not None


def test_memory_answers_for_a_while_when_the_connections_table_is_away() -> None:
    world = Refreshing()
    environment = world.environment()
    world.vend(environment, REQUEST)
    world.connections.is_away = True
    world.clock.advance(timedelta(seconds=31))

    vended = world.vend(environment, REQUEST)

    assert vended.answer.token.access_token == Secret("access-1")


@pytest.mark.parametrize("all_tables", [False, True])
def test_no_refresh_starts_in_an_outage_when_the_token_has_run_out(*, all_tables: bool) -> None:
    world = Refreshing()
    environment = world.environment()
    world.vend(environment, REQUEST)
    world.connections.is_away = True
    if all_tables:
        world.reader.fails_with = StoreAwayError("away")
    world.clock.advance(timedelta(seconds=1_799))

    with pytest.raises(TemporarilyUnavailableError):
        world.vend(environment, REQUEST)

    assert world.rotating.refreshes == 1


def test_a_rejected_token_is_replaced_through_the_journal() -> None:
    world = Refreshing()
    parts = world.parts()
    token = world.vend(parts.vendor, REQUEST).answer.token

    parts.rejecter.reject(BILLING, Rejection(REQUEST, token.access_token.sha256))
    replaced = world.vend(parts.vendor, REQUEST)

    assert replaced.answer.token.access_token == Secret("access-2")
    assert world.rotating.spent == ["refresh-1", "refresh-2"]


def test_a_connection_in_use_is_renewed_before_a_request_waits() -> None:
    world = Refreshing()
    parts = world.parts()
    world.vend(parts.vendor, REQUEST)
    world.clock.advance(timedelta(seconds=200))
    world.vend(world.environment(), REQUEST)
    for _ in range(35):
        world.clock.advance(timedelta(minutes=1))
        parts.renew_all()

    assert world.rotating.refreshes >= 2
    assert vend(world).answer.source.value == "store"


def test_a_token_with_less_than_was_named_is_refused_though_the_consent_said_more() -> None:
    world = Refreshing(provider=RotatingProvider(scope="jobs_read"))

    asked = replace(REQUEST, scopes=frozenset({"jobs_read", "jobs_manage"}))

    assert refused_by(world, asked) == (ConsentRequiredError, Rule.CONNECTION_SCOPES)


def test_the_refresh_token_stands_in_no_answer_and_no_error() -> None:
    world = Refreshing()
    world.provider = Echo()  # type: ignore[assignment]

    with pytest.raises(TokenVendError) as caught:
        vend(world)

    assert "refresh-1" not in f"{caught.value} {caught.value.description} {world.events}"


class Echo:
    """A provider that tells what it was told."""

    def send(self, request: ProviderRequest) -> ProviderResponse:
        told = {"error": "invalid_request", "error_description": request.form["refresh_token"]}
        return json_response(told, status=400)
