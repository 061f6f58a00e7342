"""An upgrade takes effect through every entry, under load, and so does a roll back.

The stack is one of its own, because the others must not see another library.
"""

import json
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import requests
from tests.local_stack.harness import Harness

from tokenvend_local import artifact, deployment, places
from tokenvend_local.callers import Answer, OAuthClient, ask_as_client, ask_directly, ask_signed
from tokenvend_local.principals import Principal
from tokenvend_local.release_stamp import stamp_functions
from tokenvend_local.saved_state import FOLDER
from tokenvend_local.stack import LocalStack, local_stack

NEW = "of the new release"
#: One line of the library for each entry, and what it says in the new release.
CHANGES = {
    "domain/errors.py": ("for a credential of that name.", f"for a credential {NEW}."),
    "entries/metadata.py": ("There is nothing here.", f"There is nothing {NEW}."),
    "entries/pages/html.py": ("is not one of this service's pages", f"is no page {NEW}"),
    "domain/bounds.py": ("JWKS_CACHE = timedelta(minutes=5)", "JWKS_CACHE = timedelta(minutes=4)"),
    "entries/schedules.py": ('"dispatched": bounds', f'"{NEW}": 1, "dispatched": bounds'),
}
PARAMETERS = {"MemorySeconds": "2"}
#: The local AWS answers nobody while it makes a change set, at times for longer than a function
#: waits. A scheduled run that meets this fails, and Lambda runs it again; callers see nothing.
A_RUN_DURING_A_DEPLOYMENT = (
    r"^Traceback(.*\n)+.*StoreAwayError: dynamodb:\w+ failed with ReadTimeoutError"
)


@pytest.fixture(scope="module")
def own_stack() -> Iterator[LocalStack]:
    with local_stack(FOLDER / "upgrade", parameters=PARAMETERS) as running:
        running.expected_errors.add(A_RUN_DURING_A_DEPLOYMENT)
        yield running


@pytest.fixture(scope="module")
def callers(
    own_stack: LocalStack, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Principal, OAuthClient, str]:
    """A role, an OAuth client and an alias of one caller that may have `jobs`."""
    harness = Harness(own_stack, tmp_path_factory.mktemp("upgrade"), set())
    harness.credential("jobs")
    role = harness.role("shop", may_invoke="shop")
    harness.caller("shop", iam=role, client_id="shop-web", direct=role)
    harness.grant("shop", "jobs")
    harness.apply()
    return role, harness.new_client("shop"), str(harness.file)


@pytest.fixture
def new_build(tmp_path: Path) -> Path:
    """The build with a changed library."""
    folder = tmp_path / "sam"
    shutil.copytree(places.SAM_BUILD, folder)
    library = folder / artifact.LAYER / "python" / "tokenvend"
    for name, (before, after) in CHANGES.items():
        file = library / name
        text = file.read_text(encoding="utf-8")
        assert text.count(before) == 1, name
        file.write_text(text.replace(before, after), encoding="utf-8")
        # What was compiled from the former text would be taken for this one.
        for compiled in file.parent.glob(f"__pycache__/{file.stem}.*"):
            compiled.unlink()
    stamp_functions(folder, folder / artifact.LAYER)
    return folder


def _invoke(stack: LocalStack, function: str) -> Any:
    name = f"{stack.deployed.outputs[f'{function}FunctionName']}:live"
    answer = stack.client("lambda").invoke(FunctionName=name, Payload=b"{}")
    return json.loads(answer["Payload"].read())


def _releases(stack: LocalStack, callers: tuple[Principal, OAuthClient, str]) -> dict[str, bool]:
    """By entry: whether it answers as the new release does."""
    role, oauth, _ = callers
    at = stack.api_url
    get = requests.get
    jwks = get(f"{at}/.well-known/jwks.json", timeout=30).headers["Cache-Control"]
    return {
        "iam": NEW in ask_signed(stack.deployed, role, "none").document["error_description"],
        "oauth2": NEW in ask_as_client(stack.deployed, oauth, "none").document["error_description"],
        "direct": NEW
        in ask_directly(stack.deployed, role, "shop", {"credential": "none"}).document[
            "error_description"
        ],
        "metadata": NEW
        in get(f"{at}/oauth2/NONE/.well-known/openid-configuration", timeout=30).text,
        "jwks": "max-age=240" in jwks,
        "pages": _page_is_new(stack),
        "renew": NEW in _invoke(stack, "Renew"),
    }


