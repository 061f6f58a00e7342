"""Who a refusal names, and numbers whose unit or sign would not show in a whole run."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.clock import START

from tokenvend.domain import bounds
from tokenvend.domain.credential_definition import ClientAuthentication, CredentialDefinition
from tokenvend.domain.decision import prove_caller
from tokenvend.domain.errors import (
    InvalidClientError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
)
from tokenvend.domain.freshness import due_at, jitter_of, overdue_at
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.oauth.response_description import LifetimeUnit
from tokenvend.domain.oauth.token_lifetime import stated_seconds
from tokenvend.domain.oauth.token_request import ProviderSecret, build_authenticated_request
from tokenvend.domain.registry import Caller, RegistryView
from tokenvend.domain.renewal import slot_of
from tokenvend.domain.rule import Rule
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken

PROOF = Proof(EntryPoint.OAUTH2, "client:billing", unique_id="ONE", client_secret=Secret("right"))
VIEW = RegistryView(
    caller=Caller(name="billing", unique_id="ONE"),
    client_secret_hashes=(Secret("right").sha256,),
)
LATEST = "f" * 64


@pytest.mark.parametrize(
    ("proof", "view", "rule", "caller"),
    [
        (PROOF, replace(VIEW, caller=None), Rule.CALLER_KNOWN, None),
        (replace(PROOF, unique_id="TWO"), VIEW, Rule.CALLER_UNIQUE_ID, "billing"),
        (replace(PROOF, client_secret=Secret("wrong")), VIEW, Rule.CALLER_SECRET, "billing"),
        (PROOF, replace(VIEW, caller_blocked=True), Rule.CALLER_BLOCKED, "billing"),
    ],
)
def test_a_caller_that_is_not_proven_is_named_for_the_audit_line(
    proof: Proof, view: RegistryView, rule: Rule, caller: str | None
) -> None:
    with pytest.raises(InvalidClientError) as caught:
        prove_caller(proof, view)

    assert (caught.value.rule, caught.value.caller) == (rule, caller)
    assert prove_caller(PROOF, VIEW) == VIEW.caller


def test_a_failure_of_a_provider_names_its_rule_and_its_caller() -> None:
    refused = ProviderRefusedError("no", provider_error="x", caller="billing")
    away = TemporarilyUnavailableError("no", rule="r", caller="billing")

    assert (refused.rule, refused.caller, refused.provider_error) == (
        *("provider.refused", "billing"),
        "x",
    )
    assert (away.rule, away.caller) == ("r", "billing")


@pytest.mark.parametrize(
    ("value", "unit"),
    [
        (120, LifetimeUnit.SECONDS),
        ("120", LifetimeUnit.SECONDS),
        (2, LifetimeUnit.MINUTES),
        (120_000, LifetimeUnit.MILLISECONDS),
    ],
)
def test_a_length_of_time_is_in_the_unit_that_is_said(value: object, unit: LifetimeUnit) -> None:
    assert stated_seconds(value, unit, requested_at=START) == pytest.approx(120)


@pytest.mark.parametrize(
    "method",
    [
        ClientAuthentication.BASIC,
        ClientAuthentication.POST,
        ClientAuthentication.PRIVATE_KEY_JWT,
    ],
)
def test_a_request_goes_to_the_url_that_is_meant(method: ClientAuthentication) -> None:
    definition = CredentialDefinition(
        name="a", provider="p", token_endpoint="https://a.example/t", client_authentication=method
    )
    secret = ProviderSecret("c", Secret("s"), "a.example")

    request = build_authenticated_request(
        definition, "https://a.example/revoke", {"token": "t"}, secret
    )

    assert request.url == "https://a.example/revoke"
    assert (request.assertion is None) is (method is not ClientAuthentication.PRIVATE_KEY_JWT)


@pytest.mark.parametrize(
    ("start", "shard"), [("00000000", 0), ("0000000f", 15), ("000000ff", 15), ("00000110", 0)]
)
def test_a_key_is_of_the_shard_of_its_first_digits(start: str, shard: int) -> None:
    slot = slot_of(start + "0" * 56, START + timedelta(seconds=59.9))

    assert (slot.minute, slot.shard) == (START, shard)


@pytest.mark.parametrize("key", ["0" * 64, "80" * 32, LATEST])
def test_a_token_that_came_again_is_left_alone_until_near_its_end(key: str) -> None:
    token = AccessToken(
        access_token=Secret("t"),
        scopes=frozenset(),
        requested_at=START,
        expires_at=START + timedelta(seconds=1000),
        repeated=True,
    )
    jitter = jitter_of(key) * bounds.JITTER

    assert due_at(key, token) - START == timedelta(seconds=1000) * (0.90 + jitter)
    assert overdue_at(key, token) - START == timedelta(seconds=1000) * (0.97 - jitter)
    assert due_at(key, token) < overdue_at(key, token)
