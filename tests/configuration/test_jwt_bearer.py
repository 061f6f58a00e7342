"""The token endpoint receives the assertion that the file describes (RFC 7523 §2.1)."""

import json
from datetime import timedelta
from typing import Any

import pytest
from tests.configuration.samples import FIXED, problems_in
from tests.configuration.sent_assertions import (
    ACCOUNT,
    ISSUER,
    NO_CLIENT,
    decoded,
    sent_request,
    verified_claims,
)
from tests.fakes.clock import START

from tokenvend.domain import bounds
from tokenvend.domain.oauth.jwt_bearer import parse_assertion_description


def test_assertion_says_whose_it_is_for_whom_and_for_a_minute() -> None:
    url, request = sent_request(ISSUER)

    assert request.form.keys() == {"grant_type", "assertion"}
    assert request.form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    claims = verified_claims(request.form["assertion"])
    assert len(claims.pop("jti")) == 32
    issued_at = int(START.timestamp())
    assert claims == {
        "iss": "svc@project.example",
        "sub": "svc@project.example",
        "aud": url,
        "iat": issued_at,
        "exp": issued_at + 60,
    }
    header = decoded(request.form["assertion"].partition(".")[0])
    assert json.loads(header) == {"alg": "RS256", "typ": "JWT", "kid": "k1"}


def test_subject_audience_claims_and_scopes_are_those_of_the_file() -> None:
    _, request = sent_request(
        ISSUER
        | {
            "subject": "{secret.user}",
            "audience": "account.example",
            "claims": {"kind": {"of": ["{secret.user}", 7]}},
            "scope_claim": True,
            "lifetime_seconds": 300,
        },
        ACCOUNT | {"user": "ada"},
        credential={"scopes": ["b", "a"], "scope_parameter": True},
    )

    claims = verified_claims(request.form["assertion"])
    assert (claims["sub"], claims["aud"], claims["scope"]) == ("ada", "account.example", "a b")
    assert claims["kind"] == {"of": ["ada", 7]}
    assert claims["exp"] - claims["iat"] == 300
    assert "scope" not in request.form


def test_client_authenticates_beside_the_assertion_if_the_file_says_so() -> None:
    _, request = sent_request(
        {"claims": {"box_sub_type": "enterprise"}},
        ACCOUNT | {"client_id": "id", "client_secret": "s3cret"},
        client_authentication="client_secret_post",
    )

    assert (request.form["client_id"], request.form["client_secret"]) == ("id", "s3cret")
    assert verified_claims(request.form["assertion"])["iss"] == "id"


def test_client_that_signs_sends_two_assertions() -> None:
    secret = ACCOUNT | {"client_id": "id"}

    _, request = sent_request(ISSUER, secret, client_authentication="private_key_jwt")

    assert verified_claims(request.form["client_assertion"])["iss"] == "id"
    assert verified_claims(request.form["assertion"])["iss"] == "svc@project.example"


@pytest.mark.parametrize("place", ["json", "query"])
def test_assertion_goes_where_all_parameters_go_under_its_own_name(place: str) -> None:
    _, request = sent_request(
        ISSUER | {"parameter": "jwt_token"},
        described={"parameters_in": place, "omit_grant_type": True},
    )

    parameters = request.json if place == "json" else request.query
    assert parameters.keys() == {"jwt_token"}
    assert verified_claims(parameters["jwt_token"])["iss"] == "svc@project.example"


def test_assertion_may_be_a_bearer_token() -> None:
    _, request = sent_request(ISSUER | {"as_bearer": True}, described={"omit_grant_type": True})

    scheme, _, assertion = request.headers["authorization"].partition(" ")
    assert (scheme, request.body) == ("Bearer", b"")
    assert verified_claims(assertion)["iss"] == "svc@project.example"


def test_no_assertion_lives_longer_than_an_hour() -> None:
    at_most = {"assertion": ISSUER | {"lifetime_seconds": 3601}}

    found = [parse_assertion_description({"lifetime_seconds": each}) for each in (7200, 10**400)]

    assert {each.lifetime for each in found} == {bounds.ASSERTION_LIFETIME_MAXIMUM}
    assert timedelta(hours=1) == bounds.ASSERTION_LIFETIME_MAXIMUM
    with pytest.raises(ValueError, match="less than or equal to 3600"):
        problems_in({"providers": {"acme": FIXED | NO_CLIENT | {"token_request": at_most}}})


@pytest.mark.parametrize(
    "document",
    [
        [],
        {"issuer": 7},
        {"claims": []},
        {"claims": {"iss": "a"}},
        {"lifetime_seconds": True},
        {"lifetime_seconds": 0},
        {"parameter": ""},
    ],
    ids=str,
)
def test_description_of_another_form_is_refused(document: object) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  several texts
        parse_assertion_description(document)


@pytest.mark.parametrize(
    ("assertion", "provider", "told"),
    [
        ({"issuer": "{secret}"}, {}, "assertion.issuer: a brace begins a placeholder"),
        (
            {"claims": {"a": ["{secret.private_key}"]}},
            {},
            "assertion.claims.a[0]: a private_key is never sent",
        ),
        (
            {"claims": {"scope": "a"}, "scope_claim": True},
            {},
            "assertion.claims.scope: scope_claim sets it",
        ),
        (
            {"as_bearer": True},
            {"client_authentication": "client_secret_basic"},
            "something else has the header Authorization already",
        ),
    ],
)
def test_mistake_is_told_with_its_place(
    assertion: dict[str, Any], provider: dict[str, Any], told: str
) -> None:
    whole = FIXED | NO_CLIENT | {"token_request": {"assertion": assertion}} | provider

    [problem] = problems_in({"providers": {"acme": whole}})

    assert told in problem
