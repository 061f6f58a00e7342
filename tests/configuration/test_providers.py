"""Where a provider's endpoints come from."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from tokenvend.domain.credential_definition import ClientAuthentication, ScopeMode
from tokenvend_cli.configuration import fetch
from tokenvend_cli.configuration.discovery import Fetch, discover
from tokenvend_cli.configuration.fetch import fetch_json
from tokenvend_cli.configuration.models import ProviderModel
from tokenvend_cli.configuration.providers import (
    Provider,
    resolve_providers,
    undiscovered,
)
from tokenvend_cli.problems import CommandError, NoMetadataError

ISSUER = "https://login.acme.example/initech"
METADATA = {"issuer": ISSUER, "token_endpoint": "https://login.acme.example/token"}


def _answering(document: dict[str, Any]) -> Fetch:
    return lambda _: document


def _resolve(**model: Any) -> Provider:
    providers, problems = resolve_providers(
        {"p": ProviderModel.model_validate(model)}, undiscovered, local_stack=False
    )
    assert problems == []
    return providers["p"]


def test_what_the_file_says_goes_before_the_profile() -> None:
    provider = _resolve(
        profile="smartrecruiters",
        client_authentication="client_secret_basic",
        scope_mode="narrows",
        scope_mode_source="probed on 2026-01-01",
        scope_separator=",",
        revocation_endpoint="https://api.smartrecruiters.com/revoke",
    )

    assert provider.client_authentication is ClientAuthentication.BASIC
    assert provider.scope_mode is ScopeMode.NARROWS
    assert provider.scope_separator == ","
    assert provider.revocation_endpoint == "https://api.smartrecruiters.com/revoke"


def test_issuer_over_plain_http_is_not_even_asked() -> None:
    def never(issuer: str) -> Provider:
        raise AssertionError(issuer)

    model = ProviderModel(issuer="http://login.acme.example")

    providers, problems = resolve_providers({"p": model}, never, local_stack=True)

    assert (providers, [problem.place for problem in problems]) == ({}, ["providers.p.issuer"])


def test_metadata_is_asked_for_where_rfc_8414_puts_it_and_then_where_openid_does() -> None:
    asked: list[str] = []

    def fetch(url: str) -> dict[str, Any]:
        asked.append(url)
        if "oauth-authorization-server" in url:
            raise NoMetadataError("none here")
        return METADATA

    assert discover(ISSUER, fetch).token_endpoint == "https://login.acme.example/token"
    assert asked == [
        "https://login.acme.example/.well-known/oauth-authorization-server/initech",
        "https://login.acme.example/initech/.well-known/openid-configuration",
    ]


def test_server_that_does_not_answer_is_not_asked_twice() -> None:
    asked: list[str] = []

    def fetch(url: str) -> dict[str, Any]:
        asked.append(url)
        raise CommandError("away")

    with pytest.raises(CommandError, match="away"):
        discover(ISSUER, fetch)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ({"issuer": "https://evil.example"}, "names another issuer"),
        ({"issuer": ISSUER + "/"}, "names another issuer"),
        ({"issuer": None}, "names another issuer"),
        ({"token_endpoint": None}, "names no token_endpoint"),
        ({"token_endpoint": 7}, "token_endpoint in its metadata is not a plain URL"),
        ({"token_endpoint": "https://u:p@evil.example/"}, "is not a plain URL"),
        ({"token_endpoint": "https://a.example/\x1b[2J"}, "is not a plain URL"),
        ({"revocation_endpoint": "ftp://a.example"}, "revocation_endpoint in its metadata"),
        ({"token_endpoint_auth_methods_supported": ["tls_client_auth"]}, "takes none of"),
        ({"token_endpoint_auth_methods_supported": None}, "takes none of"),
    ],
)
def test_metadata_that_cannot_be_trusted_is_refused(metadata: dict[str, Any], reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        discover(ISSUER, _answering(METADATA | metadata))


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, ClientAuthentication.BASIC),
        (
            {"token_endpoint_auth_methods_supported": ["none", "client_secret_post"]},
            ClientAuthentication.POST,
        ),
        (
            {
                "token_endpoint_auth_methods_supported": [
                    "client_secret_post",
                    "client_secret_basic",
                ]
            },
            ClientAuthentication.BASIC,
        ),
    ],
)
def test_client_authentication_is_one_that_the_provider_takes(
    metadata: dict[str, Any], expected: ClientAuthentication
) -> None:
    assert discover(ISSUER, _answering(METADATA | metadata)).client_authentication is expected


type Answer = Callable[[BaseHTTPRequestHandler], None]


@pytest.fixture
def serve() -> Iterator[Callable[[Answer], str]]:
    servers: list[ThreadingHTTPServer] = []

    def start(answer: Answer) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                answer(self)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        servers.append(server)
        Thread(target=server.serve_forever, daemon=True).start()
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def _send(status: int, body: bytes, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def test_metadata_is_read_over_http(serve: Callable[[Answer], str]) -> None:
    assert fetch_json(serve(_send(200, b'{"issuer": "x"}'))) == {"issuer": "x"}


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(_send(404, b"{}"), "answered 404", id="nothing there"),
        pytest.param(
            _send(302, b"", Location="http://127.0.0.1:1/"), "answered 302", id="redirect"
        ),
        pytest.param(_send(200, b"<html>"), "is not a JSON object", id="a page"),
        pytest.param(_send(200, b"[]"), "is not a JSON object", id="a list"),
        pytest.param(_send(200, b"[" * 50_000), "is not a JSON object", id="deep"),
        pytest.param(_send(200, b" " * 102_401), "more than 102400 bytes", id="too large"),
    ],
)
def test_answer_that_is_no_metadata_is_refused(
    serve: Callable[[Answer], str], answer: Answer, reason: str
) -> None:
    with pytest.raises(CommandError, match=reason):
        fetch_json(serve(answer))


def test_slow_answer_is_given_up(
    serve: Callable[[Answer], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    instants = iter([0.0, 1.0, 9.0])
    monkeypatch.setattr(fetch, "monotonic", lambda: next(instants))

    with pytest.raises(CommandError, match="within 8 s"):
        fetch_json(serve(_send(200, b" " * 20_000)))


def test_server_that_is_away_is_told_without_its_reason() -> None:
    with pytest.raises(CommandError, match=r"cannot read http://127\.0\.0\.1:1/x: ConnectionError"):
        fetch_json("http://127.0.0.1:1/x")
