"""The one place where the parts are put together, on first use, once per environment."""

import os
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from tokenvend.adapters.aws_clients import aws_client, tell_time
from tokenvend.adapters.aws_errors import store_errors
from tokenvend.adapters.clock import SystemClock
from tokenvend.adapters.dynamodb.credential_states import DynamoDbCredentialStates
from tokenvend.adapters.dynamodb.data_keys import DynamoDbDataKeys
from tokenvend.adapters.dynamodb.token_items import TokenItemParser
from tokenvend.adapters.dynamodb.token_store import DynamoDbTokenStore
from tokenvend.adapters.dynamodb.vend_reader import DynamoDbVendReader
from tokenvend.adapters.encryption import EnvelopeCipher
from tokenvend.lazy import LazyConnections, LazyMaker, LazyProvider, LazySecrets, LazySigner
from tokenvend.observability import count_untrusted
from tokenvend.ports import ConnectionStore, ConsentStore, CredentialReader, ProviderApi
from tokenvend.settings import Settings
from tokenvend.vending.api_key import ApiKeys
from tokenvend.vending.consents import Consents
from tokenvend.vending.exchange import Exchange
from tokenvend.vending.memory import Memory
from tokenvend.vending.obtain import Obtainer
from tokenvend.vending.outage import Outage
from tokenvend.vending.replacing import Replacer
from tokenvend.vending.signing import SigningClient
from tokenvend.vending.vendor import Vendor
from tokenvend.vending.wait import sleep

if TYPE_CHECKING:
    from tokenvend.connecting.connections import Connections
    from tokenvend.connecting.consenting import Consenting
    from tokenvend.connecting.keep_alive import KeepAlive
    from tokenvend.connecting.maker import KindOfTokenMaker
    from tokenvend.connecting.refresh import Refresher
    from tokenvend.vending.reject import Rejecter
    from tokenvend.vending.renew import Renewer
    from tokenvend.vending.sweep import Sweep

TOKENS = "tokens"
CONNECTIONS = "connections"


