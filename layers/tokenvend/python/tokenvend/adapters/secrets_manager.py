"""Provider credentials in Secrets Manager.

A secret is a JSON object with the fields that `domain.secret_fields` names. Two tags go with it:
`tokenvend:deployment`, which deployment may read it, and `tokenvend:host`, where it may be sent.
They are read with the secret at each exchange: there is no cache to go stale.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from tokenvend.adapters.aws_errors import error_code, store_errors
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.registry import CredentialDefinition, CredentialKind, SecretReference
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_fields import secret_fields
from tokenvend.domain.token import SecretStage
from tokenvend.ports import SecretUnusableError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

DEPLOYMENT_TAG = "tokenvend:deployment"
HOST_TAG = "tokenvend:host"
#: On an adopted secret: the credentials that use it, separated by spaces, so that a change of it
#: made elsewhere is found.
CREDENTIAL_TAG = "tokenvend:credential"

#: What is wrong with a secret when Secrets Manager answers with this code.
_REASONS = {
    "AccessDeniedException": "may not be read: its policy, or its key's, does not admit tokenvend",
    "DecryptionFailure": "cannot be decrypted with its key",
    "InvalidRequestException": "is being deleted",
    "ResourceNotFoundException": "does not exist",
}


class SecretsManagerStore:
    """`ports.SecretStore` on AWS Secrets Manager. *prefix* ends in a slash."""

    def __init__(self, client: "SecretsManagerClient", *, prefix: str, deployment: str) -> None:
        self._client = client
        self._prefix = prefix
        self._deployment = deployment

    def read(
        self,
        definition: CredentialDefinition,
        tenant: str | None,
        *,
        stage: SecretStage = SecretStage.CURRENT,
    ) -> ProviderSecret:
        """See `ports.SecretStore`."""
        name = _Name(definition, tenant)
        reference = definition.secret or SecretReference(arn=self._prefix + name.label)
        if definition.secret is not None and tenant is not None:
            # One secret for all tenants would let each of them act as any other.
            raise name.unusable("is one secret, but each tenant needs its own")
        host = self._host(reference.arn, name)
        fields, version = self._fields(reference.arn, stage, name)
        if definition.kind is CredentialKind.API_KEY:
            api_key = Secret(_field(fields, reference.api_key_key, name))
            return ProviderSecret("", api_key, host, version)
        client_id = definition.client_id or _field(fields, reference.client_id_key, name)
        needed = secret_fields(definition)
        if "private_key" in needed:
            private_key = Secret(_field(fields, reference.private_key_key, name))
            key_id = _optional_field(fields, reference.key_id_key, name)
            return ProviderSecret(client_id, private_key, host, version, key_id)
        if "client_secret" not in needed:
            return ProviderSecret(client_id, Secret(""), host, version)
        client_secret = _field(fields, reference.client_secret_key, name)
        return ProviderSecret(client_id, Secret(client_secret), host, version)

    def _host(self, secret_id: str, name: "_Name") -> str:
        with _secret_errors("secretsmanager:DescribeSecret", name):
            described = self._client.describe_secret(SecretId=secret_id)
        tags = {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}
        if tags.get(DEPLOYMENT_TAG) != self._deployment:
            raise name.unusable(f"is not this deployment's by its tag {DEPLOYMENT_TAG}")
        if not tags.get(HOST_TAG):
            raise name.unusable(f"lacks the tag {HOST_TAG}, which says where it may be sent")
        return tags[HOST_TAG]

    def _fields(
        self, secret_id: str, stage: SecretStage, name: "_Name"
    ) -> tuple[dict[str, object], str]:
        with _secret_errors("secretsmanager:GetSecretValue", name):
            answer = self._client.get_secret_value(SecretId=secret_id, VersionStage=stage.value)
        try:
            fields = json.loads(answer.get("SecretString", ""))
        except (ValueError, RecursionError):
            fields = None
        # Raised out here: the parser's own error holds the whole text.
        if not isinstance(fields, dict):
            raise name.unusable("is not a JSON object")
        return fields, answer.get("VersionId", "")


@dataclass(frozen=True, slots=True)
class _Name:
    """What a person calls a secret, and how it is mended."""

    definition: CredentialDefinition
    tenant: str | None

    @property
    def label(self) -> str:
        name = self.definition.name
        return name if self.tenant is None else f"{name}/{self.tenant}"

    def unusable(self, reason: str) -> SecretUnusableError:
        mend = f"Write it with: tokenvend secret put {self.label}"
        if self.definition.secret is not None:
            mend = f"Mend it where it is; its tags: tokenvend secret adopt {self.label}"
        return SecretUnusableError(f"The secret of {self.label} {reason}. {mend}")


def _field(fields: dict[str, object], key: str, name: _Name) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or not value:
        raise name.unusable(f"has no field {key}")
    return value


def _optional_field(fields: dict[str, object], key: str, name: _Name) -> str | None:
    return None if fields.get(key) is None else _field(fields, key, name)


@contextmanager
def _secret_errors(what: str, name: _Name) -> Iterator[None]:
    with store_errors(what):
        try:
            yield
        except ClientError as error:
            reason = _REASONS.get(error_code(error))
            if reason is None:
                raise
            raise name.unusable(reason) from None
