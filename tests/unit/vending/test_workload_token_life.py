"""When a workload's token counts, and how often."""

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.issuer import (
    SUBJECT,
    URL,
    FakeIssuer,
)
from tests.unit.vending.proving_workloads import Scenario, scenario

from tokenvend.domain import bounds
from tokenvend.domain.errors import TemporarilyUnavailableError
from tokenvend.domain.identity import Workload
from tokenvend.ports import StoreAwayError

__all__ = ["scenario"]

# Not now ---------------------------------------------------------------------------------------
SKEW = bounds.CLOCK_SKEW.total_seconds()


@pytest.mark.parametrize(
    ("age_seconds", "exp_after", "nbf_after", "rule"),
    [
        pytest.param(0, 300, 0, None, id="just issued"),
        pytest.param(299, 300, 0, None, id="nearly expired"),
        pytest.param(300, 300, 0, "expired", id="expires now"),
        pytest.param(301, 300, 0, "expired", id="expired"),
        pytest.param(600, 9999, 0, None, id="as old as it may be"),
        pytest.param(601, 9999, 0, "too_old", id="too old"),
        pytest.param(-SKEW, 300, 0, None, id="the issuer's clock is ahead a little"),
        pytest.param(-SKEW - 1, 300, 0, "not_yet_valid", id="issued in the future"),
        pytest.param(0, 300, SKEW, None, id="begins within the leeway"),
        pytest.param(0, 300, SKEW + 1, "not_yet_valid", id="begins later"),
    ],
)
def test_token_holds_between_its_instants(
    scenario: Scenario, age_seconds: float, exp_after: float, nbf_after: float, rule: str | None
) -> None:
    now = scenario.clock.now().timestamp()
    issued_at = now - age_seconds
    token = scenario.issuer.token(
        iat=issued_at, exp=issued_at + exp_after, nbf=issued_at + nbf_after
    )

    if rule is None:
        assert scenario.prove(token).identity == "oidc:ci/billing"
    else:
        assert scenario.refusal(token).rule == f"subject_token.{rule}"


@pytest.mark.parametrize("name", ["exp", "iat", "nbf"])
@pytest.mark.parametrize("value", ["1893456000", True, [1], {}, 10**400])
def test_instant_that_is_none_is_refused(scenario: Scenario, name: str, value: Any) -> None:
    assert scenario.refusal(scenario.issuer.token(**{name: value})).rule == f"subject_token.{name}"


@pytest.mark.parametrize("name", ["exp", "iat"])
def test_instant_that_is_missing_is_refused(scenario: Scenario, name: str) -> None:
    assert scenario.refusal(scenario.issuer.token(**{name: None})).rule == f"subject_token.{name}"


# Used before -----------------------------------------------------------------------------------
def test_token_counts_as_often_as_it_comes_unless_its_issuer_makes_one_per_use(
    scenario: Scenario,
) -> None:
    token = scenario.issuer.token()

    assert scenario.prove(token) == scenario.prove(token)
    assert scenario.used.used == {}


def test_replayed_token_is_refused(scenario: Scenario) -> None:
    scenario.trust(one_time=True)
    token = scenario.issuer.token()
    scenario.prove(token)

    refusal = scenario.refusal(token)
    assert refusal.rule == "subject_token.replayed"
    assert refusal.description == "The subject token has been used before."
    assert refusal.workload == Workload(URL, SUBJECT, "token-1")
    # Signed anew, but the same token by its `jti`.
    assert scenario.refusal(scenario.issuer.token(nbf=None)).rule == "subject_token.replayed"
    scenario.prove(scenario.issuer.token(jti="token-2"))


def test_token_id_is_used_up_for_its_own_issuer_alone(scenario: Scenario) -> None:
    scenario.trust(one_time=True)
    other = replace(scenario.trusted, name="other", issuer="https://other.example")
    scenario.registry.trust(other)
    scenario.prove(scenario.issuer.token(jti="token-1"))

    token = FakeIssuer(scenario.clock.now(), url=other.issuer).token(jti="token-1")

    assert scenario.prove(token).identity == "oidc:other/billing"
    assert scenario.refusal(token).rule == "subject_token.replayed"
    assert set(scenario.used.used) == {(URL, "token-1"), (other.issuer, "token-1")}


def test_token_that_is_refused_is_not_used_up(scenario: Scenario) -> None:
    scenario.trust(one_time=True)
    scenario.refusal(scenario.issuer.token(sub="somebody else"))
    scenario.refusal(scenario.issuer.token(aud="https://other.example"))

    assert scenario.prove(scenario.issuer.token()).identity == "oidc:ci/billing"


def test_token_without_an_id_counts_never_where_each_counts_once(scenario: Scenario) -> None:
    scenario.trust(one_time=True)

    assert scenario.refusal(scenario.issuer.token(jti=None)).rule == "subject_token.token_id"


@pytest.mark.parametrize(("lifetime_seconds", "kept_seconds"), [(300, 300), (10**9, 600)])
def test_used_token_is_remembered_until_it_is_refused_for_its_age(
    scenario: Scenario, lifetime_seconds: int, kept_seconds: int
) -> None:
    scenario.trust(one_time=True)
    issued_at = int(scenario.clock.now().timestamp())
    scenario.prove(scenario.issuer.token(exp=issued_at + lifetime_seconds))

    (until,) = scenario.used.used.values()
    assert until.timestamp() == pytest.approx(issued_at + kept_seconds, abs=1)


def test_token_is_not_taken_while_nobody_can_say_whether_it_was_used(scenario: Scenario) -> None:
    scenario.trust(one_time=True)
    scenario.used.fails_with = StoreAwayError("away")

    with pytest.raises(TemporarilyUnavailableError) as caught:
        scenario.prove(scenario.issuer.token())
    assert caught.value.rule == "store.away"
