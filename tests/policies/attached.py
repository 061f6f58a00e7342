"""The policies that the examples attach to a function, and how IAM decides by them."""

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import hcl2
from scripts.expand import ACCOUNT, expand, load, locate_code

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
VEND, CALLER = "tokenvend-VendDirectFunction-1", "jobs-queue"
ARN = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:{VEND}"
ELSEWHERE = f"arn:aws:{{}}:eu-west-1:{ACCOUNT}"
INVOKE = "lambda:InvokeFunction"
NAMES = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": ACCOUNT,
    "VendFunction": VEND,
    "Caller": CALLER,
}
FORBIDDEN = {
    "another caller's alias": (INVOKE, f"{ARN}:payroll"),
    "an alias that begins the same": (INVOKE, f"{ARN}:{CALLER}-2"),
    "an alias in capitals": (INVOKE, f"{ARN}:Jobs-Queue"),
    "the alias that workloads share": (INVOKE, f"{ARN}:Workloads"),
    "the alias of API Gateway": (INVOKE, f"{ARN}:live"),
    "the function itself": (INVOKE, ARN),
    "a version": (INVOKE, f"{ARN}:7"),
    "a function whose name begins the same": (INVOKE, f"{ARN}2:{CALLER}"),
    "the same in another Region": (INVOKE, f"{ARN}:{CALLER}".replace("eu-west-1", "us-east-1")),
    "the code": ("lambda:UpdateFunctionCode", ARN),
    "the code's address": ("lambda:GetFunction", f"{ARN}:{CALLER}"),
    "the alias": ("lambda:UpdateAlias", f"{ARN}:{CALLER}"),
    "who may invoke it": ("lambda:AddPermission", f"{ARN}:{CALLER}"),
    "a secret": ("secretsmanager:GetSecretValue", f"{ELSEWHERE.format('secretsmanager')}:secret:x"),
    "the tokens": (
        "dynamodb:GetItem",
        f"{ELSEWHERE.format('dynamodb')}:table/tokenvend-TokensTable",
    ),
}


def filled(value: object, names: Mapping[str, str] = NAMES) -> Any:
    """*value* with its parameters and pseudo parameters; what else it refers to gets a name."""
    found: Any = value
    match value:
        case {"Fn::Sub": [str(text), dict(more)]}:
            found = filled({"Fn::Sub": text}, {**names, **more})
        case {"Fn::Sub": str(text)}:
            found = re.sub(r"\$\{([\w:.]+)\}", lambda match: _named(match[1], names), text)
        case {"Fn::Join": [str(separator), list(parts)]}:
            found = separator.join(filled(each, names) for each in parts)
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), *_]}:
            found = _named(name, names)
        case dict():
            found = {key: filled(each, names) for key, each in value.items()}
        case list():
            found = [filled(each, names) for each in value]
    return found


def _named(name: str, names: Mapping[str, str]) -> str:
    return names.get(name, f"{ELSEWHERE.format('other')}:{name}")


def policies_of(example: str, caller: str = CALLER) -> dict[str, list[Any]]:
    """What the worker's role, and a managed policy, allow in the expanded template."""
    template = locate_code(load(EXAMPLES / example / "template.yaml"), {})
    resources = expand(template, {"VendFunction": VEND, "Caller": caller})["Resources"]
    found = {
        "WorkerRole": [
            each["PolicyDocument"] for each in resources["WorkerRole"]["Properties"]["Policies"]
        ]
    }
    for name, resource in resources.items():
        if resource["Type"] == "AWS::IAM::ManagedPolicy":
            found[name] = [resource["Properties"]["PolicyDocument"]]
    return {name: filled(documents) for name, documents in found.items()}


def policies_of_terraform() -> dict[str, list[Any]]:
    document: Any = hcl2.loads((EXAMPLES / "attach" / "main.tf").read_text(encoding="utf-8"))
    names = {
        "data.aws_partition.current.partition": "aws",
        "local.account": f"eu-west-1:{ACCOUNT}",
        "var.vend_function": VEND,
        "var.caller": CALLER,
    }
    (statement,) = next(
        each["statement"]
        for block in document["data"]
        for kind in block.values()
        for each in kind.values()
        if "statement" in each
    )
    plain = json.loads(json.dumps(statement).replace('\\"', ""))
    (resource,) = plain["resources"]
    written = {
        "Effect": plain["effect"],
        "Action": plain["actions"],
        "Resource": re.sub(r"\$\{([\w.]+)\}", lambda match: names[match[1]], resource),
    }
    return {"Terraform": [{"Version": "2012-10-17", "Statement": [written]}]}


def decide(
    policies: Mapping[str, Any], requests: Mapping[str, tuple[str, str]]
) -> dict[str, set[str]]:
    """By the name of a role: which of *requests* its policies allow."""
    asked = [
        {
            "role": role,
            "action": action,
            "resource": resource,
            "context": {"aws:PrincipalAccount": ACCOUNT},
        }
        for role in policies
        for action, resource in requests.values()
    ]
    ran = subprocess.run(
        ["node", ROOT / "tests" / "node" / "evaluate.mjs"],
        input=json.dumps({"account": ACCOUNT, "policies": policies, "requests": asked}),
        capture_output=True,
        text=True,
        check=True,
    )
    answers = iter(json.loads(ran.stdout))
    found: dict[str, set[str]] = {role: set() for role in policies}
    for role in policies:
        for what, answer in zip(requests, answers, strict=False):
            assert not answer["errors"], answer
            if answer["decision"] == "Allowed":
                found[role].add(what)
    return found
