"""May a caller have connections, and may a flow go on: which rule refuses, and in which words."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.clock import START
from tests.fakes.token_store import InMemoryTokenStore
from tests.fakes.vend_reader import InMemoryVendReader
from tests.unit.consent.harness import DEFINITION, RETURN_URL, SHOP, key_of
from tests.unit.consent.views import GRANT, READ, VIEW, granted

from tokenvend.consent.permission import (
    check_return_url,
    find_consent_grant,
    read_view,
    recheck_consent_grant,
)
from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.consent import ConsentSession
from tokenvend.domain.errors import (
    CredentialNotReadyError,
    InvalidClientError,
    InvalidRequestError,
    InvalidScopeError,
    TemporarilyUnavailableError,
    TokenVendError,
    UnauthorizedClientError,
)
from tokenvend.domain.registry import Caller, RegistryView
from tokenvend.domain.rule import Rule
from tokenvend.domain.scopes import Scopes
from tokenvend.ports import StoreAwayError

SESSION = ConsentSession(
    identity=SHOP.identity,
    key=key_of("ada"),
    scopes=READ,
    return_url=RETURN_URL,
    expires_at=START + timedelta(minutes=10),
)
NO_SCOPE = (
    "No scope is requested or granted, so the provider would decide: the grant needs"
    " full_access: true."
)


def refused(step: Callable[[], object]) -> TokenVendError:
    with pytest.raises(TokenVendError) as caught:
        step()
    return caught.value


@pytest.mark.parametrize(
    ("view", "kind", "rule", "caller"),
    [
        (replace(VIEW, caller=None), InvalidClientError, Rule.CALLER_KNOWN, None),
        (replace(VIEW, caller_blocked=True), InvalidClientError, Rule.CALLER_BLOCKED, "shop"),
        (replace(VIEW, grant=None), UnauthorizedClientError, Rule.GRANT_EXISTS, "shop"),
        (replace(VIEW, definition=None), UnauthorizedClientError, Rule.CREDENTIAL_EXISTS, "shop"),
        (
            replace(VIEW, credential_blocked=True),
            *(UnauthorizedClientError, Rule.CREDENTIAL_BLOCKED, "shop"),
        ),
        (
            replace(VIEW, definition=replace(DEFINITION, authorization=None)),
            *(InvalidRequestError, Rule.CONNECTION, "shop"),
        ),
    ],
)
def test_a_caller_is_let_at_connections_by_every_rule(
    view: RegistryView, kind: type[TokenVendError], rule: Rule, caller: str | None
) -> None:
    error = refused(lambda: find_consent_grant(SHOP, view))

    assert (type(error), error.rule, error.caller) == (kind, rule, caller)
    assert find_consent_grant(SHOP, VIEW).grant == GRANT


def test_a_credential_of_another_kind_says_that_it_has_none() -> None:
    view = replace(VIEW, definition=replace(DEFINITION, authorization=None))

    assert (
        refused(lambda: find_consent_grant(SHOP, view)).description
        == "This credential has no connections."
    )


@pytest.mark.parametrize(
    ("view", "kind", "rule", "caller"),
    [
        (replace(VIEW, caller=None), UnauthorizedClientError, Rule.CALLER_KNOWN, None),
        (
            replace(VIEW, caller=Caller(name="another")),
            *(UnauthorizedClientError, Rule.CALLER_KNOWN, None),
        ),
        (replace(VIEW, caller_blocked=True), UnauthorizedClientError, Rule.CALLER_BLOCKED, "shop"),
        (
            replace(VIEW, blocked_owners=frozenset({"shop"})),
            *(UnauthorizedClientError, Rule.CONNECTION_BLOCKED, None),
        ),
        (replace(VIEW, grant=None), UnauthorizedClientError, Rule.GRANT_EXISTS, "shop"),
        (granted(scopes=frozenset({"other"})), InvalidScopeError, Rule.SCOPES, None),
        (granted(return_urls=frozenset()), InvalidRequestError, "grant.return_urls", "shop"),
    ],
)
def test_a_flow_goes_on_while_all_that_it_began_under_stands(
    view: RegistryView, kind: type[TokenVendError], rule: str, caller: str | None
) -> None:
    error = refused(lambda: recheck_consent_grant(SESSION, view))

    assert (type(error), error.rule, error.caller) == (kind, rule, caller)
    assert recheck_consent_grant(SESSION, VIEW).definition == DEFINITION


def test_a_block_on_anothers_connection_stops_nobody() -> None:
    view = replace(VIEW, blocked_owners=frozenset({"another"}))

    assert recheck_consent_grant(SESSION, view).caller == Caller(name="shop")


@pytest.mark.parametrize("return_url", [None, "", RETURN_URL + "#", RETURN_URL.upper()])
def test_a_return_url_is_listed_exactly(return_url: str | None) -> None:
    found = find_consent_grant(SHOP, VIEW)

    error = refused(lambda: check_return_url(found, return_url))

    assert error.description == "return_url is not listed in the grant."
    assert check_return_url(found, RETURN_URL) == RETURN_URL


@pytest.mark.parametrize(
    ("changes", "requested_scopes", "wanted"),
    [
        ({}, None, READ),
        ({}, READ, READ),
        ({"default_scopes": frozenset()}, READ, READ),
        ({"scopes": frozenset({"a", "b"}), "default_scopes": frozenset({"a"})}, None, {"a"}),
        ({"full_access": True}, None, DEFINITION.scopes),
        ({"full_access": True, "default_scopes": frozenset()}, None, frozenset()),
        ({"full_access": True}, frozenset({"jobs_manage"}), {"jobs_manage"}),
    ],
)
def test_a_user_is_asked_for_what_was_asked_or_for_what_the_grant_says(
    changes: dict[str, object], requested_scopes: Scopes | None, wanted: set[str]
) -> None:
    assert find_consent_grant(SHOP, granted(**changes)).scopes(requested_scopes) == wanted


@pytest.mark.parametrize(
    ("changes", "requested_scopes", "rule", "words"),
    [
        ({}, {"jobs_manage", "a"}, Rule.SCOPES, "Not in the grant: a jobs_manage."),
        ({"full_access": True}, {"admin"}, Rule.SCOPES, "Not in the grant: admin."),
        ({"scopes": frozenset()}, None, Rule.FULL_ACCESS, NO_SCOPE),
        ({"default_scopes": frozenset()}, None, Rule.FULL_ACCESS, NO_SCOPE),
    ],
)
def test_a_user_is_asked_for_nothing_beyond_the_grant_and_for_something(
    changes: dict[str, object], requested_scopes: set[str] | None, rule: Rule, words: str
) -> None:
    scopes = None if requested_scopes is None else frozenset(requested_scopes)

    error = refused(lambda: find_consent_grant(SHOP, granted(**changes)).scopes(scopes))

    assert (error.rule, error.description) == (rule, words)


@pytest.mark.parametrize(
    "uri", ["https://connect.example/callback/other", "https://connect.example/callback/hiring/"]
)
def test_the_pages_are_beside_the_credentials_own_callback(uri: str) -> None:
    authorization = DEFINITION.authorization
    assert authorization is not None
    definition = replace(DEFINITION, authorization=replace(authorization, redirect_uri=uri))
    found = find_consent_grant(SHOP, replace(VIEW, definition=definition))

    error = refused(lambda: found.pages_url)

    assert (type(error), error.rule) == (CredentialNotReadyError, "connection.pages")
    assert error.description == ("The credential's redirect_uri does not end in /callback/hiring.")
    assert find_consent_grant(SHOP, VIEW).pages_url == "https://connect.example/v1"


def test_what_the_registry_says_of_this_connection_is_read() -> None:
    reader = InMemoryVendReader(InMemoryTokenStore())
    reader.callers[SHOP.identity] = Caller(name="shop")
    reader.grants[SHOP.identity, "hiring"] = GRANT
    reader.definitions["hiring"] = DEFINITION
    reader.blocked.add(str(ConnectionKey(credential="hiring", owner="shop", name="ada")))

    assert read_view(reader, SHOP.identity, "hiring", "eve") == VIEW
    assert read_view(reader, SHOP.identity, "hiring", "ada").blocked_owners == {"shop"}
    reader.fails_with = StoreAwayError("away")
    error = refused(lambda: read_view(reader, SHOP.identity, "hiring", "ada"))
    assert (type(error), error.rule) == (TemporarilyUnavailableError, "store.away")
    assert error.description == "The tables do not answer; ask again."
