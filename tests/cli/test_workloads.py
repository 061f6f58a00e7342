"""Issuers and workloads in `plan`, `apply` and `explain`."""

from typing import Any

import pytest
from tests.cli.conftest import Tokenvend
from tests.fakes.issuer import SUBJECT, URL, public_jwk, shared_key

IDENTITY = "oidc:ci/deploy"


def with_workload(document: dict[str, Any]) -> None:
    document["issuers"] = {"ci": {"issuer": URL, "keys": [public_jwk(shared_key("ES256"))]}}
    workload = {"workload": {"issuer": "ci", "sub": SUBJECT}}
    document["callers"]["deploy"] = {"identities": [workload]}
    document["grants"].append({"caller": "deploy", "credential": "jobs", "scopes": ["read"]})


@pytest.fixture
def applied(tokenvend: Tokenvend) -> Tokenvend:
    tokenvend.write(with_workload)
    tokenvend.apply()
    return tokenvend


def test_plan_shows_the_issuer_and_whom_its_tokens_prove(tokenvend: Tokenvend) -> None:
    tokenvend.write(with_workload)

    planned = tokenvend.on_file("plan").output

    assert "+ issuer ci" in planned
    assert f"+ caller deploy  known as {IDENTITY}" in planned
    assert f"+ grant deploy -> jobs  for {IDENTITY}" in planned


def test_plan_shows_what_changes_of_an_issuer(applied: Tokenvend) -> None:
    def change(document: dict[str, Any]) -> None:
        with_workload(document)
        document["callers"]["deploy"]["identities"][0]["workload"]["sub"] = SUBJECT + "2"
        document["issuers"]["ci"]["max_age_seconds"] = 60

    applied.write(change)
    planned = applied.on_file("plan").output

    assert "~ issuer ci" in planned
    assert "max_age_seconds: 3600 -> 60" in planned
    assert SUBJECT + "2" in planned


def test_audience_is_the_deployments_url_unless_it_is_given(applied: Tokenvend) -> None:
    assert "Nothing to change" in applied.on_file("plan").output

    applied.stack.outputs["VendingApiUrl"] = "https://moved.example"
    planned = applied.on_file("plan").output
    assert "audience: https://tokens.example.com -> https://moved.example" in planned


@pytest.mark.parametrize("source", ["file", "deployed"])
def test_explain_says_what_a_workload_gets(applied: Tokenvend, source: str) -> None:
    where = ["--deployed"] if source == "deployed" else ["--file", str(applied.file)]

    (verdict,) = applied.json("explain", "--credential", "jobs", "--caller", "deploy", *where)

    assert (verdict["decision"], verdict["identity"]) == ("granted", IDENTITY)


def test_blocked_caller_is_blocked_as_a_workload_too(applied: Tokenvend) -> None:
    assert applied("block", "caller", "deploy", "--reason", "INC-1").exit_code == 0

    (verdict,) = applied.json(
        "explain", "--credential", "jobs", "--identity", IDENTITY, "--deployed"
    )

    assert (verdict["decision"], verdict["rule"]) == ("refused", "caller.blocked")


def test_issuer_that_the_file_no_longer_has_is_removed(applied: Tokenvend) -> None:
    applied.write()

    planned = applied.on_file("plan").output

    assert "- issuer ci" in planned
    assert applied.apply().exit_code == 0
    refused = applied("explain", "--credential", "jobs", "--identity", IDENTITY, "--deployed")
    assert "caller.known" in refused.output
