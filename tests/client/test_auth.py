"""The auth objects of requests and httpx, sync and async: one contract for the three."""

import asyncio
import io
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import requests
from tests.client.api import Api, serving_api

import tokenvend_client.httpx
import tokenvend_client.requests
from tokenvend_client import Client, ConfigurationError, RefusedError
from tokenvend_client.testing import FakeTokenvend

#: Sends one request with an auth object of its own; gives the status.
Send = Callable[..., int]


def _with_requests(method: str, url: str, *, asked: Any, data: Any = None) -> int:
    auth = tokenvend_client.requests.TokenAuth(*asked[0], **asked[1])
    with requests.Session() as session:
        answer = session.request(method, url, auth=auth, data=data, timeout=10)
        return answer.status_code


def _with_httpx(method: str, url: str, *, asked: Any, data: Any = None) -> int:
    auth = tokenvend_client.httpx.TokenAuth(*asked[0], **asked[1])
    with httpx.Client(auth=auth, follow_redirects=True, trust_env=False) as client:
        return client.request(method, url, content=data).status_code


def _with_async_httpx(method: str, url: str, *, asked: Any, data: Any = None) -> int:
    auth = tokenvend_client.httpx.TokenAuth(*asked[0], **asked[1])

    async def send() -> int:
        async with httpx.AsyncClient(auth=auth, follow_redirects=True, trust_env=False) as client:
            return (await client.request(method, url, content=data)).status_code

    return asyncio.run(send())


@pytest.fixture(params=[_with_requests, _with_httpx, _with_async_httpx], ids=lambda f: f.__name__)
def send(request: pytest.FixtureRequest) -> Send:
    sender: Send = request.param
    return sender


@pytest.fixture
def api() -> Iterator[Api]:
    with serving_api() as running:
        yield running


@pytest.fixture
def elsewhere() -> Iterator[Api]:
    with serving_api() as running:
        yield running


def asked(client: Client, **more: Any) -> tuple[tuple[Client, str], dict[str, Any]]:
    return (client, "sr-jobs"), more


def test_a_token_goes_into_the_header_that_the_answer_names(
    send: Send, api: Api, fake: FakeTokenvend, client: Client
) -> None:
    fake.wants_header("sr-jobs", "X-SmartToken", "")
    api.header, api.accepted = "x-smarttoken", {"fake-sr-jobs-1"}

    assert send("GET", api.url + "/jobs", asked=asked(client, scope=["b", "a"], tenant="t")) == 200

    assert fake.calls[0].parameters == {"scope": "a b", "tenant": "t"}
    assert "authorization" not in api.received[0].headers


def test_a_refused_token_is_reported_and_the_request_sent_once_more(
    send: Send, api: Api, fake: FakeTokenvend, client: Client
) -> None:
    api.accepted = {"Bearer fake-sr-jobs-2"}

    assert send("POST", api.url + "/jobs", asked=asked(client), data=b"body") == 200

    assert [each.body for each in api.received] == [b"body", b"body"]
    assert [call.path for call in fake.calls] == ["token", "token/reject", "token"]


def test_a_request_is_sent_twice_at_most(
    send: Send, api: Api, fake: FakeTokenvend, client: Client
) -> None:
    assert send("GET", api.url + "/jobs", asked=asked(client)) == 401

    assert len(api.received) == 2
    assert fake.exchanges == 2


def test_nothing_is_sent_again_where_there_is_no_other_token(
    send: Send, api: Api, fake: FakeTokenvend, client: Client
) -> None:
    client.token("sr-jobs")
    kept = dict(fake._issued)
    fake.during(lambda _: fake._issued.update(kept))

    assert send("GET", api.url + "/jobs", asked=asked(client)) == 401

    assert len(api.received) == 1


def test_the_apis_answer_is_given_where_tokenvend_refuses_the_next_token(
    send: Send, api: Api, fake: FakeTokenvend, client: Client
) -> None:
    client.token("sr-jobs")
    fake.refuse("sr-jobs", "unauthorized_client")

    assert send("GET", api.url + "/jobs", asked=asked(client)) == 401

    assert len(api.received) == 1


