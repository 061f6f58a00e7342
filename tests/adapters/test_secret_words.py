"""What a person reads of a secret that cannot be used: which one, why, and how it is mended."""

import json
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tokenvend.adapters.secrets_manager import DEPLOYMENT_TAG, HOST_TAG, SecretsManagerStore
from tokenvend.domain.credential_definition import (
    Assertion,
    ClientAuthentication,
    CredentialDefinition,
    CredentialKind,
)
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_reference import SecretReference
from tokenvend.domain.token import SecretStage
from tokenvend.ports import SecretUnusableError, StoreAwayError

DEFINITION = CredentialDefinition(
    name="jobs", provider="acme", token_endpoint="https://a.example/t"
)
SIGNS = replace(DEFINITION, client_authentication=ClientAuthentication.PRIVATE_KEY_JWT)
API_KEY = replace(DEFINITION, kind=CredentialKind.API_KEY)
ADOPTED = replace(
    DEFINITION,
    secret=SecretReference(
        arn="arn:theirs", client_id_key="user", client_secret_key="password", api_key_key="key"
    ),
)
FIELDS = {"client_id": "our-client", "client_secret": "s", "private_key": "PEM", "api_key": "k"}
TAGS = {DEPLOYMENT_TAG: "prod", HOST_TAG: "a.example"}
WRITE = "Write it with: tokenvend secret put jobs"
MEND = "Mend it where it is; its tags: tokenvend secret adopt jobs"


