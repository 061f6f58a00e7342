"""A secret that another service keeps is read by its ARN and its own keys, or as plain text."""

import json
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from tests.adapters.aws import Aws
from tests.adapters.faults import answer_with
from tests.adapters.secrets_in_aws import FIELDS, HOST, VALUE, create, refusal_of, store_of

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_reference import SecretReference


@pytest.fixture
def definition() -> CredentialDefinition:
    return CredentialDefinition(
        name=f"ats-{uuid4().hex[:12]}",
        provider="smartrecruiters",
        token_endpoint=f"https://{HOST}/token",
    )


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
