"""Answer one caller: decide, find or make the token, return it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tokenvend.domain.answer import Source, VendAnswer
from tokenvend.domain.decision import Decision, Rule, decide, prove_caller
from tokenvend.domain.errors import (
    InvalidClientError,
    InvalidRequestError,
    InvalidScopeError,
    TemporarilyUnavailableError,
    TokenVendError,
)
from tokenvend.domain.identity import Entry, Proof
from tokenvend.domain.registry import CredentialKind
from tokenvend.domain.request import VendRequest
from tokenvend.domain.scopes import format_scope
from tokenvend.domain.token import AccessToken
from tokenvend.ports import Clock, Findings, Lookup, StoreAwayError, TokenStore, VendReader
from tokenvend.vending.api_key import ApiKeys
from tokenvend.vending.memory import Memory, Remembered
from tokenvend.vending.obtain import Obtainer, Order
from tokenvend.vending.rate import RateLimit


@dataclass(frozen=True, slots=True)
class Vended:
    """An answer, and what the audit line says about it.

    `failed` is an attempt to replace the token that failed while this one is still valid.
    """

    answer: VendAnswer
    decision: Decision
    failed: TokenVendError | None = None


class Vendor:
    """The use case behind every entry."""

    def __init__(
        self,
        *,
        reader: VendReader,
        tokens: TokenStore,
        obtainer: Obtainer,
        api_keys: ApiKeys,
        memory: Memory,
        clock: Clock,
    ) -> None:
        self._reader = reader
        self._tokens = tokens
        self._obtainer = obtainer
        self._api_keys = api_keys
        self._memory = memory
        self._clock = clock
        self._rate = RateLimit()

    def vend(self, proof: Proof, request: VendRequest, *, dies_at: datetime) -> Vended:
        """A token for whoever *proof* proves.

        *dies_at* is the end of this invocation: no exchange starts that could not end by then.

        Raises:
            TokenVendError: one class per reason, see `domain.errors`.
        """
        now = self._clock.now()
        key = (proof.identity, request)
        remembered = self._memory.recall(key)
        if remembered is not None and now < remembered.trusted_until:
            # The request is remembered, its proof is not: each one is checked.
            prove_caller(proof, remembered.view)
            self._rate.check(remembered.decision.caller, now)
            return Vended(VendAnswer(remembered.token, Source.MEMORY, now), remembered.decision)
        if self._memory.is_unknown(proof.identity, now):
            raise InvalidClientError(rule=Rule.CALLER_KNOWN)
        return self._vend_checked(proof, request, remembered, now=now, dies_at=dies_at)

    def _vend_checked(
        self,
        proof: Proof,
        request: VendRequest,
        remembered: Remembered | None,
        *,
        now: datetime,
        dies_at: datetime,
    ) -> Vended:
        key = (proof.identity, request)
        expected_key = remembered.decision.key if remembered else None
        try:
            findings = self._reader.read(_lookup(proof, request, expected_key))
        except StoreAwayError:
            return self._answer_in_outage(proof, remembered, now)
        decision = self._decide(proof, request, findings, now)
        try:
            vended = self._obtain(request, decision, findings, expected_key, dies_at)
        except TokenVendError as error:
            error.caller = decision.caller.name
            raise
        self._memory.remember(key, findings.view, decision, vended.answer.token, checked_at=now)
        return vended

    def _decide(
        self,
        proof: Proof,
        request: VendRequest,
        findings: Findings,
        now: datetime,
    ) -> Decision:
        try:
            decision = decide(proof, request, findings.view, now=now)
        except TokenVendError:
            self._memory.forget((proof.identity, request))
            if findings.view.caller is None and proof.entry is Entry.OAUTH2:
                self._memory.remember_unknown(proof.identity, now)
            raise
        self._rate.check(decision.caller, now)
        return decision

    def _obtain(
        self,
        request: VendRequest,
        decision: Decision,
        findings: Findings,
        expected_key: str | None,
        dies_at: datetime,
    ) -> Vended:
        if decision.definition.kind is CredentialKind.API_KEY:
            return self._read_api_key(request, decision, findings.epoch)
        order = Order(
            decision=decision,
            epoch=findings.epoch,
            min_ttl=timedelta(seconds=request.min_ttl_seconds),
            dies_at=dies_at,
        )
        try:
            known = decision.key == expected_key
            item = findings.item if known else self._tokens.read(decision.key)
        except StoreAwayError:
            raise _store_away() from None
        if item.token is not None:
            _check_min_ttl(request, item.token)
        obtained = self._obtainer.obtain(order, item)
        _check_min_ttl(request, obtained.token)
        _check_scopes_given(decision, obtained.token)
        answer = VendAnswer(obtained.token, obtained.source, self._clock.now())
        return Vended(answer, decision, obtained.failed)

    def _read_api_key(self, request: VendRequest, decision: Decision, epoch: str) -> Vended:
        key = self._api_keys.read(decision, epoch=epoch)
        _check_min_ttl(request, key)
        return Vended(VendAnswer(key, Source.STORE, self._clock.now()), decision)

    def _answer_in_outage(
        self, proof: Proof, remembered: Remembered | None, now: datetime
    ) -> Vended:
        if remembered is None or not self._memory.outlasts_outage(remembered, now):
            raise _store_away() from None
        prove_caller(proof, remembered.view)
        self._rate.check(remembered.decision.caller, now)
        return Vended(
            VendAnswer(remembered.token, Source.MEMORY, now),
            remembered.decision,
            failed=_store_away(),
        )


def _lookup(proof: Proof, request: VendRequest, token_key: str | None) -> Lookup:
    return Lookup(
        identity=proof.identity,
        credential=request.credential,
        tenant=request.tenant,
        token_key=token_key,
    )


def _check_min_ttl(request: VendRequest, token: AccessToken) -> None:
    """Refuse what would force an exchange for nearly every request."""
    most = int(token.lifetime.total_seconds() / 2)
    if request.min_ttl_seconds > most:
        raise InvalidRequestError(
            f"min_ttl_seconds can be at most half of this token's lifetime: {most}.",
            rule="request.min_ttl_seconds",
        )


def _check_scopes_given(decision: Decision, token: AccessToken) -> None:
    missing = decision.asked_scopes - token.scopes
    if missing and not decision.grant.accept_less:
        raise InvalidScopeError(
            f"The provider did not give {format_scope(missing)}.", rule=Rule.SCOPE_GIVEN
        )


def _store_away() -> TemporarilyUnavailableError:
    return TemporarilyUnavailableError("The tables do not answer; ask again.", rule="store.away")
