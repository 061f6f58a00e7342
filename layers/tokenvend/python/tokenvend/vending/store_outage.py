"""Answer requests while the tables or their KMS key do not answer.

A provider's outage is in `domain/failure.py`.

Memory answers for a while, as it was last checked. When a remembered token expires, this
environment may exchange without a lease, for a decision that still holds: a few times a minute,
for every other environment does the same. A table that only throttles is no outage, nor is one
partition that does not answer.
"""

from datetime import timedelta

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source, VendAnswer
from tokenvend.domain.credential_definition import CredentialKind
from tokenvend.domain.decision import Decision, prove_caller
from tokenvend.domain.errors import TokenVendError, store_unavailable
from tokenvend.domain.freshness import answerable_until
from tokenvend.domain.identity import Proof
from tokenvend.domain.token import AccessToken
from tokenvend.ports import (
    Clock,
    KeyAwayError,
    StoreAwayError,
    StoreThrottledError,
    VendReader,
)
from tokenvend.vending.exchange import ClientExchange, ExchangeRequest
from tokenvend.vending.memory import Memory, MemoryKey, Remembered
from tokenvend.vending.vend_result import VendResult

_MINUTE_SECONDS = 60.0
#: The kinds of credentials for which the secret alone is enough.
_NEED_NO_TABLES = frozenset({CredentialKind.CLIENT_CREDENTIALS, CredentialKind.SIGNED_JWT})


class StoreOutage:
    """The state of an outage in this environment, and the answers that are allowed in it."""

    def __init__(
        self, *, reader: VendReader, exchange: ClientExchange, memory: Memory, clock: Clock
    ) -> None:
        self._reader = reader
        self._exchange = exchange
        self._memory = memory
        self._clock = clock
        self._read_again_at: dict[MemoryKey, float] = {}
        self._exchanged_at: list[float] = []

    def is_active(self, key: MemoryKey) -> bool:
        """Whether a read for *key* failed so recently that the tables are not asked again yet."""
        return self._clock.monotonic() < self._read_again_at.get(key, 0.0)

    def note_failed_read(self, key: MemoryKey, error: StoreAwayError) -> None:
        """Record that the tables did not answer a read for *key*."""
        if isinstance(error, StoreThrottledError):
            return
        if len(self._read_again_at) >= bounds.MEMORY_ENTRIES:
            self._read_again_at.clear()
        again = bounds.OUTAGE_READS_AGAIN_AFTER.total_seconds()
        self._read_again_at[key] = self._clock.monotonic() + again

    def answer(
        self,
        proof: Proof,
        key: MemoryKey,
        remembered: Remembered | None,
        error: StoreAwayError | None,
        *,
        deadline: float,
    ) -> VendResult:
        """Answer without the tables, from memory or by an exchange; *error* is that of the read.

        Raises:
            InvalidClientError: the proof does not hold.
            TemporarilyUnavailableError: nothing may be answered.
        """
        now = self._clock.now()
        if remembered is None or not self._memory.outlasts_outage(remembered, now):
            raise store_unavailable()
        prove_caller(proof, remembered.view)
        min_ttl = timedelta(seconds=key[1].min_ttl_seconds)
        token = remembered.token
        if now >= answerable_until(token, min_ttl):
            token = self._exchange_without_lease(key, remembered.decision, error, deadline)
        answer = VendAnswer(token, Source.MEMORY, self._clock.now())
        return VendResult(answer, remembered.decision, failed=store_unavailable())

    def _exchange_without_lease(
        self, key: MemoryKey, decision: Decision, error: StoreAwayError | None, deadline: float
    ) -> AccessToken:
        definition = decision.definition
        needs_the_tables = (
            definition.single_active_token
            or definition.kind not in _NEED_NO_TABLES
            or definition.acts_for_users
        )
        if needs_the_tables or not self._is_outage(error) or not self._may_exchange(deadline):
            raise store_unavailable()
        try:
            token = self._exchange.run(ExchangeRequest(definition, decision.spec))
        except TokenVendError as failed:
            failed.caller = decision.caller.name
            raise
        self._memory.replace_token(key, token)
        return token

    def _is_outage(self, error: StoreAwayError | None) -> bool:
        if isinstance(error, StoreThrottledError):
            return False
        return isinstance(error, KeyAwayError) or self._reader.is_away()

    def _may_exchange(self, deadline: float) -> bool:
        now = self._clock.monotonic()
        self._exchanged_at = [at for at in self._exchanged_at if now - at < _MINUTE_SECONDS]
        if len(self._exchanged_at) >= bounds.OUTAGE_EXCHANGES_A_MINUTE:
            return False
        if timedelta(seconds=deadline - now) < bounds.EXCHANGE_NEEDS:
            return False
        self._exchanged_at.append(now)
        return True
