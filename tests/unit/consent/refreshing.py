"""One connection, one rotating provider, and as many environments as a test wants."""

from dataclasses import replace
from datetime import timedelta

from tests.fakes.clock import START
from tests.fakes.rotating_provider import RotatingProvider
from tests.unit.vending.harness import BILLING, INVOCATION, Harness

from tokenvend.domain.connection import Connection, ConnectionKey, Consent
from tokenvend.domain.consent_flow import ConsentFlow
from tokenvend.domain.credential_definition import (
    Authorization,
    CredentialDefinition,
    CredentialKind,
    ScopeMode,
)
from tokenvend.domain.registry import Grant
from tokenvend.domain.scopes import Scopes
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken
from tokenvend.refresh_tokens.connection_events import ConnectionEventType
from tokenvend.refresh_tokens.refresh_request import RefreshRequest
from tokenvend.refresh_tokens.refresher import Refresher

KEY = ConnectionKey(credential="jobs", owner="billing", name="acme")
SCOPES = frozenset({"jobs_read", "jobs_manage"})
DEFINITION = CredentialDefinition(
    name="jobs",
    provider="acme",
    kind=CredentialKind.AUTHORIZATION_CODE,
    token_endpoint="https://login.acme.example/token",
    revocation_endpoint="https://login.acme.example/revoke",
    scopes=SCOPES,
    authorization=Authorization(
        endpoint="https://login.acme.example/allow",
        redirect_uri="https://connect.example/callback/jobs",
        refresh_token_days=28,
        flow=ConsentFlow(refresh_names_scopes=True),
    ),
)
#: A provider of which nobody has shown that a refresh may name fewer scopes.
FIXED = replace(
    DEFINITION,
    # A request for a token may narrow there; a refresh is another matter.
    scope_mode=ScopeMode.NARROWS,
    authorization=DEFINITION.authorization
    and replace(DEFINITION.authorization, flow=ConsentFlow()),
)
GRANT = Grant(caller="billing", credential="jobs", scopes=SCOPES)
CONSENT = Consent(
    consent_id="consent-1",
    refresh_token=Secret("refresh-1"),
    scopes=SCOPES,
    account="user-7",
    connected_at=START,
    refreshed_at=START,
    refresh_expires_at=START + timedelta(days=28),
)


class Refreshing(Harness):
    """`Harness` with one connection that was just completed."""

    def __init__(
        self,
        *,
        provider: RotatingProvider | None = None,
        grant: Grant = GRANT,
        definition: CredentialDefinition = DEFINITION,
        consent: Consent = CONSENT,
    ) -> None:
        super().__init__(grant=grant, definition=definition)
        self.rotating = provider or RotatingProvider()
        self.provider = self.rotating  # type: ignore[assignment]
        self.definition = definition
        self.connections.seed(Connection(key=KEY, consent=consent, number=1))

    @property
    def connection(self) -> Connection:
        """What the table holds now."""
        found = self.connections.read(KEY)
        assert found is not None
        return found

    @property
    def refresh_token(self) -> str:
        """The refresh token that the table holds now."""
        consent = self.connection.consent
        assert consent is not None
        return consent.refresh_token.reveal()

    def refresher(self) -> Refresher:
        """One more environment."""
        return self.parts().refresher

    def refresh_request(
        self, *, requested_scopes: Scopes | None = None, time_left: timedelta = INVOCATION
    ) -> RefreshRequest:
        """An order of an invocation that begins now."""
        return RefreshRequest(
            key=KEY,
            definition=self.definition,
            requested_scopes=requested_scopes,
            deadline=self.clock.monotonic() + time_left.total_seconds(),
        )

    def refresh(self) -> AccessToken:
        """One refresh by a new environment."""
        return self.refresher().refresh(self.refresh_request())

    def event_type(self) -> list[ConnectionEventType]:
        """The types of the published events, in order."""
        return [event.event_type for event in self.events]


__all__ = ["BILLING", "INVOCATION", "Refreshing"]
