"""Keys that are fetched, from an issuer that is down, or rotates its keys meanwhile."""

from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from tests.fakes.clock import FakeClock
from tests.fakes.issuer import (
    JWKS_URI,
    TRUSTED,
    FakeIssuer,
    FakeKeySets,
    InMemoryTrustedIssuers,
    new_key,
    shared_key,
    workloads_of,
)

from tokenvend.domain import bounds
from tokenvend.domain.errors import SubjectTokenError, TemporarilyUnavailableError
from tokenvend.domain.identity import EntryPoint
from tokenvend.domain.workload.exchange_request import SubjectToken

FIRST, SECOND = shared_key("ES256"), new_key("ES256", "two")
AGAIN = bounds.ISSUER_FETCHED_AGAIN_AFTER


@dataclass
class Scenario:
    """A deployment that fetches ci's keys, of which there is one."""

    clock: FakeClock = field(default_factory=FakeClock)
    key_sets: FakeKeySets = field(default_factory=FakeKeySets)

    def __post_init__(self) -> None:
        self.registry = InMemoryTrustedIssuers()
        self.registry.trust(replace(TRUSTED, keys=(), jwks_uri=JWKS_URI))
        self.workloads = workloads_of(self.registry, self.clock, self.key_sets)
        self.key_sets.publish(FIRST)

    def prove(self, key: object = FIRST, header: dict[str, object] | None = None) -> str:
        issuer = FakeIssuer(self.clock.now(), key=key)  # type: ignore[arg-type]
        return self.workloads.prove(SubjectToken(issuer.token(header)), EntryPoint.OAUTH2).identity

    def refusal(self, key: object) -> str:
        with pytest.raises(SubjectTokenError) as caught:
            self.prove(key)
        return caught.value.rule

    def wait(self, key: object = FIRST) -> TemporarilyUnavailableError:
        with pytest.raises(TemporarilyUnavailableError) as caught:
            self.prove(key)
        assert caught.value.rule == "issuer.away"
        assert caught.value.description == (
            "The issuer of the subject token does not answer, so its keys are not known."
        )
        return caught.value


@pytest.fixture
def scenario() -> Scenario:
    return Scenario()


def test_keys_are_fetched_once_and_remembered_while_they_are_fresh(scenario: Scenario) -> None:
    for _ in range(3):
        assert scenario.prove() == "oidc:ci/billing"
    scenario.clock.advance(bounds.ISSUER_KEYS_FRESH - timedelta(seconds=1))
    scenario.prove()
    assert scenario.key_sets.asked == [JWKS_URI]

    scenario.clock.advance(timedelta(seconds=1))
    scenario.prove()
    assert scenario.key_sets.asked == [JWKS_URI] * 2


def test_key_in_the_configuration_asks_nobody(scenario: Scenario) -> None:
    scenario.registry.trust(TRUSTED)

    scenario.prove()
    assert scenario.refusal(SECOND) == "subject_token.key_known"
    assert scenario.key_sets.asked == []


def test_new_key_is_fetched_when_its_kid_comes(scenario: Scenario) -> None:
    scenario.prove()
    scenario.key_sets.publish(FIRST, SECOND)
    scenario.clock.advance(AGAIN)

    assert scenario.prove(SECOND) == "oidc:ci/billing"
    assert len(scenario.key_sets.asked) == 2


def test_key_that_was_rotated_out_is_dropped_with_the_next_answer(scenario: Scenario) -> None:
    scenario.prove()
    scenario.key_sets.publish(SECOND)
    scenario.clock.advance(AGAIN)
    scenario.prove(SECOND)
    scenario.clock.advance(AGAIN)

    assert scenario.refusal(FIRST) == "subject_token.key_known"


def test_flood_of_unknown_kids_asks_the_issuer_at_a_limited_rate(scenario: Scenario) -> None:
    scenario.prove()
    started = scenario.clock.now()
    for _ in range(100):
        assert scenario.refusal(SECOND) == "subject_token.key_known"
        scenario.clock.advance(timedelta(seconds=1))
    took = scenario.clock.now() - started

    assert len(scenario.key_sets.asked) <= 1 + took / AGAIN + 1
    scenario.prove()


