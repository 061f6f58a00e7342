"""A token by a provider's description: from the file's text to what a caller would get."""

import json
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from ssl import SSLContext
from typing import Any, Self
from urllib.parse import parse_qsl

from tests.adapters.servers import Call, Server
from tests.configuration.samples import document, problems_in, resolved
from tests.configuration.vending_path import Answer, VendingPath
from tests.fakes.clock import FakeClock
from tests.unit.vending.harness import BILLING

from tokenvend.adapters.dynamodb import documents
from tokenvend.adapters.dynamodb.definition_items import parse_definition
from tokenvend.adapters.dynamodb.registry_items import credential_pk, parse_grant
from tokenvend.adapters.provider_http import RequestsProviderClient
from tokenvend.adapters.secrets_manager import DEPLOYMENT_TAG, HOST_TAG, SecretsManagerStore
from tokenvend.adapters.signing.kms import KmsSigner
from tokenvend.adapters.signing.signer import Signer
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.registry import Grant
from tokenvend.domain.secret_destination import destination_of
from tokenvend.domain.token import AccessToken
from tokenvend.ports import IdentityTokens
from tokenvend_cli.configuration.compile import compile_registry
from tokenvend_cli.configuration.models import ConfigurationModel

TOKEN = {"access_token": "T", "token_type": "Bearer", "expires_in": 3600}


@dataclass
class Endpoint:
    """A token endpoint that answers the same to every request, and keeps what it was asked."""

    server: Server
    answer: bytes = field(default_factory=lambda: json.dumps(TOKEN).encode())
    status: int = 200
    content_type: str = "application/json"

    @property
    def url(self) -> str:
        """Where it is."""
        return self.server.url()

    @property
    def asked(self) -> "ReceivedRequest":
        """The newest request."""
        return ReceivedRequest.of(self.server.requests[-1])


