"""One provider where users consent, two callers, and browsers with a cookie each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

from tests.fakes.clock import FakeClock
from tests.fakes.connection_store import InMemoryConnectionStore
from tests.fakes.consent_store import InMemoryConsentSessionStore
from tests.fakes.provider import FakeProvider, json_response
from tests.fakes.quota_store import InMemoryQuotas
from tests.fakes.secret_store import FakeSecretStore
from tests.fakes.token_store import InMemoryTokenStore
from tests.fakes.vend_reader import InMemoryVendReader

from tokenvend.consent.browser_flow import BrowserFlowSteps
from tokenvend.consent.caller_connections import CallerConnections, ConnectionResult, StartedConsent
from tokenvend.consent.flow_steps import ApplicationRedirect, ProviderRedirect
from tokenvend.domain.connection import Connection, ConnectionKey
from tokenvend.domain.connection_request import Action, parse_connection_request
from tokenvend.domain.credential_definition import (
    Authorization,
    CredentialDefinition,
    CredentialKind,
)
from tokenvend.domain.identity import EntryPoint, Proof
from tokenvend.domain.oauth.authorization import Query
from tokenvend.domain.oauth.token_request import ProviderSecret
from tokenvend.domain.registry import Caller, Grant
from tokenvend.domain.secret import Secret
from tokenvend.refresh_tokens.connection_events import ConnectionEvent
from tokenvend.vending.caller_quotas import CallerQuotas
from tokenvend.vending.memory import Memory

SHOP = Proof(EntryPoint.IAM, "iam:111122223333:role/shop")
STRANGER = Proof(EntryPoint.IAM, "iam:111122223333:role/stranger")
RETURN_URL = "https://shop.example/connected?tab=hiring"
ISSUER = "https://hiring.example"
TIME_LEFT = timedelta(seconds=20)
DEFINITION = CredentialDefinition(
    name="hiring",
    provider="hiring",
    kind=CredentialKind.AUTHORIZATION_CODE,
    token_endpoint="https://hiring.example/token",
    revocation_endpoint="https://hiring.example/revoke",
    scopes=frozenset({"jobs_read", "jobs_manage"}),
    authorization=Authorization(
        endpoint="https://hiring.example/allow?brand=1",
        redirect_uri="https://connect.example/v1/callback/hiring",
        issuer=ISSUER,
        parameters={"prompt": "consent"},
        scope_words={"jobs_read": "See jobs"},
        refresh_token_days=28,
        provider_title="Hiring",
        account_endpoint="https://hiring.example/users/me",
        account_field="id",
    ),
)


@dataclass
class Harness:
    """Everything that the functions share; `browser` is a cookie jar of one cookie."""

    clock: FakeClock = field(default_factory=FakeClock)
    sessions: InMemoryConsentSessionStore = field(default_factory=InMemoryConsentSessionStore)
    connections: InMemoryConnectionStore = field(default_factory=InMemoryConnectionStore)
    secrets: FakeSecretStore = field(default_factory=FakeSecretStore)
    reader: InMemoryVendReader = field(
        default_factory=lambda: InMemoryVendReader(InMemoryTokenStore())
    )
    provider: FakeProvider = field(default_factory=FakeProvider)

    events: list[ConnectionEvent] = field(default_factory=list)

    def __post_init__(self) -> None:
        secret = ProviderSecret("our client", Secret("our-secret"), "hiring.example")
        self.secrets.secrets["hiring", None] = secret
        self.define(DEFINITION)
        for proof, name in {SHOP: "shop", STRANGER: "stranger"}.items():
            self.reader.callers[proof.identity] = Caller(name=name, title=name.title())
            self.reader.grants[proof.identity, "hiring"] = Grant(
                caller=name,
                credential="hiring",
                scopes=frozenset({"jobs_read"}),
                return_urls=frozenset({RETURN_URL}),
            )
        parts = {
            "reader": self.reader,
            "connections": self.connections,
            "sessions": self.sessions,
            "secret_store": self.secrets,
            "provider": self.provider,
            "clock": self.clock,
        }
        memory = Memory(trust=timedelta(seconds=30), outage_grace=timedelta(seconds=900))
        self.caller_side = CallerConnections(
            **parts,  # type: ignore[arg-type]
            memory=memory,
            quotas=CallerQuotas(InMemoryQuotas()),
            publish=self.events.append,
        )
        self.pages = BrowserFlowSteps(**parts)  # type: ignore[arg-type]

    def define(self, definition: CredentialDefinition) -> None:
        self.reader.definitions[definition.name] = definition

    def run(self, action: Action, proof: Proof = SHOP, **parameters: object) -> ConnectionResult:
        return self.caller_side.run(proof, parse_connection_request(action, "hiring", parameters))

    def start(
        self, proof: Proof = SHOP, *, connection: str = "ada", **parameters: object
    ) -> Secret:
        """Start a connection; the link's ticket."""
        started = self.run(
            Action.START,
            proof,
            **{"connection": connection, "return_url": RETURN_URL, **parameters},
        )
        assert isinstance(started, StartedConsent)
        base, _, ticket = started.connect_url.rpartition("/")
        assert base == "https://connect.example/v1/connect"
        return Secret(ticket)

    def depart(self, proof: Proof = SHOP, *, connection: str = "ada") -> ProviderRedirect:
        """A browser that pressed *Continue*."""
        return self.pages.proceed(self.start(proof, connection=connection))

    def consent(self, refresh_token: str = "refresh-1", **fields: object) -> None:
        """What the provider's token endpoint answers next."""
        token = {"access_token": "access-1", "token_type": "Bearer", "expires_in": 1799}
        self.provider.script(json_response({**token, "refresh_token": refresh_token, **fields}))

    def come_back(
        self,
        redirect: ProviderRedirect,
        query: Mapping[str, str] | None = None,
        *,
        browser: Secret | None = None,
        time_left: timedelta = TIME_LEFT,
    ) -> ApplicationRedirect:
        """The browser that left, or *browser*, comes back with *query* beside the state."""
        sent = {"state": redirect.state.reveal(), "code": "code-1"} | dict(query or {})
        multi: Query = {name: [value] for name, value in sent.items()}
        return self.pages.come_back(
            "hiring", multi, browser or redirect.browser, time_left=time_left
        )

    def connect(
        self, *, connection: str = "ada", account: str = "ada", **fields: str
    ) -> ApplicationRedirect:
        """All that the user does: until the browser is back at the application."""
        redirect = self.depart(connection=connection)
        self.consent(**fields)
        self.provider.account = {"id": account}
        return self.come_back(redirect)

    def complete(
        self, returned: ApplicationRedirect, *, proof: Proof = SHOP, **changed: object
    ) -> Connection:
        """What the application does with what came to its return URL."""
        query = parse_qs(urlsplit(returned.url).query)
        parameters = {name: query[name][0] for name in ("connection", "code")}
        completed = self.run(Action.COMPLETE, proof, **{**parameters, **changed})
        assert isinstance(completed, Connection)
        return completed


def key_of(name: str, owner: str = "shop") -> ConnectionKey:
    return ConnectionKey(credential="hiring", owner=owner, name=name)
