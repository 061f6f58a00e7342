"""Providers that are asked on behalf of a user: what is refused, compiled, shown and stored."""

from textwrap import dedent
from typing import Any

import pytest
import yaml
from pydantic import ValidationError
from tests.configuration.samples import (
    FIXED,
    NOW,
    ROOT,
    credential,
    document,
    grant,
    problems_in,
    resolved,
)
from tests.fakes.issuer import public_jwk, shared_key

from tokenvend.adapters.dynamodb.definition_items import parse_definition
from tokenvend.adapters.dynamodb.registry_items import parse_grant
from tokenvend.domain.oauth.on_behalf_of import OnBehalfOf
from tokenvend.domain.oauth.request_description import parse_request_description
from tokenvend_cli.configuration.compile import compile_registry
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.semantics import problems_of

URL = "https://staff.example"
USERS = [{"issuer": "staff", "audience": "our-api"}]
ISSUERS = {"staff": {"issuer": URL, "keys": [public_jwk(shared_key("ES256"))], "users": True}}


def parts(
    described: dict[str, Any] | None = None, granted: dict[str, Any] | None = None, **fields: Any
) -> dict[str, Any]:
    said = {"on_behalf_of": "token_exchange"} if described is None else described
    return {
        "issuers": ISSUERS,
        "providers": {"acme": FIXED | {"token_request": said}},
        "credentials": credential(**fields),
        "grants": [grant(**({"users": USERS} if granted is None else granted))],
    }


@pytest.mark.parametrize(
    "described",
    [
        {"on_behalf_of": "jwt_bearer"},
        {"on_behalf_of": "token_exchange"},
        {
            "on_behalf_of": "token_exchange",
            "parameters": {"subject_token_type": "urn:ietf:params:oauth:token-type:jwt"},
        },
    ],
)
def test_file_without_fault_has_no_problem(described: dict[str, Any]) -> None:
    assert problems_in(parts(described)) == []


@pytest.mark.parametrize("form", list(OnBehalfOf))
def test_definition_and_grant_are_compiled(form: OnBehalfOf) -> None:
    whole = document(**parts({"on_behalf_of": form.value}))
    configuration = ConfigurationModel.model_validate(whole)
    providers, _ = resolved(configuration)
    compiled = {item.key: item for item in compile_registry(configuration, providers)}

    definition = parse_definition(compiled["credential#jobs", "*"].document)
    granted = parse_grant(compiled["iam:111122223333:role/billing", "jobs"].document)

    assert definition.acts_for_users
    description = parse_request_description(definition.token_request)
    assert (description.on_behalf_of, description.grant_type) == (form, form.grant_type)
    assert granted.users == {URL: "our-api"}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        pytest.param(
            {"granted": {}},
            "grants[0].users: is needed with jobs acts for users: whose users?",
            id="whose users",
        ),
        pytest.param(
            {"described": {"parameters": {"a": "b"}}},
            "grants[0].users: goes with connections: subject, or a provider with",
            id="users of a provider that asks for itself",
        ),
        pytest.param(
            {"single_active_token": True},
            "credentials.jobs.single_active_token: each user has a token",
            id="one token for all",
        ),
        pytest.param(
            {"granted": {"users": USERS, "connections": "subject"}},
            "grants[0].connections: jobs is no authorization_code",
            id="a connection beside",
        ),
        pytest.param(
            {
                "described": {
                    "on_behalf_of": "jwt_bearer",
                    "parameters": {"requested_token_use": "other"},
                }
            },
            "providers.acme.token_request.parameters.requested_token_use: on_behalf_of sends it",
            id="sent already",
        ),
        pytest.param(
            {"described": {"on_behalf_of": "token_exchange", "parameters": {"subject_token": "x"}}},
            "providers.acme.token_request.parameters.subject_token: is not for the file to say",
            id="a user's token in the file",
        ),
        pytest.param(
            {
                "described": {
                    "on_behalf_of": "jwt_bearer",
                    "parameters": {"subject_token_type": "x"},
                }
            },
            "providers.acme.token_request.parameters.subject_token_type: is not for the file",
            id="a type where there is none",
        ),
    ],
)
def test_what_is_refused(changes: dict[str, Any], told: str) -> None:
    (problem,) = problems_in(parts(**changes))

    assert problem.startswith(told)


@pytest.mark.parametrize(
    "beside", [{"grant_type": "other"}, {"omit_grant_type": True}, {"assertion": {}}]
)
def test_it_goes_with_no_other_grant(beside: dict[str, Any]) -> None:
    whole = document(**parts({"on_behalf_of": "jwt_bearer"} | beside))

    with pytest.raises(ValidationError, match="on_behalf_of goes with no grant_type"):
        ConfigurationModel.model_validate(whole)


@pytest.mark.parametrize("form", ["password", "", 7, ["jwt_bearer"]])
def test_form_that_nobody_knows_is_read_by_nobody(form: object) -> None:
    with pytest.raises(ValueError, match="OnBehalfOf"):
        parse_request_description({"on_behalf_of": form})


def test_page_shows_a_file_without_fault() -> None:
    page = (ROOT / "docs" / "on-behalf-of.md").read_text(encoding="utf-8")
    shown = dedent(page.partition("```yaml\n")[2].partition("```")[0])
    whole = {"version": 1} | yaml.safe_load(shown)
    configuration = ConfigurationModel.model_validate(whole)

    providers, unresolved = resolved(configuration)

    assert unresolved == []
    assert problems_of(configuration, providers, now=NOW) == []
    assert providers["graph"].token_request == {"on_behalf_of": "jwt_bearer"}
    assert providers["graph"].token_endpoint == (
        "https://login.microsoftonline.com/contoso.example/oauth2/v2.0/token"
    )
