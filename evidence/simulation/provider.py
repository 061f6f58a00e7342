"""Secrets Manager and the provider, each behind its network."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from tests.fakes.provider import FakeProvider
from tests.fakes.secret_store import FakeSecretStore

from simulation.kernel import Kernel, Task
from simulation.network import Network
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.oauth.token_request import ProviderRequest, ProviderSecret
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.token import SecretStage


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
    """`ports.OAuthEndpointClient`. It remembers what each token was given for, and when.

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
        """See `ports.OAuthEndpointClient`."""
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
