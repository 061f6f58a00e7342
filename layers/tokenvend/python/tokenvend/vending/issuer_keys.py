"""Keys of issuers, as an environment knows them."""

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
    """What is known of one `jwks_uri`. `keys` are those of the last good answer, at `read_at`."""

    asked_at: datetime
    failed: bool = True
    keys: tuple[Jwk, ...] = ()
    read_at: datetime | None = None


class IssuerKeys:
    """Finds the key that a token names: in the configuration, or at the issuer's `jwks_uri`.

    An issuer is asked when its keys are first wanted, when they are no longer fresh, and for a
    `kid` that they lack; at most once in `bounds.ISSUER_ASKED_AGAIN_AFTER`, whatever comes. While
    it is away, its last good keys serve for `bounds.ISSUER_KEYS_KEPT`.
    """

    def __init__(self, *, key_sets: KeySets, clock: Clock) -> None:
        self._key_sets = key_sets
        self._clock = clock
        self._held: dict[str, _KeySet] = {}

    def find(self, issuer: TrustedIssuer, token: UnverifiedToken) -> Jwk | None:
        """The key of *issuer* that *token* names, if it fits; `None`: the issuer has none such.

        Raises:
            TemporarilyUnavailableError: the issuer does not answer, and may have it.
        """
        if issuer.jwks_uri is None:
            return _key_in(issuer.keys, token)
        found = _key_in(self._kept(issuer.jwks_uri), token)
        if (found is None or not self._is_fresh(issuer.jwks_uri)) and self._may_ask(
            issuer.jwks_uri
        ):
            self._ask(issuer.jwks_uri)
            found = _key_in(self._kept(issuer.jwks_uri), token)
        if found is None and self._held[issuer.jwks_uri].failed:
            raise self._away(issuer.jwks_uri)
        return found

    def _kept(self, jwks_uri: str) -> tuple[Jwk, ...]:
        held = self._held.get(jwks_uri)
        if held is None or held.read_at is None:
            return ()
        is_kept = self._clock.now() < held.read_at + bounds.ISSUER_KEYS_KEPT
        return held.keys if is_kept else ()

    def _is_fresh(self, jwks_uri: str) -> bool:
        read_at = self._held[jwks_uri].read_at
        return read_at is not None and self._clock.now() < read_at + bounds.ISSUER_KEYS_FRESH

    def _may_ask(self, jwks_uri: str) -> bool:
        held = self._held.get(jwks_uri)
        return held is None or self._clock.now() >= held.asked_at + bounds.ISSUER_ASKED_AGAIN_AFTER

    def _ask(self, jwks_uri: str) -> None:
        now = self._clock.now()
        held = self._held.setdefault(jwks_uri, _KeySet(asked_at=now))
        held.asked_at = now
        try:
            held.keys = self._key_sets.fetch(jwks_uri)
        except IssuerAwayError:
            held.failed = True
            return
        held.failed, held.read_at = False, now

    def _away(self, jwks_uri: str) -> TemporarilyUnavailableError:
        asked_again_at = self._held[jwks_uri].asked_at + bounds.ISSUER_ASKED_AGAIN_AFTER
        return TemporarilyUnavailableError(
            "The issuer of the subject token does not answer, so its keys are not known.",
            rule="issuer.away",
            retry_after_seconds=int((asked_again_at - self._clock.now()).total_seconds()),
        )


def _key_in(keys: tuple[Jwk, ...], token: UnverifiedToken) -> Jwk | None:
    return key_for(keys, key_id=token.key_id, algorithm=token.algorithm)
