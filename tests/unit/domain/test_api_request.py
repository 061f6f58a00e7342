"""A static credential: which part of the secret goes where, and what cannot go there."""

from collections.abc import Mapping
from typing import Any

import pytest

from tokenvend.domain.api_request import Presented, present
from tokenvend.domain.api_request_description import api_request_fields
from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_destination import TO_CALLERS
from tokenvend.domain.token_presentation import (
    BEARER,
    Header,
    RequestParts,
    TokenType,
    request_parts,
)

KEY = "{secret.api_key}"


def _present(document: Mapping[str, object], **fields: str) -> Presented:
    values = {name: Secret(value) for name, value in fields.items()}
    secret = ProviderSecret("", Secret(""), TO_CALLERS, fields=values)
    return present(_definition(document), secret)


def _definition(document: Mapping[str, object]) -> CredentialDefinition:
    return CredentialDefinition(
        name="key",
        provider="acme",
        token_endpoint="",
        kind=CredentialKind.API_KEY,
        api_request=document,
    )


def _parts(presented: Presented) -> tuple[dict[str, str], dict[str, str]]:
    """Headers and query, as a request to the API has them."""
    sent_as = presented.sent_as
    if isinstance(sent_as, Header):
        return {sent_as.name: sent_as.prefix + presented.access_token.reveal()}, {}
    return (
        {name: value.reveal() for name, value in sent_as.headers.items()},
        {name: value.reveal() for name, value in sent_as.query.items()},
    )


@pytest.mark.parametrize(
    ("document", "fields", "headers", "query"),
    [
        pytest.param(
            {"headers": {"X-Api-Key": KEY, "X-Account": "{secret.account}"}},
            {"api_key": "K", "account": "A-1"},
            {"X-Api-Key": "K", "X-Account": "A-1"},
            {},
            id="two headers",
        ),
        pytest.param(
            {"query": {"api_key": KEY}}, {"api_key": "K&x=1"}, {}, {"api_key": "K&x=1"}, id="query"
        ),
        pytest.param(
            {"basic": {}},
            {"username": "user", "password": "key"},
            {"Authorization": "Basic dXNlcjprZXk="},
            {},
            id="HTTP Basic",
        ),
        pytest.param(
            {"basic": {"username": KEY, "password": ""}},
            {"api_key": "K"},
            {"Authorization": "Basic Szo="},
            {},
            id="key as the user name",
        ),
        pytest.param(
            {"basic": {}, "headers": {"X-Api-Version": "2"}},
            {"username": "ü", "password": ":"},
            {"Authorization": "Basic w7w6Og==", "X-Api-Version": "2"},
            {},
            id="HTTP Basic and a fixed header",
        ),
        pytest.param(
            {"headers": {"Authorization": "Key {secret.id}/{secret.key}"}},
            {"id": "1", "key": "K"},
            {"Authorization": "Key 1/K"},
            {},
            id="two values in one header",
        ),
        pytest.param(
            {"headers": {"X-Account": "{secret.account}"}, "query": {"key": KEY}},
            {"api_key": "{secret.account}", "account": "A"},
            {"X-Account": "A"},
            {"key": "{secret.account}"},
            id="a value is not searched for placeholders",
        ),
    ],
)
def test_each_part_goes_where_the_description_says(
    document: dict[str, Any],
    fields: dict[str, str],
    headers: dict[str, str],
    query: dict[str, str],
) -> None:
    assert _parts(_present(document, **fields)) == (headers, query)


@pytest.mark.parametrize(
    ("document", "token", "header", "prefix"),
    [
        ({"header_name": "X-Key"}, "K", "X-Key", ""),
        ({"header_name": "X-Key", "header_prefix": "{a} "}, "{a} K", "X-Key", ""),
        ({"header_name": "X-Key", "header_prefix": "{{a}} "}, "{{a}} K", "X-Key", ""),
        ({"headers": {"X-Key": KEY}}, "K", "X-Key", ""),
        ({"headers": {"Authorization": f"Token {KEY}"}}, "K", "Authorization", "Token "),
        ({"headers": {"X-Key": f"a={KEY}; b"}}, "K; b", "X-Key", "a="),
        ({"headers": {"X-Key": f"{{{{{KEY}}}}}"}}, "{K}", "X-Key", ""),
        ({"basic": {"username": "api", "password": KEY}}, "YXBpOks=", "Authorization", "Basic "),
    ],
)
def test_one_header_is_told_as_it_always_was(
    document: dict[str, Any], token: str, header: str, prefix: str
) -> None:
    presented = _present(document, api_key="K")

    assert presented.access_token.reveal() == token
    assert presented.sent_as == Header(header, prefix)
    assert presented.sent_as.token_type == "N_A"


@pytest.mark.parametrize(
    ("fields", "named"), [({"account": "A", "api_key": "K"}, "K"), ({"account": "A"}, "A")]
)
def test_several_parts_are_named_by_the_key_or_else_by_the_first(
    fields: dict[str, str], named: str
) -> None:
    headers = {"X-Fixed": "1"} | {f"X-{name}": f"{{secret.{name}}}" for name in fields}

    assert _present({"headers": headers}, **fields).access_token.reveal() == named


@pytest.mark.parametrize(
    ("document", "fields", "rule"),
    [
        pytest.param(
            {"headers": {"X-Key": KEY, "X-Other": "1"}},
            {"api_key": "K\r\nX-Admin: 1"},
            "secret.unusable",
            id="a header more",
        ),
        pytest.param({"headers": {"X-Key": KEY}}, {}, "secret.unusable", id="field is missing"),
        pytest.param(
            {"basic": {}},
            {"username": "user:name", "password": "hunter2"},
            "secret.unusable",
            id="colon",
        ),
        pytest.param({}, {}, "definition.api_request", id="nothing"),
        pytest.param({"headers": {"X": "1"}}, {}, "definition.api_request", id="no placeholder"),
        pytest.param({"headers": [KEY]}, {}, "definition.api_request", id="a list"),
        pytest.param({"headers": {"X": 7}}, {}, "definition.api_request", id="a number"),
        pytest.param(
            {"query": {"x": "{tenant.id}"}}, {}, "definition.api_request", id="unknown brace"
        ),
        pytest.param({"basic": KEY}, {}, "definition.api_request", id="basic that is a text"),
    ],
)
def test_what_cannot_be_sent_is_refused_without_a_value(
    document: dict[str, Any], fields: dict[str, str], rule: str
) -> None:
    with pytest.raises(CredentialNotReadyError) as caught:
        _present(document, **fields)

    assert caught.value.rule == rule
    assert not any(value in str(caught.value) for value in fields.values())


def test_a_bearer_token_is_told_as_one_in_its_parts_too() -> None:
    parts = request_parts(BEARER, Secret("t"))

    assert parts == RequestParts({"Authorization": Secret("Bearer t")}, {}, TokenType.BEARER)


def test_fields_are_named_once_in_their_order() -> None:
    document = {"query": {"a": "{secret.b}"}, "basic": {}, "headers": {"X": "{secret.b}{secret.a}"}}

    assert api_request_fields(_definition(document)) == ("b", "a", "username", "password")
    assert api_request_fields(_definition({"headers": 7})) == ()


def test_parts_do_not_show_a_value() -> None:
    presented = _present(
        {"basic": {}, "query": {"k": "{secret.username}"}}, username="u1", password="p1"
    )

    assert "u1" not in repr(presented) + str(presented)
    assert "p1" not in repr(presented)
