"""What the roles of the functions may do, by IAM's own policy simulator."""

from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from tokenvend_smoke.outcome import DidNotHoldError, require
from tokenvend_smoke.run import Smoke

type Context = Mapping[str, tuple[str, list[str]]]


def _keys(*pks: str) -> Context:
    return {"dynamodb:LeadingKeys": ("stringList", list(pks))}


def functions_write_tokens_only(smoke: Smoke) -> None:
    """A vending function may put `token#…`, and no `secret_generation#…` item."""
    table = _table(smoke, "TokensTableName")
    _expect(smoke, "VendIam", "dynamodb:PutItem", table, _keys("token#x"), allowed=True)
    _expect(smoke, "VendIam", "dynamodb:PutItem", table, _keys("epoch#x"), allowed=False)


def only_callers_functions_draw_permits(smoke: Smoke) -> None:
    """A vending function may write `quota#…`, and the renewal may not."""
    table = _table(smoke, "TokensTableName")
    for function, allowed in (("VendIam", True), ("Renew", False)):
        _expect(smoke, function, "dynamodb:UpdateItem", table, _keys("quota#x"), allowed=allowed)


def only_oauth2_uses_subject_tokens(smoke: Smoke) -> None:
    """The function of `/oauth2` may write `replay#…`, and the one of `/iam` may not."""
    table = _table(smoke, "TokensTableName")
    for function, allowed in (("VendOauth2", True), ("VendIam", False)):
        _expect(smoke, function, "dynamodb:UpdateItem", table, _keys("replay#x"), allowed=allowed)


def pages_write_consents_only(smoke: Smoke) -> None:
    """The pages' function may put `consent#…`, and no `token#…` item."""
    table = _table(smoke, "TokensTableName")
    _expect(smoke, "ConnectPages", "dynamodb:PutItem", table, _keys("consent#x"), allowed=True)
    _expect(smoke, "ConnectPages", "dynamodb:PutItem", table, _keys("token#x"), allowed=False)


def pages_touch_what_is_pending_only(smoke: Smoke) -> None:
    """The pages' function may write a pending consent of a connection, and no standing one."""
    table, action = _table(smoke, "ConnectionsTableName"), "dynamodb:UpdateItem"

    def attributes(*names: str) -> Context:
        return {
            "dynamodb:Attributes": ("stringList", list(names)),
            "dynamodb:ReturnValues": ("string", ["NONE"]),
        }

    _expect(smoke, "ConnectPages", action, table, attributes("pk", "pending_id"), allowed=True)
    _expect(smoke, "ConnectPages", action, table, attributes("pk", "consent"), allowed=False)


def pages_open_what_is_pending_only(smoke: Smoke) -> None:
    """The pages' function may decrypt a pending consent, and no standing one."""
    key = smoke.account.outputs()["KeyArn"]

    def sealed(table: str) -> Context:
        return {
            "kms:EncryptionContext:tokenvend:deployment": ("string", [smoke.account.deployment_id]),
            "kms:EncryptionContext:tokenvend:table": ("string", [table]),
        }

    _expect(smoke, "ConnectPages", "kms:Decrypt", key, sealed("pending"), allowed=True)
    _expect(smoke, "ConnectPages", "kms:Decrypt", key, sealed("connections"), allowed=False)


def code_makes_no_network_interfaces(smoke: Smoke) -> None:
    """A function's code may not do what Lambda does with its role for a VPC."""
    function = _function(smoke, "VendIam")
    context: Context = {"lambda:SourceFunctionArn": ("string", [function["FunctionArn"]])}
    action = "ec2:CreateNetworkInterface"
    _expect(smoke, "VendIam", action, "*", {}, allowed=True)
    decision = _decision(smoke, "VendIam", action, "*", context)
    require(decision == "explicitDeny", f"{action} of its code is {decision}")


def keys_need_their_context(smoke: Smoke) -> None:
    """A stored data key is not decrypted without its encryption context."""
    found = smoke.account.client("dynamodb").scan(
        TableName=smoke.account.outputs()["TokensTableName"],
        FilterExpression="begins_with(pk, :datakey)",
        ExpressionAttributeValues={":datakey": {"S": "datakey#"}},
    )["Items"]
    require(found, "no data key is stored")
    try:
        smoke.account.client("kms").decrypt(CiphertextBlob=found[0]["wrapped_key"]["B"])
    except ClientError as error:
        refused = {"InvalidCiphertextException", "AccessDeniedException"}
        if error.response["Error"]["Code"] not in refused:
            raise
        return
    raise DidNotHoldError("KMS decrypted it")


def _expect(
    smoke: Smoke, function: str, action: str, resource: str, context: Context, *, allowed: bool
) -> None:
    decision = _decision(smoke, function, action, resource, context)
    require(
        (decision == "allowed") is allowed,
        f"{action} of {function} is {decision} with {dict(context)}",
    )


def _decision(smoke: Smoke, function: str, action: str, resource: str, context: Context) -> str:
    entries = [
        {"ContextKeyName": name, "ContextKeyType": kind, "ContextKeyValues": values}
        for name, (kind, values) in context.items()
    ]
    evaluated = smoke.account.client("iam").simulate_principal_policy(
        PolicySourceArn=_function(smoke, function)["Role"],
        ActionNames=[action],
        ResourceArns=[resource],
        ContextEntries=entries,
    )["EvaluationResults"][0]
    return str(evaluated["EvalDecision"])


def _function(smoke: Smoke, function: str) -> Mapping[str, Any]:
    name = smoke.account.outputs()[f"{function}FunctionName"]
    found: Mapping[str, Any] = smoke.account.client("lambda").get_function_configuration(
        FunctionName=name
    )
    return found


def _table(smoke: Smoke, output: str) -> str:
    name = smoke.account.outputs()[output]
    described = smoke.account.client("dynamodb").describe_table(TableName=name)["Table"]
    return str(described["TableArn"])
