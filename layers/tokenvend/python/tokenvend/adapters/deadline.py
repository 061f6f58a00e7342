"""HTTP connections of urllib3 that keep to a deadline for the whole call.

The time-outs of requests, urllib3 and sockets each bound a single wait: a server that sends one
byte a second never exceeds them and can hold us for hours. Here each wait may only take the time
that the whole call has left. Threads are no solution: Lambda freezes them between invocations.

One wait is not bounded: the look-up of a host name. The C library does it, with the time-outs of
the system's resolver.
"""

import io
import socket
import time
from functools import partial
from http.client import HTTPResponse
from typing import TYPE_CHECKING, Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class Deadline:
    """The end of one call, on the monotonic clock."""

    def __init__(self, seconds: float) -> None:
        self._ends_at = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left, more than 0.

        Raises:
            TimeoutError: no time is left.
        """
        left = self._ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time for this call is over")
        return left

    def is_over(self) -> bool:
        """Whether no time is left."""
        return time.monotonic() >= self._ends_at


def bounded_pools(deadline: Deadline, *, connect_seconds: float) -> PoolManager:
    """Build a pool manager whose connections keep to *deadline*.

    Connecting may take *connect_seconds* at most.
    """
    bounds: dict[str, Any] = {"deadline": deadline, "connect_seconds": connect_seconds}

    def http_pool(host: str, port: int, **settings: Any) -> HTTPConnectionPool:
        pool = HTTPConnectionPool(host, port, **settings)
        pool.ConnectionCls = partial(_HttpConnection, **bounds)  # type: ignore[assignment]
        return pool

    def https_pool(host: str, port: int, **settings: Any) -> HTTPSConnectionPool:
        pool = HTTPSConnectionPool(host, port, **settings)
        pool.ConnectionCls = partial(_HttpsConnection, **bounds)  # type: ignore[assignment]
        return pool

    manager = PoolManager()
    manager.pool_classes_by_scheme = {"http": http_pool, "https": https_pool}  # type: ignore[dict-item]
    return manager


class _Bounded(HTTPConnection):
    """A connection that connects, sends and reads within the deadline."""

    def __init__(
        self, *args: Any, deadline: Deadline, connect_seconds: float, **settings: Any
    ) -> None:
        super().__init__(*args, **settings)
        self._deadline = deadline
        self._connect_seconds = connect_seconds
        self.response_class = partial(_BoundedResponse, deadline=deadline)  # type: ignore[assignment]

    def _new_conn(self) -> socket.socket:
        """Connect to the first address that answers; all attempts share `connect_seconds`."""
        addresses = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        connect = Deadline(min(self._connect_seconds, self._deadline.left()))
        failure: OSError = TimeoutError("the name has no address")
        for tried, (*_, address) in enumerate(addresses):
            try:
                # Equal shares, so that an address without an answer leaves time for the next.
                share = connect.left() / (len(addresses) - tried)
                sock = socket.create_connection((str(address[0]), self.port), timeout=share)
            except OSError as error:
                failure = error
                continue
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            # Python counts the TLS handshake that may follow as one wait.
            sock.settimeout(self._deadline.left())
            return sock
        raise failure

    def send(self, data: Any) -> None:
        if self.sock is not None:
            self.sock.settimeout(self._deadline.left())
        super().send(data)


class _HttpConnection(_Bounded):
    pass


class _HttpsConnection(_Bounded, HTTPSConnection):
    pass


class _BoundedResponse(HTTPResponse):
    def __init__(
        self, sock: socket.socket, *args: Any, deadline: Deadline, **settings: Any
    ) -> None:
        super().__init__(sock, *args, **settings)
        raw = self.fp.detach()
        self.fp = io.BufferedReader(_BoundedReader(raw, sock, deadline))


class _BoundedReader(io.RawIOBase):
    """Reads *raw*, the stream of *sock*; each read waits at most until the deadline."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: Deadline) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        self._sock.settimeout(self._deadline.left())
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()
