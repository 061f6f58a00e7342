"""The calls that a function's parts make to AWS, as the requests that IAM decides on."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.policies.resolved import KEY, REGION, STACK, function_arn, secret_arn, table_arn

TAG = {"aws:ResourceTag/tokenvend:deployment": "tokenvend"}
_TABLES = ("RegistryTable", "TokensTable", "ConnectionsTable")
#: Names in an expression: functions and values are none, and keywords are in capitals.
_NAMES = re.compile(r"(?<![:#\w])[a-z_]\w*")
_FUNCTIONS = {"attribute_exists", "attribute_not_exists"}


@dataclass(frozen=True, slots=True)
class Request:
    """What IAM is asked: may this be done to that, under these condition keys?"""

    action: str
    resource: str
    context: Mapping[str, Any] = field(default_factory=dict)

    def of(self, role: str) -> dict[str, Any]:
        """The request as *role* makes it."""
        context = {"aws:PrincipalAccount": "111122223333", **self.context}
        return {
            "role": role,
            "action": self.action,
            "resource": self.resource,
            "context": context,
        }


class Recorder:
    """Records each call of a botocore client."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def listen(self, client: Any) -> Any:
        """Record the calls of *client* from now on."""
        client.meta.events.register("provide-client-params.*.*", self._record)
        return client

    def _record(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        service, operation = model.service_model.service_name, model.name
        self.requests += _REQUESTS[service](operation, params)


def _dynamodb(operation: str, params: dict[str, Any]) -> Iterator[Request]:
    if operation == "BatchGetItem":
        for table, wanted in params["RequestItems"].items():
            keys = [each["pk"]["S"] for each in wanted["Keys"]]
            yield from _on_table(operation, table, {"dynamodb:LeadingKeys": keys})
        return
    if operation == "TransactWriteItems":
        # A transaction needs the right to each of its operations, and none of its own.
        for step in params["TransactItems"]:
            for kind, item in step.items():
                yield from _dynamodb(f"{kind}Item", item)
        return
    context: dict[str, Any] = {}
    key = params.get("Key") or params.get("Item")
    if key is not None:
        context["dynamodb:LeadingKeys"] = [key["pk"]["S"]]
    if operation in {"PutItem", "UpdateItem"}:
        context["dynamodb:Attributes"] = sorted(_attributes(params))
    if operation in {"DeleteItem", "PutItem", "UpdateItem"}:
        context["dynamodb:ReturnValues"] = params.get("ReturnValues", "NONE")
    yield from _on_table(operation, params["TableName"], context, params.get("IndexName"))


def _attributes(params: dict[str, Any]) -> set[str]:
    texts = (params.get("UpdateExpression", ""), params.get("ConditionExpression", ""))
    named = {name for text in texts for name in _NAMES.findall(text)} - _FUNCTIONS
    named |= set(params.get("ExpressionAttributeNames", {}).values())
    return named | set(params.get("Item", {})) | set(params.get("Key", {}))


def _on_table(
    operation: str, table: str, context: dict[str, Any], index: str | None = None
) -> Iterator[Request]:
    # A table that was restored has a name that its operator gave it.
    name = next((each for each in _TABLES if table.endswith(each)), table.removeprefix(f"{STACK}-"))
    suffix = f"/index/{index}" if index else ""
    yield Request(f"dynamodb:{operation}", table_arn(name) + suffix, context)
    # The tables are encrypted with the customer key, which DynamoDB uses in the caller's name.
    via = {"kms:ViaService": f"dynamodb.{REGION}.amazonaws.com"}
    yield Request("kms:Decrypt", KEY, via)


def _kms(operation: str, params: dict[str, Any]) -> Iterator[Request]:
    context = {
        f"kms:EncryptionContext:{key}": value
        for key, value in params.get("EncryptionContext", {}).items()
    }
    tagged = TAG if operation in {"GetPublicKey", "Sign"} else {}
    yield Request(f"kms:{operation}", KEY, context | tagged)


def _secretsmanager(operation: str, params: dict[str, Any]) -> Iterator[Request]:
    if operation == "ListSecrets":
        yield Request("secretsmanager:ListSecrets", "*")
        return
    name = params["Name"] if operation == "CreateSecret" else params["SecretId"]
    # A secret of the user's own carries the deployment's tag; one of ours is known by its name.
    tagged = {} if name.startswith("tokenvend/") else TAG
    arn = secret_arn(name.rpartition(":secret:")[2].removesuffix("-AbCdEf"))
    yield Request(f"secretsmanager:{operation}", arn, tagged)


def _lambda(operation: str, params: dict[str, Any]) -> Iterator[Request]:
    action = "lambda:InvokeFunction" if operation == "Invoke" else f"lambda:{operation}"
    yield Request(action, params.get("FunctionName") or params["ResourceArn"])


_REQUESTS = {
    "dynamodb": _dynamodb,
    "kms": _kms,
    "secretsmanager": _secretsmanager,
    "lambda": _lambda,
}

LIVE_RENEWAL = function_arn("RenewFunction") + ":live"
DIRECT = function_arn("VendDirectFunction")
