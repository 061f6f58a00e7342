"""The registry keeps the description of a request, whatever version of tokenvend reads it."""

from dataclasses import replace
from typing import Any

import pytest
from tests.configuration.described import definition_of
from tests.configuration.samples import FIXED
from tests.configuration.sent_requests import CLIENT

from tokenvend.adapters.dynamodb.definition_items import build_definition, parse_definition
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.oauth.token_request import build_token_request
from tokenvend.domain.scopes import NO_SCOPES
from tokenvend.domain.secret_destination import destination_of
from tokenvend.domain.secret_fields import secret_of


@pytest.mark.parametrize(
    "described",
    [
        {"parameters": {"a": "{secret."}},
        {"parameters": [1]},
        {"parameters_in": "query", "parameters": {"a": 7}},
        {"parameters_in": "xml"},
        {"method": "PUT"},
        {"method": "GET"},
        {"grant_type": 7},
        {"parameters_in": "json", "parameters": {"a": [[[[[[[[[[]]]]]]]]]]}},
    ],
    ids=str,
)
def test_description_of_a_later_version_is_refused_and_never_sent_half(
    described: dict[str, Any],
) -> None:
    definition = replace(definition_of(FIXED, {}), token_request=described)
    secret = secret_of(definition, CLIENT, allowed_host=destination_of(definition))
    spec = TokenSpec(credential="jobs", definition="d", scopes=NO_SCOPES)

    with pytest.raises(CredentialNotReadyError, match="apply the file again"):
        build_token_request(definition, spec, secret)


def test_registry_of_the_former_version_is_read_without_a_description() -> None:
    document = build_definition(definition_of(FIXED, {})).document
    former = {name: each for name, each in document.items() if name != "token_request"}

    assert parse_definition(former) == definition_of(FIXED, {})


def test_description_is_part_of_the_fingerprint_in_all_its_parts() -> None:
    changes: list[dict[str, Any]] = [
        {},
        {"grant_type": "own"},
        {"omit_grant_type": True},
        {"parameters_in": "json"},
        {"parameters_in": "query", "method": "GET"},
        {"parameters": {"a": "b"}},
        {"query": {"a": "b"}},
        {"headers": {"A": "b"}},
        {"code_exchange": {"parameters": {"a": "b"}}},
        {"refresh": {"parameters": {"a": "b"}}},
        {"refresh": {"query": {"a": "b"}}},
    ]

    provider = FIXED | {"authorization_endpoint": "https://login.acme.example/allow"}

    found = {definition_of(provider | {"token_request": each}, {}).fingerprint for each in changes}

    assert len(found) == len(changes)
    assert definition_of(FIXED, {}).fingerprint in found
