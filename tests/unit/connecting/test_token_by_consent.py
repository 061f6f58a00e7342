"""Which way a token is got, and by which life an idle consent is kept alive."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.vend_reader import InMemoryCredentialReader
from tests.unit.connecting.refreshing import CONSENT, DEFINITION, FIXED, KEY, Refreshing
from tests.unit.connecting.test_permission import granted
from tests.unit.connecting.world import SHOP

from tokenvend.connecting.keep_alive import KeepAlive, KeepAliveResult, KeptAlive
from tokenvend.connecting.maker import KindOfTokenMaker
from tokenvend.connecting.permission import permit
from tokenvend.connecting.refresh_order import RefreshOrder
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.connection import Connection
from tokenvend.domain.connection_health import Health
from tokenvend.domain.registry import CredentialDefinition
from tokenvend.domain.scopes import Scopes
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken
from tokenvend.vending.exchange import TokenWanted

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


class Asked:
    """Stands for the exchange and for the refresher: keeps what each was asked for."""

    expected = timedelta(seconds=0.7)

    def __init__(self) -> None:
        self.exchanged: list[TokenWanted] = []
        self.refreshed: list[RefreshOrder] = []

    def run(self, wanted: TokenWanted) -> AccessToken:
        self.exchanged.append(wanted)
        return TOKEN

    def refresh(self, order: RefreshOrder) -> AccessToken:
        self.refreshed.append(order)
        return TOKEN


@pytest.mark.parametrize(
    ("definition", "scopes", "asked"),
    [
        (DEFINITION, READ, READ),
        (DEFINITION, frozenset(), None),
        (FIXED, READ, None),
    ],
)
def test_a_connections_token_is_refreshed_for_its_consent_and_by_its_time(
    definition: CredentialDefinition, scopes: Scopes, asked: Scopes | None
) -> None:
    both = Asked()
    maker = KindOfTokenMaker(exchange=both, refresher=both)  # type: ignore[arg-type]
    spec = replace(OF_CONNECTION, scopes=scopes)

    assert maker.run(TokenWanted(definition, spec, "v7", 1_020.0)) == TOKEN

    assert both.exchanged == []
    assert both.refreshed == [
        RefreshOrder(
            key=KEY,
            definition=definition,
            asked=asked,
            dies=1_020.0,
            consent_id="consent-1",
            epoch="v7",
        )
    ]


def test_any_other_token_is_exchanged_and_expected_as_the_exchange_says() -> None:
    both = Asked()
    maker = KindOfTokenMaker(exchange=both, refresher=both)  # type: ignore[arg-type]
    wanted = TokenWanted(DEFINITION, replace(OF_CONNECTION, connection=None, connection_owner=None))

    assert maker.run(wanted) == TOKEN

    assert (both.exchanged, both.refreshed) == ([wanted], [])
    assert maker.expected == timedelta(seconds=0.7)


@pytest.mark.parametrize(
    ("days", "results", "health"),
    [
        (10, [], Health.WELL),
        (14, [KeepAliveResult(KEY, KeptAlive.REFRESHED)], Health.WELL),
    ],
)
def test_a_consent_that_states_no_end_is_kept_alive_by_what_its_provider_is_known_for(
    days: int, results: list[KeepAliveResult], health: Health
) -> None:
    """28 days by the definition; without it, two weeks would be taken for the whole life."""
    world = Refreshing()
    unstated = replace(CONSENT, refresh_expires_at=None)
    world.connections.seed(Connection(key=KEY, consent=unstated, number=1))
    world.clock.advance(timedelta(days=days))
    told: list[Health] = []
    keep_alive = KeepAlive(
        connections=world.connections,
        credentials=InMemoryCredentialReader(world.reader),
        states=world.states,
        refresher=world.refresher(),
        clock=world.clock,
    )

    found = list(keep_alive.run(dies=world.clock.monotonic() + 55, tell_health=told.append))

    assert (found, told) == (results, [health])


def test_a_grant_of_all_covers_its_own_scopes_and_the_credentials() -> None:
    found = permit(SHOP, granted(scopes=frozenset({"extra"}), full_access=True))

    both = frozenset({"extra", "jobs_manage"})
    assert found.scopes(both) == both