class Environment:
    """The parts of one Lambda execution environment, each made when it is first wanted.

    Raises:
        SettingsError: the function's environment variables are incomplete.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self.settings = Settings.from_environment(variables)
        self.clock = SystemClock()

    @cached_property
    def vendor(self) -> Vendor:
        """Answers callers."""
        obtainer = Obtainer(
            tokens=self._tokens, replacer=self._replacer, clock=self.clock, pause=sleep
        )
        outage = Outage(
            reader=self._reader, exchange=self.exchange, memory=self._memory, clock=self.clock
        )
        return Vendor(
            reader=self._reader,
            tokens=self._tokens,
            obtainer=obtainer,
            consents=self._decided_consents,
            api_keys=ApiKeys(secrets=self._secrets, clock=self.clock),
            outage=outage,
            memory=self._memory,
            clock=self.clock,
        )

    @cached_property
    def rejecter(self) -> "Rejecter":
        """Takes reports of tokens that an API refused."""
        from tokenvend.vending.reject import Rejecter

        return Rejecter(
            reader=self._reader,
            tokens=self._tokens,
            consents=self._decided_consents,
            memory=self._memory,
            clock=self.clock,
        )

    @cached_property
    def renewer(self) -> "Renewer":
        """Renews what is in use."""
        from tokenvend.vending.renew import Renewer

        return Renewer(
            tokens=self._tokens,
            credentials=self._credentials,
            replacer=self._replacer,
            clock=self.clock,
        )

    @cached_property
    def sweep(self) -> "Sweep":
        """Finds secrets that were changed elsewhere."""
        from tokenvend.adapters.secret_catalog import SecretsManagerCatalog
        from tokenvend.vending.sweep import Sweep

        catalog = SecretsManagerCatalog(
            aws_client("secretsmanager"),
            prefix=self.settings.secret_prefix,
            deployment=self.settings.deployment,
        )
        return Sweep(catalog=catalog, credentials=self._credentials, states=self._states)

    @cached_property
    def connections(self) -> "Connections":
        """Starts, completes, lists and ends callers' connections."""
        from tokenvend.connecting.connections import Connections

        return Connections(
            reader=self._reader,
            connections=self._connections,
            sessions=self._consents,
            secret_store=self._secrets,
            provider=self._provider,
            clock=self.clock,
        )

    @cached_property
    def consenting(self) -> "Consenting":
        """Leads users through consent."""
        from tokenvend.connecting.consenting import Consenting

        return Consenting(
            reader=self._reader,
            connections=self._connections,
            sessions=self._consents,
            secret_store=self._secrets,
            provider=self._provider,
            clock=self.clock,
        )

    def invoke_again(self, function_arn: str) -> Callable[[bytes], None]:
        """Invokes *function_arn*, which is this function, without waiting for it."""
        client = aws_client("lambda")

        def invoke(payload: bytes) -> None:
            with store_errors("lambda:Invoke"):
                client.invoke(FunctionName=function_arn, InvocationType="Event", Payload=payload)

        return invoke

    @cached_property
    def _memory(self) -> Memory:
        return Memory(trust=self.settings.memory, outage_grace=self.settings.outage_grace)

    @cached_property
    def _dynamodb(self) -> Any:
        client = aws_client("dynamodb")
        tell_time(client, self.clock.learn)
        return client

    @cached_property
    def _cipher(self) -> EnvelopeCipher:
        return self._cipher_of(TOKENS)

    def _cipher_of(self, logical_table: str) -> EnvelopeCipher:
        """A cipher for one table; data keys are shared through the tokens table, which forgets."""
        table = self.settings.tokens_table
        return EnvelopeCipher(
            aws_client("kms"),
            DynamoDbDataKeys(self._dynamodb, table=table, logical_table=logical_table),
            key_arn=self.settings.key_arn,
            deployment=self.settings.deployment,
            logical_table=logical_table,
            on_untrusted=count_untrusted,
        )

    @cached_property
    def _connections(self) -> ConnectionStore:
        from tokenvend.adapters.dynamodb.connection_store import DynamoDbConnectionStore

        return DynamoDbConnectionStore(
            self._dynamodb,
            self._cipher_of(CONNECTIONS),
            table=self.settings.connections_table,
            clock=self.clock,
            on_untrusted=count_untrusted,
        )

    @cached_property
    def _consents(self) -> ConsentStore:
        from tokenvend.adapters.dynamodb.consent_store import DynamoDbConsentStore

        return DynamoDbConsentStore(
            self._dynamodb,
            self._cipher,
            table=self.settings.tokens_table,
            clock=self.clock,
            on_untrusted=count_untrusted,
        )

    @cached_property
    def _tokens(self) -> DynamoDbTokenStore:
        return DynamoDbTokenStore(
            self._dynamodb,
            self._cipher,
            table=self.settings.tokens_table,
            clock=self.clock,
            on_untrusted=count_untrusted,
        )

    @cached_property
    def _reader(self) -> DynamoDbVendReader:
        return DynamoDbVendReader(
            self._dynamodb,
            TokenItemParser(self._cipher, count_untrusted),
            registry_table=self.settings.registry_table,
            tokens_table=self.settings.tokens_table,
            on_untrusted=count_untrusted,
        )

    @cached_property
    def _credentials(self) -> CredentialReader:
        from tokenvend.adapters.dynamodb.credential_reader import DynamoDbCredentialReader

        return DynamoDbCredentialReader(
            self._dynamodb,
            registry_table=self.settings.registry_table,
            tokens_table=self.settings.tokens_table,
            on_untrusted=count_untrusted,
        )

    @cached_property
    def _states(self) -> DynamoDbCredentialStates:
        return DynamoDbCredentialStates(self._dynamodb, table=self.settings.tokens_table)

    @cached_property
    def exchange(self) -> Exchange:
        """Asks providers for tokens."""
        return Exchange(secrets=self._secrets, provider=self._provider, clock=self.clock)

    @cached_property
    def _provider(self) -> ProviderApi:
        return SigningClient(LazyProvider(self.settings), LazySigner(), self.clock)

    @cached_property
    def _secrets(self) -> LazySecrets:
        return LazySecrets(self.settings)

    @cached_property
    def _replacer(self) -> Replacer:
        return Replacer(
            tokens=self._tokens,
            states=self._states,
            exchange=LazyMaker(self.exchange, lambda: self._maker),
            clock=self.clock,
        )

    @cached_property
    def _decided_consents(self) -> Consents:
        return Consents(connections=LazyConnections(lambda: self._connections), clock=self.clock)

    @cached_property
    def _maker(self) -> "KindOfTokenMaker":
        from tokenvend.connecting.maker import KindOfTokenMaker

        return KindOfTokenMaker(exchange=self.exchange, refresher=self.refresher)

    @cached_property
    def keep_alive(self) -> "KeepAlive":
        """Refreshes connections that nobody uses."""
        from tokenvend.connecting.keep_alive import KeepAlive

        return KeepAlive(
            connections=self._connections,
            credentials=self._credentials,
            refresher=self.refresher,
            clock=self.clock,
        )

    @cached_property
    def refresher(self) -> "Refresher":
        """Spends refresh tokens."""
        from tokenvend.connecting.refresh import Refresher
        from tokenvend.consent_audit import audit_consent_event

        return Refresher(
            connections=self._connections,
            exchange=self.exchange,
            provider=self._provider,
            secrets=self._secrets,
            clock=self.clock,
            pause=sleep,
            tell=audit_consent_event,
        )


@cache
def environment() -> Environment:
    """This environment, by the variables that the template sets."""
    return Environment(os.environ)
