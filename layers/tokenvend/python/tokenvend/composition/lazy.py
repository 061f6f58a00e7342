"""Adapters that are loaded on first use, because each costs cold-start time."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from tokenvend.adapters.aws_clients import aws_client
from tokenvend.adapters.aws_errors import store_errors
from tokenvend.composition.settings import Settings
from tokenvend.domain.credential_definition import CredentialDefinition
from tokenvend.domain.oauth.token_request import ProviderRequest, ProviderSecret
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.secret import Secret
from tokenvend.domain.signing import SigningAlgorithm, SigningKey
from tokenvend.domain.token import SecretStage
from tokenvend.domain.token_presentation import RequestParts
from tokenvend.ports import AssertionSigner, ConnectionReader, ProviderApiClient

if TYPE_CHECKING:
    from tokenvend.domain.connection import Connection, ConnectionKey
    from tokenvend.domain.quota import Quota
    from tokenvend.ports.quotas import Drawn, QuotaStore


class LazyConnections:
    """A `ConnectionReader` that is built on first use: when a request names a connection."""

    def __init__(self, reader: Callable[[], ConnectionReader]) -> None:
        self._reader = reader

    def read(self, key: ConnectionKey) -> Connection | None:
        """See `ports.ConnectionReader`."""
        return self._reader().read(key)


class LazySecrets:
    """A `SecretStore` that makes its client on first use: only a cache miss needs a secret."""

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
    """A `QuotaStore` that is built on first use: only a caller with a limit needs it."""

    def __init__(self, store: Callable[[], QuotaStore]) -> None:
        self._store = store

    def draw(self, caller: str, quota: Quota, permits: int, *, now: int, from_full: bool) -> Drawn:
        """See `ports.quotas.QuotaStore`."""
        return self._store().draw(caller, quota, permits, now=now, from_full=from_full)


class LazyProvider:
    """A `ProviderApiClient` that imports requests (109 ms) on first use: for a cache miss."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send(self, request: ProviderRequest) -> ProviderResponse:
        """See `ports.OAuthEndpointClient`."""
        return self._client().send(request)

    def get(self, url: str, *, parts: RequestParts) -> ProviderResponse:
        """See `ports.ProviderApiClient`."""
        return self._client().get(url, parts=parts)

    def _client(self) -> ProviderApiClient:
        from tokenvend.adapters.provider_http import RequestsProviderClient

        return RequestsProviderClient(allow_loopback_http=self._settings.local_stack)


class LazySigner:
    """An `AssertionSigner` that is built on first use: only a client assertion needs it."""

    def key_id(self, key: SigningKey) -> str:
        """See `ports.AssertionSigner`."""
        return _signer().key_id(key)

    def sign(self, key: SigningKey, algorithm: SigningAlgorithm, message: bytes) -> bytes:
        """See `ports.AssertionSigner`."""
        return _signer().sign(key, algorithm, message)


class LazyIdentityTokens:
    """An `IdentityTokens` that makes its STS client on first use."""

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
    """Return a function that invokes *function_arn* with a payload, without waiting for its end."""
    client = aws_client("lambda")

    def invoke(payload: bytes) -> None:
        with store_errors("lambda:Invoke"):
            client.invoke(FunctionName=function_arn, InvocationType="Event", Payload=payload)

    return invoke
