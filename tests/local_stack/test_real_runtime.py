"""The built functions on Lambda's own runtime, in an interpreter that has nothing else.

The local AWS runs functions with packages of its own, so what a layer lacks goes unnoticed
there. Here the artifact alone must do.
"""

import json
import subprocess
from base64 import b64encode
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest
from tests.local_stack.world import World

from scripts import envs, locks
from tokenvend_local import artifact, emulator, places
from tokenvend_local.asking import OAuthClient
from tokenvend_local.emulator import Environment
from tokenvend_local.principals import Principal
from tokenvend_local.stack import LocalStack

type Start = Callable[[str, str | None], AbstractContextManager[Environment]]

VENDING = ("VendDirectFunction", "VendIamFunction", "VendOauth2Function")
_FORM = {"content-type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True)
class Scene:
    """One caller, by each way in, and for each function a credential that only it is asked for."""

    caller: str
    credentials: Mapping[str, str]
    role: Principal
    client: OAuthClient

    def by_role(self) -> dict[str, Any]:
        """The event that API Gateway makes of a request that the role signed."""
        session = f"arn:aws:sts::{places.ACCOUNT}:assumed-role/{self.role.name}/{self.role.name}-1"
        identity = {"userArn": session, "user": f"{self.role.unique_id}:{self.role.name}-1"}
        return self._http("VendIamFunction", _FORM, identity)

    def by_client(self) -> dict[str, Any]:
        """The event that it makes of a request with the client's id and secret."""
        pair = f"{self.client.client_id}:{self.client.client_secret}".encode()
        headers = _FORM | {"authorization": f"Basic {b64encode(pair).decode()}"}
        return self._http("VendOauth2Function", headers, {})

    def _http(
        self, function: str, headers: dict[str, str], identity: dict[str, str]
    ) -> dict[str, Any]:
        return {
            "httpMethod": "POST",
            "headers": headers,
            "multiValueHeaders": {name: [value] for name, value in headers.items()},
            "pathParameters": {"credential": self.credentials[function]},
            "requestContext": {"identity": identity},
            "body": "grant_type=client_credentials",
            "isBase64Encoded": False,
        }


@pytest.fixture(scope="module")
def scene(world: World) -> Scene:
    caller = world.name("bare")
    role = world.role(caller)
    world.caller(caller, iam=role, client_id=caller, direct=role)
    credentials = {function: world.name("bare-jobs") for function in VENDING}
    for credential in credentials.values():
        world.credential(credential)
        world.grant(caller, credential)
    world.apply()
    return Scene(caller, credentials, role, world.new_client(caller))


@pytest.fixture
def start(stack: LocalStack) -> Start:
    """Starts a function with the variables that it was deployed with, as the account's root."""

    def started(function: str, alias: str | None) -> AbstractContextManager[Environment]:
        name = stack.deployed.outputs[f"{function}Name"]
        deployed = stack.client("lambda").get_function_configuration(FunctionName=name)
        variables = dict(deployed["Environment"]["Variables"]) | {
            "AWS_ENDPOINT_URL": stack.endpoint,
            "AWS_ACCESS_KEY_ID": places.ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "local-stack",
        }
        log = stack.folder / f"runtime-{function}.log"
        return emulator.environment(function, alias=alias, variables=variables, log=log)

    return started


def test_interpreter_has_what_lambda_brings_and_nothing_else() -> None:
    script = "import importlib.metadata as m; print(*(d.name for d in m.distributions()))"

    done = subprocess.run(
        [str(places.RUNTIME_PYTHON), "-I", "-c", script], capture_output=True, text=True, check=True
    )

    pinned = locks.pinned(envs.REQUIREMENTS / "runtime.txt").keys()
    assert {locks.normal(name) for name in done.stdout.split()} == pinned
    assert {"aws-lambda-powertools", "cryptography", "requests"}.isdisjoint(pinned)


def test_direct_function_makes_keeps_and_finds_a_token(start: Start, scene: Scene) -> None:
    event = {"credential": scene.credentials["VendDirectFunction"]}

    with start("VendDirectFunction", scene.caller) as first:
        made, kept = first.invoke(event), first.invoke(event)
    with start("VendDirectFunction", scene.caller) as second:
        found = second.invoke(event)

    assert [each.get("source") for each in (made, kept, found)] == ["provider", "memory", "store"]
    assert made["access_token"] == kept["access_token"] == found["access_token"]


@pytest.mark.parametrize(
    ("function", "event"),
    [("VendIamFunction", Scene.by_role), ("VendOauth2Function", Scene.by_client)],
)
def test_http_function_makes_and_keeps_a_token(
    start: Start, scene: Scene, function: str, event: Callable[[Scene], dict[str, Any]]
) -> None:
    with start(function, "live") as environment:
        answers = [environment.invoke(event(scene)) for _ in range(2)]

    assert [answer["statusCode"] for answer in answers] == [200, 200]
    bodies = [json.loads(answer["body"]) for answer in answers]
    assert [body["source"] for body in bodies] == ["provider", "memory"]


@pytest.mark.parametrize("alias", [None, "1", "live"])
def test_direct_function_answers_nobody_who_comes_another_way(
    start: Start, alias: str | None
) -> None:
    with start("VendDirectFunction", alias) as environment:
        answer = environment.invoke({"credential": "jobs"})

    assert answer["error"] == "invalid_client"
    assert answer["retryable"] is False


def test_metadata_function_answers(start: Start) -> None:
    event = {
        "pathParameters": {"credential": "jobs"},
        "stageVariables": {"issuer_base": "https://tokens.example.com"},
    }

    with start("MetadataFunction", "live") as environment:
        answer = environment.invoke(event)

    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["issuer"] == "https://tokens.example.com/oauth2/jobs"


def test_layer_holds_the_library_compiled_and_names_no_folder_of_the_builder(
    stack: LocalStack,
) -> None:
    del stack
    library = places.SAM_BUILD / artifact.LAYER / "python" / "tokenvend"

    sources = list(library.rglob("*.py"))
    compiled = {path.name.partition(".")[0] for path in library.rglob("*.pyc")}

    assert {path.stem for path in sources} == compiled
    for path in library.rglob("*.pyc"):
        code = path.read_bytes()
        # PEP 552: valid by the hash of its source, which is not looked at when it is loaded.
        assert code[4:8] == b"\x01\0\0\0"
        assert str(places.ROOT).encode() not in code
        assert b"/opt/python/tokenvend" in code
