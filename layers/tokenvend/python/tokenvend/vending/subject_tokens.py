"""Verify subject tokens of workloads and users by their issuers' keys (RFC 8693 §2.1)."""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from tokenvend.domain import bounds
from tokenvend.domain.errors import SubjectTokenError, store_unavailable
from tokenvend.domain.secret import Secret
from tokenvend.domain.workload.claims import VerifiedToken, check_claims
from tokenvend.domain.workload.issuer import TrustedIssuer
from tokenvend.domain.workload.jwt import UnverifiedToken, claims_of, read_unverified
from tokenvend.domain.workload.keys import ASYMMETRIC
from tokenvend.ports import Clock, StoreAwayError
from tokenvend.ports.workloads import SignatureVerifier, TrustedIssuers
from tokenvend.vending.issuer_keys import IssuerKeys


@dataclass(frozen=True, slots=True)
class _CachedIssuer:
    """An issuer as it was read at `read_at`; `None`: the registry does not trust it."""

    issuer: TrustedIssuer | None
    read_at: datetime


class RememberedIssuers:
    """A cache of the registry's issuers.

    An issuer is read again once its entry is older than `trust`. If the registry is away, the entry
    is used until it is older than `outage_grace`. Issuers that are not trusted are in a separate
    cache, so that a flood of them evicts no trusted one.
    """

    def __init__(
        self, *, issuers: TrustedIssuers, clock: Clock, trust: timedelta, outage_grace: timedelta
    ) -> None:
        self._issuers = issuers
        self._clock = clock
        self._trust = trust
        self._outage_grace = outage_grace
        self._known: dict[str, _CachedIssuer] = {}
        self._unknown: OrderedDict[str, _CachedIssuer] = OrderedDict()

    def find(self, issuer: str) -> TrustedIssuer | None:
        """Return the trusted issuer whose `iss` is *issuer*; `None` if there is none.

        Raises:
            TemporarilyUnavailableError: the registry is away, and the cache has no usable entry.
        """
        now = self._clock.now()
        cached = self._known.get(issuer) or self._unknown.get(issuer)
        if cached is not None and now < cached.read_at + self._trust:
            return cached.issuer
        try:
            self._cache(issuer, _CachedIssuer(self._issuers.read(issuer), now))
        except StoreAwayError:
            if cached is None or now >= cached.read_at + self._outage_grace:
                raise store_unavailable() from None
            return cached.issuer
        return (self._known.get(issuer) or self._unknown[issuer]).issuer

    def _cache(self, issuer: str, cached: _CachedIssuer) -> None:
        self._known.pop(issuer, None)
        self._unknown.pop(issuer, None)
        if cached.issuer is not None:
            self._known[issuer] = cached
            return
        self._unknown[issuer] = cached
        if len(self._unknown) > bounds.MEMORY_ENTRIES:
            self._unknown.popitem(last=False)


class SubjectTokens:
    """Verifies tokens of the issuers that the configuration trusts."""

    def __init__(
        self,
        *,
        issuers: RememberedIssuers,
        keys: IssuerKeys,
        verifier: SignatureVerifier,
        clock: Clock,
    ) -> None:
        self._issuers = issuers
        self._keys = keys
        self._verifier = verifier
        self._clock = clock

    def verify(self, token: Secret, *, of_users: bool) -> tuple[TrustedIssuer, VerifiedToken]:
        """Verify *token*, and return its issuer and its claims.

        *of_users* says whether the issuer must be one of users' tokens, or of workloads'.

        Raises:
            SubjectTokenError: the token is not accepted.
            TemporarilyUnavailableError: the registry or the issuer is away.
        """
        unverified = read_unverified(token)
        issuer = self._issuers.find(unverified.issuer)
        # A user's token must not prove a caller, nor a workload's token a user.
        if issuer is None or issuer.of_users is not of_users:
            raise SubjectTokenError(rule="subject_token.issuer_known")
        self._check_signature(token, unverified, issuer)
        return issuer, check_claims(claims_of(token), issuer, now=self._clock.now())

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
