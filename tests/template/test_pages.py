"""The pages' API and function."""

import json
import re
from typing import Any

from tests.template.deployed import deployed
from tests.template.parts import Resources, statements_of

from tokenvend.adapters.dynamodb.connection_store import SET_PENDING


def test_there_are_no_pages_unless_they_are_wanted(template: dict[str, Any]) -> None:
    without, wanted = deployed(template), deployed(template, ConsentPages="true")

    assert wanted.keys() - without.keys() == {
        "PagesApi",
        "ConnectPagesFunction",
        "ConnectPagesRole",
        "ConnectPagesPolicy",
        "ConnectPagesLogs",
    }


def test_pages_are_for_browsers_through_their_own_api_alone(resources: Resources) -> None:
    allow, deny = statements_of(resources, "ConnectPagesPolicy")
    paths = resources["PagesApi"]["Properties"]["DefinitionBody"]["paths"]

    sources = json.dumps(allow["Condition"]["ArnLike"]["AWS:SourceArn"])
    assert allow["Principal"] == {"Service": "apigateway.amazonaws.com"}
    assert "PagesApi" in sources
    assert "VendingApi" not in sources
    assert (deny["Effect"], deny["Principal"]) == ("Deny", "*")
    assert deny["Condition"] == {"Bool": {"aws:PrincipalIsAWSService": "false"}}
    assert {(path, method) for path, methods in paths.items() for method in methods} == {
        ("/connect/{link}", "get"),
        ("/connect/{link}", "post"),
        ("/callback/{credential}", "get"),
        ("/.well-known/jwks.json", "get"),
    }


def test_pages_can_neither_read_a_consent_nor_touch_a_token(resources: Resources) -> None:
    (policy,) = resources["ConnectPagesRole"]["Properties"]["Policies"]
    statements = policy["PolicyDocument"]["Statement"]

    on_connections = [
        each["Action"]
        for each in statements
        if each["Resource"] == {"Fn::GetAtt": "ConnectionsTable.Arn"}
    ]
    keys = {
        each["Sid"]: each["Condition"]["Fn::If"][1]["ForAllValues:StringLike"][
            "dynamodb:LeadingKeys"
        ]
        for each in statements
        if each["Resource"] == {"Fn::GetAtt": "TokensTable.Arn"}
    }
    assert on_connections == [["dynamodb:UpdateItem"]]
    assert keys == {
        "ReadEpochs": ["epoch#*"],
        "LeadUsersOn": ["consent#*", "datakey#tokens#*", "datakey#pending#*"],
    }


def test_pages_touch_of_a_connection_only_what_is_pending_and_get_nothing_back(
    resources: Resources,
) -> None:
    (policy,) = resources["ConnectPagesRole"]["Properties"]["Policies"]
    (keep,) = [
        each
        for each in policy["PolicyDocument"]["Statement"]
        if each.get("Sid") == "KeepPendingConsents"
    ]
    touched = set(re.findall(r"(\w+) = :", SET_PENDING))

    condition = keep["Condition"]["Fn::If"][1]
    attributes = condition["ForAllValues:StringEquals"]["dynamodb:Attributes"]
    assert set(attributes) == {"pk"} | touched
    assert condition["StringEqualsIfExists"] == {"dynamodb:ReturnValues": ["NONE"]}


def test_no_link_state_or_code_is_in_an_access_log(resources: Resources) -> None:
    for api in ("VendingApi", "PagesApi"):
        shown = resources[api]["Properties"]["AccessLogSetting"]["Format"]
        assert not {"$context.path", "$context.protocol"} & set(shown.split('"'))
        assert "querystring" not in shown
