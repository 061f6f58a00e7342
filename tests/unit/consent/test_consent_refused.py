"""What ends a consent on its way: grants, secrets and time."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.consent.consenting import authorization_of, harness
from tests.unit.consent.harness import DEFINITION, RETURN_URL, SHOP, Harness

from tokenvend.domain import bounds
from tokenvend.domain.connection_request import Action
from tokenvend.domain.errors import (
    CredentialNotReadyError,
    InvalidRequestError,
    InvalidScopeError,
    TemporarilyUnavailableError,
    TokenVendError,
    UnauthorizedClientError,
)
from tokenvend.ports import ProviderAwayError, StoreAwayError

__all__ = ["harness"]


def test_starting_asks_for_no_more_than_the_grant(harness: Harness) -> None:
    with pytest.raises(InvalidScopeError):
        harness.start(scope="jobs_manage")


@pytest.mark.parametrize(
    "change",
    [
        "grant",
        "return_url",
        "scope",
        "caller_blocked",
        "credential_blocked",
        "caller",
        "credential",
    ],
)
def test_what_is_taken_away_meanwhile_ends_the_flow(harness: Harness, change: str) -> None:
    link, redirect = harness.start(), harness.depart()
    grant = harness.reader.grants[SHOP.identity, "hiring"]
    match change:
        case "grant":
            del harness.reader.grants[SHOP.identity, "hiring"]
        case "return_url":
            grant = replace(grant, return_urls=frozenset({"https://shop.example/"}))
            harness.reader.grants[SHOP.identity, "hiring"] = grant
        case "scope":
            grant = replace(grant, scopes=frozenset({"other"}))
            harness.reader.grants[SHOP.identity, "hiring"] = grant
        case "caller_blocked":
            harness.reader.blocked.add(SHOP.identity)
        case "credential_blocked":
            harness.reader.blocked.add("hiring")
        case "caller":
            del harness.reader.callers[SHOP.identity]
        case "credential":
            del harness.reader.definitions["hiring"]

    for go_on in (lambda: harness.pages.show(link), lambda: harness.come_back(redirect)):
        with pytest.raises((UnauthorizedClientError, InvalidRequestError, InvalidScopeError)):
            go_on()

    assert harness.provider.requests == []


def test_a_secret_that_is_not_ready_leaves_the_link_good(harness: Harness) -> None:
    link = harness.start()
    known = dict(harness.secrets.secrets)
    harness.secrets.secrets.clear()

    with pytest.raises(CredentialNotReadyError):
        harness.pages.proceed(link)

    harness.secrets.secrets.update(known)
    assert harness.pages.proceed(link).url


def test_a_redirect_uri_that_is_not_the_callback_is_told_at_start(harness: Harness) -> None:
    elsewhere = replace(authorization_of(DEFINITION), redirect_uri="https://shop.example/cb")
    harness.define(replace(DEFINITION, authorization=elsewhere))

    with pytest.raises(CredentialNotReadyError) as refused:
        harness.start()

    assert refused.value.rule == "connection.pages"


def test_no_exchange_starts_that_could_not_end(harness: Harness) -> None:
    redirect = harness.depart()
    harness.consent()

    with pytest.raises(TemporarilyUnavailableError):
        harness.come_back(redirect, time_left=bounds.EXCHANGE_NEEDS - timedelta(seconds=1))

    assert harness.come_back(redirect, time_left=bounds.EXCHANGE_NEEDS).url


@pytest.mark.parametrize("away", ["sessions", "connections", "registry", "provider"])
def test_what_is_away_is_told_as_temporary(harness: Harness, away: str) -> None:
    redirect = harness.depart()
    harness.consent()
    match away:
        case "sessions":
            harness.sessions.is_away = True
        case "connections":
            harness.connections.is_away = True
        case "registry":
            harness.reader.fails_with = StoreAwayError("away")
        case "provider":
            harness.provider.script(ProviderAwayError("away"))
            harness.provider.is_away = True

    with pytest.raises(TemporarilyUnavailableError):
        harness.come_back(redirect)


@pytest.mark.parametrize("action", list(Action))
def test_a_caller_without_a_grant_has_no_connections(harness: Harness, action: Action) -> None:
    harness.reader.grants.clear()

    with pytest.raises(TokenVendError) as refused:
        harness.run(action, connection="ada", return_url=RETURN_URL, code="c" * 43)

    assert isinstance(refused.value, UnauthorizedClientError)
    assert refused.value.caller == "shop"
