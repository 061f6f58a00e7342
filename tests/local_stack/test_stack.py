"""The stack itself: every way in works on it, and it enforces what AWS would."""

import json
from dataclasses import dataclass, replace

import pytest
import requests
from botocore.exceptions import ClientError
from tests.local_stack.harness import Harness
from tests.local_stack.node_provider import RESOURCE, NodeProvider

from tokenvend_local.callers import (
    OAuthClient,
    ask_as_client,
    ask_directly,
    ask_signed,
    items,
    token_url,
)
from tokenvend_local.demo_provider.clients import Client, Flavour
from tokenvend_local.principals import Principal, SignedBy
from tokenvend_local.stack import LocalStack


@dataclass(frozen=True, slots=True)
class Scenario:
    """One caller with every way in, and what it may have."""

    credential: str
    client: Client
    family: str
    caller: str
    role: Principal
    oauth: OAuthClient


@pytest.fixture(scope="module")
def scenario(harness: Harness) -> Scenario:
    credential, family, caller = (harness.name(stem) for stem in ("jobs", "partner", "caller"))
    client = harness.credential(
        credential, flavour=Flavour.STANDARD, scopes=["reports:read", "reports:write"]
    )
    harness.family(family, ["acme", "globex"])
    role = harness.role(caller, path="/service/", may_invoke=caller)
    harness.caller(caller, iam=role, client_id=caller, direct=role)
    harness.grant(caller, credential, scopes=["reports:read"])
    harness.grant(caller, family, tenants=["acme", "globex"])
    harness.apply()
    return Scenario(credential, client, family, caller, role, harness.new_client(caller))


def test_every_way_in_gets_the_same_token(stack: LocalStack, scenario: Scenario) -> None:
    deployed, name = stack.deployed, scenario.credential
    signed = ask_signed(deployed, scenario.role, name)
    basic = ask_as_client(deployed, scenario.oauth, name)
    post = ask_as_client(deployed, scenario.oauth, name, basic=False, scope="reports:read")
    direct = ask_directly(deployed, scenario.role, scenario.caller, {"credential": name})

    assert [signed.status, basic.status, post.status] == [200, 200, 200]
    assert {signed.token, basic.token, post.token, direct.token} == {signed.token}
    assert signed.document["scope"] == "reports:read"
    assert len(stack.provider.exchanges(scenario.client.client_id)) == 1


def test_the_token_opens_the_providers_api(stack: LocalStack, scenario: Scenario) -> None:
    document = ask_signed(stack.deployed, scenario.role, scenario.credential).document
    value = document["header_prefix"] + document["access_token"]

    answer = requests.get(
        stack.provider.url + "/reports", headers={document["header_name"]: value}, timeout=30
    )

    assert answer.status_code == 200


def test_a_batch_answers_each_of_its_requests(stack: LocalStack, scenario: Scenario) -> None:
    tenants = ("acme", "globex", "initech")
    batch = {"requests": [{"credential": scenario.family, "tenant": tenant} for tenant in tenants]}

    answers = items(ask_directly(stack.deployed, scenario.role, scenario.caller, batch))

    assert ["access_token" in answer for answer in answers] == [True, True, False]
    assert answers[0]["access_token"] != answers[1]["access_token"]
    assert (answers[2]["error"], answers[2]["retryable"]) == ("invalid_target", False)


def test_too_much_is_refused_and_told_why(stack: LocalStack, scenario: Scenario) -> None:
    answer = ask_as_client(
        stack.deployed, scenario.oauth, scenario.credential, scope="reports:write"
    )

    assert (answer.status, answer.error) == (400, "invalid_scope")
    assert "reports:write" in answer.document["error_description"]


def test_metadata_names_this_machine(stack: LocalStack, scenario: Scenario) -> None:
    issuer = f"{stack.api_url}/oauth2/{scenario.credential}"

    document = requests.get(issuer + "/.well-known/openid-configuration", timeout=10).json()

    assert document["issuer"] == issuer
    assert document["token_endpoint"] == token_url(stack.deployed, "oauth2", scenario.credential)


