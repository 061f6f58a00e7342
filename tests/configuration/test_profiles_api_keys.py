"""Every profile with an API key: from the file to a call that an API takes as the facts say."""

from typing import Any

import pytest
from tests.configuration.api_stand_in import ApiStandIn, call_api
from tests.configuration.described import answer
from tests.configuration.profile_facts import (
    credential_entry,
    definition_for,
    facts_of,
    profiles_of,
    provider_entry,
)

from tokenvend.domain.secret_fields import secret_fields

PROFILES = profiles_of("api_key")


def _secret_for(name: str) -> dict[str, str]:
    """A value for each field, with the characters that a URL, Base64 or a form would change."""
    fields = secret_fields(definition_for(name, "api_key"))
    return {field: f"the {field}/+=%&?#" for field in fields}


def _answer(name: str, secret: dict[str, str]) -> dict[str, Any]:
    got = answer(provider_entry(name), secret, **credential_entry(name, "api_key"))
    assert got.status == 200
    return got.fields


@pytest.mark.parametrize("name", PROFILES)
def test_api_takes_a_call_with_the_callers_answer(name: str) -> None:
    secret = _secret_for(name)
    api = ApiStandIn(facts_of(name)["api_key"], secret)

    with api.running() as url:
        status = call_api(url, _answer(name, secret))

    assert (api.complaints, api.taken, status) == ([], 1, 200)


@pytest.mark.parametrize("name", PROFILES)
def test_api_takes_neither_another_key_nor_the_key_in_another_place(name: str) -> None:
    """So it is the profile that makes it take the call, and not an API that takes anything."""
    secret = _secret_for(name)
    api = ApiStandIn(facts_of(name)["api_key"], secret)
    former = {field: f"{value} former" for field, value in secret.items()}
    found = _answer(name, secret)
    moved = {"headers": found["query"], "query": found["headers"]}

    with api.running() as url:
        statuses = [call_api(url, given) for given in (_answer(name, former), moved)]

    assert (api.taken, statuses) == (0, [401, 401])
