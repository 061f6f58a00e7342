"""What stands in an assertion that is a grant, and by what its key is known."""

import hashlib
import json
from base64 import b64encode, urlsafe_b64decode
from dataclasses import replace

import pytest
from tests.fakes.clock import START
from tests.unit.domain.described_requests import DEFINITION, SPEC

from tokenvend.domain.credential_definition import (
    ClientAuthentication,
    CredentialDefinition,
    CredentialKind,
)
from tokenvend.domain.oauth.client_assertion import GrantAssertion, signing_input
from tokenvend.domain.oauth.jwt_bearer import parse_assertion_description
from tokenvend.domain.oauth.token_request import ProviderSecret, build_token_request
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_destination import destination_of, may_be_used
from tokenvend.domain.signing import PrivateKey, encode

DER = b"certificate"
PEM = Secret(f"-----BEGIN CERTIFICATE-----\n{b64encode(DER).decode()}\n-----END CERTIFICATE-----")
BESIDE = replace(
    DEFINITION,
    client_authentication=ClientAuthentication.BASIC,
    tenant_values={"shop": ("*",)},
    api_request={"headers": {"A": "{token}", "B": "{secret.b}", "C": "{tenant.shop}"}},
)


def grant_of(described: dict[str, object]) -> GrantAssertion:
    secret = ProviderSecret("us", Secret(""), "a.example", fields={"client_id": Secret("us")})
    definition = replace(DEFINITION, token_request={"assertion": described})
    grant = build_token_request(definition, SPEC, secret).grant
    assert grant is not None
    return grant


def test_a_subject_and_claims_are_those_of_the_description() -> None:
    draft = grant_of({"issuer": "us", "subject": "ada", "claims": {"a": ["b"]}}).draft

    assert (draft.client_id, draft.subject, draft.claims) == ("us", "ada", {"a": ["b"]})


def test_an_assertion_is_sent_as_a_parameter_or_as_a_bearer_token() -> None:
    assert grant_of({}).parameter == "assertion"
    assert grant_of({"as_bearer": True}).parameter is None
    assert grant_of({"as_bearer": False, "parameter": "jwt"}).parameter == "jwt"


def test_a_secret_without_a_key_gives_an_empty_one_that_no_signer_takes() -> None:
    assert grant_of({}).draft.key == PrivateKey(Secret(""))


@pytest.mark.parametrize("name", ["issuer", "subject", "audience", "parameter"])
@pytest.mark.parametrize("value", ["", 7, ["a"]], ids=str)
def test_an_empty_text_or_none_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^{name} is not a text"):
        parse_assertion_description({name: value})


def test_a_key_may_be_known_by_its_certificate() -> None:
    draft = replace(grant_of({"issuer": "us", "subject": "ada"}).draft, certificate=PEM)

    signed = signing_input(draft, key_id="k", now=START, jti="once").decode()

    header, claims = (
        json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4))) for part in signed.split(".")
    )
    assert header["x5t#S256"] == encode(hashlib.sha256(DER).digest())
    assert (claims["iss"], claims["sub"]) == ("us", "ada")


@pytest.mark.parametrize(
    ("definition", "destination"),
    [
        (BESIDE, "a.example @callers:b @callers:shop"),
        (replace(BESIDE, kind=CredentialKind.AUTHORIZATION_CODE), "a.example @callers:b"),
    ],
    ids=["each customer's secret", "one secret for all"],
)
def test_what_goes_to_callers_is_recorded_with_the_host(
    definition: CredentialDefinition, destination: str
) -> None:
    assert destination_of(definition) == destination


def test_a_customers_secret_goes_to_the_host_of_its_own_value() -> None:
    of_shops = replace(
        BESIDE, token_endpoint="https://{tenant.shop}.shops.example/token", api_request={}
    )
    for shop, allowed in (("acme", True), ("globex", False)):
        secret = ProviderSecret(
            "us", Secret("s"), "acme.shops.example", tenant_values={"shop": Secret(shop)}
        )

        assert may_be_used(secret, of_shops) is allowed
