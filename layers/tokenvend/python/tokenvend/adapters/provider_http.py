"""A provider's endpoints over HTTPS, within hard bounds.

Whatever the far side does, a call ends: requests' own time-outs bound each read, so a server
that sends a byte a second would hold us for as long as it likes. Here every read is given
only what is left of the whole call's time.
"""

import socket
import ssl
import time
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

from tokenvend.domain import bounds
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.ports import ProviderAwayError

_CHUNK_BYTES = 8 * 1024
_MAKEFILE: Any = socket.socket.makefile


class _Deadline:
    """The end of the call in progress, on the monotonic clock."""

    def __init__(self) -> None:
        self.ends_at = 0.0

    def start(self, seconds: float) -> None:
        self.ends_at = time.monotonic() + seconds

    def left(self) -> float:
        left = self.ends_at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the provider's time is over")
        return left


class _BoundedSocket:
    """A socket whose every read waits no longer than the call has left."""

    def __init__(self, sock: socket.socket, deadline: _Deadline) -> None:
        self._sock = sock
        self._deadline = deadline

    def recv_into(self, buffer: Any, *args: Any) -> int:
        self._sock.settimeout(self._deadline.left())
        return self._sock.recv_into(buffer, *args)

    def makefile(self, mode: str = "r", buffering: int | None = None, **kwargs: Any) -> Any:
        # The standard implementation, reading through this object instead of the raw socket.
        return _MAKEFILE(self, mode, buffering, **kwargs)

    def settimeout(self, seconds: float | None) -> None:
        left = self._deadline.left()
        self._sock.settimeout(left if seconds is None else min(seconds, left))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)

    @property
    def _io_refs(self) -> int:
        return self._sock._io_refs  # type: ignore[attr-defined,no-any-return] # noqa: SLF001

    @_io_refs.setter
    def _io_refs(self, value: int) -> None:
        self._sock._io_refs = value  # type: ignore[attr-defined] # noqa: SLF001


def _pools(deadline: _Deadline) -> dict[str, type[HTTPConnectionPool]]:
    """Connection pools whose sockets keep to *deadline*."""

    class BoundedHTTP(HTTPConnection):
        def connect(self) -> None:
            super().connect()
            self.sock = _BoundedSocket(self.sock, deadline)

    class BoundedHTTPS(HTTPSConnection):
        def connect(self) -> None:
            super().connect()
            self.sock = _BoundedSocket(self.sock, deadline)

    class HTTPPool(HTTPConnectionPool):
        ConnectionCls = BoundedHTTP

    class HTTPSPool(HTTPSConnectionPool):
        ConnectionCls = BoundedHTTPS

    return {"http": HTTPPool, "https": HTTPSPool}


class _BoundedAdapter(HTTPAdapter):
    def __init__(self, deadline: _Deadline) -> None:
        self._deadline = deadline
        super().__init__(max_retries=0)

    def init_poolmanager(self, connections: int, *_: Any, **__: Any) -> None:
        self.poolmanager = PoolManager(connections, ssl_context=ssl.create_default_context())
        self.poolmanager.pool_classes_by_scheme = _pools(self._deadline)


class RequestsProviderClient:
    """`ports.ProviderClient` on requests.

    Only https, but for loopback http where *allow_loopback_http* says that this is the local
    stack. No redirects, no proxies or credentials from the environment, no cookies.
    """

    def __init__(
        self,
        *,
        allow_loopback_http: bool = False,
        total_seconds: float = bounds.PROVIDER_TOTAL_SECONDS,
    ) -> None:
        self._allow_loopback_http = allow_loopback_http
        self._total_seconds = total_seconds

    def send(self, request: ProviderRequest) -> ProviderResponse:
        """See `ports.ProviderClient`."""
        self._check_url(request.url)
        deadline = _Deadline()
        deadline.start(self._total_seconds)
        try:
            with requests.Session() as session:
                session.trust_env = False
                session.mount("https://", _BoundedAdapter(deadline))
                session.mount("http://", _BoundedAdapter(deadline))
                return self._post(session, request, deadline)
        except (requests.RequestException, OSError) as error:
            # The cause quotes the request, and so perhaps the secret: it ends here.
            raise ProviderAwayError(f"no whole answer: {type(error).__name__}") from None

    def _post(
        self, session: requests.Session, request: ProviderRequest, deadline: _Deadline
    ) -> ProviderResponse:
        with session.post(
            request.url,
            data=request.form,
            headers=request.headers,
            timeout=(
                min(bounds.PROVIDER_CONNECT_SECONDS, self._total_seconds),
                self._total_seconds,
            ),
            allow_redirects=False,
            stream=True,
        ) as response:
            return ProviderResponse(
                status=response.status_code,
                content_type=response.headers.get("Content-Type", ""),
                body=_read(response, deadline),
                retry_after=response.headers.get("Retry-After"),
            )

    def _check_url(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme == "https" and parts.hostname:
            return
        if parts.scheme == "http" and self._allow_loopback_http and _is_loopback(parts.hostname):
            return
        raise ProviderAwayError("the endpoint is not https")


def _read(response: requests.Response, deadline: _Deadline) -> bytes:
    """The whole decoded body: it is the unpacked size that is bounded."""
    body = bytearray()
    for chunk in response.iter_content(_CHUNK_BYTES):
        deadline.left()
        body += chunk
        if len(body) > bounds.PROVIDER_ANSWER_BYTES:
            raise ProviderAwayError("the answer is too large")
    return bytes(body)


def _is_loopback(host: str | None) -> bool:
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False
