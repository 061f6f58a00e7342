"""Python's OAuth clients and signers get a token, each as its own documentation has it used."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import msal  # type: ignore[import-untyped]
import pytest
import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from google.auth import exceptions as google_exceptions
from google.auth.transport.requests import Request as GoogleRequest
from google.oauth2 import sts
from httpx_auth import OAuth2ClientCredentials
from oauthlib.oauth2 import BackendApplicationClient, InvalidScopeError  # type: ignore[import-untyped]
from requests.auth import HTTPBasicAuth
from requests_aws4auth import AWS4Auth  # type: ignore[import-untyped]
from requests_oauth2client import ClientSecretBasic, OAuth2Client
from requests_oauth2client.exceptions import InvalidScope
from requests_oauthlib import OAuth2Session as RequestsOAuthSession  # type: ignore[import-untyped]
from tests.fakes.issuer import FakeIssuer
from tests.interop.gateway import (
    CLIENT_ID,
    CLIENT_SECRET,
    REGION,
    SERVICE,
    SIGNING_KEYS,
    Gateway,
)

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
JWT = "urn:ietf:params:oauth:token-type:jwt"


def issuer_of(gateway: Gateway) -> str:
    return f"{gateway.url}/oauth2/jobs"


def token_endpoint(gateway: Gateway) -> str:
    return f"{issuer_of(gateway)}/token"


def subject_token() -> str:
    return FakeIssuer(datetime.now(UTC)).token().reveal()


def signed_url(gateway: Gateway) -> str:
    return f"{gateway.url}/iam/jobs/token"


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_with_requests(gateway: Gateway, method: str) -> None:
    session = OAuth2Session(CLIENT_ID, CLIENT_SECRET, token_endpoint_auth_method=method)

    token = session.fetch_token(token_endpoint(gateway), scope="jobs_read")

    assert token["scope"] == "jobs_read"
    assert not token.is_expired()
    with pytest.raises(OAuthError, match="invalid_scope"):
        session.fetch_token(token_endpoint(gateway), scope="jobs_manage")


def test_authlib_with_httpx_asynchronously(gateway: Gateway) -> None:
    async def ask() -> Any:
        async with AsyncOAuth2Client(CLIENT_ID, CLIENT_SECRET, scope="jobs_read") as client:
            return await client.fetch_token(token_endpoint(gateway))

    assert asyncio.run(ask())["token_type"] == "Bearer"


@pytest.mark.parametrize("place", ["openid-configuration", "oauth-authorization-server"])
def test_authlib_takes_the_metadata(gateway: Gateway, place: str) -> None:
    found = requests.get(f"{issuer_of(gateway)}/.well-known/{place}", timeout=10).json()
    metadata = AuthorizationServerMetadata(found)

    metadata.validate_issuer()
    metadata.validate_token_endpoint()
    metadata.validate_token_endpoint_auth_methods_supported()
    metadata.validate_grant_types_supported()
    assert metadata["token_endpoint"] == token_endpoint(gateway)


@pytest.mark.parametrize("in_body", [False, True])
def test_oauthlib_with_requests(gateway: Gateway, *, in_body: bool) -> None:
    session = RequestsOAuthSession(client=BackendApplicationClient(CLIENT_ID, scope="jobs_read"))
    way = (
        {"client_secret": CLIENT_SECRET, "include_client_id": True}
        if in_body
        else {"auth": HTTPBasicAuth(CLIENT_ID, CLIENT_SECRET)}
    )

    token = session.fetch_token(token_endpoint(gateway), **way)

    assert token["access_token"]
    session.scope = "jobs_manage"
    with pytest.raises(InvalidScopeError):
        session.fetch_token(token_endpoint(gateway), scope="jobs_manage", **way)


def test_requests_oauth2client_by_discovery(gateway: Gateway) -> None:
    client = OAuth2Client.from_discovery_endpoint(
        f"{issuer_of(gateway)}/.well-known/openid-configuration",
        issuer=issuer_of(gateway),
        auth=ClientSecretBasic(CLIENT_ID, CLIENT_SECRET),
    )

    token = client.client_credentials(scope="jobs_read")

    assert (token.token_type, token.scope) == ("Bearer", "jobs_read")
    with pytest.raises(InvalidScope):
        client.client_credentials(scope="jobs_manage")


def test_httpx_auth(gateway: Gateway) -> None:
    seen = []

    def api(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        return httpx.Response(200)

    auth = OAuth2ClientCredentials(
        token_endpoint(gateway), CLIENT_ID, CLIENT_SECRET, scope="jobs_read", client=httpx.Client()
    )

    with httpx.Client(transport=httpx.MockTransport(api), auth=auth) as client:
        client.get("https://api.example/jobs")

    assert seen[0].startswith("Bearer ")


def test_google_auth_exchanges_a_workloads_token(gateway: Gateway) -> None:
    client = sts.Client(token_endpoint(gateway))  # type: ignore[no-untyped-call]

    answer = client.exchange_token(  # type: ignore[no-untyped-call]
        GoogleRequest(), TOKEN_EXCHANGE, subject_token(), JWT, scopes=["jobs_read"]
    )

    assert answer["issued_token_type"] == "urn:ietf:params:oauth:token-type:access_token"
    with pytest.raises(google_exceptions.OAuthError, match="invalid_request"):
        client.exchange_token(  # type: ignore[no-untyped-call]
            GoogleRequest(), TOKEN_EXCHANGE, "not-a-token", JWT
        )


def test_requests_aws4auth_signs(gateway: Gateway) -> None:
    auth = AWS4Auth(
        SIGNING_KEYS.access_key,
        SIGNING_KEYS.secret_key,
        REGION,
        SERVICE,
        session_token=SIGNING_KEYS.token,
    )

    answer = requests.post(signed_url(gateway), data={"scope": "jobs_read"}, auth=auth, timeout=10)

    assert answer.json()["scope"] == "jobs_read"


@pytest.mark.parametrize(("secret", "status"), [(None, 200), ("another", 401)])
def test_botocore_signs(gateway: Gateway, secret: str | None, status: int) -> None:
    keys = type(SIGNING_KEYS)(
        SIGNING_KEYS.access_key, secret or SIGNING_KEYS.secret_key, SIGNING_KEYS.token
    )
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    request = AWSRequest("POST", signed_url(gateway), headers=form, data="scope=jobs_read")
    SigV4Auth(keys, SERVICE, REGION).add_auth(request)

    answer = requests.post(
        signed_url(gateway), data=request.data, headers=dict(request.headers), timeout=10
    )

    assert answer.status_code == status


def test_msal_wants_an_authorization_endpoint_that_is_not_there(gateway: Gateway) -> None:
    with pytest.raises(KeyError, match="authorization_endpoint"):
        msal.ConfidentialClientApplication(
            CLIENT_ID, client_credential=CLIENT_SECRET, oidc_authority=issuer_of(gateway)
        )
