"""Issuers' keys over HTTP: fetched whole and in time, or not at all."""

import json
import time
from typing import Any

import pytest
from tests.adapters.http_calls import CLOSE, OK, SLACK_SECONDS, Serve, length
from tests.adapters.servers import Call, Script
from tests.fakes.issuer import public_jwk, shared_key

from tokenvend.adapters.issuer_key_sets import HttpKeySets, key_sets
from tokenvend.adapters.provider_http import RequestsProviderClient
from tokenvend.domain import bounds
from tokenvend.ports import IssuerAwayError

KEY = public_jwk(shared_key("ES256"))


def answering(document: Any, *head: str) -> Script:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()

    def script(call: Call) -> None:
        call.answer(*(head or (OK,)), length(body), CLOSE, body=body)

    return script


def test_keys_that_can_verify_are_found_and_no_others(serve: Serve) -> None:
    server = serve(answering({"keys": [KEY, {"kty": "oct", "k": "AA"}, 7]}))

    assert key_sets(allow_loopback_http=True).fetch(server.url()) == (KEY,)
    (request,) = server.requests
    assert request.startswith(b"GET /token HTTP/1.1\r\n")
    assert b"authorization" not in request.lower()


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(answering({"keys": []}), id="no keys"),
        pytest.param(answering({"keys": {"a": KEY}}), id="keys that are no list"),
        pytest.param(answering([KEY]), id="a list"),
        pytest.param(answering(b"<html>"), id="a page"),
        pytest.param(answering(b"[" * 50_000), id="nested without end"),
        pytest.param(answering({"keys": [KEY]}, "HTTP/1.1 500 No"), id="a failure"),
        pytest.param(answering({"keys": [KEY]}, "HTTP/1.1 404 No"), id="not there"),
        pytest.param(
            answering({"keys": [KEY]}, "HTTP/1.1 302 Found", "Location: /keys"), id="a redirect"
        ),
        pytest.param(
            answering({"keys": [KEY], "x": "a" * bounds.PROVIDER_ANSWER_BYTES}), id="too large"
        ),
        pytest.param(lambda call: call.connection.close(), id="hung up"),
    ],
)
def test_answer_that_is_no_key_set_is_none(serve: Serve, script: Script) -> None:
    server = serve(script)

    with pytest.raises(IssuerAwayError):
        key_sets(allow_loopback_http=True).fetch(server.url())
    assert server.connections == 1


def test_slow_issuer_is_left_in_time(serve: Serve) -> None:
    server = serve(lambda call: call.drip(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 1000))
    started = time.monotonic()

    with pytest.raises(IssuerAwayError, match="too slow"):
        key_sets(allow_loopback_http=True).fetch(server.url())
    took = time.monotonic() - started
    assert bounds.ISSUER_TOTAL_SECONDS - 0.5 < took < bounds.ISSUER_TOTAL_SECONDS + SLACK_SECONDS


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:1/keys", "ftp://ci.example/keys", "https://a@ci.example/keys", "keys", ""],
)
def test_only_https_is_asked(url: str) -> None:
    with pytest.raises(IssuerAwayError):
        HttpKeySets(RequestsProviderClient()).fetch(url)
