"""Each role may do what its function does, and each operator what the command does."""

from collections.abc import Mapping
from types import SimpleNamespace

import pytest
from scripts.expand import ACCOUNT
from tests.policies.evaluator import decisions_of
from tests.policies.operators import OPERATORS, RESTORERS, RESTORES
from tests.policies.recorded import Request
from tests.policies.resolved import REGION, Document
from tests.policies.roles import FUNCTIONS, of_lambda


@pytest.mark.parametrize("role", FUNCTIONS)
def test_function_may_do_all_that_it_does(
    policies: Mapping[str, list[Document]], aws: SimpleNamespace, role: str
) -> None:
    group, parts = FUNCTIONS[role]
    for part in parts:
        part(aws)
    requests = [*aws.recorder.requests, *of_lambda(group)]

    decisions = decisions_of(policies, role, requests)

    refused = [each for each, said in zip(requests, decisions, strict=True) if said != "Allowed"]
    assert refused == []


@pytest.mark.parametrize("policy", OPERATORS)
def test_operator_may_do_all_that_the_command_does(
    policies: Mapping[str, list[Document]], aws: SimpleNamespace, policy: str
) -> None:
    for part in OPERATORS[policy]:
        part(aws)
    requests = aws.recorder.requests

    decisions = decisions_of(policies, policy, requests)

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

    decisions = decisions_of(together, "Restorer", [*requests, *forbidden])

    requested = zip(requests, decisions, strict=False)
    assert [each for each, said in requested if said != "Allowed"] == []
    assert {each.resource.rpartition("/")[2] for each in requests} >= {aws.restored}
    assert "Allowed" not in decisions[len(requests) :]


def test_every_role_of_the_template_is_tried(policies: Mapping[str, list[Document]]) -> None:
    assert {name for name in policies if name.endswith("Role")} == FUNCTIONS.keys()


@pytest.mark.parametrize(
    "policy", ["RegistryWriterPolicy", "ConnectionOperatorPolicy", "SecretWriterPolicy"]
)
def test_operator_finds_the_stack_by_its_name_and_by_its_id(
    policies: Mapping[str, list[Document]], policy: str
) -> None:
    stack = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack"
    requested = [
        Request("cloudformation:DescribeStacks", f"{stack}/tokenvend/{suffix}")
        for suffix in ("*", "1b2c")
    ]
    other = Request("cloudformation:DescribeStacks", f"{stack}/another/1b2c")

    assert decisions_of(policies, policy, [*requested, other]) == [
        *("Allowed", "Allowed"),
        "ImplicitlyDenied",
    ]
