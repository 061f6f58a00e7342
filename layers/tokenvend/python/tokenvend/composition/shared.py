"""Build the parts that several use cases share, each on first use."""

from functools import cached_property
from typing import TYPE_CHECKING

from tokenvend.adapters.clock import SystemClock
from tokenvend.composition.lazy import (
    LazyConnections,
    LazyIdentityTokens,
    LazyProvider,
    LazyQuotas,
    LazySecrets,
    LazySigner,
)
from tokenvend.composition.settings import Settings
from tokenvend.composition.stores import Stores
from tokenvend.domain.token import AccessToken
from tokenvend.ports import ProviderApiClient
from tokenvend.vending.caller_quotas import CallerQuotas
from tokenvend.vending.consent_check import ConsentCheck
from tokenvend.vending.exchange import ClientExchange, ExchangeRequest
from tokenvend.vending.lease_wait import sleep
from tokenvend.vending.memory import Memory
from tokenvend.vending.signing import SigningClient
from tokenvend.vending.token_acquirer import LeasedExchange

if TYPE_CHECKING:
    from tokenvend.refresh_tokens.refresher import Refresher
    from tokenvend.vending.subject_tokens import SubjectTokens


class SharedParts:
    """What the use cases of one environment have in common: memory, exchanges, secrets."""

    def __init__(self, settings: Settings, stores: Stores, clock: SystemClock) -> None:
        self._settings = settings
        self._stores = stores
        self._clock = clock

    @cached_property
    def memory(self) -> Memory:
        """The memory of this environment."""
        return Memory(trust=self._settings.memory, outage_grace=self._settings.outage_grace)

    @cached_property
    def quotas(self) -> CallerQuotas:
        """The limits of callers that have one."""
        return CallerQuotas(LazyQuotas(lambda: self._stores.quotas))

    @cached_property
    def secrets(self) -> LazySecrets:
        """The providers' secrets."""
        return LazySecrets(self._settings)

    @cached_property
    def provider(self) -> ProviderApiClient:
        """The client for providers' endpoints; it signs where a credential says so."""
        return SigningClient(
            LazyProvider(self._settings), self.signer, self._clock, LazyIdentityTokens()
        )

    @cached_property
    def signer(self) -> LazySigner:
        """The signer of assertions, and of tokens that have no token endpoint."""
        return LazySigner()

    @cached_property
    def exchange(self) -> ClientExchange:
        """The exchange by which providers issue tokens."""
        return ClientExchange(
            secrets=self.secrets, provider=self.provider, signer=self.signer, clock=self._clock
        )

    @cached_property
    def leased_exchange(self) -> LeasedExchange:
        """The exchange under a lease, for all environments."""
        return LeasedExchange(
            tokens=self._stores.tokens,
            states=self._stores.states,
            exchange=self.exchange,
            refresh=self._refresh,
            clock=self._clock,
        )

    def _refresh(self, exchange_request: ExchangeRequest) -> AccessToken:
        # The refresher is built only for a connection's token.
        return self.refresher.run(exchange_request)

    @cached_property
    def consent_check(self) -> ConsentCheck:
        """The check that a connection has a consent."""
        return ConsentCheck(
            connections=LazyConnections(lambda: self._stores.connections), clock=self._clock
        )

    @cached_property
    def subject_tokens(self) -> "SubjectTokens":
        """The verification of platforms' and users' subject tokens."""
        from tokenvend.composition.subject_tokens import make_subject_tokens

        return make_subject_tokens(self._settings, self._stores, self._clock)

    @cached_property
    def refresher(self) -> "Refresher":
        """The use case that redeems refresh tokens."""
        from tokenvend.observability.consents import audit_consent_event
        from tokenvend.refresh_tokens.redeemer import Redeemer
        from tokenvend.refresh_tokens.refresher import Refresher

        redeemer = Redeemer(
            connections=self._stores.connections,
            exchange=self.exchange,
            provider=self.provider,
            secrets=self.secrets,
            clock=self._clock,
            pause=sleep,
            publish=audit_consent_event,
        )
        return Refresher(
            connections=self._stores.connections, redeemer=redeemer, clock=self._clock, pause=sleep
        )
