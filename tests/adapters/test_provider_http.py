"""What a provider may do to us over HTTP, done by real servers."""

import gzip
import socket
import time
import traceback
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from tests.adapters.servers import Call, Script, Server, self_signed

from tokenvend.adapters.provider_http import RequestsProviderClient
from tokenvend.domain import bounds
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.ports import ProviderAwayError

LIMIT = bounds.PROVIDER_ANSWER_BYTES
SECRET = "a-client-secret"
#: For what never ends; and what a loaded machine may take on top.
IMPATIENT_SECONDS = 0.3
SLACK_SECONDS = 2.0

OK = "HTTP/1.1 200 OK"
CLOSE = "Connection: close"


def length(body: bytes) -> str:
    return f"Content-Length: {len(body)}"


def request_to(url: str) -> ProviderRequest:
    form = {"grant_type": "client_credentials", "client_secret": SECRET, "scope": "a b&c"}
    return ProviderRequest(url, form, {"Accept": "application/json", "Authorization": SECRET})


def client(**changes: object) -> RequestsProviderClient:
    settings: dict[str, object] = {"allow_loopback_http": True}
    return RequestsProviderClient(**(settings | changes))  # type: ignore[arg-type]


def away(url: str, sender: RequestsProviderClient | None = None) -> str:
    """Send, see it refused in time and without a secret in reach; the text of the refusal."""
    started = time.monotonic()
    with pytest.raises(ProviderAwayError) as caught:
        (sender or client()).send(request_to(url))
    took = time.monotonic() - started

    assert took < IMPATIENT_SECONDS + SLACK_SECONDS
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    return str(caught.value)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    running = []

    def start(script: Script, **settings: object) -> Server:
        context = Server(script, **settings).running()  # type: ignore[arg-type]
        running.append(context)
        return context.__enter__()

    yield start
    for context in running:
        context.__exit__(None, None, None)


type Serve = Callable[..., Server]


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


@pytest.mark.parametrize("status", [400, 401, 429, 500, 503])
def test_an_error_is_an_answer(serve: Serve, status: int) -> None:
    server = serve(
        lambda call: call.answer(f"HTTP/1.1 {status} Oops", "Content-Length: 1", body=b"x")
    )

    assert client().send(request_to(server.url())) == ProviderResponse(status, "", b"x")


def dripping(data: bytes, *head: str) -> Script:
    """Answers *head* at once, then *data* a byte at a time."""

    def script(call: Call) -> None:
        if head:
            call.answer(*head)
        call.drip(data)

    return script


