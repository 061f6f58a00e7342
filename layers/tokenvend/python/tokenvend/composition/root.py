"""The composition root: builds the object graph of one environment, each part on first use."""

import os
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING

from tokenvend.adapters.aws_clients import aws_client, listen_to_failures
from tokenvend.adapters.clock import SystemClock
from tokenvend.composition.lazy import (
    LazyConnections,
    LazyExchange,
    LazyIdentityTokens,
    LazyProvider,
    LazyQuotas,
    LazySecrets,
    LazySigner,
    asynchronous_invoker,
)
from tokenvend.composition.settings import Settings, direct_function_of
from tokenvend.composition.stores import Stores
from tokenvend.observability.incidents import count_aws_failure
from tokenvend.ports import CallerAliases, ProviderApi
from tokenvend.vending.api_key import ApiKeys
from tokenvend.vending.caller_quotas import CallerQuotas
from tokenvend.vending.consent_check import ConsentCheck
from tokenvend.vending.exchange import ClientExchange
from tokenvend.vending.lease_wait import sleep
from tokenvend.vending.leased_exchange import LeasedExchange
from tokenvend.vending.memory import Memory
from tokenvend.vending.signing import SigningClient
from tokenvend.vending.store_outage import StoreOutage
from tokenvend.vending.token_acquirer import TokenAcquirer
from tokenvend.vending.vendor import Vendor

if TYPE_CHECKING:
    from tokenvend.consent.browser_flow import BrowserFlowSteps
    from tokenvend.consent.caller_connections import CallerConnections
    from tokenvend.refresh_tokens.exchange_by_grant_type import ExchangeByGrantType
    from tokenvend.refresh_tokens.refresher import Refresher
    from tokenvend.schedules.keep_alive import KeepAlive
    from tokenvend.schedules.renewal import Renewer
    from tokenvend.schedules.secret_sweep import SecretSweep
    from tokenvend.vending.reject import Rejecter
    from tokenvend.vending.subject_tokens import SubjectTokens
    from tokenvend.vending.users import UserTokenVerifier
    from tokenvend.vending.workloads import WorkloadAuthenticator