def test_a_refusal_of_the_first_token_is_an_error(
    send: Send, api: Api, fake: FakeTokenvend, client: Client
) -> None:
    fake.refuse("sr-jobs", "unauthorized_client")

    with pytest.raises(RefusedError):
        send("GET", api.url + "/jobs", asked=asked(client))

    assert api.received == []


def test_a_token_may_go_into_the_query(send: Send, api: Api, client: Client) -> None:
    api.accepted = {"fake-sr-jobs-2"}

    assert send("GET", api.url + "/jobs?q=1", asked=asked(client, in_query="api_key")) == 200

    assert [each.query for each in api.received] == [
        {"q": "1", "api_key": "fake-sr-jobs-1"},
        {"q": "1", "api_key": "fake-sr-jobs-2"},
    ]
    assert "authorization" not in api.received[0].headers


@pytest.mark.parametrize("where", ["http://api.example.com/", "http://127.0.0.1.example.com/"])
def test_no_token_goes_in_the_clear(
    send: Send, fake: FakeTokenvend, client: Client, where: str
) -> None:
    with pytest.raises(ConfigurationError):
        send("GET", where, asked=asked(client))

    assert fake.calls == []


def test_a_redirect_on_the_same_host_keeps_the_token(send: Send, api: Api, client: Client) -> None:
    api.redirects, api.accepted = {"/old": "/new"}, {"Bearer fake-sr-jobs-1"}

    assert send("GET", api.url + "/old", asked=asked(client)) == 200


def test_a_token_that_the_target_of_a_redirect_refuses_is_replaced(
    send: Send, api: Api, client: Client
) -> None:
    api.redirects, api.accepted = {"/old": "/new"}, {"Bearer fake-sr-jobs-2"}

    assert send("GET", api.url + "/old", asked=asked(client)) == 200


def test_another_host_gets_no_token_and_its_401_is_no_report(
    send: Send, api: Api, elsewhere: Api, fake: FakeTokenvend, client: Client
) -> None:
    api.redirects = {"/old": elsewhere.url + "/x"}

    assert send("GET", api.url + "/old", asked=asked(client)) == 401

    assert "authorization" not in elsewhere.received[0].headers
    assert [call.path for call in fake.calls] == ["token"]


def test_another_host_gets_no_token_in_a_header_of_the_apis_own_by_requests(
    api: Api, elsewhere: Api, fake: FakeTokenvend, client: Client
) -> None:
    fake.wants_header("sr-jobs", "X-SmartToken", "")
    api.redirects = {"/old": elsewhere.url + "/x"}

    assert _with_requests("GET", api.url + "/old", asked=asked(client)) == 401

    assert api.received[0].headers["x-smarttoken"] == "fake-sr-jobs-1"
    assert "x-smarttoken" not in elsewhere.received[0].headers
    assert [call.path for call in fake.calls] == ["token"]


def test_httpx_follows_no_redirect_by_itself(
    api: Api, elsewhere: Api, fake: FakeTokenvend, client: Client
) -> None:
    fake.wants_header("sr-jobs", "X-SmartToken", "")
    api.redirects = {"/old": elsewhere.url + "/x"}
    auth = tokenvend_client.httpx.TokenAuth(client, "sr-jobs")

    with httpx.Client(auth=auth, trust_env=False) as sender:
        assert sender.get(api.url + "/old").status_code == 307

    assert elsewhere.received == []


