"""A refresh token is redeemed, imported and revoked at the customer's own host alone."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.provider import json_response
from tests.fakes.rotating_provider import RotatingProvider
from tests.unit.consent.own_host import BINDING, HOST, REFRESHED_AT_OWN_HOST, SECRET_HOSTS
from tests.unit.consent.refreshing import CONSENT, KEY, Refreshing

from tokenvend.consent.connection_import import import_connection
from tokenvend.consent.disconnection import end_connection
from tokenvend.domain.connection import Connection
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import ConsentRequiredError, ProviderRefusedError
from tokenvend.domain.oauth.token_request import ProviderRequest, host_of
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.request import VendRequest
from tokenvend.domain.secret import Secret
from tokenvend.domain.tenant_binding import NotBoundError, TenantBinding


class RefusesAt(RotatingProvider):
    """A provider of which one customer's host knows the client no more."""

    def send(self, request: ProviderRequest) -> ProviderResponse:
        if host_of(request.url) == HOST:
            return json_response({"error": "invalid_client"}, status=401)
        return super().send(request)


class RefreshedAtOwnHost(Refreshing):
    """One connection at its own host, and a secret for all of them."""

    def __init__(
        self,
        definition: CredentialDefinition = REFRESHED_AT_OWN_HOST,
        *,
        provider: RotatingProvider | None = None,
    ) -> None:
        super().__init__(
            definition=definition,
            consent=replace(CONSENT, tenant=BINDING),
            provider=provider,
        )
        held = self.secrets.secrets
        held["jobs", None] = replace(held["jobs", None], allowed_host=SECRET_HOSTS)


def test_refresh_token_is_redeemed_at_the_own_host_and_keeps_it() -> None:
    harness = RefreshedAtOwnHost()

    harness.refresh()
    harness.refresh()

    assert {request.url for request in harness.rotating.requests} == {f"https://{HOST}/token"}
    consent = harness.connection.consent
    assert consent is not None
    assert consent.tenant == BINDING


@pytest.mark.parametrize(
    "changed",
    [
        {"token_endpoint": "https://{tenant.domain}.evil.example/token"},
        {"token_endpoint": "https://evil.example/token", "tenant_values": {}},
        {"tenant_values": {"domain": ("*.evil.example",)}},
    ],
)
def test_file_that_leads_elsewhere_redeems_nothing_and_loses_nothing(
    changed: dict[str, object],
) -> None:
    harness = RefreshedAtOwnHost(replace(REFRESHED_AT_OWN_HOST, **changed))  # type: ignore[arg-type]

    with pytest.raises(ConsentRequiredError) as caught:
        harness.refresh()

    assert caught.value.rule == "connection.tenant_value"
    assert not harness.rotating.requests
    assert harness.event_type() == []
    harness.definition = REFRESHED_AT_OWN_HOST
    harness.clock.advance(timedelta(seconds=2))
    harness.refresh()
    assert harness.refresh_token == "refresh-2"


def test_connection_from_before_there_were_hosts_must_be_started_again() -> None:
    harness = Refreshing(definition=REFRESHED_AT_OWN_HOST)

    with pytest.raises(ConsentRequiredError):
        harness.refresh()

    assert not harness.rotating.requests


def test_consent_whose_host_the_file_knows_no_more_is_ended_and_nobody_is_told() -> None:
    harness = RefreshedAtOwnHost()
    moved = replace(REFRESHED_AT_OWN_HOST, tenant_values={"domain": ("*.evil.example",)})

    deleted, revoked = end_connection(
        harness.connections,
        KEY,
        moved,
        secrets=harness.secrets,
        provider=harness.provider,
        publish=harness.events.append,
    )

    assert deleted is not None
    assert not revoked
    assert not harness.rotating.requests


def test_imported_refresh_token_is_redeemed_at_its_own_host() -> None:
    harness = RefreshedAtOwnHost()

    def take_over(values: dict[str, str]) -> Connection:
        return import_connection(
            harness.connections,
            REFRESHED_AT_OWN_HOST,
            KEY,
            refresh_token=Secret("refresh-1"),
            scopes=CONSENT.scopes,
            account=None,
            tenant_values=values,
            replace=True,
            now=harness.clock.now(),
            publish=harness.events.append,
        )

    for wrong in ({}, {"domain": "evil.example"}):
        with pytest.raises(NotBoundError):
            take_over(wrong)
    take_over({"domain": "globex.shops.example"})
    harness.refresh()

    assert harness.rotating.requests[-1].url == "https://globex.shops.example/token"


def test_what_one_customers_host_says_is_nothing_against_the_others() -> None:
    """Any customer may remove us as a client of its own: the others' tokens are vended still."""
    harness = RefreshedAtOwnHost(provider=RefusesAt())
    other = replace(KEY, name="globex")
    there = TenantBinding({"domain": "globex.shops.example"}, "globex.shops.example")
    harness.connections.seed(
        Connection(key=other, consent=replace(CONSENT, consent_id="c-2", tenant=there), number=1)
    )
    requested_scopes = VendRequest(credential="jobs", connection="acme")

    with pytest.raises(ProviderRefusedError):
        harness.vend(harness.environment(), requested_scopes)

    assert harness.states.state("jobs").failure is None
    vended = harness.vend(harness.environment(), replace(requested_scopes, connection="globex"))
    assert vended.answer.token.access_token.reveal()