class CompositionRoot:
    """The object graph of one Lambda execution environment; each part is built on first use.

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
        """The use case that vends tokens."""
        acquirer = TokenAcquirer(
            tokens=self._stores.tokens,
            leased_exchange=self._leased_exchange,
            clock=self.clock,
            pause=sleep,
        )
        outage = StoreOutage(
            reader=self._stores.reader,
            exchange=self.exchange,
            memory=self._memory,
            clock=self.clock,
        )
        return Vendor(
            reader=self._stores.reader,
            tokens=self._stores.tokens,
            acquirer=acquirer,
            consents=self._consent_check,
            api_keys=ApiKeys(secrets=self._secrets, clock=self.clock),
            outage=outage,
            memory=self._memory,
            quotas=self._quotas,
            clock=self.clock,
        )

    @cached_property
    def _quotas(self) -> CallerQuotas:
        return CallerQuotas(LazyQuotas(lambda: self._stores.quotas))

    @cached_property
    def rejecter(self) -> "Rejecter":
        """The use case that records rejections of tokens."""
        from tokenvend.vending.reject import Rejecter

        return Rejecter(
            reader=self._stores.reader,
            tokens=self._stores.tokens,
            consents=self._consent_check,
            memory=self._memory,
            clock=self.clock,
        )

    @cached_property
    def workloads(self) -> "WorkloadAuthenticator":
        """The use case that authenticates callers by their platforms' subject tokens."""
        from tokenvend.vending.workloads import WorkloadAuthenticator

        return WorkloadAuthenticator(tokens=self._subject_tokens, used=self._stores.used_tokens)

    @cached_property
    def users(self) -> "UserTokenVerifier":
        """The use case that verifies signed-in users' subject tokens."""
        from tokenvend.vending.users import UserTokenVerifier

        return UserTokenVerifier(tokens=self._subject_tokens)

    @cached_property
    def _subject_tokens(self) -> "SubjectTokens":
        from tokenvend.composition.subject_tokens import make_subject_tokens

        return make_subject_tokens(self.settings, self._stores, self.clock)

    @cached_property
    def renewer(self) -> "Renewer":
        """The schedule that renews tokens in use."""
        from tokenvend.schedules.renewal import Renewer

        return Renewer(
            tokens=self._stores.tokens,
            credentials=self._stores.credentials,
            leased_exchange=self._leased_exchange,
            clock=self.clock,
        )

    @cached_property
    def sweep(self) -> "SecretSweep":
        """The schedule that finds secrets changed outside of tokenvend."""
        from tokenvend.adapters.secret_catalog import SecretsManagerCatalog
        from tokenvend.schedules.secret_sweep import SecretSweep

        catalog = SecretsManagerCatalog(
            aws_client("secretsmanager"),
            prefix=self.settings.secret_prefix,
            deployment=self.settings.deployment,
        )
        return SecretSweep(
            catalog=catalog,
            credentials=self._stores.credentials,
            states=self._stores.states,
            clock=self.clock,
        )

    @cached_property
    def caller_aliases(self) -> "CallerAliases":
        """Direct callers' aliases; only the sweep's environment names the direct function."""
        from tokenvend.adapters.caller_aliases import LambdaCallerAliases

        return LambdaCallerAliases(
            aws_client("lambda"), function=direct_function_of(self._variables)
        )

    @cached_property
    def connections(self) -> "CallerConnections":
        """The use case that starts, completes, lists and ends callers' connections."""
        from tokenvend.consent.caller_connections import CallerConnections
        from tokenvend.observability.consents import audit_consent_event

        return CallerConnections(
            reader=self._stores.reader,
            connections=self._stores.connections,
            sessions=self._stores.consents,
            secret_store=self._secrets,
            provider=self._provider,
            memory=self._memory,
            clock=self.clock,
            quotas=self._quotas,
            publish=audit_consent_event,
        )

    @cached_property
    def browser_flow(self) -> "BrowserFlowSteps":
        """The use case that leads users' browsers through consent."""
        from tokenvend.consent.browser_flow import BrowserFlowSteps

        return BrowserFlowSteps(
            reader=self._stores.reader,
            connections=self._stores.connections,
            sessions=self._stores.consents,
            secret_store=self._secrets,
            provider=self._provider,
            clock=self.clock,
        )

    def invoke_again(self, function_arn: str) -> Callable[[bytes], None]:
        """Return a function that invokes *function_arn*, this function, without waiting for it."""
        return asynchronous_invoker(function_arn)

    @cached_property
    def _memory(self) -> Memory:
        return Memory(trust=self.settings.memory, outage_grace=self.settings.outage_grace)

    @cached_property
    def exchange(self) -> ClientExchange:
        """The exchange by which providers issue tokens."""
        return ClientExchange(secrets=self._secrets, provider=self._provider, clock=self.clock)

    @cached_property
    def _provider(self) -> ProviderApi:
        return SigningClient(
            LazyProvider(self.settings), LazySigner(), self.clock, LazyIdentityTokens()
        )

    @cached_property
    def _secrets(self) -> LazySecrets:
        return LazySecrets(self.settings)

    @cached_property
    def _leased_exchange(self) -> LeasedExchange:
        return LeasedExchange(
            tokens=self._stores.tokens,
            states=self._stores.states,
            exchange=LazyExchange(self.exchange, lambda: self._exchange_by_grant_type),
            clock=self.clock,
        )

    @cached_property
    def _consent_check(self) -> ConsentCheck:
        return ConsentCheck(
            connections=LazyConnections(lambda: self._stores.connections), clock=self.clock
        )

    @cached_property
    def _exchange_by_grant_type(self) -> "ExchangeByGrantType":
        from tokenvend.refresh_tokens.exchange_by_grant_type import ExchangeByGrantType

        return ExchangeByGrantType(exchange=self.exchange, refresher=self.refresher)

    @cached_property
    def keep_alive(self) -> "KeepAlive":
        """The schedule that refreshes unused connections."""
        from tokenvend.schedules.keep_alive import KeepAlive

        return KeepAlive(
            connections=self._stores.connections,
            credentials=self._stores.credentials,
            states=self._stores.states,
            refresher=self.refresher,
            clock=self.clock,
        )

    @cached_property
    def refresher(self) -> "Refresher":
        """The use case that redeems refresh tokens."""
        from tokenvend.observability.consents import audit_consent_event
        from tokenvend.refresh_tokens.redeemer import Redeemer
        from tokenvend.refresh_tokens.refresher import Refresher

        redeemer = Redeemer(
            connections=self._stores.connections,
            exchange=self.exchange,
            provider=self._provider,
            secrets=self._secrets,
            clock=self.clock,
            pause=sleep,
            publish=audit_consent_event,
        )
        return Refresher(
            connections=self._stores.connections, redeemer=redeemer, clock=self.clock, pause=sleep
        )


@cache
def composition_root() -> CompositionRoot:
    """Return the composition root of this environment, built once from its variables."""
    return CompositionRoot(os.environ)
