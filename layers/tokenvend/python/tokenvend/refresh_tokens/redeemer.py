"""Redeem a refresh token (RFC 6749 §6) after `refresher` has written the journal's entry.

Send it, store its successor (`_store_successor`), then answer. `domain/journal.py` says what a
crash in between leaves.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from tokenvend.domain import bounds
from tokenvend.domain.connection import Connection, Consent, JournalEntry
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import (
    STORE_AWAY,
    ConsentRequiredError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TokenVendError,
    provider_away,
)
from tokenvend.domain.journal import Successor, redeemable_from
from tokenvend.domain.oauth.refresh import (
    Refreshed,
    RefreshVerdict,
    SentRefreshToken,
    build_refresh_request,
    judge_refresh,
)
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.token import AccessToken
from tokenvend.ports import (
    Clock,
    ConnectionStore,
    OAuthEndpointClient,
    ProviderAwayError,
    SecretStore,
    StoreAwayError,
    StoreResult,
)
from tokenvend.refresh_tokens.connection_events import (
    ConnectionEvent,
    ConnectionEventType,
    PublishEvent,
)
from tokenvend.refresh_tokens.own_host import definition_at
from tokenvend.refresh_tokens.refresh_request import (
    RefreshRequest,
    connection_busy,
    connections_unavailable,
)
from tokenvend.refresh_tokens.revocation import revoke_best_effort
from tokenvend.vending.exchange import ClientExchange
from tokenvend.vending.lease_wait import Pause
from tokenvend.vending.provider_secret import token_presenter

_STORE_AGAIN_SECONDS = 0.2


class Redeemer:
    """Sends a refresh token to the provider and stores the next one, as the journal allows."""

    def __init__(
        self,
        *,
        connections: ConnectionStore,
        exchange: ClientExchange,
        provider: OAuthEndpointClient,
        secrets: SecretStore,
        clock: Clock,
        pause: Pause,
        publish: PublishEvent,
    ) -> None:
        self._connections = connections
        self._exchange = exchange
        self._provider = provider
        self._secrets = secrets
        self._clock = clock
        self._pause = pause
        self._publish = publish

    def redeem(
        self, refresh_request: RefreshRequest, begun: Connection, entry: JournalEntry
    ) -> AccessToken:
        """Redeem the refresh token of *begun*, as *entry* in its journal says.

        Raises: as `Refresher.refresh`.
        """
        try:
            refresh_request = replace(
                refresh_request, definition=_definition_of(refresh_request, begun)
            )
            refreshed, _ = self._exchange.with_secret(
                refresh_request.definition,
                None,
                lambda secret: self._ask(refresh_request, begun, secret),
            )
        except TokenVendError as error:
            # The provider did not look at the refresh token, or was not asked at all.
            self.release_redemption(begun, entry, self._clock.now() + _retry_delay(error))
            raise
        match refreshed.verdict:
            case RefreshVerdict.REDEEMED:
                self._store_successor(refresh_request, begun, refreshed.successor)
            case RefreshVerdict.REFUSED:
                self.give_up_consent(begun, entry, "refused")
            case RefreshVerdict.NOT_REDEEMED:
                wait = _retry_delay(refreshed.error)
                self.release_redemption(begun, entry, self._clock.now() + wait)
            case RefreshVerdict.UNKNOWN:
                self.release_redemption(begun, entry, redeemable_from(entry))
            case unreachable:
                assert_never(unreachable)
        if refreshed.token is None:
            raise refreshed.error or connection_busy(1)
        return refreshed.token

    def _ask(
        self, refresh_request: RefreshRequest, begun: Connection, secret: ProviderSecret
    ) -> Refreshed:
        consent = _consent_of(begun)
        presented = token_presenter(refresh_request.definition, secret)
        redeemed = SentRefreshToken(
            definition=refresh_request.definition,
            consent=consent,
            requested_scopes=refresh_request.requested_scopes,
            requested_at=self._clock.now(),
            secret_generation=refresh_request.secret_generation,
        )
        request = build_refresh_request(
            refresh_request.definition,
            consent.refresh_token,
            secret,
            requested_scopes=refresh_request.requested_scopes,
        )
        try:
            response = self._provider.send(request)
        except ProviderAwayError:
            return Refreshed(verdict=RefreshVerdict.UNKNOWN, error=provider_away())
        refreshed = judge_refresh(response, redeemed)
        if refreshed.verdict is RefreshVerdict.NOT_REDEEMED and isinstance(
            refreshed.error, ProviderRefusedError
        ):
            raise refreshed.error
        return replace(refreshed, token=refreshed.token and presented(refreshed.token))

    def _store_successor(
        self, refresh_request: RefreshRequest, begun: Connection, successor: Successor | None
    ) -> None:
        if successor is None:
            raise AssertionError("a token that was redeemed has a successor")
        stored = self._store_until_deadline(refresh_request, begun, successor)
        if stored is None:
            self._publish(ConnectionEvent(ConnectionEventType.NOT_STORED, begun.key, STORE_AWAY))
            raise connections_unavailable()
        if stored is StoreResult.GONE:
            # Somebody disconnected meanwhile, so the new refresh token is revoked.
            revoke_best_effort(
                refresh_request.definition,
                successor.refresh_token or _consent_of(begun).refresh_token,
                secrets=self._secrets,
                provider=self._provider,
                hint="refresh_token",
            )
            raise ConsentRequiredError(rule="connection.active")

    def _store_until_deadline(
        self, refresh_request: RefreshRequest, begun: Connection, successor: Successor
    ) -> StoreResult | None:
        """Store *successor*, trying until this invocation ends; `None`: not stored."""
        while True:
            try:
                return self._connections.finish_redemption(begun, successor)
            except StoreAwayError:
                if refresh_request.time_left(self._clock) < bounds.ANSWER_NEEDS:
                    return None
            self._pause(self._clock, _STORE_AGAIN_SECONDS)

    def give_up_consent(
        self, connection: Connection, journal_entry: JournalEntry, reason: str
    ) -> None:
        """Mark the consent as lost, and publish that once."""
        try:
            lost = self._connections.mark_lost(connection, journal_entry)
        except StoreAwayError:
            # The next request redeems it, is refused too, and marks the consent.
            return
        if lost:
            self._publish(ConnectionEvent(ConnectionEventType.LOST, connection.key, reason))

    def release_redemption(
        self, begun: Connection, entry: JournalEntry, retry_at: datetime
    ) -> None:
        """Let another request redeem it, from *retry_at* on."""
        try:
            self._connections.release_redemption(begun, entry, retry_at=retry_at)
        except StoreAwayError:
            # The holder counts as gone some time after its invocation ended.
            return


def _consent_of(connection: Connection) -> Consent:
    if connection.consent is None:
        raise AssertionError("only a consent has a refresh token")
    return connection.consent


def _definition_of(refresh_request: RefreshRequest, connection: Connection) -> CredentialDefinition:
    return definition_at(refresh_request.definition, _consent_of(connection).tenant)


def _retry_delay(error: TokenVendError | None) -> timedelta:
    seconds = error.retry_after_seconds if isinstance(error, TemporarilyUnavailableError) else 1
    return timedelta(seconds=seconds)
