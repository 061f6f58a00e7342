"""The stacks beside the deployment: the stand-in provider with its callers, and a VPC."""

import ast
import contextlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from botocore.exceptions import ClientError, WaiterError

from tokenvend_deploy.stack import failure_reasons, read_stack
from tokenvend_local.places import ROOT
from tokenvend_smoke.account import Account
from tokenvend_smoke.callers import CALLER, api_url

_HERE = Path(__file__).parent
EXAMPLES = ROOT / "examples" / "src"
#: The longest code that CloudFormation accepts inside a template, in characters.
CODE_CHARACTERS = 4096
#: Lambda releases a VPC's network interfaces up to 40 minutes after its functions are deleted.
_WAIT = {"Delay": 5, "MaxAttempts": 600}
_TRIES = 3
_REST_SECONDS, _PAUSE_SECONDS = 3600.0, 10.0


class StackFailedError(Exception):
    """A stack beside the deployment could not be made or deleted; the text says why."""


class MadeResource(NamedTuple):
    """A resource that a stack made: its type, its id in the template, its name or id."""

    type: str
    logical_id: str
    name: str


@dataclass(frozen=True, slots=True)
class StandIn:
    """The stand-in provider and the client that it knows. `url` is where it answers."""

    url: str
    client_id: str
    client_secret: str
    outputs: Mapping[str, str]

    def __repr__(self) -> str:
        """Show the stand-in without its secret."""
        return f"StandIn({self.url})"


def fixtures_name(account: Account) -> str:
    """The name of the stack with the stand-in."""
    return f"{account.stack[:40]}-fixtures"


def network_name(account: Account) -> str:
    """The name of the stack with the VPC."""
    return f"{account.stack[:40]}-network"


def make_stand_in(account: Account) -> StandIn:
    """Deploy the stand-in provider, the role that calls, the keys and the web ACL.

    Raises:
        StackFailedError: CloudFormation did not make it.
    """
    client_id, client_secret = f"smoke-{secrets.token_hex(4)}", secrets.token_urlsafe(24)
    name = fixtures_name(account)
    back_to = "127.0.0.1" if account.is_local else f".execute-api.{account.region}."
    parameters = {
        "ClientId": client_id,
        "ClientSecret": client_secret,
        "CallerAlias": CALLER,
        "DeploymentId": account.deployment_id,
        "BackTo": back_to,
        "WithWebAcl": str(not account.is_local).lower(),
    }
    _create(account, name, fixtures_template(), parameters)
    outputs = account.outputs(name)
    url = api_url(account, outputs["ProviderApiId"], "$default")
    return StandIn(url, client_id, client_secret, outputs)


def events_name(account: Account) -> str:
    """The name of the stack with the pipe and the stream."""
    return f"{account.stack[:40]}-events"


def make_events(account: Account) -> None:
    """Deploy the pipe and the stream, with the examples' own handlers.

    Raises:
        StackFailedError: CloudFormation did not make it.
    """
    _create(account, events_name(account), events_template(), {})


def make_network(account: Account) -> Mapping[str, str]:
    """Deploy the VPC, and return its outputs.

    Raises:
        StackFailedError: CloudFormation did not make it.
    """
    name = network_name(account)
    _create(account, name, (_HERE / "network.yaml").read_text(encoding="utf-8"), {})
    return account.outputs(name)


def delete_stack(account: Account, name: str) -> None:
    """Delete a stack and wait until it is deleted. A missing stack is no error.

    Raises:
        StackFailedError: a part of it could not be deleted.
    """
    cloudformation = account.client("cloudformation")
    account.forget_outputs()
    # Network interfaces of deleted functions block subnets and security groups for a while.
    for _ in range(_TRIES):
        _let_come_to_rest(cloudformation, name)
        if read_stack(cloudformation, name) is None:
            return
        cloudformation.delete_stack(StackName=name)
        with contextlib.suppress(WaiterError):
            cloudformation.get_waiter("stack_delete_complete").wait(
                StackName=name, WaiterConfig=_WAIT
            )
            return
    raise StackFailedError(f"{name} is not deleted; its events say why")


