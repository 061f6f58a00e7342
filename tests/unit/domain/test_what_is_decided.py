"""The whole of a decision: what token is meant, under which key, and whose it may be."""

from dataclasses import replace
from datetime import timedelta

import pytest
from tests.fakes.clock import START
from tests.fakes.provider import json_response
from tests.unit.consent.refreshing import DEFINITION as OF_CONSENTS
from tests.unit.consent.refreshing import GRANT as CONNECTION_GRANT

from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.credential_definition import CredentialDefinition, ScopeMode
from tokenvend.domain.decision import Decision, decide
from tokenvend.domain.errors import (
    ConsentRequiredError,
    InvalidTargetError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
)
from tokenvend.domain.failure import failure_after
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.oauth.token_response import parse_token_response
from tokenvend.domain.registry import Caller, Grant, Isolation, RegistryView
from tokenvend.domain.request import VendRequest
from tokenvend.domain.rule import Rule
from tokenvend.domain.token import LifetimeSource

READ = frozenset({"read"})
BILLING = Caller(name="billing")
NARROWS = CredentialDefinition(
    name="jobs",
    provider="acme",
    token_endpoint="https://a.example/t",
    scopes=READ,
    scope_mode=ScopeMode.NARROWS,
)
FAMILY = replace(NARROWS, family=True)
GRANT = Grant(
    caller="billing",
    credential="jobs",
    scopes=READ,
    audiences=frozenset({"urn:a"}),
    resources=frozenset({"urn:r"}),
    tenants=frozenset({"acme", "globex"}),
)


def decided(
    request: VendRequest, *, grant: Grant = GRANT, definition: CredentialDefinition = FAMILY
) -> Decision:
    view = RegistryView(caller=BILLING, grant=grant, definition=definition)
    return decide(Proof(EntryPoint.IAM, "iam:x"), request, view, now=START)


@pytest.mark.parametrize(
    ("isolation", "caller"), [(Isolation.SHARED, None), (Isolation.CALLER, "billing")]
)
def test_a_decision_names_all_that_shapes_the_token(
    isolation: Isolation, caller: str | None
) -> None:
    grant = replace(GRANT, isolation=isolation)
    spec = TokenSpec(
        credential="jobs",
        definition=FAMILY.fingerprint,
        scopes=READ,
        tenant="acme",
        audience="urn:a",
        resources=("urn:r",),
        caller=caller,
    )

    assert decided(VendRequest("jobs", tenant="acme"), grant=grant) == Decision(
        caller=BILLING,
        grant=grant,
        definition=FAMILY,
        spec=spec,
        key=spec.key(),
        requested_scopes=READ,
        observed_scopes=frozenset(),
        connection=None,
    )


@pytest.mark.parametrize("tenant", ["acme", "globex"])
def test_a_tenant_that_the_grant_lists_is_vended_and_no_other(tenant: str) -> None:
    assert decided(VendRequest("jobs", tenant=tenant)).spec.tenant == tenant
    with pytest.raises(InvalidTargetError) as caught:
        decided(VendRequest("jobs", tenant="initech"))
    assert caught.value.rule == Rule.TENANT


@pytest.mark.parametrize(
    ("connections", "named", "owner"),
    [
        (CONNECTION_GRANT.connections, "acme", "billing"),
        (frozenset({"shop/acme"}), "shop/acme", "shop"),
    ],
)
def test_a_decision_names_the_connection_and_whose_it_is(
    connections: frozenset[str], named: str, owner: str
) -> None:
    grant = replace(CONNECTION_GRANT, connections=connections)

    decision = decided(VendRequest("jobs", connection=named), grant=grant, definition=OF_CONSENTS)

    assert decision.connection == ConnectionKey(credential="jobs", owner=owner, name="acme")
    assert (decision.spec.connection, decision.spec.connection_owner) == ("acme", owner)
    with pytest.raises(ConsentRequiredError) as caught:
        decided(VendRequest("jobs", connection="other/acme"), grant=grant, definition=OF_CONSENTS)
    assert caught.value.rule == Rule.CONNECTION_GRANTED


def test_a_failure_is_of_the_state_that_the_secret_had_and_counts_on_in_it() -> None:
    error = TemporarilyUnavailableError("away", rule="provider.away")

    first = failure_after(None, error, now=START, jitter=0, secret_generation="v1")
    second = failure_after(first, error, now=START, jitter=0, secret_generation="v1")
    other = failure_after(second, error, now=START, jitter=0, secret_generation="v2")

    assert [each.secret_generation for each in (first, second, other)] == ["v1", "v1", "v2"]
    assert [each.count for each in (first, second, other)] == [1, 2, 1]


DESCRIBED = replace(
    NARROWS,
    token_answer={
        "token": "data.token",
        "lifetime": "data.ends",
        "lifetime_unit": "epoch_seconds",
        "token_type": "data.kind",
    },
)


def unusable(definition: CredentialDefinition, answer: object) -> str:
    with pytest.raises(ProviderRefusedError) as caught:
        parse_token_response(
            json_response(answer), definition, requested_scopes=READ, requested_at=START
        )
    return caught.value.description


@pytest.mark.parametrize(
    ("definition", "answer", "words"),
    [
        (NARROWS, ["a"], "it has no access_token"),
        (NARROWS, "text", "it is not a JSON object"),
        (NARROWS, {"access_token": "a b"}, "it has no well-formed access_token"),
        (NARROWS, {"access_token": "a", "cnf": {}}, "the token is bound to a key (cnf)"),
        (NARROWS, {"access_token": "a", "token_type": "mac"}, "its token_type is not Bearer"),
        (NARROWS, {"access_token": "a", "expires_in": "soon"}, "its expires_in is no lifetime"),
        (NARROWS, {"access_token": "a", "expires_in": 0}, "the lifetime that it states is over"),
        (NARROWS, {"access_token": "e30.eyJleHAiOjF9.c2ln"}, "the token's exp is past"),
        (DESCRIBED, {"data": {"token": "a", "ends": "x"}}, "its data.ends is no lifetime"),
        (DESCRIBED, {"data": {"token": "a", "ends": 7}}, "the lifetime that it states is over"),
    ],
)
def test_an_answer_that_cannot_be_used_is_said_in_words(
    definition: CredentialDefinition, answer: object, words: str
) -> None:
    assert unusable(definition, answer) == f"The provider's answer was not used: {words}."


def test_an_instant_that_is_stated_counts_from_the_request() -> None:
    ends = START + timedelta(seconds=1000)
    answer = json_response({"data": {"token": "a", "ends": int(ends.timestamp())}})

    token = parse_token_response(answer, DESCRIBED, requested_scopes=READ, requested_at=START)

    assert token.expires_at == ends - timedelta(seconds=30)
    assert token.lifetime_source is LifetimeSource.EXPIRES_IN
