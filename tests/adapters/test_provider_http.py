"""What is sent to a provider and to whom, and which answers are passed on."""

from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from tests.adapters.http_calls import (
    OK,
    SECRET,
    Serve,
    away,
    client,
    length,
    request_to,
)
from tests.adapters.servers import self_signed

from tokenvend.domain.oauth.token_request import ParametersIn
from tokenvend.domain.oauth.token_response import ProviderResponse


def test_an_answer_comes_back_whole(serve: Serve) -> None:
    body = b'{"access_token": "t"}'
    server = serve(
        lambda call: call.answer(
            OK, "Content-Type: application/json", "Retry-After: 7", length(body), body=body
        )
    )

    assert client().send(request_to(server.url())) == ProviderResponse(
        200, "application/json", body, "7"
    )


def test_the_form_and_the_headers_arrive_as_they_were_built(serve: Serve) -> None:
    server = serve(lambda call: call.answer(OK, "Content-Length: 0"))

    client().send(request_to(server.url()))

    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /token HTTP/1.1\r\n")
    assert b"Authorization: a-client-secret\r\n" in head + b"\r\n"
    assert b"Content-Type: application/x-www-form-urlencoded" in head
    assert parse_qs(body.decode(), strict_parsing=True) == {
        "grant_type": ["client_credentials"],
        "client_secret": [SECRET],
        "scope": ["a b&c"],
    }


@pytest.mark.parametrize("place", [ParametersIn.FORM, ParametersIn.QUERY])
def test_a_parameter_with_several_values_repeats(serve: Serve, place: ParametersIn) -> None:
    server = serve(lambda call: call.answer(OK, "Content-Length: 0"))
    request = request_to(server.url())
    form = request.form | {"resource": ["urn:a", "urn:b"]}

    client().send(replace(request, form=form, parameters_in=place))

    head, _, body = server.requests[0].partition(b"\r\n\r\n")
    sent = body if place is ParametersIn.FORM else head.split()[1].partition(b"?")[2]
    assert parse_qs(sent.decode(), strict_parsing=True)["resource"] == ["urn:a", "urn:b"]
    assert parse_qs(sent.decode(), strict_parsing=True)["scope"] == ["a b&c"]


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
def test_an_error_is_an_answer(serve: Serve, status: int) -> None:
    server = serve(
        lambda call: call.answer(f"HTTP/1.1 {status} Oops", "Content-Length: 1", body=b"x")
    )

    assert client().send(request_to(server.url())) == ProviderResponse(status, "", b"x")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_answer_and_is_not_followed(serve: Serve, status: int) -> None:
    elsewhere = serve(lambda call: call.answer(OK, "Content-Length: 0"))
    server = serve(
        lambda call: call.answer(
            f"HTTP/1.1 {status} Moved", f"Location: {elsewhere.url()}", "Content-Length: 0"
        )
    )

    assert client().send(request_to(server.url())).status == status
    assert elsewhere.requests == []


@pytest.mark.parametrize("location", ["http://[", "\u0080\u00ff", "//", "http://a:b:c/"])
def test_a_redirect_to_nonsense_is_an_answer(serve: Serve, location: str) -> None:
    server = serve(
        lambda call: call.answer("HTTP/1.1 302 Found", f"Location: {location}", "Content-Length: 0")
    )

    assert client().send(request_to(server.url())).status == 302


def test_a_certificate_that_nobody_vouches_for_is_refused(serve: Serve, tmp_path: Path) -> None:
    context, _ = self_signed(tmp_path)
    server = serve(lambda call: call.answer(OK, "Content-Length: 0"), context=context)

    assert away(server.url("https")) == "no whole answer: SSLError"
    assert server.requests == []


def test_a_certificate_for_another_host_is_refused(serve: Serve, tmp_path: Path) -> None:
    context, ca_file = self_signed(tmp_path, host="127.0.0.9")
    server = serve(lambda call: call.answer(OK, "Content-Length: 0"), context=context)

    assert away(server.url("https"), client(ca_file=str(ca_file))) == "no whole answer: SSLError"
    assert server.requests == []


def test_a_certificate_of_a_trusted_authority_is_accepted(serve: Serve, tmp_path: Path) -> None:
    context, ca_file = self_signed(tmp_path)
    server = serve(lambda call: call.answer(OK, "Content-Length: 2", body=b"{}"), context=context)

    answer = client(ca_file=str(ca_file)).send(request_to(server.url("https")))

    assert answer.body == b"{}"


def test_what_the_environment_says_changes_nothing(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    proxy = serve(lambda call: call.answer(OK, "Content-Length: 5", body=b"proxy"))
    server = serve(lambda call: call.answer(OK, "Content-Length: 6", body=b"server"))
    context, ca_file = self_signed(tmp_path)
    secure = serve(lambda call: call.answer(OK, "Content-Length: 0"), context=context)
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    for name, value in {
        "HTTP_PROXY": proxy.url(),
        "HTTPS_PROXY": proxy.url(),
        "ALL_PROXY": proxy.url(),
        "NETRC": str(netrc),
        "REQUESTS_CA_BUNDLE": str(ca_file),
        "CURL_CA_BUNDLE": str(ca_file),
    }.items():
        monkeypatch.setenv(name, value)
        monkeypatch.setenv(name.lower(), value)

    answer = client().send(request_to(server.url()))

    assert answer.body == b"server"
    assert b"Authorization: a-client-secret\r\n" in server.requests[0]
    assert away(secure.url("https")) == "no whole answer: SSLError"
    assert proxy.requests == []


def test_a_cookie_of_one_answer_is_not_sent_with_the_next_request(serve: Serve) -> None:
    server = serve(lambda call: call.answer(OK, "Set-Cookie: a=b", "Content-Length: 0"))
    sender = client()

    for _ in range(2):
        sender.send(request_to(server.url()))

    assert all(b"cookie" not in request.lower() for request in server.requests)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/token",
        "http://localhost:{port}/token",
        "http://[::1]:{port}/token",
    ],
)
def test_http_is_refused_without_the_local_stack(serve: Serve, url: str) -> None:
    server = serve(lambda call: call.answer(OK, "Content-Length: 0"))

    text = away(url.format(port=server.port), client(allow_loopback_http=False))

    assert text == "the endpoint is not https"
    assert server.connections == 0


@pytest.mark.parametrize(
    "url",
    [
        "http://provider.example/token",
        "http://10.0.0.1/token",
        "http://localhost.example/token",
        "http://127.0.0.1.example/token",
        "http://2130706433/token",
        "ftp://127.0.0.1/token",
        "file:///etc/passwd",
        "//127.0.0.1/token",
        "127.0.0.1/token",
        "https:///token",
        "https://",
        "",
    ],
)
def test_only_https_or_loopback_http_is_sent_to(url: str) -> None:
    assert away(url).startswith(("the endpoint ", "no whole answer: "))


@pytest.mark.parametrize(
    "url",
    [
        "https://user:password@127.0.0.1:{port}/token",
        "https://user@127.0.0.1:{port}/token",
        "https://127.0.0.1:{port}\\@provider.example/token",
        "https://provider.example\\@127.0.0.1:{port}/token",
        "https://provider.example@127.0.0.1:{port}/token",
        "https://127.0.0.1:{port}\t/token",
        "https://[127.0.0.1:{port}/token",
        "https://127.0.0.1:{port}:80/token",
    ],
)
def test_an_endpoint_that_two_parsers_read_differently_gets_no_secret(
    serve: Serve, url: str
) -> None:
    server = serve(lambda call: call.answer(OK, "Content-Length: 0"))

    away(url.format(port=server.port))

    assert server.connections == 0
