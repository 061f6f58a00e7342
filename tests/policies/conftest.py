"""A deployment in this process whose calls are recorded, and the policies of its roles."""

from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from tests.adapters.aws import Tables
from tests.adapters.connection_samples import CONNECTION, active
from tests.policies.recorded import Recorder
from tests.policies.resolved import REGION, Document, resolved_policies, table
from tests.policies.roles import ADOPTED, OURS

import tokenvend.composition.stores
from tokenvend.adapters.aws_errors import AwsRefusedError
from tokenvend.adapters.clock import SystemClock
from tokenvend.composition.settings import Settings
from tokenvend.composition.stores import Stores

TABLES = {name: table(name) for name in ("RegistryTable", "TokensTable", "ConnectionsTable")}


@pytest.fixture(scope="session")
def policies() -> Mapping[str, list[Document]]:
    return resolved_policies()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[SimpleNamespace]:
    """A deployment's tables, key and secrets in this process; what is asked of them is recorded."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        clients, others = _clients(), _clients()
        Tables(clients["dynamodb"], *TABLES.values()).create()
        restored = [f"tokenvend-restored{number}" for number in range(3)]
        Tables(clients["dynamodb"], *restored).create()
        secrets = clients["secretsmanager"]
        tags = [{"Key": "tokenvend:deployment", "Value": "tokenvend"}]
        arns = [
            secrets.create_secret(Name=name, SecretString="{}", Tags=tags)["ARN"]
            for name in (OURS, ADOPTED)
        ]
        settings = Settings.from_environment(
            {
                "TOKENVEND_DEPLOYMENT": "tokenvend",
                "TOKENVEND_REGISTRY_TABLE": TABLES["RegistryTable"],
                "TOKENVEND_TOKENS_TABLE": TABLES["TokensTable"],
                "TOKENVEND_CONNECTIONS_TABLE": TABLES["ConnectionsTable"],
                "TOKENVEND_KEY_ARN": clients["kms"].create_key()["KeyMetadata"]["Arn"],
                "TOKENVEND_SECRET_PREFIX": "tokenvend/tokenvend/",
            }
        )
        # What other functions have done before is not recorded: a user has consented.
        monkeypatch.setattr(tokenvend.composition.stores, "aws_client", others.__getitem__)
        elsewhere = Stores(settings, SystemClock()).connections
        elsewhere.put_consent(None, active(CONNECTION))
        monkeypatch.setattr(tokenvend.composition.stores, "aws_client", clients.__getitem__)
        recorder = Recorder()
        for client in clients.values():
            recorder.listen(client)
        yield SimpleNamespace(
            stores=Stores(settings, SystemClock()),
            elsewhere=elsewhere,
            recorder=recorder,
            dynamodb=clients["dynamodb"],
            secrets=secrets,
            functions=clients["lambda"],
            adopted=arns[1],
            registry=TABLES["RegistryTable"],
            restored=restored[0],
            tokens=TABLES["TokensTable"],
            try_call=_try_call,
        )


def _clients() -> dict[str, Any]:
    session = boto3.Session(region_name=REGION)
    names = ("dynamodb", "kms", "lambda", "secretsmanager")
    return {name: session.client(name) for name in names}  # type: ignore[call-overload]


def _try_call(call: Any, **arguments: Any) -> None:
    """There is no function in this AWS; what was asked of it is recorded all the same."""
    try:
        call(**arguments)
    except (AwsRefusedError, ClientError, NotImplementedError):
        return
