"""A fake tokenvend that answers as a test sets it up, and records the calls."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from tokenvend_client.client import Client
from tokenvend_client.clock import Clock
from tokenvend_client.errors import Failure
from tokenvend_client.request import Call
from tokenvend_client.testing.clock import ManualClock
from tokenvend_client.testing.consents import Consents, connection_name_of
from tokenvend_client.testing.sent_as import Parts
from tokenvend_client.user_token import UserToken
from tokenvend_client.ways_in import Document

#: The share of a token's lifetime after which it is replaced, as in tokenvend.
_OVERDUE = 0.9
_KEY = ("scope", "audience", "resource", "tenant")


@dataclass(slots=True)
class _Issued:
    value: str
    issued_at: float
    lifetime: float

    def left(self, now: float) -> float:
        return self.issued_at + self.lifetime - now


class FakeTokenvend:
    """Grants every credential until `refuse` or `go_away`. Safe for threads.

    `expires_in` is how long its tokens live, in seconds. With a `ManualClock` a test sets the
    time of the fake and of its clients. `clients` are the OAuth clients that the
    server takes, by id; left out, it takes any.
    """

    def __init__(
        self,
        *,
        expires_in: float = 1800,
        clock: ManualClock | None = None,
        clients: Mapping[str, str] | None = None,
    ) -> None:
        self.expires_in = expires_in
        self.clients = clients
        #: The tokens of workloads that the server takes; `None` is any.
        self.subject_tokens: set[str] | None = None
        #: Every call that came in, in order; a test may clear it.
        self.calls: list[Call] = []
        #: How often a token was made: a token that is answered again is not made again.
        self.exchanges = 0
        self.batches = 0
        self._lock = threading.RLock()
        self._clock = clock
        self._issued: dict[object, _Issued] = {}
        self._refused: dict[str, str] = {}
        self._headers: dict[str, tuple[str, str]] = {}
        self._away: float | None = None
        self._consents = Consents()
        self._parts: dict[str, Parts] = {}
        self._during: Callable[[Call], object] = lambda _: None

    def client(self, **arguments: Any) -> Client:
        """Make a client that calls this fake without a network; *arguments* are `Client`'s."""
        clock = self._clock.clock() if self._clock else Clock()
        return Client(_InProcess(self), clock=clock, **arguments)

    @contextmanager
    def serve(self) -> Iterator[str]:
        """Serve the fake over HTTP on this machine only, and yield its URL.

        >>> from tokenvend_client import Client, OAuthClient
        >>> with FakeTokenvend().serve() as url:
        ...     Client(OAuthClient(url, "ci", "any")).token("sr-jobs").reveal()
        'fake-sr-jobs-1'
        """
        from tokenvend_client.testing.server import serving

        with serving(self) as url:
            yield url

    def refuse(self, credential: str, error: str) -> None:
        """Answer every call about *credential* with the code *error* from now on."""
        self._refused[credential] = error

    def allow(self, credential: str) -> None:
        """Grant *credential* again."""
        self._refused.pop(credential, None)

    def go_away(self, retry_after_seconds: float = 1) -> None:
        """Answer every call with 503 from now on."""
        self._away = retry_after_seconds

    def come_back(self) -> None:
        """End `go_away`: answer calls again."""
        self._away = None

    def wants_header(self, credential: str, name: str, prefix: str = "") -> None:
        """Make the tokens of *credential* go in another header."""
        self._headers[credential] = (name, prefix)

    def wants_parts(
        self,
        credential: str,
        *,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        path_prefix: str = "",
        body: Mapping[str, Any] | None = None,
    ) -> None:
        """Make the tokens of *credential* go in these; `{token}` stands for the token."""
        self._parts[credential] = Parts(headers or {}, query or {}, path_prefix, body or {})

    def connect(
        self,
        credential: str,
        connection: str | None = None,
        *,
        subject_token: str | None = None,
        scope: str | None = None,
    ) -> None:
        """Add a connection whose user has consented; without one, none of its tokens is vended.

        It has a name, or the user's own token selects it (`testing.user_token`).
        """
        name = UserToken(subject_token).connection_name if subject_token else connection
        self._consents.connect(credential, name or "", scope, int(self._now()))

    def act_for_users(self, credential: str) -> None:
        """Make *credential* give tokens on behalf of signed-in users, without their consent."""
        self._consents.act_for_users(credential)

    def consent(self, connect_url: str, *, account: str = "fake-account") -> str:
        """Act as a user who opens *connect_url* and agrees; return the one-time code."""
        return self._consents.consent(connect_url, account)

    def during(self, call: Callable[[Call], object]) -> None:
        """Run *call* during each call, before it is answered, for example to delay or fail it."""
        self._during = call

    def answer(self, call: Call) -> dict[str, Any]:
        """Return the fields of the answer to *call*; with `error`, it is a refusal."""
        self._during(call)
        with self._lock:
            self.calls.append(call)
            if self._away is not None:
                return _error("temporarily_unavailable") | {
                    "retryable": True,
                    "retry_after_seconds": self._away,
                }
            if call.credential in self._refused:
                return _error(self._refused[call.credential]) | {"retryable": False}
            if call.path == "token":
                return self._vend(call)
            if call.path == "token/reject":
                return self._reject(call)
            return self._consents.answer(call, int(self._now()))

    def _vend(self, call: Call) -> dict[str, Any]:
        now = self._now()
        key = _key_of(call)
        if self._consents.lacks_user(call):
            return _error("invalid_request") | {"retryable": False}
        if not self._consents.allows(call):
            return _error("consent_required") | {"retryable": False}
        issued = self._issued.get(key)
        wanted = float(call.parameters.get("min_ttl_seconds", 0))
        if wanted > self.expires_in / 2:
            return _error("invalid_request") | {"retryable": False}
        if issued is None or issued.left(now) <= max(issued.lifetime * (1 - _OVERDUE), wanted):
            self.exchanges += 1
            value = f"fake-{call.credential}-{self.exchanges}"
            issued = self._issued[key] = _Issued(value, now, self.expires_in)
        scope = call.parameters.get("scope")
        return {
            "access_token": issued.value,
            "expires_in": int(issued.left(now)),
            **({"scope": scope} if scope else {}),
            "expires_at": int(now + issued.left(now)),
            "source": "store",
            "token_sha256": _digest(issued.value),
            **self._sent_as(call.credential, issued.value),
        }

    def _sent_as(self, credential: str, token: str) -> dict[str, Any]:
        name, prefix = self._headers.get(credential, ("Authorization", "Bearer "))
        one = {"header_name": name, "header_prefix": prefix}
        fields = Parts({name: prefix + "{token}"}).filled(token) | one
        if credential in self._parts:
            fields = self._parts[credential].filled(token)
        is_bearer = fields["headers"].get("Authorization") == f"Bearer {token}"
        return {"token_type": "Bearer" if is_bearer else "N_A", **fields}

    def _reject(self, call: Call) -> dict[str, Any]:
        key, digest = _key_of(call), call.parameters.get("token_sha256", "")
        issued = self._issued.get(key)
        if issued is None or _digest(issued.value) != digest:
            return {"outcome": "replaced", "token_sha256": digest}
        del self._issued[key]
        return {"outcome": "accepted", "token_sha256": digest}

    def _now(self) -> float:
        return self._clock.wall() if self._clock else time.time()


class _InProcess:
    """The way in of a client that calls a fake without a network."""

    def __init__(self, fake: FakeTokenvend) -> None:
        self._fake = fake

    def send(self, call: Call, *, timeout_seconds: float) -> Document | Failure:
        from tokenvend_client.answers import failure_of_invocation

        del timeout_seconds
        fields = self._fake.answer(call)
        return failure_of_invocation(fields) if "error" in fields else Document(fields)

    def send_batch(
        self, calls: Sequence[Call], *, timeout_seconds: float
    ) -> Sequence[Document | Failure] | Failure:
        self._fake.batches += 1
        return [self.send(call, timeout_seconds=timeout_seconds) for call in calls]

    def __repr__(self) -> str:
        return "<FakeTokenvend>"


def _key_of(call: Call) -> object:
    shape = (call.parameters.get(name) for name in _KEY)
    return (call.credential, *shape, connection_name_of(call))


def _digest(value: str) -> str:
    return sha256(value.encode()).hexdigest()


def _error(code: str) -> dict[str, Any]:
    return {"error": code, "error_description": "The fake was told to refuse it."}
