"""Build the verification of subject tokens, when the first subject token arrives."""

from tokenvend.adapters.clock import SystemClock
from tokenvend.adapters.jwt_verifier import JoserfcVerifier
from tokenvend.composition.settings import Settings
from tokenvend.composition.stores import Stores
from tokenvend.domain.workload.issuer import Jwk
from tokenvend.vending.issuer_keys import IssuerKeys
from tokenvend.vending.subject_tokens import RememberedIssuers, SubjectTokens


def make_subject_tokens(settings: Settings, stores: Stores, clock: SystemClock) -> SubjectTokens:
    """Build the use case that verifies platforms' and users' subject tokens."""
    issuers = RememberedIssuers(
        issuers=stores.issuers,
        clock=clock,
        trust=settings.memory,
        outage_grace=settings.outage_grace,
    )
    fetched = LazyKeySets(allow_loopback_http=settings.local_stack)
    return SubjectTokens(
        issuers=issuers,
        keys=IssuerKeys(key_sets=fetched, clock=clock),
        verifier=JoserfcVerifier(),
        clock=clock,
    )


class LazyKeySets:
    """A `KeySets` that is built on first use: only keys outside the configuration are fetched."""

    def __init__(self, *, allow_loopback_http: bool) -> None:
        self._allow_loopback_http = allow_loopback_http

    def fetch(self, jwks_uri: str) -> tuple[Jwk, ...]:
        """See `ports.workloads.KeySets`."""
        from tokenvend.adapters.issuer_key_sets import key_sets

        return key_sets(allow_loopback_http=self._allow_loopback_http).fetch(jwks_uri)
