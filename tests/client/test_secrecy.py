"""No token and no secret in `repr`, a log, a traceback or a pickle."""

import copy
import http.server
import json
import logging
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.client.secrets_shown import shown_by
from tests.loopback import serving

from tokenvend_client import (
    Client,
    DirectInvocation,
    OAuthClient,
    SignedRequests,
    TokenvendError,
)
from tokenvend_client.answers import parse_token
from tokenvend_client.aws.sigv4 import AwsCredentials
from tokenvend_client.clock import Instant
from tokenvend_client.errors import Failure
from tokenvend_client.http import HttpSender
from tokenvend_client.request import TokenRequest
from tokenvend_client.secret import Secret
from tokenvend_client.testing import FakeTokenvend
from tokenvend_client.ways_in import Document, WayIn

TOKEN, SECRET, SESSION = "eyJtoken.that.nobody.sees", "tv_secret-of-client", "IQoJsession"
AWS = AwsCredentials("AKIDEXAMPLE", Secret(SECRET), Secret(SESSION))


def ways_in(url: str) -> list[WayIn]:
    return [
        OAuthClient(url, "ci", SECRET),
        SignedRequests(url, region="eu-west-1", credentials=lambda: AWS),
        DirectInvocation("f:billing", region="eu-west-1", credentials=lambda: AWS, endpoint=url),
    ]


@contextmanager
def answering(status: int, body: bytes, headers: dict[str, str]) -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    with serving(Handler) as url:
        yield url


ODD = [
    pytest.param(200, json.dumps({"access_token": TOKEN}).encode(), {}, id="no lifetime"),
    pytest.param(
        200, json.dumps({"access_token": TOKEN, "expires_in": "1"}).encode(), {}, id="odd lifetime"
    ),
    pytest.param(
        200,
        json.dumps({"access_token": TOKEN + "\n", "expires_in": 60}).encode(),
        {},
        id="a token of two lines",
    ),
    pytest.param(200, b'{"access_token": "' + TOKEN.encode(), {}, id="cut off"),
    pytest.param(200, TOKEN.encode() * 20_000, {}, id="too long"),
    pytest.param(307, TOKEN.encode(), {"Location": f"/?t={TOKEN}"}, id="a redirect"),
    pytest.param(400, json.dumps({"error": "x", "t": TOKEN}).encode(), {}, id="a refusal"),
    pytest.param(503, TOKEN.encode(), {"Retry-After": "900"}, id="away"),
    pytest.param(200, TOKEN.encode(), {"Content-Length": "999999"}, id="shorter than it says"),
]


@pytest.mark.parametrize(("status", "body", "headers"), ODD)
@pytest.mark.parametrize("way", [0, 1, 2], ids=["oauth", "signed", "direct"])
def test_no_odd_answer_brings_a_secret_into_an_error(
    status: int,
    body: bytes,
    headers: dict[str, str],
    way: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with answering(status, body, headers) as url:
        client = Client(ways_in(url)[way], timeout_seconds=0.4)
        with pytest.raises(TokenvendError) as caught:
            client.token("sr-jobs")

    text = shown_by(caught.value) + caplog.text + repr(client)
    assert "sr-jobs" in text
    for secret in (TOKEN, SECRET, SESSION):
        assert secret not in text


@pytest.mark.parametrize("way", [0, 1, 2], ids=["oauth", "signed", "direct"])
def test_a_server_that_is_not_there_brings_no_secret_into_an_error(way: int) -> None:
    client = Client(ways_in("http://127.0.0.1:9")[way], timeout_seconds=0.2)

    with pytest.raises(TokenvendError, match="could not be reached") as caught:
        client.token("sr-jobs")

    assert SECRET not in shown_by(caught.value)
    assert SESSION not in shown_by(caught.value)


def test_a_secret_that_no_header_can_carry_is_not_quoted() -> None:
    outcome = HttpSender().send(
        "GET", "http://127.0.0.1:9", {"Authorization": Secret("a\nb")}, timeout_seconds=1
    )

    assert isinstance(outcome, Failure)
    assert "a\nb" not in repr(outcome)
    assert "ValueError" in outcome.description


def test_an_address_that_is_refused_takes_no_secret_with_it() -> None:
    with pytest.raises(TokenvendError) as caught:
        OAuthClient("http://tokens.example.com", "ci", Secret(SECRET))

    assert SECRET not in shown_by(caught.value)


def test_a_token_is_shown_by_its_name_alone(client: Client) -> None:
    token = client.token("sr-jobs")

    shown = [repr(token), str(token), f"{token}", f"{token!r}", repr([token]), repr(vars(client))]

    assert token.reveal() not in "".join(shown)
    assert token.token_sha256[:8] in repr(token)
    assert not hasattr(token, "__dict__")


def test_neither_a_token_nor_a_client_can_be_pickled(client: Client) -> None:
    token = client.token("sr-jobs")

    for secretive in (token, Secret(SECRET), client):
        with pytest.raises(TypeError, match="cannot be pickled") as caught:
            pickle.dumps(secretive)
        assert token.reveal() not in shown_by(caught.value)
    assert copy.deepcopy({"token": token})["token"] is token


def test_an_answer_is_neither_printed_nor_pickled() -> None:
    document = Document({"access_token": TOKEN})

    shown = [repr(document), str(document), f"{document}", repr([document])]

    assert shown == ["Document(***)"] * 3 + ["[Document(***)]"]
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError, match="a Document cannot be pickled") as caught:
            pickle.dumps(document, protocol)
        assert TOKEN not in shown_by(caught.value)
    assert copy.deepcopy([document])[0] is document


def test_errors_can_be_pickled_and_hold_what_to_do(fake: FakeTokenvend, client: Client) -> None:
    fake.go_away(retry_after_seconds=60)
    with pytest.raises(TokenvendError) as caught:
        client.token("sr-jobs")

    again = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 - its own

    assert type(again) is type(caught.value)
    assert vars(again) == vars(caught.value)
    assert str(again) == str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
FIELDS = (
    *("access_token", "expires_in", "scope", "token_type", "header_name", "header_prefix"),
    *("headers", "query"),
)


@pytest.mark.parametrize(
    "more",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"headers": {}, "query": {}}, id="nothing to send"),
        pytest.param({"headers": {"X-Key": f"{TOKEN}\r\nX: 1"}}, id="a header more"),
        pytest.param({"headers": {"X-Key": 7}}, id="a number"),
        pytest.param({"headers": [TOKEN]}, id="a list"),
    ],
)
def test_a_key_that_does_not_say_where_it_goes_becomes_no_bearer_token(
    more: dict[str, Any],
) -> None:
    document = {"access_token": TOKEN, "token_type": "N_A", "expires_in": 300} | more

    assert parse_token(document, TokenRequest("erp"), requested_at=Instant(0, 1.8e9)) is None


@given(document=st.dictionaries(st.sampled_from(FIELDS), JSON))
def test_reading_an_answer_raises_nothing_whatever_it_is(document: dict[str, Any]) -> None:
    cached = parse_token(document, TokenRequest("sr-jobs"), requested_at=Instant(0, 1_800_000_000))

    if cached is not None:
        assert cached.token.reveal() == document["access_token"]
        assert cached.ends_at.monotonic >= 0


def test_the_search_would_find_a_secret_in_a_frame_and_in_an_error() -> None:
    with pytest.raises(ValueError, match="Unterminated") as caught:
        json.loads(f'{{"t": "{TOKEN}')

    assert shown_by(caught.value).count(TOKEN) >= 2
