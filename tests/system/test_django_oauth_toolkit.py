"""Django OAuth Toolkit, which ties a refresh token to the scopes of its last refresh.

From the file's text to vended tokens, over HTTP, with the real adapters.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.configuration.flows import SCOPES, Flow
from tests.system.real_providers import CLIENT, RunningProvider, django_oauth_toolkit

from tokenvend.adapters.provider_http import RequestsProviderClient
from tokenvend.domain.errors import ProviderRefusedError
from tokenvend.domain.oauth.token_request import ProviderSecret, host_of
from tokenvend.domain.secret import Secret
from tokenvend_cli.probing.measure import measure
from tokenvend_cli.probing.requests import MOST_REQUESTS, CredentialRequester

CLAIM = {"refresh_names_scopes": True, "refresh_names_scopes_source": "a claim that is wrong here"}


@pytest.fixture(scope="module", params=[True, False], ids=["rotates", "does not rotate"])
def provider(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProvider]:
    folder: Path = tmp_path_factory.mktemp("provider")
    with django_oauth_toolkit(folder, rotates=request.param) as running:
        yield running


def flow_at(provider: RunningProvider, **described: Any) -> Flow[RunningProvider]:
    """A credential of *provider*, with a user's consent."""
    endpoints = {
        "token_endpoint": f"{provider.url}/token/",
        "authorization_endpoint": f"{provider.url}/authorize/",
        "revocation_endpoint": f"{provider.url}/revoke_token/",
    }
    flow = Flow(provider, endpoints | described, CLIENT)
    flow.consent()
    return flow


def test_a_caller_that_asks_for_less_takes_nothing_from_the_next_one(
    provider: RunningProvider,
) -> None:
    before = len(provider.exchanges)
    flow = flow_at(provider)

    less = flow.vend_token("read")
    flow.expire()
    whole = flow.vend_token("read", "write")

    assert less.answer.to_dict()["scope"] == whole.answer.to_dict()["scope"] == "read write"
    assert less.answer.token.access_token != whole.answer.token.access_token
    exchanges = provider.exchanges[before:]
    assert [each["status"] for each in exchanges] == [200, 200, 200]
    assert {each["scope"] for each in exchanges} == {None}


def test_a_refresh_that_names_fewer_scopes_spoils_the_connection_there(
    provider: RunningProvider,
) -> None:
    flow = flow_at(provider, consent_flow=CLAIM)

    less = flow.vend_token("read")
    flow.expire()
    with pytest.raises(ProviderRefusedError) as caught:
        flow.vend_token("read", "write")

    assert less.answer.to_dict()["scope"] == "read"
    assert caught.value.provider_error == "invalid_scope"


def test_probe_finds_that_out_and_suggests_nothing(provider: RunningProvider) -> None:
    flow = flow_at(provider)
    connection = next(iter(flow.connections.all()))
    assert connection.consent is not None
    host = host_of(flow.definition.token_endpoint)
    secret = ProviderSecret(CLIENT["client_id"], Secret(CLIENT["client_secret"]), host)
    asker = CredentialRequester(
        RequestsProviderClient(allow_loopback_http=True), flow.definition, secret
    )

    findings = measure(asker, flow.definition, refresh_token=connection.consent.refresh_token)

    answers = {each.question: each.answer for each in findings.found}
    assert answers["id and secret in HTTP Basic are"] == "form-encoded"
    assert answers["it says that it carries"] == " ".join(sorted(SCOPES))
    assert answers["asked for one scope, a token carries"] == "that one"
    assert answers["the refresh after that, for all scopes, gives"] == "400 invalid_scope"
    assert answers["a refusal looks like"] == "400, JSON with error (RFC 6749 §5.2)"
    assert findings.provider == {}
    assert asker.requests <= MOST_REQUESTS
