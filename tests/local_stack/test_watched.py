"""What is counted below the entries comes out of the deployed functions' logs."""

import json

from tests.local_stack.harness import Harness

from tokenvend_local.callers import ask_as_client, ask_signed
from tokenvend_local.stack import LocalStack


def _counted(stack: LocalStack, metric: str) -> int:
    return sum(f'"{metric}"' in line for line in stack.function_logs())


def test_an_altered_item_is_counted_by_the_function_that_reads_it(
    stack: LocalStack, harness: Harness
) -> None:
    credential, caller = harness.name("jobs"), harness.name("shop")
    harness.credential(credential)
    role = harness.role(caller)
    harness.caller(caller, iam=role, client_id=f"{caller}-web")
    harness.grant(caller, credential)
    harness.apply()
    client = harness.new_client(caller)
    before = _counted(stack, "UntrustedItems")
    table, dynamodb = stack.deployed.outputs["TokensTableName"], stack.client("dynamodb")
    others = {item["pk"]["S"] for item in dynamodb.scan(TableName=table)["Items"]}
    first = ask_signed(stack.deployed, role, credential)
    (item,) = [
        each
        for each in dynamodb.scan(TableName=table)["Items"]
        if each["pk"]["S"].startswith("token#") and each["pk"]["S"] not in others
    ]
    sealed = item["token"]["B"]
    item["token"]["B"] = sealed[:-1] + bytes([sealed[-1] ^ 1])
    dynamodb.put_item(TableName=table, Item=item)
    stack.expected_errors.add('"message":"untrusted item".*"reason":"not_authentic"')

    # Another function's environment has it not in memory.
    second = ask_as_client(stack.deployed, client, credential)

    assert (first.error, second.error) == (None, None)
    assert second.document["source"] == "provider"
    assert _counted(stack, "UntrustedItems") > before


def test_a_call_that_aws_refuses_is_counted_with_its_name(
    stack: LocalStack, harness: Harness
) -> None:
    credential, caller = harness.name("jobs"), harness.name("shop")
    harness.credential(credential)
    role = harness.role(caller)
    harness.caller(caller, iam=role)
    harness.grant(caller, credential)
    harness.apply()
    function = stack.client("lambda").get_function_configuration(
        FunctionName=stack.deployed.outputs["VendIamFunctionName"]
    )
    before = set(stack.function_logs())
    denied = {"Effect": "Deny", "Action": "secretsmanager:GetSecretValue", "Resource": "*"}
    iam, name = stack.client("iam"), function["Role"].rpartition("/")[2]
    policy = json.dumps({"Version": "2012-10-17", "Statement": [denied]})
    iam.put_role_policy(RoleName=name, PolicyName="denied", PolicyDocument=policy)
    try:
        refused = ask_signed(stack.deployed, role, credential)
    finally:
        iam.delete_role_policy(RoleName=name, PolicyName="denied")

    assert refused.error == "credential_not_ready", refused.document
    (line,) = [
        each
        for each in stack.function_logs()
        if '"AWS call failed"' in each and '"GetSecretValue"' in each and each not in before
    ]
    told = json.loads(line)
    assert (told["operation"], told["source"]) == ("GetSecretValue", "secretsmanager")
    assert told["AwsFailures"] == [1.0]
