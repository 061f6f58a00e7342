"""A key in the path or in the JSON body: the auth objects place it, or refuse."""

import contextlib
import json
from typing import Any

import pytest
from tests.client.api import Api
from tests.client.sending import Send, api, asked, elsewhere, send

from tokenvend_client import Client
from tokenvend_client.answers import parse_token
from tokenvend_client.clock import Clock
from tokenvend_client.errors import ConfigurationError
from tokenvend_client.request import TokenRequest
from tokenvend_client.testing import FakeTokenvend

__all__ = ["api", "elsewhere", "send"]

TOKEN = "fake-sr-jobs-1"
OWN = b'{"name": "x"}'


def test_key_goes_before_the_path(
    send: Send, api: Api, fake: FakeTokenvend, client: Client
) -> None:
    fake.wants_parts("sr-jobs", path_prefix="/bot{token}", query={"v": "2"})

    send("GET", api.url + "/getMe?a=1", asked=asked(client))

    assert api.received[0].path == f"/bot{TOKEN}/getMe"
    assert TOKEN not in str(api.received[0].headers)
    # The refused token is replaced in its place.
    assert api.received[1].path == "/botfake-sr-jobs-2/getMe"


@pytest.mark.parametrize(
    "path", ["/../x", "/a/%2E%2e/x", "/a/..%2fx", "/./x", "/..;/x", "/..%5cx", "/%252e%252e/x"]
)
def test_path_that_removes_the_key_is_not_sent(
    send: Send, api: Api, fake: FakeTokenvend, client: Client, path: str
) -> None:
    fake.wants_parts("sr-jobs", path_prefix="/bot{token}")

    with contextlib.suppress(ConfigurationError):
        send("GET", api.url + path, asked=asked(client))

    # Where a library removes dots, it does so before the key is put there.
    assert all(each.path.startswith(f"/bot{TOKEN}/") for each in api.received[:1])


@pytest.mark.parametrize(
    ("own", "sent"), [(OWN, {"name": "x"}), (None, {}), (b'{"auth": 1}', {"auth": 1})]
)
def test_key_goes_into_the_json_object(
    send: Send, api: Api, fake: FakeTokenvend, *, own: Any, sent: dict[str, Any]
) -> None:
    client = fake.client()
    fake.wants_parts("sr-jobs", body={"key": {"value": "{token}"}})

    send("POST", api.url + "/ping", asked=asked(client), data=own)

    first, second = api.received
    assert json.loads(first.body) == sent | {"key": {"value": TOKEN}}
    assert json.loads(second.body) == sent | {"key": {"value": "fake-sr-jobs-2"}}
    assert first.headers["content-type"] == "application/json"
    assert TOKEN not in str(first.headers) + first.path


@pytest.mark.parametrize(
    ("method", "own"),
    [
        pytest.param("GET", None, id="no body"),
        pytest.param("POST", b"a=1", id="no JSON"),
        pytest.param("POST", b"[1]", id="a list"),
        pytest.param("POST", b'{"key": "mine"}', id="the member is there already"),
        pytest.param("POST", iter([OWN]), id="a stream"),
    ],
)
def test_request_that_cannot_carry_the_key_is_not_sent(
    send: Send, api: Api, fake: FakeTokenvend, *, method: str, own: Any
) -> None:
    client = fake.client()
    fake.wants_parts("sr-jobs", body={"key": "{token}"})

    with pytest.raises(ConfigurationError) as caught:
        send(method, api.url + "/ping", asked=asked(client), data=own)

    assert api.received == []
    assert TOKEN not in str(caught.value)
    assert "mine" not in str(caught.value)


@pytest.mark.parametrize("parts", [{"path_prefix": "/{token}"}, {"body": {"key": "{token}"}}])
def test_key_is_not_put_into_the_query_instead(
    send: Send, api: Api, fake: FakeTokenvend, client: Client, parts: dict[str, Any]
) -> None:
    fake.wants_parts("sr-jobs", **parts)

    with pytest.raises(ConfigurationError, match="drop in_query"):
        send("POST", api.url + "/ping", asked=asked(client, in_query="api_key"), data=OWN)

    assert api.received == []


def test_key_in_the_body_does_not_follow_a_redirect_to_another_host(
    send: Send, api: Api, elsewhere: Api, fake: FakeTokenvend, client: Client
) -> None:
    fake.wants_parts("sr-jobs", body={"key": "{token}"})
    api.redirects = {"/ping": elsewhere.url + "/ping"}

    with pytest.raises(ConfigurationError, match="redirects"):
        send("POST", api.url + "/ping", asked=asked(client), data=OWN)

    assert TOKEN not in "".join(each.body.decode() for each in elsewhere.received)


@pytest.mark.parametrize(
    "parts",
    [
        {"path_prefix": "/../admin"},
        {"path_prefix": "/a%2Fb"},
        {"path_prefix": "//other.example"},
        {"path_prefix": "@other.example"},
        {"path_prefix": ""},
        {"path_prefix": 7},
        {"body": ["key"]},
        {"body": {}},
        {"body": "key"},
    ],
)
def test_answer_with_a_malformed_part_is_none(parts: dict[str, Any]) -> None:
    answer = {"access_token": "t", "expires_in": 60, "token_type": "N_A", "headers": {"X": "t"}}

    assert _parsed(answer) is not None
    assert _parsed(answer | parts) is None


def _parsed(answer: dict[str, Any]) -> object:
    return parse_token(answer, TokenRequest("sr-jobs"), requested_at=Clock().now())
