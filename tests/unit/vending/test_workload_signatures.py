"""Attacks on the signature of a workload's token: none proves anybody."""

import hmac
import json
from dataclasses import replace
from typing import Any

import pytest
from joserfc.jwk import RSAKey
from tests.fakes.issuer import (
    encoded,
    new_key,
    public_jwk,
    shared_key,
    signed,
    signed_by_hand,
)
from tests.unit.vending.proving_workloads import Scenario, scenario

from tokenvend.domain.secret import Secret

__all__ = ["scenario"]


# Forged ---------------------------------------------------------------------------------------
def _unsigned(scenario: Scenario, algorithm: str) -> Secret:
    header = encoded(json.dumps({"alg": algorithm, "kid": "one"}).encode())
    claims = encoded(json.dumps(scenario.issuer.claims()).encode())
    return Secret(f"{header}.{claims}.")


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", ""])
def test_unsigned_token_is_refused(scenario: Scenario, algorithm: str) -> None:
    assert scenario.refusal(_unsigned(scenario, algorithm)).rule == "subject_token.malformed"
    with_something = Secret(_unsigned(scenario, algorithm).reveal() + "AA")
    assert scenario.refusal(with_something).rule == "subject_token.algorithm"


@pytest.mark.parametrize("form", ["pem", "der", "n"])
def test_public_key_taken_for_a_shared_secret_is_refused(scenario: Scenario, form: str) -> None:
    key: Any = shared_key("RS256", "rsa")
    secret = {
        "pem": key.as_bytes("PEM", private=False),
        "der": key.as_bytes("DER", private=False),
        "n": str(key.as_dict(private=False)["n"]).encode(),
    }[form]
    header = encoded(json.dumps({"alg": "HS256", "kid": "rsa"}).encode())
    message = f"{header}.{encoded(json.dumps(scenario.issuer.claims()).encode())}"
    forged = Secret(f"{message}.{encoded(hmac.digest(secret, message.encode(), 'sha256'))}")

    assert scenario.refusal(forged).rule == "subject_token.algorithm"
    # Even a registry that was written by hand cannot make it one.
    scenario.trust(algorithms=frozenset({"HS256"}))
    scenario.later(seconds=31)
    assert scenario.refusal(forged).rule == "subject_token.algorithm"


def test_key_of_another_kind_than_the_algorithm_verifies_nothing(scenario: Scenario) -> None:
    """The token names the elliptic key, and is signed by the RSA one."""
    payload = json.dumps(scenario.issuer.claims()).encode()
    confused = signed({"alg": "RS256", "kid": "one"}, payload, shared_key("RS256", "rsa"))

    assert scenario.refusal(confused).rule == "subject_token.key_known"


@pytest.mark.parametrize(
    ("header", "rule"),
    [
        pytest.param({"kid": "../../one"}, "key_known", id="kid is a path"),
        pytest.param({"kid": "one' OR 1=1"}, "key_known", id="kid is a query"),
        pytest.param({"kid": ""}, "key_known", id="kid is empty"),
        pytest.param({"jku": "https://evil.example/keys"}, "signature", id="jku"),
        pytest.param({"x5u": "https://evil.example/cert"}, "signature", id="x5u"),
        pytest.param({"jwk": public_jwk(shared_key("ES256", "evil"))}, "signature", id="jwk"),
        pytest.param({"x5c": ["MIIB"]}, "signature", id="x5c"),
    ],
)
def test_header_leads_to_no_key_of_the_attackers(
    scenario: Scenario, header: dict[str, Any], rule: str
) -> None:
    attacker = replace(scenario.issuer, key=shared_key("ES256", "evil"))

    refusal = scenario.refusal(attacker.token({"kid": "one"} | header))

    assert refusal.rule == f"subject_token.{rule}"
    assert refusal.workload is None
    assert scenario.key_sets.asked == []


@pytest.mark.parametrize(
    "header",
    [{"crit": ["exp"], "exp": 1}, {"crit": ["b64"], "b64": False}, {"crit": []}, {"crit": None}],
)
def test_extension_that_must_be_understood_is_refused(
    scenario: Scenario, header: dict[str, Any]
) -> None:
    """Even where the issuer itself signed it."""
    whole = json.dumps({"alg": "ES256", "kid": "one", **header}).encode()
    token = signed_by_hand(whole, json.dumps(scenario.issuer.claims()).encode())

    assert scenario.refusal(token).rule == "subject_token.crit"


@pytest.mark.parametrize("header", [{"kid": 1}, {"kid": ["one"]}, {"kid": {"a": 1}}, {"alg": 7}])
def test_header_of_another_kind_is_refused(scenario: Scenario, header: dict[str, Any]) -> None:
    head = encoded(json.dumps({"alg": "ES256", **header}).encode())
    _, claims, signature = scenario.issuer.token().reveal().split(".")

    refused = scenario.refusal(Secret(f"{head}.{claims}.{signature}")).rule
    assert refused in {"subject_token.key_id", "subject_token.algorithm"}


def test_algorithm_that_the_issuer_is_not_trusted_with_is_refused(scenario: Scenario) -> None:
    scenario.trust(algorithms=frozenset({"RS256"}))

    assert scenario.refusal(scenario.issuer.token()).rule == "subject_token.algorithm"


def test_every_changed_byte_is_noticed(scenario: Scenario) -> None:
    text = scenario.issuer.token().reveal()
    head, claims, signature = text.split(".")
    other = encoded(json.dumps(scenario.issuer.claims(sub="repo:acme/app:ref:x")).encode())

    assert scenario.refusal(Secret(f"{head}.{other}.{signature}")).rule == "subject_token.signature"
    turned = signature[:-4] + ("AAAA" if signature[-4:] != "AAAA" else "BBBB")
    assert scenario.refusal(Secret(f"{head}.{claims}.{turned}")).rule == "subject_token.signature"


def test_weak_key_verifies_nothing(scenario: Scenario) -> None:
    with pytest.warns(match="2048"):
        weak = RSAKey.generate_key(1024, {"kid": "one", "use": "sig"})
    scenario.trust(keys=(public_jwk(weak),))
    payload = json.dumps(scenario.issuer.claims()).encode()
    token = signed({"alg": "RS256", "kid": "one"}, payload, weak)

    assert scenario.refusal(token).rule == "subject_token.key_known"


@pytest.mark.parametrize(
    "change",
    [{"use": "enc"}, {"key_ops": ["encrypt"]}, {"alg": "ES384"}, {"kty": "oct"}, {"crv": "P-384"}],
)
def test_key_that_is_for_something_else_verifies_nothing(
    scenario: Scenario, change: dict[str, Any]
) -> None:
    scenario.trust(keys=(dict(public_jwk(shared_key("ES256"))) | change,))

    assert scenario.refusal(scenario.issuer.token()).rule == "subject_token.key_known"


def test_two_keys_of_one_kid_verify_nothing(scenario: Scenario) -> None:
    scenario.trust(keys=(public_jwk(shared_key("ES256")), public_jwk(new_key("ES256"))))

    assert scenario.refusal(scenario.issuer.token()).rule == "subject_token.key_known"
