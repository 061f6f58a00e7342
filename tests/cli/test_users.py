"""Grants that go by a signed-in user's token, in `plan`, `explain`, `block` and the schema."""

import json
from typing import Any

import pytest
from tests.cli.conftest import Tokenvend
from tests.fakes.issuer import public_jwk, shared_key

from tokenvend.domain.users import User

STAFF = "https://staff.example"
ADA = {"iss": STAFF, "sub": "ada", "aud": "app"}
NAME = User(STAFF, "ada", "app").connection_name


def with_users(document: dict[str, Any]) -> None:
    keys = [public_jwk(shared_key("ES256"))]
    document["issuers"] = {"staff": {"issuer": STAFF, "keys": keys, "users": True}}
    provider = document["providers"]["acme"]
    provider["authorization_endpoint"] = "https://login.acme.example/allow"
    document["credentials"]["hiring"] = {
        "provider": "acme",
        "kind": "authorization_code",
        "redirect_uri": "https://connect.example/callback/hiring",
        "scopes": ["read"],
    }
    document["grants"].append(
        {
            "caller": "shop",
            "credential": "hiring",
            "scopes": ["read"],
            "connections": "subject",
            "users": [{"issuer": "staff", "audience": "app"}],
        }
    )


@pytest.fixture
def applied(tokenvend: Tokenvend) -> Tokenvend:
    tokenvend.write(with_users)
    tokenvend.apply()
    return tokenvend


def explained(tokenvend: Tokenvend, *words: str) -> Any:
    asked = ["explain", "--credential", "hiring", "--caller", "shop", "--deployed", *words]
    (verdict,) = tokenvend.json(*asked)
    return verdict


def test_explain_says_which_connection_a_user_picks(applied: Tokenvend) -> None:
    verdict = explained(applied, "--user", json.dumps(ADA))

    assert verdict["decision"] == "granted"
    assert verdict["connection"] == f"hiring/shop/{NAME}"


@pytest.mark.parametrize(
    ("words", "rule"),
    [
        ([], "request.subject_token"),
        (["--connection", "ada"], "request.connection"),
        (["--user", json.dumps(ADA | {"iss": "https://other.example"})], "grant.users"),
        (["--user", json.dumps(ADA | {"aud": "other"})], "subject_token.audience"),
    ],
)
def test_explain_says_why_a_user_gets_nothing(
    applied: Tokenvend, words: list[str], rule: str
) -> None:
    verdict = explained(applied, *words)

    assert (verdict["decision"], verdict["rule"]) == ("refused", rule)


@pytest.mark.parametrize("user", ["ada", "{}", json.dumps({"iss": STAFF, "sub": "ada"})])
def test_explain_is_told_all_of_the_user(applied: Tokenvend, user: str) -> None:
    asked = applied("explain", "--credential", "hiring", "--caller", "shop", "--user", user)

    assert asked.exit_code == 2
    assert "--user" in asked.output


def test_plan_shows_a_change_of_whose_users_are_taken(applied: Tokenvend) -> None:
    def change(document: dict[str, Any]) -> None:
        with_users(document)
        document["grants"][-1]["users"][0]["audience"] = "new-app"

    applied.write(change)

    planned = applied.on_file("plan").output

    assert "~ grant shop -> hiring" in planned
    assert f"users: {STAFF}: app -> {STAFF}: new-app" in planned


def test_explain_shows_what_is_sent_on_behalf_of_a_user(tokenvend: Tokenvend) -> None:
    def on_behalf(document: dict[str, Any]) -> None:
        with_users(document)
        described = {"token_request": {"on_behalf_of": "jwt_bearer"}}
        document["providers"]["acme"] |= described
        document["credentials"].pop("hiring")
        document["grants"] = [
            {
                "caller": "shop",
                "credential": "jobs",
                "scopes": ["read"],
                "users": [{"issuer": "staff", "audience": "app"}],
            }
        ]

    tokenvend.write(on_behalf)
    tokenvend.apply()
    asked = ["explain", "--credential", "jobs", "--caller", "shop", "--deployed"]

    (verdict,) = tokenvend.json(*asked, "--user", json.dumps(ADA))
    (nobody,) = tokenvend.json(*asked)

    assert verdict["decision"] == "granted"
    assert "assertion=(the+user's+own+token)" in verdict["request_body"].replace("%27", "'")
    assert "requested_token_use=on_behalf_of" in verdict["request_body"]
    assert nobody["rule"] == "request.subject_token"


def test_connection_of_a_user_is_blocked_by_its_name(applied: Tokenvend) -> None:
    name = f"hiring/shop/{NAME}"
    blocked = applied("block", "connection", name, "--reason", "INC-1")

    assert blocked.exit_code == 0, blocked.output
    verdict = explained(applied, "--user", json.dumps(ADA))
    assert (verdict["decision"], verdict["rule"]) == ("refused", "connection.blocked")
