"""What only the real secret store has: tags, adopted secrets, and Secrets Manager's errors."""

import json
import traceback
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from tests.adapters.aws import Aws
from tests.adapters.faults import Calls, answer_with

from tokenvend.adapters.aws_errors import AwsRefusedError
from tokenvend.adapters.secrets_manager import (
    DEPLOYMENT_TAG,
    HOST_TAG,
    SecretsManagerStore,
)
from tokenvend.domain.credential_definition import CredentialDefinition, SecretReference
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.secret import Secret
from tokenvend.ports import SecretUnusableError, StoreAwayError, StoreThrottledError

HOST = "api.example.com:8443"
DEPLOYMENT = "tokenvend-test"
VALUE = "never-in-an-error-text"
FIELDS = {"client_id": "client-1", "client_secret": VALUE}
TAGS = {DEPLOYMENT_TAG: DEPLOYMENT, HOST_TAG: HOST}


@pytest.fixture
def definition() -> CredentialDefinition:
    return CredentialDefinition(
        name=f"ats-{uuid4().hex[:12]}",
        provider="smartrecruiters",
        token_endpoint=f"https://{HOST}/token",
    )


def store_of(client: Any) -> SecretsManagerStore:
    return SecretsManagerStore(client, prefix=f"tokenvend/{DEPLOYMENT}/", deployment=DEPLOYMENT)


def create(aws: Aws, name: str, *, tags: dict[str, str] = TAGS, **value: Any) -> str:
    return aws.secretsmanager.create_secret(
        Name=name, Tags=[{"Key": key, "Value": tag} for key, tag in tags.items()], **value
    )["ARN"]


def own(definition: CredentialDefinition) -> str:
    return f"tokenvend/{DEPLOYMENT}/{definition.name}"


def refusal_of(client: Any, definition: CredentialDefinition, tenant: str | None = None) -> str:
    with pytest.raises(SecretUnusableError) as caught:
        store_of(client).read(definition, tenant)
    assert VALUE not in "".join(traceback.format_exception(caught.value))
    # Nor anywhere in the chain that a debugger or a log formatter might walk.
    assert VALUE not in repr(getattr(caught.value.__context__, "doc", ""))
    return str(caught.value)


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


def test_an_adopted_secret_is_read_by_its_arn_and_its_own_keys(
    aws: Aws, definition: CredentialDefinition
) -> None:
    fields = {"user": "client-1", "password": VALUE}
    arn = create(aws, f"mine/{uuid4().hex}", SecretString=json.dumps(fields))
    adopted = replace(definition, secret=SecretReference(arn, "user", "password"))

    secret = store_of(aws.secretsmanager).read(adopted, None)

    assert secret == ProviderSecret("client-1", Secret(VALUE), HOST)


def test_an_adopted_secret_is_not_mended_by_writing_it(
    aws: Aws, definition: CredentialDefinition
) -> None:
    arn = create(aws, f"mine/{uuid4().hex}", tags={}, SecretString=json.dumps(FIELDS))
    adopted = replace(definition, secret=SecretReference(arn))

    text = refusal_of(aws.secretsmanager, adopted)

    assert f"tokenvend secret adopt {definition.name}" in text
    assert "secret put" not in text


def test_an_adopted_secret_whose_policy_is_missing_says_so(
    aws: Aws, definition: CredentialDefinition
) -> None:
    client = aws.client("secretsmanager")
    answer_with(client, "DescribeSecret", status=400, code="AccessDeniedException")
    adopted = replace(definition, secret=SecretReference("arn:aws:secretsmanager:x"))

    assert "may not be read: its policy" in refusal_of(client, adopted)


def test_one_adopted_secret_never_stands_for_every_tenant(
    aws: Aws, definition: CredentialDefinition
) -> None:
    arn = create(aws, f"mine/{uuid4().hex}", SecretString=json.dumps(FIELDS))
    adopted = replace(definition, family=True, secret=SecretReference(arn))

    assert "each tenant needs its own" in refusal_of(aws.secretsmanager, adopted, "acme")


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


def _plain(aws: Aws, definition: CredentialDefinition, **value: Any) -> CredentialDefinition:
    """*definition* with one field that stands alone in a secret of the user's own."""
    arn = create(aws, f"theirs-{uuid4().hex}", **value)
    reference = SecretReference(arn=arn, plain_text=True)
    return replace(definition, client_id="from-the-file", secret=reference)


@pytest.mark.parametrize("text", [VALUE, f"{VALUE}\n", f"{VALUE}\r\n", "7", "null", '["a"]'])
def test_a_plain_text_is_the_one_field_that_is_needed(
    aws: Aws, definition: CredentialDefinition, text: str
) -> None:
    adopted = _plain(aws, definition, SecretString=text)

    secret = store_of(aws.secretsmanager).read(adopted, None)

    assert (secret.client_id, secret.client_secret.reveal()) == ("from-the-file", text.rstrip())


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        pytest.param({"SecretString": "\n"}, "has no field client_secret", id="empty"),
        pytest.param({"SecretBinary": VALUE.encode()}, "has no field client_secret", id="binary"),
        pytest.param(
            {"SecretString": json.dumps(FIELDS)}, "is a JSON object, but plain_text", id="JSON"
        ),
        pytest.param({"SecretString": f" {VALUE}"}, "has white space around it", id="white space"),
    ],
)
def test_a_plain_text_that_is_none_is_not_sent(
    aws: Aws, definition: CredentialDefinition, value: dict[str, Any], reason: str
) -> None:
    adopted = _plain(aws, definition, **value)

    assert reason in refusal_of(aws.secretsmanager, adopted)


def test_a_plain_text_is_not_two_fields(aws: Aws, definition: CredentialDefinition) -> None:
    adopted = replace(_plain(aws, definition, SecretString=VALUE), client_id=None)

    told = refusal_of(aws.secretsmanager, adopted)

    assert "is plain text, but client_id and client_secret are needed" in told
