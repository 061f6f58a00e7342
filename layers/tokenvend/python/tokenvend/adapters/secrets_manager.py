"""Provider credentials in Secrets Manager.

A secret is a JSON object with `client_id` and `client_secret`. Two tags go with it:
`tokenvend:deployment`, which deployment may read it, and `tokenvend:host`, where it may be
sent. They are read with the secret at each exchange: there is no cache to go stale.
"""

import json
from typing import Any

from botocore.exceptions import ClientError

from tokenvend.adapters.aws_errors import error_code, store_errors
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.registry import CredentialDefinition, SecretReference
from tokenvend.domain.secret import Secret
from tokenvend.ports import SecretUnusableError

DEPLOYMENT_TAG = "tokenvend:deployment"
HOST_TAG = "tokenvend:host"

_MISSING = frozenset({"ResourceNotFoundException", "InvalidRequestException"})


class SecretsManagerStore:
    """`ports.SecretStore` on AWS Secrets Manager. *prefix* ends in a slash."""

    def __init__(self, client: Any, *, prefix: str, deployment: str) -> None:
        self._client = client
        self._prefix = prefix
        self._deployment = deployment

    def read(self, definition: CredentialDefinition, tenant: str | None) -> ProviderSecret:
        """See `ports.SecretStore`."""
        label = definition.name if tenant is None else f"{definition.name}/{tenant}"
        reference = definition.secret or SecretReference(arn=self._prefix + label)
        with store_errors("secretsmanager:GetSecretValue"):
            try:
                tags = self._tags(reference.arn)
                text = self._client.get_secret_value(SecretId=reference.arn).get("SecretString")
            except ClientError as error:
                if error_code(error) in _MISSING:
                    raise _unusable(label, "does not exist or is being deleted") from None
                raise
        if tags.get(DEPLOYMENT_TAG) != self._deployment or not tags.get(HOST_TAG):
            raise _unusable(label, f"lacks the tag {DEPLOYMENT_TAG} or {HOST_TAG}")
        fields = _fields(label, text)
        client_id = definition.client_id or _field(label, fields, reference.client_id_key)
        return ProviderSecret(
            client_id=client_id,
            client_secret=Secret(_field(label, fields, reference.client_secret_key)),
            allowed_host=tags[HOST_TAG],
        )

    def _tags(self, secret_id: str) -> dict[str, str]:
        described = self._client.describe_secret(SecretId=secret_id)
        return {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}


def _fields(label: str, text: str | None) -> dict[str, object]:
    try:
        fields = json.loads(text or "")
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        raise _unusable(label, "is not a JSON object") from None
    return fields


def _field(label: str, fields: dict[str, object], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise _unusable(label, f"has no field {name}")
    return value


def _unusable(label: str, reason: str) -> SecretUnusableError:
    return SecretUnusableError(
        f"The secret of {label} {reason}. Write it with: tokenvend secret put {label}"
    )
