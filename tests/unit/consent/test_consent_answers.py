"""What a provider answers to a consent, and what is stored of it."""

from dataclasses import replace

import pytest
from tests.unit.consent.consenting import authorization_of, harness
from tests.unit.consent.harness import DEFINITION, RETURN_URL, SHOP, Harness, key_of

from tokenvend.domain.errors import (
    AccountChangedError,
    ProviderRefusedError,
)
from tokenvend.domain.scopes import Scopes
from tokenvend.domain.secret import Secret

__all__ = ["harness"]

ALL: Scopes = frozenset({"jobs_read", "jobs_manage"})


def test_denied_consent_keeps_nothing_and_tells_the_application(harness: Harness) -> None:
    redirect = harness.depart()

    returned = harness.come_back(redirect, {"error": "access_denied"})

    assert returned.denied
    assert returned.url == RETURN_URL + "&connection=ada&error=access_denied"
    assert harness.connections.read(key_of("ada")) is None
    assert harness.provider.requests == []


@pytest.mark.parametrize(
    ("query", "provider_error"),
    [
        ({"error": "server_error"}, "server_error"),
        ({"error": "<script>"}, "malformed_error"),
        ({"code": ""}, "no_code"),
    ],
    ids=str,
)
def test_a_provider_that_fails_keeps_nothing(
    harness: Harness, query: dict[str, str], provider_error: str
) -> None:
    redirect = harness.depart()

    with pytest.raises(ProviderRefusedError) as refused:
        harness.come_back(redirect, query)

    assert refused.value.provider_error == provider_error
    assert harness.connections.read(key_of("ada")) is None


def test_fewer_scopes_than_asked_are_kept_as_they_are(harness: Harness) -> None:
    harness.reader.grants[SHOP.identity, "hiring"] = replace(
        harness.reader.grants[SHOP.identity, "hiring"], scopes=ALL
    )

    connection = harness.complete(harness.connect(scope="jobs_read"))

    assert connection.consent is not None
    assert connection.consent.scopes == {"jobs_read"}


def test_more_scopes_than_asked_are_revoked_and_refused(harness: Harness) -> None:
    redirect = harness.depart()
    harness.consent(scope="jobs_read jobs_manage")

    with pytest.raises(ProviderRefusedError) as refused:
        harness.come_back(redirect)

    assert refused.value.provider_error == "scope_widened"
    assert harness.provider.requests[-1].form["token"] == "refresh-1"
    assert harness.connections.read(key_of("ada")) is None


def test_a_provider_without_a_refresh_token_is_of_no_use(harness: Harness) -> None:
    redirect = harness.depart()

    with pytest.raises(ProviderRefusedError) as refused:
        harness.come_back(redirect)

    assert refused.value.provider_error == "no_refresh_token"


def test_an_id_token_says_whose_it_is_without_asking_again(harness: Harness) -> None:
    # The payload says that sub is ada-7.
    redirect = harness.depart()
    harness.consent(id_token="e30.eyJzdWIiOiJhZGEtNyJ9.x")

    connection = harness.complete(harness.come_back(redirect))

    assert connection.consent is not None
    assert connection.consent.account == "ada-7"
    assert harness.provider.asked == []


def test_a_token_is_not_shown_to_another_host_than_the_secrets(harness: Harness) -> None:
    elsewhere = replace(
        authorization_of(DEFINITION), account_endpoint="https://elsewhere.example/me"
    )
    harness.define(replace(DEFINITION, authorization=elsewhere))

    connection = harness.complete(harness.connect())

    assert connection.consent is not None
    assert connection.consent.account is None
    assert harness.provider.asked == []


def test_reconnecting_keeps_the_connection_in_use_until_it_is_completed(harness: Harness) -> None:
    former = harness.complete(harness.connect())

    returned = harness.connect(refresh_token="refresh-2")

    meanwhile = harness.connections.read(key_of("ada"))
    assert meanwhile is not None
    assert meanwhile.consent == former.consent
    renewed = harness.complete(returned)
    assert renewed.consent is not None
    assert renewed.consent.refresh_token == Secret("refresh-2")
    assert renewed.key == former.key


def test_another_account_is_refused_unless_told(harness: Harness) -> None:
    harness.complete(harness.connect(account="ada"))
    returned = harness.connect(account="grace")

    with pytest.raises(AccountChangedError):
        harness.complete(returned)

    kept = harness.connections.read(key_of("ada"))
    assert kept is not None
    assert kept.consent is not None
    assert kept.consent.account == "ada"
    changed = harness.complete(returned, may_change_account="true")
    assert changed.consent is not None
    assert changed.consent.account == "grace"
