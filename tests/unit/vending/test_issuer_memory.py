"""How long an issuer is remembered, also in an outage."""

import json
from datetime import timedelta

import pytest
from tests.fakes.issuer import (
    URL,
    encoded,
)
from tests.unit.vending.proving_workloads import HEADER, Scenario, scenario

from tokenvend.domain import bounds
from tokenvend.domain.errors import TemporarilyUnavailableError
from tokenvend.domain.secret import Secret
from tokenvend.ports import StoreAwayError
from tokenvend.vending.subject_tokens import RememberedIssuers

__all__ = ["scenario"]


# The registry ----------------------------------------------------------------------------------
def test_issuer_is_read_again_after_the_time_that_memory_is_trusted(scenario: Scenario) -> None:
    for _ in range(3):
        scenario.prove(scenario.issuer.token())
    assert scenario.registry.reads == [URL]
    del scenario.registry.issuers[URL]

    scenario.later(seconds=29)
    scenario.prove(scenario.issuer.token())
    scenario.later(seconds=1)
    assert scenario.refusal(scenario.issuer.token()).rule == "subject_token.issuer_known"


def test_rule_that_was_removed_admits_nobody_after_that_time(scenario: Scenario) -> None:
    scenario.prove(scenario.issuer.token())
    scenario.trust(rules=())

    scenario.later(seconds=30)
    assert scenario.refusal(scenario.issuer.token()).rule == "subject_token.subject_known"


def test_flood_of_unknown_issuers_drops_no_known_one(scenario: Scenario) -> None:
    scenario.prove(scenario.issuer.token())
    for number in range(bounds.MEMORY_ENTRIES + 5):
        url = f"https://evil-{number}.example"
        header, payload = encoded(HEADER), encoded(json.dumps({"iss": url}).encode())
        scenario.refusal(Secret(f"{header}.{payload}.AAAA"))
    reads = len(scenario.registry.reads)

    scenario.prove(scenario.issuer.token())
    scenario.refusal(Secret(f"{header}.{payload}.AAAA"))
    assert len(scenario.registry.reads) == reads


TRUST = timedelta(seconds=30)


def remembered_of(scenario: Scenario) -> RememberedIssuers:
    """The issuers of a cold environment that reads *scenario*'s registry."""
    return RememberedIssuers(
        issuers=scenario.registry,
        clock=scenario.clock,
        trust=TRUST,
        outage_grace=timedelta(minutes=15),
    )


def reads_again(scenario: Scenario, issuers: RememberedIssuers, url: str) -> bool:
    """Whether *issuers* reads the registry to find *url*, which nobody trusts."""
    before = len(scenario.registry.reads)
    assert issuers.find(url) is None
    return len(scenario.registry.reads) > before


def test_so_many_unknown_issuers_are_remembered_and_the_oldest_is_dropped(
    scenario: Scenario,
) -> None:
    issuers = remembered_of(scenario)
    urls = [f"https://evil-{number}.example" for number in range(bounds.MEMORY_ENTRIES + 1)]
    for url in urls[:-1]:
        issuers.find(url)
    assert not reads_again(scenario, issuers, urls[0])

    issuers.find(urls[-1])

    assert not reads_again(scenario, issuers, urls[1])
    assert reads_again(scenario, issuers, urls[0])


def test_unknown_issuer_that_was_read_again_is_the_newest(scenario: Scenario) -> None:
    issuers = remembered_of(scenario)
    urls = [f"https://evil-{number}.example" for number in range(bounds.MEMORY_ENTRIES + 1)]
    issuers.find(urls[0])
    scenario.later(seconds=TRUST.total_seconds())
    for url in urls[1:-1]:
        issuers.find(url)
    assert reads_again(scenario, issuers, urls[0])

    issuers.find(urls[-1])

    assert not reads_again(scenario, issuers, urls[0])
    assert reads_again(scenario, issuers, urls[1])


def test_known_issuer_outlasts_an_outage_of_the_registry_for_a_while(scenario: Scenario) -> None:
    scenario.prove(scenario.issuer.token())
    scenario.registry.fails_with = StoreAwayError("away")

    scenario.later(seconds=200)
    scenario.prove(scenario.issuer.token(iat=scenario.clock.now().timestamp()))
    scenario.later(seconds=700)
    with pytest.raises(TemporarilyUnavailableError) as caught:
        scenario.prove(scenario.issuer.token())
    assert caught.value.rule == "store.away"


def test_unknown_issuer_in_an_outage_is_told_to_come_again(scenario: Scenario) -> None:
    scenario.registry.fails_with = StoreAwayError("away")

    with pytest.raises(TemporarilyUnavailableError):
        scenario.prove(scenario.issuer.token())
