"""One provider, one table, and as many environments as a test wants."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from tests.fakes.caller_aliases import FakeCallerAliases
from tests.fakes.clock import FakeClock
from tests.fakes.connection_store import InMemoryConnectionStore
from tests.fakes.credential_states import InMemoryCredentialStates
from tests.fakes.provider import FakeProvider
from tests.fakes.published_keys import FakePublicKeys, FakePublishedKeys
from tests.fakes.quota_store import InMemoryQuotas
from tests.fakes.secret_catalog import FakeSecretCatalog
from tests.fakes.secret_store import FakeSecretStore
from tests.fakes.signer import FakeSigner
from tests.fakes.token_store import InMemoryTokenStore
from tests.fakes.vend_reader import InMemoryCredentialReader, InMemoryVendReader

from tokenvend.domain import bounds
from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind, ScopeMode
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.registry import Caller, Grant
from tokenvend.domain.request import VendRequest
from tokenvend.domain.secret import Secret
from tokenvend.domain.secret_destination import TO_CALLERS
from tokenvend.ports import IdentityTokens
from tokenvend.refresh_tokens.connection_events import ConnectionEvent
from tokenvend.refresh_tokens.redeemer import Redeemer
from tokenvend.refresh_tokens.refresher import Refresher
from tokenvend.schedules.keep_alive import KeepAlive
from tokenvend.schedules.renewal import Renewal, Renewer
from tokenvend.schedules.secret_sweep import SecretSweep
from tokenvend.vending.api_key import ApiKeys
from tokenvend.vending.caller_quotas import CallerQuotas
from tokenvend.vending.consent_check import ConsentCheck
from tokenvend.vending.exchange import ClientExchange
from tokenvend.vending.jwks import JwksPublisher
from tokenvend.vending.lease_wait import Pause, sleep
from tokenvend.vending.memory import Memory
from tokenvend.vending.reject import RejectionRecorder
from tokenvend.vending.signing import SigningClient
from tokenvend.vending.store_outage import StoreOutage
from tokenvend.vending.token_acquirer import LeasedExchange, TokenAcquirer
from tokenvend.vending.vend_result import VendResult
from tokenvend.vending.vendor import Vendor

BILLING = Proof(EntryPoint.IAM, "iam:111122223333:role/billing", unique_id="AROAEXAMPLEEXAMPLE")
READ = frozenset({"jobs_read"})
DEFINITION = CredentialDefinition(
    name="jobs",
    provider="acme",
    token_endpoint="https://login.acme.example/token",
    scopes=frozenset({"jobs_read", "jobs_manage"}),
    scope_mode=ScopeMode.NARROWS,
)
GRANT = Grant(caller="billing", credential="jobs", scopes=READ)
REQUEST = VendRequest("jobs")
INVOCATION = timedelta(seconds=20)


class Harness:
    """Everything that environments share."""

    def __init__(
        self, *, grant: Grant = GRANT, definition: CredentialDefinition = DEFINITION
    ) -> None:
        self.clock = FakeClock()
        self.tokens = InMemoryTokenStore()
        self.provider = FakeProvider(clock=self.clock)
        self.secrets = FakeSecretStore()
        self.connections = InMemoryConnectionStore()
        self.quotas = InMemoryQuotas()
        self.events: list[ConnectionEvent] = []
        self.catalog = FakeSecretCatalog()
        self.aliases = FakeCallerAliases()
        self.states = InMemoryCredentialStates()
        self.reader = InMemoryVendReader(self.tokens, self.states)
        self.signer = FakeSigner()
        self.identity: IdentityTokens | None = None
        self.published, self.public = FakePublishedKeys(), FakePublicKeys()
        self.publisher = JwksPublisher(
            published=self.published,
            public=self.public,
            clock=self.clock,
            on_unusable=lambda _: None,
        )
        self.reader.callers[BILLING.identity] = Caller(name="billing")
        self.reader.grants[BILLING.identity, definition.name] = grant
        self.reader.definitions[definition.name] = definition
        secret = ProviderSecret("our-client", Secret("our-secret"), "login.acme.example")
        self.secrets.secrets[definition.name, None] = secret

    def parts(
        self,
        *,
        memory: timedelta = timedelta(seconds=30),
        pause: Pause = sleep,
        clock: FakeClock | None = None,
    ) -> "Parts":
        """A cold environment on this harness's tables and provider, with every use case."""
        clock = clock or self.clock
        provider = SigningClient(self.provider, self.signer, clock, self.identity)
        exchange = ClientExchange(
            secrets=self.secrets, provider=provider, signer=self.signer, clock=clock
        )
        redeemer = Redeemer(
            connections=self.connections,
            exchange=exchange,
            provider=provider,
            secrets=self.secrets,
            clock=clock,
            pause=pause,
            publish=self.events.append,
        )
        refresher = Refresher(
            connections=self.connections, redeemer=redeemer, clock=clock, pause=pause
        )
        leased_exchange = LeasedExchange(
            tokens=self.tokens,
            states=self.states,
            exchange=exchange,
            refresh=refresher.run,
            clock=clock,
        )
        consents = ConsentCheck(connections=self.connections, clock=clock)
        remembers = Memory(trust=memory, outage_grace=timedelta(seconds=900))
        vendor = Vendor(
            reader=self.reader,
            tokens=self.tokens,
            acquirer=TokenAcquirer(
                tokens=self.tokens, leased_exchange=leased_exchange, clock=clock, pause=pause
            ),
            consents=consents,
            api_keys=ApiKeys(secrets=self.secrets, clock=clock),
            outage=StoreOutage(
                reader=self.reader, exchange=exchange, memory=remembers, clock=clock
            ),
            memory=remembers,
            quotas=CallerQuotas(self.quotas),
            clock=clock,
        )
        return Parts(
            vendor=vendor,
            rejection_recorder=RejectionRecorder(
                reader=self.reader,
                tokens=self.tokens,
                consents=consents,
                memory=remembers,
                clock=clock,
            ),
            refresher=refresher,
            keep_alive=KeepAlive(
                connections=self.connections,
                credentials=InMemoryCredentialReader(self.reader),
                states=self.states,
                refresher=refresher,
                clock=clock,
            ),
            renewer=Renewer(
                tokens=self.tokens,
                credentials=InMemoryCredentialReader(self.reader),
                leased_exchange=leased_exchange,
                clock=clock,
            ),
            sweep=SecretSweep(
                catalog=self.catalog,
                credentials=InMemoryCredentialReader(self.reader),
                states=self.states,
                clock=clock,
            ),
            caller_aliases=self.aliases,
            clock=clock,
        )

    def environment(
        self,
        *,
        memory: timedelta = timedelta(seconds=30),
        pause: Pause = sleep,
        clock: FakeClock | None = None,
    ) -> Vendor:
        """The vendor of a cold environment."""
        return self.parts(memory=memory, pause=pause, clock=clock).vendor

    def vend(
        self, environment: Vendor, request: VendRequest = REQUEST, *, proof: Proof = BILLING
    ) -> VendResult:
        """One request with a whole invocation's time."""
        return environment.vend(proof, request, time_left=INVOCATION)


