"""What a secret that the user keeps already needs, before tokenvend may use it."""

from dataclasses import dataclass
from typing import Any

from tokenvend.domain.registry import SecretReference
from tokenvend_cli.deployment.secrets import SecretName, Secrets
from tokenvend_cli.deployment.stack import Deployment
from tokenvend_cli.problems import CommandError, UsageError

_FUNCTIONS = ("VendIamFunctionName", "VendOauth2FunctionName", "VendDirectFunctionName")


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """One secret of the user's own.

    `deployed` is what the deployed file says of it, `None` while it says nothing or names
    another; `tags` are needed, `found` is what it carries; `key_statement` is for the policy
    of its customer key, if it has one.
    """

    credential: str
    arn: str
    deployed: SecretReference | None
    tags: dict[str, str]
    found: dict[str, str]
    key_statement: dict[str, Any]

    @property
    def is_ready(self) -> bool:
        """Whether the tags are there and the deployed file names it. The key is not looked at."""
        return self.deployed is not None and self.tags.items() <= self.found.items()

    def to_dict(self) -> dict[str, Any]:
        """For a program to read."""
        return {
            "credential": self.credential,
            "arn": self.arn,
            "ready": self.is_ready,
            "deployed": self.deployed is not None,
            "tags": {
                key: {"needed": value, "found": self.found.get(key)}
                for key, value in self.tags.items()
            },
            "key_policy_statement": self.key_statement,
        }


def adoption_of(
    deployment: Deployment, secrets: Secrets, name: SecretName, arn: str | None
) -> Adoption:
    """What the secret *arn*, or else the one that the deployed file names, needs.

    Raises:
        CommandError: there is none, or it is out of reach.
    """
    definition = secrets.definition_of(name)
    if definition.family:
        raise UsageError(f"{name} is a family: each tenant's secret is put, none is adopted")
    reference = definition.secret
    arn = arn or (reference.arn if reference else None)
    if arn is None:
        raise UsageError(f"the deployed file names no secret for {name}: say which with --arn")
    _check_reach(deployment, arn)
    return Adoption(
        credential=str(name),
        arn=arn,
        deployed=reference if reference and reference.arn == arn else None,
        tags={tag["Key"]: tag["Value"] for tag in secrets.tags_for(definition)},
        found=secrets.tags_of(arn),
        key_statement=_key_statement(deployment, arn),
    )


def _check_reach(deployment: Deployment, arn: str) -> None:
    here = deployment.output("KeyArn").split(":")[3:5]
    if arn.split(":")[3:5] != here:
        region, account = here
        raise CommandError(f"only secrets of account {account} in {region} can be used: {arn}")


def _key_statement(deployment: Deployment, arn: str) -> dict[str, Any]:
    client = deployment.client("lambda")
    roles = [
        client.get_function_configuration(FunctionName=deployment.output(name))["Role"]
        for name in _FUNCTIONS
    ]
    region = arn.split(":")[3]
    return {
        "Sid": "TokenvendReadsThisSecret",
        "Effect": "Allow",
        "Principal": {"AWS": roles},
        "Action": "kms:Decrypt",
        "Resource": "*",
        "Condition": {
            "StringEquals": {
                "kms:ViaService": f"secretsmanager.{region}.amazonaws.com",
                "kms:EncryptionContext:SecretARN": arn,
            }
        },
    }
