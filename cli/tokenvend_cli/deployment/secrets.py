"""Provider secrets: written and described, never read back."""

import json
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from tokenvend.adapters.dynamodb.credential_items import (
    build_secret_generation,
    credential_state_pk,
    parse_state,
)
from tokenvend.adapters.secrets_manager import CREDENTIAL_TAG, DEPLOYMENT_TAG, HOST_TAG
from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.credential_state import CredentialState
from tokenvend.domain.secret_destination import destination_of, fields_in, hosts_in
from tokenvend.domain.tenant_values import is_recorded
from tokenvend.domain.token import SecretStage
from tokenvend_cli.deployment.deployed_definitions import DeployedDefinitions
from tokenvend_cli.deployment.pace import Pace
from tokenvend_cli.deployment.secret_status import SecretName, SecretStatus
from tokenvend_cli.deployment.stack import Deployment
from tokenvend_cli.problems import CommandError

_NOT_FOUND, _EXISTS = "ResourceNotFoundException", "ResourceExistsException"
#: Secrets Manager lets an account create 50 secrets a second, and put and tag 50 each
#: (https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html). All of
#: them together stay below it, and leave rotation its share.
WRITES_PER_SECOND = 30
#: How long the id of a version must be to serve as the ClientRequestToken of a put.
_VERSION_LENGTHS = range(32, 65)
#: No host has this name, so a secret that is tagged with it is sent to none.
_NOWHERE = "nowhere"


