"""What the page on security says of each function is what its role says."""

import re
from typing import Any

from tests.docs.sources import ROOT, template, text_of
from tests.template.deployed import deployed

from tokenvend_cli.deployment.adoption import READERS

type Resources = dict[str, Any]


def _rows() -> dict[str, list[str]]:
    table = text_of("docs/security.md").partition("## What each function may do")[2]
    rows = [line for line in table.partition("\n## ")[0].splitlines() if line.startswith("| `")]
    return {
        name.strip("`"): cells
        for name, *cells in ([cell.strip() for cell in row.split("|")[1:-1]] for row in rows)
    }


def _actions(resources: Resources, function: str) -> set[str]:
    role = resources[f"{function}Role"]["Properties"]
    shared = [resources[each["Ref"]]["Properties"] for each in role.get("ManagedPolicyArns", [])]
    documents = [each["PolicyDocument"] for each in [*role["Policies"], *shared]]
    return {
        action
        for document in documents
        for statement in document["Statement"]
        for action in statement["Action"]
    }


def test_every_function_is_told_with_what_it_may_do() -> None:
    resources = deployed(template(), ConsentPages="true")
    functions = {
        name.removesuffix("Function")
        for name, each in resources.items()
        if each["Type"] == "AWS::Serverless::Function"
    }
    rows = _rows()

    assert rows.keys() == functions
    for function, (_, tables, secrets, signs, _) in rows.items():
        actions = _actions(resources, function)
        reads = "secretsmanager:GetSecretValue" in actions
        lists = "secretsmanager:ListSecrets" in actions
        assert (secrets, function) == ("reads" if reads else "lists" if lists else "no", function)
        assert (signs == "yes", function) == ("kms:Sign" in actions, function)
        touches = any(action.startswith("dynamodb:") for action in actions)
        assert (tables != "none", function) == (touches, function)
        if not reads:
            assert "the secrets" not in rows[function][-1]


def test_key_of_an_adopted_secret_admits_every_function_that_reads_it() -> None:
    resources = deployed(template(), ConsentPages="true")
    readers = {
        f"{function}FunctionName"
        for function in _rows()
        if "secretsmanager:GetSecretValue" in _actions(resources, function)
    }
    (says_who,) = [
        statement
        for statement in resources["SecretWriterPolicy"]["Properties"]["PolicyDocument"][
            "Statement"
        ]
        if statement.get("Sid") == "SayWhoReadsThem"
    ]

    assert set(READERS) == readers
    assert {
        f"{each['Fn::GetAtt'].partition('.')[0]}Name" for each in says_who["Resource"]
    } == readers


def test_every_test_that_the_page_names_is_there() -> None:
    named = set(re.findall(r"`(test_\w+)`", text_of("docs/security.md")))

    assert named
    written = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")
    )
    assert not {name for name in named if f"def {name}(" not in written}
