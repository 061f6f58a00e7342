"""A provider that takes its time is left when ours is over, whatever it does until then."""

import gzip
import socket
import time
from pathlib import Path

import pytest
from tests.adapters.http_calls import (
    CLOSE,
    IMPATIENT_SECONDS,
    OK,
    SLACK_SECONDS,
    Serve,
    away,
    client,
    request_to,
)
from tests.adapters.servers import Call, Script, self_signed


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
