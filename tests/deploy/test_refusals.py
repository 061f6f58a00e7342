"""An error of AWS or botocore is printed in words, with what to do about it."""

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
    UnauthorizedSSOTokenError,
)

from tokenvend_deploy.refusals import explain_failure


def _refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "user/x is not"}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NoCredentialsError(), "no AWS credentials here. Sign in"),
        (UnauthorizedSSOTokenError(), "Run `aws sso login`"),
        (ProfileNotFound(profile="prod"), "prod"),
        (NoRegionError(), "Name it with --region"),
        (EndpointConnectionError(endpoint_url="https://x"), "Is the Region right"),
        (_refused("UnrecognizedClientException"), "does not know these credentials"),
        (_refused("ExpiredToken"), "have expired"),
        (_refused("AccessDenied"), "may not call DescribeStacks"),
        (_refused("Throttling"), "Throttling"),
    ],
)
def test_each_refusal_says_what_to_do(error: BotoCoreError | ClientError, words: str) -> None:
    assert words in explain_failure(error)
