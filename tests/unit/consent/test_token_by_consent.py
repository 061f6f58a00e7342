"""Which way a token is got, and by which life an idle consent is kept alive."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.vend_reader import InMemoryCredentialReader
from tests.unit.consent.harness import SHOP
from tests.unit.consent.refreshing import CONSENT, DEFINITION, FIXED, KEY, Refreshing
from tests.unit.consent.views import granted

from tokenvend.consent.permission import find_consent_grant
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.connection import Connection
from tokenvend.domain.connection_health import Health
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.scopes import Scopes
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken
from tokenvend.refresh_tokens.refresh_request import RefreshRequest
from tokenvend.refresh_tokens.refresher import Refresher
from tokenvend.schedules.keep_alive import KeepAlive, KeepAliveOutcome, KeepAliveResult
from tokenvend.vending.exchange import ExchangeRequest

READ = frozenset({"jobs_read"})
OF_CONNECTION = TokenSpec(
    credential="jobs",
    definition="d",
    scopes=READ,
    connection="acme",
    connection_owner="billing",
    consent="consent-1",
)
TOKEN = AccessToken(
    access_token=Secret("t"),
    scopes=READ,
    requested_at=CONSENT.connected_at,
    expires_at=CONSENT.connected_at + timedelta(minutes=1),
)


class Refreshes(Refresher):
    """Keeps what to refresh instead of refreshing it."""

    def __init__(self) -> None:
        self.refreshed: list[RefreshRequest] = []

    def refresh(self, refresh_request: RefreshRequest) -> AccessToken:
        self.refreshed.append(refresh_request)
        return TOKEN


@pytest.mark.parametrize(
    ("definition", "scopes", "requested_scopes"),
    [
        (DEFINITION, READ, READ),
        (DEFINITION, frozenset(), None),
        (FIXED, READ, None),
    ],
)
def test_a_connections_token_is_refreshed_for_its_consent_and_by_its_time(
    definition: CredentialDefinition, scopes: Scopes, requested_scopes: Scopes | None
) -> None:
    refresher = Refreshes()
    spec = replace(OF_CONNECTION, scopes=scopes)

    assert refresher.run(ExchangeRequest(definition, spec, "v7", 1_020.0)) == TOKEN

    assert refresher.refreshed == [
        RefreshRequest(
            key=KEY,
            definition=definition,
            requested_scopes=requested_scopes,
            deadline=1_020.0,
            consent_id="consent-1",
            secret_generation="v7",
        )
    ]


def test_a_token_that_is_no_connections_is_never_refreshed() -> None:
    refresher = Refreshes()
    for spec in (
        replace(OF_CONNECTION, connection=None),
        replace(OF_CONNECTION, connection_owner=None),
    ):
        with pytest.raises(AssertionError):
            refresher.run(ExchangeRequest(DEFINITION, spec))

    assert refresher.refreshed == []


@pytest.mark.parametrize(
    ("days", "results", "health"),
    [
        (10, [], Health.HEALTHY),
        (14, [KeepAliveResult(KEY, KeepAliveOutcome.REFRESHED)], Health.HEALTHY),
    ],
)
def test_a_consent_that_states_no_end_is_kept_alive_by_what_its_provider_is_known_for(
    days: int, results: list[KeepAliveResult], health: Health
) -> None:
    """28 days by the definition; without it, two weeks would be taken for the whole life."""
    harness = Refreshing()
    unstated = replace(CONSENT, refresh_expires_at=None)
    harness.connections.seed(Connection(key=KEY, consent=unstated, number=1))
    harness.clock.advance(timedelta(days=days))
    told: list[Health] = []
    keep_alive = KeepAlive(
        connections=harness.connections,
        credentials=InMemoryCredentialReader(harness.reader),
        states=harness.states,
        refresher=harness.refresher(),
        clock=harness.clock,
    )

    found = list(keep_alive.run(deadline=harness.clock.monotonic() + 55, report_health=told.append))

    assert (found, told) == (results, [health])


def test_a_grant_of_all_covers_its_own_scopes_and_the_credentials() -> None:
    found = find_consent_grant(SHOP, granted(scopes=frozenset({"extra"}), full_access=True))

    both = frozenset({"extra", "jobs_manage"})
    assert found.scopes(both) == both