class Secrets:
    """The secrets of one deployment. Threads may share it; its writes are rate-limited.

    `definitions` are the deployed definitions of the credentials that they belong to.
    """

    def __init__(self, deployment: Deployment) -> None:
        self._pace = Pace(WRITES_PER_SECOND)
        self._prefix = deployment.output("SecretPrefix")
        self._deployment_id = deployment.output("DeploymentId")
        self._tokens = deployment.output("TokensTableName")
        #: The company's own key for new secrets; without one, AWS's for Secrets Manager.
        self._key_arn = deployment.outputs.get("SecretKeyArn")
        self._manager = deployment.client("secretsmanager")
        self._dynamodb = deployment.client("dynamodb")
        self.definitions = DeployedDefinitions(deployment)

    def names(self, definition: CredentialDefinition) -> list[SecretName]:
        """Every secret that a credential has or should have: one, or one for each tenant."""
        if not definition.family:
            return [SecretName(definition.name)]
        return [SecretName(definition.name, each) for each in self._tenants(definition.name)]

    def status(self, name: SecretName, definition: CredentialDefinition) -> SecretStatus:
        """Return the status of a secret, without reading its value."""
        return replace(self.look(name, definition), state=self._state(name))

    def look(
        self, name: SecretName, definition: CredentialDefinition, *, arn: str | None = None
    ) -> SecretStatus:
        """Return the status without the credential's state; of the secret *arn* if that is given.

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
        if _is_tenants_host(definition, tags.get(HOST_TAG)):
            needed[HOST_TAG] = tags[HOST_TAG]
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
            version=_current_version(described),
        )

    def put_if_changed(self, seen: SecretStatus, value: Mapping[str, str]) -> bool:
        """Write with `put` unless the *seen* secret holds *value*; return whether it was written.

        A secret generation that a former run could not announce is announced now.
        """
        if not (seen.is_ready and self._holds(seen, json.dumps(value))):
            self.put(seen, value)
            return True
        if self._state(seen.name).secret_generation != seen.version:
            self._announce(seen.name, seen.version)
        return False

    def _holds(self, seen: SecretStatus, text: str) -> bool:
        """Whether the current version is *text*, as Secrets Manager itself compares them.

        A put with the id of an existing version does nothing if the value is the same, and is
        refused if it differs. So no value is read back, and no digest of one is stored.
        """
        if len(seen.version) not in _VERSION_LENGTHS:
            return False
        self._pace.wait()
        try:
            self._manager.put_secret_value(
                SecretId=seen.secret_id, SecretString=text, ClientRequestToken=seen.version
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != _EXISTS:
                raise
            return False
        return True

    def put(self, seen: SecretStatus, value: Mapping[str, str]) -> None:
        """Write the secret for the host that was *seen*, and announce it to every environment.

        If the host changes, the former value must not reach the new host, nor the new value the
        former host. So in between, the tag says that the secret may be sent nowhere.
        """
        text = json.dumps(value)
        if not seen.exists:
            key = {"KmsKeyId": self._key_arn} if self._key_arn else {}
            self._pace.wait()
            written = self._manager.create_secret(
                Name=seen.secret_id, SecretString=text, Tags=_tags(seen.needed), **key
            )
        elif seen.is_ready:
            written = self._put_value(seen, text)
        else:
            self._tag(seen, {HOST_TAG: _NOWHERE})
            written = self._put_value(seen, text)
            self._tag(seen, seen.needed)
        self._announce(seen.name, written["VersionId"])

    def tag(self, seen: SecretStatus) -> None:
        """Let this deployment use the user's own secret, for the host that was *seen*."""
        self._tag(seen, seen.needed)
        described = self._manager.describe_secret(SecretId=seen.secret_id)
        self._announce(seen.name, _current_version(described))

    def _put_value(self, seen: SecretStatus, text: str) -> Any:
        self._pace.wait()
        return self._manager.put_secret_value(SecretId=seen.secret_id, SecretString=text)

    def _tag(self, seen: SecretStatus, tags: Mapping[str, str]) -> None:
        self._pace.wait()
        self._manager.tag_resource(SecretId=seen.secret_id, Tags=_tags(tags))

    def replace_tokens(self, name: SecretName) -> None:
        """Have every token of *name* replaced at its next use, without a change of the secret."""
        self._announce(name, uuid.uuid4().hex)

    def _announce(self, name: SecretName, version: str) -> None:
        """Mark the tokens made with the former secret as due for replacement."""
        item = build_secret_generation(name.credential, name.tenant, version)
        try:
            self._dynamodb.put_item(TableName=self._tokens, Item=item)
        except ClientError as error:
            raise CommandError(
                f"the secret of {name} is stored, but marking its former tokens for replacement"
                f" failed ({error.response['Error']['Code']}): callers get them until they are due"
                " for renewal. Run the same command again once the cause is removed"
            ) from None

    def _state(self, name: SecretName) -> CredentialState:
        key = {"pk": {"S": credential_state_pk(name.credential, name.tenant)}}
        item = self._dynamodb.get_item(TableName=self._tokens, Key=key).get("Item", {})
        return parse_state(item, lambda *_: None)

    def _tenants(self, credential: str) -> list[str]:
        prefix = f"{self._prefix}{credential}/"
        pages = self._manager.get_paginator("list_secrets").paginate(
            Filters=[{"Key": "name", "Values": [prefix]}], PaginationConfig={"PageSize": 100}
        )
        names = (entry["Name"] for page in pages for entry in page["SecretList"])
        # The filter of Secrets Manager ignores case, so names are compared again.
        return sorted(name.removeprefix(prefix) for name in names if name.startswith(prefix))

    def _describe(self, secret_id: str) -> dict[str, Any] | None:
        try:
            described: dict[str, Any] = self._manager.describe_secret(SecretId=secret_id)
        except ClientError as error:
            if error.response["Error"]["Code"] != _NOT_FOUND:
                raise
            return None
        # Secrets Manager still describes a deleted secret during its recovery window.
        return None if "DeletedDate" in described else described


def _is_tenants_host(definition: CredentialDefinition, recorded: str | None) -> bool:
    """Whether *recorded* may be the host of a tenant whose secret names it (`tenant_values`)."""
    if recorded is None or not definition.tenant_values:
        return False
    everywhere = destination_of(definition)
    return (
        definition.kind is not CredentialKind.AUTHORIZATION_CODE
        and is_recorded(hosts_in(everywhere), hosts_in(recorded))
        and fields_in(recorded) == fields_in(everywhere)
    )


def _current_version(described: Mapping[str, Any]) -> str:
    stages: Mapping[str, list[str]] = described.get("VersionIdsToStages") or {}
    current = SecretStage.CURRENT.value
    return next((version for version, names in stages.items() if current in names), "")


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
