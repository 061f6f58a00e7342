"""Every profile, from the file to a token, against an endpoint that does as its facts say."""

from pathlib import Path
from typing import Any

import pytest
from tests.configuration.described import vend
from tests.configuration.profile_facts import (
    credential_entry,
    definition_for,
    facts_of,
    private_key,
    profiles_of,
    provider_entry,
    scope_text,
    secret_for,
    sends_scope,
    stated_lifetime,
)
from tests.configuration.provider_stand_in import ACCESS_TOKEN, StandIn
from tests.fakes.clock import FakeClock

from tokenvend.domain.errors import ProviderRefusedError
from tokenvend_cli.configuration.profiles import profile_names


def _granting(name: str, secret: dict[str, str]) -> StandIn:
    facts = facts_of(name)
    grant = {"grant_type": "client_credentials"}
    if sends_scope(name):
        grant["scope"] = scope_text(name)
    return StandIn(facts, secret, grant)


@pytest.mark.parametrize("name", profiles_of("client_credentials"))
def test_profile_vends(name: str, tmp_path: Path) -> None:
    said = credential_entry(name, "client_credentials")
    secret = secret_for(definition_for(name, "client_credentials"))
    stand_in = _granting(name, secret)

    with stand_in.running(tmp_path) as authority:
        token = vend(provider_entry(name), secret, clock=FakeClock(), ca_file=authority, **said)

    assert (stand_in.complaints, stand_in.taken) == ([], 1)
    assert token.access_token.reveal() == ACCESS_TOKEN
    assert token.stated_lifetime.total_seconds() == stated_lifetime(name)


@pytest.mark.parametrize("name", profiles_of("client_credentials"))
def test_refusal_is_read_as_the_provider_writes_it(name: str, tmp_path: Path) -> None:
    said = credential_entry(name, "client_credentials")
    secret = secret_for(definition_for(name, "client_credentials"))
    former = {each: f"{value} former" for each, value in secret.items()}
    stand_in = _granting(name, former | {"private_key": private_key("former")})

    with (
        stand_in.running(tmp_path) as authority,
        pytest.raises(ProviderRefusedError) as caught,
    ):
        vend(provider_entry(name), secret, clock=FakeClock(), ca_file=authority, **said)

    assert stand_in.complaints
    assert caught.value.provider_error == _error_in(facts_of(name))


def _error_in(facts: dict[str, Any]) -> str:
    """The code in the refusal that the facts show, or else its status."""
    if "refusal" not in facts:
        return "invalid_client"
    place = facts["token_answer"].error if "token_answer" in facts else None
    found: Any = facts["refusal"].body
    for step in (place or "error").split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return (
        str(found) if found and isinstance(found, str | int) else f"http_{facts['refusal'].status}"
    )


def test_every_profile_is_run_in_some_way() -> None:
    """Here, or in `test_profiles_consent`, `test_profiles_api_keys` or `..._signed_jwts`."""
    kinds = ("client_credentials", "authorization_code", "api_key", "signed_jwt")

    assert {name for kind in kinds for name in profiles_of(kind)} == set(profile_names())
