"""Requests and answers as values, and a threaded server that calls a function for each request."""

import json
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

LOOPBACK = "127.0.0.1"


class NotAFormError(ValueError):
    """The body is not a form, or a parameter stands in it twice (RFC 6749 §3.2)."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    query: dict[str, str] = field(default_factory=dict)

    def form(self) -> dict[str, str]:
        """The parameters of a form body.

        Raises:
            NotAFormError: the content type is another, or a parameter is repeated.
        """
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/x-www-form-urlencoded":
            raise NotAFormError("send application/x-www-form-urlencoded")
        pairs = parse_qsl(self.body.decode(), keep_blank_values=True)
        if len(dict(pairs)) != len(pairs):
            raise NotAFormError("a parameter is repeated")
        return dict(pairs)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer. `promised_length` is what Content-Length says when it is not the truth.

    `hang_up` closes the connection without an answer.
    """

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    promised_length: int | None = None
    hang_up: bool = False


def as_json(status: int, document: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer whose body is *document*."""
    kind = {"Content-Type": "application/json"}
    return Answer(status, json.dumps(document).encode(), {**kind, **(headers or {})})


class Server(ThreadingHTTPServer):
    """Serves *handle* on a loopback port, in threads of its own."""

    daemon_threads = True
    # Hundreds of Lambda workers may connect in one instant; the default queue is 5.
    request_queue_size = 1024

    def __init__(self, handle: Callable[[Request], Answer], port: int = 0) -> None:
        self.handle = handle
        super().__init__((LOOPBACK, port), _Handler)

    @property
    def url(self) -> str:
        """Return the server's address."""
        return f"http://{LOOPBACK}:{self.server_port}"

    def start(self) -> None:
        """Serve until `shutdown`."""
        threading.Thread(target=self.serve_forever, daemon=True).start()


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(
            method=self.command,
            path=urlsplit(self.path).path,
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(length),
            query=dict(parse_qsl(urlsplit(self.path).query, keep_blank_values=True)),
        )
        self._send(self.server.handle(request))

    do_GET = do_POST = do_PUT = do_DELETE = _serve  # noqa: N815  http.server wants these names

    def _send(self, answer: Answer) -> None:
        if answer.hang_up:
            self.close_connection = True
            return
        length = len(answer.body) if answer.promised_length is None else answer.promised_length
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(answer.body)
        if length != len(answer.body):
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the parent's name
        """Log method, path and status: nothing of a header, query or body."""
        del format
        status = args[1] if len(args) > 1 else ""
        line = f"{self.log_date_time_string()} {self.command} {urlsplit(self.path).path} {status}"
        print(line, file=sys.stderr, flush=True)  # noqa: T201  the log of a process of its own
