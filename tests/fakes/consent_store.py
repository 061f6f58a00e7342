"""Consent sessions in memory."""

from threading import Lock

from tokenvend.domain.consent import ConsentSession
from tokenvend.domain.secret import Secret
from tokenvend.ports import StoreAwayError


class InMemoryConsentSessionStore:
    """`ports.ConsentStore` for many environments of one process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sessions: dict[str, ConsentSession] = {}
        self.is_away = False

    def put(self, ticket: Secret, session: ConsentSession) -> None:
        with self._lock:
            self._check_reachable()
            self._sessions[ticket.sha256] = session

    def read(self, ticket: Secret) -> ConsentSession | None:
        with self._lock:
            self._check_reachable()
            return self._sessions.get(ticket.sha256)

    def take(self, ticket: Secret) -> ConsentSession | None:
        with self._lock:
            self._check_reachable()
            return self._sessions.pop(ticket.sha256, None)

    def _check_reachable(self) -> None:
        if self.is_away:
            raise StoreAwayError("the fake is away")
