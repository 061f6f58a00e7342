"""Issuers, their keys, and the tokens that the tests have workloads bring."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.issuer import (
    TRUSTED,
    FakeIssuer,
    FakeKeySets,
    InMemoryTrustedIssuers,
    InMemoryUsedTokens,
    workloads_of,
)

from tokenvend.domain.errors import SubjectTokenError
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.secret import Secret
from tokenvend.domain.workload.exchange_request import SubjectToken


@dataclass
class Scenario:
    """A deployment that trusts `issuer`, whose tokens of `SUBJECT` are billing's."""

    clock: FakeClock = field(default_factory=FakeClock)
    registry: InMemoryTrustedIssuers = field(default_factory=InMemoryTrustedIssuers)
    key_sets: FakeKeySets = field(default_factory=FakeKeySets)
    used: InMemoryUsedTokens = field(default_factory=InMemoryUsedTokens)

    def __post_init__(self) -> None:
        self.issuer = FakeIssuer(self.clock.now())
        self.trusted = TRUSTED
        self.registry.trust(self.trusted)
        self.workloads = workloads_of(self.registry, self.clock, self.key_sets, self.used)

    def trust(self, **changes: Any) -> None:
        self.trusted = replace(self.trusted, **changes)
        self.registry.trust(self.trusted)

    def prove(self, token: Secret) -> Proof:
        return self.workloads.prove(SubjectToken(token), EntryPoint.OAUTH2)

    def refusal(self, token: Secret) -> SubjectTokenError:
        with pytest.raises(SubjectTokenError) as caught:
            self.prove(token)
        assert not token.reveal() or token.reveal()[:40] not in str(caught.value)
        return caught.value

    def later(self, **length: float) -> None:
        self.clock.advance(timedelta(**length))


@pytest.fixture
def scenario() -> Scenario:
    return Scenario()


# Not well-formed -------------------------------------------------------------------------------
HEADER = b'{"alg":"ES256","kid":"one"}'
