"""Where an API takes a token or a key, by the catalogue's templates of its requests."""

from typing import Any

import pytest
from tests.scripts.catalogue_entries import CLIENT, CONSENT, KEY, LOGIN, provable, provider_of


@pytest.mark.parametrize(
    ("proxy", "api_key"),
    [
        (
            {"headers": {"x-key": "${apiKey}", "x-v": "2"}},
            {"headers": {"x-key": "{secret.api_key}"}},
        ),
        ({"query": {"key": "${apiKey}"}}, {"query": {"key": "{secret.api_key}"}}),
        (
            {"headers": {"x-auth": "${base64(${connectionConfig.tenant}+${apiKey}:x)}"}},
            {
                "basic": {
                    "username": "{secret.tenant}+{secret.api_key}",
                    "password": "x",
                    "header": "x-auth",
                    "scheme": "",
                }
            },
        ),
        (
            {"base_url": "https://api.acme.example/bot${apiKey}"},
            {"path_prefix": "/bot{secret.api_key}"},
        ),
        (
            {"body": {"auth": {"loginId": "${connectionConfig.loginId}", "key": "${apiKey}"}}},
            {"body": {"auth": {"loginId": "{secret.login_id}", "key": "{secret.api_key}"}}},
        ),
        (
            {"headers": {"authorization": "Basic ${base64(${apiKey}:)}"}},
            {"basic": {"username": "{secret.api_key}", "password": ""}},
        ),
    ],
)
def test_key_goes_where_the_entry_says(proxy: dict[str, Any], api_key: dict[str, Any]) -> None:
    assert provider_of(KEY | {"proxy": proxy}) == {"api_key": api_key}


def test_user_name_and_password_are_http_basic_unless_the_entry_says_otherwise() -> None:
    assert provider_of({"auth_mode": "BASIC"}) == {
        "api_key": {"basic": {"username": "{secret.username}"}}
    }


def test_place_that_the_user_of_the_catalogue_chooses_may_be_any_of_those_offered() -> None:
    choices = {
        "keyPlacement": {"enum": ["header", "query"]},
        "keyName": {"example": "X-Key"},
        "valueTemplate": {"example": "Key ${apiKey}"},
    }

    told = provider_of(KEY | {"integration_config": choices})

    assert told["api_key"] == {
        "headers": {"X-Key": "Key {secret.api_key}"},
        "query": {"X-Key": "Key {secret.api_key}"},
    }


@pytest.mark.parametrize(
    ("proxy", "api_request"),
    [
        pytest.param(
            {"headers": {"x-token": "${accessToken}"}},
            {"headers": {"x-token": "{token}"}},
            id="a header of its own",
        ),
        pytest.param(
            {
                "headers": {
                    "x-api-key": "${clientId}:${clientSecret}",
                    "v": "${connectionConfig.v} || 2",
                }
            },
            {
                "headers": {
                    "x-api-key": "{secret.client_id}:{secret.api_secret}",
                    "v": "2",
                    "Authorization": "Bearer {token}",
                }
            },
            id="a key and a fixed header beside a bearer token",
        ),
        pytest.param(
            {"query": {"t": "${accessToken}", "shop": "${connectionConfig.shopDomain}"}},
            {"query": {"t": "{token}", "shop": "{tenant.shop_domain}"}},
            id="the query, and a value of the customer's",
        ),
        pytest.param(
            {"headers": {"authorization": "Own ${base64(${credentials.id}:${accessToken})}"}},
            {"basic": {"username": "{secret.id}", "password": "{token}", "scheme": "Own"}},
            id="a password under another scheme",
        ),
        pytest.param(
            {"headers": {"authorization": "Basic ${base64(${credentials.id}:${accessToken})}"}},
            {"basic": {"username": "{secret.id}", "password": "{token}"}},
            id="a password",
        ),
        pytest.param(
            {"query": {"t": "${accessToken}", "account": "${credentials.raw.data.accountID}"}},
            {"query": {"t": "{token}", "account": "{answer.data.accountID}"}},
            id="another value of the answer",
        ),
        pytest.param(
            {"headers": {"cookie": "${credentials._cookies}"}},
            {"headers": {"cookie": "SESSION={token}; ROUTEID={cookie.ROUTEID}"}},
            id="cookies of the answer",
        ),
    ],
)
@pytest.mark.parametrize("entry", [CLIENT, LOGIN, CONSENT], ids=["client", "login", "consent"])
def test_token_goes_where_the_entry_says(
    entry: dict[str, Any], proxy: dict[str, Any], api_request: dict[str, Any]
) -> None:
    assert provider_of(provable(entry) | {"proxy": proxy})["api_request"] == api_request


def test_token_that_the_entry_does_not_place_is_a_bearer_token() -> None:
    assert "api_request" not in provider_of(CLIENT | {"proxy": {"base_url": "https://a.example"}})
