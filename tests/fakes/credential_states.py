"""The state of credentials' secrets in memory."""

from dataclasses import replace
from threading import Lock

from tokenvend.domain.credential_state import (
    UNKNOWN_STATE,
    CredentialState,
    ObservedExchange,
    ProviderOutage,
    ScheduledReader,
)
from tokenvend.domain.failure import Failure
from tokenvend.ports import StoreAwayError


class InMemoryCredentialStates:
    """`ports.CredentialStates` for many environments of one process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._states: dict[tuple[str, str | None], CredentialState] = {}
        self.is_away = False

    def state(self, credential: str, tenant: str | None = None) -> CredentialState:
        """What is known now."""
        with self._lock:
            return self._states.get((credential, tenant), UNKNOWN_STATE)

    def replace_failure(
        self, credential: str, tenant: str | None, *, before: Failure | None, after: Failure | None
    ) -> bool:
        with self._lock:
            self._check_reachable()
            state = self._states.get((credential, tenant), UNKNOWN_STATE)
            if state.failure != before:
                return False
            self._states[credential, tenant] = replace(state, failure=after)
            return True

    def replace_outage(
        self,
        credential: str,
        tenant: str | None,
        *,
        before: ProviderOutage | None,
        after: ProviderOutage | None,
    ) -> bool:
        with self._lock:
            self._check_reachable()
            state = self._states.get((credential, tenant), UNKNOWN_STATE)
            if state.outage != before:
                return False
            self._states[credential, tenant] = replace(state, outage=after)
            return True

    def record_observed(
        self, credential: str, tenant: str | None, observed: ObservedExchange
    ) -> None:
        with self._lock:
            self._check_reachable()
            state = self._states.get((credential, tenant), UNKNOWN_STATE)
            self._states[credential, tenant] = replace(state, observed=observed)

    def mark_ready(
        self, credential: str, tenant: str | None, reader: ScheduledReader, *, is_ready: bool
    ) -> None:
        with self._lock:
            self._check_reachable()
            state = self._states.get((credential, tenant), UNKNOWN_STATE)
            readers = state.not_ready_for - {reader} if is_ready else state.not_ready_for | {reader}
            self._states[credential, tenant] = replace(state, not_ready_for=readers)

    def start_secret_generation(
        self, credential: str, tenant: str | None, secret_generation: str
    ) -> None:
        with self._lock:
            self._check_reachable()
            self._states[credential, tenant] = CredentialState(secret_generation=secret_generation)

    def _check_reachable(self) -> None:
        if self.is_away:
            raise StoreAwayError("the tokens table does not answer")
