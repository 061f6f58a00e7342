"""Renewal, reports of refused tokens and changed secrets, with the deployed functions."""

import json
import time

import requests
from tests.local_stack.conftest import MEMORY_SECONDS
from tests.local_stack.harness import Harness
from tests.local_stack.scheduled import invoke, renew_all

from tokenvend.domain import bounds
from tokenvend_local.callers import ask_directly, ask_signed
from tokenvend_local.stack import LocalStack


def test_token_in_use_is_renewed_before_anybody_has_to_wait(
    stack: LocalStack, harness: Harness
) -> None:
    jobs, name = harness.name("jobs"), harness.name("renewed")
    client = harness.credential(jobs, lifetime_seconds=60)
    role = harness.role(name, may_invoke=name)
    harness.caller(name, iam=role, direct=role)
    harness.grant(name, jobs)
    harness.apply()
    first = ask_signed(stack.deployed, role, jobs)
    time.sleep(2)  # who asks at once asks for no other token
    asked_again = ask_directly(stack.deployed, role, name, {"credential": jobs})

    # The stack's own schedule may have been quicker; then this finds nothing left to do.
    renew_all(stack)
    time.sleep(MEMORY_SECONDS)
    after = ask_signed(stack.deployed, role, jobs)

    assert asked_again.document["source"] == "store"
    assert after.document["source"] == "store"
    assert after.token != first.token
    assert len(stack.provider.exchanges(client.client_id)) == 2


def test_schedule_sends_every_shard_on_its_way(stack: LocalStack) -> None:
    assert invoke(stack, "Renew", {"source": "aws.events"}) == {"dispatched": bounds.RENEWAL_SHARDS}


def test_token_that_the_api_refuses_is_replaced_once_over_every_entry(
    stack: LocalStack, harness: Harness
) -> None:
    jobs, name = harness.name("jobs"), harness.name("rejects")
    client = harness.credential(jobs)
    role = harness.role(name, may_invoke=name)
    harness.caller(name, iam=role, client_id=f"{name}-web", direct=role)
    harness.grant(name, jobs)
    harness.apply()
    oauth = harness.new_client(name)
    first = ask_signed(stack.deployed, role, jobs)
    digest = first.document["token_sha256"]

    by_client = requests.post(
        f"{stack.api_url}/oauth2/{jobs}/token/reject",
        data={"token_sha256": digest},
        auth=(oauth.client_id, oauth.client_secret),
        timeout=20,
    )
    report = {"reject": {"credential": jobs, "token_sha256": digest}}
    direct = ask_directly(stack.deployed, role, name, report)
    time.sleep(MEMORY_SECONDS)
    answers = [ask_signed(stack.deployed, role, jobs) for _ in range(3)]

    assert (by_client.status_code, by_client.json()["outcome"]) == (200, "accepted")
    assert direct.document["outcome"] == "accepted"
    assert first.token not in {answer.token for answer in answers}
    assert len(stack.provider.exchanges(client.client_id)) == 2


def test_secret_changed_elsewhere_is_found_and_its_token_replaced(
    stack: LocalStack, harness: Harness
) -> None:
    jobs, name = harness.name("jobs"), harness.name("swept")
    client = harness.credential(jobs)
    role = harness.role(name)
    harness.caller(name, iam=role)
    harness.grant(name, jobs)
    harness.apply()
    invoke(stack, "Sweep", {})
    first = ask_signed(stack.deployed, role, jobs)
    stack.client("secretsmanager").put_secret_value(
        SecretId=f"tokenvend/tokenvend/{jobs}",
        SecretString=json.dumps(
            {"client_id": client.client_id, "client_secret": client.client_secret}
        ),
    )

    found = invoke(stack, "Sweep", {})["changed"]
    again = invoke(stack, "Sweep", {})["changed"]
    time.sleep(MEMORY_SECONDS)
    after = ask_signed(stack.deployed, role, jobs)

    assert (found, again) == (1, 0)
    assert after.document["source"] == "provider"
    assert after.token != first.token
