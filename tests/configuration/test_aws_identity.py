"""Clients that AWS's own identity token proves: from the file to the token, without a secret."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.session import Session
from botocore.stub import Stubber
from tests.configuration.described import token_endpoint, vend

from tokenvend.adapters.signing.aws_identity import StsIdentityTokens
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.client_assertion import ASSERTION_TYPE

AUDIENCE = "api://directory"
SIGNED_BY_AWS = "e30.e30.c2ln"
BY_AWS: dict[str, Any] = {
    "client_authentication": "private_key_jwt",
    "assertion_audience": AUDIENCE,
}
ONLY_AN_ID = {"client_id": "id"}


@pytest.fixture
def sts() -> Iterator[tuple[StsIdentityTokens, Stubber]]:
    client: Any = Session().create_client(
        "sts", "eu-central-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )
    with Stubber(client) as stubber:
        yield StsIdentityTokens(client), stubber


def test_token_of_aws_is_the_clients_assertion(sts: tuple[StsIdentityTokens, Stubber]) -> None:
    tokens, stubber = sts
    asked = {"Audience": [AUDIENCE], "SigningAlgorithm": "RS256", "DurationSeconds": 60}
    stubber.add_response("get_web_identity_token", {"WebIdentityToken": SIGNED_BY_AWS}, asked)

    with token_endpoint() as endpoint:
        token = vend(
            BY_AWS | {"token_endpoint": endpoint.url},
            ONLY_AN_ID,
            identity=tokens,
            signing={"aws_identity": True},
        )
        form = endpoint.asked.form

    assert token.access_token.reveal() == "T"
    # RFC 7523 section 2.2, and nothing that would have to be kept secret.
    assert form == {
        "grant_type": "client_credentials",
        "client_id": "id",
        "client_assertion_type": ASSERTION_TYPE,
        "client_assertion": SIGNED_BY_AWS,
    }
    stubber.assert_no_pending_responses()


def test_refusal_of_aws_sends_nothing(sts: tuple[StsIdentityTokens, Stubber]) -> None:
    tokens, stubber = sts
    stubber.add_client_error("get_web_identity_token", "AccessDenied", "quotes things", 403)

    with token_endpoint() as endpoint, pytest.raises(CredentialNotReadyError) as caught:
        vend(
            BY_AWS | {"token_endpoint": endpoint.url},
            ONLY_AN_ID,
            identity=tokens,
            signing={"aws_identity": True},
        )

    assert endpoint.server.requests == []
    assert "quotes things" not in str(caught.value)
