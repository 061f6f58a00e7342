"""Provider secrets: written and described, never read back."""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from tokenvend.adapters.dynamodb.registry_items import (
    SETTINGS,
    credential_pk,
    parse_definition,
)
from tokenvend.adapters.dynamodb.token_items import epoch_pk
from tokenvend.adapters.secrets_manager import DEPLOYMENT_TAG, HOST_TAG
from tokenvend.domain.names import TENANT
from tokenvend.domain.oauth.token_request import host_of
from tokenvend.domain.registry import CredentialDefinition
from tokenvend_cli.deployment.registry_table import RegistryTable
from tokenvend_cli.deployment.stack import Deployment
from tokenvend_cli.problems import CommandError

_NOT_FOUND = "ResourceNotFoundException"


@dataclass(frozen=True, slots=True)
class SecretName:
    """`credential` or `credential/tenant`, as it is typed."""

    credential: str
    tenant: str | None

    def __str__(self) -> str:
        return self.credential if self.tenant is None else f"{self.credential}/{self.tenant}"


@dataclass(frozen=True, slots=True)
class SecretStatus:
    """What can be said of a secret without reading it."""

    exists: bool
    host: str | None = None
    host_matches: bool = False
    changed_at: datetime | None = None


class Secrets:
    """The secrets of one deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self._manager = deployment.client("secretsmanager")
        self._registry = RegistryTable(
            deployment.client("dynamodb"), deployment.output("RegistryTableName")
        )

    def definition_of(self, name: SecretName) -> CredentialDefinition:
        """The deployed definition that the secret belongs to.

        Raises:
            CommandError: there is none, or the tenant does not fit it.
        """
        item = self._registry.get(credential_pk(name.credential), SETTINGS)
        if item is None:
            raise CommandError(
                f"no credential {name.credential} is deployed; add it to the file and apply"
            )
        definition = parse_definition(item.document)
        if definition.family != (name.tenant is not None):
            shape = "CREDENTIAL/TENANT" if definition.family else "CREDENTIAL without a tenant"
            raise CommandError(f"{name.credential} wants {shape}")
        if name.tenant is not None and TENANT.fullmatch(name.tenant) is None:
            raise CommandError("the tenant's name is not well-formed")
        return definition

    def put(self, name: SecretName, value: dict[str, str]) -> str:
        """Write the secret and tell every environment; the host that it may be sent to."""
        definition = self.definition_of(name)
        if definition.secret is not None:
            raise CommandError(f"{name} is a secret of yours: change it where it is")
        host = host_of(definition.token_endpoint)
        secret_id = self._deployment.output("SecretPrefix") + str(name)
        tags = self._tags(host)
        text = json.dumps(value)
        try:
            # The tag first: a new secret must never be readable under an old host.
            self._manager.tag_resource(SecretId=secret_id, Tags=tags)
            self._manager.put_secret_value(SecretId=secret_id, SecretString=text)
        except ClientError as error:
            if error.response["Error"]["Code"] != _NOT_FOUND:
                raise
            self._manager.create_secret(Name=secret_id, SecretString=text, Tags=tags)
        self.announce(name)
        return host

    def announce(self, name: SecretName) -> None:
        """Mark the tokens made with the former secret as due for replacement."""
        self._deployment.client("dynamodb").put_item(
            TableName=self._deployment.output("TokensTableName"),
            Item={
                "pk": {"S": epoch_pk(name.credential, name.tenant)},
                "epoch": {"S": uuid.uuid4().hex},
            },
        )

    def adopt(self, name: SecretName, *, tag: bool) -> tuple[str, list[dict[str, str]]]:
        """The ARN of the user's own secret and the tags it needs; *tag* sets them."""
        definition = self.definition_of(name)
        if definition.secret is None:
            raise CommandError(f"credentials.{name}.secret in the file must name its ARN first")
        tags = self._tags(host_of(definition.token_endpoint))
        if tag:
            self._manager.tag_resource(SecretId=definition.secret.arn, Tags=tags)
            self.announce(name)
        return definition.secret.arn, tags

    def status(self, name: SecretName) -> SecretStatus:
        """What is there, without its value."""
        definition = self.definition_of(name)
        secret_id = self._deployment.output("SecretPrefix") + str(name)
        if definition.secret is not None:
            secret_id = definition.secret.arn
        try:
            described: dict[str, Any] = self._manager.describe_secret(SecretId=secret_id)
        except ClientError as error:
            if error.response["Error"]["Code"] != _NOT_FOUND:
                raise
            return SecretStatus(exists=False)
        tags = {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}
        host = tags.get(HOST_TAG)
        return SecretStatus(
            exists=True,
            host=host,
            host_matches=host == host_of(definition.token_endpoint),
            changed_at=described.get("LastChangedDate"),
        )

    def _tags(self, host: str) -> list[dict[str, str]]:
        return [
            {"Key": DEPLOYMENT_TAG, "Value": self._deployment.output("DeploymentId")},
            {"Key": HOST_TAG, "Value": host},
        ]


def parse_secret_name(text: str) -> SecretName:
    """`credential` or `credential/tenant`."""
    credential, slash, tenant = text.partition("/")
    return SecretName(credential, tenant if slash else None)
