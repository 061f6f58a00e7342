"""The one place where the parts are put together, on first use, once per environment."""

import os
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING

from tokenvend.adapters.aws_clients import aws_client, listen_to_failures
from tokenvend.adapters.clock import SystemClock
from tokenvend.composition.lazy import (
    LazyConnections,
    LazyIdentityTokens,
    LazyMaker,
    LazyProvider,
    LazySecrets,
    LazySigner,
    asynchronous_invoker,
)
from tokenvend.composition.settings import Settings, direct_function_of
from tokenvend.composition.stores import Stores
from tokenvend.observability.alarms import count_aws_failure
from tokenvend.ports import CallerAliases, ProviderApi
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
    from tokenvend.vending.subject_tokens import SubjectTokens
    from tokenvend.vending.sweep import Sweep
    from tokenvend.vending.users import Users
    from tokenvend.vending.workloads import Workloads


class Environment:
    """The parts of one Lambda execution environment, each made when it is first wanted.

    Raises:
        SettingsError: the function's environment variables are incomplete.
    """

    def __init__(self, variables: Mapping[str, str], *, clock: SystemClock | None = None) -> None:
        self._variables = variables
        self.settings = Settings.from_environment(variables)
        self.clock = clock or SystemClock()
        self._stores = Stores(self.settings, self.clock)
        listen_to_failures(count_aws_failure)

    @cached_property
    def vendor(self) -> Vendor:
        """Answers callers."""
        obtainer = Obtainer(
            tokens=self._stores.tokens, replacer=self._replacer, clock=self.clock, pause=sleep
        )
        outage = Outage(
            reader=self._stores.reader,
            exchange=self.exchange,
            memory=self._memory,
            clock=self.clock,
        )
        return Vendor(
            reader=self._stores.reader,
            tokens=self._stores.tokens,
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
            reader=self._stores.reader,
            tokens=self._stores.tokens,
            consents=self._decided_consents,
            memory=self._memory,
            clock=self.clock,
        )

    @cached_property
    def workloads(self) -> "Workloads":
        """Proves callers by their platform's tokens."""
        from tokenvend.vending.workloads import Workloads

        return Workloads(tokens=self._subject_tokens, used=self._stores.used_tokens)

    @cached_property
    def users(self) -> "Users":
        """Says whom signed-in users' tokens are about."""
        from tokenvend.vending.users import Users

        return Users(tokens=self._subject_tokens)

    @cached_property
    def _subject_tokens(self) -> "SubjectTokens":
        from tokenvend.composition.subject_tokens import make_subject_tokens

        return make_subject_tokens(self.settings, self._stores, self.clock)

    @cached_property
    def renewer(self) -> "Renewer":
        """Renews what is in use."""
        from tokenvend.vending.renew import Renewer

        return Renewer(
            tokens=self._stores.tokens,
            credentials=self._stores.credentials,
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
        return Sweep(
            catalog=catalog,
            credentials=self._stores.credentials,
            states=self._stores.states,
            clock=self.clock,
        )

    @cached_property
    def caller_aliases(self) -> "CallerAliases":
        """Direct callers' aliases. Only the sweep is told of the direct function."""
        from tokenvend.adapters.caller_aliases import LambdaCallerAliases

        return LambdaCallerAliases(
            aws_client("lambda"), function=direct_function_of(self._variables)
        )

    @cached_property
    def connections(self) -> "Connections":
        """Starts, completes, lists and ends callers' connections."""
        from tokenvend.connecting.connections import Connections
        from tokenvend.observability.consents import audit_consent_event

        return Connections(
            reader=self._stores.reader,
            connections=self._stores.connections,
            sessions=self._stores.consents,
            secret_store=self._secrets,
            provider=self._provider,
            memory=self._memory,
            clock=self.clock,
            tell=audit_consent_event,
        )

    @cached_property
    def consenting(self) -> "Consenting":
        """Leads users through consent."""
        from tokenvend.connecting.consenting import Consenting

        return Consenting(
            reader=self._stores.reader,
            connections=self._stores.connections,
            sessions=self._stores.consents,
            secret_store=self._secrets,
            provider=self._provider,
            clock=self.clock,
        )

    def invoke_again(self, function_arn: str) -> Callable[[bytes], None]:
        """Invokes *function_arn*, which is this function, without waiting for it."""
        return asynchronous_invoker(function_arn)

    @cached_property
    def _memory(self) -> Memory:
        return Memory(trust=self.settings.memory, outage_grace=self.settings.outage_grace)

    @cached_property
    def exchange(self) -> Exchange:
        """Asks providers for tokens."""
        return Exchange(secrets=self._secrets, provider=self._provider, clock=self.clock)

    @cached_property
    def _provider(self) -> ProviderApi:
        return SigningClient(
            LazyProvider(self.settings), LazySigner(), self.clock, LazyIdentityTokens()
        )

    @cached_property
    def _secrets(self) -> LazySecrets:
        return LazySecrets(self.settings)

    @cached_property
    def _replacer(self) -> Replacer:
        return Replacer(
            tokens=self._stores.tokens,
            states=self._stores.states,
            exchange=LazyMaker(self.exchange, lambda: self._maker),
            clock=self.clock,
        )

    @cached_property
    def _decided_consents(self) -> Consents:
        return Consents(
            connections=LazyConnections(lambda: self._stores.connections), clock=self.clock
        )

    @cached_property
    def _maker(self) -> "KindOfTokenMaker":
        from tokenvend.connecting.maker import KindOfTokenMaker

        return KindOfTokenMaker(exchange=self.exchange, refresher=self.refresher)

    @cached_property
    def keep_alive(self) -> "KeepAlive":
        """Refreshes connections that nobody uses."""
        from tokenvend.connecting.keep_alive import KeepAlive

        return KeepAlive(
            connections=self._stores.connections,
            credentials=self._stores.credentials,
            states=self._stores.states,
            refresher=self.refresher,
            clock=self.clock,
        )

    @cached_property
    def refresher(self) -> "Refresher":
        """Spends refresh tokens."""
        from tokenvend.connecting.refresh import Refresher
        from tokenvend.connecting.spend import Spender
        from tokenvend.observability.consents import audit_consent_event

        spender = Spender(
            connections=self._stores.connections,
            exchange=self.exchange,
            provider=self._provider,
            secrets=self._secrets,
            clock=self.clock,
            pause=sleep,
            tell=audit_consent_event,
        )
        return Refresher(
            connections=self._stores.connections, spender=spender, clock=self.clock, pause=sleep
        )


@cache
def environment() -> Environment:
    """This environment, by the variables that the template sets."""
    return Environment(os.environ)
