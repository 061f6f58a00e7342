"""The command under the roles that the deployment offers for it, with IAM enforced."""

import json
from dataclasses import dataclass

import pytest
from tests.local_stack.harness import Harness

from tokenvend_local.callers import ask_as_client
from tokenvend_local.principals import Principal
from tokenvend_local.stack import CommandFailedError, LocalStack


@dataclass(frozen=True, slots=True)
class Scenario:
    """A caller that is an OAuth client, and the two roles."""

    caller: str
    credential: str
    file: str
    value: str
    registry_writer: Principal
    secret_writer: Principal


@pytest.fixture(scope="module")
def scenario(stack: LocalStack, harness: Harness) -> Scenario:
    caller, credential = harness.name("reader"), harness.name("jobs")
    client = harness.credential(credential)
    harness.caller(caller, client_id=caller)
    harness.grant(caller, credential)
    harness.apply()
    outputs = stack.deployed.outputs
    return Scenario(
        caller,
        credential,
        str(harness.file),
        json.dumps({"client_id": client.client_id, "client_secret": client.client_secret}),
        stack.principals.role(
            harness.name("registry-writer"), policies=[outputs["RegistryWriterPolicyArn"]]
        ),
        stack.principals.role(
            harness.name("secret-writer"), policies=[outputs["SecretWriterPolicyArn"]]
        ),
    )


def test_registry_writer_may_do_all_but_secrets(
    stack: LocalStack, harness: Harness, scenario: Scenario
) -> None:
    def run(*words: str) -> str:
        return stack.tokenvend(*words, principal=scenario.registry_writer)

    nightly = harness.name("nightly")
    harness.caller(nightly, direct=scenario.registry_writer)
    harness.file.write_text(json.dumps(harness.configuration), encoding="utf-8")

    assert f"+ alias {nightly}" in run("plan", "--file", scenario.file)
    assert "Applied." in run("apply", "--yes", "--file", scenario.file)
    run("block", "caller", scenario.caller, "--reason", "test")
    assert scenario.caller in run("blocks")
    run("unblock", "caller", scenario.caller)
    run("caller", "new-secret", scenario.caller, "--json")
    assert scenario.caller in run("caller", "list", "--json")
    asked = ("--caller", scenario.caller, "--credential", scenario.credential)
    assert "granted" in run("explain", "--deployed", *asked)


def test_registry_writer_may_not_write_secrets(stack: LocalStack, scenario: Scenario) -> None:
    with pytest.raises(CommandFailedError, match="AWS refused DescribeSecret") as caught:
        stack.tokenvend(
            *("secret", "put", scenario.credential),
            stdin=scenario.value,
            principal=scenario.registry_writer,
        )

    assert caught.value.code == 1


def test_secret_writer_may_write_secrets_and_see_their_state(
    stack: LocalStack, scenario: Scenario
) -> None:
    def run(*words: str, stdin: str = "") -> str:
        return stack.tokenvend("secret", *words, stdin=stdin, principal=scenario.secret_writer)

    before = json.loads(run("status", scenario.credential, "--json"))
    run("put", scenario.credential, stdin=scenario.value)
    after = json.loads(run("status", scenario.credential, "--json"))

    assert before[0]["ready"]
    assert after[0]["secret_generation"] != before[0]["secret_generation"]
    assert scenario.credential in run("status", scenario.credential)


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        (("block", "caller", "CALLER", "--reason", "test"), "TransactWriteItems"),
        (("caller", "new-secret", "CALLER"), "TransactWriteItems"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else value,
)
def test_secret_writer_may_grant_nobody_anything(
    stack: LocalStack, scenario: Scenario, words: tuple[str, ...], refused: str
) -> None:
    replaced = [scenario.caller if word == "CALLER" else word for word in words]

    with pytest.raises(CommandFailedError, match=f"AWS refused {refused}"):
        stack.tokenvend(*replaced, principal=scenario.secret_writer)


def test_secret_writer_may_apply_no_new_caller(
    stack: LocalStack, harness: Harness, scenario: Scenario
) -> None:
    sneaked = harness.name("sneaked")
    harness.caller(sneaked, direct=scenario.secret_writer)
    harness.file.write_text(json.dumps(harness.configuration), encoding="utf-8")

    with pytest.raises(CommandFailedError, match="AWS refused "):
        stack.tokenvend("apply", "--yes", "--file", scenario.file, principal=scenario.secret_writer)

    assert f"+ alias {sneaked}" in stack.tokenvend("plan", "--file", scenario.file)
    assert sneaked not in stack.tokenvend("caller", "list", "--json")


def test_endpoint_and_region_may_be_said_to_the_command_itself(
    stack: LocalStack, harness: Harness, scenario: Scenario
) -> None:
    where = ("--endpoint-url", stack.endpoint, "--region", "eu-west-1")
    elsewhere = ("--endpoint-url", "http://127.0.0.1:1", "--region", "eu-west-1")

    issued = json.loads(stack.tokenvend(*where, "caller", "new-secret", scenario.caller, "--json"))
    with pytest.raises(CommandFailedError, match="AWS could not be called") as caught:
        stack.tokenvend(*elsewhere, "caller", "list")

    assert caught.value.code == 1
    assert issued["client_id"] == scenario.caller
    client = harness.new_client(scenario.caller)
    assert ask_as_client(stack.deployed, client, scenario.credential).status == 200
