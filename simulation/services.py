"""The ports as simulated services: the fakes' semantics, behind networks and budgets."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from http import HTTPStatus

from tests.fakes.credential_states import InMemoryCredentialStates
from tests.fakes.provider import FakeProvider
from tests.fakes.secret_store import FakeSecretStore
from tests.fakes.token_store import InMemoryTokenStore
from tests.fakes.vend_reader import InMemoryCredentialReader, InMemoryVendReader

from simulation.clock import SimulatedClock, true_time
from simulation.kernel import Kernel, Task
from simulation.load import Kind, Meter
from simulation.network import Network
from tokenvend.domain import bounds
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.connection import ConnectionKey
from tokenvend.domain.credential_state import Observed
from tokenvend.domain.failure import Failure
from tokenvend.domain.lease import Lease
from tokenvend.domain.oauth.token_request import ProviderRequest, ProviderSecret
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.registry import CredentialDefinition
from tokenvend.domain.renewal import Slot
from tokenvend.domain.token import AccessToken, SecretStage
from tokenvend.ports import (
    CredentialView,
    Findings,
    Lookup,
    StoreAwayError,
    StoreThrottledError,
    TokenItem,
)

#: A token of 1 to 2 KB with its wrapped key: DynamoDB counts each began KB of a write.
WRITE_UNITS = 2.0
CONSISTENT_READ_UNITS = 1.0
#: One item of a BatchGetItem, present or not.
EVENTUAL_READ_UNITS = 0.5
#: botocore's standard mode waits this long at most before its second attempt.
RETRY_WAIT_SECONDS = 1.0


class Table:
    """One DynamoDB table as the client of one environment sees it.

    Each answer tells the client's *clock* the time, as the header `Date` does.
    """

    def __init__(
        self, kernel: Kernel, network: Network, meter: Meter, clock: SimulatedClock
    ) -> None:
        self._kernel = kernel
        self._network = network
        self._meter = meter
        self._clock = clock

    def call[T](
        self,
        what: str,
        spends: list[tuple[Kind, str, float]],
        act: Callable[[], T],
        *,
        retry_wait: float = RETRY_WAIT_SECONDS,
    ) -> T:
        """Do *act* if every partition in *spends* has the units for it.

        Raises:
            StoreThrottledError: one had not, at each attempt.
        """
        self._meter.calls[spends[0][0]] += 1

        def within_limits() -> T:
            served = [self._meter.take(*spend) for spend in spends]
            if not all(served):
                raise StoreThrottledError(f"{what} was throttled")
            return act()

        for _ in range(bounds.AWS_ATTEMPTS - 1):
            try:
                return self._heard(self._network.call(what, within_limits))
            except StoreThrottledError:
                wait = self._kernel.random.random() * retry_wait
                self._kernel.pause(wait, f"{what}, throttled")
        return self._heard(self._network.call(what, within_limits))

    def _heard[T](self, answer: T) -> T:
        self._clock.learn(true_time(self._kernel).replace(microsecond=0))
        return answer


class SimulatedTokenStore:
    """`ports.TokenStore`. `inner` is what the table holds."""

    def __init__(self, inner: InMemoryTokenStore, table: Table) -> None:
        self.inner = inner
        self._table = table

    def read(self, key: str) -> TokenItem:
        """See `ports.TokenStore`."""
        spends = [(Kind.READ, f"token#{key}", CONSISTENT_READ_UNITS)]
        return self._table.call("read", spends, lambda: self.inner.read(key))

    def acquire_lease(
        self, key: str, lease: Lease, *, instead_of: Lease | None
    ) -> TokenItem | None:
        """See `ports.TokenStore`."""
        return self._write(
            "acquire", key, lambda: self.inner.acquire_lease(key, lease, instead_of=instead_of)
        )

    def put_token(self, key: str, token: AccessToken, *, spec: TokenSpec, lease: Lease) -> bool:
        """See `ports.TokenStore`."""
        put = self._write(
            "put", key, lambda: self.inner.put_token(key, token, spec=spec, lease=lease)
        )
        return bool(put)

    def release_lease(self, key: str, *, lease: Lease, failure: Failure | None) -> None:
        """See `ports.TokenStore`."""
        self._write(
            "release", key, lambda: self.inner.release_lease(key, lease=lease, failure=failure)
        )

    def schedule_renewal(self, key: str, token: AccessToken, slot: Slot | None) -> None:
        """See `ports.TokenStore`."""
        self._write("schedule", key, lambda: self.inner.schedule_renewal(key, token, slot))

    def due(self, slot: Slot) -> Iterator[str]:
        """See `ports.TokenStore`."""
        # Each minute is a partition of its own; one name a shard keeps a long run's books short.
        spends = [(Kind.READ, f"slot#{slot.shard}", EVENTUAL_READ_UNITS)]
        yield from self._table.call("due", spends, lambda: list(self.inner.due(slot)))

    def reject(self, key: str, token: AccessToken) -> None:
        """See `ports.TokenStore`."""
        spends = [(Kind.WRITE, f"token#{key}", WRITE_UNITS)]
        self._table.call("reject", spends, lambda: self.inner.reject(key, token))

    def _write[T](self, what: str, key: str, act: Callable[[], T]) -> T | None:
        try:
            return self._table.call(what, [(Kind.WRITE, f"token#{key}", WRITE_UNITS)], act)
        except StoreThrottledError:
            return None


class SimulatedVendReader:
    """`ports.VendReader`: one BatchGetItem over the registry and the tokens."""

    def __init__(self, inner: InMemoryVendReader, table: Table) -> None:
        self.inner = inner
        self._table = table

    def read(self, lookup: Lookup) -> Findings:
        """See `ports.VendReader`."""
        # Keys that DynamoDB leaves unprocessed are asked for again at once.
        return self._table.call(
            "lookup", _spends_of(lookup), lambda: self.inner.read(lookup), retry_wait=0.0
        )

    def is_away(self) -> bool:
        """See `ports.VendReader`."""
        spends = [(Kind.READ, "meta", EVENTUAL_READ_UNITS)]
        try:
            return self._table.call("probe", spends, self.inner.is_away)
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
        spends = [
            (Kind.READ, f"credential#{credential}", 2 * EVENTUAL_READ_UNITS),
            (Kind.READ, f"state#{credential}#{tenant}", EVENTUAL_READ_UNITS),
        ]
        return self._table.call(
            "credential",
            spends,
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

    def note(self, credential: str, tenant: str | None, observed: Observed) -> None:
        """See `ports.CredentialStates`."""

        def note() -> bool:
            self.inner.note(credential, tenant, observed)
            return True

        self._write(credential, tenant, note)

    def start_epoch(self, credential: str, tenant: str | None, epoch: str) -> None:
        """See `ports.CredentialStates`."""

        def start() -> bool:
            self.inner.start_epoch(credential, tenant, epoch)
            return True

        self._write(credential, tenant, start)

    def _write(self, credential: str, tenant: str | None, act: Callable[[], bool]) -> bool:
        spends = [(Kind.WRITE, f"state#{credential}#{tenant}", CONSISTENT_READ_UNITS)]
        try:
            return self._table.call("state", spends, act)
        except StoreThrottledError:
            return False


def _spends_of(lookup: Lookup) -> list[tuple[Kind, str, float]]:
    spends = [
        # Of the caller its settings, grant and block; of the credential settings and block.
        (Kind.READ, f"identity#{lookup.identity}", 3 * EVENTUAL_READ_UNITS),
        (Kind.READ, f"credential#{lookup.credential}", 2 * EVENTUAL_READ_UNITS),
        (Kind.READ, f"state#{lookup.credential}#{lookup.tenant}", EVENTUAL_READ_UNITS),
    ]
    if lookup.token_key is not None:
        spends.append((Kind.READ, f"token#{lookup.token_key}", EVENTUAL_READ_UNITS))
    return spends


class SimulatedSecretStore:
    """`ports.SecretStore`."""

    def __init__(self, inner: FakeSecretStore, network: Network) -> None:
        self.inner = inner
        self._network = network

    def read(
        self,
        definition: CredentialDefinition,
        tenant: str | None,
        *,
        stage: SecretStage = SecretStage.CURRENT,
    ) -> ProviderSecret:
        """See `ports.SecretStore`."""
        return self._network.call("read", lambda: self.inner.read(definition, tenant, stage=stage))


@dataclass(frozen=True, slots=True)
class Issued:
    """A token that the provider gave, and the request that it answered.

    `expires_at` is in true seconds, from the arrival of the request on.
    """

    url: str
    scope: str | None
    audience: str | None
    issued_at: float
    expires_at: float


class SimulatedProvider:
    """`ports.ProviderClient`. It remembers what each token was given for, and when.

    `in_flight` holds the request of each task that waits for its answer; `on_request` hears of
    each before it is sent.
    """

    def __init__(self, inner: FakeProvider, kernel: Kernel, network: Network) -> None:
        self.inner = inner
        self._kernel = kernel
        self._network = network
        self.in_flight: dict[Task, ProviderRequest] = {}
        self.issued: dict[str, Issued] = {}
        #: How long each endpoint's tokens live, where that is not the fake's own default.
        self.lives: dict[str, int] = {}
        #: When the newest answer arrived, and how long it had taken.
        self.answered_at = self.took = 0.0
        self.on_request: Callable[[Task, ProviderRequest], None] = lambda *_: None

    def send(self, request: ProviderRequest) -> ProviderResponse:
        """See `ports.ProviderClient`."""
        task = self._kernel.running
        self.on_request(task, request)
        self.in_flight[task] = request
        started = self._kernel.now
        try:
            response = self._network.call("token", lambda: self._answer(request))
            self.answered_at, self.took = self._kernel.now, self._kernel.now - started
            return response
        finally:
            del self.in_flight[task]

    def _answer(self, request: ProviderRequest) -> ProviderResponse:
        self.inner.expires_in = self.lives.get(request.url, self.inner.expires_in)
        response = self.inner.send(request)
        if response.status == HTTPStatus.OK:
            fields, form, now = json.loads(response.body), request.form, self._kernel.now
            self.issued[fields["access_token"]] = Issued(
                url=request.url,
                scope=form.get("scope"),
                audience=form.get("audience"),
                issued_at=now,
                expires_at=now + fields["expires_in"],
            )
        return response
