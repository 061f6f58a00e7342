"""An API key on the deployed template: who gets it, and where it is not."""

import json
import secrets
import time
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from tests.local_stack.conftest import MEMORY_SECONDS
from tests.local_stack.harness import Harness

from tokenvend_local.callers import OAuthClient, ask_as_client, ask_directly, ask_signed
from tokenvend_local.principals import Principal
from tokenvend_local.stack import LocalStack


@dataclass(frozen=True, slots=True)
class Scenario:
    """One caller with every way in, granted an API key."""

    credential: str
    caller: str
    role: Principal
    oauth: OAuthClient


@pytest.fixture(scope="module")
def scenario(harness: Harness) -> Scenario:
    credential, caller = harness.name("key"), harness.name("clerk")
    harness.api_key(credential)
    role = harness.role(caller, may_invoke=caller)
    harness.caller(caller, iam=role, client_id=caller, direct=role)
    harness.grant(caller, credential, scopes=[], full_access=True)
    harness.apply()
    return Scenario(credential, caller, role, harness.new_client(caller))


def test_key_opens_the_api_over_both_entries_that_vend_it(
    stack: LocalStack, scenario: Scenario
) -> None:
    answers = [
        ask_signed(stack.deployed, scenario.role, scenario.credential),
        ask_directly(
            stack.deployed, scenario.role, scenario.caller, {"credential": scenario.credential}
        ),
    ]

    for answer in answers:
        document = answer.document
        headers = {document["header_name"]: document["header_prefix"] + document["access_token"]}
        opened = requests.get(f"{stack.provider.url}/users/me", headers=headers, timeout=30)
        assert (document["token_type"], document["header_name"]) == ("N_A", "X-SmartToken")
        assert (opened.status_code, opened.json()["company"]) == (200, "Example Company")


def test_oauth_client_is_told_what_it_is_told_of_a_credential_that_is_not_there(
    stack: LocalStack, scenario: Scenario
) -> None:
    granted = ask_as_client(stack.deployed, scenario.oauth, scenario.credential)
    unknown = ask_as_client(stack.deployed, scenario.oauth, "nothing")

    assert (granted.status, granted.document) == (unknown.status, unknown.document)
    assert granted.error == "unauthorized_client"


def test_key_is_in_no_table(stack: LocalStack, harness: Harness) -> None:
    credential, caller = harness.name("key"), harness.name("clerk")
    harness.api_key(credential)
    role = harness.role(caller)
    harness.caller(caller, iam=role)
    harness.grant(caller, credential, full_access=True)
    harness.apply()
    before = _items(stack)

    answer = ask_signed(stack.deployed, role, credential)

    assert answer.document["source"] == "store"
    assert _items(stack) == before


def _items(stack: LocalStack) -> list[dict[str, Any]]:
    dynamodb = stack.client("dynamodb")
    names = [stack.deployed.outputs[name] for name in ("TokensTableName", "ConnectionsTableName")]
    return [item for name in names for item in dynamodb.scan(TableName=name)["Items"]]


def test_rotated_key_is_seen_within_memory_seconds(stack: LocalStack, scenario: Scenario) -> None:
    before = ask_signed(stack.deployed, scenario.role, scenario.credential).token
    newer = stack.provider.add_client("rotated", api_key=secrets.token_hex(16))

    stack.tokenvend(
        "secret", "put", scenario.credential, stdin=json.dumps({"api_key": newer.api_key})
    )
    time.sleep(MEMORY_SECONDS)
    after = ask_signed(stack.deployed, scenario.role, scenario.credential).token

    assert before != after == newer.api_key


def test_audit_line_names_the_key_by_its_hash(stack: LocalStack, scenario: Scenario) -> None:
    answer = ask_signed(stack.deployed, scenario.role, scenario.credential)

    lines = [json.loads(line) for line in stack.function_logs() if line.startswith("{")]

    audits = [line for line in lines if line.get("token_sha256") == answer.document["token_sha256"]]
    assert {(line["caller"], line["credential"], line["rule"]) for line in audits} == {
        (scenario.caller, scenario.credential, "granted")
    }


SENT_AS: dict[str, dict[str, Any]] = {
    "two headers": {
        "headers": {"X-SmartToken": "{secret.api_key}", "X-Account": "{secret.account}"}
    },
    "HTTP Basic": {"basic": {"username": "{secret.account}", "password": "{secret.api_key}"}},
    "key in the query": {"query": {"api_key": "{secret.api_key}"}},
}


def _clerk(
    harness: Harness, described: dict[str, Any], **fields: Any
) -> tuple[str, str, Principal]:
    """A static credential that is sent as *described*, and a caller that has it: not applied."""
    credential, caller = harness.name("static"), harness.name("clerk")
    harness.configuration["providers"][credential] = {"api_key": described}
    harness.configuration["credentials"][credential] = {
        "provider": credential,
        "kind": "api_key",
        **fields,
    }
    role = harness.role(caller, may_invoke=caller)
    harness.caller(caller, iam=role, direct=role)
    harness.grant(caller, credential, scopes=[], full_access=True)
    return credential, caller, role


@pytest.mark.parametrize("described", SENT_AS.values(), ids=SENT_AS)
def test_static_credential_opens_the_api_by_what_the_answer_says(
    stack: LocalStack, harness: Harness, described: dict[str, Any]
) -> None:
    credential, caller, role = _clerk(harness, described)
    harness.apply()
    client = stack.provider.add_client(credential, api_key=secrets.token_hex(16))
    fields = {"api_key": client.api_key, "account": client.client_id}
    wanted = {name: each for name, each in fields.items() if f"secret.{name}" in str(described)}
    stack.tokenvend("secret", "put", credential, stdin=json.dumps(wanted))

    answers = [
        ask_signed(stack.deployed, role, credential),
        ask_directly(stack.deployed, role, caller, {"credential": credential}),
    ]

    for answer in answers:
        assert answer.document["token_type"] == "N_A"
        opened = requests.get(
            f"{stack.provider.url}/users/me",
            headers=answer.document["headers"],
            params=answer.document["query"],
            timeout=30,
        )
        assert (opened.status_code, opened.json()["id"]) == (200, f"{client.client_id}/users/me")


def test_plain_text_that_is_kept_already_is_adopted_and_opens_the_api(
    stack: LocalStack, harness: Harness
) -> None:
    client = stack.provider.add_client("plain", api_key=secrets.token_hex(16))
    made = stack.client("secretsmanager").create_secret(
        Name=harness.name("theirs"), SecretString=f"{client.api_key}\n"
    )
    credential, _, role = _clerk(
        harness,
        {"header_name": "X-SmartToken"},
        secret={"arn": made["ARN"], "plain_text": True},
    )
    harness.apply()
    stack.tokenvend("secret", "adopt", credential, "--tag")

    answer = ask_signed(stack.deployed, role, credential)

    assert answer.document["headers"] == {"X-SmartToken": client.api_key}
    opened = requests.get(
        f"{stack.provider.url}/users/me", headers=answer.document["headers"], timeout=30
    )
    assert opened.status_code == 200
