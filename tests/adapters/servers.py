"""Servers on the loopback interface that do what no good provider does."""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

type Script = Callable[["Call"], None]


@dataclass(frozen=True)
class Call:
    """One connection: the request that came, and the ways to answer it."""

    request: bytes
    connection: socket.socket
    stopped: Event

    def answer(self, *lines: str, body: bytes = b"") -> None:
        """Send a status line, header lines and a body."""
        self.connection.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode() + body)

    def drip(self, data: bytes, *, every_seconds: float = 0.05) -> None:
        """Send a byte at a time, for as long as anybody listens."""
        for byte in data:
            if self.stopped.wait(every_seconds):
                return
            self.connection.sendall(bytes([byte]))

    def wait(self) -> None:
        """Do nothing until the test is over."""
        self.stopped.wait(30)


@dataclass
class Server:
    """A listening socket whose every connection runs the same script."""

    script: Script
    context: ssl.SSLContext | None = None
    reads_request: bool = True
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._stopped = Event()
        self._threads: list[Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def url(self, scheme: str = "http", host: str = "127.0.0.1") -> str:
        return f"{scheme}://{host}:{self.port}/token"

    @contextmanager
    def running(self) -> Iterator["Server"]:
        accepting = Thread(target=self._accept)
        accepting.start()
        try:
            yield self
        finally:
            self._stopped.set()
            # Wakes `accept`, which closing alone does not.
            self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            accepting.join()
            for thread in self._threads:
                thread.join()

    def _accept(self) -> None:
        while not self._stopped.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            thread = Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, plain: socket.socket) -> None:
        # The far side may hang up at any moment: that is what the tests are about.
        with plain, suppress(OSError, ValueError):
            plain.settimeout(30)
            connection = plain
            if self.context is not None:
                connection = self.context.wrap_socket(plain, server_side=True)
            with connection:
                request = _read_request(connection) if self.reads_request else b""
                self.requests.append(request)
                self.script(Call(request, connection, self._stopped))


def _read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _some(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    length = int(lengths[0].partition(b":")[2]) if lengths else 0
    while len(body) < length:
        body += _some(connection)
    return head + b"\r\n\r\n" + body


def _some(connection: socket.socket) -> bytes:
    data = connection.recv(65_536)
    if not data:
        raise OSError("hung up")
    return data


def self_signed(directory: Path, *, host: str = "127.0.0.1") -> tuple[ssl.SSLContext, Path]:
    """A server's TLS context for *host*, an address or a name, and the file to trust it by."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([_general_name(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = directory / "certificate.pem", directory / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate_file, key_file)
    return context, certificate_file


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)


@dataclass
class Names:
    """A name service that knows `ports`, and keeps each name that was `asked` for.

    A name that it knows is a server on the loopback interface, whatever port is connected to.
    """

    ports: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def install(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Be the name service of this process."""
        connect, look_up = socket.create_connection, socket.getaddrinfo

        def getaddrinfo(host: str, port: object, **_: object) -> list[object]:
            self.asked.append(host)
            if host not in self.ports:
                raise socket.gaierror(socket.EAI_NONAME, "unknown name")
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]

        def create_connection(address: tuple[str, int], **settings: Any) -> socket.socket:
            monkeypatch.setattr(socket, "getaddrinfo", look_up)
            try:
                return connect(("127.0.0.1", self.ports[address[0]]), **settings)
            finally:
                monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        monkeypatch.setattr(socket, "create_connection", create_connection)
