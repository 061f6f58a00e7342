"""An API key that cannot be vended is refused in the file, with its place."""

from typing import Any

import pytest
from tests.configuration.api_key_samples import ARN, HEADER, KEY, SENT_AS, key_file
from tests.configuration.samples import FIXED, credential, document, grant, problems_in

from tokenvend_cli.configuration.models import ConfigurationModel

CLIENT = {"billing": {"identities": [{"client": "billing-web"}]}}
#: What is wrong with an `api_key`, and the problem that is printed.
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
