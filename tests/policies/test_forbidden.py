"""No role may do anything of a list that it must never do."""

from collections.abc import Mapping

import pytest
from tests.policies.evaluator import decisions_of
from tests.policies.recorded import TAG, Request
from tests.policies.resolved import KEY, Document, function_arn, secret_arn, table_arn
from tests.policies.roles import FUNCTIONS, OURS, identity_token


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
        "start a secret generation": _write(
            "TokensTable", "epoch#x", "secret_generation", action="PutItem"
        ),
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

    decisions = decisions_of(policies, role, list(forbidden.values()))

    allowed = [what for what, said in zip(forbidden, decisions, strict=True) if said == "Allowed"]
    assert allowed == []
