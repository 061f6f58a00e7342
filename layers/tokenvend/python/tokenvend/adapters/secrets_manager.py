"""Read provider credentials' secrets from AWS Secrets Manager.

A secret is a JSON object with the fields that `domain.secret_fields` names. An adopted secret may
also be plain text, if only one field is needed. Each secret has two tags: `tokenvend:deployment`
is the deployment that may read it, and `tokenvend:host` the host to which it may be sent.
Secret and tags are read at each exchange; they are never cached.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from tokenvend.adapters.aws_errors import error_code, store_errors
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.secret_fields import secret_fields, secret_of
from tokenvend.domain.secret_reference import SecretReference
from tokenvend.domain.token import SecretStage
from tokenvend.ports import SecretUnusableError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

DEPLOYMENT_TAG = "tokenvend:deployment"
HOST_TAG = "tokenvend:host"
#: On an adopted secret: the credentials that use it, separated by spaces. The sweep needs it to
#: find changes that were made outside of tokenvend.
CREDENTIAL_TAG = "tokenvend:credential"

#: The reason why a secret is unusable, by Secrets Manager's error code.
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
            # With one secret for all tenants, each tenant's token would act for any other tenant.
            raise name.unusable("is one secret, but each tenant needs its own")
        host = self._host(reference.arn, name)
        text, version = self._text(reference.arn, stage, name)
        wanted = secret_fields(definition)
        if reference.plain_text:
            values = _plain_text(text, wanted, name)
        else:
            values = _values(text, wanted, reference, name)
        return secret_of(definition, values, allowed_host=host, version=version)

    def _host(self, secret_id: str, name: "_Name") -> str:
        with _secret_errors("secretsmanager:DescribeSecret", name):
            described = self._client.describe_secret(SecretId=secret_id)
        tags = {tag["Key"]: tag["Value"] for tag in described.get("Tags", [])}
        if tags.get(DEPLOYMENT_TAG) != self._deployment:
            raise name.unusable(f"is not this deployment's by its tag {DEPLOYMENT_TAG}")
        if not tags.get(HOST_TAG):
            raise name.unusable(f"lacks the tag {HOST_TAG}, which says where it may be sent")
        return tags[HOST_TAG]

    def _text(self, secret_id: str, stage: SecretStage, name: "_Name") -> tuple[str, str]:
        with _secret_errors("secretsmanager:GetSecretValue", name):
            answer = self._client.get_secret_value(SecretId=secret_id, VersionStage=stage.value)
        return answer.get("SecretString", ""), answer.get("VersionId", "")


@dataclass(frozen=True, slots=True)
class _Name:
    """A secret's label for error texts, which also say how to repair the secret."""

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


def _parsed(text: str) -> dict[str, object] | None:
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return fields if isinstance(fields, dict) else None


def _values(
    text: str, wanted: tuple[str, ...], reference: SecretReference, name: _Name
) -> dict[str, str]:
    """Return the *wanted* fields of the JSON object *text*, and `key_id` if the object has it."""
    fields = _parsed(text)
    # Raised outside of `_parsed`: the parser's own error holds the whole text.
    if fields is None:
        raise name.unusable("is not a JSON object")
    values = {each: _field(fields, reference.key_of(each), name) for each in wanted}
    if "private_key" in values and fields.get(reference.key_id_key) is not None:
        values["key_id"] = _field(fields, reference.key_id_key, name)
    return values


def _plain_text(text: str, wanted: tuple[str, ...], name: _Name) -> dict[str, str]:
    """Return the one *wanted* field: the whole text, without a final line break."""
    if len(wanted) != 1:
        raise name.unusable(f"is plain text, but {' and '.join(wanted)} are needed")
    if _parsed(text) is not None:
        # Otherwise the whole object would be sent as one value.
        raise name.unusable("is a JSON object, but plain_text says that it is none")
    value = text.rstrip("\r\n")
    if value != value.strip():
        raise name.unusable("has white space around it")
    return {wanted[0]: _field({wanted[0]: value}, wanted[0], name)}


def _field(fields: dict[str, object], key: str, name: _Name) -> str:
    value = fields.get(key)
    if not isinstance(value, str) or not value:
        raise name.unusable(f"has no field {key}")
    if any("\ud800" <= character <= "\udfff" for character in value):
        # JSON can hold an unpaired surrogate, which cannot be encoded as UTF-8.
        raise name.unusable(f"has a field {key} that is no Unicode text")
    return value


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
