"""Who may have what of whose connection, and what stands after a refresh."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.fakes.clock import START
from tests.fakes.provider import json_response
from tests.unit.consent.refreshing import CONSENT, DEFINITION, GRANT, KEY

from tokenvend.domain.connection import Connection, JournalEntry, parse_connection_name
from tokenvend.domain.connection_decision import decide_connection
from tokenvend.domain.connection_request import Action, parse_connection_request
from tokenvend.domain.decision import Decision, check_not_blocked, decide
from tokenvend.domain.errors import ConsentRequiredError, TokenVendError, UnauthorizedClientError
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.journal import Successor, finish, give_up_consent, is_same_token, renewed
from tokenvend.domain.oauth.code_exchange import parse_code_response
from tokenvend.domain.oauth.refresh import RefreshVerdict, SentRefreshToken, judge_refresh
from tokenvend.domain.registry import (
    ALL_CONNECTIONS,
    EVERY_OWNER,
    OWN_CONNECTIONS,
    Caller,
    Grant,
    RegistryView,
)
from tokenvend.domain.request import VendRequest
from tokenvend.domain.rule import Rule
from tokenvend.domain.secret import Secret

READ, MANAGE = frozenset({"jobs_read"}), frozenset({"jobs_manage"})
REQUEST = VendRequest("jobs", connection="acme")
CONNECTION = Connection(key=KEY, consent=CONSENT, number=7)
ENTRY = JournalEntry(number=7, holder_id="first", deadline_at=START)
NEXT = Successor(
    refresh_token=Secret("refresh-8"), scopes=READ, refreshed_at=START, refresh_expires_at=None
)


def refused(step: Callable[[], object]) -> TokenVendError:
    with pytest.raises(TokenVendError) as caught:
        step()
    return caught.value


@pytest.mark.parametrize(
    ("text", "named"),
    [("ada", ("billing", "ada")), ("shop/ada", ("shop", "ada")), ("shop/A_1.x", ("shop", "A_1.x"))],
)
def test_a_name_without_an_owner_is_the_askers_own(text: str, named: tuple[str, str]) -> None:
    assert parse_connection_name(text, owner="billing") == named


@pytest.mark.parametrize(
    ("connections", "covered"),
    [
        (OWN_CONNECTIONS, {"billing/ada"}),
        (ALL_CONNECTIONS, {"billing/ada", "shop/ada", "shop/eve"}),
        (frozenset({"shop/ada"}), {"shop/ada"}),
        (frozenset({"own"}) | {"shop/ada"}, {"shop/ada"}),
        (frozenset[str](), set[str]()),
    ],
)
def test_a_grant_reaches_its_own_connections_or_those_that_it_lists_or_all(
    connections: frozenset[str], covered: set[str]
) -> None:
    grant = replace(GRANT, connections=connections)
    named = [("billing", "ada"), ("shop", "ada"), ("shop", "eve")]

    found = {f"{owner}/{name}" for owner, name in named if grant.covers_connection(owner, name)}

    assert found == covered


@pytest.mark.parametrize(
    ("owners", "stops"),
    [
        (frozenset[str](), False),
        (frozenset({"shop"}), False),
        (frozenset({"shop", "billing"}), True),
        (EVERY_OWNER, True),
    ],
)
def test_a_block_stops_its_owners_connection_or_everybodys(
    owners: frozenset[str], *, stops: bool
) -> None:
    view = RegistryView(blocked_owners=owners)

    assert view.is_connection_blocked("billing") is stops
    if not stops:
        check_not_blocked(view, "billing")
        return
    error = refused(lambda: check_not_blocked(view, "billing"))
    assert (type(error), error.rule) == (UnauthorizedClientError, Rule.CONNECTION_BLOCKED)


def decided(
    connection: Connection | None, *, grant: Grant = GRANT, request: VendRequest = REQUEST
) -> Decision:
    view = RegistryView(caller=Caller(name="billing"), grant=grant, definition=DEFINITION)
    decision = decide(Proof(EntryPoint.IAM, "iam:x"), request, view, now=START)
    return decide_connection(decision, request, connection, now=START)


@pytest.mark.parametrize(
    ("connection", "rule"),
    [
        (None, Rule.CONNECTION_ACTIVE),
        (Connection(key=KEY), Rule.CONNECTION_ACTIVE),
        (replace(CONNECTION, is_lost=True), Rule.CONNECTION_LOST),
    ],
)
def test_without_a_consent_the_user_is_asked(connection: Connection | None, rule: Rule) -> None:
    error = refused(lambda: decided(connection))

    assert (type(error), error.rule) == (ConsentRequiredError, rule)


def test_a_request_that_names_no_scope_gets_what_there_is_of_the_grants() -> None:
    less = replace(CONNECTION, consent=replace(CONSENT, scopes=READ))

    assert decided(less).spec.scopes == READ
    named = replace(REQUEST, scopes=READ | MANAGE)
    assert decided(less, grant=replace(GRANT, accept_less=True), request=named).spec.scopes == READ
    assert refused(lambda: decided(less, request=named)).rule == Rule.CONNECTION_SCOPES


def test_where_nothing_is_in_common_the_user_is_asked_for_all_of_it() -> None:
    other = replace(CONNECTION, consent=replace(CONSENT, scopes=frozenset({"other"})))

    error = refused(lambda: decided(other, grant=replace(GRANT, scopes=READ)))

    assert error.rule == Rule.CONNECTION_SCOPES
    assert "consent to jobs_read:" in error.description


def test_a_completion_brings_its_code() -> None:
    parameters = {"connection": "ada", "code": "c" * 43}

    request = parse_connection_request(Action.COMPLETE, "hiring", parameters)

    assert request.code == Secret("c" * 43)


def test_a_refresh_leaves_the_next_token_a_free_journal_and_a_living_consent() -> None:
    held = replace(CONNECTION, journal_entry=ENTRY, is_lost=True)

    after = finish(held, CONNECTION, NEXT)

    assert after == Connection(
        key=KEY,
        consent=replace(
            CONSENT,
            refresh_token=Secret("refresh-8"),
            scopes=READ,
            refreshed_at=START,
            refresh_expires_at=None,
            agreed_scopes=CONSENT.scopes,
        ),
        number=8,
    )
    assert after is not None
    assert after.is_lost is False


def test_a_provider_that_does_not_rotate_or_say_scopes_leaves_both_as_they_were() -> None:
    silent = replace(NEXT, refresh_token=None, scopes=None)

    kept = renewed(CONSENT, silent)

    assert (kept.refresh_token, kept.scopes) == (CONSENT.refresh_token, CONSENT.scopes)


@pytest.mark.parametrize(
    ("one", "same"),
    [
        (CONNECTION, True),
        (replace(CONNECTION, journal_entry=ENTRY, is_lost=True), True),
        (replace(CONNECTION, number=8), False),
        (replace(CONNECTION, consent=replace(CONSENT, consent_id="consent-2")), False),
        (replace(CONNECTION, consent=None), False),
    ],
)
def test_two_hold_the_same_token_by_their_consent_and_its_number(
    one: Connection, *, same: bool
) -> None:
    assert is_same_token(one, CONNECTION) is same
    assert is_same_token(CONNECTION, one) is same
    assert (finish(one, CONNECTION, NEXT) is not None) is same


def test_nothing_is_the_same_token_as_nothing() -> None:
    assert not is_same_token(Connection(key=KEY), Connection(key=KEY))


def test_a_consent_is_lost_once_and_by_the_one_who_holds_it() -> None:
    held = replace(CONNECTION, journal_entry=ENTRY)

    lost = give_up_consent(held, ENTRY)

    assert lost == replace(held, is_lost=True)
    assert give_up_consent(replace(held, is_lost=True), ENTRY) is None
    assert give_up_consent(held, replace(ENTRY, holder_id="second")) is None
    assert give_up_consent(CONNECTION, ENTRY) is None


def id_token(subject: object) -> str:
    payload = urlsafe_b64encode(json.dumps({"sub": subject}).encode()).rstrip(b"=").decode()
    return f"e30.{payload}.c2ln"


@pytest.mark.parametrize(
    ("token", "subject"),
    [(id_token("user-7"), "user-7"), (id_token(7), "7"), (id_token(None), None), (7, None)],
)
def test_an_id_token_says_whose_consent_it_is(token: object, subject: str | None) -> None:
    fields = {"access_token": "a", "expires_in": 60, "refresh_token": "r", "id_token": token}

    consented = parse_code_response(
        json_response(fields), DEFINITION, requested_scopes=READ, requested_at=START
    )

    assert consented.subject == subject


def test_a_token_that_can_be_used_redeemed_the_refresh_token() -> None:
    redeemed = SentRefreshToken(
        definition=DEFINITION, consent=CONSENT, requested_scopes=None, requested_at=START
    )

    judged = judge_refresh(json_response({"access_token": "a", "expires_in": 60}), redeemed)

    assert judged.verdict is RefreshVerdict.REDEEMED
    assert judged.token is not None
    assert judged.successor is not None
