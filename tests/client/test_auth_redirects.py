"""Redirects, other hosts and streams: where a token goes, and where not."""

import io
from typing import Any

import httpx
import pytest
import requests
from tests.client.api import Api
from tests.client.sending import Send, api, asked, elsewhere, send, with_async_httpx, with_requests

import tokenvend_client.httpx
import tokenvend_client.requests
from tokenvend_client import Client, ConfigurationError
from tokenvend_client.testing import FakeTokenvend

__all__ = ["api", "elsewhere", "send"]


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

    assert with_requests("GET", api.url + "/old", asked=asked(client)) == 401

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

    assert with_requests("GET", api.url + "/old", asked=asked(client)) == 200
    assert [each.headers["authorization"] for each in api.received][-1] == "Bearer fake-sr-jobs-2"


def test_a_stream_is_not_sent_twice_but_its_token_is_reported(
    send: Send, api: Api, fake: FakeTokenvend, client: Client
) -> None:
    api.accepted = {"Bearer fake-sr-jobs-2"}
    sync = iter([b"bo", b"dy"])

    async def parts() -> Any:
        for part in (b"bo", b"dy"):
            yield part

    data = parts() if send is with_async_httpx else sync

    assert send("POST", api.url + "/jobs", asked=asked(client), data=data) == 401

    assert [each.body for each in api.received] == [b"body"]
    assert client.token("sr-jobs").reveal() == "fake-sr-jobs-2"
    assert [call.path for call in fake.calls] == ["token", "token/reject", "token"]


def test_a_file_is_sent_again_from_where_it_stood(api: Api, client: Client) -> None:
    api.accepted = {"Bearer fake-sr-jobs-2"}
    file = io.BytesIO(b"skipped body")
    file.seek(8)

    assert with_requests("POST", api.url + "/jobs", asked=asked(client), data=file) == 200

    assert [each.body for each in api.received] == [b"body", b"body"]


def test_the_second_try_of_requests_keeps_cookies_and_history(api: Api, client: Client) -> None:
    api.accepted = {"Bearer fake-sr-jobs-2"}
    auth = tokenvend_client.requests.TokenAuth(client, "sr-jobs")

    with requests.Session() as session:
        answer = session.get(api.url + "/jobs", auth=auth, timeout=10)

    assert [each.status_code for each in answer.history] == [401]
    assert api.received[1].headers["cookie"] == "seen=401"
