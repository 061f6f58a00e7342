"""A user's consent by a provider's description: from the file's text to tokens, over HTTP."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from tests.adapters.servers import Call, Server
from tests.configuration.described import ReceivedRequest, secret_store
from tests.configuration.samples import document, problems_in, resolved
from tests.fakes.consent_store import InMemoryConsentSessionStore
from tests.fakes.quota_store import InMemoryQuotas
from tests.unit.vending.harness import BILLING
from tests.unit.vending.harness import Harness as VendingHarness

from tokenvend.adapters.dynamodb import documents
from tokenvend.adapters.dynamodb.definition_items import parse_definition
from tokenvend.adapters.dynamodb.registry_items import credential_pk, parse_grant
from tokenvend.adapters.provider_http import RequestsProviderClient
from tokenvend.consent.browser_flow import BrowserFlowSteps
from tokenvend.consent.caller_connections import CallerConnections, StartedConsent
from tokenvend.consent.flow_steps import ProviderRedirect
from tokenvend.domain.connection import Connection
from tokenvend.domain.connection_request import Action, parse_connection_request
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.registry import Grant
from tokenvend.domain.request import VendRequest
from tokenvend.domain.secret import Secret
from tokenvend.vending.caller_quotas import CallerQuotas
from tokenvend.vending.memory import Memory
from tokenvend.vending.vend_result import VendResult
from tokenvend_cli.configuration.compile import compile_registry
from tokenvend_cli.configuration.models import ConfigurationModel

RETURN_URL = "https://app.example/back"
CALLBACK = "https://connect.example/callback/jobs"
SCOPES = frozenset({"read", "write"})
CODE = "code-1"
SECRET = {"client_id": "id", "client_secret": "s3cret"}
TIME_LEFT = timedelta(seconds=20)


@dataclass
class Provider:
    """An authorization server on the loopback interface, as odd as a test wants it.

    `takes` judges the requests to its token and refresh endpoints. `fields` stand beside the
    tokens of an answer, by the grant type. `refresh_tokens` are given one after another; `None`:
    the answer has none. A refresh goes to `refresh_path`.
    """

    takes: Callable[[ReceivedRequest, dict[str, Any]], bool] = lambda _asked, _parameters: True
    reads_json: bool = False
    refresh_path: str = "/token"
    code_parameter: str = "code"
    refuses_pkce: bool = False
    ties_scopes: bool = False
    refresh_tokens: list[str | None] = field(default_factory=lambda: ["r-1", "r-2", "r-3"])
    fields: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    requests: list[dict[str, Any]] = field(default_factory=list)
    carries: frozenset[str] = SCOPES

    def authorize(self, url: str) -> dict[str, str]:
        """What comes back to the callback once the user has agreed."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        if self.refuses_pkce and "code_challenge" in asked:
            return {"state": asked["state"], "error": "invalid_request"}
        return {"state": asked["state"], self.code_parameter: CODE}

    def answer(self, call: Call) -> None:
        """Answer one request to the token endpoint or the refresh endpoint."""
        asked = ReceivedRequest.of(call.request)
        parameters = asked.json if self.reads_json else asked.form
        self.requests.append(parameters)
        status, answer = self._judged(asked, parameters)
        body = json.dumps(answer).encode()
        lines = [f"Content-Length: {len(body)}", "Content-Type: application/json"]
        call.answer(f"HTTP/1.1 {status} Whatever", *lines, body=body)

    def _judged(
        self, asked: ReceivedRequest, parameters: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        grant_type = parameters["grant_type"]
        is_refresh = grant_type == "refresh_token"
        if asked.path != (self.refresh_path if is_refresh else "/token"):
            return 404, {"message": "there is nothing here"}
        if not self.takes(asked, parameters):
            return 400, {"error": "invalid_request"}
        if not is_refresh and parameters.get(self.code_parameter) != CODE:
            return 400, {"error": "invalid_grant"}
        scopes = frozenset(parameters["scope"].split()) if "scope" in parameters else self.carries
        if not scopes <= self.carries:
            return 400, {"error": "invalid_scope"}
        if self.ties_scopes:
            self.carries = scopes
        token: dict[str, Any] = {"access_token": f"T-{len(self.requests)}", "token_type": "Bearer"}
        token |= {"expires_in": 3600, "scope": " ".join(sorted(scopes))}
        return 200, token | self._next_refresh_token() | dict(self.fields.get(grant_type, {}))

    def _next_refresh_token(self) -> dict[str, str]:
        given = self.refresh_tokens.pop(0) if self.refresh_tokens else None
        return {} if given is None else {"refresh_token": given}


class Authorizes(Protocol):
    """A provider whose user agrees at once."""

    def authorize(self, url: str) -> dict[str, str]:
        """What comes back to the callback once the user has agreed."""


class Flow[At: Authorizes](VendingHarness):
    """Everything that environments share, for one credential under which users consent."""

    def __init__(
        self,
        at: At,
        described: Mapping[str, Any],
        secret: Mapping[str, str] = SECRET,
        ca_file: Path | None = None,
    ) -> None:
        definition, grant = _compiled(described)
        super().__init__(definition=definition, grant=grant)
        self.at, self.definition = at, definition
        self.secrets = secret_store(definition, dict(secret))  # type: ignore[assignment]
        self.provider = RequestsProviderClient(  # type: ignore[assignment]
            allow_loopback_http=True, ca_file=None if ca_file is None else str(ca_file)
        )
        parts: dict[str, Any] = {
            "reader": self.reader,
            "connections": self.connections,
            "sessions": InMemoryConsentSessionStore(),
            "secret_store": self.secrets,
            "provider": self.provider,
            "clock": self.clock,
        }
        memory = Memory(trust=timedelta(seconds=30), outage_grace=timedelta(seconds=900))
        self.caller_side = CallerConnections(
            **parts,
            memory=memory,
            quotas=CallerQuotas(InMemoryQuotas()),
            publish=self.events.append,
        )
        self.pages = BrowserFlowSteps(**parts)

    def depart(self, **start: str) -> ProviderRedirect:
        """A browser that pressed *Continue*. *start* is more of what the application started."""
        started = self.run(Action.START, return_url=RETURN_URL, **start)
        assert isinstance(started, StartedConsent)
        return self.pages.proceed(Secret(started.connect_url.rpartition("/")[2]))

    def come_back(self, departure: ProviderRedirect, **changed: str) -> str:
        """The browser comes back from the provider; where it goes then."""
        query = self.at.authorize(departure.url) | changed
        multi = {name: [value] for name, value in query.items()}
        return self.pages.come_back("jobs", multi, departure.browser, time_left=TIME_LEFT).url

    def consent(self, *, connection: str = "acme", **start: str) -> Connection:
        """A user consents, and the application completes the connection."""
        departure = self.depart(connection=connection, **start)
        code = parse_qs(urlsplit(self.come_back(departure)).query)["code"][0]
        completed = self.run(Action.COMPLETE, connection=connection, code=code)
        assert isinstance(completed, Connection)
        return completed

    def vend_token(self, *scopes: str, connection: str = "acme") -> VendResult:
        """A token of the connection, by an environment that is new."""
        asked = VendRequest("jobs", connection=connection, scopes=frozenset(scopes) or None)
        return self.vend(self.environment(), asked)

    def expire(self) -> None:
        """Let an access token's whole life pass."""
        self.clock.advance(timedelta(seconds=3600))

    def run(self, action: Action, **parameters: object) -> object:
        """What the application's request about its connection comes to."""
        named = {"connection": "acme"} | parameters
        return self.caller_side.run(BILLING, parse_connection_request(action, "jobs", named))


@contextmanager
def flow(
    provider: Provider, *, names_refresh: bool = False, **described: Any
) -> Iterator[Flow[Provider]]:
    """*provider*, running, as the file describes it, and a credential of it.

    With *names_refresh* the file says where a refresh goes.

    Raises:
        AssertionError: something in the file is wrong.
    """
    server = Server(provider.answer)
    with server.running():
        url = server.url()
        if names_refresh:
            at = url.replace("/token", provider.refresh_path)
            described["consent_flow"] = {"refresh_endpoint": at}
        yield Flow(provider, {"token_endpoint": url} | described)


def _compiled(described: Mapping[str, Any]) -> tuple[CredentialDefinition, Grant]:
    """The definition and the grant, as they come back from the registry."""
    at_acme = {"authorization_endpoint": "https://login.acme.example/allow"}
    if "profile" in described:
        at_acme = {}
    parts: dict[str, Any] = {
        "providers": {"acme": at_acme | dict(described)},
        "credentials": {
            "jobs": {
                "provider": "acme",
                "kind": "authorization_code",
                "redirect_uri": CALLBACK,
                "scopes": sorted(SCOPES),
            }
        },
        "grants": [
            {
                "caller": "billing",
                "credential": "jobs",
                "scopes": sorted(SCOPES),
                "return_urls": [RETURN_URL],
            }
        ],
    }
    assert problems_in(parts, local_stack=True) == []
    configuration = ConfigurationModel.model_validate(document(**parts))
    providers, _ = resolved(configuration, local_stack=True)
    stored = {
        item.key: documents.parse(json.dumps(item.document))
        for item in compile_registry(configuration, providers)
    }
    definition = parse_definition(stored[credential_pk("jobs"), "*"])
    return definition, parse_grant(stored[BILLING.identity, "jobs"])
