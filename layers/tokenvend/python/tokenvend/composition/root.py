"""The composition root: builds the use cases of one environment, each on first use."""

import os
from collections.abc import Callable, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING

from tokenvend.adapters.aws_clients import aws_client, listen_to_failures
from tokenvend.adapters.clock import SystemClock
from tokenvend.composition.lazy import asynchronous_invoker
from tokenvend.composition.settings import Settings, direct_function_of
from tokenvend.composition.shared import SharedParts
from tokenvend.composition.stores import Stores
from tokenvend.observability.incidents import count_aws_failure
from tokenvend.ports import CallerAliases
from tokenvend.vending.api_key import ApiKeys
from tokenvend.vending.lease_wait import sleep
from tokenvend.vending.store_outage import StoreOutage
from tokenvend.vending.token_acquirer import TokenAcquirer
from tokenvend.vending.vendor import Vendor

if TYPE_CHECKING:
    from tokenvend.consent.browser_flow import BrowserFlowSteps
    from tokenvend.consent.caller_connections import CallerConnections
    from tokenvend.schedules.keep_alive import KeepAlive
    from tokenvend.schedules.renewal import Renewer
    from tokenvend.schedules.secret_sweep import SecretSweep
    from tokenvend.vending.reject import RejectionRecorder
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
        self._shared = SharedParts(self.settings, self._stores, self.clock)
        listen_to_failures(count_aws_failure)

    @cached_property
    def vendor(self) -> Vendor:
        """The use case that vends tokens."""
        acquirer = TokenAcquirer(
            tokens=self._stores.tokens,
            leased_exchange=self._shared.leased_exchange,
            clock=self.clock,
            pause=sleep,
        )
        outage = StoreOutage(
            reader=self._stores.reader,
            exchange=self._shared.exchange,
            memory=self._shared.memory,
            clock=self.clock,
        )
        return Vendor(
            reader=self._stores.reader,
            tokens=self._stores.tokens,
            acquirer=acquirer,
            consents=self._shared.consent_check,
            api_keys=ApiKeys(secrets=self._shared.secrets, clock=self.clock),
            outage=outage,
            memory=self._shared.memory,
            quotas=self._shared.quotas,
            clock=self.clock,
        )

    @cached_property
    def rejection_recorder(self) -> "RejectionRecorder":
        """The use case that records rejections of tokens."""
        from tokenvend.vending.reject import RejectionRecorder

        return RejectionRecorder(
            reader=self._stores.reader,
            tokens=self._stores.tokens,
            consents=self._shared.consent_check,
            memory=self._shared.memory,
            clock=self.clock,
        )

    @cached_property
    def workloads(self) -> "WorkloadAuthenticator":
        """The use case that authenticates callers by their platforms' subject tokens."""
        from tokenvend.vending.workloads import WorkloadAuthenticator

        return WorkloadAuthenticator(
            tokens=self._shared.subject_tokens, used=self._stores.used_tokens
        )

    @cached_property
    def users(self) -> "UserTokenVerifier":
        """The use case that verifies signed-in users' subject tokens."""
        from tokenvend.vending.users import UserTokenVerifier

        return UserTokenVerifier(tokens=self._shared.subject_tokens)

    @cached_property
    def renewer(self) -> "Renewer":
        """The schedule that renews tokens in use."""
        from tokenvend.schedules.renewal import Renewer

        return Renewer(
            tokens=self._stores.tokens,
            credentials=self._stores.credentials,
            leased_exchange=self._shared.leased_exchange,
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
            secret_store=self._shared.secrets,
            provider=self._shared.provider,
            memory=self._shared.memory,
            clock=self.clock,
            quotas=self._shared.quotas,
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
            secret_store=self._shared.secrets,
            provider=self._shared.provider,
            clock=self.clock,
        )

    def invoke_again(self, function_arn: str) -> Callable[[bytes], None]:
        """Return a function that invokes *function_arn*, this function, without waiting for it."""
        return asynchronous_invoker(function_arn)

    @cached_property
    def keep_alive(self) -> "KeepAlive":
        """The schedule that refreshes unused connections."""
        from tokenvend.schedules.keep_alive import KeepAlive

        return KeepAlive(
            connections=self._stores.connections,
            credentials=self._stores.credentials,
            states=self._stores.states,
            refresher=self._shared.refresher,
            clock=self.clock,
        )


@cache
def composition_root() -> CompositionRoot:
    """Return the composition root of this environment, built once from its variables."""
    return CompositionRoot(os.environ)
