"""AWS's identity tokens: the request to STS, and the error for each refusal."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.session import Session
from botocore.stub import Stubber

from tokenvend.adapters.aws_errors import AwsRefusedError
from tokenvend.adapters.signing.aws_identity import StsIdentityTokens
from tokenvend.ports import SigningKeyUnusableError, StoreAwayError

AUDIENCE = "api://directory"
ASKED = {"Audience": [AUDIENCE], "SigningAlgorithm": "RS256", "DurationSeconds": 60}


@pytest.fixture
def sts() -> Iterator[tuple[StsIdentityTokens, Stubber]]:
    client: Any = Session().create_client(
        "sts", "eu-central-1", aws_access_key_id="testing", aws_secret_access_key="testing"
    )
    # The endpoint for all Regions has no such operation.
    assert client.meta.endpoint_url == "https://sts.eu-central-1.amazonaws.com"
    with Stubber(client) as stubber:
        yield StsIdentityTokens(client), stubber


def test_token_is_for_one_audience_and_for_a_minute(sts: tuple[StsIdentityTokens, Stubber]) -> None:
    tokens, stubber = sts
    stubber.add_response("get_web_identity_token", {"WebIdentityToken": "e30.e30.c2ln"}, ASKED)

    token = tokens.token(AUDIENCE)

    assert (token.reveal(), repr(token)) == ("e30.e30.c2ln", "Secret(***)")
    stubber.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("AccessDenied", "IdentityTokenAudiences"),
        ("OutboundWebIdentityFederationDisabledException", "enable-outbound-web-identity"),
        ("ValidationError", "are not given for this audience"),
    ],
)
def test_refusal_is_told_with_its_mend(
    sts: tuple[StsIdentityTokens, Stubber], code: str, told: str
) -> None:
    tokens, stubber = sts
    stubber.add_client_error("get_web_identity_token", code, "quotes things", 403)

    with pytest.raises(SigningKeyUnusableError, match=told) as caught:
        tokens.token(AUDIENCE)

    assert "quotes things" not in str(caught.value)


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        ("ServiceUnavailable", 503, StoreAwayError),
        ("Throttling", 400, StoreAwayError),
        ("ExpiredToken", 403, AwsRefusedError),
    ],
)
def test_other_failures_are_those_of_every_service(
    sts: tuple[StsIdentityTokens, Stubber], code: str, status: int, error: type[Exception]
) -> None:
    tokens, stubber = sts
    stubber.add_client_error("get_web_identity_token", code, "", status)

    with pytest.raises(error):
        tokens.token(AUDIENCE)
