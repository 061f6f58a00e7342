"""What of a secret is in a request to the token endpoint, by how the client authenticates."""

from base64 import b64encode
from dataclasses import replace

import pytest
from tests.unit.domain.described_requests import DEFINITION, SPEC

from tokenvend.domain.api_request_description import api_request_fields
from tokenvend.domain.credential_definition import ClientAuthentication, CredentialKind
from tokenvend.domain.oauth.jwt_bearer import GRANT_TYPE as JWT_BEARER
from tokenvend.domain.oauth.token_request import (
    ClientCertificate,
    ProviderRequest,
    ProviderSecret,
    build_token_request,
)
from tokenvend.domain.request import ACCESS_TOKEN_TYPE, TOKEN_EXCHANGE
from tokenvend.domain.secret import Secret

SECRET = ProviderSecret(
    "our client",
    Secret("our secret"),
    "a.example",
    fields={"certificate": Secret("a-certificate"), "private_key": Secret("a-key")},
)


def request_of(
    method: ClientAuthentication, kind: CredentialKind = CredentialKind.CLIENT_CREDENTIALS
) -> ProviderRequest:
    definition = replace(DEFINITION, client_authentication=method, kind=kind)
    return build_token_request(definition, SPEC, SECRET)


def test_a_pair_of_http_basic_can_be_sent_unencoded() -> None:
    request = request_of(ClientAuthentication.BASIC_UNENCODED)

    pair = b64encode(b"our client:our secret").decode()
    assert request.headers["Authorization"] == f"Basic {pair}"
    assert set(request.confidential) == {Secret("our secret"), Secret(pair)}
    assert "client_id" not in request.form


def test_a_certificate_proves_the_client_in_tls_and_no_key_is_in_the_request() -> None:
    request = request_of(ClientAuthentication.TLS_CLIENT_AUTH)

    assert request.certificate == ClientCertificate(Secret("a-certificate"), Secret("a-key"))
    assert request.form == {"grant_type": "client_credentials", "client_id": "our client"}
    assert request.confidential == ()
    assert "Authorization" not in request.headers


@pytest.mark.parametrize(
    ("kind", "form"),
    [
        (CredentialKind.CLIENT_CREDENTIALS, {"grant_type": "client_credentials"}),
        (
            CredentialKind.AUTHORIZATION_CODE,
            {"grant_type": "client_credentials", "client_id": "our client"},
        ),
    ],
)
def test_a_public_client_names_itself_where_there_is_a_user(
    kind: CredentialKind, form: dict[str, str]
) -> None:
    request = request_of(ClientAuthentication.NONE, kind=kind)

    assert request.form == form
    assert request.confidential == ()


@pytest.mark.parametrize(
    ("form", "parameters"),
    [
        (
            "token_exchange",
            {
                "grant_type": TOKEN_EXCHANGE,
                "subject_token": "the-users",
                "subject_token_type": ACCESS_TOKEN_TYPE,
            },
        ),
        (
            "jwt_bearer",
            {
                "grant_type": JWT_BEARER,
                "assertion": "the-users",
                "requested_token_use": "on_behalf_of",
            },
        ),
    ],
)
def test_a_users_token_is_sent_in_the_form_that_is_described(
    form: str, parameters: dict[str, str]
) -> None:
    definition = replace(DEFINITION, token_request={"on_behalf_of": form})

    request = build_token_request(definition, SPEC, SECRET, user_token=Secret("the-users"))

    assert request.form == parameters
    assert request.confidential == (Secret("the-users"),)


def test_callers_get_the_fields_beside_a_customers_own_values() -> None:
    definition = replace(
        DEFINITION,
        tenant_values={"shop": ("*",)},
        api_request={"headers": {"A": "{token}", "B": "{secret.b}", "C": "{tenant.shop}"}},
    )

    assert api_request_fields(definition) == ("b",)
