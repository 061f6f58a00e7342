"""Provider secrets: written and described, never read back."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
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
from tokenvend.domain.names import NAME, TENANT
from tokenvend.domain.oauth.token_request import destination_of
from tokenvend.domain.registry import CredentialDefinition
from tokenvend_cli.deployment.kinds import Kind, kind_of
from tokenvend_cli.deployment.registry_table import RegistryTable
from tokenvend_cli.deployment.stack import Deployment
from tokenvend_cli.problems import CommandError, UsageError

_NOT_FOUND = "ResourceNotFoundException"
#: No host has this name, so a secret that is tagged with it is sent to none.
_NOWHERE = "nowhere"


@dataclass(frozen=True, slots=True)
class SecretName:
    """`credential` or `credential/tenant`, as it is typed."""

    credential: str
    tenant: str | None = None

    def __str__(self) -> str:
        return self.credential if self.tenant is None else f"{self.credential}/{self.tenant}"


def parse_secret_name(text: str) -> SecretName:
    """`credential` or `credential/tenant`.

    Raises:
        UsageError: it is neither.
    """
    credential, slash, tenant = text.partition("/")
    if NAME.fullmatch(credential) is None or (slash and TENANT.fullmatch(tenant) is None):
        raise UsageError("name a credential, or CREDENTIAL/TENANT")
    return SecretName(credential, tenant if slash else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretStatus:
    """What can be said of a secret without reading it.

    `host` is where it may be sent, as recorded with it; `wanted_host` is where the deployed
    definition would send it. `epoch` is empty while it was never changed by this command.
    """

    name: str
    wanted_host: str
    exists: bool = False
    host: str | None = None
    is_ours: bool = False
    changed_at: datetime | None = None
    epoch: str = ""

    @property
    def is_ready(self) -> bool:
        """Whether an exchange can be made with it."""
        return self.exists and self.is_ours and self.host == self.wanted_host


class Secrets:
    """The secrets of one deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._prefix = deployment.output("SecretPrefix")
        self._deployment_id = deployment.output("DeploymentId")
        self._tokens = deployment.output("TokensTableName")
        self._manager = deployment.client("secretsmanager")
        self._dynamodb = deployment.client("dynamodb")
        self._registry = RegistryTable(self._dynamodb, deployment.output("RegistryTableName"))

    def definition_of(self, name: SecretName) -> CredentialDefinition:
        """The deployed definition that the secret belongs to.

        Raises:
            CommandError: there is none, or the tenant does not fit it.
        """
        item = self._registry.get(credential_pk(name.credential), SETTINGS)
        if item is None:
            raise CommandError(
                f"no credential {name.credential} is deployed: add it to the file, and apply"
            )
        definition = parse_definition(item.document)
        if definition.family and name.tenant is None:
            raise UsageError(f"{name} is a family: name {name}/TENANT")
        if not definition.family and name.tenant is not None:
            raise UsageError(f"{name.credential} is no family: leave /{name.tenant} out")
        return definition

    def names(self) -> Iterator[SecretName]:
        """Every secret that there is or should be: one for a credential, or for each tenant."""
        for item in self._registry.read().items:
            if kind_of(item) is not Kind.CREDENTIAL:
                continue
            definition = parse_definition(item.document)
            if not definition.family:
                yield SecretName(definition.name)
                continue
            for tenant in self._tenants(definition.name):
                yield SecretName(definition.name, tenant)

    def status(self, name: SecretName) -> SecretStatus:
        """What can be said of a secret without reading it."""
        return replace(self.recorded(name), epoch=self._epoch(name))

    def recorded(self, name: SecretName) -> SecretStatus:
        """`status`, without the epoch, which not everybody who writes secrets may read."""
        definition = self.definition_of(name)
        wanted_host = destination_of(definition)
        described = self._describe(self.secret_id(name, definition))
        if described is None:
            return SecretStatus(name=str(name), wanted_host=wanted_host)
        tags = _tags_in(described)
        return SecretStatus(
            name=str(name),
            wanted_host=wanted_host,
            exists=True,
            host=tags.get(HOST_TAG),
            is_ours=tags.get(DEPLOYMENT_TAG) == self._deployment_id,
            changed_at=described.get("LastChangedDate"),
        )

    def put(self, name: SecretName, value: dict[str, str]) -> None:
        """Write the secret, record its host, and tell every environment.

        Where the host changes, neither may the former value reach the new host, nor the new
        value the former one: for the moment between, the secret may be sent nowhere.
        """
        definition, recorded = self.definition_of(name), self.recorded(name)
        secret_id, text = self.secret_id(name, definition), json.dumps(value)
        tags = self.tags_for(definition)
        if recorded.exists:
            if not recorded.is_ready:
                nowhere = [{"Key": HOST_TAG, "Value": _NOWHERE}]
                self._manager.tag_resource(SecretId=secret_id, Tags=nowhere)
            self._manager.put_secret_value(SecretId=secret_id, SecretString=text)
            self._manager.tag_resource(SecretId=secret_id, Tags=tags)
        else:
            self._manager.create_secret(Name=secret_id, SecretString=text, Tags=tags)
        self._announce(name)

    def tag(self, name: SecretName, arn: str) -> None:
        """Let this deployment use the user's own secret, for the host of its definition."""
        self._manager.tag_resource(SecretId=arn, Tags=self.tags_for(self.definition_of(name)))
        self._announce(name)

    def tags_for(self, definition: CredentialDefinition) -> list[dict[str, str]]:
        """The tags that a secret of *definition* carries."""
        return [
            {"Key": DEPLOYMENT_TAG, "Value": self._deployment_id},
            {"Key": HOST_TAG, "Value": destination_of(definition)},
        ]

    def tags_of(self, arn: str) -> dict[str, str]:
        """The tags that a secret has.

        Raises:
            CommandError: there is no such secret.
        """
        described = self._describe(arn)
        if described is None:
            raise CommandError(f"there is no secret {arn} in this account and region")
        return _tags_in(described)

    def secret_id(self, name: SecretName, definition: CredentialDefinition) -> str:
        """Its ARN where it is the user's own, else its name."""
        return definition.secret.arn if definition.secret else self._prefix + str(name)

    def _announce(self, name: SecretName) -> None:
        """Mark the tokens made with the former secret as due for replacement."""
        key = {"S": epoch_pk(name.credential, name.tenant)}
        self._dynamodb.put_item(
            TableName=self._tokens, Item={"pk": key, "epoch": {"S": uuid.uuid4().hex}}
        )

    def _epoch(self, name: SecretName) -> str:
        key = {"pk": {"S": epoch_pk(name.credential, name.tenant)}}
        item = self._dynamodb.get_item(TableName=self._tokens, Key=key).get("Item", {})
        return str(item["epoch"]["S"]) if "epoch" in item else ""

    def _tenants(self, credential: str) -> list[str]:
        prefix = f"{self._prefix}{credential}/"
        pages = self._manager.get_paginator("list_secrets").paginate(
            Filters=[{"Key": "name", "Values": [prefix]}]
        )
        names = (entry["Name"] for page in pages for entry in page["SecretList"])
        # The filter takes capitals for small letters.
        return sorted(name.removeprefix(prefix) for name in names if name.startswith(prefix))

    def _describe(self, secret_id: str) -> dict[str, Any] | None:
        try:
            described: dict[str, Any] = self._manager.describe_secret(SecretId=secret_id)
        except ClientError as error:
            if error.response["Error"]["Code"] != _NOT_FOUND:
                raise
            return None
        return described


def _tags_in(described: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}
