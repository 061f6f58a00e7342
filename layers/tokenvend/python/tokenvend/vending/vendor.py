"""Answer one caller: decide, find or make the token, return it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from tokenvend.domain import bounds
from tokenvend.domain.answer import Source, VendAnswer
from tokenvend.domain.decision import Decision, decide, prove_caller
from tokenvend.domain.errors import (
    InvalidClientError,
    TokenVendError,
)
from tokenvend.domain.identity import Entry, Proof
from tokenvend.domain.registry import CredentialKind
from tokenvend.domain.renewal import asked_from, slot_of_token
from tokenvend.domain.request import VendRequest
from tokenvend.domain.rule import Rule
from tokenvend.ports import (
    Clock,
    Findings,
    Lookup,
    StoreAwayError,
    TokenItem,
    TokenStore,
    VendReader,
)
from tokenvend.vending.api_key import ApiKeys
from tokenvend.vending.checks import check_min_ttl, check_scopes_given
from tokenvend.vending.consents import Consents
from tokenvend.vending.memory import Memory, MemoryKey, Remembered
from tokenvend.vending.obtain import Obtainer
from tokenvend.vending.order import Order
from tokenvend.vending.outage import Outage, store_away
from tokenvend.vending.rate import RateLimit
from tokenvend.vending.replacing import Obtained
from tokenvend.vending.vended import Vended
from tokenvend.vending.wait import when_served


@dataclass(frozen=True, slots=True)
class _Asked:
    """One request as it goes through: who, what, by when, and what was known of it."""

    proof: Proof
    request: VendRequest
    remembered: Remembered | None
    dies: float

    @property
    def key(self) -> MemoryKey:
        return self.proof.identity, self.request

    @property
    def expected_key(self) -> str | None:
        return self.remembered.decision.key if self.remembered else None

    @property
    def lookup(self) -> Lookup:
        return Lookup(
            identity=self.proof.identity,
            credential=self.request.credential,
            tenant=self.request.tenant,
            token_key=self.expected_key,
            connection=self.request.connection_name,
        )


class Vendor:
    """The use case behind every entry."""

    def __init__(
        self,
        *,
        reader: VendReader,
        tokens: TokenStore,
        obtainer: Obtainer,
        consents: Consents,
        api_keys: ApiKeys,
        outage: Outage,
        memory: Memory,
        clock: Clock,
    ) -> None:
        self._reader = reader
        self._tokens = tokens
        self._obtainer = obtainer
        self._consents = consents
        self._api_keys = api_keys
        self._outage = outage
        self._memory = memory
        self._clock = clock
        self._rate = RateLimit()

    def vend(self, proof: Proof, request: VendRequest, *, time_left: timedelta) -> Vended:
        """A token for whoever *proof* proves.

        *time_left* is what is left of this invocation: no exchange starts that could not end
        within it.

        Raises:
            TokenVendError: one class per reason, see `domain.errors`.
        """
        now = self._clock.now()
        remembered = self._memory.recall((proof.identity, request))
        if remembered is not None and now < remembered.trusted_until:
            # The request is remembered, its proof is not: each one is checked.
            prove_caller(proof, remembered.view)
            self._rate.check(remembered.decision.caller, now)
            return Vended(VendAnswer(remembered.token, Source.MEMORY, now), remembered.decision)
        if self._memory.is_unknown(proof.identity, now):
            raise InvalidClientError(rule=Rule.CALLER_KNOWN)
        dies = self._clock.monotonic() + time_left.total_seconds()
        return self._vend_checked(_Asked(proof, request, remembered, dies))

    def _vend_checked(self, asked: _Asked) -> Vended:
        if self._outage.is_on(asked.key):
            return self._vend_in_outage(asked, None)
        started = self._clock.monotonic()
        try:
            findings = self._read(asked)
        except StoreAwayError as error:
            self._outage.began(asked.key, error)
            return self._vend_in_outage(asked, error)
        # Reckoned back from here: the answer may just have set this clock right.
        checked_at = self._clock.now() - timedelta(seconds=self._clock.monotonic() - started)
        decision = self._decide(asked, findings)
        try:
            decision = self._consents.decide(decision, asked.request)
            vended = self._obtain(asked, decision, findings)
        except StoreAwayError as error:
            self._outage.began(asked.key, error)
            return self._vend_in_outage(asked, error)
        except TokenVendError as error:
            error.caller = decision.caller.name
            raise
        self._memory.remember(
            asked.key, findings.view, decision, vended.answer.token, checked_at=checked_at
        )
        return vended

    def _read(self, asked: _Asked) -> Findings:
        if asked.remembered is not None:
            # Memory answers at once what a busy table would answer later.
            return self._reader.read(asked.lookup)
        return when_served(
            lambda: self._reader.read(asked.lookup), self._clock, until=self._patient_until(asked)
        )

    def _patient_until(self, asked: _Asked) -> float:
        waits = self._clock.monotonic() + bounds.LEASE_WAIT.total_seconds()
        return min(waits, asked.dies - bounds.ANSWER_NEEDS.total_seconds())

    def _vend_in_outage(self, asked: _Asked, error: StoreAwayError | None) -> Vended:
        vended = self._outage.answer(
            asked.proof, asked.key, asked.remembered, error, dies=asked.dies
        )
        self._rate.check(vended.decision.caller, vended.answer.answered_at)
        return vended

    def _decide(self, asked: _Asked, findings: Findings) -> Decision:
        proof, now = asked.proof, self._clock.now()
        try:
            decision = decide(proof, asked.request, findings.view, now=now)
        except TokenVendError:
            if _held_before(asked):
                self._memory.forget(asked.key)
            if findings.view.caller is None and proof.entry is Entry.OAUTH2:
                self._memory.remember_unknown(proof.identity, now)
            raise
        self._rate.check(decision.caller, now)
        return decision

    def _obtain(self, asked: _Asked, decision: Decision, findings: Findings) -> Vended:
        if decision.definition.kind is CredentialKind.API_KEY:
            return self._read_api_key(asked.request, decision, findings.state.epoch)
        order = Order(
            spec=decision.spec,
            key=decision.key,
            definition=decision.definition,
            state=findings.state,
            dies=asked.dies,
            min_ttl=timedelta(seconds=asked.request.min_ttl_seconds),
        )
        item = self._item(asked, decision, findings)
        if item.token is not None:
            check_min_ttl(asked.request, item.token)
        obtained = self._obtainer.obtain(order, _or_remembered(item, asked, decision))
        check_min_ttl(asked.request, obtained.token)
        check_scopes_given(decision, obtained.token)
        self._mark_asked(decision.key, item, obtained, self._clock.now())
        # The mark takes its time too: what is left of the token is told as of now.
        answer = VendAnswer(obtained.token, obtained.source, self._clock.now())
        return Vended(answer, decision, obtained.failed)

    def _read_api_key(self, request: VendRequest, decision: Decision, epoch: str) -> Vended:
        key = self._api_keys.read(decision, epoch=epoch)
        check_min_ttl(request, key)
        return Vended(VendAnswer(key, Source.STORE, self._clock.now()), decision)

    def _item(self, asked: _Asked, decision: Decision, findings: Findings) -> TokenItem:
        if decision.key == asked.expected_key:
            return findings.item
        try:
            return when_served(
                lambda: self._tokens.read(decision.key),
                self._clock,
                until=self._patient_until(asked),
            )
        except StoreAwayError:
            raise store_away() from None

    def _mark_asked(self, key: str, item: TokenItem, obtained: Obtained, now: datetime) -> None:
        """Have a token renewed that is asked for while it ages: one write per token."""
        if item.is_asked or obtained.token is not item.token:
            return
        if now < asked_from(key, obtained.token):
            return
        try:
            slot = slot_of_token(key, obtained.token, now=now)
            self._tokens.schedule_renewal(key, obtained.token, slot)
        except StoreAwayError:
            # Then the next reader does; at the worst a request exchanges.
            return


def _held_before(asked: _Asked) -> bool:
    """Whether this proof got what is remembered.

    Whoever knows no more than a client's id may not take from it what it has in an outage.
    """
    if asked.remembered is None:
        return False
    try:
        prove_caller(asked.proof, asked.remembered.view)
    except InvalidClientError:
        return False
    return True


def _or_remembered(item: TokenItem, asked: _Asked, decision: Decision) -> TokenItem:
    """*item*, with the token that this environment remembers where the table has none.

    A token that could not be sealed is in memory only; without this, each check would exchange.
    """
    if item.token is not None or decision.key != asked.expected_key or asked.remembered is None:
        return item
    return replace(item, token=asked.remembered.token)
