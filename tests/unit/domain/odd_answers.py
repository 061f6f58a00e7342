"""Answers of a token endpoint, and the refusals of them."""

import json
from typing import Any

import pytest
from tests.strategies import START

from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.errors import (
    ProviderRefusedError,
)
from tokenvend.domain.oauth.token_response import (
    ProviderResponse,
    parse_token_response,
)
from tokenvend.domain.token import AccessToken

DEFINITION = CredentialDefinition(
    name="jobs", provider="acme", token_endpoint="https://a.example/t"
)


def parse_answer(body: bytes, *, status: int = 200, **response: Any) -> AccessToken:
    return parse_token_response(
        ProviderResponse(status, body=body, **response),
        DEFINITION,
        requested_scopes=frozenset({"read"}),
        requested_at=START,
    )


def refusal_of(body: bytes, *, status: int = 200) -> ProviderRefusedError:
    with pytest.raises(ProviderRefusedError) as caught:
        parse_answer(body, status=status)
    return caught.value


def answer_of(**fields: object) -> bytes:
    return json.dumps({"access_token": "t", "token_type": "Bearer"} | fields).encode()
