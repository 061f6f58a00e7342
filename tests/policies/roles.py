"""What each function does with AWS: the parts that its composition root gives it, run once.

Each part is run on an AWS in this process, and its calls are recorded. What Lambda itself does by
a function's role, its logs and traces, is added.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

from tests.adapters.connection_samples import CONNECTION, active, journal_entry, pending, successor
from tests.adapters.samples import FAILURE, KEY, SPEC, TOKEN, new_lease
from tests.policies.recorded import DIRECT, LIVE_RENEWAL, TAG, Request
from tests.policies.resolved import KEY as KMS_KEY
from tests.policies.resolved import log_group_arn

from tokenvend.adapters.caller_aliases import LambdaCallerAliases
from tokenvend.adapters.dynamodb.published_keys import DynamoDbPublishedKeys
from tokenvend.adapters.secret_catalog import SecretsManagerCatalog
from tokenvend.domain.consent import ConsentSession
from tokenvend.domain.credential_state import ScheduledReader, observed_in, outage_after
from tokenvend.domain.quota import Quota, microseconds
from tokenvend.domain.renewal import slot_of
from tokenvend.domain.secret import Secret
from tokenvend.ports import Lookup

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


def _read_for_decision(aws: SimpleNamespace) -> None:
    lookup = Lookup(identity="client:shop", credential="ats", token_key=KEY, connection="acme")
    aws.stores.reader.read(lookup)


def _read_without_token_key(aws: SimpleNamespace) -> None:
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


def _record_refusals(aws: SimpleNamespace) -> None:
    aws.stores.states.replace_failure("ats", None, before=None, after=FAILURE)
    began = outage_after(None, datetime.now(UTC))
    aws.stores.states.replace_outage("ats", None, before=None, after=began)
    aws.stores.states.record_observed("ats", None, observed_in(TOKEN))


def _mark_secret_not_ready(aws: SimpleNamespace) -> None:
    aws.stores.states.mark_ready("ats", None, ScheduledReader.KEEP_ALIVE, is_ready=False)


def _read_secrets(aws: SimpleNamespace) -> None:
    for name in (OURS, aws.adopted):
        aws.secrets.describe_secret(SecretId=name)
        aws.secrets.get_secret_value(SecretId=name, VersionStage="AWSCURRENT")


def _sign(aws: SimpleNamespace) -> None:
    aws.recorder.requests.append(Request("kms:Sign", KMS_KEY, TAG))


def _request_identity_token(aws: SimpleNamespace) -> None:
    aws.recorder.requests.append(identity_token("api://directory"))


def identity_token(*audiences: str, seconds: int = 60) -> Request:
    """What IAM is asked for an identity token."""
    context = {"sts:IdentityTokenAudience": [*audiences], "sts:DurationSeconds": str(seconds)}
    return Request("sts:GetWebIdentityToken", "*", context)


def _start_consent(aws: SimpleNamespace) -> None:
    aws.stores.consents.put(TICKET, _session())


def _continue_consent(aws: SimpleNamespace) -> None:
    aws.stores.consents.put(TICKET, _session())
    aws.stores.consents.read(TICKET)
    aws.stores.consents.take(TICKET)


def _store_pending(aws: SimpleNamespace) -> None:
    aws.stores.connections.put_pending(CONNECTION, pending())


def _complete(aws: SimpleNamespace) -> None:
    connections = aws.stores.connections
    before = connections.read(CONNECTION)
    connections.put_consent(before, active())
    connections.owned_by(CONNECTION.owner)


def refresh(aws: SimpleNamespace) -> None:
    connections = aws.stores.connections
    connection = connections.read(CONNECTION)
    assert connection is not None
    entry = journal_entry(connection)
    begun = connections.begin_redemption(connection, entry)
    connections.release_redemption(begun, entry, retry_at=entry.deadline_at)
    connections.finish_redemption(begun, successor())
    connections.mark_lost(begun, entry)


def delete_connection(aws: SimpleNamespace) -> None:
    aws.stores.connections.delete(CONNECTION)


def drop_pending(aws: SimpleNamespace) -> None:
    aws.elsewhere.put_pending(CONNECTION, pending())
    connection = aws.stores.connections.read(CONNECTION)
    aws.stores.connections.drop_pending(connection)


def scan(aws: SimpleNamespace) -> None:
    list(aws.stores.connections.all())


def _find_due(aws: SimpleNamespace) -> None:
    list(aws.stores.tokens.due(slot_of(KEY, TOKEN.expires_at)))


def read_definition(aws: SimpleNamespace) -> None:
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


GO_TO_PROVIDER = (_read_secrets, _sign)
#: Not the command's: its role is a person's, and so another subject.
_PROVE_AND_GO: tuple[Part, ...] = (*GO_TO_PROVIDER, _request_identity_token)
_REQUESTS: tuple[Part, ...] = (
    *(_read_for_decision, _keep_tokens, _reject, _record_refusals, *_PROVE_AND_GO),
    *(_start_consent, _complete, refresh, drop_pending, delete_connection, _draw_permits),
)
#: By role: the log group, and what its function does.
FUNCTIONS: dict[str, tuple[str, tuple[Part, ...]]] = {
    "VendIamRole": ("vend-iam", _REQUESTS),
    "VendOauth2Role": ("vend-oauth2", (*_REQUESTS, _use_subject_token)),
    "VendDirectRole": ("vend-direct", (*_REQUESTS, _use_subject_token)),
    "ConnectPagesRole": (
        "connect-pages",
        (_read_without_token_key, _continue_consent, _store_pending, *_PROVE_AND_GO),
    ),
    "RenewRole": (
        "renew",
        (
            *(_find_due, read_definition, _keep_tokens, _record_refusals, *_PROVE_AND_GO),
            *(refresh, _send_shards),
        ),
    ),
    "KeepAliveRole": (
        "keep-alive",
        (scan, read_definition, refresh, drop_pending, _mark_secret_not_ready, *_PROVE_AND_GO),
    ),
    "SweepRole": ("sweep", (_sweep, read_definition)),
    "JwksRole": ("jwks", (_publish_keys,)),
    "MetadataRole": ("metadata", ()),
}


def of_lambda(group: str) -> list[Request]:
    """What Lambda does in the function's name: write its logs and send its traces."""
    logs = log_group_arn(group)
    return [
        Request("logs:CreateLogStream", logs.removesuffix("*") + "log-stream:one"),
        Request("logs:PutLogEvents", logs.removesuffix("*") + "log-stream:one"),
        Request("xray:PutTraceSegments", "*"),
        Request("xray:PutTelemetryRecords", "*"),
    ]
