"""A connection that begins with another application's refresh token, and one that ends."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.clock import START
from tests.fakes.provider import json_response
from tests.unit.connecting.refreshing import CONSENT, DEFINITION, KEY, Refreshing

from tokenvend.connecting.ending import end_connection
from tokenvend.connecting.events import ConnectionEvent, Happened
from tokenvend.connecting.importing import ConnectionExistsError, import_connection
from tokenvend.domain.connection import Connection, Consent, PendingConsent
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.registry import CredentialDefinition
from tokenvend.domain.secret import Secret

DAYS = timedelta(days=28)
SILENT = replace(DEFINITION, authorization=None)
WAITING = replace(CONSENT, consent_id="consent-2", refresh_token=Secret("refresh-waiting"))


def imported(
    world: Refreshing,
    *,
    definition: CredentialDefinition = DEFINITION,
    account: str | None = "user-9",
    replaces: bool = False,
) -> Connection:
    return import_connection(
        world.connections,
        definition,
        KEY,
        refresh_token=Secret("theirs"),
        scopes=frozenset({"jobs_read"}),
        account=account,
        replace=replaces,
        now=world.clock.now(),
        tell=world.events.append,
    )


@pytest.mark.parametrize(
    ("definition", "end"),
    [
        (DEFINITION, START + DAYS),
        (SILENT, None),
        (
            replace(
                DEFINITION,
                authorization=replace(
                    DEFINITION.authorization,  # type: ignore[type-var]
                    refresh_token_days=None,
                ),
            ),
            None,
        ),
    ],
)
def test_what_is_taken_over_is_a_consent_of_now(
    definition: CredentialDefinition, end: object
) -> None:
    world = Refreshing()
    world.connections.delete(KEY)

    connection = imported(world, definition=definition)

    consent = connection.consent
    assert consent is not None
    assert len(consent.consent_id) == 32
    assert consent == Consent(
        consent_id=consent.consent_id,
        refresh_token=Secret("theirs"),
        scopes=frozenset({"jobs_read"}),
        account="user-9",
        connected_at=START,
        refreshed_at=START,
        refresh_expires_at=end,  # type: ignore[arg-type]
    )
    assert (connection.key, connection.number) == (KEY, 1)
    assert world.connection == connection
    assert world.events == [ConnectionEvent(Happened.IMPORTED, KEY)]


def test_what_is_there_is_replaced_only_by_saying_so_and_if_it_has_not_changed() -> None:
    world = Refreshing()
    with pytest.raises(ConnectionExistsError):
        imported(world)
    world.connections.put_consent = lambda *_: False  # type: ignore[method-assign]
    with pytest.raises(ConnectionExistsError):
        imported(world, replaces=True)

    assert world.events == []
    assert world.connection.consent == CONSENT


class Revokes:
    """A provider that answers each revocation as it is told."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.requests: list[ProviderRequest] = []

    def send(self, request: ProviderRequest) -> ProviderResponse:
        self.requests.append(request)
        return json_response({}, status=self.statuses.pop(0))


def ended(
    world: Refreshing, provider: Revokes, definition: CredentialDefinition | None = DEFINITION
) -> tuple[Connection | None, bool]:
    return end_connection(
        world.connections,
        KEY,
        definition,
        secrets=world.secrets,
        provider=provider,
        tell=world.events.append,
    )


@pytest.mark.parametrize(
    ("statuses", "agreed"),
    [((200, 200), True), ((200, 503), False), ((503, 200), False)],
)
def test_an_end_revokes_the_consent_and_the_one_that_waits(
    statuses: tuple[int, int], *, agreed: bool
) -> None:
    world = Refreshing()
    waiting = PendingConsent(consent=WAITING, code_sha256="0" * 64, expires_at=START + DAYS)
    before = replace(world.connection, pending=waiting)
    world.connections.seed(before)
    provider = Revokes(*statuses)

    assert ended(world, provider) == (before, agreed)

    assert [each.form["token"] for each in provider.requests] == ["refresh-1", "refresh-waiting"]
    assert {each.form["token_type_hint"] for each in provider.requests} == {"refresh_token"}
    assert {each.url for each in provider.requests} == {DEFINITION.revocation_endpoint}
    assert world.connections.read(KEY) is None
    assert world.events == [ConnectionEvent(Happened.DISCONNECTED, KEY)]


def test_without_a_definition_it_ends_here_and_nobody_is_told_it_was_revoked() -> None:
    world, provider = Refreshing(), Revokes()

    deleted, agreed = ended(world, provider, None)

    assert deleted is not None
    assert not agreed
    assert provider.requests == []


def test_one_that_was_never_completed_has_only_what_waits_to_revoke() -> None:
    world, provider = Refreshing(), Revokes(200)
    waiting = PendingConsent(consent=WAITING, code_sha256="0" * 64, expires_at=START + DAYS)
    world.connections.seed(Connection(key=KEY, pending=waiting))

    _, agreed = ended(world, provider)

    assert agreed
    assert [each.form["token"] for each in provider.requests] == ["refresh-waiting"]


def test_what_is_not_there_ends_in_silence() -> None:
    world, provider = Refreshing(), Revokes()
    world.connections.delete(KEY)

    assert ended(world, provider) == (None, False)
    assert (world.events, provider.requests) == ([], [])
