"""Answers that are too large, or not whole, or no answers at all."""

import gzip
import socket
import tracemalloc
import zlib

import pytest
from tests.adapters.http_calls import (
    CLOSE,
    LIMIT,
    OK,
    SECRET,
    Serve,
    away,
    client,
    length,
    request_to,
)
from tests.adapters.servers import Call, Script

from tokenvend.ports import ProviderAwayError


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
