"""An API key in the file: what must be said of it, and what cannot."""

from typing import Any

import pytest
from tests.configuration.samples import FIXED, ROLE, credential, document, grant, problems_in

from tokenvend.adapters.dynamodb.definition_items import parse_definition
from tokenvend.domain.header import Header
from tokenvend.domain.registry import CredentialKind
from tokenvend_cli.configuration.compile import compile_registry
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.providers import resolve_providers, undiscovered

HEADER = {"header_name": "X-Key", "header_prefix": "Token "}
CLIENT = {"billing": {"identities": [{"client": "billing-web"}]}}
BOTH = {"billing": {"identities": [{"client": "billing-web"}, {"iam": ROLE}]}}
DIRECT = {"billing": {"direct": {"principals": [ROLE]}}}


def key_file(
    *,
    provider: dict[str, Any] | None = None,
    callers: dict[str, Any] | None = None,
    granted: dict[str, Any] | None = None,
    **fields: Any,
) -> dict[str, Any]:
    """A file with one API key in it."""
    parts: dict[str, Any] = {
        "providers": {"acme": provider or {"api_key": HEADER}},
        "credentials": {"jobs": {"provider": "acme", "kind": "api_key", **fields}},
        "grants": [
            {"caller": "billing", "credential": "jobs", **(granted or {"full_access": True})}
        ],
    }
    return parts | ({"callers": callers} if callers else {})


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(key_file(), id="provider known for its key alone"),
        pytest.param(key_file(provider=FIXED | {"api_key": HEADER}), id="one with tokens too"),
        pytest.param(key_file(provider={"profile": "smartrecruiters"}), id="by its profile"),
        pytest.param(key_file(callers=DIRECT), id="direct caller"),
        pytest.param(key_file(callers=BOTH), id="a role that is an OAuth client too"),
        pytest.param(
            key_file(family=True, granted={"full_access": True, "tenants": "all"}), id="family"
        ),
    ],
)
def test_key_that_can_be_vended_has_no_problem(parts: dict[str, Any]) -> None:
    assert problems_in(parts) == []


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        pytest.param(
            key_file(provider=FIXED),
            "credentials.jobs.kind: acme does not say how it takes an API key",
            id="no header",
        ),
        pytest.param(
            key_file(granted={"accept_less": True}),
            "grants[0]: jobs is an API key, which reaches everything: full_access: true",
            id="not all is granted",
        ),
        pytest.param(
            key_file(granted={"full_access": True, "scopes": ["read"]}),
            "grants[0].scopes: an API key cannot be narrowed",
            id="a ceiling",
        ),
        pytest.param(
            key_file(granted={"full_access": True, "audiences": ["a"]}),
            "grants[0].audiences: an API key cannot be narrowed",
            id="an audience",
        ),
        pytest.param(
            key_file(scopes=["read"]),
            "credentials.jobs.scopes: means nothing for an API key",
            id="scopes",
        ),
        pytest.param(
            key_file(client_id="us"),
            "credentials.jobs.client_id: means nothing for an API key",
            id="client id",
        ),
        pytest.param(
            key_file(callers=CLIENT),
            "grants[0].caller: billing is an OAuth client, which would send an API key",
            id="caller that could never have it",
        ),
        pytest.param(
            {"providers": {"acme": {"api_key": HEADER}}},
            "credentials.jobs.kind: acme has no token_endpoint",
            id="tokens of a provider that has a key alone",
        ),
    ],
)
def test_key_that_cannot_be_vended_is_found(parts: dict[str, Any], told: str) -> None:
    found = problems_in(parts)

    assert [line for line in found if line.startswith(told)], found


@pytest.mark.parametrize("name", ["X Key", "X-Key: a", "", "1\n2"])
def test_header_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="header_name"):
        ConfigurationModel.model_validate(
            document(**key_file(provider={"api_key": {"header_name": name}}))
        )


def test_key_is_compiled_with_its_header_and_no_endpoint() -> None:
    parts = key_file(provider=FIXED | {"api_key": HEADER})
    configuration = ConfigurationModel.model_validate(document(**parts))
    providers, _ = resolve_providers(configuration.providers, undiscovered, local_stack=False)

    items = {item.key: item for item in compile_registry(configuration, providers)}

    definition = parse_definition(items["credential#jobs", "*"].document)
    assert definition.kind is CredentialKind.API_KEY
    assert definition.token_endpoint == ""
    assert definition.api_key_header == Header("X-Key", "Token ")


def test_tokens_of_the_same_provider_keep_their_endpoint() -> None:
    parts = {
        "providers": {"acme": FIXED | {"api_key": HEADER}},
        "credentials": credential(),
        "grants": [grant()],
    }

    assert problems_in(parts) == []
