"""Refresh-ahead: renew the tokens in use before any request has to wait for them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from tokenvend.domain.answer import Source
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.connection import connection_of
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.freshness import Freshness, Usability, freshness_of
from tokenvend.domain.renewal import RenewalSlot, slot_of, slot_of_token, slots_until
from tokenvend.domain.token import AccessToken
from tokenvend.ports import (
    Clock,
    CredentialReader,
    CredentialView,
    TokenItem,
    TokenStore,
)
from tokenvend.vending.acquisition import Acquisition
from tokenvend.vending.lease_wait import LeaseWatch
from tokenvend.vending.token_acquirer import LeasedExchange


class RenewalOutcome(StrEnum):
    """The result of one token's renewal."""

    RENEWED = "renewed"
    NOT_YET = "not_yet"
    UNWANTED = "unwanted"
    FAILED = "failed"
    NO_TIME = "no_time"


@dataclass(frozen=True, slots=True)
class Renewal:
    """One token's renewal; `failed` says why it was not renewed.

    `is_late`: the token was overdue, so requests had begun to renew it themselves, and no failure
    of its provider explains that.
    """

    key: str
    outcome: RenewalOutcome
    spec: TokenSpec | None = None
    token: AccessToken | None = None
    failed: TokenVendError | None = None
    is_late: bool = False


class Renewer:
    """The use case of the renewal schedule, which has no caller."""

    def __init__(
        self,
        *,
        tokens: TokenStore,
        credentials: CredentialReader,
        leased_exchange: LeasedExchange,
        clock: Clock,
    ) -> None:
        self._tokens = tokens
        self._credentials = credentials
        self._leased_exchange = leased_exchange
        self._clock = clock

    def due(self, shard: int) -> Iterator[tuple[RenewalSlot, str]]:
        """Yield the slot and key of each token that is due in *shard*, the oldest slot first.

        Raises:
            StoreAwayError: the table does not answer.
        """
        for slot in slots_until(self._clock.now(), shard):
            for key in self._tokens.due(slot):
                yield slot, key

    def renew(self, slot: RenewalSlot, key: str, *, deadline: float) -> Renewal:
        """Renew one token of *slot*, if there is time until *deadline* (monotonic seconds).

        The next run finds what is left over.

        Raises:
            StoreAwayError: the table does not answer.
        """
        item = self._tokens.read(key)
        token, spec = item.token, item.spec
        if token is None or spec is None or not item.is_in_use:
            return Renewal(key, RenewalOutcome.UNWANTED)
        credential = self._credentials.read(
            spec.credential, spec.tenant, connection=connection_of(spec)
        )
        acquisition = _acquisition_of(key, spec, credential, deadline)
        if acquisition is None or token.is_expired(self._clock.now()):
            # Nobody may or wants to use this token: the credential is gone, changed or blocked, the
            # connection is blocked, or the token expired before any request asked for it.
            self._tokens.schedule_renewal(key, token, None)
            return Renewal(key, RenewalOutcome.UNWANTED, spec)
        return self._renew(acquisition, item, token, slot)

    def _renew(
        self, acquisition: Acquisition, item: TokenItem, token: AccessToken, slot: RenewalSlot
    ) -> Renewal:
        later = self._slot_instead(acquisition, item, token, slot)
        if later is not None:
            if later.minute > slot.minute:
                self._tokens.schedule_renewal(acquisition.key, token, later)
            return Renewal(acquisition.key, RenewalOutcome.NOT_YET, acquisition.spec)
        is_late = _is_late(acquisition, item, token, self._clock.now())
        if not acquisition.has_time_to_exchange(self._clock):
            return Renewal(
                acquisition.key, RenewalOutcome.NO_TIME, acquisition.spec, is_late=is_late
            )
        return replace(self._replace(acquisition, item), is_late=is_late)

    def _slot_instead(
        self, acquisition: Acquisition, item: TokenItem, token: AccessToken, slot: RenewalSlot
    ) -> RenewalSlot | None:
        """The slot to come back in, if this is not the time."""
        now = self._clock.now()
        failure = acquisition.current_backoff(item, now)
        if failure is not None:
            return slot_of(acquisition.key, failure.retry_at)
        if acquisition.usability(item, now) is Usability.USABLE:
            return slot_of_token(acquisition.key, token, now=now)
        # While another holder has the lease, each run looks at this token again.
        return None if LeaseWatch(self._clock).is_free(item.lease) else slot

    def _replace(self, acquisition: Acquisition, item: TokenItem) -> Renewal:
        try:
            acquired = self._leased_exchange.exchange_under_lease(acquisition, item)
        except TokenVendError as error:
            return Renewal(acquisition.key, RenewalOutcome.FAILED, acquisition.spec, failed=error)
        if acquired is None or acquired.source is not Source.PROVIDER:
            return Renewal(acquisition.key, RenewalOutcome.NOT_YET, acquisition.spec)
        return Renewal(acquisition.key, RenewalOutcome.RENEWED, acquisition.spec, acquired.token)


def _is_late(acquisition: Acquisition, item: TokenItem, token: AccessToken, now: datetime) -> bool:
    if item.failure is not None or acquisition.state.failure is not None:
        return False
    return freshness_of(acquisition.key, token, now) is Freshness.OVERDUE


def _acquisition_of(
    key: str, spec: TokenSpec, credential: CredentialView, deadline: float
) -> Acquisition | None:
    definition = credential.definition
    if definition is None or definition.fingerprint != spec.definition:
        return None
    return Acquisition(
        spec=spec,
        key=key,
        definition=definition,
        state=credential.state,
        deadline=deadline,
        is_renewal=True,
    )
