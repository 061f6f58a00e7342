"""An API key in the file: what must be said of it, and what cannot."""

from typing import Any

import pytest
from tests.configuration.samples import FIXED, ROLE, credential, document, grant, problems_in

from tokenvend.adapters.dynamodb.definition_items import parse_definition
from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.secret_fields import secret_fields
from tokenvend.domain.static_credential import static_placeholders
from tokenvend.domain.token_presentation import Header
from tokenvend_cli.configuration.compile import compile_registry
from tokenvend_cli.configuration.models import ConfigurationModel
from tokenvend_cli.configuration.providers import resolve_providers, undiscovered

HEADER = {"header_name": "X-Key", "header_prefix": "Token "}
KEY = "{secret.api_key}"
SENT_AS: dict[str, dict[str, Any]] = {
    "several headers": {"headers": {"X-Api-Key": KEY, "X-Account": "{secret.account}", "X-V": "2"}},
    "a header with an underscore": {"headers": {"api_token": KEY}},
    "HTTP Basic": {"basic": {}},
    "key as user name": {"basic": {"username": KEY, "password": ""}},
    "word and key": {"basic": {"username": "anystring", "password": KEY}},
    "key in the query": {"query": {"api_key": KEY, "format": "json"}},
    "both": {"headers": {"X-Account": "{secret.account}"}, "query": {"api_key": KEY}},
}
ARN = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:theirs-AbCdEf"
CLIENT = {"billing": {"identities": [{"client": "billing-web"}]}}
BOTH = {"billing": {"identities": [{"client": "billing-web"}, {"iam": ROLE}]}}
DIRECT = {"billing": {"direct": {"principals": [ROLE]}}}


#: What is wrong with an `api_key`, and what is told of it.
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "nothing of the secret": ({"headers": {"X-Version": "2"}}, ": names nothing of the secret"),
    "a secret in the file": (
        {"headers": {"X-Api-Key": "hunter2", "X-Account": KEY}},
        ".headers.X-Api-Key: no secret stands in this file",
    ),
    "a secret in the query": (
        {"query": {"api_key": "hunter2", "account": KEY}},
        ".query.api_key: no secret stands in this file",
    ),
    "a password in the file": (
        {"basic": {"username": KEY, "password": "hunter2"}},
        ".basic.password: no secret stands in this file",
    ),
    "a brace": (
        {"headers": {"X-Key": "{api_key}"}},
        ".headers.X-Key: a brace begins a placeholder",
    ),
    "a private key": (
        {"headers": {"X-Key": "{secret.private_key}"}},
        ".headers.X-Key: a private_key is never sent",
    ),
    "the connection's header": (
        {"headers": {"Host": KEY}},
        ".headers.Host: belongs to the connection",
    ),
    "two lines": ({"headers": {"X-Key": f"{KEY}\r\nX: 1"}}, ".headers.X-Key: must be plain ASCII"),
    "one header twice": (
        {"headers": {"X-Key": KEY, "x-key": KEY}},
        ".headers: one header stands here twice",
    ),
    "colon in the user name": (
        {"basic": {"username": "a:b", "password": KEY}},
        ".basic.username: a colon ends the user name",
    ),
}


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


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        pytest.param(
            key_file(provider=FIXED),
            "credentials.jobs.kind: acme does not say how it takes an API key",
            id="no header",
        ),
        *(
            pytest.param(
                key_file(provider={"api_key": each}), f"providers.acme.api_key{told}", id=name
            )
            for name, (each, told) in WRONG.items()
        ),
        pytest.param(
            key_file(
                provider={"api_key": SENT_AS["HTTP Basic"]},
                secret={"arn": ARN, "plain_text": True},
            ),
            "credentials.jobs.secret.plain_text: holds one field, but username and password",
            id="plain text for two fields",
        ),
        pytest.param(
            {
                "credentials": credential(secret={"arn": ARN, "plain_text": True}),
                "grants": [grant()],
            },
            "credentials.jobs.secret.plain_text: holds one field, but client_id and client_secret"
            " is needed: give the client_id here, in the file",
            id="plain text for a client",
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


@pytest.mark.parametrize(
    ("described", "told"),
    [
        pytest.param({}, "give header_name, or else some of headers", id="nothing"),
        pytest.param(
            HEADER | {"query": {"a": KEY}}, "give header_name, or else some", id="two ways"
        ),
        pytest.param(
            {"header_prefix": "Key ", "headers": {"X": KEY}}, "header_prefix goes with", id="prefix"
        ),
        pytest.param(
            {"basic": {}, "headers": {"authorization": KEY}},
            "basic is the Authorization header",
            id="Authorization twice",
        ),
        pytest.param({"query": {f"q{n}": KEY for n in range(9)}}, "at most 8", id="too many"),
        pytest.param({"headers": {"X Key": KEY}}, "String should match", id="no header's name"),
    ],
)
def test_way_to_send_a_key_that_is_none_is_refused(described: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        ConfigurationModel.model_validate(document(**key_file(provider={"api_key": described})))


@pytest.mark.parametrize("described", SENT_AS.values(), ids=SENT_AS)
def test_parts_of_a_key_are_compiled_as_they_stand(described: dict[str, Any]) -> None:
    parts = key_file(provider={"api_key": described})

    definition = _compiled(parts)

    assert definition.api_key_parts == described
    assert definition.api_key_header is None
    assert set(secret_fields(definition)) == set(static_placeholders(described))


def test_file_says_more_than_the_profile_of_how_a_key_is_sent() -> None:
    provider = {"profile": "smartrecruiters", "api_key": SENT_AS["HTTP Basic"]}

    definition = _compiled(key_file(provider=provider))

    assert (definition.api_key_header, definition.api_key_parts) == (None, {"basic": {}})


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
    assert definition.api_key_header == Header("X-Key", "Token ")


def test_tokens_of_the_same_provider_keep_their_endpoint() -> None:
    parts = {
        "providers": {"acme": FIXED | {"api_key": HEADER}},
        "credentials": credential(),
        "grants": [grant()],
    }

    assert problems_in(parts) == []
