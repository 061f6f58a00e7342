"""Each flow that real providers have in their own way: from the file to the token, over HTTP.

`cases/providers.json` says of each what is odd about it, and what must come of it.
"""

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.configuration.described import ReceivedRequest
from tests.configuration.flows import Provider, flow
from tests.fakes.clock import START

from tokenvend.consent.flow_steps import ConsentFlowEndedError
from tokenvend.domain.connection_health import Health, forecast
from tokenvend.domain.errors import ProviderRefusedError, TokenVendError
from tokenvend.domain.secret import Secret

_FILE = Path(__file__).parent / "cases" / "providers.json"
CASES = {each["name"] for each in json.loads(_FILE.read_text("utf-8"))["refresh_and_consent"]}
NO_PKCE = {"without_pkce": "it answers invalid_request to code_challenge"}


def test_both_requests_are_vended_always() -> None:
    with flow(Provider(ties_scopes=True)) as harness:
        harness.consent()
        less = harness.vend_token("read")
        harness.expire()
        whole = harness.vend_token("read", "write")

    assert [each.get("scope") for each in harness.at.requests] == [None, None, None]
    assert less.answer.to_dict()["scope"] == whole.answer.to_dict()["scope"] == "read write"
    assert less.answer.token != whole.answer.token


def test_a_wrong_claim_that_it_does_no_harm_narrows_there_for_good() -> None:
    claim = {"refresh_names_scopes": True, "refresh_names_scopes_source": "a wrong claim"}
    with flow(Provider(ties_scopes=True), consent_flow=claim) as harness:
        harness.consent()
        harness.vend_token("read")
        harness.expire()
        with pytest.raises(ProviderRefusedError, match="invalid_scope"):
            harness.vend_token("read", "write")


def test_a_refresh_goes_to_the_other_url() -> None:
    with flow(Provider(refresh_path="/refresh"), names_refresh=True) as harness:
        harness.consent()

        assert harness.vend_token().answer.token.access_token == Secret("T-2")


def test_without_its_description_nothing_is_refreshed_there() -> None:
    with flow(Provider(refresh_path="/refresh")) as harness:
        harness.consent()
        with pytest.raises(ProviderRefusedError):
            harness.vend_token()


def test_code_and_refresh_token_are_sent_as_json() -> None:
    provider = Provider(reads_json=True, takes=lambda asked, _: asked.is_json)
    with flow(provider, token_request={"parameters_in": "json"}) as harness:
        harness.consent()
        vended = harness.vend_token()

    assert [each["grant_type"] for each in provider.requests] == [
        "authorization_code",
        "refresh_token",
    ]
    assert provider.requests[0]["code_verifier"]
    assert vended.answer.token.access_token == Secret("T-2")


def test_refresh_has_parameters_that_the_code_exchange_has_not() -> None:
    described = {
        "parameters": {"type": "common", "app": "shop"},
        "code_exchange": {"parameters": {"type": "web_server"}},
        "refresh": {"parameters": {"type": "refresh", "more": "1"}, "query": {"again": ""}},
    }
    queries: list[dict[str, str]] = []

    def takes(asked: ReceivedRequest, parameters: dict[str, Any]) -> bool:
        queries.append(asked.query)
        expected = {"authorization_code": "web_server", "refresh_token": "refresh"}
        return bool(parameters["type"] == expected[parameters["grant_type"]])

    with flow(Provider(takes=takes), token_request=described) as harness:
        harness.consent()
        vended = harness.vend_token()

    code, refresh = harness.at.requests
    assert (code["app"], refresh["app"], refresh["more"]) == ("shop", "shop", "1")
    assert "more" not in code
    assert queries == [{}, {"again": ""}]
    assert vended.answer.token.access_token == Secret("T-2")


def test_pkce_is_left_out_and_the_rest_of_the_protection_stays() -> None:
    provider = Provider(
        refuses_pkce=True, takes=lambda _, parameters: "code_verifier" not in parameters
    )
    with flow(provider, consent_flow=NO_PKCE) as harness:
        harness.consent()
        vended = harness.vend_token()

        departure = harness.depart()
        assert "code_challenge" not in departure.url
        with pytest.raises(ConsentFlowEndedError):
            harness.come_back(departure, state="another state")
        other_browser = harness.depart()
        with pytest.raises(ConsentFlowEndedError):
            harness.pages.come_back(
                "jobs",
                {"state": [other_browser.state.reveal()], "code": ["code-1"]},
                departure.browser,
                time_left=timedelta(seconds=20),
            )

    assert vended.answer.token.access_token == Secret("T-2")


