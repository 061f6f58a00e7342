"""A proxy between the functions and one service of the local AWS, which simulates faults.

The functions sign for the proxy's own address; the local AWS is sent that Host, so signatures
stay good. Why not mitmproxy: docs/adr/0021.
"""

import http.client
import json
import threading
import time
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from tokenvend_local.processes import LOOPBACK

_UPSTREAM_SECONDS = 60
_NOT_PASSED_ON = {"connection", "transfer-encoding", "content-length", "keep-alive"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsFault:
    """How a service deviates from its normal answer. What is not set stays normal.

    Attributes:
        operation: Only this one (`UpdateItem`, …); `None` for all.
        times: For this many requests, then no more; `None` until `behave`.
        delay_seconds: Waits this long before it does anything.
        status: Answers with this status, and *code* as AWS's own.
        code: AWS's error code.
        hang_up: Closes the connection without an answer; nothing is done.
        lose_answer: The request is carried out, and its answer never arrives.
    """

    operation: str | None = None
    times: int | None = None
    delay_seconds: float = 0
    status: int | None = None
    code: str = "InternalServerError"
    hang_up: bool = False
    lose_answer: bool = False


class FaultProxy:
    """One service's proxy, on a loopback port of its own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fault: AwsFault | None = None
        self.upstream = ""
        proxy = self

        class Handler(_Handler):
            owner = proxy

        self._server = ThreadingHTTPServer((LOOPBACK, 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self._server.server_address[1]}"

    def misbehave(self, fault: AwsFault) -> None:
        """Set the fault, replacing the former one."""
        with self._lock:
            self._fault = fault

    def behave(self) -> None:
        """End the fault: forward every request."""
        with self._lock:
            self._fault = None

    def take(self, operation: str) -> AwsFault | None:
        """Return the fault for a request for *operation*, and count it down."""
        with self._lock:
            fault = self._fault
            if fault is None or fault.operation not in (None, operation):
                return None
            if fault.times is not None:
                rest = fault.times - 1
                self._fault = replace(fault, times=rest) if rest else None
            return fault

    def __enter__(self) -> Self:
        """Listen."""
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner: FaultProxy

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        fault = self.owner.take(self.headers.get("X-Amz-Target", "").rpartition(".")[2])
        if fault is None:
            self._answer(*self._forwarded(body))
            return
        time.sleep(fault.delay_seconds)
        if fault.status is not None:
            document = {"__type": fault.code, "message": "told to misbehave"}
            self._answer(fault.status, json.dumps(document).encode(), {})
            return
        if not fault.hang_up:
            answer = self._forwarded(body)
            if not fault.lose_answer:
                self._answer(*answer)
                return
        self.close_connection = True

    def _forwarded(self, body: bytes) -> tuple[int, bytes, dict[str, str]]:
        where = urlsplit(self.owner.upstream)
        upstream = http.client.HTTPConnection(
            where.hostname or LOOPBACK, where.port, timeout=_UPSTREAM_SECONDS
        )
        try:
            upstream.request("POST", self.path, body, dict(self.headers))
            answer = upstream.getresponse()
            return answer.status, answer.read(), dict(answer.headers)
        finally:
            upstream.close()

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        try:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in _NOT_PASSED_ON:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except (BrokenPipeError, ConnectionResetError):
            # The client has given up waiting, which some of these faults are meant to cause.
            self.close_connection = True
