"""The rows on workloads' tokens and on clients that AWS proves."""

import base64
import json
import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.smoke.aws_answers import log_groups, log_lines
from tests.smoke.conftest import TOKEN, FakeRun
from tests.smoke.fake_aws import Answer, refuse

from tokenvend_local import places
from tokenvend_smoke.outcome import DidNotHoldError, NotRunError
from tokenvend_smoke.rows import policies, workloads

SUBJECT = "arn:aws:iam::111122223333:role/caller"
CLAIMS = {"iss": "https://1.tokens.sts.global.api.aws", "sub": SUBJECT}
BODY = base64.urlsafe_b64encode(json.dumps(CLAIMS).encode()).decode().rstrip("=")
ISSUED = {"sts.GetWebIdentityToken": {"WebIdentityToken": f"e30.{BODY}.sig"}}
OFF: dict[str, Answer] = {
    "sts.GetWebIdentityToken": refuse("OutboundWebIdentityFederationDisabledException")
}
EXCHANGED = {**TOKEN, "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}
NOT_READY = {"status": 502, "error": "credential_not_ready"}


@pytest.fixture
def made(
    fake_run: Callable[..., FakeRun], monkeypatch: pytest.MonkeyPatch
) -> Callable[[Mapping[str, Answer]], FakeRun]:
    def make(answers: Mapping[str, Answer]) -> FakeRun:
        given = fake_run(answers)
        monkeypatch.setattr(
            given.account, "client_as", lambda _, service: given.aws.client(service)
        )
        return given

    return make


def _files(given: FakeRun, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Each file that is applied."""
    applied: list[dict[str, Any]] = []
    run = given.account.run_tokenvend

    def keep(*arguments: str, stdin: str = "") -> Any:
        if arguments[0] == "apply":
            applied.append(yaml.safe_load(given.smoke.file.read_text()))
        return run(*arguments, stdin=stdin)

    monkeypatch.setattr(given.account, "run_tokenvend", keep)
    return applied


def test_the_shared_alias_is_made_asked_and_taken_away(
    made: Callable[..., FakeRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    denied = refuse("AccessDeniedException", "with an explicit deny in a resource-based policy")
    given = made({"lambda.Invoke": denied})
    applied = _files(given, monkeypatch)
    workloads.shared_alias_denies_everybody_else(given.smoke)

    assert given.aws.calls[0][1]["FunctionName"] == "smoke-VendDirect:Workloads"
    assert ["direct_workloads" in each for each in applied] == [True, False]
    (key,) = applied[0]["issuers"]["nobody"]["keys"]
    assert "d" not in key
    with pytest.raises(DidNotHoldError, match="may invoke"):
        workloads.shared_alias_denies_everybody_else(made({"lambda.Invoke": {}}).smoke)


def test_awss_token_must_be_exchanged_and_told(
    made: Callable[..., FakeRun], monkeypatch: pytest.MonkeyPatch
) -> None:
    logs = log_groups() | log_lines({"subject": SUBJECT})
    given = made(ISSUED | logs)
    given.callers.answers = [EXCHANGED]
    applied = _files(given, monkeypatch)
    workloads.a_platforms_token_proves_a_caller(given.smoke)

    assert applied[0]["issuers"] == {"aws": {"issuer": CLAIMS["iss"]}}
    assert {"workload": {"issuer": "aws", "sub": SUBJECT}} in applied[0]["callers"]["smoke"][
        "identities"
    ]
    assert "issuers" not in applied[1]
    given.callers.answers = [{"status": 400, "error": "invalid_request"}]
    with pytest.raises(DidNotHoldError, match="invalid_request"):
        workloads.a_platforms_token_proves_a_caller(given.smoke)
    silent = made(ISSUED | log_groups() | log_lines({"subject": "another"}))
    silent.callers.answers = [EXCHANGED]
    with pytest.raises(DidNotHoldError, match="no audit line"):
        workloads.a_platforms_token_proves_a_caller(silent.smoke)


def test_a_client_that_aws_proves_needs_its_audience_allowed(made: Callable[..., FakeRun]) -> None:
    given = made(ISSUED)
    given.callers.answers = [NOT_READY, NOT_READY, TOKEN]
    workloads.aws_proves_a_client(given.smoke)

    (deployed,) = given.account.deployments
    assert deployed["IdentityTokenAudiences"] == "https://stand-in.example/token"
    given.callers.answers = [TOKEN]
    with pytest.raises(DidNotHoldError, match="without the audience"):
        workloads.aws_proves_a_client(given.smoke)
    given.callers.answers = [NOT_READY]
    with pytest.raises(DidNotHoldError, match="no token either"):
        workloads.aws_proves_a_client(given.smoke)


def test_the_files_of_a_run_are_valid(
    made: Callable[..., FakeRun], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    denied = refuse("AccessDeniedException", "with an explicit deny in a resource-based policy")
    given = made({"lambda.Invoke": denied})
    applied = _files(given, monkeypatch)
    workloads.shared_alias_denies_everybody_else(given.smoke)
    given.smoke.write_file(("arn:aws:iam::111122223333:role/doomed", "s2"))
    files = [*applied, yaml.safe_load(given.smoke.file.read_text())]

    for number, document in enumerate(files):
        path = tmp_path / f"{number}.yaml"
        path.write_text(yaml.safe_dump(document))
        ended = subprocess.run(
            [str(places.VENV / "bin" / "tokenvend"), "validate", "--file", str(path)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize(
    "row", [workloads.a_platforms_token_proves_a_caller, workloads.aws_proves_a_client]
)
def test_an_account_without_identity_tokens_is_told_how_to_have_them(
    made: Callable[..., FakeRun], row: Callable[..., None]
) -> None:
    with pytest.raises(NotRunError, match="enable-outbound-web-identity-federation"):
        row(made(OFF).smoke)


@pytest.mark.parametrize(("iam", "held"), [("implicitDeny", True), ("allowed", False)])
def test_only_one_function_may_use_subject_tokens(
    fake_run: Callable[..., FakeRun], iam: str, *, held: bool
) -> None:
    decisions = ["allowed", iam]
    given = fake_run(
        {
            "lambda.GetFunctionConfiguration": {"Role": SUBJECT, "FunctionArn": "arn:function"},
            "dynamodb.DescribeTable": {
                "Table": {"TableArn": "arn:table", "CreationDateTime": datetime.now(UTC)}
            },
            "iam.SimulatePrincipalPolicy": lambda params: {
                "EvaluationResults": [
                    {
                        "EvalActionName": params["ActionNames"][0],
                        "EvalDecision": decisions.pop(0),
                    }
                ]
            },
        }
    )

    if held:
        policies.only_oauth2_uses_subject_tokens(given.smoke)
    else:
        with pytest.raises(DidNotHoldError, match="of VendIam is allowed"):
            policies.only_oauth2_uses_subject_tokens(given.smoke)
