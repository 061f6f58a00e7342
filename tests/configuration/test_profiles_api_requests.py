"""Profiles whose API takes a token in a form of its own: what a caller sends."""

import pytest
from tests.configuration.described import secret_store
from tests.configuration.profile_facts import definition_for, facts_of, secret_for
from tests.fakes.clock import START

from tokenvend.domain.answer import Source, VendAnswer
from tokenvend.domain.bounds import API_KEY_LIFETIME
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken
from tokenvend.vending.provider_secret import read_secret, token_presenter
from tokenvend_cli.configuration.profiles import profile_names

SENT = {
    "amazon-selling-partner": {"x-amz-access-token": "T"},
    "amazon-selling-partner-seller": {"x-amz-access-token": "T"},
    "etsy": {"Authorization": "Bearer T", "x-api-key": "{api_key}"},
    "notion": {"Authorization": "Bearer T", "Notion-Version": "2022-06-28"},
    "shopify": {"X-Shopify-Access-Token": "T"},
    "zoho": {"Authorization": "Zoho-oauthtoken T"},
}
KINDS = [(name, kind) for name in SENT for kind in facts_of(name)["kinds"] if kind != "api_key"]


@pytest.mark.parametrize(("name", "kind"), KINDS)
def test_caller_sends_a_token_as_the_api_takes_it(name: str, kind: str) -> None:
    definition = definition_for(name, kind)
    values = secret_for(definition)
    secret = read_secret(secret_store(definition, values), definition, None)
    token = AccessToken(
        access_token=Secret("T"),
        scopes=frozenset(),
        requested_at=START,
        expires_at=START + API_KEY_LIFETIME,
    )

    answer = VendAnswer(token_presenter(definition, secret)(token), Source.STORE, START).to_dict()

    wanted = {each: text.format(**values) for each, text in SENT[name].items()}
    assert answer["headers"] == wanted
    assert answer["query"] == {}
    is_bearer = wanted.get("Authorization") == "Bearer T"
    assert answer["token_type"] == ("Bearer" if is_bearer else "N_A")


def test_every_profile_that_says_so_is_here() -> None:
    assert {name for name in profile_names() if "api_request" in facts_of(name)} == SENT.keys()
