"""What is read of callers and credentials, and their state, behind a network and budgets."""

from collections.abc import Callable

from tests.fakes.credential_states import InMemoryCredentialStates
from tests.fakes.vend_reader import InMemoryCredentialReader, InMemoryVendReader

from simulation.load import Kind
from simulation.table import CONSISTENT_READ_UNITS, EVENTUAL_READ_UNITS, Table
from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.credential_state import ObservedExchange, ProviderOutage, ScheduledReader
from tokenvend.domain.failure import Failure
from tokenvend.ports import (
    CredentialView,
    Lookup,
    LookupResult,
    StoreAwayError,
    StoreThrottledError,
)


class SimulatedVendReader:
    """`ports.VendReader`: one BatchGetItem over the registry and the tokens."""

    def __init__(self, inner: InMemoryVendReader, table: Table) -> None:
        self.inner = inner
        self._table = table

    def read(self, lookup: Lookup) -> LookupResult:
        """See `ports.VendReader`."""
        # Keys that DynamoDB leaves unprocessed are asked for again at once.
        return self._table.call(
            "lookup", _consumption_of(lookup), lambda: self.inner.read(lookup), retry_wait=0.0
        )

    def is_away(self) -> bool:
        """See `ports.VendReader`."""
        consumes = [(Kind.READ, "meta", EVENTUAL_READ_UNITS)]
        try:
            return self._table.call("probe", consumes, self.inner.is_away)
        except StoreAwayError:
            return True


class SimulatedCredentialReader:
    """`ports.CredentialReader`: one BatchGetItem."""

    def __init__(self, inner: InMemoryCredentialReader, table: Table) -> None:
        self.inner = inner
        self._table = table

    def read(
        self, credential: str, tenant: str | None, *, connection: ConnectionKey | None = None
    ) -> CredentialView:
        """See `ports.CredentialReader`."""
        consumes = [
            (Kind.READ, f"credential#{credential}", 2 * EVENTUAL_READ_UNITS),
            (Kind.READ, f"state#{credential}#{tenant}", EVENTUAL_READ_UNITS),
        ]
        return self._table.call(
            "credential",
            consumes,
            lambda: self.inner.read(credential, tenant, connection=connection),
            retry_wait=0.0,
        )


class SimulatedCredentialStates:
    """`ports.CredentialStates`."""

    def __init__(self, inner: InMemoryCredentialStates, table: Table) -> None:
        self.inner = inner
        self._table = table

    def replace_failure(
        self, credential: str, tenant: str | None, *, before: Failure | None, after: Failure | None
    ) -> bool:
        """See `ports.CredentialStates`."""
        return self._write(
            credential,
            tenant,
            lambda: self.inner.replace_failure(credential, tenant, before=before, after=after),
        )

    def replace_outage(
        self,
        credential: str,
        tenant: str | None,
        *,
        before: ProviderOutage | None,
        after: ProviderOutage | None,
    ) -> bool:
        """See `ports.CredentialStates`."""
        return self._write(
            credential,
            tenant,
            lambda: self.inner.replace_outage(credential, tenant, before=before, after=after),
        )

    def record_observed(
        self, credential: str, tenant: str | None, observed: ObservedExchange
    ) -> None:
        """See `ports.CredentialStates`."""

        def note() -> bool:
            self.inner.record_observed(credential, tenant, observed)
            return True

        self._write(credential, tenant, note)

    def mark_ready(
        self, credential: str, tenant: str | None, reader: ScheduledReader, *, is_ready: bool
    ) -> None:
        """See `ports.CredentialStates`."""

        def mark() -> bool:
            self.inner.mark_ready(credential, tenant, reader, is_ready=is_ready)
            return True

        self._write(credential, tenant, mark)

    def start_secret_generation(
        self, credential: str, tenant: str | None, secret_generation: str
    ) -> None:
        """See `ports.CredentialStates`."""

        def start() -> bool:
            self.inner.start_secret_generation(credential, tenant, secret_generation)
            return True

        self._write(credential, tenant, start)

    def _write(self, credential: str, tenant: str | None, act: Callable[[], bool]) -> bool:
        consumes = [(Kind.WRITE, f"state#{credential}#{tenant}", CONSISTENT_READ_UNITS)]
        try:
            return self._table.call("state", consumes, act)
        except StoreThrottledError:
            return False


def _consumption_of(lookup: Lookup) -> list[tuple[Kind, str, float]]:
    consumes = [
        # Of the caller its settings, grant and block; of the credential settings and block.
        (Kind.READ, f"identity#{lookup.identity}", 3 * EVENTUAL_READ_UNITS),
        (Kind.READ, f"credential#{lookup.credential}", 2 * EVENTUAL_READ_UNITS),
        (Kind.READ, f"state#{lookup.credential}#{lookup.tenant}", EVENTUAL_READ_UNITS),
    ]
    if lookup.token_key is not None:
        consumes.append((Kind.READ, f"token#{lookup.token_key}", EVENTUAL_READ_UNITS))
    return consumes
