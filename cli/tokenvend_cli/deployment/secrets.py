"""Provider secrets: written and described, never read back."""

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from tokenvend.adapters.dynamodb.credential_items import build_epoch, epoch_pk, parse_state
from tokenvend.adapters.dynamodb.definition_items import parse_definition
from tokenvend.adapters.dynamodb.registry_items import SETTINGS, credential_pk
from tokenvend.adapters.secrets_manager import CREDENTIAL_TAG, DEPLOYMENT_TAG, HOST_TAG
from tokenvend.domain.credential_state import CredentialState
from tokenvend.domain.oauth.token_request import destination_of
from tokenvend.domain.registry import CredentialDefinition
from tokenvend.domain.token import SecretStage
from tokenvend_cli.deployment.kinds import Kind, kind_of
from tokenvend_cli.deployment.registry_table import RegistryTable
from tokenvend_cli.deployment.secret_status import SecretName, SecretStatus
from tokenvend_cli.deployment.stack import Deployment
from tokenvend_cli.problems import CommandError, UsageError

_NOT_FOUND = "ResourceNotFoundException"
#: No host has this name, so a secret that is tagged with it is sent to none.
_NOWHERE = "nowhere"


class Secrets:
    """The secrets of one deployment."""

    def __init__(self, deployment: Deployment) -> None:
        self._prefix = deployment.output("SecretPrefix")
        self._deployment_id = deployment.output("DeploymentId")
        self._tokens = deployment.output("TokensTableName")
        #: The company's own key for new secrets; without one, AWS's for Secrets Manager.
        self._key_arn = deployment.outputs.get("SecretKeyArn")
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
        return replace(self.look(name, self.definition_of(name)), state=self._state(name))

    def look(
        self, name: SecretName, definition: CredentialDefinition, *, arn: str | None = None
    ) -> SecretStatus:
        """`status` without the state, under *definition*; of the secret *arn* if it is given.

        A secret of the user's own says which credentials it is for, and may be for several.
        """
        if arn is None:
            arn = definition.secret.arn if definition.secret else None
        unseen = SecretStatus(
            name=name,
            secret_id=arn or f"{self._prefix}{name}",
            needed={
                DEPLOYMENT_TAG: self._deployment_id,
                HOST_TAG: destination_of(definition),
            },
        )
        described = self._describe(unseen.secret_id)
        if described is None:
            return unseen
        tags = {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}
        needed = dict(unseen.needed)
        if arn is not None:
            users = {*tags.get(CREDENTIAL_TAG, "").split(), name.credential}
            needed[CREDENTIAL_TAG] = " ".join(sorted(users))
        return replace(
            unseen,
            needed=needed,
            found=tags,
            changed_at=described.get("LastChangedDate"),
            arn=described["ARN"],
            key_arn=described.get("KmsKeyId"),
        )

    def put(self, seen: SecretStatus, value: Mapping[str, str]) -> None:
        """Write the secret for the host that was *seen*, and tell every environment.

        Where the host changes, neither may the former value reach the new host, nor the new
        value the former one: for the moment between, the secret may be sent nowhere.
        """
        text = json.dumps(value)
        if not seen.exists:
            key = {"KmsKeyId": self._key_arn} if self._key_arn else {}
            written = self._manager.create_secret(
                Name=seen.secret_id, SecretString=text, Tags=_tags(seen.needed), **key
            )
        elif seen.is_ready:
            written = self._manager.put_secret_value(SecretId=seen.secret_id, SecretString=text)
        else:
            nowhere = _tags({HOST_TAG: _NOWHERE})
            self._manager.tag_resource(SecretId=seen.secret_id, Tags=nowhere)
            written = self._manager.put_secret_value(SecretId=seen.secret_id, SecretString=text)
            self._manager.tag_resource(SecretId=seen.secret_id, Tags=_tags(seen.needed))
        self._announce(seen.name, written["VersionId"])

    def tag(self, seen: SecretStatus) -> None:
        """Let this deployment use the user's own secret, for the host that was *seen*."""
        self._manager.tag_resource(SecretId=seen.secret_id, Tags=_tags(seen.needed))
        described = self._manager.describe_secret(SecretId=seen.secret_id)
        self._announce(seen.name, _current_version(described))

    def replace_tokens(self, name: SecretName) -> None:
        """Have every token of *name* replaced with its next use, though no secret has changed."""
        self._announce(name, uuid.uuid4().hex)

    def _announce(self, name: SecretName, version: str) -> None:
        """Mark the tokens made with the former secret as due for replacement."""
        item = build_epoch(name.credential, name.tenant, version)
        try:
            self._dynamodb.put_item(TableName=self._tokens, Item=item)
        except ClientError as error:
            raise CommandError(
                f"the secret of {name} is written, but the functions could not be told"
                f" ({error.response['Error']['Code']}): tokens made with the former one are"
                " vended until they come due. Do the same again when that is mended"
            ) from None

    def _state(self, name: SecretName) -> CredentialState:
        key = {"pk": {"S": epoch_pk(name.credential, name.tenant)}}
        item = self._dynamodb.get_item(TableName=self._tokens, Key=key).get("Item", {})
        return parse_state(item, lambda *_: None)

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
        # Until it is gone for good, a deleted secret is still described.
        return None if "DeletedDate" in described else described


def _current_version(described: Mapping[str, Any]) -> str:
    stages: Mapping[str, list[str]] = described.get("VersionIdsToStages") or {}
    current = SecretStage.CURRENT.value
    return next((version for version, names in stages.items() if current in names), "")


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
