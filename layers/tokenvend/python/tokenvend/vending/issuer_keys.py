"""Cache the public keys of issuers in one environment."""

from dataclasses import dataclass
from datetime import datetime

from tokenvend.domain import bounds
from tokenvend.domain.errors import TemporarilyUnavailableError
from tokenvend.domain.workload.issuer import Jwk, TrustedIssuer
from tokenvend.domain.workload.jwt import UnverifiedToken
from tokenvend.domain.workload.keys import key_for
from tokenvend.ports import Clock, IssuerAwayError
from tokenvend.ports.workloads import KeySets


@dataclass(slots=True)
class _KeySet:
    """The cache's entry for one `jwks_uri`.

    `fetched_at` is the last try, and `failed` says whether it failed. `keys` are those of the last
    good answer, at `read_at`.
    """

    fetched_at: datetime
    failed: bool = True
    keys: tuple[Jwk, ...] = ()
    read_at: datetime | None = None


class IssuerKeys:
    """Finds the key that a token names: in the configuration, or at the issuer's `jwks_uri`.

    An issuer's keys are fetched when they are first needed, when they are older than
    `bounds.ISSUER_KEYS_FRESH`, and when a token has a `kid` that is not among them. In any case
    they are fetched at most once in `bounds.ISSUER_FETCHED_AGAIN_AFTER`. If the issuer is away, the
    last good keys are used until they are older than `bounds.ISSUER_KEYS_USABLE`.
    """

    def __init__(self, *, key_sets: KeySets, clock: Clock) -> None:
        self._key_sets = key_sets
        self._clock = clock
        self._known: dict[str, _KeySet] = {}

    def find(self, issuer: TrustedIssuer, token: UnverifiedToken) -> Jwk | None:
        """Return the key of *issuer* that *token* names; `None` if the issuer has no such key.

        Raises:
            TemporarilyUnavailableError: no known key fits, and the last fetch failed.
        """
        if issuer.jwks_uri is None:
            return _key_in(issuer.keys, token)
        found = _key_in(self._keys_still_good(issuer.jwks_uri), token)
        if (found is None or not self._is_fresh(issuer.jwks_uri)) and self._may_fetch(
            issuer.jwks_uri
        ):
            self._fetch(issuer.jwks_uri)
            found = _key_in(self._keys_still_good(issuer.jwks_uri), token)
        if found is None and self._known[issuer.jwks_uri].failed:
            raise self._away(issuer.jwks_uri)
        return found

    def _keys_still_good(self, jwks_uri: str) -> tuple[Jwk, ...]:
        known = self._known.get(jwks_uri)
        if known is None or known.read_at is None:
            return ()
        is_good = self._clock.now() < known.read_at + bounds.ISSUER_KEYS_USABLE
        return known.keys if is_good else ()

    def _is_fresh(self, jwks_uri: str) -> bool:
        read_at = self._known[jwks_uri].read_at
        return read_at is not None and self._clock.now() < read_at + bounds.ISSUER_KEYS_FRESH

    def _may_fetch(self, jwks_uri: str) -> bool:
        known = self._known.get(jwks_uri)
        return (
            known is None
            or self._clock.now() >= known.fetched_at + bounds.ISSUER_FETCHED_AGAIN_AFTER
        )

    def _fetch(self, jwks_uri: str) -> None:
        now = self._clock.now()
        known = self._known.setdefault(jwks_uri, _KeySet(fetched_at=now))
        known.fetched_at = now
        try:
            known.keys = self._key_sets.fetch(jwks_uri)
        except IssuerAwayError:
            known.failed = True
            return
        known.failed, known.read_at = False, now

    def _away(self, jwks_uri: str) -> TemporarilyUnavailableError:
        fetched_again_at = self._known[jwks_uri].fetched_at + bounds.ISSUER_FETCHED_AGAIN_AFTER
        return TemporarilyUnavailableError(
            "The issuer of the subject token does not answer, so its keys are not known.",
            rule="issuer.away",
            retry_after_seconds=int((fetched_again_at - self._clock.now()).total_seconds()),
        )


def _key_in(keys: tuple[Jwk, ...], token: UnverifiedToken) -> Jwk | None:
    return key_for(keys, key_id=token.key_id, algorithm=token.algorithm)