def test_issuer_that_is_down_from_the_start_is_waited_for(scenario: Scenario) -> None:
    scenario.key_sets.is_away = True

    assert scenario.wait().retry_after_seconds == AGAIN.total_seconds()
    scenario.clock.advance(timedelta(seconds=10))
    assert scenario.wait().retry_after_seconds == AGAIN.total_seconds() - 10
    assert len(scenario.key_sets.asked) == 1

    scenario.key_sets.is_away = False
    scenario.clock.advance(AGAIN)
    assert scenario.prove() == "oidc:ci/billing"


def test_last_good_keys_serve_while_the_issuer_is_down_and_not_for_ever(scenario: Scenario) -> None:
    scenario.prove()
    scenario.key_sets.is_away = True

    scenario.clock.advance(bounds.ISSUER_KEYS_USABLE - timedelta(seconds=1))
    assert scenario.prove() == "oidc:ci/billing"
    scenario.clock.advance(AGAIN)
    scenario.wait()


def test_last_good_keys_serve_up_to_the_instant_of_their_limit(scenario: Scenario) -> None:
    scenario.prove()
    scenario.key_sets.is_away = True

    scenario.clock.advance(bounds.ISSUER_KEYS_USABLE - timedelta(microseconds=1))
    assert scenario.prove() == "oidc:ci/billing"
    scenario.clock.advance(timedelta(microseconds=1))
    scenario.wait()


def test_issuer_that_is_down_is_not_asked_by_each_request(scenario: Scenario) -> None:
    scenario.prove()
    scenario.key_sets.is_away = True
    scenario.clock.advance(bounds.ISSUER_KEYS_FRESH)

    for _ in range(20):
        scenario.prove()
    assert len(scenario.key_sets.asked) == 2


def test_issuer_that_rotates_its_keys_while_it_is_down_is_waited_for(scenario: Scenario) -> None:
    """The key may be a new one: the error says to ask again, and not that the caller is unknown."""
    scenario.prove()
    scenario.key_sets.is_away = True
    scenario.key_sets.publish(SECOND)
    scenario.clock.advance(AGAIN)

    scenario.wait(SECOND)
    assert scenario.prove(FIRST) == "oidc:ci/billing"

    scenario.key_sets.is_away = False
    scenario.clock.advance(AGAIN)
    assert scenario.prove(SECOND) == "oidc:ci/billing"


def test_answer_without_a_usable_key_does_not_replace_the_last_good_ones(
    scenario: Scenario,
) -> None:
    scenario.prove()
    scenario.key_sets.publish()
    scenario.clock.advance(bounds.ISSUER_KEYS_FRESH)

    assert scenario.prove() == "oidc:ci/billing"


@pytest.mark.parametrize("name", ["jku", "x5u"])
def test_no_url_of_the_token_is_ever_asked(scenario: Scenario, name: str) -> None:
    attacker = new_key("ES256")
    scenario.key_sets.publish(attacker, at="https://evil.example/keys")

    with pytest.raises(SubjectTokenError):
        scenario.prove(attacker, {name: "https://evil.example/keys"})
    with pytest.raises(SubjectTokenError):
        scenario.prove(SECOND, {name: "https://evil.example/keys"})
    assert set(scenario.key_sets.asked) == {JWKS_URI}


def test_issuers_keys_do_not_mix(scenario: Scenario) -> None:
    other = replace(TRUSTED, name="other", issuer="https://other.example", keys=())
    scenario.registry.trust(replace(other, jwks_uri="https://other.example/keys"))
    scenario.key_sets.publish(SECOND, at="https://other.example/keys")
    token = FakeIssuer(scenario.clock.now(), key=SECOND, url="https://other.example").token()
    scenario.prove()

    proof = scenario.workloads.prove(SubjectToken(token), EntryPoint.OAUTH2)

    assert proof.identity == "oidc:other/billing"
    assert scenario.refusal(SECOND) == "subject_token.key_known"


def test_issuer_without_keys_and_without_a_place_for_them_proves_nobody(scenario: Scenario) -> None:
    scenario.registry.trust(replace(TRUSTED, keys=(), jwks_uri=None))

    assert scenario.refusal(FIRST) == "subject_token.key_known"
