"""An API key is compiled as the file and the profile describe it."""

from typing import Any

import pytest
from tests.configuration.api_key_samples import ARN, HEADER, SENT_AS, key_file
from tests.configuration.samples import FIXED, ROLE, credential, document, grant, problems_in

from tokenvend.adapters.dynamodb.definition_items import parse_definition
from tokenvend.domain.api_request_description import api_request_fields
from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.secret_fields import secret_fields
from tokenvend_cli.configuration.compile import compile_registry
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.providers import resolve_providers, undiscovered

BOTH = {"billing": {"identities": [{"client": "billing-web"}, {"iam": ROLE}]}}
DIRECT = {"billing": {"direct": {"principals": [ROLE]}}}


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(key_file(), id="provider known for its key alone"),
        pytest.param(key_file(provider=FIXED | {"api_key": HEADER}), id="one with tokens too"),
        pytest.param(key_file(provider={"profile": "smartrecruiters"}), id="by its profile"),
        pytest.param(key_file(callers=DIRECT), id="direct caller"),
        pytest.param(key_file(callers=BOTH), id="a role that is an OAuth client too"),
        *(
            pytest.param(key_file(provider={"api_key": each}), id=f"sent as {name}")
            for name, each in SENT_AS.items()
        ),
        pytest.param(
            key_file(family=True, granted={"full_access": True, "tenants": "all"}), id="family"
        ),
    ],
)
def test_key_that_can_be_vended_has_no_problem(parts: dict[str, Any]) -> None:
    assert problems_in(parts) == []


@pytest.mark.parametrize("described", SENT_AS.values(), ids=SENT_AS)
def test_parts_of_a_key_are_compiled_as_they_stand(described: dict[str, Any]) -> None:
    parts = key_file(provider={"api_key": described})

    definition = _compiled(parts)

    assert definition.api_request == described
    assert set(secret_fields(definition)) == set(api_request_fields(definition)) != set()


def test_file_says_more_than_the_profile_of_how_a_key_is_sent() -> None:
    provider = {"profile": "smartrecruiters", "api_key": SENT_AS["HTTP Basic"]}

    definition = _compiled(key_file(provider=provider))

    assert definition.api_request == {"basic": {}}


def test_plain_text_is_taken_where_one_field_is_needed() -> None:
    parts = key_file(secret={"arn": ARN, "plain_text": True})

    assert problems_in(parts) == []
    reference = _compiled(parts).secret
    assert reference is not None
    assert reference.plain_text


def _compiled(parts: dict[str, Any]) -> CredentialDefinition:
    """The definition, as it comes back from the registry."""
    configuration = ConfigurationModel.model_validate(document(**parts))
    providers, _ = resolve_providers(configuration.providers, undiscovered, local_stack=False)
    items = {item.key: item for item in compile_registry(configuration, providers)}
    return parse_definition(items["credential#jobs", "*"].document)


def test_key_is_compiled_with_its_header_and_no_endpoint() -> None:
    parts = key_file(provider=FIXED | {"api_key": HEADER})
    configuration = ConfigurationModel.model_validate(document(**parts))
    providers, _ = resolve_providers(configuration.providers, undiscovered, local_stack=False)

    items = {item.key: item for item in compile_registry(configuration, providers)}

    definition = parse_definition(items["credential#jobs", "*"].document)
    assert definition.kind is CredentialKind.API_KEY
    assert definition.token_endpoint == ""
    assert definition.api_request == {"header_name": "X-Key", "header_prefix": "Token "}


def test_tokens_of_the_same_provider_keep_their_endpoint() -> None:
    parts = {
        "providers": {"acme": FIXED | {"api_key": HEADER}},
        "credentials": credential(),
        "grants": [grant()],
    }

    assert problems_in(parts) == []
