"""`api_request`: from the file to what a request to the API carries, and each mistake's place."""

from typing import Any

import pytest
from tests.configuration.described import definition_of, token_endpoint, vend
from tests.configuration.samples import problems_in
from tests.fakes.clock import START

from tokenvend.adapters.dynamodb.definition_items import build_definition, parse_definition
from tokenvend.domain.answer import Source, VendAnswer
from tokenvend.domain.secret_destination import destination_of

CLIENT = {"client_id": "id", "client_secret": "s3cret"}
ENDPOINT = "https://login.acme.example/token"
BESIDE = {"Authorization": "Bearer {token}", "X-Api-Key": "{secret.api_key}"}


def _answer(described: dict[str, Any], **arguments: Any) -> dict[str, Any]:
    answer = arguments.pop("answer", None)
    with token_endpoint(answer) as endpoint:
        provider = {"token_endpoint": endpoint.url, "api_request": described}
        token = vend(provider | arguments.pop("provider", {}), **arguments)
    return VendAnswer(token, Source.PROVIDER, START).to_dict()


def test_one_header_and_prefix_reach_the_caller() -> None:
    answer = _answer({"header_name": "Authorization", "header_prefix": "Own-oauthtoken "})

    token = answer["access_token"]
    assert answer["headers"] == {"Authorization": f"Own-oauthtoken {token}"}
    assert (answer["header_name"], answer["header_prefix"]) == ("Authorization", "Own-oauthtoken ")
    assert answer["token_type"] == "N_A"


def test_field_of_the_secret_reaches_the_caller_beside_the_token() -> None:
    answer = _answer({"headers": BESIDE}, secret=CLIENT | {"api_key": "K"})

    token = answer["access_token"]
    assert answer["headers"] == {"Authorization": f"Bearer {token}", "X-Api-Key": "K"}
    assert answer["token_type"] == "Bearer"


def test_own_login_and_a_tenants_value_have_the_same_form() -> None:
    answer = _answer(
        {"basic": {"username": "{tenant.company}", "password": "{token}"}},
        answer={"session": "S1"},
        provider={
            "client_authentication": "none",
            "tenant_values": {"company": ["*"]},
            "token_request": {
                "omit_grant_type": True,
                "parameters": {"key": "{secret.login_key}"},
            },
            "token_answer": {"token": "session"},
        },
        secret={"login_key": "k", "company": "c1"},
        family=True,
        tenant="acme",
    )

    assert answer["headers"] == {"Authorization": "Basic YzE6UzE="}


@pytest.mark.parametrize(
    ("token_type", "is_taken"),
    [("Own-oauthtoken", True), ("DPoP", False), ("MAC", False), ("PoP", False), (7, False)],
)
def test_any_token_type_is_taken_where_the_file_says_how_a_token_is_sent(
    token_type: object, *, is_taken: bool
) -> None:
    answer = {"access_token": "t", "token_type": token_type, "expires_in": 60}

    if is_taken:
        assert _answer({"header_name": "X-Token"}, answer=answer)["headers"] == {"X-Token": "t"}
        return
    with pytest.raises(Exception, match="its token_type is not Bearer"):
        _answer({"header_name": "X-Token"}, answer=answer)


@pytest.mark.parametrize("kind", ["client_credentials", "authorization_code"])
def test_description_comes_back_from_the_registry_for_every_kind(kind: str) -> None:
    provider = {
        "token_endpoint": ENDPOINT,
        "authorization_endpoint": "https://login.acme.example/authorize",
        "api_request": {"headers": BESIDE, "query": {"v": "2"}},
    }
    credential: dict[str, Any] = {"kind": kind}
    if kind == "authorization_code":
        credential["redirect_uri"] = "https://pages.example/callback/jobs"

    definition = definition_of(provider, credential)

    assert definition.api_request == {"headers": BESIDE, "query": {"v": "2"}}
    assert destination_of(definition) == "login.acme.example @callers:api_key"


def test_definition_of_a_former_version_is_read_and_keeps_its_fingerprint() -> None:
    definition = definition_of({"token_endpoint": ENDPOINT}, {})
    document = build_definition(definition).document

    assert "api_request" not in document
    assert parse_definition(document).fingerprint == definition.fingerprint


@pytest.mark.parametrize("key", ["X-Api-Key", "Token"])
def test_key_is_written_as_a_former_version_reads_it(key: str) -> None:
    provider = {"api_key": {"header_name": key, "header_prefix": "Key "}}
    definition = definition_of(provider, {"kind": "api_key"})

    document = build_definition(definition).document

    assert document["api_key_header"] == {"name": key, "prefix": "Key "}
    assert "api_request" not in document
    assert parse_definition(document) == definition


@pytest.mark.parametrize(
    ("described", "place", "told"),
    [
        pytest.param({"headers": {"X": "1"}}, "", "the token stands in one place", id="no token"),
        pytest.param(
            {"headers": {"X": "{token}"}, "query": {"t": "{token}"}},
            "",
            "the token stands in one place",
            id="two tokens",
        ),
        pytest.param(
            {"headers": {"X": "{token}", "Host": "other.example"}},
            ".headers.Host",
            "belongs to the connection",
            id="a reserved header",
        ),
        pytest.param(
            {"header_name": "Transfer-Encoding"},
            ".header_name",
            "belongs to the connection",
            id="a reserved header alone",
        ),
        pytest.param(
            {"headers": {"X": "{token}\r\nY: 1"}},
            ".headers.X",
            "must be plain ASCII, in one line",
            id="a control character",
        ),
        pytest.param(
            {"headers": {"X-Token": "{token}", "x-token": "1"}},
            ".headers",
            "one header stands here twice",
            id="one header twice",
        ),
        pytest.param(
            {"headers": {"X": "{token}", "X-Api-Key": "k-123"}},
            ".headers.X-Api-Key",
            "no secret stands in this file",
            id="a secret in the file",
        ),
        pytest.param(
            {"headers": {"X": "{token}", "Y": "{secret.client_secret}"}},
            "",
            "callers would get the client_secret",
            id="the client's secret",
        ),
        pytest.param(
            {"headers": {"X": "{token}", "Y": "{secret.private_key}"}},
            ".headers.Y",
            "a private_key is never sent",
            id="a private key",
        ),
        pytest.param(
            {"headers": {"X": "{token}", "Y": "{other}"}},
            ".headers.Y",
            "a brace begins a placeholder",
            id="an unknown placeholder",
        ),
        pytest.param(
            {"headers": {"X": "{token}", "Y": "{tenant.company}"}},
            ".headers.Y",
            "tenant_values does not say",
            id="a tenant's value that is not declared",
        ),
        pytest.param(
            {"basic": {"username": "a:{secret.user}", "password": "{token}"}},
            ".basic.username",
            "a colon ends the user name",
            id="a colon",
        ),
    ],
)
def test_each_mistake_is_told_with_its_place(
    described: dict[str, Any], place: str, told: str
) -> None:
    provider = {"token_endpoint": ENDPOINT, "api_request": described}

    found = [str(each) for each in problems_in({"providers": {"acme": provider}})]

    assert any(
        each.startswith(f"providers.acme.api_request{place}:") and told in each for each in found
    ), found


def test_key_has_no_token() -> None:
    provider = {"api_key": {"headers": {"X": "{secret.api_key}{token}"}}}

    found = [str(each) for each in problems_in({"providers": {"acme": provider}})]

    assert any("an API key has no {token}" in each for each in found), found
