"""A JWT-SVID of SPIFFE proves its workload by the keys of its trust domain's bundle."""

from dataclasses import replace
from typing import Any

import pytest
from tests.fakes.issuer import AUDIENCE, JWKS_URI, new_key, public_jwk, shared_key
from tests.unit.vending.proving_workloads import Scenario, scenario

from tokenvend.domain.errors import TemporarilyUnavailableError
from tokenvend.domain.identity import EntryPoint, Proof, Workload
from tokenvend.domain.secret import Secret
from tokenvend.domain.workload.issuer import Jwk, SubjectRule

__all__ = ["scenario"]

ISSUER = "https://spire.acme.example"
SUBJECT = "spiffe://acme.example/billing/worker"


def _bundle_key(use: str) -> Jwk:
    """A key as a bundle has it: with a `use`, without an `alg`."""
    key = public_jwk(shared_key("ES256"))
    return {name: value for name, value in key.items() if name != "alg"} | {"use": use}


def _trust_bundle(scenario: Scenario, use: str = "jwt-svid") -> None:
    scenario.key_sets.published[JWKS_URI] = (_bundle_key(use),)
    scenario.trust(
        issuer=ISSUER,
        keys=(),
        jwks_uri=JWKS_URI,
        rules=(SubjectRule(caller="billing", subject="spiffe://acme.example/billing/*"),),
    )


def _svid(scenario: Scenario, **changes: Any) -> Secret:
    """A JWT-SVID as SPIRE makes it with a `jwt_issuer`: `aud` is a list; no `nbf`, no `jti`."""
    claims = {"iss": ISSUER, "sub": SUBJECT, "aud": [AUDIENCE], "nbf": None, "jti": None}
    return scenario.issuer.token(**(claims | changes))


def test_svid_proves_its_caller_by_a_key_of_the_bundle(scenario: Scenario) -> None:
    _trust_bundle(scenario)

    proof = scenario.prove(_svid(scenario))

    assert proof == Proof(
        EntryPoint.OAUTH2, "oidc:ci/billing", workload=Workload(ISSUER, SUBJECT, None)
    )


@pytest.mark.parametrize(
    ("claims", "rule"),
    [
        pytest.param({"iss": None}, "issuer", id="no jwt_issuer at the SPIRE server"),
        pytest.param({"iss": "spiffe://acme.example"}, "issuer_known", id="the trust domain"),
        pytest.param({"iat": None}, "iat", id="no iat"),
        pytest.param({"aud": None}, "audience", id="no aud"),
        pytest.param({"aud": [AUDIENCE, "reports"]}, "audience", id="more than one audience"),
        pytest.param({"sub": "spiffe://evil.example/billing/worker"}, "subject_known", id="domain"),
        pytest.param({"sub": "spiffe://acme.example/billing"}, "subject_known", id="path"),
    ],
)
def test_svid_that_lacks_what_is_needed_here_is_refused(
    scenario: Scenario, claims: dict[str, Any], rule: str
) -> None:
    _trust_bundle(scenario)

    assert scenario.refusal(_svid(scenario, **claims)).rule == f"subject_token.{rule}"


def test_svid_that_another_key_signed_is_refused(scenario: Scenario) -> None:
    _trust_bundle(scenario)
    scenario.issuer = replace(scenario.issuer, key=new_key("ES256"))

    assert scenario.refusal(_svid(scenario)).rule == "subject_token.signature"


def test_key_of_the_bundles_certificates_verifies_no_svid(scenario: Scenario) -> None:
    """Where the bundle has no other key, none can be had, so the answer is to ask later."""
    _trust_bundle(scenario, use="x509-svid")

    with pytest.raises(TemporarilyUnavailableError) as caught:
        scenario.prove(_svid(scenario))

    assert caught.value.rule == "issuer.away"
