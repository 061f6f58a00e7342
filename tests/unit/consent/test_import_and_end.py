"""A connection that begins with another application's refresh token, and one that ends."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.clock import START
from tests.fakes.provider import json_response
from tests.unit.consent.refreshing import CONSENT, DEFINITION, KEY, Refreshing

from tokenvend.consent.connection_import import ConnectionExistsError, import_connection
from tokenvend.consent.disconnection import end_connection
from tokenvend.domain.connection import Connection, Consent, PendingConsent
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.secret import Secret
from tokenvend.refresh_tokens.connection_events import ConnectionEvent, ConnectionEventType

DAYS = timedelta(days=28)
SILENT = replace(DEFINITION, authorization=None)
WAITING = replace(CONSENT, consent_id="consent-2", refresh_token=Secret("refresh-waiting"))


def imported(
    harness: Refreshing,
    *,
    definition: CredentialDefinition = DEFINITION,
    account: str | None = "user-9",
    replaces: bool = False,
) -> Connection:
    return import_connection(
        harness.connections,
        definition,
        KEY,
        refresh_token=Secret("theirs"),
        scopes=frozenset({"jobs_read"}),
        account=account,
        replace=replaces,
        now=harness.clock.now(),
        publish=harness.events.append,
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
    harness = Refreshing()
    harness.connections.delete(KEY)

    connection = imported(harness, definition=definition)

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
    assert harness.connection == connection
    assert harness.events == [ConnectionEvent(ConnectionEventType.IMPORTED, KEY)]


def test_what_is_there_is_replaced_only_by_saying_so_and_if_it_has_not_changed() -> None:
    harness = Refreshing()
    with pytest.raises(ConnectionExistsError):
        imported(harness)
    harness.connections.put_consent = lambda *_: False  # type: ignore[method-assign]
    with pytest.raises(ConnectionExistsError):
        imported(harness, replaces=True)

    assert harness.events == []
    assert harness.connection.consent == CONSENT


class Revokes:
    """A provider with an answer to each revocation that a test sets."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.requests: list[ProviderRequest] = []

    def send(self, request: ProviderRequest) -> ProviderResponse:
        self.requests.append(request)
        return json_response({}, status=self.statuses.pop(0))


def ended(
    harness: Refreshing, provider: Revokes, definition: CredentialDefinition | None = DEFINITION
) -> tuple[Connection | None, bool]:
    return end_connection(
        harness.connections,
        KEY,
        definition,
        secrets=harness.secrets,
        provider=provider,
        publish=harness.events.append,
    )


@pytest.mark.parametrize(
    ("statuses", "agreed"),
    [((200, 200), True), ((200, 503), False), ((503, 200), False)],
)
def test_an_end_revokes_the_consent_and_the_one_that_waits(
    statuses: tuple[int, int], *, agreed: bool
) -> None:
    harness = Refreshing()
    waiting = PendingConsent(consent=WAITING, code_sha256="0" * 64, expires_at=START + DAYS)
    before = replace(harness.connection, pending=waiting)
    harness.connections.seed(before)
    provider = Revokes(*statuses)

    assert ended(harness, provider) == (before, agreed)

    assert [each.form["token"] for each in provider.requests] == ["refresh-1", "refresh-waiting"]
    assert {each.form["token_type_hint"] for each in provider.requests} == {"refresh_token"}
    assert {each.url for each in provider.requests} == {DEFINITION.revocation_endpoint}
    assert harness.connections.read(KEY) is None
    assert harness.events == [ConnectionEvent(ConnectionEventType.DISCONNECTED, KEY)]


def test_without_a_definition_it_ends_here_and_nobody_is_told_it_was_revoked() -> None:
    harness, provider = Refreshing(), Revokes()

    deleted, agreed = ended(harness, provider, None)

    assert deleted is not None
    assert not agreed
    assert provider.requests == []


def test_one_that_was_never_completed_has_only_what_waits_to_revoke() -> None:
    harness, provider = Refreshing(), Revokes(200)
    waiting = PendingConsent(consent=WAITING, code_sha256="0" * 64, expires_at=START + DAYS)
    harness.connections.seed(Connection(key=KEY, pending=waiting))

    _, agreed = ended(harness, provider)

    assert agreed
    assert [each.form["token"] for each in provider.requests] == ["refresh-waiting"]


def test_what_is_not_there_ends_in_silence() -> None:
    harness, provider = Refreshing(), Revokes()
    harness.connections.delete(KEY)

    assert ended(harness, provider) == (None, False)
    assert (harness.events, provider.requests) == ([], [])
