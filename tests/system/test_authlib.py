"""Authlib, a client that nobody here wrote, gets its token as from any authorization server."""

import pytest
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from tests.system.conftest import Demo
from tests.system.page import CLIENT


def _session(demo: Demo, scope: str, method: str) -> OAuth2Session:
    own = demo.environment_of(CLIENT)
    return OAuth2Session(
        own["TOKENVEND_CLIENT_ID"],
        own["TOKENVEND_CLIENT_SECRET"],
        scope=scope,
        token_endpoint=f"{own['TOKENVEND_URL']}/oauth2/{CLIENT.credential}/token",
        token_endpoint_auth_method=method,
    )


@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_session_gets_a_token_that_opens_the_api(demo: Demo, method: str) -> None:
    with _session(demo, CLIENT.scope, method) as session:
        token = session.fetch_token(grant_type="client_credentials")
        answer = session.get(demo.provider_url + CLIENT.api, timeout=30)

    assert token["scope"] == CLIENT.scope
    assert answer.status_code == 200


def test_session_raises_the_code_of_a_refusal(demo: Demo) -> None:
    with (
        _session(demo, "candidates_manage", "client_secret_basic") as session,
        pytest.raises(OAuthError) as caught,
    ):
        session.fetch_token(grant_type="client_credentials")

    assert caught.value.error == "invalid_scope"
