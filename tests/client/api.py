"""An API that takes some tokens and refuses others, and can redirect."""

import http.server
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.loopback import serving


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    query: dict[str, str]
    body: bytes


@dataclass
class Api:
    """Takes whatever is in `accepted`, as the whole header's value or as `api_key` in the query.

    `redirects` leads a path elsewhere; `open` paths take anybody.
    """

    url: str = ""
    accepted: set[str] = field(default_factory=set)
    header: str = "authorization"
    redirects: dict[str, str] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)

    def takes(self, request: Received) -> bool:
        given = request.headers.get(self.header), request.query.get("api_key")
        return not self.accepted.isdisjoint({each for each in given if each})


@contextmanager
def serving_api() -> Iterator[Api]:
    api = Api()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            request = Received(
                parts.path,
                {name.lower(): value for name, value in self.headers.items()},
                dict(parse_qsl(parts.query)),
                self._body(),
            )
            api.received.append(request)
            if parts.path in api.redirects:
                self._say(307, location=api.redirects[parts.path])
            else:
                self._say(200 if api.takes(request) else 401)

        def do_POST(self) -> None:
            self.do_GET()

        def _body(self) -> bytes:
            if self.headers.get("Transfer-Encoding") != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def _say(self, status: int, location: str = "") -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.send_header("Set-Cookie", f"seen={status}")
            if location:
                self.send_header("Location", location)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with serving(Handler) as url:
        api.url = url
        yield api
