"""Each way in to tokenvend keeps the same promises, against the fake server."""

from collections.abc import Callable, Iterator

import pytest

from tokenvend_client import (
    CallerNotProvenError,
    Client,
    ConfigurationError,
    DirectInvocation,
    OAuthClient,
    ProviderRefusedError,
    RefusedError,
    SignedRequests,
    TemporarilyUnavailableError,
)
from tokenvend_client.aws.sigv4 import AwsCredentials
from tokenvend_client.errors import Failure
from tokenvend_client.http import checked_url
from tokenvend_client.request import Call
from tokenvend_client.secret import Secret
from tokenvend_client.testing import FakeTokenvend
from tokenvend_client.ways_in import WayIn

AWS = AwsCredentials("AKIDEXAMPLE", Secret("key"), Secret("session"))
WAYS: dict[str, Callable[[str], WayIn]] = {
    "oauth": lambda url: OAuthClient(url, "ci", "tv_secret"),
    "signed": lambda url: SignedRequests(url, region="eu-west-1", credentials=lambda: AWS),
    "direct": lambda url: DirectInvocation(
        "vend:billing", region="eu-west-1", credentials=lambda: AWS, endpoint=url
    ),
}


@pytest.fixture
def served(fake: FakeTokenvend) -> Iterator[str]:
    fake.clients = {"ci": "tv_secret"}
    with fake.serve() as url:
        yield url


@pytest.fixture(params=list(WAYS))
def way_in(served: str, request: pytest.FixtureRequest) -> WayIn:
    return WAYS[request.param](served)


def test_a_token_comes_with_all_that_was_asked_for(fake: FakeTokenvend, way_in: WayIn) -> None:
    asked = {"scope": "a b", "audience": "https://x/?y=1&z=ü", "tenant": "acme"}

    token = Client(way_in).token("sr-jobs", min_ttl_seconds=60, **asked)

    assert token.headers == {"Authorization": "Bearer fake-sr-jobs-1"}
    assert fake.calls == [Call("sr-jobs", parameters={**asked, "min_ttl_seconds": "60"})]
    assert 1798 <= token.seconds_left <= 1800


def test_another_header_is_the_one_that_the_answer_names(
    fake: FakeTokenvend, way_in: WayIn
) -> None:
    fake.wants_header("sr-key", "X-SmartToken")

    assert Client(way_in).token("sr-key").headers == {"X-SmartToken": "fake-sr-key-1"}


def test_several_headers_and_a_query_are_those_of_the_answer(
    fake: FakeTokenvend, way_in: WayIn
) -> None:
    fake.wants_parts("erp", headers={"X-Key": "{token}", "X-Account": "A"}, query={"v": "2"})

    token = Client(way_in).token("erp")

    assert token.headers == {"X-Key": "fake-erp-1", "X-Account": "A"}
    assert (token.query, token.token_type) == ({"v": "2"}, "N_A")


def test_a_report_reaches_tokenvend(fake: FakeTokenvend, way_in: WayIn) -> None:
    client = Client(way_in)
    refused = client.token("sr-jobs")

    assert client.replace(refused).reveal() == "fake-sr-jobs-2"
    assert fake.calls[1].path == "token/reject"
    assert fake.calls[1].parameters == {"token_sha256": refused.token_sha256}


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("invalid_client", CallerNotProvenError),
        ("invalid_scope", RefusedError),
        ("provider_refused", ProviderRefusedError),
    ],
)
def test_a_refusal_keeps_its_code(
    fake: FakeTokenvend, way_in: WayIn, code: str, error: type[RefusedError]
) -> None:
    fake.refuse("sr-jobs", code)

    with pytest.raises(error) as caught:
        Client(way_in).token("sr-jobs")

    assert caught.value.code == code
    assert caught.value.description == "The fake was told to refuse it."


def test_whoever_must_wait_is_told_how_long(fake: FakeTokenvend, way_in: WayIn) -> None:
    fake.go_away(retry_after_seconds=42)

    with pytest.raises(TemporarilyUnavailableError) as caught:
        Client(way_in).token("sr-jobs")

    assert caught.value.retry_after_seconds == 42
    assert len(fake.calls) == 1


def test_a_wrong_secret_is_a_caller_that_is_not_proven(served: str) -> None:
    with pytest.raises(CallerNotProvenError):
        Client(OAuthClient(served, "ci", "wrong")).token("sr-jobs")


def test_credentials_that_are_not_there_are_said_so(served: str, fake: FakeTokenvend) -> None:
    none = Failure("There are none.", "invalid_client", retryable=False)
    for way_in in (
        SignedRequests(served, region="eu-west-1", credentials=lambda: none),
        DirectInvocation("f:a", region="eu-west-1", credentials=lambda: none, endpoint=served),
    ):
        with pytest.raises(CallerNotProvenError, match="There are none"):
            Client(way_in).token("sr-jobs")
    assert fake.calls == []


@pytest.mark.parametrize(
    "url",
    [
        "http://tokens.example.com",
        "ftp://tokens.example.com",
        "https://",
        "https://tokens.example.com/?a=b",
        "https://user:pass@tokens.example.com",
        "http://127.0.0.1.example.com",
        "http://localhost@example.com",
        "tokens.example.com",
    ],
)
def test_a_token_is_never_asked_for_in_the_clear(url: str) -> None:
    with pytest.raises(ConfigurationError):
        checked_url(url)


@pytest.mark.parametrize("name", ["a/../b", "A", "", "a?b", "a b", "é"])
def test_a_credentials_name_stays_one_part_of_the_path(client: Client, name: str) -> None:
    with pytest.raises(ValueError, match="credential's name"):
        client.token(name)
