"""Callers that prove themselves by their platform's token (RFC 8693)."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from tokenvend.domain import bounds
from tokenvend.domain.errors import SubjectTokenError
from tokenvend.domain.identity import Entry, Proof, Workload, identity_of_workload
from tokenvend.domain.secret import Secret
from tokenvend.domain.workload.claims import VerifiedToken, check_claims
from tokenvend.domain.workload.exchange_request import SubjectToken
from tokenvend.domain.workload.issuer import TrustedIssuer
from tokenvend.domain.workload.jwt import UnverifiedToken, claims_of, read_unverified
from tokenvend.domain.workload.keys import ASYMMETRIC
from tokenvend.ports import Clock, StoreAwayError
from tokenvend.ports.workloads import SignatureVerifier, TrustedIssuers, UsedTokens
from tokenvend.vending.issuer_keys import IssuerKeys
from tokenvend.vending.outage import store_away


@dataclass(frozen=True, slots=True)
class _Held:
    """An issuer as it was read at `read_at`; `None`: nobody trusts it."""

    issuer: TrustedIssuer | None
    read_at: datetime


class RememberedIssuers:
    """Issuers, each read again after `trust`; while the registry is away, after `outage_grace`.

    Those that nobody trusts are remembered apart, so that a flood of them drops no other.
    """

    def __init__(
        self, *, issuers: TrustedIssuers, clock: Clock, trust: timedelta, outage_grace: timedelta
    ) -> None:
        self._issuers = issuers
        self._clock = clock
        self._trust = trust
        self._outage_grace = outage_grace
        self._known: dict[str, _Held] = {}
        self._unknown: OrderedDict[str, _Held] = OrderedDict()

    def find(self, issuer: str) -> TrustedIssuer | None:
        """The issuer whose `iss` is *issuer*, or `None`.

        Raises:
            TemporarilyUnavailableError: the registry is away, and nothing is remembered.
        """
        now = self._clock.now()
        held = self._known.get(issuer) or self._unknown.get(issuer)
        if held is not None and now < held.read_at + self._trust:
            return held.issuer
        try:
            self._keep(issuer, _Held(self._issuers.read(issuer), now))
        except StoreAwayError:
            if held is None or now >= held.read_at + self._outage_grace:
                raise store_away() from None
            return held.issuer
        return (self._known.get(issuer) or self._unknown[issuer]).issuer

    def _keep(self, issuer: str, held: _Held) -> None:
        self._known.pop(issuer, None)
        self._unknown.pop(issuer, None)
        if held.issuer is not None:
            self._known[issuer] = held
            return
        self._unknown[issuer] = held
        if len(self._unknown) > bounds.MEMORY_ENTRIES:
            self._unknown.popitem(last=False)


class Workloads:
    """Proves callers by their subject tokens."""

    def __init__(
        self,
        *,
        issuers: RememberedIssuers,
        keys: IssuerKeys,
        verifier: SignatureVerifier,
        used: UsedTokens,
        clock: Clock,
    ) -> None:
        self._issuers = issuers
        self._keys = keys
        self._verifier = verifier
        self._used = used
        self._clock = clock

    def prove(self, subject: SubjectToken, entry: Entry) -> Proof:
        """The caller that *subject* proves.

        Raises:
            SubjectTokenError: it proves none.
            TemporarilyUnavailableError: what would verify it does not answer.
        """
        unverified = read_unverified(subject.token)
        issuer = self._issuers.find(unverified.issuer)
        if issuer is None:
            raise SubjectTokenError(rule="subject_token.issuer_known")
        self._check_signature(subject.token, unverified, issuer)
        verified = check_claims(claims_of(subject.token), issuer, now=self._clock.now())
        caller = _caller_of(verified, issuer)
        if issuer.one_time:
            self._use_up(verified)
        return Proof(entry, identity_of_workload(issuer.name, caller), workload=verified.workload)

    def _check_signature(
        self, token: Secret, unverified: UnverifiedToken, issuer: TrustedIssuer
    ) -> None:
        algorithm = unverified.algorithm
        if algorithm not in issuer.algorithms or algorithm not in ASYMMETRIC:
            raise SubjectTokenError(rule="subject_token.algorithm")
        key = self._keys.find(issuer, unverified)
        if key is None:
            raise SubjectTokenError(rule="subject_token.key_known")
        if not self._verifier.is_signed_by(token, key, algorithm=algorithm):
            raise SubjectTokenError(rule="subject_token.signature")

    def _use_up(self, verified: VerifiedToken) -> None:
        workload = verified.workload
        try:
            is_first = self._used.use(
                workload.issuer, workload.token_id or "", until=verified.holds_until
            )
        except StoreAwayError:
            # Whoever cannot tell whether it was used must not take it.
            raise store_away() from None
        if not is_first:
            raise _about(
                workload,
                SubjectTokenError(
                    "The subject token has been used before.", rule="subject_token.replayed"
                ),
            )


def _about(workload: Workload, error: SubjectTokenError) -> SubjectTokenError:
    error.workload = workload
    return error


def _caller_of(verified: VerifiedToken, issuer: TrustedIssuer) -> str:
    try:
        return issuer.caller_of(verified.claims)
    except SubjectTokenError as error:
        raise _about(verified.workload, error) from None
