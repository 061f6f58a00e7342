"""What the command does with AWS, by the policy that an operator has for it."""

from types import SimpleNamespace
from typing import Any

from tests.policies.recorded import DIRECT
from tests.policies.roles import (
    GO_TO_PROVIDER,
    Part,
    delete_connection,
    drop_pending,
    read_definition,
    refresh,
    scan,
)
from tests.unit.vending.harness import DEFINITION

from tokenvend.adapters.dynamodb.registry_items import RegistryItem
from tokenvend_cli.deployment.alias_policy import ResourcePolicies
from tokenvend_cli.deployment.aliases import AliasAction, AliasChange, Aliases
from tokenvend_cli.deployment.registry_table import RegistryTable, Writes
from tokenvend_cli.deployment.secret_status import SecretName
from tokenvend_cli.deployment.secrets import Secrets


def _deployment_of(aws: SimpleNamespace) -> Any:
    """The deployment as the command's parts see it: clients and outputs."""
    outputs = {
        "DeploymentId": "tokenvend",
        "RegistryTableName": aws.registry,
        "SecretPrefix": "tokenvend/tokenvend/",
        "TokensTableName": aws.tokens,
        "VendDirectFunctionName": DIRECT,
    }
    clients = {
        "dynamodb": aws.dynamodb,
        "lambda": aws.functions,
        "secretsmanager": aws.secrets,
    }
    return SimpleNamespace(
        client=clients.__getitem__,
        output=outputs.__getitem__,
        outputs=outputs,
        is_local_stack=False,
    )


def _apply(aws: SimpleNamespace) -> None:
    table = RegistryTable(aws.dynamodb, aws.registry, deployment="tokenvend")
    revision = table.read().revision
    item = RegistryItem("client:shop", "*", {"caller": "shop"})
    table.write(Writes(put=[item]), revision=revision)
    table.write(Writes(delete=[item]), revision=revision + 1)


def _read_restored(aws: SimpleNamespace) -> None:
    """Both kinds of restored tables are read whole."""
    RegistryTable(aws.dynamodb, aws.restored).read()
    aws.dynamodb.scan(TableName=aws.restored, ConsistentRead=True)


def _make_aliases(aws: SimpleNamespace) -> None:
    aliases, alias = Aliases(_deployment_of(aws)), f"{DIRECT}:shop"
    aws.try_call(aliases.behind)
    for action in (AliasAction.MAKE, AliasAction.MOVE, AliasAction.ALLOW):
        change = AliasChange(action, "shop", "7", ("arn:aws:iam::111122223333:role/shop",))
        aws.try_call(aliases.make_ready, changes=[change])
    aws.try_call(aliases.remove, changes=[AliasChange(AliasAction.REMOVE, "shop")])
    policies = ResourcePolicies(aws.functions)
    aws.try_call(policies.allows_only, alias_arn=alias, principals=[])
    aws.try_call(policies.allow_only, alias_arn=alias, principals=[])


def _put_secrets(aws: SimpleNamespace) -> None:
    secrets = Secrets(_deployment_of(aws))
    for definition in secrets.definitions.all():
        secrets.names(definition)
    for name in ("jobs", "new"):
        seen = secrets.look(SecretName(name), DEFINITION)
        secrets.put(seen, {"client_id": "id", "client_secret": "example"})
        secrets.put(secrets.look(SecretName(name), DEFINITION), {"client_id": "id"})
        secrets.put_if_changed(secrets.look(SecretName(name), DEFINITION), {"client_id": "id"})


#: By the policy for operators: what the command does under it.
OPERATORS: dict[str, tuple[Part, ...]] = {
    "RegistryWriterPolicy": (_apply, _make_aliases),
    "SecretWriterPolicy": (_put_secrets,),
    "ConnectionOperatorPolicy": (
        scan,
        read_definition,
        refresh,
        drop_pending,
        delete_connection,
        *GO_TO_PROVIDER,
    ),
}
#: Whoever restores has all of these policies.
RESTORERS = ("RegistryWriterPolicy", "ConnectionOperatorPolicy", "RestorePolicy")
RESTORES: tuple[Part, ...] = (_read_restored, _apply, scan, refresh)
