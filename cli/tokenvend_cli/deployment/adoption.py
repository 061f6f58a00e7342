"""Find what a secret that exists already needs before tokenvend may use it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tokenvend_cli.deployment.secret_status import SecretName, SecretStatus
from tokenvend_cli.deployment.secrets import Secrets
from tokenvend_cli.deployment.stack import Deployment
from tokenvend_cli.problems import CommandError, UsageError

#: Every function that reads secrets; the pages' is deployed only where users consent.
READERS = (
    *("VendIamFunctionName", "VendOauth2FunctionName", "VendDirectFunctionName"),
    *("RenewFunctionName", "KeepAliveFunctionName", "ConnectPagesFunctionName"),
)
#: A complete ARN, because `*` in a key policy would admit everybody.
_PRINCIPAL = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:(role|user)/[\w+=,.@/-]+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """A secret that existed before: its tags and key policy, and those that it needs.

    `is_deployed` says whether the deployed file names it; `key_arn` is its customer key, if it has
    one, and `key_statement` is for that key's policy.
    """

    secret: SecretStatus
    is_deployed: bool
    key_statement: dict[str, Any]
    key_arn: str | None

    @property
    def is_ready(self) -> bool:
        """Whether its tags are set and the deployed file names it; the KMS key is not checked."""
        return self.is_deployed and self.secret.is_tagged

    def to_dict(self) -> dict[str, Any]:
        """Return the fields for JSON output."""
        found = self.secret.found or {}
        return {
            "credential": str(self.secret.name),
            "arn": self.secret.secret_id,
            "ready": self.is_ready,
            "deployed": self.is_deployed,
            "tags": {
                key: {"needed": value, "found": found.get(key)}
                for key, value in self.secret.needed.items()
            },
            "key": self.key_arn,
            "key_policy_statement": self.key_statement,
        }


def adoption_of(
    deployment: Deployment,
    secrets: Secrets,
    name: SecretName,
    arn: str | None,
    *,
    operators: Sequence[str] = (),
) -> Adoption:
    """Return what the secret *arn* needs, or the one in the deployed file if *arn* is `None`.

    *operators* are ARNs of roles and users that read it too, for the statement of its key.

    Raises:
        CommandError: there is none, or it is out of reach.
    """
    definition = secrets.definitions.of_secret(name)
    if definition.family:
        raise UsageError(
            f"{name} is a family, which cannot use your own secrets: store each with"
            " `tokenvend secret put`"
        )
    named = definition.secret.arn if definition.secret else None
    arn = arn or named
    if arn is None:
        raise UsageError(f"the deployed file names no secret for {name}: name it with --arn")
    _check_operators(operators)
    _check_reach(deployment, arn)
    secret = secrets.look(name, definition, arn=arn)
    if not secret.exists:
        raise CommandError(f"there is no secret with the ARN {arn}")
    return Adoption(
        secret=secret,
        is_deployed=named in {arn, secret.arn},
        # The condition of the key's policy needs the whole ARN; a definition may lack the suffix.
        key_statement=_key_statement(deployment, secret.arn or arn, operators),
        key_arn=secret.key_arn,
    )


def _check_operators(operators: Sequence[str]) -> None:
    for each in operators:
        if _PRINCIPAL.fullmatch(each) is None:
            raise UsageError(f"{each} is not the whole ARN of an IAM role or user")


def _check_reach(deployment: Deployment, arn: str) -> None:
    here = deployment.output("KeyArn").split(":")[3:5]
    if not arn.startswith("arn:") or arn.split(":")[3:5] != here:
        region, account = here
        raise UsageError(f"the secret must be in account {account}, Region {region}: give its ARN")


def _key_statement(deployment: Deployment, arn: str, operators: Sequence[str]) -> dict[str, Any]:
    client = deployment.client("lambda")
    roles = [
        client.get_function_configuration(FunctionName=deployment.outputs[name])["Role"]
        for name in READERS
        if name in deployment.outputs
    ]
    region = arn.split(":")[3]
    return {
        "Sid": "TokenvendReadsThisSecret",
        "Effect": "Allow",
        "Principal": {"AWS": [*roles, *operators]},
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {
            "StringEquals": {
                "kms:ViaService": f"secretsmanager.{region}.amazonaws.com",
                "kms:EncryptionContext:SecretARN": arn,
            }
        },
    }