class Secrets:
    """A Secrets Manager client that has one secret, and keeps what it was asked for."""

    def __init__(
        self, text: object = None, *, tags: dict[str, str] | None = None, error: str = ""
    ) -> None:
        self.text = json.dumps(FIELDS) if text is None else text
        self.tags = TAGS if tags is None else tags
        self.error = error
        self.asked: list[dict[str, Any]] = []

    def describe_secret(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        return {"Tags": [{"Key": key, "Value": value} for key, value in self.tags.items()]}

    def get_secret_value(self, **request: Any) -> dict[str, Any]:
        self.asked.append(request)
        if self.error:
            status = 500 if self.error == "InternalServiceError" else 400
            error = {"Error": {"Code": self.error}, "ResponseMetadata": {"HTTPStatusCode": status}}
            raise ClientError(error, "GetSecretValue")  # type: ignore[arg-type]
        return {"SecretString": self.text, "VersionId": "v7"}


def read(
    client: Any,
    definition: CredentialDefinition = DEFINITION,
    tenant: str | None = None,
    stage: SecretStage = SecretStage.CURRENT,
) -> ProviderSecret:
    store = SecretsManagerStore(client, prefix="tokenvend/prod/", deployment="prod")
    return store.read(definition, tenant, stage=stage)


@pytest.mark.parametrize(
    ("definition", "tenant", "secret_id"),
    [
        (DEFINITION, None, "tokenvend/prod/jobs"),
        (replace(DEFINITION, family=True), "acme", "tokenvend/prod/jobs/acme"),
        (ADOPTED, None, "arn:theirs"),
    ],
)
@pytest.mark.parametrize("stage", SecretStage)
def test_the_secret_that_is_meant_is_read_in_the_stage_that_is_meant(
    definition: CredentialDefinition, tenant: str | None, secret_id: str, stage: SecretStage
) -> None:
    client = Secrets(json.dumps({**FIELDS, "user": "theirs", "password": "p"}))

    secret = read(client, definition, tenant, stage)

    assert client.asked == [
        {"SecretId": secret_id},
        {"SecretId": secret_id, "VersionStage": stage.value},
    ]
    expected = ("theirs", "p") if definition is ADOPTED else ("our-client", "s")
    assert (secret.client_id, secret.client_secret.reveal()) == expected
    assert (secret.allowed_host, secret.version, secret.key_id) == ("a.example", "v7", None)


@pytest.mark.parametrize(
    ("definition", "fields", "secret"),
    [
        (
            *(API_KEY, {"api_key": "k"}),
            ProviderSecret("", Secret(""), "a.example", fields={"api_key": Secret("k")}),
        ),
        (
            *(SIGNS, {"client_id": "c", "private_key": "PEM"}),
            ProviderSecret("c", Secret("PEM"), "a.example"),
        ),
        (
            *(SIGNS, {"client_id": "c", "private_key": "PEM", "key_id": "7"}),
            ProviderSecret("c", Secret("PEM"), "a.example", key_id="7"),
        ),
        (
            replace(SIGNS, assertion=Assertion(audience="a", kms_keys=("arn",))),
            {"client_id": "c"},
            ProviderSecret("c", Secret(""), "a.example"),
        ),
        (
            replace(DEFINITION, client_id="of-the-file"),
            {"client_secret": "s"},
            ProviderSecret("of-the-file", Secret("s"), "a.example"),
        ),
    ],
)
def test_a_secret_is_read_by_the_fields_of_its_kind(
    definition: CredentialDefinition, fields: dict[str, str], secret: ProviderSecret
) -> None:
    assert read(Secrets(json.dumps(fields)), definition) == secret


@pytest.mark.parametrize(
    ("client", "definition", "words"),
    [
        (Secrets("[]"), DEFINITION, f"is not a JSON object. {WRITE}"),
        (Secrets("{"), DEFINITION, f"is not a JSON object. {WRITE}"),
        (Secrets("[" * 100_000), DEFINITION, f"is not a JSON object. {WRITE}"),
        (Secrets('{"client_id":"c"}'), DEFINITION, f"has no field client_secret. {WRITE}"),
        (Secrets('{"client_secret":"s"}'), DEFINITION, f"has no field client_id. {WRITE}"),
        (
            Secrets('{"client_id":"c","client_secret":""}'),
            *(DEFINITION, f"has no field client_secret. {WRITE}"),
        ),
        (Secrets('{"api_key":7}'), API_KEY, f"has no field api_key. {WRITE}"),
        (
            Secrets('{"client_id":"c","private_key":"PEM","key_id":7}'),
            *(SIGNS, f"has no field key_id. {WRITE}"),
        ),
        (Secrets('{"client_id":"c"}'), SIGNS, f"has no field private_key. {WRITE}"),
        (Secrets('{"user":"u"}'), ADOPTED, f"has no field password. {MEND}"),
        (
            Secrets(tags={HOST_TAG: "a.example"}),
            *(DEFINITION, f"is not this deployment's by its tag {DEPLOYMENT_TAG}. {WRITE}"),
        ),
        (
            Secrets(tags={DEPLOYMENT_TAG: "prod"}),
            *(ADOPTED, f"lacks the tag {HOST_TAG}, which says where it may be sent. {MEND}"),
        ),
        (Secrets(error="ResourceNotFoundException"), DEFINITION, f"does not exist. {WRITE}"),
    ],
)
def test_a_secret_that_cannot_be_used_says_why_and_how_it_is_mended(
    client: Secrets, definition: CredentialDefinition, words: str
) -> None:
    with pytest.raises(SecretUnusableError) as caught:
        read(client, definition)

    assert str(caught.value) == f"The secret of jobs {words}"


def test_an_adopted_secret_is_no_tenants() -> None:
    client = Secrets()

    with pytest.raises(SecretUnusableError) as caught:
        read(client, ADOPTED, "acme")

    assert str(caught.value) == (
        "The secret of jobs/acme is one secret, but each tenant needs its own. Mend it where it is;"
        " its tags: tokenvend secret adopt jobs/acme"
    )
    assert client.asked == []


def test_secrets_manager_that_fails_is_away_by_the_name_of_the_call() -> None:
    with pytest.raises(StoreAwayError) as caught:
        read(Secrets(error="InternalServiceError"))

    assert str(caught.value) == "secretsmanager:GetSecretValue failed with InternalServiceError"
