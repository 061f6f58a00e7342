"""The contract of `ports.ProviderApiClient`, on the fake and over HTTP."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from tests.adapters.servers import Call, Server
from tests.fakes.provider import FakeProvider

from tokenvend.adapters.provider_http import RequestsProviderClient
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.secret import Secret
from tokenvend.domain.token_presentation import RequestParts
from tokenvend.ports import ProviderApiClient, ProviderAwayError

#: A client and the endpoint to ask; a provider that answers so, or is away for `None`.
type Asked = tuple[ProviderApiClient, str]
#: What carries a token, in a header and in the query.
PARTS = RequestParts({"X-Token": Secret("access")}, {"key": Secret("k-1")})
type ProviderThat = Callable[[ProviderResponse | None], Asked]


@pytest.fixture(params=["fake", "http"])
def provider_that(request: pytest.FixtureRequest) -> Iterator[ProviderThat]:
    with ExitStack() as stack:
        yield _fake if request.param == "fake" else lambda answer: _over_http(answer, stack)


def _fake(answer: ProviderResponse | None) -> Asked:
    provider = FakeProvider()
    if answer is None:
        provider.is_away = True
    else:
        provider.script(answer)
    return provider, "https://provider.example/token"


def _over_http(answer: ProviderResponse | None, stack: ExitStack) -> Asked:
    def script(call: Call) -> None:
        if answer is None:
            return
        headers = [f"Content-Length: {len(answer.body)}", f"Content-Type: {answer.content_type}"]
        if answer.retry_after is not None:
            headers.append(f"Retry-After: {answer.retry_after}")
        call.answer(f"HTTP/1.1 {answer.status} Whatever", *headers, body=answer.body)

    server = stack.enter_context(Server(script).running())
    return RequestsProviderClient(allow_loopback_http=True), server.url()


def request_to(url: str) -> ProviderRequest:
    return ProviderRequest(url, {"grant_type": "client_credentials"}, {})


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(ProviderResponse(200, "application/json", b"{}"), id="a token"),
        pytest.param(ProviderResponse(400, "application/json", b'{"error":"x"}'), id="a refusal"),
        pytest.param(ProviderResponse(302, "text/html", b"<p>"), id="a redirect"),
        pytest.param(ProviderResponse(429, "text/plain", b"", "7"), id="too many"),
        pytest.param(
            ProviderResponse(503, "text/html", b"<h1>", "Sun, 01 Mar 2026 12:00:00 GMT"),
            id="broken",
        ),
    ],
)
def test_the_whole_answer_is_passed_on_as_it_is(
    provider_that: ProviderThat, answer: ProviderResponse
) -> None:
    client, url = provider_that(answer)

    assert client.send(request_to(url)) == answer


def test_an_answer_knows_what_was_confidential_in_the_request(provider_that: ProviderThat) -> None:
    client, url = provider_that(ProviderResponse(400, "application/json", b"{}"))
    form = {"grant_type": "refresh_token", "refresh_token": "spent", "client_secret": "ours"}

    answer = client.send(ProviderRequest(url, form, {}))

    assert {each.reveal() for each in answer.sent} == {"spent", "ours"}
    assert "spent" not in repr(answer)


def test_no_answer_is_an_error_of_the_port(provider_that: ProviderThat) -> None:
    client, url = provider_that(None)

    with pytest.raises(ProviderAwayError):
        client.send(request_to(url))


@pytest.mark.parametrize("is_away", [False, True])
def test_a_get_carries_the_token_and_is_bounded_as_a_form(
    provider_that: ProviderThat, *, is_away: bool
) -> None:
    answer = ProviderResponse(200, "application/json", b'{"id": "ada"}')
    client, url = provider_that(None if is_away else answer)

    if is_away:
        with pytest.raises(ProviderAwayError):
            client.get(url, parts=PARTS)
        return
    got = client.get(url, parts=PARTS)

    assert (got.status, got.body) == (200, answer.body)
