"""A request knows every secret in it, so that no text about it can quote one."""

from base64 import b64encode
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.consent.refreshing import DEFINITION as CONSENTED
from tests.unit.domain.described_requests import DEFINITION, SPEC

from tokenvend.domain.credential_definition import ClientAuthentication
from tokenvend.domain.oauth.code_exchange import build_code_request
from tokenvend.domain.oauth.refresh import build_refresh_request
from tokenvend.domain.oauth.token_request import (
    ProviderSecret,
    build_revocation_request,
    build_token_request,
)
from tokenvend.domain.secret import Secret

CODE, VERIFIER = Secret("the-code"), Secret("the-verifier")
SECRET = ProviderSecret(
    "our-client",
    Secret("our-secret"),
    "acme.shops.example",
    tenant_values={"shop": Secret("acme")},
)
OF_SHOPS = replace(
    DEFINITION,
    token_endpoint="https://{tenant.shop}.shops.example/token",
    revocation_endpoint="https://{tenant.shop}.shops.example/revoke",
    tenant_values={"shop": ("*",)},
)


def test_a_code_under_another_name_is_confidential() -> None:
    authorization = CONSENTED.authorization
    assert authorization is not None
    authorization = replace(
        authorization, flow=replace(authorization.flow, code_parameter="app_code")
    )

    request = build_code_request(
        CONSENTED, authorization, code=CODE, code_verifier=VERIFIER, secret=SECRET
    )

    assert request.form["app_code"] == "the-code"
    assert CODE in request.confidential


def test_a_customers_own_values_are_confidential() -> None:
    request = build_token_request(OF_SHOPS, SPEC, SECRET)

    assert request.url == "https://acme.shops.example/token"
    assert Secret("acme") in request.confidential


def test_the_encoded_pair_of_http_basic_is_confidential() -> None:
    definition = replace(DEFINITION, client_authentication=ClientAuthentication.BASIC)

    request = build_token_request(definition, SPEC, SECRET)

    assert Secret(b64encode(b"our-client:our-secret").decode()) in request.confidential


@pytest.mark.parametrize("user_token", [None, Secret("the-users")])
def test_a_users_token_is_confidential_if_there_is_one(user_token: Secret | None) -> None:
    described: dict[str, Any] = {"parameters": {"brand": "1"}}
    if user_token is not None:
        described["on_behalf_of"] = "token_exchange"
    definition = replace(DEFINITION, token_request=described)

    request = build_token_request(definition, SPEC, SECRET, user_token=user_token)

    assert (Secret("the-users") in request.confidential) is (user_token is not None)
    assert all(isinstance(each, Secret) for each in request.confidential)


def test_a_token_is_revoked_at_the_customers_own_host() -> None:
    request = build_revocation_request(OF_SHOPS, Secret("old"), SECRET)

    assert request is not None
    assert request.url == "https://acme.shops.example/revoke"


def test_a_refresh_goes_to_the_customers_own_refresh_endpoint() -> None:
    authorization = CONSENTED.authorization
    assert authorization is not None
    flow = replace(
        authorization.flow, refresh_endpoint="https://{tenant.shop}.shops.example/refresh"
    )
    definition = replace(
        CONSENTED,
        token_endpoint="https://{tenant.shop}.shops.example/token",
        tenant_values={"shop": ("*",)},
        authorization=replace(authorization, flow=flow),
    )

    request = build_refresh_request(definition, Secret("refresh-1"), SECRET, requested_scopes=None)

    assert request.url == "https://acme.shops.example/refresh"
