"""List the secrets of one deployment, found by their tags."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from tokenvend.adapters.aws_errors import AwsRefusedError, store_errors
from tokenvend.adapters.secrets_manager import CREDENTIAL_TAG, DEPLOYMENT_TAG
from tokenvend.domain.token import SecretStage
from tokenvend.ports import SecretVersion

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class SecretsManagerCatalog:
    """`ports.SecretCatalog` on AWS Secrets Manager. *prefix* ends in a slash.

    The name of a secret that tokenvend wrote is the prefix, the credential and the tenant. An
    adopted secret has a tag that lists its credentials, separated by spaces.
    """

    def __init__(self, client: "SecretsManagerClient", *, prefix: str, deployment: str) -> None:
        self._client = client
        self._prefix = prefix
        self._deployment = deployment

    def secrets(self) -> Iterator[SecretVersion]:
        """See `ports.SecretCatalog`."""
        pages = self._client.get_paginator("list_secrets").paginate(
            Filters=[
                {"Key": "tag-key", "Values": [DEPLOYMENT_TAG]},
                {"Key": "tag-value", "Values": [self._deployment]},
            ]
        )
        with store_errors("secretsmanager:ListSecrets"):
            for page in pages:
                for entry in page["SecretList"]:
                    yield from self._versions(entry, entry.get("SecretVersionsToStages") or {})

    def secret(self, secret_id: str) -> Iterator[SecretVersion]:
        """See `ports.SecretCatalog`."""
        try:
            with store_errors("secretsmanager:DescribeSecret"):
                entry = self._client.describe_secret(SecretId=secret_id)
        except AwsRefusedError:
            # The secret is deleted, or not this deployment's, which the role may not describe.
            return
        yield from self._versions(entry, entry.get("VersionIdsToStages") or {})

    def _versions(
        self, entry: Mapping[str, Any], stages: Mapping[str, list[str]]
    ) -> Iterator[SecretVersion]:
        tags = {tag["Key"]: tag["Value"] for tag in entry.get("Tags", [])}
        version = _current(stages)
        # ListSecrets matches a tag's key and value separately, so they may be of two tags.
        if tags.get(DEPLOYMENT_TAG) != self._deployment or version is None:
            return
        name = entry["Name"]
        if name.startswith(self._prefix):
            credential, _, tenant = name.removeprefix(self._prefix).partition("/")
            yield SecretVersion(credential, tenant or None, version)
            return
        for credential in tags.get(CREDENTIAL_TAG, "").split():
            yield SecretVersion(credential, None, version, adopted_arn=entry["ARN"])


def _current(stages: Mapping[str, list[str]]) -> str | None:
    return next(
        (version for version, names in stages.items() if SecretStage.CURRENT.value in names), None
    )
