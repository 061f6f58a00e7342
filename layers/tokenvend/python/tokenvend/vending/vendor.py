"""Vend a token: check who asks, decide, acquire the token, answer.

What can refuse the request, in this order:
`domain/decision.py`             the caller, its grant, the credential, a block
`domain/users.py`                the signed-in user
`domain/grant_limits.py`         the tenant, scopes, audience and resources; what the provider gave
`domain/connection_decision.py`  the user's consent
`domain/freshness.py`            `min_ttl_seconds`
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source, VendAnswer
from tokenvend.domain.credential_definition import CredentialKind
from tokenvend.domain.decision import Decision, decide, prove_caller
from tokenvend.domain.errors import InvalidClientError, TokenVendError, store_unavailable
from tokenvend.domain.freshness import check_min_ttl
from tokenvend.domain.grant_limits import check_scopes_given
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.request import VendRequest
from tokenvend.domain.rule import Rule
from tokenvend.ports import (
    Clock,
    LookupResult,
    StoreAwayError,
    TokenItem,
    TokenStore,
    VendReader,
)
from tokenvend.vending.acquisition import Acquisition
from tokenvend.vending.api_key import ApiKeys
from tokenvend.vending.caller_quotas import CallerQuotas
from tokenvend.vending.consent_check import ConsentCheck
from tokenvend.vending.in_use import mark_in_use
from tokenvend.vending.lease_wait import retry_while_throttled
from tokenvend.vending.memory import Memory
from tokenvend.vending.store_outage import StoreOutage
from tokenvend.vending.token_acquirer import TokenAcquirer
from tokenvend.vending.vend_attempt import VendAttempt
from tokenvend.vending.vend_result import VendResult

if TYPE_CHECKING:  # few requests are a user's
    from tokenvend.domain.users import UserToken


class Vendor:
    """The use case behind each token request of a caller."""

    def __init__(
        self,
        *,
        reader: VendReader,
        tokens: TokenStore,
        acquirer: TokenAcquirer,
        consents: ConsentCheck,
        api_keys: ApiKeys,
        outage: StoreOutage,
        memory: Memory,
        quotas: CallerQuotas,
        clock: Clock,
    ) -> None:
        self._reader = reader
        self._tokens = tokens
        self._acquirer = acquirer
        self._consents = consents
        self._api_keys = api_keys
        self._outage = outage
        self._memory = memory
        self._clock = clock
        self._quotas = quotas

    def vend(
        self,
        proof: Proof,
        request: VendRequest,
        *,
        time_left: timedelta,
        user_token: UserToken | None = None,
    ) -> VendResult:
        """Return a token for the caller of *proof*; *user_token* is that of the signed-in user.

        *time_left* is what is left of this invocation: no exchange starts that could not end in
        it.

        Raises:
            TokenVendError: one class per reason, see `domain.errors`.
        """
        now = self._clock.now()
        remembered = self._memory.recall((proof.identity, request))
        if remembered is not None and now < remembered.trusted_until:
            # The proof is no part of what is remembered, so each request's proof is checked.
            prove_caller(proof, remembered.view)
            self._quotas.check(remembered.decision.caller, now)
            return VendResult(VendAnswer(remembered.token, Source.MEMORY, now), remembered.decision)
        if self._memory.is_unknown(proof.identity, now):
            raise InvalidClientError(rule=Rule.CALLER_KNOWN)
        deadline = self._clock.monotonic() + time_left.total_seconds()
        return self._vend_after_lookup(
            VendAttempt(proof, request, remembered, deadline, user_token)
        )

    def _vend_after_lookup(self, attempt: VendAttempt) -> VendResult:
        if self._outage.is_active(attempt.key):
            return self._vend_in_outage(attempt, None)
        started = self._clock.monotonic()
        try:
            found = self._read(attempt)
        except StoreAwayError as error:
            self._outage.note_failed_read(attempt.key, error)
            return self._vend_in_outage(attempt, error)
        # Counted back from now, because the answer may have corrected this clock.
        checked_at = self._clock.now() - timedelta(seconds=self._clock.monotonic() - started)
        decision = self._decide(attempt, found)
        try:
            decision = self._consents.decide(decision, attempt.request)
            vended = self._acquire(attempt, decision, found)
        except StoreAwayError as error:
            self._outage.note_failed_read(attempt.key, error)
            return self._vend_in_outage(attempt, error)
        except TokenVendError as error:
            error.caller = decision.caller.name
            raise
        self._memory.remember(
            attempt.key, found.view, decision, vended.answer.token, checked_at=checked_at
        )
        return vended

    def _read(self, attempt: VendAttempt) -> LookupResult:
        if attempt.remembered is not None:
            # No retry: if the table is busy, memory can answer at once.
            return self._reader.read(attempt.lookup)
        return retry_while_throttled(
            lambda: self._reader.read(attempt.lookup), self._clock, until=self._retry_until(attempt)
        )

    def _retry_until(self, attempt: VendAttempt) -> float:
        waits = self._clock.monotonic() + bounds.LEASE_WAIT.total_seconds()
        return min(waits, attempt.deadline - bounds.ANSWER_NEEDS.total_seconds())

    def _vend_in_outage(self, attempt: VendAttempt, error: StoreAwayError | None) -> VendResult:
        vended = self._outage.answer(
            attempt.proof, attempt.key, attempt.remembered, error, deadline=attempt.deadline
        )
        self._quotas.check_locally(vended.decision.caller, vended.answer.answered_at)
        return vended

    def _decide(self, attempt: VendAttempt, found: LookupResult) -> Decision:
        proof, now = attempt.proof, self._clock.now()
        try:
            decision = decide(proof, attempt.request, found.view, now=now)
        except TokenVendError:
            if attempt.is_of_remembered_caller():
                self._memory.forget(attempt.key)
            if found.view.caller is None and proof.entry is EntryPoint.OAUTH2:
                self._memory.remember_unknown(proof.identity, now)
            raise
        self._quotas.check(decision.caller, now)
        return decision

    def _acquire(self, attempt: VendAttempt, decision: Decision, found: LookupResult) -> VendResult:
        if decision.definition.kind is CredentialKind.API_KEY:
            return self._read_api_key(attempt.request, decision, found.state.secret_generation)
        acquisition = Acquisition(
            spec=decision.spec,
            key=decision.key,
            definition=decision.definition,
            state=found.state,
            deadline=attempt.deadline,
            min_ttl=timedelta(seconds=attempt.request.min_ttl_seconds),
            user_token=attempt.user_token,
        )
        item = self._item(attempt, decision, found)
        if item.token is not None:
            check_min_ttl(attempt.request.min_ttl_seconds, item.token)
        acquired = self._acquirer.acquire(acquisition, attempt.or_remembered(item, decision))
        check_min_ttl(attempt.request.min_ttl_seconds, acquired.token)
        check_scopes_given(decision, acquired.token)
        if decision.spec.user is None:
            # A schedule has no user's token, so it could not renew this one.
            mark_in_use(self._tokens, decision.key, item, acquired, now=self._clock.now())
        # The mark took time too, so `expires_in` counts from now.
        answer = VendAnswer(acquired.token, acquired.source, self._clock.now())
        return VendResult(answer, decision, acquired.failed)

    def _read_api_key(
        self, request: VendRequest, decision: Decision, secret_generation: str
    ) -> VendResult:
        key = self._api_keys.read(decision, secret_generation=secret_generation)
        check_min_ttl(request.min_ttl_seconds, key)
        return VendResult(VendAnswer(key, Source.STORE, self._clock.now()), decision)

    def _item(self, attempt: VendAttempt, decision: Decision, found: LookupResult) -> TokenItem:
        if decision.key == attempt.expected_key:
            return found.item
        try:
            return retry_while_throttled(
                lambda: self._tokens.read(decision.key),
                self._clock,
                until=self._retry_until(attempt),
            )
        except StoreAwayError:
            raise store_unavailable() from None
