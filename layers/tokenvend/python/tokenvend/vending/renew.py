"""Renew the tokens that somebody uses, before any request has to wait for them."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from tokenvend.domain.answer import Source
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.errors import TokenVendError
from tokenvend.domain.renewal import Slot, slot_of, slot_of_token, slots_until
from tokenvend.domain.token import AccessToken, Freshness
from tokenvend.ports import (
    Clock,
    CredentialReader,
    CredentialView,
    TokenItem,
    TokenStore,
)
from tokenvend.vending.order import Order, Standing
from tokenvend.vending.replacing import Replacer
from tokenvend.vending.wait import LeaseWatch


class Outcome(StrEnum):
    """What became of one token whose renewal was due."""

    RENEWED = "renewed"
    NOT_YET = "not_yet"
    UNWANTED = "unwanted"
    FAILED = "failed"
    NO_TIME = "no_time"


@dataclass(frozen=True, slots=True)
class Renewal:
    """One token's renewal; `failed` says why it was not renewed.

    `is_late`: the token was overdue, so that requests had begun to renew it themselves, and no
    failure of its provider explains that.
    """

    key: str
    outcome: Outcome
    spec: TokenSpec | None = None
    token: AccessToken | None = None
    failed: TokenVendError | None = None
    is_late: bool = False


class Renewer:
    """The use case of the schedule: no caller, no request, only tokens that were asked for."""

    def __init__(
        self,
        *,
        tokens: TokenStore,
        credentials: CredentialReader,
        replacer: Replacer,
        clock: Clock,
    ) -> None:
        self._tokens = tokens
        self._credentials = credentials
        self._replacer = replacer
        self._clock = clock

    def due(self, shard: int) -> Iterator[tuple[Slot, str]]:
        """The slot and key of each token that is due in *shard*, the oldest slot first.

        Raises:
            StoreAwayError: the table does not answer.
        """
        for slot in slots_until(self._clock.now(), shard):
            for key in self._tokens.due(slot):
                yield slot, key

    def renew(self, slot: Slot, key: str, *, dies: float) -> Renewal:
        """Renew one token of *slot*, if there is time until *dies* (monotonic seconds).

        What is left over is found again by the next run.

        Raises:
            StoreAwayError: the table does not answer.
        """
        item = self._tokens.read(key)
        token, spec = item.token, item.spec
        if token is None or spec is None or not item.is_asked:
            return Renewal(key, Outcome.UNWANTED)
        credential = self._credentials.read(
            spec.credential, spec.tenant, connection=_connection_of(spec)
        )
        order = _order(key, spec, credential, dies)
        if order is None or token.is_expired(self._clock.now()):
            # Its credential is gone or changed, or it or its connection is blocked; or everybody
            # has done without it.
            self._tokens.schedule_renewal(key, token, None)
            return Renewal(key, Outcome.UNWANTED, spec)
        return self._renew(order, item, token, slot)

    def _renew(self, order: Order, item: TokenItem, token: AccessToken, slot: Slot) -> Renewal:
        later = self._slot_instead(order, item, token, slot)
        if later is not None:
            if later.minute > slot.minute:
                self._tokens.schedule_renewal(order.key, token, later)
            return Renewal(order.key, Outcome.NOT_YET, order.spec)
        is_late = _is_late(order, item, token, self._clock.now())
        if not order.has_time_to_exchange(self._clock):
            return Renewal(order.key, Outcome.NO_TIME, order.spec, is_late=is_late)
        return replace(self._replace(order, item), is_late=is_late)

    def _slot_instead(
        self, order: Order, item: TokenItem, token: AccessToken, slot: Slot
    ) -> Slot | None:
        """When to come back, if this is not the time."""
        now = self._clock.now()
        failure = order.backing_off(item, now)
        if failure is not None:
            return slot_of(order.key, failure.retry_at)
        if order.standing(item, now) is Standing.GOOD:
            return slot_of_token(order.key, token, now=now)
        # A dead holder's lease ends some time; until then the slot is looked through again.
        return None if LeaseWatch(self._clock).is_free(item.lease) else slot

    def _replace(self, order: Order, item: TokenItem) -> Renewal:
        try:
            obtained = self._replacer.try_once(order, item)
        except TokenVendError as error:
            return Renewal(order.key, Outcome.FAILED, order.spec, failed=error)
        if obtained is None or obtained.source is not Source.PROVIDER:
            return Renewal(order.key, Outcome.NOT_YET, order.spec)
        return Renewal(order.key, Outcome.RENEWED, order.spec, obtained.token)


def _is_late(order: Order, item: TokenItem, token: AccessToken, now: datetime) -> bool:
    if item.failure is not None or order.state.failure is not None:
        return False
    return token.freshness(now, key=order.key) is Freshness.OVERDUE


def _connection_of(spec: TokenSpec) -> ConnectionKey | None:
    if spec.connection is None or spec.connection_owner is None:
        return None
    return ConnectionKey(
        credential=spec.credential, owner=spec.connection_owner, name=spec.connection
    )


def _order(key: str, spec: TokenSpec, credential: CredentialView, dies: float) -> Order | None:
    definition = credential.definition
    if definition is None or definition.fingerprint != spec.definition:
        return None
    return Order(
        spec=spec,
        key=key,
        definition=definition,
        state=credential.state,
        dies=dies,
        is_renewal=True,
    )
