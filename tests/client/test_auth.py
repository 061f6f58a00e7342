"""The auth objects of requests and httpx, sync and async: one contract for the three."""

from typing import Any

import pytest
from tests.client.api import Api
from tests.client.sending import Send, api, asked, elsewhere, send, with_requests

from tokenvend_client import Client, RefusedError
from tokenvend_client.testing import FakeTokenvend

__all__ = ["api", "elsewhere", "send"]


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


PARTS: dict[str, dict[str, Any]] = {
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


def test_key_beside_a_bearer_token_is_sent_with_it(
    api: Api, fake: FakeTokenvend, client: Client, send: Send
) -> None:
    """An OAuth token keeps `token_type: Bearer` then, and the answer has no `header_name`."""
    fake.wants_parts(
        "sr-jobs", headers={"Authorization": "Bearer {token}", "X-Account": "A"}, query={"v": "2"}
    )
    api.accepted = {"Bearer fake-sr-jobs-1"}

    assert client.token("sr-jobs").token_type == "Bearer"
    assert send("GET", api.url + "/jobs", asked=asked(client)) == 200

    (received,) = api.received
    assert received.headers["authorization"] == "Bearer fake-sr-jobs-1"
    assert received.headers["x-account"] == "A"
    assert received.query == {"v": "2"}


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

    assert with_requests("GET", api.url + "/old", asked=asked(client)) == 401

    assert not {"x-key", "x-account"} & elsewhere.received[0].headers.keys()
