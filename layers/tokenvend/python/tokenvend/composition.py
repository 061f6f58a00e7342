"""The one place where the parts are put together, on first use, once per environment."""

import os
from functools import cache

from tokenvend.adapters.aws_clients import aws_client
from tokenvend.adapters.clock import SystemClock
from tokenvend.adapters.dynamodb.data_keys import DynamoDbDataKeys
from tokenvend.adapters.dynamodb.token_items import TokenItemParser
from tokenvend.adapters.dynamodb.token_store import DynamoDbTokenStore
from tokenvend.adapters.dynamodb.vend_reader import DynamoDbVendReader
from tokenvend.adapters.encryption import EnvelopeCipher
from tokenvend.domain.oauth.token_request import ProviderRequest, ProviderSecret
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.registry import CredentialDefinition
from tokenvend.observability import count_untrusted
from tokenvend.settings import Settings
from tokenvend.vending.api_key import ApiKeys
from tokenvend.vending.exchange import Exchange
from tokenvend.vending.memory import Memory
from tokenvend.vending.obtain import Obtainer
from tokenvend.vending.vendor import Vendor
from tokenvend.vending.wait import sleep

TOKENS = "tokens"


@cache
def vendor() -> Vendor:
    """The use case of this environment, on the tables, key and secrets of its deployment.

    Raises:
        SettingsError: the function's environment variables are incomplete.
    """
    settings = Settings.from_environment(os.environ)
    clock = SystemClock()
    dynamodb = aws_client("dynamodb")
    cipher = EnvelopeCipher(
        aws_client("kms"),
        DynamoDbDataKeys(dynamodb, table=settings.tokens_table, logical_table=TOKENS),
        key_arn=settings.key_arn,
        deployment=settings.deployment,
        logical_table=TOKENS,
        on_untrusted=count_untrusted,
    )
    tokens = DynamoDbTokenStore(
        dynamodb,
        cipher,
        table=settings.tokens_table,
        clock=clock,
        on_untrusted=count_untrusted,
    )
    reader = DynamoDbVendReader(
        dynamodb,
        TokenItemParser(cipher, count_untrusted),
        registry_table=settings.registry_table,
        tokens_table=settings.tokens_table,
        on_untrusted=count_untrusted,
    )
    secrets = _LazySecrets(settings)
    exchange = Exchange(secrets=secrets, provider=_LazyProvider(settings), clock=clock)
    return Vendor(
        reader=reader,
        tokens=tokens,
        obtainer=Obtainer(tokens=tokens, exchange=exchange, clock=clock, pause=sleep),
        api_keys=ApiKeys(secrets=secrets, clock=clock),
        memory=Memory(trust=settings.memory, outage_grace=settings.outage_grace),
        clock=clock,
    )


class _LazySecrets:
    """Only a miss needs Secrets Manager, so only a miss pays for its client."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def read(self, definition: CredentialDefinition, tenant: str | None) -> ProviderSecret:
        from tokenvend.adapters.secrets_manager import SecretsManagerStore

        store = SecretsManagerStore(
            aws_client("secretsmanager"),
            prefix=self._settings.secret_prefix,
            deployment=self._settings.deployment,
        )
        return store.read(definition, tenant)


class _LazyProvider:
    """Only a miss talks to a provider, so only a miss pays for importing requests (109 ms)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def send(self, request: ProviderRequest) -> ProviderResponse:
        from tokenvend.adapters.provider_http import RequestsProviderClient

        client = RequestsProviderClient(allow_loopback_http=self._settings.local_stack)
        return client.send(request)
