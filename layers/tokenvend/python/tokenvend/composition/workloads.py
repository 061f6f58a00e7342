"""What proves workloads, put together when the first of them comes."""

from tokenvend.adapters.clock import SystemClock
from tokenvend.adapters.jwt_verifier import JoserfcVerifier
from tokenvend.composition.settings import Settings
from tokenvend.composition.stores import Stores
from tokenvend.vending.workloads import RememberedIssuers, Workloads


def make_workloads(settings: Settings, stores: Stores, clock: SystemClock) -> Workloads:
    """The use case that proves callers by their platform's tokens."""
    issuers = RememberedIssuers(
        issuers=stores.issuers,
        clock=clock,
        trust=settings.memory,
        outage_grace=settings.outage_grace,
    )
    return Workloads(issuers=issuers, verifier=JoserfcVerifier(), clock=clock)
