"""A token by the whole path: a caller's HTTP request, the use cases, the caches, the answer.

The tables are in memory. Everything else is what a function runs.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest import mock
from urllib.parse import urlencode

from tests.fakes.clock import FakeClock
from tests.functions.conftest import through
from tests.unit.vending.harness import Harness

import tokenvend.entries.callers
from tokenvend.domain.credential_definition import CredentialDefinition, CredentialKind
from tokenvend.domain.errors import ProviderRefusedError, TokenVendError
from tokenvend.domain.identity import EntryPoint
from tokenvend.domain.oauth.token_request import ProviderRequest
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.registry import Grant
from tokenvend.domain.token import AccessToken
from tokenvend.domain.token_presentation import RequestParts
from tokenvend.entries.callers import handle_http
from tokenvend.entries.http import parse_iam_event
from tokenvend.ports import AssertionSigner, IdentityTokens, ProviderApiClient, SecretStore
from tokenvend.vending.vendor import Vendor

_SESSION = "arn:aws:sts::111122223333:assumed-role/billing/session"


@dataclass
class CountingClient:
    """A provider client that keeps what it sent."""

    client: ProviderApiClient
    sent: list[ProviderRequest] = field(default_factory=list)

    def send(self, request: ProviderRequest) -> ProviderResponse:
        self.sent.append(request)
        return self.client.send(request)

    def get(self, url: str, *, parts: RequestParts) -> ProviderResponse:
        return self.client.get(url, parts=parts)


@dataclass
class RecordingVendor:
    """A vendor that keeps the token or the error behind its newest answer."""

    vendor: Vendor
    token: AccessToken | None = None
    error: TokenVendError | None = None

    def vend(self, *asked: Any, **more: Any) -> Any:
        self.token = self.error = None
        try:
            vended = self.vendor.vend(*asked, **more)
        except TokenVendError as error:
            self.error = error
            raise
        self.token = vended.answer.token
        return vended


@dataclass(frozen=True)
class Answer:
    """What a caller gets over HTTP, and the token or the error behind it."""

    status: int
    headers: dict[str, str]
    fields: dict[str, Any]
    token: AccessToken | None
    error: TokenVendError | None

    @property
    def vended(self) -> AccessToken:
        """The token.

        Raises:
            TokenVendError: there is none.
        """
        if self.error is not None:
            raise self.error
        assert self.token is not None
        return self.token


class VendingPath:
    """One credential, its caller and grant, and as many environments as are asked."""

    def __init__(
        self,
        definition: CredentialDefinition,
        grant: Grant,
        *,
        secrets: SecretStore,
        client: ProviderApiClient,
        signer: AssertionSigner,
        identity: IdentityTokens | None,
        clock: FakeClock,
    ) -> None:
        harness: Any = Harness(definition=definition, grant=grant)
        harness.clock, harness.secrets, harness.signer = clock, secrets, signer
        harness.identity = identity
        harness.provider = self._counting = CountingClient(client)
        self._harness: Harness = harness
        self._definition = definition

    def answer(self, **parameters: str) -> Answer:
        """What the caller gets, and gets again from each cache without another exchange.

        Raises:
            AssertionError: the answer is not whole, or the provider was asked again.
        """
        warm = RecordingVendor(self._harness.environment())
        first = self._ask(warm, parameters)
        if first.token is None:
            return self._refusal(first, warm, parameters)
        sent = len(self._counting.sent)
        is_signed = self._definition.kind is CredentialKind.SIGNED_JWT
        _check_token(first, "provider" if sent or is_signed else "store")
        cold = RecordingVendor(self._harness.environment())
        for vendor, source in ((warm, "memory"), (cold, "store")):
            again = self._ask(vendor, parameters)
            _check_token(again, source)
            assert again.fields == first.fields | {"source": source}
        assert len(self._counting.sent) == sent
        return first

    def _refusal(
        self, first: Answer, vendor: RecordingVendor, parameters: dict[str, str]
    ) -> Answer:
        """Check a refusal. One of the provider's is remembered, so that it is not asked again."""
        _check_refusal(first)
        if isinstance(first.error, ProviderRefusedError):
            sent = len(self._counting.sent)
            again = self._ask(vendor, parameters)
            _check_refusal(again)
            assert again.fields["provider_error"] == first.fields["provider_error"]
            assert len(self._counting.sent) == sent > 0
        return first

    def _ask(self, vendor: RecordingVendor, parameters: dict[str, str]) -> Answer:
        event = {
            "resource": "/iam/{credential}/token",
            "pathParameters": {"credential": self._definition.name},
            "headers": {"Content-Type": "application/x-www-form-urlencoded"},
            "requestContext": {"identity": {"userArn": _SESSION, "user": "AROAEXAMPLE:session"}},
            "body": urlencode({"grant_type": "client_credentials"} | parameters),
        }
        with _composed(vendor):
            got = handle_http(EntryPoint.IAM, parse_iam_event, event, through("live"))
        fields = json.loads(got["body"])
        return Answer(got["statusCode"], got["headers"], fields, vendor.token, vendor.error)


@contextmanager
def _composed(vendor: RecordingVendor) -> Iterator[None]:
    """Have the entry call *vendor*, in place of what is composed on AWS."""
    root = SimpleNamespace(vendor=vendor)
    with mock.patch.object(tokenvend.entries.callers, "composition_root", return_value=root):
        yield


def _check_token(answer: Answer, source: str) -> None:
    """Check that the answer is whole, and says where the token goes (RFC 6749 §5.1)."""
    assert answer.token is not None
    assert (answer.status, answer.fields["source"]) == (200, source)
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.fields["access_token"] == answer.token.access_token.reveal()
    assert answer.fields["token_type"]
    assert answer.fields["expires_in"] > 0
    assert any(answer.fields.get(part) for part in ("headers", "query", "path_prefix", "body"))


def _check_refusal(answer: Answer) -> None:
    """Check that the answer names the error alone (RFC 6749 §5.2)."""
    assert answer.error is not None
    assert answer.status == int(answer.error.status)
    assert answer.fields["error"] == answer.error.code
    assert answer.fields.keys() <= {"error", "error_description", "provider_error"}
