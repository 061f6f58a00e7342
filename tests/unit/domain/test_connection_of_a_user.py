"""Under `connections: subject` the user's own token picks the connection, and nothing else does."""

from dataclasses import replace

import pytest
from tests.unit.domain.registry_views import DEFINITION, NOW, PROOF, VIEW, refusal

from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.connection_request import Action, parse_connection_request
from tokenvend.domain.credential_definition import CredentialKind
from tokenvend.domain.decision import decide
from tokenvend.domain.errors import InvalidRequestError
from tokenvend.domain.registry import OWN_CONNECTIONS, SUBJECT_CONNECTIONS, Grant
from tokenvend.domain.request import VendRequest
from tokenvend.domain.rule import Rule
from tokenvend.domain.users import User

STAFF = "https://staff.example"
ADA = User(STAFF, "ada", "app")
GRANT = Grant(
    caller="billing", credential="jobs", connections=SUBJECT_CONNECTIONS, users={STAFF: "app"}
)
USERS_VIEW = replace(
    VIEW,
    grant=GRANT,
    definition=replace(DEFINITION, kind=CredentialKind.AUTHORIZATION_CODE),
)


def test_connection_is_the_callers_own_under_the_users_name() -> None:
    decision = decide(PROOF, VendRequest("jobs", user=ADA), USERS_VIEW, now=NOW)

    assert decision.connection == ConnectionKey(
        credential="jobs", owner="billing", name=ADA.connection_name
    )


def test_another_user_gets_another_connection() -> None:
    grace = User(STAFF, "grace", "app")

    decision = decide(PROOF, VendRequest("jobs", user=grace), USERS_VIEW, now=NOW)

    assert decision.connection is not None
    assert decision.connection.name == grace.connection_name != ADA.connection_name


def test_request_that_names_a_connection_too_is_refused_in_words() -> None:
    error = refusal(USERS_VIEW, VendRequest("jobs", connection="ada", user=ADA))

    assert isinstance(error, InvalidRequestError)
    assert error.rule == Rule.CONNECTION
    assert error.description == "The user's token picks the connection: leave connection out."


def test_step_of_a_consent_that_names_a_connection_too_is_refused_in_words() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        parse_connection_request(
            Action.INSPECT, "jobs", {"connection": "ada", "subject_token": "x"}, for_user=True
        )

    assert caught.value.rule == "request.connection"
    assert "connection must be left out: the user's token picks it" in caught.value.description


def test_blocked_connection_is_refused_for_its_own_user_alone() -> None:
    request = VendRequest("jobs", user=ADA)

    blocked = refusal(replace(USERS_VIEW, blocked_owners=frozenset({"billing"})), request)
    of_others = replace(USERS_VIEW, blocked_owners=frozenset({"shop"}))

    assert blocked.rule == Rule.CONNECTION_BLOCKED
    assert decide(PROOF, request, of_others, now=NOW).connection is not None


def test_users_token_is_refused_where_the_caller_names_the_connection() -> None:
    named = replace(USERS_VIEW, grant=replace(GRANT, connections=OWN_CONNECTIONS))

    error = refusal(named, VendRequest("jobs", connection="ada", user=ADA))

    assert (type(error), error.rule) == (InvalidRequestError, Rule.SUBJECT_TOKEN)
    assert error.description == (
        "This grant does not accept a user's token: leave subject_token out."
    )
    assert decide(PROOF, VendRequest("jobs", connection="ada"), named, now=NOW).connection
