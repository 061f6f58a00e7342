"""A secret in Secrets Manager is read if its tags and fields say that it is ours."""

import json
from typing import Any
from uuid import uuid4

import pytest
from tests.adapters.aws import Aws
from tests.adapters.faults import Calls, answer_with
from tests.adapters.secrets_in_aws import (
    DEPLOYMENT,
    FIELDS,
    HOST,
    TAGS,
    VALUE,
    create,
    own,
    refusal_of,
    store_of,
)

from tokenvend.adapters.aws_errors import AwsRefusedError
from tokenvend.adapters.secrets_manager import DEPLOYMENT_TAG, HOST_TAG
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.ports import StoreAwayError, StoreThrottledError


@pytest.fixture
def definition() -> CredentialDefinition:
    return CredentialDefinition(
        name=f"ats-{uuid4().hex[:12]}",
        provider="smartrecruiters",
        token_endpoint=f"https://{HOST}/token",
    )


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        pytest.param({HOST_TAG: HOST}, "is not this deployment's", id="no deployment"),
        pytest.param(
            TAGS | {DEPLOYMENT_TAG: "another"}, "is not this deployment's", id="another deployment"
        ),
        pytest.param({DEPLOYMENT_TAG: DEPLOYMENT}, f"lacks the tag {HOST_TAG}", id="no host"),
        pytest.param(TAGS | {HOST_TAG: ""}, f"lacks the tag {HOST_TAG}", id="an empty host"),
    ],
)
def test_a_secret_that_does_not_say_where_it_belongs_is_not_read(
    aws: Aws, definition: CredentialDefinition, tags: dict[str, str], reason: str
) -> None:
    create(aws, own(definition), tags=tags, SecretString=json.dumps(FIELDS))
    client = aws.client("secretsmanager")
    calls = Calls(client)

    assert reason in refusal_of(client, definition)
    assert calls.of("GetSecretValue") == 0


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param({"SecretString": VALUE}, "is not a JSON object", id="a bare text"),
        pytest.param({"SecretString": f'"{VALUE}"'}, "is not a JSON object", id="a JSON text"),
        pytest.param({"SecretString": f'{{"x": "{VALUE}"'}, "is not a JSON object", id="cut off"),
        pytest.param(
            {"SecretBinary": b"\x00" + VALUE.encode()}, "is not a JSON object", id="bytes"
        ),
        pytest.param(
            {"SecretString": json.dumps({"client_id": VALUE})},
            "has no field client_secret",
            id="no client_secret",
        ),
        pytest.param(
            {"SecretString": json.dumps({"client_secret": VALUE})},
            "has no field client_id",
            id="no client_id",
        ),
        pytest.param(
            {"SecretString": json.dumps(FIELDS | {"client_secret": ""})},
            "has no field client_secret",
            id="an empty client_secret",
        ),
        pytest.param(
            {"SecretString": json.dumps(FIELDS | {"client_secret": [VALUE]})},
            "has no field client_secret",
            id="a client_secret that is a list",
        ),
    ],
)
def test_an_unusable_secret_is_named_with_its_field_and_never_its_value(
    aws: Aws, definition: CredentialDefinition, value: dict[str, Any], reason: str
) -> None:
    create(aws, own(definition), **value)

    text = refusal_of(aws.secretsmanager, definition)

    assert text == (
        f"The secret of {definition.name} {reason}."
        f" Write it with: tokenvend secret put {definition.name}"
    )


def test_a_secret_being_deleted_is_unusable(aws: Aws, definition: CredentialDefinition) -> None:
    client = aws.client("secretsmanager")
    create(aws, own(definition), SecretString=json.dumps(FIELDS))
    answer_with(client, "GetSecretValue", status=400, code="InvalidRequestException")

    assert "is being deleted" in refusal_of(client, definition)


@pytest.mark.parametrize("operation", ["DescribeSecret", "GetSecretValue"])
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ((400, "ThrottlingException"), StoreThrottledError),
        ((500, "InternalServiceError"), StoreAwayError),
        ((400, "InvalidParameterException"), AwsRefusedError),
    ],
)
def test_each_answer_of_aws_is_told_apart(
    aws: Aws,
    definition: CredentialDefinition,
    operation: str,
    answer: tuple[int, str],
    expected: type[Exception],
) -> None:
    create(aws, own(definition), SecretString=json.dumps(FIELDS))
    client = aws.client("secretsmanager")
    answer_with(client, operation, status=answer[0], code=answer[1])

    with pytest.raises(Exception, match=operation) as caught:
        store_of(client).read(definition, None)

    assert type(caught.value) is expected


def test_secrets_manager_out_of_reach_is_away(aws: Aws, definition: CredentialDefinition) -> None:
    client = aws.client("secretsmanager", endpoint_url="http://127.0.0.1:9")

    with pytest.raises(StoreAwayError):
        store_of(client).read(definition, None)
