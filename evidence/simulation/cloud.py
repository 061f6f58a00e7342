"""One account's tables, secrets and provider, and the environments that share them."""

from collections import deque
from dataclasses import dataclass
from datetime import timedelta

from tests.fakes.connection_store import InMemoryConnectionStore
from tests.fakes.credential_states import InMemoryCredentialStates
from tests.fakes.provider import FakeProvider
from tests.fakes.quota_store import InMemoryQuotas
from tests.fakes.secret_store import FakeSecretStore
from tests.fakes.signer import FakeSigner
from tests.fakes.token_store import InMemoryTokenStore
from tests.fakes.vend_reader import InMemoryCredentialReader, InMemoryVendReader

from simulation import network
from simulation.clock import SimulatedClock
from simulation.credentials import (
    SimulatedCredentialReader,
    SimulatedCredentialStates,
    SimulatedVendReader,
)
from simulation.kernel import Kernel
from simulation.load import NO_LIMITS, Limits, Meter
from simulation.network import Network
from simulation.provider import SimulatedProvider, SimulatedSecretStore
from simulation.table import Table
from simulation.token_store import SimulatedTokenStore
from tokenvend.domain import bounds
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.oauth.token_request import ProviderSecret, host_of
from tokenvend.domain.registry import Caller, Grant
from tokenvend.domain.secret import Secret
from tokenvend.domain.token import AccessToken
from tokenvend.ports import ProviderAwayError, StoreAwayError
from tokenvend.schedules.renewal import Renewer
from tokenvend.vending.api_key import ApiKeys
from tokenvend.vending.caller_quotas import CallerQuotas
from tokenvend.vending.consent_check import ConsentCheck
from tokenvend.vending.exchange import ClientExchange, ExchangeRequest
from tokenvend.vending.lease_wait import sleep
from tokenvend.vending.memory import Memory
from tokenvend.vending.store_outage import StoreOutage
from tokenvend.vending.token_acquirer import LeasedExchange, TokenAcquirer
from tokenvend.vending.vendor import Vendor


@dataclass(frozen=True, slots=True, eq=False)
class SimulatedEnvironment:
    """One Lambda execution environment: its own memory, its own clock."""

    vendor: Vendor
    renewer: Renewer
    clock: SimulatedClock


class Cloud:
    """Everything that environments share."""

    def __init__(
        self,
        kernel: Kernel,
        *,
        limits: Limits = NO_LIMITS,
        token_lives: int = 1800,
        memory: timedelta = timedelta(seconds=bounds.MEMORY_SECONDS_DEFAULT),
        tokens: InMemoryTokenStore | None = None,
    ) -> None:
        self.kernel = kernel
        self.meter = Meter(kernel, limits)
        self.memory = memory
        self.store_network = Network(
            kernel, "table", network.STORE, patience=bounds.AWS_READ_SECONDS, lost=_store_lost
        )
        self.provider_network = Network(
            kernel,
            "provider",
            network.PROVIDER,
            patience=bounds.PROVIDER_TOTAL_SECONDS,
            lost=_provider_lost,
        )
        self.secrets_network = Network(
            kernel, "secrets", network.SECRETS, patience=bounds.AWS_READ_SECONDS, lost=_store_lost
        )
        self.tokens = tokens or InMemoryTokenStore()
        self.states = InMemoryCredentialStates()
        self.registry = InMemoryVendReader(self.tokens, self.states, lookups=deque(maxlen=0))
        self.secrets = FakeSecretStore()
        self.provider = SimulatedProvider(
            FakeProvider(expires_in=token_lives), kernel, self.provider_network
        )

    def add_credential(self, definition: CredentialDefinition) -> None:
        """Have *definition* in the registry, and its secret where it belongs."""
        secret = ProviderSecret(
            "our-client", Secret("our-secret"), host_of(definition.token_endpoint)
        )
        self.registry.definitions[definition.name] = definition
        self.secrets.secrets[definition.name, None] = secret

    def add_grant(self, grant: Grant) -> Proof:
        """Let the grant's caller have what it says; how that caller is proven."""
        identity = f"iam:111122223333:role/{grant.caller}"
        self.registry.callers[identity] = Caller(name=grant.caller)
        self.registry.grants[identity, grant.credential] = grant
        return Proof(EntryPoint.IAM, identity)

    def environment(self, *, skew: float = 0.0) -> SimulatedEnvironment:
        """A cold environment whose machine's clock is wrong by *skew* seconds."""
        clock = SimulatedClock(self.kernel, skew=skew)
        table = Table(self.kernel, self.store_network, self.meter, clock)
        reader = SimulatedVendReader(self.registry, table)
        tokens = SimulatedTokenStore(self.tokens, table)
        states = SimulatedCredentialStates(self.states, table)
        secrets = SimulatedSecretStore(self.secrets, self.secrets_network)
        exchange = ClientExchange(
            secrets=secrets, provider=self.provider, signer=FakeSigner(), clock=clock
        )
        leased_exchange = LeasedExchange(
            tokens=tokens,
            states=states,
            exchange=exchange,
            refresh=_no_connection,
            clock=clock,
        )
        memory = Memory(trust=self.memory, outage_grace=_OUTAGE_GRACE)
        consents = ConsentCheck(connections=InMemoryConnectionStore(), clock=clock)
        vendor = Vendor(
            reader=reader,
            tokens=tokens,
            acquirer=TokenAcquirer(
                tokens=tokens, leased_exchange=leased_exchange, clock=clock, pause=sleep
            ),
            consents=consents,
            api_keys=ApiKeys(secrets=secrets, clock=clock),
            outage=StoreOutage(reader=reader, exchange=exchange, memory=memory, clock=clock),
            memory=memory,
            quotas=CallerQuotas(InMemoryQuotas()),
            clock=clock,
        )
        credentials = SimulatedCredentialReader(InMemoryCredentialReader(self.registry), table)
        renewer = Renewer(
            tokens=tokens, credentials=credentials, leased_exchange=leased_exchange, clock=clock
        )
        return SimulatedEnvironment(vendor, renewer, clock)


def _store_lost() -> Exception:
    return StoreAwayError("the answer was lost")


def _provider_lost() -> Exception:
    return ProviderAwayError("no whole answer")


_OUTAGE_GRACE = timedelta(seconds=bounds.OUTAGE_GRACE_SECONDS_DEFAULT)


def _no_connection(exchange_request: ExchangeRequest) -> AccessToken:
    raise AssertionError(f"no credential here has connections: {exchange_request.spec.credential}")
