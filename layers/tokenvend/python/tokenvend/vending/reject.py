"""Record that an API refused a token, so that it is replaced once, however many report it.

The report is a caller's word. So it counts only for a token that this caller may have now, and
nobody loses anything by it: the token is answered until its replacement is there. It is no
revocation (RFC 7009): the provider is told nothing.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from tokenvend.domain import bounds
from tokenvend.domain.decision import decide
from tokenvend.domain.errors import (
    InvalidClientError,
    TokenVendError,
    TooManyRequestsError,
    store_unavailable,
)
from tokenvend.domain.freshness import rejectable_from
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.registry import Caller
from tokenvend.domain.request import RejectionReport
from tokenvend.domain.rule import Rule
from tokenvend.domain.token import AccessToken
from tokenvend.ports import Clock, Lookup, StoreAwayError, TokenStore, VendReader
from tokenvend.vending.consent_check import ConsentCheck
from tokenvend.vending.memory import Memory
from tokenvend.vending.rate_limit import RateLimit


class RejectOutcome(StrEnum):
    """The result of a report. REPLACED: the token had been replaced before."""

    ACCEPTED = "accepted"
    REPLACED = "replaced"


class RejectionRecorder:
    """The use case behind `token/reject`."""

    def __init__(
        self,
        *,
        reader: VendReader,
        tokens: TokenStore,
        consents: ConsentCheck,
        memory: Memory,
        clock: Clock,
    ) -> None:
        self._reader = reader
        self._tokens = tokens
        self._consents = consents
        self._memory = memory
        self._clock = clock
        self._rate = RateLimit()

    def reject(self, proof: Proof, rejection: RejectionReport) -> RejectOutcome:
        """Record *rejection*, a report that an API refused a token.

        Raises:
            TooManyRequestsError: this caller reports too often, or the token is a replacement that
                is too young to be rejected.
            TokenVendError: the caller may not have such a token now.
        """
        request, now = rejection.request, self._clock.now()
        if self._memory.is_unknown(proof.identity, now):
            raise InvalidClientError(rule=Rule.CALLER_KNOWN)
        try:
            lookup = Lookup(
                proof.identity,
                request.credential,
                request.tenant,
                connection=request.connection_name,
            )
            found = self._reader.read(lookup)
        except StoreAwayError:
            raise store_unavailable() from None
        if found.view.caller is None and proof.entry is EntryPoint.OAUTH2:
            self._memory.remember_unknown(proof.identity, now)
        decision = decide(proof, request, found.view, now=now)
        self._rate.check(_limited(decision.caller), now)
        try:
            decision = self._consents.decide(decision, request)
            self._memory.forget_token(decision.key)
            return self._reject(decision.key, rejection, now)
        except StoreAwayError:
            raise store_unavailable() from None
        except TokenVendError as error:
            error.caller = decision.caller.name
            raise

    def _reject(self, key: str, rejection: RejectionReport, now: datetime) -> RejectOutcome:
        item = self._tokens.read(key)
        token = item.token
        if token is None or token.access_token.sha256 != rejection.token_sha256:
            return RejectOutcome.REPLACED
        if item.is_rejected:
            return RejectOutcome.ACCEPTED
        _refuse_again_too_soon(token, now)
        self._tokens.reject(key, token)
        return RejectOutcome.ACCEPTED


def _limited(caller: Caller) -> Caller:
    return Caller(name=caller.name, requests_per_minute=bounds.REJECTIONS_A_MINUTE)


def _refuse_again_too_soon(token: AccessToken, now: datetime) -> None:
    """Allow one forced exchange in a quarter of the lifetime, however many reports come."""
    again_at = rejectable_from(token)
    if not token.forced or now >= again_at:
        return
    wait = max(timedelta(seconds=1), again_at - now)
    raise TooManyRequestsError(
        "This token has just replaced a rejected one; wait before you reject it too.",
        rule="reject.too_soon",
        retry_after_seconds=int(wait.total_seconds()) + 1,
    )
