"""Consents of every profile that has them: the request, the code exchange and the refresh."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.configuration.described import secret_store
from tests.configuration.profile_facts import (
    code_parameters,
    definition_for,
    facts_of,
    flow_of,
    profiles_of,
    scope_text,
    secret_for,
    stated_lifetime,
)
from tests.configuration.provider_stand_in import ACCESS_TOKEN, REFRESH_TOKEN, StandIn
from tests.fakes.clock import START

from tokenvend.adapters.provider_http import RequestsProviderClient
from tokenvend.domain.connection import Consent
from tokenvend.domain.oauth.authorization import build_authorization_url
from tokenvend.domain.oauth.code_exchange import build_code_request, parse_code_response
from tokenvend.domain.oauth.refresh import (
    RefreshVerdict,
    SentRefreshToken,
    build_refresh_request,
    judge_refresh,
)
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.scopes import NO_SCOPES
from tokenvend.domain.secret import Secret
from tokenvend.vending.provider_secret import read_secret


def _sent(request: ProviderRequest, authority: Path) -> ProviderResponse:
    return RequestsProviderClient(ca_file=str(authority)).send(request)


@pytest.mark.parametrize("name", profiles_of("authorization_code"))
def test_user_is_asked_as_the_profile_says(name: str) -> None:
    facts = facts_of(name)
    definition = definition_for(name, "authorization_code")
    assert definition.authorization is not None

    url = build_authorization_url(
        definition.authorization,
        client_id="id",
        scopes=definition.scopes,
        scope_separator=definition.scope_separator,
        state=Secret("s"),
        code_challenge="c",
    )

    sent = {each: values[0] for each, values in parse_qs(urlsplit(url).query).items()}
    endpoint = facts.get("authorization_endpoint", facts.get("issuer"))
    assert url.startswith(f"{endpoint}?")
    assert sent["scope"] == scope_text(name)
    assert facts.get("authorization_parameters", {}).items() <= sent.items()
    assert {"client_id", "redirect_uri", "state"} <= sent.keys()
    assert ("code_challenge" in sent) is ("without_pkce" not in flow_of(name))


@pytest.mark.parametrize("name", profiles_of("authorization_code"))
def test_profile_exchanges_a_code_and_refreshes(name: str, tmp_path: Path) -> None:
    definition = definition_for(name, "authorization_code")
    assert definition.authorization is not None
    values = secret_for(definition)
    secret = read_secret(secret_store(definition, values), definition, None)
    flow = flow_of(name)
    stand_in = StandIn(facts_of(name), values, code_parameters(name))
    with stand_in.running(tmp_path) as authority:
        request = build_code_request(
            definition,
            definition.authorization,
            code=Secret("c"),
            code_verifier=Secret("v"),
            secret=secret,
        )
        consented = parse_code_response(
            _sent(request, authority), definition, requested_scopes=NO_SCOPES, requested_at=START
        )
        consent = Consent(
            consent_id="1",
            refresh_token=consented.refresh_token,
            scopes=definition.scopes,
            account=None,
            connected_at=START,
            refreshed_at=START,
        )
        stand_in.parameters = {"grant_type": "refresh_token", "refresh_token": REFRESH_TOKEN}
        elsewhere = flow.get("refresh_endpoint", stand_in.facts["token_endpoint"])
        stand_in.facts = {**stand_in.facts, "token_endpoint": elsewhere}
        request = build_refresh_request(
            definition, consent.refresh_token, secret, requested_scopes=None
        )
        answer = _sent(request, authority)

    refreshed = judge_refresh(
        answer,
        SentRefreshToken(
            definition=definition, consent=consent, requested_scopes=None, requested_at=START
        ),
    )
    assert (stand_in.complaints, stand_in.taken) == ([], 2)
    assert consented.refresh_token.reveal() == REFRESH_TOKEN
    assert refreshed.verdict is RefreshVerdict.REDEEMED
    assert refreshed.token is not None
    assert refreshed.token.access_token.reveal() == ACCESS_TOKEN
    assert refreshed.token.stated_lifetime.total_seconds() == stated_lifetime(name)
