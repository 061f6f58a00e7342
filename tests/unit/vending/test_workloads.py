"""What proves a workload: the issuer, the audience and the subject of its token."""

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.issuer import (
    AUDIENCE,
    SUBJECT,
    URL,
    FakeIssuer,
    new_key,
    public_jwk,
    shared_key,
)
from tests.unit.vending.proving_workloads import Scenario, scenario

from tokenvend.domain.identity import EntryPoint, Proof, Workload
from tokenvend.domain.workload.issuer import SubjectRule
from tokenvend.domain.workload.keys import ASYMMETRIC

__all__ = ["scenario"]


def test_token_of_a_trusted_issuer_proves_its_caller(scenario: Scenario) -> None:
    proof = scenario.prove(scenario.issuer.token())

    assert proof == Proof(
        EntryPoint.OAUTH2, "oidc:ci/billing", workload=Workload(URL, SUBJECT, "token-1")
    )


@pytest.mark.parametrize("algorithm", sorted(ASYMMETRIC))
def test_every_algorithm_of_the_list_can_be_verified(scenario: Scenario, algorithm: str) -> None:
    key = shared_key(algorithm)
    scenario.trust(algorithms=frozenset({algorithm}), keys=(public_jwk(key),))
    issuer = replace(scenario.issuer, algorithm=algorithm)

    assert scenario.prove(issuer.token()).identity == "oidc:ci/billing"
    forged = replace(issuer, key=new_key(algorithm))
    assert scenario.refusal(forged.token()).rule == "subject_token.signature"


def test_token_without_a_kid_is_verified_where_one_key_alone_fits(scenario: Scenario) -> None:
    key = shared_key("ES256", None)
    scenario.trust(keys=(public_jwk(key), public_jwk(shared_key("RS256", "rsa"))))
    assert scenario.prove(replace(scenario.issuer, key=key).token()).identity == "oidc:ci/billing"

    scenario.trust(keys=(public_jwk(key), public_jwk(shared_key("ES256"))))
    scenario.later(seconds=31)
    refusal = scenario.refusal(replace(scenario.issuer, key=key).token())
    assert refusal.rule == "subject_token.key_known"


def test_audience_may_stand_in_a_list_of_one(scenario: Scenario) -> None:
    assert scenario.prove(scenario.issuer.token(aud=[AUDIENCE])).identity == "oidc:ci/billing"


# For somebody else, or of somebody else -------------------------------------------------------
@pytest.mark.parametrize(
    "audience",
    [
        pytest.param("https://other.example", id="another"),
        pytest.param(AUDIENCE + "/", id="trailing slash"),
        pytest.param(AUDIENCE.upper(), id="other case"),
        pytest.param([AUDIENCE, "https://other.example"], id="several"),
        pytest.param([AUDIENCE, AUDIENCE], id="twice"),
        pytest.param([], id="none in a list"),
        pytest.param([[AUDIENCE]], id="a list in a list"),
        pytest.param({"aud": AUDIENCE}, id="an object"),
        pytest.param("", id="empty"),
        pytest.param(None, id="missing"),
    ],
)
def test_audience_that_is_not_this_deployment_alone_is_refused(
    scenario: Scenario, audience: Any
) -> None:
    assert scenario.refusal(scenario.issuer.token(aud=audience)).rule == "subject_token.audience"


def test_no_token_is_accepted_while_the_audience_is_not_known(scenario: Scenario) -> None:
    scenario.trust(audience=None)

    assert scenario.refusal(scenario.issuer.token(aud=None)).rule == "subject_token.audience"


@pytest.mark.parametrize(
    "issuer",
    [
        URL + "/",
        URL + ".evil.example",
        URL + "@evil.example",
        URL.replace("https", "http"),
        URL.upper(),
        URL + "%2F",
        "https://\u0441i.example",
        "ci.example",
        URL + "#",
        "",
        None,
        7,
        [URL],
        "https://" + "a" * 3000,
    ],
)
def test_issuer_that_looks_like_a_trusted_one_is_refused(scenario: Scenario, issuer: Any) -> None:
    refusal = scenario.refusal(scenario.issuer.token(iss=issuer))

    assert refusal.rule in {"subject_token.issuer_known", "subject_token.issuer"}


def test_token_of_one_trusted_issuer_cannot_speak_for_another(scenario: Scenario) -> None:
    other = FakeIssuer(scenario.clock.now(), url="https://other.example", key=new_key("ES256"))
    scenario.registry.trust(
        replace(
            scenario.trusted,
            name="other",
            issuer=other.url,
            keys=(public_jwk(other.signing_key),),
            rules=(SubjectRule(caller="shop", subject=SUBJECT),),
        )
    )

    assert scenario.prove(other.token()).identity == "oidc:other/shop"
    assert scenario.refusal(other.token(iss=URL)).rule == "subject_token.signature"


@pytest.mark.parametrize(
    "subject",
    [
        SUBJECT + "\n",
        SUBJECT + "\x00",
        "\x1b[2J" + SUBJECT,
        SUBJECT + "\u202e",
        SUBJECT + "\u2028",
        "",
        None,
        7,
        ["repo"],
        "a" * 1025,
    ],
)
def test_subject_with_more_than_can_be_read_is_refused(scenario: Scenario, subject: Any) -> None:
    scenario.trust(rules=(SubjectRule(caller="billing", claims={"iss": URL}),))

    assert scenario.refusal(scenario.issuer.token(sub=subject)).rule == "subject_token.sub"


@pytest.mark.parametrize("token_id", ["", "a\nb", 7, "a" * 257])
def test_token_id_with_more_than_can_be_read_is_refused(scenario: Scenario, token_id: Any) -> None:
    assert scenario.refusal(scenario.issuer.token(jti=token_id)).rule == "subject_token.jti"


def test_subject_that_no_caller_has_is_named_in_the_refusal_for_the_audit_line(
    scenario: Scenario,
) -> None:
    refusal = scenario.refusal(scenario.issuer.token(sub=SUBJECT + "2"))

    assert refusal.rule == "subject_token.subject_known"
    assert refusal.workload == Workload(URL, SUBJECT + "2", "token-1")


def test_glob_does_not_cross_a_segment(scenario: Scenario) -> None:
    scenario.trust(rules=(SubjectRule(caller="billing", subject="repo:acme/app:ref:refs/heads/*"),))

    scenario.prove(scenario.issuer.token())
    for crossing in (SUBJECT + "/x", SUBJECT + ":environment:prod"):
        assert (
            scenario.refusal(scenario.issuer.token(sub=crossing)).rule
            == "subject_token.subject_known"
        )
