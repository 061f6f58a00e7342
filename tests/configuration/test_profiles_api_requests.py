"""Profiles whose API takes a token in a form of its own: what a caller sends."""

from typing import Any

import pytest
from tests.configuration.api_stand_in import ApiStandIn, call_api
from tests.configuration.described import secret_store
from tests.configuration.profile_facts import definition_for, facts_of, secret_for
from tests.fakes.clock import START

from tokenvend.domain.answer import Source, VendAnswer
from tokenvend.domain.api_request_description import api_request_fields
from tokenvend.domain.bounds import API_KEY_LIFETIME
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken
from tokenvend.vending.provider_secret import read_secret, token_presenter
from tokenvend_cli.configuration.profiles import profile_names

SENT = {
    "amazon-selling-partner": {"x-amz-access-token": "T"},
    "amazon-selling-partner-seller": {"x-amz-access-token": "T"},
    "etsy": {"Authorization": "Bearer T", "x-api-key": "{client_id}:{shared_secret}"},
    "ghost-admin": {"Authorization": "Ghost T"},
    "notion": {"Authorization": "Bearer T", "Notion-Version": "2022-06-28"},
    "shopify": {"X-Shopify-Access-Token": "T"},
    "snowflake-key-pair": {
        "Authorization": "Bearer T",
        "X-Snowflake-Authorization-Token-Type": "KEYPAIR_JWT",
    },
    "zoho": {"Authorization": "Zoho-oauthtoken T"},
}
TOKEN = "the-token"
KINDS = [(name, kind) for name in SENT for kind in facts_of(name)["kinds"] if kind != "api_key"]


def _secret_for(name: str, kind: str) -> dict[str, str]:
    """Return a value for each field; a header takes each as it is."""
    return {field: f"the-{field}" for field in secret_for(definition_for(name, kind))}


def _answer(name: str, kind: str, values: dict[str, str], token: str = "T") -> dict[str, Any]:
    """Return the answer with which a caller of the profile gets *token*."""
    definition = definition_for(name, kind)
    secret = read_secret(secret_store(definition, values), definition, None)
    issued = AccessToken(
        access_token=Secret(token),
        scopes=frozenset(),
        requested_at=START,
        expires_at=START + API_KEY_LIFETIME,
    )
    return VendAnswer(token_presenter(definition, secret)(issued), Source.STORE, START).to_dict()


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_caller_sends_a_token_as_the_api_takes_it(name: str, kind: str) -> None:
    values = _secret_for(name, kind)

    answer = _answer(name, kind, values)

    wanted = {each: text.format(**values) for each, text in SENT[name].items()}
    assert answer["headers"] == wanted
    assert answer["query"] == {}
    is_bearer = wanted.get("Authorization") == "Bearer T"
    assert answer["token_type"] == ("Bearer" if is_bearer else "N_A")


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_api_takes_a_call_with_this_token_and_with_no_other(name: str, kind: str) -> None:
    values = _secret_for(name, kind)
    sent = {field: values[field] for field in api_request_fields(definition_for(name, kind))}
    api = ApiStandIn(facts_of(name)["api_request"], sent, token=TOKEN)
    as_bearer = {"headers": {"Authorization": f"Bearer {TOKEN}"}, "query": {}}

    with api.running() as url:
        statuses = [
            call_api(url, _answer(name, kind, values, TOKEN)),
            call_api(url, _answer(name, kind, values, "another-token")),
            call_api(url, as_bearer),
        ]

    assert (api.taken, statuses) == (1, [200, 401, 401])


def test_every_profile_that_says_so_is_here() -> None:
    assert {name for name in profile_names() if "api_request" in facts_of(name)} == SENT.keys()
