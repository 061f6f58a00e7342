"""Users' issuers and grants that go by them: what is refused, and what is compiled."""

from typing import Any

import pytest
from tests.configuration.consent_files import consent_file
from tests.configuration.samples import document, problems_in, resolved
from tests.fakes.issuer import public_jwk, shared_key

from tokenvend.adapters.dynamodb.issuer_items import parse_issuer
from tokenvend.adapters.dynamodb.registry_items import parse_grant
from tokenvend.domain.registry import SUBJECT_CONNECTIONS
from tokenvend_cli.configuration.compile import compile_registry
from tokenvend_cli.configuration.models import ConfigurationModel

URL = "https://staff.example"
KEY = public_jwk(shared_key("ES256"))
STAFF: dict[str, Any] = {"issuer": URL, "keys": [KEY], "users": True}
WORKLOADS = {"issuer": "https://ci.example", "keys": [KEY]}
BY_SUBJECT = {"connections": "subject", "users": [{"issuer": "staff", "audience": "app"}]}
BY_WORKLOAD = {"identities": [{"workload": {"issuer": "ci", "sub": "repo:acme/app"}}]}


def parts(
    granted: dict[str, Any] | None = None, staff: dict[str, Any] | None = None, **changes: Any
) -> dict[str, Any]:
    whole = consent_file(granted=BY_SUBJECT if granted is None else granted)
    issuers = {"staff": STAFF | (staff or {}), "ci": WORKLOADS}
    return whole | {"issuers": issuers} | changes


def granted(url: str | None, **changes: Any) -> Any:
    configuration = ConfigurationModel.model_validate(document(**parts(**changes)))
    providers, _ = resolved(configuration)
    items = compile_registry(configuration, providers, deployment_url=url)
    compiled = {item.key: item for item in items}
    assert parse_issuer(compiled[f"issuer#{URL}", "*"].document).of_users
    assert not parse_issuer(compiled["issuer#https://ci.example", "*"].document).of_users
    return parse_grant(compiled["client:billing-web", "jobs"].document)


def test_file_without_fault_has_no_problem() -> None:
    assert problems_in(parts()) == []


def test_grant_has_the_issuers_to_the_letter_and_the_audience_of_each() -> None:
    found = granted("https://tokens.example.com")

    assert found.connections == SUBJECT_CONNECTIONS
    assert found.users == {URL: "app"}


@pytest.mark.parametrize(
    ("of_issuer", "url", "audience"),
    [
        pytest.param({"audience": "everybody"}, "https://us.example", "everybody", id="issuer's"),
        pytest.param({}, "https://us.example", "https://us.example", id="the deployment's URL"),
        pytest.param({}, None, None, id="not known"),
    ],
)
def test_audience_that_the_grant_leaves_out(
    of_issuer: dict[str, Any], url: str | None, audience: str | None
) -> None:
    by_subject = {"connections": "subject", "users": [{"issuer": "staff"}]}

    assert granted(url, granted=by_subject, staff=of_issuer).users == {URL: audience}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param(
            {"granted": {"connections": "subject"}},
            "grants[0].users: is needed with connections: subject",
            id="whose users",
        ),
        pytest.param(
            {"granted": {"users": BY_SUBJECT["users"]}},
            "grants[0].users: goes with connections: subject, or a provider with",
            id="users beside names",
        ),
        pytest.param(
            {"granted": {"connections": "subject", "users": [{"issuer": "nobody"}]}},
            "grants[0].users[0].issuer: there is no issuer nobody",
            id="no such issuer",
        ),
        pytest.param(
            {"granted": {"connections": "subject", "users": [{"issuer": "ci"}]}},
            "grants[0].users[0].issuer: ci is for workloads: say users: true there",
            id="an issuer of workloads",
        ),
        pytest.param(
            {"granted": {"connections": "subject", "users": [{"issuer": "staff"}] * 2}},
            "grants[0].users[1].issuer: staff stands here twice",
            id="twice",
        ),
        pytest.param(
            {"staff": {"one_time": True}},
            "issuers.staff.one_time: a user's token is used until it expires",
            id="once",
        ),
        pytest.param(
            {"callers": {"billing": BY_WORKLOAD, "payroll": {"identities": [{"client": "p"}]}}},
            "grants[0].caller: billing proves itself by a subject_token",
            id="a caller that has one token already",
        ),
        pytest.param(
            {
                "callers": {
                    "billing": {
                        "identities": [
                            {"client": "billing-web"},
                            {"workload": {"issuer": "staff", "sub": "ada"}},
                        ]
                    },
                    "payroll": {"identities": [{"client": "p"}]},
                }
            },
            "callers.billing.identities[1].workload.issuer: staff has users: true",
            id="a user as a caller",
        ),
    ],
)
def test_what_is_refused(changes: dict[str, Any], told: str) -> None:
    (problem,) = problems_in(parts(**changes))

    assert problem.startswith(told)


@pytest.mark.parametrize("picked", ["@" + "A" * 43, "payroll/@" + "A" * 43])
def test_no_grant_can_list_a_connection_that_a_user_picked(picked: str) -> None:
    with pytest.raises(ValueError, match="connections"):
        ConfigurationModel.model_validate(document(**parts(granted={"connections": [picked]})))
