"""What a deployment on AWS has, read off the template with its conditions decided."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from tests.template.deployed import deployed

from tokenvend.domain import errors

#: https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
GATEWAY_RESPONSES = {
    "ACCESS_DENIED",
    "API_CONFIGURATION_ERROR",
    "AUTHORIZER_CONFIGURATION_ERROR",
    "AUTHORIZER_FAILURE",
    "BAD_REQUEST_BODY",
    "BAD_REQUEST_PARAMETERS",
    "DEFAULT_4XX",
    "DEFAULT_5XX",
    "EXPIRED_TOKEN",
    "INTEGRATION_FAILURE",
    "INTEGRATION_TIMEOUT",
    "INVALID_API_KEY",
    "INVALID_SIGNATURE",
    "MISSING_AUTHENTICATION_TOKEN",
    "QUOTA_EXCEEDED",
    "REQUEST_TOO_LARGE",
    "RESOURCE_NOT_FOUND",
    "THROTTLED",
    "UNAUTHORIZED",
    "UNSUPPORTED_MEDIA_TYPE",
    "WAF_FILTERED",
}

#: What an error_description may not hold (RFC 6749 §5.2).
NOT_DESCRIBABLE = re.compile(r"[^\x20\x21\x23-\x5B\x5D-\x7E]")

type Statement = dict[str, Any]


@pytest.fixture(scope="session")
def on_aws(template: dict[str, Any]) -> dict[str, Any]:
    """A deployment with every default, and the pages."""
    return deployed(template, ConsentPages="true")


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _functions(resources: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        name: each["Properties"]
        for name, each in resources.items()
        if each["Type"] == "AWS::Serverless::Function"
    }


def _statements(resources: dict[str, Any]) -> Iterator[tuple[str, Statement]]:
    """Every statement that allows somebody something, with the resource that it stands in."""
    for name, each in resources.items():
        properties = each.get("Properties", {})
        documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
        if each["Type"] == "AWS::IAM::ManagedPolicy":
            documents.append(properties["PolicyDocument"])
        for document in documents:
            yield from ((name, statement) for statement in document["Statement"])


def test_the_local_stacks_concessions_are_not_deployed(on_aws: dict[str, Any]) -> None:
    assert not [name for name in on_aws if name.startswith("Local")]
    for properties in _functions(on_aws).values():
        variables = properties.get("Environment", {}).get("Variables", {})
        assert variables.get("TOKENVEND_LOCAL_STACK", {"Ref": "LocalStack"}) == {
            "Ref": "LocalStack"
        }


def test_no_statement_allows_every_action_or_more_resources_than_it_must(
    on_aws: dict[str, Any],
) -> None:
    takes_no_resource = {
        "secretsmanager:ListSecrets",
        "xray:PutTelemetryRecords",
        "xray:PutTraceSegments",
    }

    for name, statement in _statements(on_aws):
        actions = set(_as_list(statement["Action"]))
        assert statement["Effect"] == "Allow", name
        assert not [action for action in actions if "*" in action], name
        assert "NotAction" not in statement, name
        assert "NotResource" not in statement, name
        if "*" in _as_list(statement["Resource"]):
            assert actions <= takes_no_resource, name


def test_every_write_to_the_tokens_table_is_held_to_kinds_of_items(
    on_aws: dict[str, Any],
) -> None:
    table = {"Fn::GetAtt": "TokensTable.Arn"}
    writes = [
        (name, statement)
        for name, statement in _statements(on_aws)
        if table in _as_list(statement["Resource"])
        and {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}
        & set(_as_list(statement["Action"]))
    ]

    assert writes
    for name, statement in writes:
        prefixes = statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
        assert all(prefix.endswith("#*") for prefix in prefixes), name


def test_nobody_deletes_tables_keys_or_secrets(on_aws: dict[str, Any]) -> None:
    allowed = {
        action for _, statement in _statements(on_aws) for action in _as_list(statement["Action"])
    }

    for destructive in (
        "dynamodb:DeleteTable",
        "kms:ScheduleKeyDeletion",
        "kms:DisableKey",
        "secretsmanager:DeleteSecret",
        "iam:PassRole",
    ):
        assert destructive not in allowed


def test_only_who_goes_to_a_provider_reads_secrets_and_only_those_of_this_deployment(
    on_aws: dict[str, Any],
) -> None:
    readers = [
        (name, statement)
        for name, statement in _statements(on_aws)
        if "secretsmanager:GetSecretValue" in _as_list(statement["Action"])
    ]

    assert {name for name, _ in readers} == {
        "VendingPolicy",
        "ConnectPagesRole",
        "KeepAliveRole",
        "ConnectionOperatorPolicy",
    }
    for _, statement in readers:
        (resource,) = (each["Fn::Sub"] for each in _as_list(statement["Resource"]))
        own_names = resource.endswith(":secret:tokenvend/${DeploymentId}/*")
        own_tag = {"aws:ResourceTag/tokenvend:deployment": {"Ref": "DeploymentId"}}
        assert own_names or statement["Condition"] == {"StringEquals": own_tag}


def test_roles_are_for_lambda_alone(on_aws: dict[str, Any]) -> None:
    roles = [each for each in on_aws.values() if each["Type"] == "AWS::IAM::Role"]

    assert len(roles) == len(_functions(on_aws))
    for role in roles:
        (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "lambda.amazonaws.com"}
        assert statement["Action"] == "sts:AssumeRole"


def test_each_way_in_reserves_its_own_concurrency_when_told_to(template: dict[str, Any]) -> None:
    reserved = _functions(
        deployed(template, ConsentPages="true", HttpConcurrency=7, DirectConcurrency=3)
    )
    by_default = _functions(deployed(template, ConsentPages="true"))

    http = ["VendIamFunction", "VendOauth2Function", "MetadataFunction"]
    assert {reserved[name]["ReservedConcurrentExecutions"]["Ref"] for name in http} == {
        "HttpConcurrency"
    }
    assert reserved["VendDirectFunction"]["ReservedConcurrentExecutions"] == {
        "Ref": "DirectConcurrency"
    }
    assert not [name for name in by_default if "ReservedConcurrentExecutions" in by_default[name]]


def _resource_policy(resources: dict[str, Any]) -> list[Statement]:
    body = resources["VendingApi"]["Properties"]["DefinitionBody"]
    statements: list[Statement] = body["x-amazon-apigateway-policy"]["Statement"]
    return statements


def test_signed_requests_come_from_the_accounts_that_are_allowed(template: dict[str, Any]) -> None:
    own, named = (
        _resource_policy(deployed(template, AllowedAccounts=accounts))[0]
        for accounts in ("", ["111122223333"])
    )

    assert own["Principal"] == {"AWS": [{"Ref": "AWS::AccountId"}]}
    assert named["Principal"] == {"AWS": {"Ref": "AllowedAccounts"}}
    assert own["Resource"] == "execute-api:/*/POST/iam/*"


def test_what_is_open_to_everybody_is_proven_by_the_function_or_tells_nothing(
    on_aws: dict[str, Any],
) -> None:
    everybody = [each for each in _resource_policy(on_aws) if each["Principal"] == "*"]

    (statement,) = everybody
    assert not [each for each in statement["Resource"] if "/iam/" in each or each.endswith("/*/*")]


def test_a_private_api_answers_through_the_named_endpoints_alone(template: dict[str, Any]) -> None:
    private = deployed(template, ApiEndpointType="PRIVATE", VpcEndpointIds=["vpce-1"])

    for statement in _resource_policy(private):
        assert statement["Condition"] == {
            "StringEquals": {"aws:SourceVpce": {"Ref": "VpcEndpointIds"}}
        }
    endpoint = private["VendingApi"]["Properties"]["EndpointConfiguration"]
    assert endpoint["VPCEndpointIds"] == {"Ref": "VpcEndpointIds"}


def test_every_gateway_response_is_one_that_our_code_could_have_given(
    on_aws: dict[str, Any],
) -> None:
    body = on_aws["VendingApi"]["Properties"]["DefinitionBody"]
    responses = body["x-amazon-apigateway-gateway-responses"]
    statuses = {
        kind.code: int(kind.status)
        for kind in vars(errors).values()
        if isinstance(kind, type)
        and issubclass(kind, errors.TokenVendError)
        and hasattr(kind, "code")
    }

    assert responses.keys() <= GATEWAY_RESPONSES
    for name, response in responses.items():
        document = json.loads(response["responseTemplates"]["application/json"])
        assert document.keys() == {"error", "error_description"}, name
        headers = response["responseParameters"]
        assert headers["gatewayresponse.header.Cache-Control"] == "'no-store'", name
        is_busy = document["error"] == "temporarily_unavailable"
        assert ("gatewayresponse.header.Retry-After" in headers) == is_busy, name
        challenge = "'AWS4-HMAC-SHA256'" if document["error"] == "invalid_client" else None
        assert headers.get("gatewayresponse.header.WWW-Authenticate") == challenge, name
        assert NOT_DESCRIBABLE.search(document["error_description"]) is None, name
        wanted = {"429", "503"} if is_busy else {str(statuses[document["error"]])}
        assert response["statusCode"] in wanted, name


def test_time_outs_nest_from_the_function_to_the_api(
    template: dict[str, Any], on_aws: dict[str, Any]
) -> None:
    integrations = [
        method["x-amazon-apigateway-integration"]
        for methods in on_aws["VendingApi"]["Properties"]["DefinitionBody"]["paths"].values()
        for method in methods.values()
    ]

    function_ms = template["Globals"]["Function"]["Timeout"] * 1000
    assert {each["timeoutInMillis"] for each in integrations} == {25_000}
    assert function_ms < 25_000


def test_defaults_are_the_careful_choice(template: dict[str, Any]) -> None:
    defaults = {name: each.get("Default") for name, each in template["Parameters"].items()}

    assert defaults["LocalStack"] == "false"
    assert defaults["ApiEndpointType"] == "REGIONAL"
    assert defaults["AllowedAccounts"] == ""
    assert defaults["LogLevel"] == "INFO"
    assert defaults["LogRetentionDays"] >= 365
    assert "DEBUG" not in template["Parameters"]["LogLevel"]["AllowedValues"]


def test_every_suppressed_check_gives_its_reason(resources: dict[str, Any]) -> None:
    skipped = [
        (name, skip)
        for name, each in resources.items()
        for skip in each.get("Metadata", {}).get("checkov", {}).get("skip", [])
    ]

    assert skipped
    for name, skip in skipped:
        assert skip["id"].startswith("CKV"), name
        assert len(skip.get("comment", "").split()) >= 5, (name, skip["id"])