def _page_is_new(stack: LocalStack) -> bool:
    """What the pages' function answers at a route that it does not have."""
    name = f"{stack.deployed.outputs['ConnectPagesFunctionName']}:live"
    event = {"httpMethod": "GET", "resource": "/none"}
    answer = stack.client("lambda").invoke(FunctionName=name, Payload=json.dumps(event).encode())
    return NEW in json.loads(answer["Payload"].read())["body"]


@contextmanager
def _steady_load(
    stack: LocalStack, callers: tuple[Principal, OAuthClient, str]
) -> Iterator[list[Answer]]:
    """Requests over each entry, one after another, for as long as the block lasts."""
    role, oauth, _ = callers
    stop, answers = Event(), list[Answer]()

    def ask() -> None:
        while not stop.is_set():
            answers.append(ask_signed(stack.deployed, role, "jobs"))
            answers.append(ask_as_client(stack.deployed, oauth, "jobs"))
            answers.append(ask_directly(stack.deployed, role, "shop", {"credential": "jobs"}))
            time.sleep(0.05)

    with ThreadPoolExecutor(1) as pool:
        asking: Future[None] = pool.submit(ask)
        try:
            yield answers
        finally:
            stop.set()
            asking.result(timeout=60)


def _deploy(stack: LocalStack, build: Path, **parameters: str) -> None:
    deployment.deploy(
        stack.endpoint, stack.folder / "deploy.log", PARAMETERS | parameters, build=build
    )


def _live_versions(stack: LocalStack) -> dict[str, str]:
    functions = [name for name in stack.deployed.outputs if name.endswith("FunctionName")]
    get_alias = stack.client("lambda").get_alias
    return {
        name: get_alias(FunctionName=stack.deployed.outputs[name], Name="live")["FunctionVersion"]
        for name in functions
    }


def test_an_upgrade_and_a_roll_back_take_effect_under_load_and_nothing_fails(
    own_stack: LocalStack, callers: tuple[Principal, OAuthClient, str], new_build: Path
) -> None:
    first = ask_signed(own_stack.deployed, callers[0], "jobs")
    old = _live_versions(own_stack)
    assert not any(_releases(own_stack, callers).values())

    with _steady_load(own_stack, callers) as answers:
        _deploy(own_stack, new_build)
        assert "move" in own_stack.tokenvend("plan", "--file", callers[2], "--json")
        own_stack.tokenvend("apply", "--yes", "--file", callers[2])
        upgraded = _releases(own_stack, callers)
        new = _live_versions(own_stack)
        _deploy(own_stack, places.SAM_BUILD)
        own_stack.tokenvend("apply", "--yes", "--file", callers[2])
        rolled_back = _releases(own_stack, callers)

    assert all(upgraded.values()), upgraded
    assert not any(rolled_back.values()), rolled_back
    assert all(new[name] != old[name] for name in old)
    assert len(answers) > 30
    assert [each.document for each in answers if each.error] == []
    assert {each.token for each in answers} == {first.token}


def test_the_same_deployment_again_publishes_nothing(own_stack: LocalStack) -> None:
    _deploy(own_stack, places.SAM_BUILD)
    before = _live_versions(own_stack)

    _deploy(own_stack, places.SAM_BUILD)

    assert _live_versions(own_stack) == before


def test_a_parameter_takes_effect_on_the_functions_that_it_reaches(own_stack: LocalStack) -> None:
    before = _live_versions(own_stack)

    _deploy(own_stack, places.SAM_BUILD, MemorySeconds="3")

    after = _live_versions(own_stack)
    name = own_stack.deployed.outputs["VendIamFunctionName"]
    live = own_stack.client("lambda").get_function_configuration(FunctionName=f"{name}:live")
    assert live["Environment"]["Variables"]["TOKENVEND_MEMORY_SECONDS"] == "3"
    unmoved = {each for each in before if after[each] == before[each]}
    assert unmoved == {"MetadataFunctionName", "JwksFunctionName"} & before.keys()
