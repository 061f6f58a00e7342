"""Parts that few requests need, built only when one does: each costs start-up time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING

from tokenvend.adapters.aws_clients import aws_client
from tokenvend.adapters.aws_errors import store_errors
from tokenvend.composition.settings import Settings
from tokenvend.domain.oauth.token_request import ProviderRequest, ProviderSecret
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.registry import CredentialDefinition
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import SigningAlgorithm, SigningKey
from tokenvend.domain.token import AccessToken, SecretStage
from tokenvend.ports import AssertionSigner, ConnectionReader, ProviderApi
from tokenvend.vending.exchange import ClientExchange, Exchange, ExchangeRequest

if TYPE_CHECKING:
    from tokenvend.domain.connection import Connection, ConnectionKey
    from tokenvend.domain.quota import Quota
    from tokenvend.ports.quotas import Drawn, QuotaStore


class LazyConnections:
    """Only a request that names a connection pays for reading one."""

    def __init__(self, reader: Callable[[], ConnectionReader]) -> None:
        self._reader = reader

    def read(self, key: ConnectionKey) -> Connection | None:
        """See `ports.ConnectionReader`."""
        return self._reader().read(key)


class LazyExchange:
    """Loads the code for refresh tokens only for a connection's token."""

    def __init__(
        self, exchange: ClientExchange, exchange_by_grant_type: Callable[[], Exchange]
    ) -> None:
        self._exchange = exchange
        self._exchange_by_grant_type = exchange_by_grant_type

    @property
    def expected(self) -> timedelta:
        """See `Exchange`."""
        return self._exchange.expected

    def run(self, exchange_request: ExchangeRequest) -> AccessToken:
        """See `Exchange`."""
        if exchange_request.spec.connection is None:
            return self._exchange.run(exchange_request)
        return self._exchange_by_grant_type().run(exchange_request)


class LazySecrets:
    """Only a miss needs Secrets Manager, so only a miss pays for its client."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def read(
        self,
        definition: CredentialDefinition,
        tenant: str | None,
        *,
        stage: SecretStage = SecretStage.CURRENT,
    ) -> ProviderSecret:
        """See `ports.SecretStore`."""
        from tokenvend.adapters.secrets_manager import SecretsManagerStore

        store = SecretsManagerStore(
            aws_client("secretsmanager"),
            prefix=self._settings.secret_prefix,
            deployment=self._settings.deployment,
        )
        return store.read(definition, tenant, stage=stage)


class LazyQuotas:
    """Only a caller with a limit pays for the table of quotas."""

    def __init__(self, store: Callable[[], QuotaStore]) -> None:
        self._store = store

    def draw(self, caller: str, quota: Quota, permits: int, *, now: int, from_full: bool) -> Drawn:
        """See `ports.quotas.QuotaStore`."""
        return self._store().draw(caller, quota, permits, now=now, from_full=from_full)


class LazyProvider:
    """Only a miss talks to a provider, so only a miss pays for importing requests (109 ms)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send(self, request: ProviderRequest) -> ProviderResponse:
        """See `ports.ProviderClient`."""
        return self._client().send(request)

    def get(self, url: str, *, bearer: Secret) -> ProviderResponse:
        """See `ports.ProviderApi`."""
        return self._client().get(url, bearer=bearer)

    def _client(self) -> ProviderApi:
        from tokenvend.adapters.provider_http import RequestsProviderClient

        return RequestsProviderClient(allow_loopback_http=self._settings.local_stack)


class LazySigner:
    """Only a client that signs pays for the code that does."""

    def key_id(self, key: SigningKey) -> str:
        """See `ports.AssertionSigner`."""
        return _signer().key_id(key)

    def sign(self, key: SigningKey, algorithm: SigningAlgorithm, message: bytes) -> bytes:
        """See `ports.AssertionSigner`."""
        return _signer().sign(key, algorithm, message)


class LazyIdentityTokens:
    """Only a client that AWS speaks for pays for a client of STS."""

    def token(self, audience: str) -> Secret:
        """See `ports.IdentityTokens`."""
        from tokenvend.adapters.signing.aws_identity import StsIdentityTokens

        return StsIdentityTokens(aws_client("sts")).token(audience)


@cache
def _signer() -> AssertionSigner:
    from tokenvend.adapters.signing.kms import KmsSigner
    from tokenvend.adapters.signing.signer import Signer

    return Signer(KmsSigner(aws_client("kms")))


def asynchronous_invoker(function_arn: str) -> Callable[[bytes], None]:
    """Invokes *function_arn* with a payload, without waiting for what comes of it."""
    client = aws_client("lambda")

    def invoke(payload: bytes) -> None:
        with store_errors("lambda:Invoke"):
            client.invoke(FunctionName=function_arn, InvocationType="Event", Payload=payload)

    return invoke
