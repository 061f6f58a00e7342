"""An API key on the deployed template: who gets it, and where it is not."""

import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from tests.local_stack.conftest import MEMORY_SECONDS
from tests.local_stack.world import World

from tokenvend_local.asking import OAuthClient, ask_as_client, ask_directly, ask_signed
from tokenvend_local.principals import Principal
from tokenvend_local.stack import LocalStack


@dataclass(frozen=True, slots=True)
class Scene:
    """One caller with every way in, granted an API key."""

    credential: str
    caller: str
    role: Principal
    oauth: OAuthClient


@pytest.fixture(scope="module")
def scene(world: World) -> Scene:
    credential, caller = world.name("key"), world.name("clerk")
    world.api_key(credential)
    role = world.role(caller, may_invoke=caller)
    world.caller(caller, iam=role, client_id=caller, direct=role)
    world.grant(caller, credential, scopes=[], full_access=True)
    world.apply()
    return Scene(credential, caller, role, world.new_client(caller))


def test_key_opens_the_api_over_both_entries_that_vend_it(stack: LocalStack, scene: Scene) -> None:
    answers = [
        ask_signed(stack.deployed, scene.role, scene.credential),
        ask_directly(stack.deployed, scene.role, scene.caller, {"credential": scene.credential}),
    ]

    for answer in answers:
        document = answer.document
        headers = {document["header_name"]: document["header_prefix"] + document["access_token"]}
        opened = requests.get(f"{stack.provider.url}/users/me", headers=headers, timeout=30)
        assert (document["token_type"], document["header_name"]) == ("N_A", "X-SmartToken")
        assert (opened.status_code, opened.json()["company"]) == (200, "Example Company")


def test_oauth_client_is_told_what_it_is_told_of_a_credential_that_is_not_there(
    stack: LocalStack, scene: Scene
) -> None:
    granted = ask_as_client(stack.deployed, scene.oauth, scene.credential)
    unknown = ask_as_client(stack.deployed, scene.oauth, "nothing")

    assert (granted.status, granted.document) == (unknown.status, unknown.document)
    assert granted.error == "unauthorized_client"


def test_key_is_in_no_table(stack: LocalStack, world: World) -> None:
    credential, caller = world.name("key"), world.name("clerk")
    world.api_key(credential)
    role = world.role(caller)
    world.caller(caller, iam=role)
    world.grant(caller, credential, full_access=True)
    world.apply()
    before = _items(stack)

    answer = ask_signed(stack.deployed, role, credential)

    assert answer.document["source"] == "store"
    assert _items(stack) == before


def _items(stack: LocalStack) -> list[dict[str, Any]]:
    dynamodb = stack.client("dynamodb")
    names = [stack.deployed.outputs[name] for name in ("TokensTableName", "ConnectionsTableName")]
    return [item for name in names for item in dynamodb.scan(TableName=name)["Items"]]


def test_rotated_key_is_seen_within_memory_seconds(stack: LocalStack, scene: Scene) -> None:
    before = ask_signed(stack.deployed, scene.role, scene.credential).token
    newer = stack.provider.add_client("rotated", api_key=secrets.token_hex(16))

    stack.tokenvend("secret", "put", scene.credential, stdin=json.dumps({"api_key": newer.api_key}))
    time.sleep(MEMORY_SECONDS)
    after = ask_signed(stack.deployed, scene.role, scene.credential).token

    assert before != after == newer.api_key


def test_audit_line_names_the_key_by_its_hash(stack: LocalStack, scene: Scene) -> None:
    answer = ask_signed(stack.deployed, scene.role, scene.credential)

    lines = [json.loads(line) for line in stack.function_logs() if line.startswith("{")]

    audits = [line for line in lines if line.get("token_sha256") == answer.document["token_sha256"]]
    assert {(line["caller"], line["credential"], line["rule"]) for line in audits} == {
        (scene.caller, scene.credential, "granted")
    }
