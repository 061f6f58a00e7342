"""What each function does with AWS: the parts that its composition root gives it, run once.

Each part is run on an AWS in this process, and its calls are recorded. What Lambda itself does by
a function's role, its logs and traces, is added.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from tests.adapters.connection_samples import CONNECTION, active, journal_entry, pending, successor
from tests.adapters.samples import FAILURE, KEY, SPEC, TOKEN, new_lease
from tests.policies.recorded import DIRECT, LIVE_RENEWAL, TAG, Request
from tests.policies.resolved import KEY as KMS_KEY
from tests.policies.resolved import log_group_arn
from tests.unit.vending.harness import DEFINITION

from tokenvend.adapters.caller_aliases import LambdaCallerAliases
from tokenvend.adapters.dynamodb.published_keys import DynamoDbPublishedKeys
from tokenvend.adapters.dynamodb.registry_items import RegistryItem
from tokenvend.adapters.secret_catalog import SecretsManagerCatalog
from tokenvend.domain.consent import ConsentSession
from tokenvend.domain.credential_state import ScheduledReader, observed_in, outage_after
from tokenvend.domain.quota import Quota, microseconds
from tokenvend.domain.renewal import slot_of
from tokenvend.domain.secret import Secret
from tokenvend.ports import Lookup
from tokenvend_cli.deployment.alias_policy import ResourcePolicies
from tokenvend_cli.deployment.aliases import AliasAction, AliasChange, Aliases
from tokenvend_cli.deployment.registry_table import RegistryTable, Writes
from tokenvend_cli.deployment.secret_status import SecretName
from tokenvend_cli.deployment.secrets import Secrets

TICKET = Secret("a-ticket")
OURS, ADOPTED = "tokenvend/tokenvend/jobs", "theirs"

type Part = Callable[[SimpleNamespace], object]


def _session() -> ConsentSession:
    return ConsentSession(
        identity="client:shop",
        key=CONNECTION,
        scopes=frozenset({"jobs_read"}),
        return_url="https://app.example/done",
        expires_at=datetime.now(UTC) + timedelta(minutes=10),
    )


def _decide(aws: SimpleNamespace) -> None:
    lookup = Lookup(identity="client:shop", credential="ats", token_key=KEY, connection="acme")
    aws.stores.reader.read(lookup)


def _decide_unkeyed(aws: SimpleNamespace) -> None:
    aws.stores.reader.read(Lookup(identity="client:shop", credential="ats", connection="acme"))


def _keep_tokens(aws: SimpleNamespace) -> None:
    tokens, lease = aws.stores.tokens, new_lease()
    tokens.read(KEY)
    tokens.acquire_lease(KEY, lease, instead_of=None)
    tokens.put_token(KEY, TOKEN, spec=SPEC, lease=lease)
    tokens.schedule_renewal(KEY, TOKEN, slot_of(KEY, TOKEN.expires_at))
    again = new_lease()
    tokens.acquire_lease(KEY, again, instead_of=None)
    tokens.release_lease(KEY, lease=again, failure=FAILURE)


def _use_subject_token(aws: SimpleNamespace) -> None:
    until = datetime.now(UTC) + timedelta(minutes=5)
    aws.stores.used_tokens.use("https://ci.example", "one", until=until)
    aws.stores.issuers.read("https://ci.example")


def _draw_permits(aws: SimpleNamespace) -> None:
    aws.stores.quotas.draw(
        "shop", Quota(60, 10), 1, now=microseconds(datetime.now(UTC)), from_full=True
    )


def _reject(aws: SimpleNamespace) -> None:
    aws.stores.tokens.reject(KEY, TOKEN)


def _tell_of_refusals(aws: SimpleNamespace) -> None:
    aws.stores.states.replace_failure("ats", None, before=None, after=FAILURE)
    began = outage_after(None, datetime.now(UTC))
    aws.stores.states.replace_outage("ats", None, before=None, after=began)
    aws.stores.states.record_observed("ats", None, observed_in(TOKEN))


def _tell_of_secret(aws: SimpleNamespace) -> None:
    aws.stores.states.mark_ready("ats", None, ScheduledReader.KEEP_ALIVE, is_ready=False)


def _read_secrets(aws: SimpleNamespace) -> None:
    for name in (OURS, aws.adopted):
        aws.secrets.describe_secret(SecretId=name)
        aws.secrets.get_secret_value(SecretId=name, VersionStage="AWSCURRENT")


def _sign(aws: SimpleNamespace) -> None:
    aws.recorder.requests.append(Request("kms:Sign", KMS_KEY, TAG))


def _prove_itself(aws: SimpleNamespace) -> None:
    aws.recorder.requests.append(identity_token("api://directory"))


def identity_token(*audiences: str, seconds: int = 60) -> Request:
    """What IAM is asked for an identity token."""
    context = {"sts:IdentityTokenAudience": [*audiences], "sts:DurationSeconds": str(seconds)}
    return Request("sts:GetWebIdentityToken", "*", context)


def _start_consent(aws: SimpleNamespace) -> None:
    aws.stores.consents.put(TICKET, _session())


def _lead_user_on(aws: SimpleNamespace) -> None:
    aws.stores.consents.put(TICKET, _session())
    aws.stores.consents.read(TICKET)
    aws.stores.consents.take(TICKET)


def _bring_pending(aws: SimpleNamespace) -> None:
    aws.stores.connections.put_pending(CONNECTION, pending())


def _complete(aws: SimpleNamespace) -> None:
    connections = aws.stores.connections
    before = connections.read(CONNECTION)
    connections.put_consent(before, active())
    connections.owned_by(CONNECTION.owner)


def _refresh(aws: SimpleNamespace) -> None:
    connections = aws.stores.connections
    connection = connections.read(CONNECTION)
    assert connection is not None
    entry = journal_entry(connection)
    begun = connections.begin_redemption(connection, entry)
    connections.release_redemption(begun, entry, retry_at=entry.deadline_at)
    connections.finish_redemption(begun, successor())
    connections.mark_lost(begun, entry)


def _end(aws: SimpleNamespace) -> None:
    aws.stores.connections.delete(CONNECTION)


def _drop(aws: SimpleNamespace) -> None:
    aws.elsewhere.put_pending(CONNECTION, pending())
    connection = aws.stores.connections.read(CONNECTION)
    aws.stores.connections.drop_pending(connection)


def _scan(aws: SimpleNamespace) -> None:
    list(aws.stores.connections.all())


def _find_due(aws: SimpleNamespace) -> None:
    list(aws.stores.tokens.due(slot_of(KEY, TOKEN.expires_at)))


def _read_definition(aws: SimpleNamespace) -> None:
    aws.stores.credentials.read("ats", None, connection=CONNECTION)


def _send_shards(aws: SimpleNamespace) -> None:
    aws.try_call(aws.functions.invoke, FunctionName=LIVE_RENEWAL, InvocationType="Event")


def _sweep(aws: SimpleNamespace) -> None:
    catalog = SecretsManagerCatalog(
        aws.secrets, prefix="tokenvend/tokenvend/", deployment="tokenvend"
    )
    list(catalog.secrets())
    list(catalog.secret(OURS))
    list(catalog.secret(aws.adopted))
    aws.stores.states.start_secret_generation("ats", None, "v2")
    aws.try_call(LambdaCallerAliases(aws.functions, function=DIRECT).behind)


def _publish_keys(aws: SimpleNamespace) -> None:
    DynamoDbPublishedKeys(aws.dynamodb, table=aws.registry).read()
    aws.recorder.requests.append(Request("kms:GetPublicKey", KMS_KEY, TAG))


def _operated(aws: SimpleNamespace) -> Any:
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
    aliases, alias = Aliases(_operated(aws)), f"{DIRECT}:shop"
    aws.try_call(aliases.behind)
    for action in (AliasAction.MAKE, AliasAction.MOVE, AliasAction.ALLOW):
        change = AliasChange(action, "shop", "7", ("arn:aws:iam::111122223333:role/shop",))
        aws.try_call(aliases.make_ready, changes=[change])
    aws.try_call(aliases.remove, changes=[AliasChange(AliasAction.REMOVE, "shop")])
    policies = ResourcePolicies(aws.functions)
    aws.try_call(policies.allows_only, alias_arn=alias, principals=[])
    aws.try_call(policies.allow_only, alias_arn=alias, principals=[])


def _put_secrets(aws: SimpleNamespace) -> None:
    secrets = Secrets(_operated(aws))
    for definition in secrets.definitions.all():
        secrets.names(definition)
    for name in ("jobs", "new"):
        seen = secrets.look(SecretName(name), DEFINITION)
        secrets.put(seen, {"client_id": "id", "client_secret": "example"})
        secrets.put(secrets.look(SecretName(name), DEFINITION), {"client_id": "id"})
        secrets.put_if_changed(secrets.look(SecretName(name), DEFINITION), {"client_id": "id"})


_GO_TO_PROVIDER = (_read_secrets, _sign)
#: Not the command's: its role is a person's, and so another subject.
_PROVE_AND_GO: tuple[Part, ...] = (*_GO_TO_PROVIDER, _prove_itself)
_REQUESTS: tuple[Part, ...] = (
    *(_decide, _keep_tokens, _reject, _tell_of_refusals, *_PROVE_AND_GO),
    *(_start_consent, _complete, _refresh, _drop, _end, _draw_permits),
)
#: By role: the log group, and what its function does.
FUNCTIONS: dict[str, tuple[str, tuple[Part, ...]]] = {
    "VendIamRole": ("vend-iam", _REQUESTS),
    "VendOauth2Role": ("vend-oauth2", (*_REQUESTS, _use_subject_token)),
    "VendDirectRole": ("vend-direct", (*_REQUESTS, _use_subject_token)),
    "ConnectPagesRole": (
        "connect-pages",
        (_decide_unkeyed, _lead_user_on, _bring_pending, *_PROVE_AND_GO),
    ),
    "RenewRole": (
        "renew",
        (
            *(_find_due, _read_definition, _keep_tokens, _tell_of_refusals, *_PROVE_AND_GO),
            *(_refresh, _send_shards),
        ),
    ),
    "KeepAliveRole": (
        "keep-alive",
        (_scan, _read_definition, _refresh, _drop, _tell_of_secret, *_PROVE_AND_GO),
    ),
    "SweepRole": ("sweep", (_sweep, _read_definition)),
    "JwksRole": ("jwks", (_publish_keys,)),
    "MetadataRole": ("metadata", ()),
}
#: By the policy for operators: what the command does under it.
OPERATORS: dict[str, tuple[Part, ...]] = {
    "RegistryWriterPolicy": (_apply, _make_aliases),
    "SecretWriterPolicy": (_put_secrets,),
    "ConnectionOperatorPolicy": (_scan, _read_definition, _refresh, _drop, _end, *_GO_TO_PROVIDER),
}
#: Whoever restores has all of these policies.
RESTORERS = ("RegistryWriterPolicy", "ConnectionOperatorPolicy", "RestorePolicy")
RESTORES: tuple[Part, ...] = (_read_restored, _apply, _scan, _refresh)


def of_lambda(group: str) -> list[Request]:
    """What Lambda does in the function's name: write its logs and send its traces."""
    logs = log_group_arn(group)
    return [
        Request("logs:CreateLogStream", logs.removesuffix("*") + "log-stream:one"),
        Request("logs:PutLogEvents", logs.removesuffix("*") + "log-stream:one"),
        Request("xray:PutTraceSegments", "*"),
        Request("xray:PutTelemetryRecords", "*"),
    ]
