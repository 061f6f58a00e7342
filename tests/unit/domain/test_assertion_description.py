"""How the assertion of a JWT bearer grant is described (RFC 7523 §2.1), at its edges."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests.unit.domain.described_requests import DEFINITION, SPEC

from tokenvend.domain import bounds
from tokenvend.domain.oauth.client_assertion import AssertionDraft
from tokenvend.domain.oauth.jwt_bearer import parse_assertion_description
from tokenvend.domain.oauth.request_description import parse_request_description, placeholders
from tokenvend.domain.oauth.token_request import ProviderSecret, build_token_request
from tokenvend.domain.secret import Secret

SECRET = ProviderSecret(
    "our-client",
    Secret(""),
    "a.example",
    fields={
        "client_id": Secret("our-client"),
        "private_key": Secret("a-key"),
        "host": Secret("acme"),
    },
)


def draft_of(described: dict[str, Any], **parameters: Any) -> AssertionDraft:
    """Return the unsigned assertion of the request that *described* makes."""
    definition = replace(DEFINITION, token_request={"assertion": described} | parameters)
    grant = build_token_request(definition, SPEC, SECRET).grant
    assert grant is not None
    return grant.draft


def test_an_assertion_is_for_the_token_endpoint_if_nothing_else_is_said() -> None:
    assert draft_of({}).audience == DEFINITION.token_endpoint


def test_fields_of_the_secret_stand_in_the_audience() -> None:
    described = {"audience": "https://{secret.host}.a.example"}

    assert placeholders({"assertion": described}) == ("client_id", "host")
    assert draft_of(described).audience == "https://acme.a.example"


@pytest.mark.parametrize("name", ["issuer", "subject", "audience"])
def test_a_brace_that_is_no_placeholders_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="brace"):
        parse_request_description({"assertion": {name: "{client_id}"}})


@pytest.mark.parametrize(
    ("seconds", "lifetime"),
    [
        (1, timedelta(seconds=1)),
        (90, timedelta(seconds=90)),
        (10**6, bounds.ASSERTION_LIFETIME_MAXIMUM),
    ],
)
def test_an_assertion_lives_as_long_as_is_said_within_the_bound(
    seconds: int, lifetime: timedelta
) -> None:
    described = parse_assertion_description({"lifetime_seconds": seconds})

    assert described.lifetime == lifetime


@pytest.mark.parametrize("seconds", [0, -1, True, 1.5, "60"])
def test_a_lifetime_that_is_no_whole_number_from_one_is_refused(seconds: object) -> None:
    with pytest.raises(ValueError, match="lifetime_seconds"):
        parse_assertion_description({"lifetime_seconds": seconds})


@pytest.mark.parametrize("claim", ["iss", "sub", "aud", "exp", "iat", "jti"])
def test_a_description_cannot_set_a_claim_of_tokenvends_own(claim: str) -> None:
    with pytest.raises(ValueError, match="claims"):
        parse_assertion_description({"claims": {claim: "1"}})


def test_scopes_are_sent_once_in_the_claim_or_in_the_parameter() -> None:
    narrow = replace(SPEC, scopes=frozenset({"read"}))
    for in_claim in (True, False):
        definition = replace(
            DEFINITION,
            scope_parameter=True,
            token_request={"assertion": {"scope_claim": in_claim}},
        )

        request = build_token_request(definition, narrow, SECRET)

        assert request.grant is not None
        assert ("scope" in request.form) is not in_claim
        assert (request.grant.draft.claims.get("scope") == "read") is in_claim


def test_a_request_without_scopes_has_no_scope_claim() -> None:
    assert "scope" not in draft_of({"scope_claim": True}).claims
