"""The token of a signed-in user picks its connection, also while the user consents."""

from dataclasses import replace

import pytest
from tests.unit.consent.harness import RETURN_URL, SHOP, Harness, key_of

from tokenvend.consent.caller_connections import ConnectionResult, FoundConnections, StartedConsent
from tokenvend.consent.permission import recheck_consent_grant
from tokenvend.domain.connection import Connection, ConnectionKey
from tokenvend.domain.connection_request import Action, parse_connection_request
from tokenvend.domain.consent import ConsentSession
from tokenvend.domain.errors import (
    InvalidRequestError,
    SubjectTokenError,
    TokenVendError,
    UnauthorizedClientError,
)
from tokenvend.domain.registry import OWN_CONNECTIONS, SUBJECT_CONNECTIONS, RegistryView
from tokenvend.domain.rule import Rule
from tokenvend.domain.secret import Secret
from tokenvend.domain.users import User, with_user

STAFF = "https://staff.example"
ADA, EVE = (User(STAFF, name, "app") for name in ("ada", "eve"))
KEY_OF_ADA = ConnectionKey(credential="hiring", owner="shop", name=ADA.connection_name)


@pytest.fixture
def harness() -> Harness:
    return Harness()


def let_users_pick(harness: Harness) -> None:
    """Change the caller's grant to `connections: subject`."""
    grant = harness.reader.grants[SHOP.identity, "hiring"]
    harness.reader.grants[SHOP.identity, "hiring"] = replace(
        grant, connections=SUBJECT_CONNECTIONS, users={STAFF: "app"}
    )


def run_for(harness: Harness, user: User, action: Action, **parameters: object) -> ConnectionResult:
    request = parse_connection_request(action, "hiring", parameters, for_user=True)
    asked = with_user(request, user)
    assert isinstance(asked, type(request))
    return harness.caller_side.run(SHOP, asked)


def start_for(harness: Harness, user: User) -> StartedConsent:
    started = run_for(harness, user, Action.START, return_url=RETURN_URL)
    assert isinstance(started, StartedConsent)
    return started


def refused(harness: Harness, user: User) -> TokenVendError:
    with pytest.raises(TokenVendError) as caught:
        start_for(harness, user)
    return caught.value


def test_a_user_starts_the_connection_that_its_token_picks(harness: Harness) -> None:
    let_users_pick(harness)

    started = start_for(harness, ADA)

    assert started.key == KEY_OF_ADA
    assert start_for(harness, EVE).key == replace(KEY_OF_ADA, name=EVE.connection_name)


def test_a_user_connects_and_sees_its_own_connection_alone(harness: Harness) -> None:
    let_users_pick(harness)
    ticket = Secret(start_for(harness, ADA).connect_url.rpartition("/")[2])
    redirect = harness.pages.proceed(ticket)
    harness.consent()
    code = harness.come_back(redirect).url.partition("code=")[2].partition("&")[0]
    run_for(harness, ADA, Action.COMPLETE, code=code)

    found = run_for(harness, ADA, Action.INSPECT)
    of_eve = run_for(harness, EVE, Action.LIST)

    assert isinstance(found, Connection)
    assert found.key == KEY_OF_ADA
    assert of_eve == FoundConnections([])


@pytest.mark.parametrize(
    ("user", "rule"),
    [
        (User("https://elsewhere.example", "ada", "app"), Rule.USER_ISSUER),
        (User(STAFF, "ada", "another-app"), Rule.USER_AUDIENCE),
    ],
    ids=["issuer", "audience"],
)
def test_a_user_whose_token_the_grant_does_not_list_connects_nothing(
    harness: Harness, user: User, rule: Rule
) -> None:
    let_users_pick(harness)

    error = refused(harness, user)

    assert (type(error), error.rule, error.caller) == (SubjectTokenError, rule, "shop")


def test_a_caller_cannot_choose_the_connection_where_users_pick_it(harness: Harness) -> None:
    let_users_pick(harness)

    with pytest.raises(InvalidRequestError) as named:
        harness.start(connection="ada")
    with pytest.raises(InvalidRequestError) as listed:
        harness.run(Action.LIST)

    assert named.value.rule == Rule.CONNECTION
    assert listed.value.rule == Rule.SUBJECT_TOKEN


def test_a_users_token_is_refused_under_a_grant_that_uses_none(harness: Harness) -> None:
    error = refused(harness, ADA)

    assert (type(error), error.rule) == (InvalidRequestError, Rule.SUBJECT_TOKEN)
    assert "does not accept a user's token" in error.description


@pytest.mark.parametrize("was_picked", [False, True], ids=["named before", "picked before"])
def test_a_consent_ends_when_the_grant_no_longer_says_who_picks_the_connection(
    harness: Harness, *, was_picked: bool
) -> None:
    named = read_session(harness, harness.start())
    let_users_pick(harness)
    picked = replace(named, key=KEY_OF_ADA)
    now_of_users = view_of(harness)
    grant = now_of_users.grant
    assert grant is not None
    now_by_name = replace(now_of_users, grant=replace(grant, connections=OWN_CONNECTIONS))
    session, view = (picked, now_by_name) if was_picked else (named, now_of_users)

    with pytest.raises(UnauthorizedClientError) as caught:
        recheck_consent_grant(session, view)

    assert (caught.value.rule, caught.value.caller) == (Rule.CONNECTION_GRANTED, "shop")
    assert recheck_consent_grant(picked, now_of_users).caller.name == "shop"
    assert recheck_consent_grant(named, now_by_name).caller.name == "shop"


def read_session(harness: Harness, ticket: Secret) -> ConsentSession:
    session = harness.sessions.read(ticket)
    assert session is not None
    assert session.key == key_of("ada")
    return session


def view_of(harness: Harness) -> RegistryView:
    return RegistryView(
        caller=harness.reader.callers[SHOP.identity],
        grant=harness.reader.grants[SHOP.identity, "hiring"],
        definition=harness.reader.definitions["hiring"],
    )
