"""Each answer of `cases/providers.json` is parsed as its provider is described: no HTTP, no cache.

The pure functions behind `test_provider_cases` and `test_static_cases`.
"""

from typing import Any

import pytest
from tests.configuration.described import definition_of
from tests.configuration.provider_cases import (
    CASES,
    DESCRIBED,
    STATIC,
    body_of,
    credential_of,
    lifetime_of,
)
from tests.fakes.clock import START

from tokenvend.domain.api_request import present
from tokenvend.domain.errors import ProviderRefusedError
from tokenvend.domain.oauth.token_response import ProviderResponse, parse_token_response
from tokenvend.domain.scopes import NO_SCOPES
from tokenvend.domain.secret_destination import TO_CALLERS
from tokenvend.domain.secret_fields import secret_of
from tokenvend.domain.token import AccessToken
from tokenvend.domain.token_presentation import Header

_VENDED = [name for name in DESCRIBED if "access_token" in CASES[name]["then"]]
#: The code by which each refusal is known.
_REFUSED = {
    "token_type mac": "unsupported_token_type",
    "a 200 that says no, in its own words": "40013",
    "no token at all": "malformed_access_token",
}
#: The code of what a provider answers to a request that is not as it needs it.
_OTHERWISE = {
    "JSON request": "http_415",
    "JSON request without grant_type": "http_400",
    "another grant_type with an account": "unsupported_grant_type",
    "parameters in the query": "invalid_request",
    "a subscription key beside the client": "http_401",
    "a fixed header": "http_400",
    "basic without form-encoding": "invalid_client",
}


def _parsed(name: str, which: str = "answer") -> AccessToken:
    answer = CASES[name][which]
    response = ProviderResponse(
        status=answer["status"],
        content_type=answer.get("content_type", "application/json"),
        body=body_of(answer),
    )
    endpoint = "https://login.acme.example" + CASES[name]["needs"].get("path", "/token")
    provider = {"token_endpoint": endpoint} | DESCRIBED[name]
    return parse_token_response(
        response,
        definition_of(provider, credential_of(name)),
        requested_scopes=NO_SCOPES,
        requested_at=START,
    )


@pytest.mark.parametrize("name", _VENDED)
def test_answer_is_parsed_as_it_is_described(name: str) -> None:
    token, then = _parsed(name), CASES[name]["then"]

    assert token.access_token.reveal() == then["access_token"]
    assert token.stated_lifetime.total_seconds() == lifetime_of(CASES[name])
    assert token.requested_at == START < token.expires_at
    assert token.scopes == frozenset(then.get("scope", "").split())


@pytest.mark.parametrize(("name", "code"), _REFUSED.items())
def test_answer_without_a_usable_token_is_refused(name: str, code: str) -> None:
    with pytest.raises(ProviderRefusedError) as caught:
        _parsed(name)

    assert caught.value.provider_error == code


@pytest.mark.parametrize(("name", "code"), _OTHERWISE.items())
def test_refusal_is_parsed_as_it_is_described(name: str, code: str) -> None:
    with pytest.raises(ProviderRefusedError) as caught:
        _parsed(name, "otherwise")

    assert caught.value.provider_error == code


@pytest.mark.parametrize("name", STATIC)
def test_static_credential_is_presented_as_it_is_described(name: str) -> None:
    values = CASES[name]["secret"]
    definition = definition_of({"api_key": STATIC[name]}, {"kind": "api_key"})

    shown = present(definition, secret_of(definition, values, allowed_host=TO_CALLERS))

    sent: dict[str, Any] = {"headers": {}, "query": {}}
    sent_as = shown.sent_as
    if isinstance(sent_as, Header):
        sent["headers"] = {sent_as.name: sent_as.prefix + shown.access_token.reveal()}
    else:
        for part, shares in (("headers", sent_as.headers), ("query", sent_as.query)):
            sent[part] = {each: value.reveal() for each, value in shares.items()}
    assert sent == {"headers": {}, "query": {}} | CASES[name]["then"]


def test_every_answer_is_parsed() -> None:
    assert {*_VENDED, *_REFUSED, *STATIC} == CASES.keys()
    assert _OTHERWISE.keys() == {name for name in DESCRIBED if "otherwise" in CASES[name]}
