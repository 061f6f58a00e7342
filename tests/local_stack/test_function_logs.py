"""No run on the local stack passes whose functions failed without anybody having asked for it."""

import io
import json
import zipfile
from collections.abc import Iterator

import pytest

from tokenvend_local.function_logs import FunctionsFailedError, check, find_troubles
from tokenvend_local.stack import LocalStack

TRACEBACK = [
    "Traceback (most recent call last):",
    '  File "app.py", line 10, in lambda_handler',
    "    return handle(event)",
    "InvalidClientError: The caller is not known here.",
]
REPORT = "REPORT RequestId: 1\tDuration: 4 ms"
ERROR = json.dumps({"level": "ERROR", "message": "untrusted item"})
REFUSAL = json.dumps({"level": "WARNING", "message": "vend"})


def test_a_traceback_is_one_trouble_that_ends_with_its_exception() -> None:
    (trouble,) = find_troubles({"renew": ["START", *TRACEBACK, REPORT]})

    assert trouble.group == "renew"
    assert trouble.text.splitlines() == TRACEBACK


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(ERROR, id="a line at level ERROR"),
        pytest.param("Task timed out after 24.03 seconds", id="a time-out"),
        pytest.param("Runtime exited with error: signal: killed", id="a dead runtime"),
        pytest.param("[ERROR] Runtime.ImportModuleError: no app", id="an import that failed"),
    ],
)
def test_what_the_runtime_or_a_function_calls_an_error_is_a_trouble(line: str) -> None:
    assert [each.text for each in find_troubles({"sweep": ["START", line, REPORT]})] == [line]


def test_a_refusal_is_no_trouble() -> None:
    assert find_troubles({"vend-iam": ["START", REFUSAL, "{half a line", REPORT]}) == []


def test_a_trouble_that_somebody_expects_passes_and_another_does_not() -> None:
    lines = {"renew": TRACEBACK, "sweep": [ERROR]}

    check(lines, ["untrusted item", "InvalidClientError"])
    with pytest.raises(FunctionsFailedError, match="untrusted item") as caught:
        check(lines, ["InvalidClientError"])

    assert [each.group for each in caught.value.troubles] == ["sweep"]


def test_a_function_that_fails_on_the_stack_is_found(stack: LocalStack) -> None:
    # The unqualified function refuses every event, with a traceback.
    stack.expected_errors.add("^Traceback(.*\n)+.*InvalidClientError")
    name = stack.deployed.outputs["SweepFunctionName"]

    answer = stack.client("lambda").invoke(FunctionName=name, Payload=b"{}")

    assert "FunctionError" in answer
    stack.check_functions()
    with pytest.raises(FunctionsFailedError) as caught:
        check({"sweep": stack.function_logs()}, [])
    assert any("InvalidClientError" in trouble.text for trouble in caught.value.troubles)


@pytest.fixture
def function(stack: LocalStack) -> Iterator[str]:
    """A function whose role may do nothing and whose log group is not there."""
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "def handle(event, context):\n    print('here')\n")
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    role = stack.client("iam").create_role(
        RoleName="writes-a-log",
        AssumeRolePolicyDocument=json.dumps({"Statement": [trust | {"Action": "sts:AssumeRole"}]}),
    )
    stack.client("lambda").create_function(
        FunctionName="writes-a-log",
        Runtime="python3.13",
        Handler="app.handle",
        Role=role["Role"]["Arn"],
        Code={"ZipFile": code.getvalue()},
    )
    yield "writes-a-log"
    stack.client("lambda").delete_function(FunctionName="writes-a-log")


def test_a_log_group_is_made_again_only_by_a_role_that_may(
    stack: LocalStack, function: str
) -> None:
    def groups_after_an_invocation() -> list[str]:
        assert "FunctionError" not in stack.client("lambda").invoke(FunctionName=function)
        found = stack.client("logs").describe_log_groups(
            logGroupNamePrefix=f"/aws/lambda/{function}"
        )
        return [each["logGroupName"] for each in found["logGroups"]]

    assert groups_after_an_invocation() == []

    stack.client("iam").put_role_policy(
        RoleName=function,
        PolicyName="logs",
        PolicyDocument=json.dumps(
            {"Statement": [{"Effect": "Allow", "Action": "logs:CreateLogGroup", "Resource": "*"}]}
        ),
    )
    assert groups_after_an_invocation() == [f"/aws/lambda/{function}"]