def test_a_provider_that_refuses_pkce_is_told_of_where_nothing_is_said() -> None:
    with (
        flow(Provider(refuses_pkce=True)) as harness,
        pytest.raises(ProviderRefusedError) as caught,
    ):
        harness.consent()

    assert caught.value.provider_error == "invalid_request"


@pytest.mark.parametrize(
    ("fields", "described"),
    [
        ({"x_refresh_token_expires_in": 864_000}, {}),
        ({"refresh_expires_in": 864_000}, {}),
        ({"refresh_token_expires_in": "864000"}, {}),
        (
            {"data": {"refreshUntil": "2026-03-11T12:00:00Z"}},
            {
                "refresh_token_lifetime": "data.refreshUntil",
                "refresh_token_lifetime_unit": "rfc3339",
            },
        ),
    ],
    ids=str,
)
def test_its_life_is_kept_and_forecast(fields: dict[str, Any], described: dict[str, str]) -> None:
    with flow(Provider(fields={"authorization_code": fields}), token_answer=described) as harness:
        connection = harness.consent()

    assert connection.consent is not None
    assert connection.consent.refresh_expires_at == START + timedelta(days=10)
    dying = forecast(connection, harness.definition, now=START + timedelta(days=9))
    assert (dying.health, dying.refresh_token_expires_at) == (
        Health.EXPIRING,
        START + timedelta(days=10),
    )


def test_the_former_one_is_kept() -> None:
    """With the end that was stated for it."""
    stated = {"authorization_code": {"refresh_token_expires_in": 864_000}}
    with flow(Provider(refresh_tokens=["r-1"], fields=stated)) as harness:
        key = harness.consent().key
        tokens = set()
        for _ in range(3):
            tokens.add(harness.vend_token().answer.token.access_token.reveal())
            harness.expire()
        kept = harness.connections.read(key)

    assert len(tokens) == 3
    assert [each.get("refresh_token") for each in harness.at.requests] == [
        None,
        "r-1",
        "r-1",
        "r-1",
    ]
    assert kept is not None
    assert kept.consent is not None
    assert kept.consent.refresh_expires_at == START + timedelta(days=10)


@pytest.mark.parametrize("odd", [pytest.param("r" * 20_000, id="long"), "zw\u00f6lf", "a\nb"])
def test_a_refresh_token_is_redeemed_as_it_came(odd: str) -> None:
    """Both of the consent and of each refresh."""
    successor = odd[::-1] + "2"
    with flow(Provider(refresh_tokens=[odd, successor, "r-3"])) as harness:
        harness.consent()
        harness.vend_token()
        harness.expire()
        harness.vend_token()

    assert [each.get("refresh_token") for each in harness.at.requests] == [None, odd, successor]


def test_one_that_cannot_be_sent_is_refused_at_the_consent() -> None:
    with (
        flow(Provider(refresh_tokens=["\ud83d"])) as harness,
        pytest.raises(TokenVendError) as told,
    ):
        harness.consent()

    assert isinstance(told.value, ProviderRefusedError)
    assert told.value.provider_error == "no_refresh_token"


def test_the_code_may_have_another_name() -> None:
    """Of the callback, and of the request that exchanges it."""
    named = {"code_in_callback": "auth_code", "code_parameter": "auth_code"}
    with flow(Provider(code_parameter="auth_code"), consent_flow=named) as harness:
        harness.consent()

        assert harness.vend_token().answer.token.access_token == Secret("T-2")


_ODD = "a refresh token of 20 000 characters, or with a character outside ASCII"
FOLDER = Path(__file__).parent
#: The name of each case's test, in a module of this folder.
TESTED = {
    "one host for each connection": "test_every_endpoint_follows_the_connections_own_host",
    "refresh that narrows for good": "test_both_requests_are_vended_always",
    "refresh at another URL": "test_a_refresh_goes_to_the_other_url",
    "code exchange and refresh as JSON": "test_code_and_refresh_token_are_sent_as_json",
    "PKCE refused": "test_pkce_is_left_out_and_the_rest_of_the_protection_stays",
    "lifetime of the refresh token in the answer": "test_its_life_is_kept_and_forecast",
    "refresh token only the first time, then never again": "test_the_former_one_is_kept",
    _ODD: "test_a_refresh_token_is_redeemed_as_it_came",
}


def test_every_case_is_tested() -> None:
    assert TESTED.keys() == CASES
    assert len(CASES) == 8
    defined = "".join(path.read_text(encoding="utf-8") for path in FOLDER.glob("test_*.py"))
    assert [name for name in TESTED.values() if f"\ndef {name}(" not in defined] == []
