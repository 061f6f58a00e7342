"""The deployed roles allow no more than they must, and defaults are the careful choice."""

from collections.abc import Iterator
from typing import Any

from tests.template.deployed import deployed

type Statement = dict[str, Any]


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