@pytest.mark.parametrize("resource", [None, RESOURCE], ids=["scope alone", "a resource"])
def test_a_provider_that_nobody_here_wrote(
    stack: LocalStack,
    harness: Harness,
    node_provider: NodeProvider,
    keep_out_of_logs: set[str],
    resource: str | None,
) -> None:
    name, caller = harness.name("orders"), harness.name("shop")
    client = node_provider.basic if resource else node_provider.post
    harness.foreign_credential(
        name,
        {
            "issuer": node_provider.issuer,
            "client_authentication": client.method,
            "scope_mode": "narrows",
            "scope_mode_source": "tests/node/server.mjs",
        },
        client_id=client.client_id,
        client_secret=client.client_secret,
        scopes=["orders.read", "orders.write"],
    )
    role = harness.role(caller)
    harness.caller(caller, iam=role)
    harness.grant(caller, name, scopes=["orders.read"], resources=[RESOURCE])
    harness.apply()

    before = len(node_provider.exchanges(client.client_id))

    asked = {"scope": "orders.read", **({"resource": resource} if resource else {})}
    answer = ask_signed(stack.deployed, role, name, **asked)

    keep_out_of_logs.add(answer.token)
    assert (answer.document["scope"], answer.document["source"]) == ("orders.read", "provider")
    ours = node_provider.exchanges(client.client_id)[before:]
    assert [exchange["status"] for exchange in ours] == [200]


def test_a_tampered_signature_is_refused(stack: LocalStack, scenario: Scenario) -> None:
    forged = replace(scenario.role, secret_access_key="x" * 40)

    answer = ask_signed(stack.deployed, forged, scenario.credential)

    assert answer.status == 403
    assert "access_token" not in answer.document


def test_a_signed_body_cannot_be_exchanged(stack: LocalStack, scenario: Scenario) -> None:
    url = token_url(stack.deployed, "iam", scenario.credential)
    request = requests.Request("POST", url, data={"scope": "reports:read"})
    signed = SignedBy(scenario.role)(request.prepare())
    signed.body = "scope=reports%3Aedit"  # of the same length

    answer = requests.Session().send(signed, timeout=10)

    assert answer.status_code == 403


def test_a_role_without_permission_does_not_reach_the_api(
    stack: LocalStack, scenario: Scenario
) -> None:
    bystander = stack.principals.role("bystander")

    answer = ask_signed(stack.deployed, bystander, scenario.credential)

    assert answer.status == 403
    assert "access_token" not in answer.document


def test_another_callers_alias_is_closed(
    stack: LocalStack, harness: Harness, scenario: Scenario
) -> None:
    other = harness.role(harness.name("other"), may_invoke="other")

    with pytest.raises(ClientError) as caught:
        ask_directly(stack.deployed, other, scenario.caller, {"credential": scenario.credential})

    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


def test_iam_holds_the_functions_too(stack: LocalStack) -> None:
    iam, sts = stack.client("iam"), stack.client("sts")
    name = next(
        role["RoleName"] for role in iam.list_roles()["Roles"] if "VendIamRole" in role["RoleName"]
    )
    arn = iam.get_role(RoleName=name)["Role"]["Arn"]
    keys = sts.assume_role(RoleArn=arn, RoleSessionName="as-function")["Credentials"]
    as_function = stack.client(
        "dynamodb",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )

    with pytest.raises(ClientError) as caught:
        as_function.put_item(
            TableName=stack.deployed.outputs["RegistryTableName"],
            Item={"pk": {"S": "client:mine"}, "sk": {"S": "*"}},
        )

    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"


def test_the_apis_have_no_stage_that_is_not_throttled_and_logged(stack: LocalStack) -> None:
    gateway = stack.client("apigateway")

    for output in ("VendingApiId", "PagesApiId"):
        stages = gateway.get_stages(restApiId=stack.deployed.outputs[output])["item"]
        assert [each["stageName"] for each in stages] == ["v1"]


def test_the_functions_logs_can_be_read(stack: LocalStack, scenario: Scenario) -> None:
    token = ask_signed(stack.deployed, scenario.role, scenario.credential).document["token_sha256"]

    lines = [json.loads(line) for line in stack.function_logs() if line.startswith("{")]

    audits = [line for line in lines if line.get("token_sha256") == token]
    assert {line["caller"] for line in audits} == {scenario.caller}
