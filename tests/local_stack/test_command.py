"""The command under the roles that the deployment offers for it, with IAM enforced."""

import json
from dataclasses import dataclass

import pytest
from tests.local_stack.world import World

from tokenvend_local.asking import ask_as_client
from tokenvend_local.principals import Principal
from tokenvend_local.stack import CommandFailedError, LocalStack


@dataclass(frozen=True, slots=True)
class Scene:
    """A caller that is an OAuth client, and the two roles."""

    caller: str
    credential: str
    file: str
    value: str
    registry_writer: Principal
    secret_writer: Principal


@pytest.fixture(scope="module")
def scene(stack: LocalStack, world: World) -> Scene:
    caller, credential = world.name("reader"), world.name("jobs")
    client = world.credential(credential)
    world.caller(caller, client_id=caller)
    world.grant(caller, credential)
    world.apply()
    outputs = stack.deployed.outputs
    return Scene(
        caller,
        credential,
        str(world.file),
        json.dumps({"client_id": client.client_id, "client_secret": client.client_secret}),
        stack.principals.role(
            world.name("registry-writer"), policies=[outputs["RegistryWriterPolicyArn"]]
        ),
        stack.principals.role(
            world.name("secret-writer"), policies=[outputs["SecretWriterPolicyArn"]]
        ),
    )


def test_registry_writer_may_do_all_but_secrets(
    stack: LocalStack, world: World, scene: Scene
) -> None:
    def run(*words: str) -> str:
        return stack.tokenvend(*words, principal=scene.registry_writer)

    nightly = world.name("nightly")
    world.caller(nightly, direct=scene.registry_writer)
    world.file.write_text(json.dumps(world.configuration), encoding="utf-8")

    assert f"+ alias {nightly}" in run("plan", "--file", scene.file)
    assert "Applied." in run("apply", "--yes", "--file", scene.file)
    run("block", "caller", scene.caller, "--reason", "test")
    assert scene.caller in run("blocks")
    run("unblock", "caller", scene.caller)
    run("caller", "new-secret", scene.caller, "--json")
    assert scene.caller in run("caller", "list", "--json")
    asked = ("--caller", scene.caller, "--credential", scene.credential)
    assert "granted" in run("explain", "--deployed", *asked)


def test_registry_writer_may_not_write_secrets(stack: LocalStack, scene: Scene) -> None:
    with pytest.raises(CommandFailedError, match="AWS refused DescribeSecret") as caught:
        stack.tokenvend(
            *("secret", "put", scene.credential),
            stdin=scene.value,
            principal=scene.registry_writer,
        )

    assert caught.value.code == 1


def test_secret_writer_may_write_secrets_and_see_their_state(
    stack: LocalStack, scene: Scene
) -> None:
    def run(*words: str, stdin: str = "") -> str:
        return stack.tokenvend("secret", *words, stdin=stdin, principal=scene.secret_writer)

    before = json.loads(run("status", scene.credential, "--json"))
    run("put", scene.credential, stdin=scene.value)
    after = json.loads(run("status", scene.credential, "--json"))

    assert before[0]["ready"]
    assert after[0]["epoch"] != before[0]["epoch"]
    assert scene.credential in run("status", scene.credential)


@pytest.mark.parametrize(
    ("words", "refused"),
    [
        (("block", "caller", "CALLER", "--reason", "test"), "TransactWriteItems"),
        (("caller", "new-secret", "CALLER"), "TransactWriteItems"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else value,
)
def test_secret_writer_may_grant_nobody_anything(
    stack: LocalStack, scene: Scene, words: tuple[str, ...], refused: str
) -> None:
    replaced = [scene.caller if word == "CALLER" else word for word in words]

    with pytest.raises(CommandFailedError, match=f"AWS refused {refused}"):
        stack.tokenvend(*replaced, principal=scene.secret_writer)


def test_secret_writer_may_apply_no_new_caller(
    stack: LocalStack, world: World, scene: Scene
) -> None:
    sneaked = world.name("sneaked")
    world.caller(sneaked, direct=scene.secret_writer)
    world.file.write_text(json.dumps(world.configuration), encoding="utf-8")

    with pytest.raises(CommandFailedError, match="AWS refused "):
        stack.tokenvend("apply", "--yes", "--file", scene.file, principal=scene.secret_writer)

    assert f"+ alias {sneaked}" in stack.tokenvend("plan", "--file", scene.file)
    assert sneaked not in stack.tokenvend("caller", "list", "--json")


def test_endpoint_and_region_may_be_said_to_the_command_itself(
    stack: LocalStack, world: World, scene: Scene
) -> None:
    where = ("--endpoint-url", stack.endpoint, "--region", "eu-west-1")
    elsewhere = ("--endpoint-url", "http://127.0.0.1:1", "--region", "eu-west-1")

    issued = json.loads(stack.tokenvend(*where, "caller", "new-secret", scene.caller, "--json"))
    with pytest.raises(CommandFailedError, match="AWS cannot be asked") as caught:
        stack.tokenvend(*elsewhere, "caller", "list")

    assert caught.value.code == 1
    assert issued["client_id"] == scene.caller
    client = world.new_client(scene.caller)
    assert ask_as_client(stack.deployed, client, scene.credential).status == 200