def test_a_redirect_after_the_second_try_has_the_second_token(
    api: Api, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    api.accepted = {"Bearer fake-sr-jobs-2"}
    takes = Api.takes

    def takes_and_leads_on(self: Api, request: Any) -> bool:
        if self.takes_first(request):  # type: ignore[attr-defined]
            self.redirects = {"/old": "/new"}
        return takes(self, request)

    monkeypatch.setattr(Api, "takes_first", takes, raising=False)
    monkeypatch.setattr(Api, "takes", takes_and_leads_on)

    assert _with_requests("GET", api.url + "/old", asked=asked(client)) == 200
    assert [each.headers["authorization"] for each in api.received][-1] == "Bearer fake-sr-jobs-2"


def test_a_stream_is_not_sent_twice_but_its_token_is_reported(
    send: Send, api: Api, fake: FakeTokenvend, client: Client
) -> None:
    api.accepted = {"Bearer fake-sr-jobs-2"}
    sync = iter([b"bo", b"dy"])

    async def parts() -> Any:
        for part in (b"bo", b"dy"):
            yield part

    data = parts() if send is _with_async_httpx else sync

    assert send("POST", api.url + "/jobs", asked=asked(client), data=data) == 401

    assert [each.body for each in api.received] == [b"body"]
    assert client.token("sr-jobs").reveal() == "fake-sr-jobs-2"
    assert [call.path for call in fake.calls] == ["token", "token/reject", "token"]


def test_a_file_is_sent_again_from_where_it_stood(api: Api, client: Client) -> None:
    api.accepted = {"Bearer fake-sr-jobs-2"}
    file = io.BytesIO(b"skipped body")
    file.seek(8)

    assert _with_requests("POST", api.url + "/jobs", asked=asked(client), data=file) == 200

    assert [each.body for each in api.received] == [b"body", b"body"]


def test_the_second_try_of_requests_keeps_cookies_and_history(api: Api, client: Client) -> None:
    api.accepted = {"Bearer fake-sr-jobs-2"}
    auth = tokenvend_client.requests.TokenAuth(client, "sr-jobs")

    with requests.Session() as session:
        answer = session.get(api.url + "/jobs", auth=auth, timeout=10)

    assert [each.status_code for each in answer.history] == [401]
    assert api.received[1].headers["cookie"] == "seen=401"


PARTS: dict[str, dict[str, dict[str, str]]] = {
    "headers": {"headers": {"X-Key": "{token}", "X-Account": "A"}},
    "a query": {"query": {"api_key": "{token}"}},
    "both": {"headers": {"X-Key": "{token}"}, "query": {"account": "A&B"}},
}


@pytest.mark.parametrize("parts", PARTS.values(), ids=PARTS)
def test_each_part_of_a_static_credential_is_sent_and_no_bearer_token(
    api: Api, fake: FakeTokenvend, client: Client, send: Send, parts: dict[str, Any]
) -> None:
    fake.wants_parts("sr-jobs", **parts)
    api.accepted = {"fake-sr-jobs-1"}
    api.header = "x-key"

    assert send("GET", api.url + "/jobs?page=2", asked=asked(client)) == 200

    (received,) = api.received
    wanted = {name.lower(): each for name, each in parts.get("headers", {}).items()}
    sent = {name: received.headers[name] for name in wanted}
    assert sent == {
        name: each.replace("{token}", "fake-sr-jobs-1") for name, each in wanted.items()
    }
    assert received.query == {"page": "2"} | {
        name: each.replace("{token}", "fake-sr-jobs-1")
        for name, each in parts.get("query", {}).items()
    }
    assert "authorization" not in received.headers


@pytest.mark.parametrize("parts", PARTS.values(), ids=PARTS)
def test_refused_parts_are_reported_and_sent_anew(
    api: Api, fake: FakeTokenvend, client: Client, send: Send, parts: dict[str, Any]
) -> None:
    fake.wants_parts("sr-jobs", **parts)
    api.accepted = {"fake-sr-jobs-2"}
    api.header = "x-key"

    assert send("GET", api.url + "/jobs", asked=asked(client)) == 200

    assert [call.path for call in fake.calls] == ["token", "token/reject", "token"]
    assert len(api.received) == 2


def test_another_host_gets_no_part_in_a_header_by_requests(
    api: Api, elsewhere: Api, fake: FakeTokenvend, client: Client
) -> None:
    fake.wants_parts("sr-jobs", **PARTS["headers"])
    api.redirects = {"/old": elsewhere.url + "/x"}

    assert _with_requests("GET", api.url + "/old", asked=asked(client)) == 401

    assert not {"x-key", "x-account"} & elsewhere.received[0].headers.keys()
