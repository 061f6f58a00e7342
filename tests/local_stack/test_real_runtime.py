"""The built functions on Lambda's own runtime, in an interpreter that has nothing else.

The local AWS runs functions with packages of its own, so what a layer lacks goes unnoticed
there. Here the artifact alone must do.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from tests.local_stack.bare import Scenario, deployed_variables, prepare_stage
from tests.local_stack.harness import Harness
from tests.unit.loaded_modules import A_HIT_MAY_LOAD, ONLY_A_MISS_NEEDS

from scripts import envs, locks
from tokenvend_local import artifact, emulator, places
from tokenvend_local.emulator import EmulatedEnvironment
from tokenvend_local.stack import LocalStack

FUNCTIONS = re.findall(
    r"^  (\w+):\n    Type: AWS::Serverless::Function$", places.TEMPLATE.read_text(), re.MULTILINE
)

type Start = Callable[[str, str | None], AbstractContextManager[EmulatedEnvironment]]


@pytest.fixture(scope="module")
def scenario(harness: Harness) -> Scenario:
    return prepare_stage(harness)


@pytest.fixture
def start(stack: LocalStack) -> Start:
    """Starts a function as it was deployed."""

    def started(function: str, alias: str | None) -> AbstractContextManager[EmulatedEnvironment]:
        variables = deployed_variables(stack, function)
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


def test_direct_function_makes_keeps_and_finds_a_token(start: Start, scenario: Scenario) -> None:
    with start("VendDirectFunction", scenario.caller) as first:
        made, kept = first.invoke(scenario.direct()), first.invoke(scenario.direct())
    with start("VendDirectFunction", scenario.caller) as second:
        found = second.invoke(scenario.direct())

    assert [each.get("source") for each in (made, kept, found)] == ["provider", "memory", "store"]
    assert made["access_token"] == kept["access_token"] == found["access_token"]


@pytest.mark.parametrize(
    ("function", "event"),
    [("VendIamFunction", Scenario.by_role), ("VendOauth2Function", Scenario.by_client)],
)
def test_http_function_makes_and_keeps_a_token(
    start: Start, scenario: Scenario, function: str, event: Callable[[Scenario], dict[str, Any]]
) -> None:
    with start(function, "live") as environment:
        answers = [environment.invoke(event(scenario)) for _ in range(2)]

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


def test_an_answer_from_the_store_loads_only_what_a_hit_needs(
    stack: LocalStack, start: Start, scenario: Scenario
) -> None:
    with start("VendDirectFunction", scenario.caller) as first:
        first.invoke(scenario.direct())
    environ = emulator.lambda_environment("VendDirectFunction", alias=scenario.caller)
    script = (
        "import sys; before = set(sys.modules); sys.path.insert(0, '.');"
        "import app; from types import SimpleNamespace as Context;"
        f"arn = 'arn:aws:lambda:eu-west-1:111122223333:function:f:{scenario.caller}';"
        "context = Context(aws_request_id='1', invoked_function_arn=arn,"
        " get_remaining_time_in_millis=lambda: 20_000);"
        f"answer = app.lambda_handler({scenario.direct()!r}, context);"
        "print(answer['source'], *(sys.modules.keys() - before))"
    )

    done = subprocess.run(
        [str(places.RUNTIME_PYTHON), "-c", script],
        env=environ | deployed_variables(stack, "VendDirectFunction"),
        cwd=places.SAM_BUILD / "VendDirectFunction",
        capture_output=True,
        text=True,
        check=True,
    )

    source, *loaded = done.stdout.splitlines()[-1].split()
    assert source == "store"
    packages = {name.partition(".")[0] for name in loaded}
    assert packages - A_HIT_MAY_LOAD - sys.stdlib_module_names == {"app"}
    assert ONLY_A_MISS_NEEDS.isdisjoint(loaded)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_loads_and_refuses_what_comes_through_no_alias(
    start: Start, function: str
) -> None:
    with start(function, None) as environment:
        answer = environment.invoke({})

    # An import that fails is an answer too: {"errorType": "Runtime.ImportModuleError", …}.
    refused = (answer.get("errorType"), answer.get("error"), answer.get("statusCode"))
    assert {"InvalidClientError", "invalid_client", 401, 403} & set(refused), answer