CHUNKED = "Transfer-Encoding: chunked"
DRIPS: dict[str, Script] = {
    "nothing at all": Call.wait,
    "the status line": dripping(b"HTTP/1.1 200 " + b"O" * 1_000),
    "a header": dripping(b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 1_000),
    "many headers": dripping(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 90),
    "interim answers": dripping(b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "the body": dripping(b"{" * 1_000, OK, "Content-Length: 1000"),
    "a body without a length": dripping(b"{" * 1_000, OK, CLOSE),
    "the chunks": dripping(b"1\r\n{\r\n" * 200, OK, CHUNKED),
    "a chunk's size": dripping(b"0" * 1_000, OK, CHUNKED),
    "the trailers": dripping(b"1\r\n{\r\n0\r\n" + b"A: b\r\n" * 100, OK, CHUNKED),
    "gzip": dripping(gzip.compress(bytes(range(256)) * 40), OK, CLOSE, "Content-Encoding: gzip"),
    "a redirect's body": dripping(
        b"{" * 1_000, "HTTP/1.1 302 Found", "Location: /elsewhere", "Content-Length: 1000"
    ),
}
each_drip = pytest.mark.parametrize("script", DRIPS.values(), ids=DRIPS)


@each_drip
def test_a_server_that_drips_is_left_in_time(serve: Serve, script: Script) -> None:
    text = away(serve(script).url(), client(total_seconds=IMPATIENT_SECONDS))

    assert text == "no whole answer: too slow"


@each_drip
def test_a_server_that_drips_over_tls_is_left_in_time(
    serve: Serve, tmp_path: Path, script: Script
) -> None:
    context, ca_file = self_signed(tmp_path)
    server = serve(script, context=context)

    sender = client(ca_file=str(ca_file), total_seconds=IMPATIENT_SECONDS)

    assert away(server.url("https"), sender) == "no whole answer: too slow"


@pytest.mark.parametrize(
    "script",
    [Call.wait, lambda call: call.drip(b"\x16\x03\x03\x40\x00" + b"\x02" * 1_000)],
    ids=["silent", "dripping"],
)
def test_a_handshake_that_never_ends_is_left_in_time(serve: Serve, script: Script) -> None:
    server = serve(script, reads_request=False)

    text = away(server.url("https"), client(total_seconds=IMPATIENT_SECONDS))

    assert text == "no whole answer: too slow"


def test_a_quick_answer_is_not_delayed_by_the_bounds(serve: Serve) -> None:
    server = serve(lambda call: call.answer(OK, "Content-Length: 0"))
    started = time.monotonic()

    client().send(request_to(server.url()))

    assert time.monotonic() - started < SLACK_SECONDS


def test_dead_addresses_share_the_time_to_connect(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name may have many addresses: the first that answers is used, all within one bound."""
    server = serve(lambda call: call.answer(OK, "Content-Length: 0"))
    dead = [("127.0.0.2", server.port), ("127.0.0.3", server.port)]
    fillers, full = [], []
    for address in dead:
        listener = socket.create_server(address, backlog=0)
        full.append(listener)
        # With its queue full, the kernel lets every further connection wait.
        fillers += [_connecting(address) for _ in range(3)]
    looked_up = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", address)
        for address in [*dead, ("127.0.0.1", server.port)]
    ]
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, *rest, **more: looked_up if host == "localhost" else real(host, *rest, **more),
    )

    try:
        answer = client(total_seconds=1.5).send(request_to(server.url(host="localhost")))
    finally:
        for each in [*fillers, *full]:
            each.close()

    assert answer.status == 200


def _connecting(address: tuple[str, int]) -> socket.socket:
    filler = socket.socket()
    filler.settimeout(0)
    filler.connect_ex(address)
    return filler


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


def _pour(call: Call, head: str, block: bytes) -> None:
    call.answer(head, "Location: /elsewhere", CLOSE)
    while not call.stopped.is_set():
        call.connection.sendall(block)


def _bomb(*, gzipped: bool) -> bytes:
    """50 MB of zeros, in 50 kB."""
    packer = zlib.compressobj(9, wbits=31 if gzipped else 15)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(50)) + packer.flush()


GZIP_BOMB, DEFLATE_BOMB = _bomb(gzipped=True), _bomb(gzipped=False)
CHUNKS = (b"8000\r\n" + b" " * 0x8000 + b"\r\n") * 5

TOO_LARGE: dict[str, Script] = {
    "by a byte": lambda call: call.answer(
        OK, f"Content-Length: {LIMIT + 1}", body=b" " * (LIMIT + 1)
    ),
    "without an end": lambda call: _pour(call, OK, b" " * 65_536),
    "a redirect without an end": lambda call: _pour(call, "HTTP/1.1 302 Found", b" " * 65_536),
    "in chunks": lambda call: call.answer(OK, "Transfer-Encoding: chunked", body=CHUNKS),
    "gzip bomb": lambda call: call.answer(OK, CLOSE, "Content-Encoding: gzip", body=GZIP_BOMB),
    "deflate bomb": lambda call: call.answer(
        OK, CLOSE, "Content-Encoding: deflate", body=DEFLATE_BOMB
    ),
    "a bomb in a bomb": lambda call: call.answer(
        OK, CLOSE, "Content-Encoding: gzip, gzip", body=gzip.compress(GZIP_BOMB)
    ),
    "a bomb as a redirect": lambda call: call.answer(
        "HTTP/1.1 302 Found",
        "Location: /elsewhere",
        CLOSE,
        "Content-Encoding: gzip",
        body=GZIP_BOMB,
    ),
}


@pytest.mark.parametrize("script", TOO_LARGE.values(), ids=TOO_LARGE)
def test_an_answer_that_is_too_large_is_refused_in_little_memory(
    serve: Serve, script: Script
) -> None:
    server = serve(script)
    sender = client()
    tracemalloc.start()

    with pytest.raises(ProviderAwayError) as caught:
        sender.send(request_to(server.url()))

    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert str(caught.value) == "no whole answer: too large"
    assert peak < 5_000_000


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_an_answer_of_the_largest_size_is_taken(serve: Serve, encoding: str) -> None:
    body = b" " * LIMIT
    sent = gzip.compress(body) if encoding == "gzip" else body
    server = serve(
        lambda call: call.answer(OK, f"Content-Encoding: {encoding}", length(sent), body=sent)
    )

    assert client().send(request_to(server.url())).body == body


BROKEN: dict[str, Script] = {
    "hangs up without a word": lambda call: call.connection.close(),
    "no HTTP": lambda call: call.connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "body cut off": lambda call: call.answer(OK, "Content-Length: 100", body=b"{"),
    "chunks cut off": lambda call: call.answer(OK, "Transfer-Encoding: chunked", body=b"5\r\n{"),
    "no chunks": lambda call: call.answer(
        OK, CLOSE, "Transfer-Encoding: chunked", body=b"{}{}{}{}\r\n"
    ),
    "two lengths": lambda call: call.answer(
        OK, CLOSE, "Content-Length: 1", "Content-Length: 2", body=b"{}"
    ),
    "no gzip": lambda call: call.answer(OK, CLOSE, "Content-Encoding: gzip", body=b"{}{}{}"),
    "gzip cut off": lambda call: call.answer(
        OK, "Content-Encoding: gzip", "Content-Length: 1000", body=GZIP_BOMB[:30]
    ),
    "too many headers": lambda call: call.answer(OK, *["A: b"] * 200),
    "a header too long": lambda call: call.answer(OK, "A: " + "b" * 70_000),
}


@pytest.mark.parametrize("script", BROKEN.values(), ids=BROKEN)
def test_a_broken_answer_is_no_answer(serve: Serve, script: Script) -> None:
    assert away(serve(script).url()).startswith("no whole answer: ")


def test_what_a_provider_sends_is_not_logged(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    server = serve(
        lambda call: call.connection.sendall(b"HTTP/1.1 200 OK\r\ntell-tale without a colon")
    )

    with caplog.at_level("DEBUG"):
        client().send(request_to(server.url()))

    assert "tell-tale" not in caplog.text
    assert SECRET not in caplog.text


def test_nobody_listening_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]

    assert away(f"http://127.0.0.1:{port}/token") == "no whole answer: ConnectionError"


def test_a_name_that_does_not_exist_is_no_answer() -> None:
    assert away("https://provider.invalid/token").startswith("no whole answer: ")


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
