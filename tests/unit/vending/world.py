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
from tests.fakes.secret_catalog import FakeSecretCatalog
from tests.fakes.secret_store import FakeSecretStore
from tests.fakes.signer import FakeSigner
from tests.fakes.token_store import InMemoryTokenStore
from tests.fakes.vend_reader import InMemoryCredentialReader, InMemoryVendReader

from tokenvend.connecting.events import ConnectionEvent
from tokenvend.connecting.keep_alive import KeepAlive
from tokenvend.connecting.maker import KindOfTokenMaker
from tokenvend.connecting.refresh import Refresher
from tokenvend.connecting.spend import Spender
from tokenvend.domain import bounds
from tokenvend.domain.header import Header
from tokenvend.domain.identity import Entry, Proof
from tokenvend.domain.oauth.token_request import TO_CALLERS, ProviderSecret
from tokenvend.domain.registry import (
    Caller,
    CredentialDefinition,
    CredentialKind,
    Grant,
    ScopeMode,
)
from tokenvend.domain.request import VendRequest
from tokenvend.domain.secret import Secret
from tokenvend.vending.api_key import ApiKeys
from tokenvend.vending.consents import Consents
from tokenvend.vending.exchange import Exchange
from tokenvend.vending.jwks import JwksPublisher
from tokenvend.vending.memory import Memory
from tokenvend.vending.obtain import Obtainer
from tokenvend.vending.outage import Outage
from tokenvend.vending.reject import Rejecter
from tokenvend.vending.renew import Renewal, Renewer
from tokenvend.vending.replacing import Replacer
from tokenvend.vending.signing import SigningClient
from tokenvend.vending.sweep import Sweep
from tokenvend.vending.vended import Vended
from tokenvend.vending.vendor import Vendor
from tokenvend.vending.wait import Pause, sleep

BILLING = Proof(Entry.IAM, "iam:111122223333:role/billing", unique_id="AROAEXAMPLEEXAMPLE")
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


class World:
    """Everything that environments share."""

    def __init__(
        self, *, grant: Grant = GRANT, definition: CredentialDefinition = DEFINITION
    ) -> None:
        self.clock = FakeClock()
        self.tokens = InMemoryTokenStore()
        self.provider = FakeProvider(clock=self.clock)
        self.secrets = FakeSecretStore()
        self.connections = InMemoryConnectionStore()
        self.events: list[ConnectionEvent] = []
        self.catalog = FakeSecretCatalog()
        self.aliases = FakeCallerAliases()
        self.states = InMemoryCredentialStates()
        self.reader = InMemoryVendReader(self.tokens, self.states)
        self.signer = FakeSigner()
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
        """A cold environment on this world's tables and provider, with every use case."""
        clock = clock or self.clock
        provider = SigningClient(self.provider, self.signer, clock)
        exchange = Exchange(secrets=self.secrets, provider=provider, clock=clock)
        spender = Spender(
            connections=self.connections,
            exchange=exchange,
            provider=provider,
            secrets=self.secrets,
            clock=clock,
            pause=pause,
            tell=self.events.append,
        )
        refresher = Refresher(
            connections=self.connections, spender=spender, clock=clock, pause=pause
        )
        replacer = Replacer(
            tokens=self.tokens,
            states=self.states,
            exchange=KindOfTokenMaker(exchange=exchange, refresher=refresher),
            clock=clock,
        )
        consents = Consents(connections=self.connections, clock=clock)
        remembers = Memory(trust=memory, outage_grace=timedelta(seconds=900))
        vendor = Vendor(
            reader=self.reader,
            tokens=self.tokens,
            obtainer=Obtainer(tokens=self.tokens, replacer=replacer, clock=clock, pause=pause),
            consents=consents,
            api_keys=ApiKeys(secrets=self.secrets, clock=clock),
            outage=Outage(reader=self.reader, exchange=exchange, memory=remembers, clock=clock),
            memory=remembers,
            clock=clock,
        )
        return Parts(
            vendor=vendor,
            rejecter=Rejecter(
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
                replacer=replacer,
                clock=clock,
            ),
            sweep=Sweep(
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
    ) -> Vended:
        """One request with a whole invocation's time."""
        return environment.vend(proof, request, time_left=INVOCATION)


@dataclass(frozen=True)
class Parts:
    """The use cases of one environment: they share its memory."""

    vendor: Vendor
    rejecter: Rejecter
    renewer: Renewer
    refresher: Refresher
    keep_alive: KeepAlive
    sweep: Sweep
    caller_aliases: FakeCallerAliases
    clock: FakeClock
    sent: list[bytes] = field(default_factory=list)

    def invoke_again(self, function_arn: str) -> Callable[[bytes], None]:
        """Keeps what would be sent."""
        assert function_arn
        return self.sent.append

    def renew_all(self, *, time_left: timedelta = INVOCATION) -> list[Renewal]:
        """One run of the schedule, every shard after another."""
        dies = self.clock.monotonic() + time_left.total_seconds()
        return [
            self.renewer.renew(slot, key, dies=dies)
            for shard in range(bounds.RENEWAL_SHARDS)
            for slot, key in self.renewer.due(shard)
        ]


API_KEY = CredentialDefinition(
    name="jobs-key",
    provider="acme",
    token_endpoint="",
    kind=CredentialKind.API_KEY,
    api_key_header=Header("X-SmartToken"),
)


def api_key_of(world: World) -> CredentialDefinition:
    """An API key in *world*, granted to nobody yet."""
    world.reader.definitions[API_KEY.name] = API_KEY
    secret = ProviderSecret("", Secret("our-api-key"), TO_CALLERS)
    world.secrets.secrets[API_KEY.name, None] = secret
    return API_KEY
