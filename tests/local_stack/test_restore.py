"""The stack is deleted by accident, deployed again and restored: nothing is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError
from tests.local_stack.consenting_shop import consent, new_shop
from tests.local_stack.harness import Harness

from tokenvend_local import deployment
from tokenvend_local.browsing import Browser
from tokenvend_local.callers import ask_as_client, ask_directly
from tokenvend_local.places import STACK_NAME
from tokenvend_local.saved_state import FOLDER
from tokenvend_local.stack import LocalStack, local_stack


@pytest.fixture(scope="module")
def own_stack() -> Iterator[LocalStack]:
    with local_stack(FOLDER / "restore") as running:
        yield running


def _retain(stack: LocalStack, output: str, name: str) -> str:
    """A copy of a table: what AWS retains when the stack goes, under whatever name."""
    dynamodb = stack.client("dynamodb")
    table = stack.deployed.outputs[output]
    described = dynamodb.describe_table(TableName=table)["Table"]
    dynamodb.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=described["KeySchema"],
        AttributeDefinitions=[
            each
            for each in described["AttributeDefinitions"]
            if each["AttributeName"] in {key["AttributeName"] for key in described["KeySchema"]}
        ],
    )
    for page in dynamodb.get_paginator("scan").paginate(TableName=table):
        for item in page["Items"]:
            dynamodb.put_item(TableName=name, Item=item)
    return name


def test_a_deleted_stack_is_deployed_again_and_nothing_is_lost(
    own_stack: LocalStack, tmp_path: Path
) -> None:
    harness = Harness(own_stack, tmp_path, set())
    harness.credential("jobs")
    harness.caller("fleet", client_id="fleet-web")
    harness.caller("blocked", client_id="blocked-web")
    for caller in ("fleet", "blocked"):
        harness.grant(caller, "jobs")
    shop = new_shop(own_stack, harness)
    fleet, blocked = harness.new_client("fleet"), harness.new_client("blocked")
    shop.complete(consent(Browser(), shop.start()))
    own_stack.tokenvend("block", "caller", "blocked", "--reason", "INC-42")
    registry = _retain(own_stack, "RegistryTableName", "tokenvend-registry-retained")
    connections = _retain(own_stack, "ConnectionsTableName", "tokenvend-connections-retained")
    old_key = own_stack.deployed.outputs["KeyArn"]

    own_stack.client("cloudformation").delete_stack(StackName=STACK_NAME)
    with pytest.raises(ClientError):
        own_stack.client("cloudformation").describe_stacks(StackName=STACK_NAME)
    again = deployment.deploy(own_stack.endpoint, own_stack.folder / "deploy.log")
    new_tables = {
        output: own_stack.client("dynamodb").scan(TableName=again.outputs[output])["Count"]
        for output in ("RegistryTableName", "ConnectionsTableName", "TokensTableName")
    }
    own_stack.tokenvend("restore", "registry", "--from", registry, "--yes")
    own_stack.tokenvend(
        *("restore", "connections", "--from", connections, "--key", old_key, "--yes")
    )
    own_stack.tokenvend("apply", "--yes", "--file", str(harness.file))

    assert new_tables == {"RegistryTableName": 0, "ConnectionsTableName": 0, "TokensTableName": 0}
    assert ask_as_client(again, fleet, "jobs").status == 200
    assert ask_as_client(again, blocked, "jobs").error == "invalid_client"
    vended = ask_directly(
        again, shop.role, shop.alias, {"credential": shop.credential, "connection": "ada"}
    )
    assert vended.error is None
