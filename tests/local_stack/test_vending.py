"""Whole flows: the deployed template, IAM enforced, a provider that counts."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import boto3
import pytest
import requests
from botocore.config import Config
from tests.local_stack.conftest import MEMORY_SECONDS
from tests.local_stack.harness import Harness

from tokenvend_local import places
from tokenvend_local.callers import Answer, ask_as_client, ask_directly, ask_signed, items
from tokenvend_local.stack import LocalStack

_WORKERS = 40
_ATTEMPTS = 5


def test_forty_workers_and_one_missing_token_make_one_exchange(
    stack: LocalStack, harness: Harness
) -> None:
    jobs, billing = harness.name("jobs"), harness.name("billing")
    client = harness.credential(jobs)
    role = harness.role(billing, may_invoke=billing)
    harness.caller(billing, direct=role)
    harness.grant(billing, jobs)
    harness.apply()
    stack.provider.misbehave(client_id=client.client_id, delay_seconds=1.0)

    # Forty cold processes on two cores take their time to start; none may be asked twice.
    patient = Config(read_timeout=240, retries={"total_max_attempts": 1})
    function = boto3.client(  # type: ignore[call-overload]
        "lambda",
        endpoint_url=stack.endpoint,
        region_name=places.REGION,
        config=patient.merge(Config(max_pool_connections=_WORKERS)),
        **role.as_client_arguments(),
    )
    name = f"{stack.deployed.outputs['VendDirectFunctionName']}:{billing}"

    def ask(_: int) -> Answer:
        payload = json.dumps({"credential": jobs}).encode()
        # On a machine that is busy otherwise, the forty may start more slowly than a waiter
        # waits: who is told to come back does so, as Lambda's own retry would.
        for _attempt in range(_ATTEMPTS):
            answer = function.invoke(FunctionName=name, Payload=payload)
            document = json.loads(answer["Payload"].read())
            if "FunctionError" not in answer:
                break
        return Answer(0, document, {}, 0.0)

    with ThreadPoolExecutor(_WORKERS) as pool:
        answers = list(pool.map(ask, range(_WORKERS)))

    stack.provider.behave(client.client_id)
    assert [answer.error for answer in answers] == [None] * _WORKERS
    assert len({answer.token for answer in answers}) == 1
    assert len(stack.provider.exchanges(client.client_id)) == 1


def test_three_kinds_of_caller_share_one_token_that_opens_the_api(
    stack: LocalStack, harness: Harness
) -> None:
    jobs, name = harness.name("jobs"), harness.name("all-ways")
    client = harness.credential(jobs)
    role = harness.role(name, path="/service/", may_invoke=name)
    harness.caller(name, iam=role, client_id=f"{name}-web", direct=role)
    harness.grant(name, jobs)
    harness.apply()
    issued = harness.new_client(name)

    answers = [
        ask_signed(stack.deployed, role, jobs),
        ask_as_client(stack.deployed, issued, jobs),
        ask_as_client(stack.deployed, issued, jobs, basic=False),
        ask_directly(stack.deployed, role, name, {"credential": jobs}),
        *[
            Answer(0, document, {}, 0.0)
            for document in items(
                ask_directly(stack.deployed, role, name, {"requests": [{"credential": jobs}]})
            )
        ],
    ]

    assert len({answer.token for answer in answers}) == 1
    assert len(answers) == 5
    assert len(stack.provider.exchanges(client.client_id)) == 1
    opened = requests.get(
        f"{stack.provider.url}/jobs",
        headers={"Authorization": f"Bearer {answers[0].token}"},
        timeout=30,
    )
    assert opened.status_code == 200


def test_removed_grant_and_block_are_gone_within_memory_seconds(
    stack: LocalStack, harness: Harness
) -> None:
    jobs, blocked, removed = harness.name("jobs"), harness.name("blocked"), harness.name("removed")
    harness.credential(jobs)
    roles = {name: harness.role(name) for name in (blocked, removed)}
    for name, role in roles.items():
        harness.caller(name, iam=role)
        harness.grant(name, jobs)
    harness.apply()
    before = [ask_signed(stack.deployed, role, jobs).status for role in roles.values()]

    stack.tokenvend("block", "caller", blocked, "--reason", "test")
    harness.revoke_grants(removed)
    harness.apply()
    time.sleep(MEMORY_SECONDS)
    after = [ask_signed(stack.deployed, role, jobs).error for role in roles.values()]

    assert before == [200, 200]
    assert after == ["invalid_client", "unauthorized_client"]


def test_recreated_role_of_the_same_name_is_nobody_when_pinned(
    stack: LocalStack, harness: Harness
) -> None:
    jobs, name = harness.name("jobs"), harness.name("pinned")
    harness.credential(jobs)
    role = harness.role(name)
    harness.caller(name, iam=role)
    harness.configuration["callers"][name]["identities"][0]["unique_id"] = role.unique_id
    harness.grant(name, jobs)
    harness.apply()
    first = ask_signed(stack.deployed, role, jobs)
    iam = stack.client("iam")
    iam.delete_role_policy(RoleName=name, PolicyName="calls")
    iam.delete_role(RoleName=name)

    again = harness.role(name)
    second = ask_signed(stack.deployed, again, jobs)

    assert again.unique_id != role.unique_id
    assert (first.status, second.status) == (200, 401)


def test_another_callers_alias_is_closed_by_iam(stack: LocalStack, harness: Harness) -> None:
    jobs, mine, theirs = harness.name("jobs"), harness.name("mine"), harness.name("theirs")
    harness.credential(jobs)
    role = harness.role(mine, may_invoke=mine)
    for name in (mine, theirs):
        harness.caller(name, direct=role if name == mine else harness.role(theirs))
        harness.grant(name, jobs)
    harness.apply()

    own = ask_directly(stack.deployed, role, mine, {"credential": jobs})

    assert own.error is None
    with pytest.raises(Exception, match="AccessDenied"):
        ask_directly(stack.deployed, role, theirs, {"credential": jobs})


def test_metadata_comes_from_configuration_and_names_no_scope(stack: LocalStack) -> None:
    url = f"{stack.api_url}/oauth2/anything/.well-known/openid-configuration"

    document = requests.get(url, headers={"Host": "evil.example"}, timeout=10).json()

    assert document["issuer"].endswith("/oauth2/anything")
    assert "evil" not in str(document)
    assert "scopes_supported" not in document


@pytest.mark.parametrize(
    ("how", "status", "error"),
    [
        ({"status": 401, "error": "invalid_client"}, 502, "provider_refused"),
        ({"status": 200, "error": "invalid_grant"}, 502, "provider_refused"),
        ({"status": 500}, 503, "temporarily_unavailable"),
        ({"status": 429, "retry_after": "7"}, 503, "temporarily_unavailable"),
        ({"body": "html"}, 502, "provider_refused"),
        ({"body": "garbage"}, 502, "provider_refused"),
        ({"body": "half"}, 503, "temporarily_unavailable"),
        ({"status": 302, "location": "http://127.0.0.1:1/"}, 502, "provider_refused"),
        ({"hang_up": True}, 503, "temporarily_unavailable"),
        ({"fields": {"token_type": "mac"}}, 502, "provider_refused"),
        ({"fields": {"scope": "jobs_read jobs_manage"}}, 502, "provider_refused"),
    ],
    ids=str,
)
def test_provider_that_misbehaves_is_asked_once_and_never_quoted(
    stack: LocalStack, harness: Harness, how: dict[str, object], status: int, error: str
) -> None:
    jobs, name = harness.name("jobs"), harness.name("caller")
    client = harness.credential(jobs)
    role = harness.role(name)
    harness.caller(name, iam=role)
    harness.grant(name, jobs)
    harness.apply()
    stack.provider.misbehave(client_id=client.client_id, times=1, **how)

    answer = ask_signed(stack.deployed, role, jobs)

    assert (answer.status, answer.error) == (status, error)
    assert ("Retry-After" in answer.headers) == (status == 503)