@dataclass(frozen=True)
class ReceivedRequest:
    """A request as a server reads it; names of headers are in small letters."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    @classmethod
    def of(cls, request: bytes) -> Self:
        """The request that these bytes are."""
        head, _, body = request.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        path, _, query = target.partition("?")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (each.partition(":") for each in lines)
        }
        return cls(method, path, _pairs(query), headers, body)

    @property
    def form(self) -> dict[str, str]:
        """The form that its body is."""
        assert self.headers["content-type"] == "application/x-www-form-urlencoded"
        return _pairs(self.body.decode("ascii"))

    @property
    def is_json(self) -> bool:
        """Whether it says that its body is JSON."""
        return self.headers.get("content-type") == "application/json"

    @property
    def json(self) -> Any:
        """The JSON that its body is."""
        assert self.is_json
        return json.loads(self.body)

    @property
    def basic(self) -> list[str]:
        """The user and the password of HTTP Basic, as they were sent."""
        scheme, _, encoded = self.headers["authorization"].partition(" ")
        assert scheme == "Basic"
        return b64decode(encoded, validate=True).decode().split(":", 1)


def _pairs(text: str) -> dict[str, str]:
    pairs = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text), errors="strict")
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


@contextmanager
def token_endpoint(
    answer: object = None,
    *,
    status: int = 200,
    content_type: str = "application/json",
    takes: Callable[[ReceivedRequest], bool] = lambda _: True,
    otherwise: object = None,
    otherwise_status: int = 400,
    context: SSLContext | None = None,
) -> Iterator[Endpoint]:
    """A token endpoint on the loopback interface that answers with *answer*.

    A request that it does not take gets *otherwise*. With a *context* it speaks TLS.
    """

    def script(call: Call) -> None:
        if not takes(ReceivedRequest.of(call.request)):
            refusal = json.dumps(otherwise or {"error": "invalid_request"}).encode()
            length = f"Content-Length: {len(refusal)}"
            call.answer(f"HTTP/1.1 {otherwise_status} No", length, body=refusal)
            return
        lines = [f"Content-Length: {len(endpoint.answer)}", f"Content-Type: {content_type}"]
        call.answer(f"HTTP/1.1 {status} Whatever", *lines, body=endpoint.answer)

    body = answer if isinstance(answer, bytes) else json.dumps(answer or TOKEN).encode()
    endpoint = Endpoint(Server(script, context), body)
    with endpoint.server.running():
        yield endpoint


def definition_of(provider: dict[str, Any], credential: dict[str, Any]) -> CredentialDefinition:
    """The definition of a credential of *provider*, as it comes back from the registry.

    Raises:
        AssertionError: something in the file is wrong.
    """
    return compiled(provider, credential)[0]


def compiled(
    provider: dict[str, Any], credential: dict[str, Any]
) -> tuple[CredentialDefinition, Grant]:
    """The definition, and a grant of all of it, as they come back from the registry.

    Raises:
        AssertionError: something in the file is wrong.
    """
    wanted = {"provider": "acme"} | credential
    scopes = credential.get("scopes")
    reaches = {"scopes": scopes} if scopes else {"full_access": True}
    grant: dict[str, Any] = {"caller": "billing", "credential": "jobs", **reaches}
    if credential.get("family"):
        grant["tenants"] = "all"
    parts = {"providers": {"acme": provider}, "credentials": {"jobs": wanted}, "grants": [grant]}
    assert problems_in(parts, local_stack=True) == []
    configuration = ConfigurationModel.model_validate(document(**parts))
    providers, _ = resolved(configuration, local_stack=True)
    stored = {
        item.key: documents.parse(json.dumps(item.document))
        for item in compile_registry(configuration, providers)
    }
    definition = parse_definition(stored[credential_pk("jobs"), "*"])
    return definition, parse_grant(stored[BILLING.identity, "jobs"])


@dataclass
class StubSecretsManager:
    """The two calls that read one secret."""

    text: str
    host: str
    exceptions: Any = None

    def describe_secret(self, **_: str) -> dict[str, Any]:
        tags = {DEPLOYMENT_TAG: "tokenvend", HOST_TAG: self.host}
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def get_secret_value(self, **_: str) -> dict[str, Any]:
        return {"SecretString": self.text, "VersionId": "1"}


def secret_store(
    definition: CredentialDefinition, secret: dict[str, str] | str, *, host: str | None = None
) -> SecretsManagerStore:
    """Secrets Manager with *secret*, recorded for where *definition* sends it."""
    text = secret if isinstance(secret, str) else json.dumps(secret)
    stub: Any = StubSecretsManager(text, host or destination_of(definition))
    return SecretsManagerStore(stub, prefix="tokenvend/", deployment="tokenvend")


def vend(
    provider: dict[str, Any], secret: dict[str, str] | None = None, **described: Any
) -> AccessToken:
    """The token that a caller gets, as `answer` describes it.

    Raises:
        TokenVendError: there is none.
    """
    return answer(provider, secret, **described).vended


def answer(
    provider: dict[str, Any],
    secret: dict[str, str] | None = None,
    *,
    clock: FakeClock | None = None,
    kms: Any = None,
    identity: IdentityTokens | None = None,
    ca_file: Path | None = None,
    host: str | None = None,
    tenant: str | None = None,
    **credential: Any,
) -> Answer:
    """What a caller gets for a credential of *provider*, from the file's text to the answer.

    The provider is asked over HTTP. The secret is recorded for *host*, or else for where its
    definition sends it.
    """
    definition, grant = compiled(provider, credential)
    client = RequestsProviderClient(
        allow_loopback_http=True, ca_file=None if ca_file is None else str(ca_file)
    )
    path = VendingPath(
        definition,
        grant,
        secrets=secret_store(
            definition, secret or {"client_id": "id", "client_secret": "s3cret"}, host=host
        ),
        client=client,
        signer=Signer(KmsSigner(kms)),
        identity=identity,
        clock=clock or FakeClock(),
    )
    return path.answer(**({} if tenant is None else {"tenant": tenant}))