@dataclass(frozen=True)
class Parts:
    """The use cases of one environment: they share its memory."""

    vendor: Vendor
    rejection_recorder: RejectionRecorder
    renewer: Renewer
    refresher: Refresher
    keep_alive: KeepAlive
    sweep: SecretSweep
    caller_aliases: FakeCallerAliases
    clock: FakeClock
    sent: list[bytes] = field(default_factory=list)

    def invoke_again(self, function_arn: str) -> Callable[[bytes], None]:
        """Keeps what would be sent."""
        assert function_arn
        return self.sent.append

    def renew_all(self, *, time_left: timedelta = INVOCATION) -> list[Renewal]:
        """One run of the schedule, every shard after another."""
        deadline = self.clock.monotonic() + time_left.total_seconds()
        return [
            self.renewer.renew(slot, key, deadline=deadline)
            for shard in range(bounds.RENEWAL_SHARDS)
            for slot, key in self.renewer.due(shard)
        ]


API_KEY = CredentialDefinition(
    name="jobs-key",
    provider="acme",
    token_endpoint="",
    kind=CredentialKind.API_KEY,
    api_request={"header_name": "X-SmartToken"},
)


def secret_of_key(value: str) -> ProviderSecret:
    """The secret of an API key, as the store reads it."""
    return ProviderSecret("", Secret(""), TO_CALLERS, fields={"api_key": Secret(value)})


def api_key_of(harness: Harness) -> CredentialDefinition:
    """An API key in *harness*, granted to nobody yet."""
    harness.reader.definitions[API_KEY.name] = API_KEY
    harness.secrets.secrets[API_KEY.name, None] = secret_of_key("our-api-key")
    return API_KEY
