"""Users' tokens for an API that takes them in a form of its own: from consent to refresh."""

from collections.abc import Iterator

import pytest
from tests.adapters.servers import Server
from tests.configuration.flows import SECRET, Flow, Provider
from tests.fakes.secret_store import FakeSecretStore

from tokenvend.domain.answer import Source
from tokenvend.vending.vend_result import VendResult

API_REQUEST = {"headers": {"X-Token": "{token}"}, "query": {"app": "{secret.app_id}"}}


@pytest.fixture
def flow() -> Iterator[Flow[Provider]]:
    provider = Provider()
    server = Server(provider.answer)
    with server.running():
        described = {"token_endpoint": server.url(), "api_request": API_REQUEST}
        yield Flow(provider, described, SECRET | {"app_id": "app-1"})


def _sent_as(vended: VendResult) -> dict[str, object]:
    answer = vended.answer.to_dict()
    return {name: answer[name] for name in ("token_type", "headers", "query")}


def _expected(token: str) -> dict[str, object]:
    return {"token_type": "N_A", "headers": {"X-Token": token}, "query": {"app": "app-1"}}


def test_token_by_consent_and_each_refreshed_one_go_where_the_api_takes_them(
    flow: Flow[Provider],
) -> None:
    flow.consent()
    first = flow.vend_token()
    stored = flow.vend_token()
    flow.expire()
    refreshed = flow.vend_token()

    assert _sent_as(first) == _sent_as(stored) == _expected("T-2")
    assert stored.answer.source is Source.STORE
    assert _sent_as(refreshed) == _expected("T-3")
    assert [each["grant_type"] for each in flow.at.requests] == [
        "authorization_code",
        "refresh_token",
        "refresh_token",
    ]


def test_stored_token_is_presented_without_the_secret(flow: Flow[Provider]) -> None:
    flow.consent()
    flow.vend_token()
    flow.secrets = FakeSecretStore(is_away=True)

    stored = flow.vend_token()

    assert stored.answer.source is Source.STORE
    assert _sent_as(stored) == _expected("T-2")
