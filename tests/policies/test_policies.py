"""Each role may do what its function does, and nothing of a list that it must never do."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws
from scripts.expand import ACCOUNT
from tests.adapters.aws import Tables
from tests.adapters.connection_samples import CONNECTION, active
from tests.policies.recorded import TAG, Recorder, Request
from tests.policies.resolved import (
    KEY,
    REGION,
    Document,
    function_arn,
    resolved_policies,
    secret_arn,
    table,
    table_arn,
)
from tests.policies.roles import (
    ADOPTED,
    FUNCTIONS,
    OPERATORS,
    OURS,
    RESTORERS,
    RESTORES,
    identity_token,
    of_lambda,
)

import tokenvend.composition.stores
from tokenvend.adapters.aws_errors import AwsRefusedError
from tokenvend.adapters.clock import SystemClock
from tokenvend.composition.settings import Settings
from tokenvend.composition.stores import Stores

NODE = Path(__file__).parents[1] / "node"
TABLES = {name: table(name) for name in ("RegistryTable", "TokensTable", "ConnectionsTable")}


@pytest.fixture(scope="module")
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


def _decisions(
    policies: Mapping[str, list[Document]], role: str, requests: list[Request]
) -> list[str]:
    """The evaluator's word for each request: `Allowed`, or how it is denied."""
    asked = {
        "account": ACCOUNT,
        "policies": {role: policies[role]},
        "requests": [each.of(role) for each in requests],
    }
    ran = subprocess.run(
        ["node", NODE / "evaluate.mjs"],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    answers = json.loads(ran.stdout)
    for request, answer in zip(requests, answers, strict=True):
        assert not answer["errors"], (request, answer)
        assert not answer["ignored"], (request, answer)
    return [answer["decision"] for answer in answers]


@pytest.mark.parametrize("role", FUNCTIONS)
def test_function_may_do_all_that_it_does(
    policies: Mapping[str, list[Document]], aws: SimpleNamespace, role: str
) -> None:
    group, parts = FUNCTIONS[role]
    for part in parts:
        part(aws)
    requests = [*aws.recorder.requests, *of_lambda(group)]

    decisions = _decisions(policies, role, requests)

    refused = [each for each, said in zip(requests, decisions, strict=True) if said != "Allowed"]
    assert refused == []


@pytest.mark.parametrize("policy", OPERATORS)
def test_operator_may_do_all_that_the_command_does(
    policies: Mapping[str, list[Document]], aws: SimpleNamespace, policy: str
) -> None:
    for part in OPERATORS[policy]:
        part(aws)
    requests = aws.recorder.requests

    decisions = _decisions(policies, policy, requests)

    refused = [each for each, said in zip(requests, decisions, strict=True) if said != "Allowed"]
    assert refused == []


def test_whoever_restores_reads_the_restored_table_and_writes_ours_alone(
    policies: Mapping[str, list[Document]], aws: SimpleNamespace
) -> None:
    together = {"Restorer": [each for name in RESTORERS for each in policies[name]]}
    for part in RESTORES:
        part(aws)
    requests = aws.recorder.requests
    theirs = "arn:aws:dynamodb:eu-west-1:111122223333:table"
    forbidden = [
        Request("dynamodb:PutItem", f"{theirs}/{aws.restored}"),
        Request("dynamodb:DeleteItem", f"{theirs}/{aws.restored}"),
        Request("dynamodb:Scan", f"{theirs}/payments"),
        Request("dynamodb:DeleteTable", f"{theirs}/{aws.restored}"),
    ]

    decisions = _decisions(together, "Restorer", [*requests, *forbidden])

    asked = zip(requests, decisions, strict=False)
    assert [each for each, said in asked if said != "Allowed"] == []
    assert {each.resource.rpartition("/")[2] for each in requests} >= {aws.restored}
    assert "Allowed" not in decisions[len(requests) :]


def test_every_role_of_the_template_is_tried(policies: Mapping[str, list[Document]]) -> None:
    assert {name for name in policies if name.endswith("Role")} == FUNCTIONS.keys()


def _write(table_name: str, key: str, *attributes: str, action: str = "UpdateItem") -> Request:
    return Request(
        f"dynamodb:{action}",
        table_arn(table_name),
        {
            "dynamodb:LeadingKeys": [key],
            "dynamodb:Attributes": ["pk", *attributes],
            "dynamodb:ReturnValues": "NONE",
        },
    )


def _under(logical_table: str, deployment: str = "tokenvend", action: str = "Decrypt") -> Request:
    context = {
        "kms:EncryptionContext:tokenvend:deployment": deployment,
        "kms:EncryptionContext:tokenvend:table": logical_table,
    }
    return Request(f"kms:{action}", KEY, context)


SOMEBODY_ELSES = {"aws:ResourceTag/tokenvend:deployment": "another"}
NEVER = {
    "write the registry": _write("RegistryTable", "client:shop", "document", action="PutItem"),
    "change the registry": _write("RegistryTable", "client:shop", "document"),
    "decrypt as another deployment": _under("tokens", "another"),
    "decrypt without a context": Request("kms:Decrypt", KEY),
    "read another's secret": Request(
        "secretsmanager:GetSecretValue", secret_arn("payroll"), SOMEBODY_ELSES
    ),
    "read an untagged secret": Request("secretsmanager:GetSecretValue", secret_arn("payroll")),
    "write a secret": Request("secretsmanager:PutSecretValue", secret_arn(OURS)),
    "sign with another's key": Request("kms:Sign", KEY, SOMEBODY_ELSES),
    "delete a table": Request("dynamodb:DeleteTable", table_arn("ConnectionsTable")),
    "invoke the direct function": Request(
        "lambda:InvokeFunction", function_arn("VendDirectFunction") + ":live"
    ),
    "delete the key": Request("kms:ScheduleKeyDeletion", KEY),
    "prove itself elsewhere": identity_token("https://elsewhere.example"),
    "prove itself there and elsewhere": identity_token("api://directory", "https://elsewhere"),
    "prove itself for long": identity_token("api://directory", seconds=61),
    "prove itself to nobody in particular": Request("sts:GetWebIdentityToken", "*"),
}
FORBIDDEN = {
    "VendIamRole": {
        "start an epoch": _write("TokensTable", "epoch#x", "secret_generation", action="PutItem"),
        "write an item of another kind": _write("TokensTable", "other#x", "x", action="PutItem"),
        "make a key for pending consents": _under("pending", action="GenerateDataKey"),
        "scan the consents": Request("dynamodb:Scan", table_arn("ConnectionsTable")),
        "use a subject token up": _write("TokensTable", "replay#x", "used_by"),
        "put a quota": _write("TokensTable", "quota#x", "empty_at", action="PutItem"),
    },
    "VendOauth2Role": {
        "put a used subject token": _write("TokensTable", "replay#x", "used_by", action="PutItem"),
        "forget a used subject token": Request(
            "dynamodb:DeleteItem",
            table_arn("TokensTable"),
            {"dynamodb:LeadingKeys": ["replay#x"]},
        ),
        "trust an issuer": _write("RegistryTable", "issuer#x", "document"),
    },
    "ConnectPagesRole": {
        "open a consent that stands": _under("connections"),
        "make a key for consents": _under("connections", action="GenerateDataKey"),
        "read a connection": Request(
            "dynamodb:GetItem", table_arn("ConnectionsTable"), {"dynamodb:LeadingKeys": ["c#x"]}
        ),
        "replace a consent": _write("ConnectionsTable", "connection#x", "consent", "consent_key"),
        "write a token": _write("TokensTable", "token#x", "token", action="PutItem"),
        "share a key for consents": _write(
            "TokensTable", "datakey#connections#2026-01-01", "wrapped_key", action="PutItem"
        ),
        "read a token": Request(
            "dynamodb:GetItem", table_arn("TokensTable"), {"dynamodb:LeadingKeys": ["token#x"]}
        ),
    },
    "RenewRole": {
        "draw permits": _write("TokensTable", "quota#x", "empty_at"),
        "delete a connection": Request(
            "dynamodb:DeleteItem", table_arn("ConnectionsTable"), {"dynamodb:LeadingKeys": ["c"]}
        ),
        "start a consent": _write("TokensTable", "consent#x", "session", action="PutItem"),
        "invoke its own newest code": Request(
            "lambda:InvokeFunction", function_arn("RenewFunction")
        ),
    },
    "KeepAliveRole": {
        "open a token": _under("tokens"),
        "write a token": _write("TokensTable", "token#x", "token", action="PutItem"),
    },
    "SweepRole": {
        "read a secret of ours": Request("secretsmanager:GetSecretValue", secret_arn(OURS)),
        "open a token": _under("tokens"),
        "write a token": _write("TokensTable", "token#x", "token", action="PutItem"),
    },
    "JwksRole": {
        "read a grant": Request(
            "dynamodb:GetItem", table_arn("RegistryTable"), {"dynamodb:LeadingKeys": ["client:x"]}
        ),
        "sign": Request("kms:Sign", KEY, TAG),
        "prove itself": identity_token("api://directory"),
    },
}


@pytest.mark.parametrize("role", FUNCTIONS)
def test_function_may_do_nothing_that_it_must_not(
    policies: Mapping[str, list[Document]], role: str
) -> None:
    forbidden = NEVER | FORBIDDEN.get(role, {})

    decisions = _decisions(policies, role, list(forbidden.values()))

    allowed = [what for what, said in zip(forbidden, decisions, strict=True) if said == "Allowed"]
    assert allowed == []


@pytest.mark.parametrize(
    "policy", ["RegistryWriterPolicy", "ConnectionOperatorPolicy", "SecretWriterPolicy"]
)
def test_operator_finds_the_stack_by_its_name_and_by_its_id(
    policies: Mapping[str, list[Document]], policy: str
) -> None:
    stack = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack"
    asked = [
        Request("cloudformation:DescribeStacks", f"{stack}/tokenvend/{suffix}")
        for suffix in ("*", "1b2c")
    ]
    other = Request("cloudformation:DescribeStacks", f"{stack}/another/1b2c")

    assert _decisions(policies, policy, [*asked, other]) == [
        *("Allowed", "Allowed"),
        "ImplicitlyDenied",
    ]
