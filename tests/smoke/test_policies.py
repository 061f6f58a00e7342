"""The rows that ask IAM's policy simulator, and KMS."""

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from tests.smoke.conftest import OUTPUTS, FakeRun
from tests.smoke.fake_aws import Answer, refuse

from tokenvend_smoke.outcome import DidNotHoldError
from tokenvend_smoke.rows import policies

ROLE = "arn:aws:iam::111122223333:role/function"


def _iam(*decisions: str) -> dict[str, Answer]:
    left = list(decisions)

    def simulate(params: Mapping[str, Any]) -> Mapping[str, Any]:
        (action,) = params["ActionNames"]
        return {"EvaluationResults": [{"EvalActionName": action, "EvalDecision": left.pop(0)}]}

    return {
        "lambda.GetFunctionConfiguration": {"Role": ROLE, "FunctionArn": "arn:function"},
        "dynamodb.DescribeTable": {"Table": {"TableArn": "arn:table"}},
        "iam.SimulatePrincipalPolicy": simulate,
    }


@pytest.mark.parametrize(
    "row",
    [
        policies.functions_write_tokens_only,
        policies.pages_write_consents_only,
        policies.pages_touch_what_is_pending_only,
        policies.pages_open_what_is_pending_only,
    ],
)
def test_what_is_meant_is_allowed_and_what_is_not_is_denied(
    fake_run: Callable[..., FakeRun], row: Callable[..., None]
) -> None:
    row(fake_run(_iam("allowed", "implicitDeny")).smoke)

    with pytest.raises(DidNotHoldError, match="is allowed with"):
        row(fake_run(_iam("allowed", "allowed")).smoke)
    # A role that may do nothing at all would prove nothing.
    with pytest.raises(DidNotHoldError, match="is implicitDeny with"):
        row(fake_run(_iam("implicitDeny", "implicitDeny")).smoke)


def test_network_interfaces_are_lambdas_to_make(fake_run: Callable[..., FakeRun]) -> None:
    given = fake_run(_iam("allowed", "explicitDeny"))
    policies.code_makes_no_network_interfaces(given.smoke)

    lambdas, codes = [params for name, params in given.aws.calls if name.startswith("iam.")]
    assert lambdas["PolicySourceArn"] == codes["PolicySourceArn"] == ROLE
    assert lambdas["ContextEntries"] == []
    assert codes["ContextEntries"][0]["ContextKeyName"] == "lambda:SourceFunctionArn"
    # Where nothing is allowed at all, as without a VPC, nothing is shown.
    for decisions in (("allowed", "allowed"), ("allowed", "implicitDeny"), ("implicitDeny",)):
        with pytest.raises(DidNotHoldError):
            policies.code_makes_no_network_interfaces(fake_run(_iam(*decisions)).smoke)


def test_a_data_key_is_not_decrypted_without_its_context(fake_run: Callable[..., FakeRun]) -> None:
    stored = {"Items": [{"wrapped_key": {"B": b"wrapped"}}]}
    refused = {"kms.Decrypt": refuse("InvalidCiphertextException"), "dynamodb.Scan": stored}
    given = fake_run(refused)
    policies.keys_need_their_context(given.smoke)

    assert ("dynamodb.Scan", OUTPUTS["TokensTableName"]) in [
        (name, params.get("TableName")) for name, params in given.aws.calls
    ]
    with pytest.raises(DidNotHoldError, match="KMS decrypted it"):
        policies.keys_need_their_context(
            fake_run({"kms.Decrypt": {"Plaintext": b"key"}, "dynamodb.Scan": stored}).smoke
        )
    with pytest.raises(DidNotHoldError, match="no data key is stored"):
        policies.keys_need_their_context(
            fake_run({**refused, "dynamodb.Scan": {"Items": []}}).smoke
        )
