"""Secrets as an operator or another service has them in AWS Secrets Manager."""

import traceback
from typing import Any
from uuid import uuid4

import pytest
from tests.adapters.aws import Aws

from tokenvend.adapters.secrets_manager import DEPLOYMENT_TAG, HOST_TAG, SecretsManagerStore
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.ports import SecretUnusableError

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
