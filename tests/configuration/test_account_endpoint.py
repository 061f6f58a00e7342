"""Whose account a token is for: the account endpoint gets the token as the API takes it."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.adapters.servers import Call, Server
from tests.configuration.described import ReceivedRequest
from tests.configuration.flows import SECRET, Flow, Provider

from tokenvend.adapters.provider_http import RequestsProviderClient
from tokenvend.domain.errors import CredentialNotReadyError
from tokenvend.domain.secret import Secret
from tokenvend.domain.token_presentation import BEARER, RequestParts, request_parts
from tokenvend.ports import ProviderAwayError

#: The token of the code exchange.
TOKEN = "T-1"


@dataclass
class ProviderWithAccounts(Provider):
    """A provider that also says whose account a token is for, unless it *is_broken*."""

    is_broken: bool = False
    account: str = "ada"
    account_requests: list[ReceivedRequest] = field(default_factory=list)

    def answer(self, call: Call) -> None:
        """Answer a request to any of its endpoints."""
        asked = ReceivedRequest.of(call.request)
        if asked.method != "GET":
            super().answer(call)
            return
        self.account_requests.append(asked)
        if not self.is_broken:
            body = json.dumps({"sub": self.account}).encode()
            call.answer("HTTP/1.1 200 OK", f"Content-Length: {len(body)}", body=body)


@contextmanager
def flow(
    provider: ProviderWithAccounts, api_request: dict[str, Any], **secret: str
) -> Iterator[Flow[ProviderWithAccounts]]:
    server = Server(provider.answer)
    with server.running():
        described = {
            "token_endpoint": server.url(),
            "account_endpoint": server.url().replace("/token", "/me"),
            "api_request": api_request,
        }
        if not api_request:
            del described["api_request"]
        yield Flow(provider, described, SECRET | secret)


def account_of(harness: Flow[ProviderWithAccounts]) -> str | None:
    consent = harness.consent().consent
    assert consent is not None
    return consent.account


@pytest.mark.parametrize(
    ("api_request", "headers", "query"),
    [
        pytest.param({}, {"authorization": f"Bearer {TOKEN}"}, {}, id="as a bearer token"),
        pytest.param({"header_name": "X-Token"}, {"x-token": TOKEN}, {}, id="in another header"),
        pytest.param(
            {"header_name": "Authorization", "header_prefix": "OAuth "},
            {"authorization": f"OAuth {TOKEN}"},
            {},
            id="after another prefix",
        ),
        pytest.param({"query": {"auth": "{token}"}}, {}, {"auth": TOKEN}, id="in the query"),
        pytest.param(
            {"basic": {"username": "{token}", "password": "x"}},
            {"authorization": "Basic VC0xOng="},
            {},
            id="as a user name",
        ),
        pytest.param(
            {"headers": {"X-Token": "{token}", "X-Key": "{secret.key}"}, "query": {"v": "2"}},
            {"x-token": TOKEN, "x-key": "the key"},
            {"v": "2"},
            id="beside a key and a fixed parameter",
        ),
    ],
)
def test_account_endpoint_gets_the_token_as_the_api_does(
    api_request: dict[str, Any], headers: dict[str, str], query: dict[str, str]
) -> None:
    provider = ProviderWithAccounts()
    secret = {"key": "the key"} if "secret.key" in str(api_request) else {}

    with flow(provider, api_request, **secret) as harness:
        account = account_of(harness)

    (asked,) = provider.account_requests
    assert account == "ada"
    assert asked.query == query
    assert {name: asked.headers.get(name) for name in headers} == headers
    assert ("authorization" in asked.headers) is ("authorization" in headers)


@pytest.mark.parametrize("sent", [TOKEN, "the-long-key"])
def test_account_that_quotes_what_was_sent_is_not_taken(sent: str) -> None:
    described = {"headers": {"X-Token": "{token}", "X-Key": "{secret.key}"}}
    provider = ProviderWithAccounts(account=sent)

    with flow(provider, described, key="the-long-key") as harness:
        assert account_of(harness) is None
    assert len(provider.account_requests) == 1


def test_account_endpoint_that_breaks_off_leaves_no_token_in_any_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    in_query = {"query": {"auth": "{token}", "key": "{secret.key}"}}
    provider = ProviderWithAccounts(is_broken=True)

    with flow(provider, in_query, key="the-key") as harness:
        account = account_of(harness)

    assert account is None
    assert provider.account_requests[0].query == {"auth": TOKEN, "key": "the-key"}
    logged = [record.getMessage() + str(record.exc_info) for record in caplog.records]
    assert [each for each in logged if TOKEN in each or "the-key" in each] == []


def test_value_that_no_header_can_have_costs_no_code() -> None:
    provider = ProviderWithAccounts()
    described = {"headers": {"X-Token": "{token}", "X-Key": "{secret.key}"}}

    with (
        flow(provider, described, key="caf\u00e9-key") as harness,
        pytest.raises(CredentialNotReadyError) as caught,
    ):
        harness.consent()

    assert "caf\u00e9-key" not in str(caught.value)
    assert (provider.requests, provider.account_requests) == ([], [])


@pytest.mark.parametrize(
    "parts",
    [
        RequestParts({"X-Key": Secret("the-key")}, {"auth": Secret("a-token")}),
        request_parts(BEARER, Secret("a-token")),
    ],
    ids=["in the query", "as a bearer token"],
)
def test_error_of_the_call_has_neither_token_nor_key(parts: RequestParts) -> None:
    server = Server(lambda _call: None)
    client = RequestsProviderClient(allow_loopback_http=True)

    with server.running(), pytest.raises(ProviderAwayError) as caught:
        client.get(server.url(), parts=parts)

    assert b"a-token" in server.requests[0]
    assert caught.value.__cause__ is caught.value.__context__ is None
    assert "a-token" not in str(caught.value)
    assert "a-token" not in repr(parts)