def resources_made(cloudformation: Any, name: str) -> list[MadeResource]:
    """Return what every stack that ever had this *name* made, from their events; sorted."""
    pages = cloudformation.get_paginator("list_stacks").paginate()
    ids = {
        each["StackId"]
        for page in pages
        for each in page["StackSummaries"]
        if each["StackName"] == name
    }
    events = cloudformation.get_paginator("describe_stack_events")
    return sorted(
        {
            MadeResource(
                event["ResourceType"], event["LogicalResourceId"], event["PhysicalResourceId"]
            )
            for stack_id in ids
            for page in events.paginate(StackName=stack_id)
            for event in page["StackEvents"]
            if event.get("PhysicalResourceId")
        }
    )


def _let_come_to_rest(cloudformation: Any, name: str) -> None:
    """Wait until a stack can be deleted: CloudFormation refuses while it updates one.

    An update that somebody began and left is called off.
    """
    end = time.monotonic() + _REST_SECONDS
    while (stack := read_stack(cloudformation, name)) and time.monotonic() < end:
        if not stack.status.endswith("_IN_PROGRESS") or stack.status == "CREATE_IN_PROGRESS":
            return
        if stack.status == "UPDATE_IN_PROGRESS":
            # The update may have reached a point where it can no longer be cancelled.
            with contextlib.suppress(ClientError):
                cloudformation.cancel_update_stack(StackName=name)
        time.sleep(_PAUSE_SECONDS)


def fixtures_template() -> str:
    """`fixtures.yaml` with the stand-in's code in it."""
    text = (_HERE / "fixtures.yaml").read_text(encoding="utf-8")
    return text.replace('"@stand_in.py"', json.dumps(stand_in_code()))


def events_template() -> str:
    """`events.yaml` with the handlers' code in it."""
    text = (_HERE / "events.yaml").read_text(encoding="utf-8")
    for name in ("enrichment", "stream_consumer"):
        text = text.replace(f'"@{name}.py"', json.dumps(handler_code(name)))
    return text


def handler_code(name: str) -> str:
    """Return a handler of the examples, preceded by stubs of the modules that it imports."""
    source = (EXAMPLES / f"{name}.py").read_text(encoding="utf-8")
    tree = ast.parse(source)
    tree.body = [
        node
        for node in tree.body
        if not (isinstance(node, ast.ImportFrom) and node.module in {"jobs_api", "set_aside"})
    ]
    stub = ast.parse((_HERE / "jobs_stub.py").read_text(encoding="utf-8"))
    return f"{_shortened(stub)}\n{_shortened(tree)}"


def stand_in_code() -> str:
    """The stand-in's code without comments and docstrings, so that it is short enough."""
    return _shortened(ast.parse((_HERE / "stand_in.py").read_text(encoding="utf-8")))


def _shortened(tree: ast.Module) -> str:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.FunctionDef) and ast.get_docstring(node):
            # A body that was only a docstring needs another statement.
            node.body[0:1] = [] if len(node.body) > 1 else [ast.Pass()]
    return ast.unparse(tree)


def _create(account: Account, name: str, template: str, parameters: Mapping[str, str]) -> None:
    cloudformation = account.client("cloudformation")
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    made = cloudformation.create_stack(
        StackName=name, TemplateBody=template, Parameters=given, Capabilities=["CAPABILITY_IAM"]
    )
    try:
        cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=_WAIT)
    except WaiterError:
        reasons: list[str] = []
        with contextlib.suppress(ClientError):
            began = cloudformation.describe_stacks(StackName=made["StackId"])["Stacks"][0]
            reasons = failure_reasons(cloudformation, name, began["CreationTime"])
        raise StackFailedError(f"{name} was not made: {'; '.join(reasons)}") from None
