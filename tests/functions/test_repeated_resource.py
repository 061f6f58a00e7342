"""A request may name several resources (RFC 8707 §2): its grant lists each of them."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.functions.conftest import load_handler, through
from tests.functions.token_requests import ask
from tests.unit.vending.harness import BILLING, Harness

TWO = frozenset({"urn:a", "urn:b"})


@pytest.fixture(autouse=True)
def _both_listed(harness: Harness) -> None:
    for (identity, credential), grant in harness.reader.grants.items():
        if credential == "jobs":
            harness.reader.grants[identity, credential] = replace(grant, resources=TWO)


def token_of(answer: dict[str, Any]) -> str:
    return str(json.loads(answer["body"])["access_token"])


def test_the_provider_gets_each_resource_once(harness: Harness) -> None:
    answer = ask("resource=urn:b&resource=urn:a&resource=urn:b", "vend_iam")

    assert answer["statusCode"] == 200
    assert [sent.form["resource"] for sent in harness.provider.requests] == [["urn:a", "urn:b"]]


def test_the_order_of_resources_does_not_make_another_token(harness: Harness) -> None:
    one = ask("resource=urn:a&resource=urn:b", "vend_iam")
    other = ask("resource=urn:b&resource=urn:a")

    assert token_of(one) == token_of(other)
    assert harness.provider.exchanges == 1


def test_a_token_for_one_resource_is_not_one_for_both(harness: Harness) -> None:
    both = ask("resource=urn:a&resource=urn:b", "vend_iam")
    one = ask("resource=urn:a", "vend_iam")

    assert token_of(both) != token_of(one)
    assert harness.provider.exchanges == 2


@pytest.mark.parametrize("body", ["resource=urn:a&resource=urn:c", "resource=urn:c", ""])
def test_one_resource_that_the_grant_lacks_spoils_the_request(harness: Harness, body: str) -> None:
    answer = ask(body, "vend_iam")

    assert (answer["statusCode"], json.loads(answer["body"])["error"]) == (400, "invalid_target")
    assert harness.provider.exchanges == 0


def test_a_direct_invocation_lists_them(harness: Harness) -> None:
    assert BILLING.identity in harness.reader.callers
    event = {"credential": "jobs", "resource": ["urn:b", "urn:a"]}

    answer = load_handler("vend_direct")(event, through("billing"))

    assert answer["token_type"] == "Bearer"
    assert harness.provider.requests[0].form["resource"] == ["urn:a", "urn:b"]
