"""What each function's role may do."""

from typing import Any

import pytest
from tests.template.parts import ALL_FUNCTIONS, Resources, statements_of


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("function", ALL_FUNCTIONS)
def test_function_has_a_role_and_a_log_group_of_its_own(
    resources: Resources, function: str
) -> None:
    properties = resources[f"{function}Function"]["Properties"]
    role = resources[f"{function}Role"]["Properties"]

    assert properties["Role"] == {"Fn::GetAtt": f"{function}Role.Arn"}
    assert properties["LoggingConfig"] == {"LogGroup": {"Ref": f"{function}Logs"}}
    assert role["Policies"][0]["PolicyDocument"]["Statement"][0]["Resource"] == {
        "Fn::GetAtt": f"{function}Logs.Arn"
    }


def test_metadata_function_may_do_nothing_but_log(resources: Resources) -> None:
    role = resources["MetadataRole"]["Properties"]

    only_traces = ["Traces", [{"Ref": "TracingPolicy"}], {"Ref": "AWS::NoValue"}]
    assert role["ManagedPolicyArns"] == {"Fn::If": only_traces}
    assert role["Policies"][0]["PolicyDocument"]["Statement"][0]["Action"] == [
        "logs:CreateLogStream",
        "logs:PutLogEvents",
    ]


def test_jwks_function_reads_public_halves_of_tagged_keys_and_which_they_are(
    resources: Resources,
) -> None:
    _, keys = resources["JwksRole"]["Properties"]["Policies"]
    statements = {each["Sid"]: each for each in keys["PolicyDocument"]["Statement"]}

    assert {a for each in statements.values() for a in each["Action"]} == {
        *("dynamodb:GetItem", "kms:Decrypt", "kms:GetPublicKey")
    }
    leading = statements["WhichKeys"]["Condition"]["Fn::If"][1]["ForAllValues:StringEquals"]
    assert leading == {"dynamodb:LeadingKeys": ["jwks"]}
    tagged = statements["TheirPublicHalves"]["Condition"]["Fn::If"][1]["StringEquals"]
    assert tagged == {"aws:ResourceTag/tokenvend:deployment": {"Ref": "DeploymentId"}}


def test_vending_signs_with_tagged_keys_only(resources: Resources) -> None:
    (sign,) = [
        each for each in statements_of(resources, "VendingPolicy") if "kms:Sign" in each["Action"]
    ]

    assert sign["Action"] == ["kms:Sign"]
    tagged = sign["Condition"]["Fn::If"][1]["StringEquals"]
    assert tagged == {"aws:ResourceTag/tokenvend:deployment": {"Ref": "DeploymentId"}}


@pytest.mark.parametrize(
    "policy",
    [
        "ConnectionOperatorPolicy",
        "RefreshingPolicy",
        "RegistryWriterPolicy",
        "SecretWriterPolicy",
        "VendingPolicy",
    ],
)
def test_policy_names_its_actions_and_its_resources(resources: Resources, policy: str) -> None:
    for statement in statements_of(resources, policy):
        assert not [action for action in as_list(statement["Action"]) if "*" in action]
        # Listing secrets' names takes no resource.
        if as_list(statement["Action"]) != ["secretsmanager:ListSecrets"]:
            assert "*" not in as_list(statement["Resource"])


def test_vending_writes_neither_registry_nor_secrets_and_only_updates_secret_generations(
    resources: Resources,
) -> None:
    statements = statements_of(resources, "VendingPolicy")
    actions = {action for each in statements for action in as_list(each["Action"])}
    writes = [each for each in statements if "dynamodb:PutItem" in as_list(each["Action"])]
    registry = {"Fn::GetAtt": "RegistryTable.Arn"}

    assert not [action for action in actions if action.startswith("secretsmanager:Put")]
    assert {a for each in statements if each["Resource"] == registry for a in each["Action"]} == {
        "dynamodb:BatchGetItem"
    }
    (write,) = writes
    leading = write["Condition"]["Fn::If"][1]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    assert leading == ["token#*", "datakey#*"]
    (told,) = [each for each in statements if each["Sid"] == "TellOfARefusedCredential"]
    assert told["Action"] == ["dynamodb:UpdateItem"]
    leading = told["Condition"]["Fn::If"][1]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    assert leading == ["epoch#*"]


def test_key_is_used_only_for_this_deployments_items(resources: Resources) -> None:
    statements = {each["Sid"]: each for each in statements_of(resources, "VendingPolicy")}

    context = statements["SealAndOpenItems"]["Condition"]["Fn::If"][1]["StringEquals"]
    assert context == {
        "kms:EncryptionContext:tokenvend:deployment": {"Ref": "DeploymentId"},
        "kms:EncryptionContext:tokenvend:table": "tokens",
    }
    assert (
        "kms:ViaService" in statements["TablesAreEncryptedWithTheKey"]["Condition"]["StringEquals"]
    )


def test_secret_writer_writes_secret_generations_and_no_tokens(resources: Resources) -> None:
    statements = {each["Sid"]: each for each in statements_of(resources, "SecretWriterPolicy")}
    actions = {action for each in statements.values() for action in as_list(each["Action"])}

    leading = statements["TellTheOthers"]["Condition"]["Fn::If"][1]["ForAllValues:StringLike"]
    assert leading == {"dynamodb:LeadingKeys": ["epoch#*"]}
    assert "secretsmanager:GetSecretValue" not in actions
