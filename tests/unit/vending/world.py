"""One provider, one table, and as many environments as a test wants."""

from datetime import timedelta

from tests.fakes.clock import FakeClock
from tests.fakes.provider import FakeProvider
from tests.fakes.secret_store import FakeSecretStore
from tests.fakes.token_store import InMemoryTokenStore
from tests.fakes.vend_reader import InMemoryVendReader

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
from tokenvend.vending.exchange import Exchange
from tokenvend.vending.memory import Memory
from tokenvend.vending.obtain import Obtainer
from tokenvend.vending.vendor import Vended, Vendor
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
        self.reader = InMemoryVendReader(self.tokens)
        self.reader.callers[BILLING.identity] = Caller(name="billing")
        self.reader.grants[BILLING.identity, definition.name] = grant
        self.reader.definitions[definition.name] = definition
        secret = ProviderSecret("our-client", Secret("our-secret"), "login.acme.example")
        self.secrets.secrets[definition.name, None] = secret

    def environment(
        self,
        *,
        memory: timedelta = timedelta(seconds=30),
        pause: Pause = sleep,
        clock: FakeClock | None = None,
    ) -> Vendor:
        """A cold environment on this world's tables and provider."""
        clock = clock or self.clock
        exchange = Exchange(secrets=self.secrets, provider=self.provider, clock=clock)
        return Vendor(
            reader=self.reader,
            tokens=self.tokens,
            obtainer=Obtainer(tokens=self.tokens, exchange=exchange, clock=clock, pause=pause),
            api_keys=ApiKeys(secrets=self.secrets, clock=clock),
            memory=Memory(trust=memory, outage_grace=timedelta(seconds=900)),
            clock=clock,
        )

    def vend(
        self, environment: Vendor, request: VendRequest = REQUEST, *, proof: Proof = BILLING
    ) -> Vended:
        """One request with a whole invocation's time."""
        return environment.vend(proof, request, dies_at=self.clock.now() + INVOCATION)


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
