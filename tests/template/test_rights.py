"""What a stack's name, a changed text or active tracing must not take from a role.

The template is expanded by SAM's translator, as a deployment expands it.
"""

from collections.abc import Iterator
from typing import Any

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER
from scripts.expand import expand, load, locate_code
from tests.template.deployed import deployed

type Template = dict[str, Any]

ROLE, FUNCTION, POLICY = "AWS::IAM::Role", "AWS::Lambda::Function", "AWS::IAM::ManagedPolicy"
EVERYTHING = {"ConsentPages": "true", "Tracing": "Active"}


@pytest.fixture(scope="module")
def expanded() -> Template:
    return expand(locate_code(load(), {}), EVERYTHING)


@pytest.fixture(scope="module")
def standing(expanded: Template) -> dict[str, Any]:
    return deployed(expanded, **EVERYTHING)


def _of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: each["Properties"] for name, each in resources.items() if each["Type"] == kind}


def _references(value: Any) -> Iterator[str]:
    """Each logical id or pseudo parameter that *value* names, and each text that it fills in."""
    match value:
        case {"Ref": name}:
            yield name
        case {"Fn::GetAtt": [name, _]}:
            yield name
        case {"Fn::GetAtt": str(path)}:
            yield path.partition(".")[0]
        case {"Fn::Sub": str(text)}:
            for part in text.split("${")[1:]:
                yield part.partition("}")[0].partition(".")[0]
        case dict():
            for each in value.values():
                yield from _references(each)
        case list():
            for each in value:
                yield from _references(each)


# --- Tracing ---


def test_every_role_may_send_traces_where_tracing_is_active(standing: dict[str, Any]) -> None:
    functions, roles = _of_type(standing, FUNCTION), _of_type(standing, ROLE)
    statement = standing["TracingPolicy"]["Properties"]["PolicyDocument"]["Statement"][0]

    assert {each["TracingConfig"]["Mode"]["Ref"] for each in functions.values()} == {"Tracing"}
    assert set(statement["Action"]) == {"xray:PutTraceSegments", "xray:PutTelemetryRecords"}
    for function in functions.values():
        role = roles[next(_references(function["Role"]))]
        assert {"Ref": "TracingPolicy"} in role["ManagedPolicyArns"]


def test_no_role_may_send_traces_where_tracing_is_not_active(expanded: Template) -> None:
    standing = deployed(expanded, ConsentPages="true")

    assert "TracingPolicy" not in standing
    for role in _of_type(standing, ROLE).values():
        assert {"Ref": "TracingPolicy"} not in role.get("ManagedPolicyArns", [])


# --- Names ---


def test_renewal_may_invoke_the_very_alias_that_it_runs_by(standing: dict[str, Any]) -> None:
    policy = standing["RenewShardsPolicy"]["Properties"]
    (statement,) = policy["PolicyDocument"]["Statement"]

    assert statement["Resource"] == {"Ref": "RenewFunctionAliaslive"}
    assert standing["RenewFunctionAliaslive"]["Type"] == "AWS::Lambda::Alias"
    assert policy["Roles"] == [{"Ref": "RenewRole"}]


def test_only_the_stack_itself_and_its_tables_are_found_by_the_stacks_name(
    standing: dict[str, Any],
) -> None:
    by_name = {text for text in _texts(standing) if "AWS::StackName" in text}

    # CloudFormation asks for the right on `stack/NAME/*` or on the exact id; this allows both. A
    # table's name has room for every stack's, so it is never cut.
    whole = (":stack/${AWS::StackName}/*", ":table/${AWS::StackName}-*")
    assert not [text for text in by_name if not text.endswith(whole)]


def _texts(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for each in value.values():
                yield from _texts(each)
        case list():
            for each in value:
                yield from _texts(each)


def test_no_resource_waits_for_itself(standing: dict[str, Any]) -> None:
    needs = {
        name: {each for each in _references(resource) if each in standing}
        | set(_as_list(resource.get("DependsOn", [])))
        for name, resource in standing.items()
    }
    made: set[str] = set()
    while ready := {name for name in needs.keys() - made if needs[name] & standing.keys() <= made}:
        made |= ready

    assert standing.keys() - made == set()


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


# --- Changes in place ---


def test_managed_policies_have_no_property_that_only_creation_can_set(
    standing: dict[str, Any],
) -> None:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("eu-west-1", POLICY).schema
    create_only = {each.rpartition("/")[2] for each in schema["createOnlyProperties"]}
    assert "Description" in create_only

    for name, properties in _of_type(standing, POLICY).items():
        assert not create_only & properties.keys(), name


def test_reserved_concurrency_says_how_often_it_is_taken(template: Template) -> None:
    reserving = [
        name
        for name, each in template["Resources"].items()
        if each["Type"] == "AWS::Serverless::Function"
        and "HttpConcurrency" in set(_references(each["Properties"]))
    ]

    assert len(reserving) == 5
    assert "five times" in template["Parameters"]["HttpConcurrency"]["Description"]
