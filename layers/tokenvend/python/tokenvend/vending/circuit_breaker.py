"""The circuit breaker of a credential: after a refusal, one environment at a time tries again.

What opens it: the provider refuses the client itself (401, `invalid_client`), or says that it is
asked too often (429). A provider that does not answer backs off each token's own key only: its
`Failure` is stored in the token's item, and `Acquisition.current_backoff` minds both. What requests
get meanwhile, and how long the back-off is: `domain/failure.py`.

    CLOSED ──refused──► OPEN ──back-off is over, one request is admitted──► HALF-OPEN ──► CLOSED
                          ▲                                                   │
                          └──────────── refused again, a longer back-off ─────┘

A half-open breaker admits the next request after the length of a lease, so that an environment
that ended in between blocks nobody.
"""

from dataclasses import replace

from tokenvend.domain import bounds
from tokenvend.domain.credential_state import (
    ProviderOutage,
    ScheduledReader,
    concerns_credential,
    is_provider_away,
    observed_in,
    outage_after,
)
from tokenvend.domain.errors import (
    CONNECTION_BUSY,
    ConsentRequiredError,
    CredentialNotReadyError,
    ProviderRefusedError,
    SubjectTokenError,
    TokenVendError,
)
from tokenvend.domain.failure import Failure, failure_after
from tokenvend.domain.freshness import jitter_of
from tokenvend.domain.token import AccessToken
from tokenvend.ports import Clock, CredentialStates, StoreAwayError
from tokenvend.vending.acquisition import Acquisition


class CircuitBreaker:
    """The circuit breaker for one exchange. All environments share its state in the table."""

    def __init__(self, states: CredentialStates, acquisition: Acquisition, clock: Clock) -> None:
        self._states = states
        self._acquisition = acquisition
        self._clock = clock
        self._failure = acquisition.state.failure

    def admit(self) -> None:
        """Admit this exchange if the breaker is closed, or if this one is the half-open try.

        Raises:
            TokenVendError: another request tries now; the refusal as it was.
        """
        refused = self._failure
        if refused is None:
            return
        now = self._clock.now()
        claimed = replace(refused, retry_at=now + bounds.LEASE)
        if not self._write(claimed):
            raise claimed.to_error(now)

    def record_success(self, token: AccessToken) -> None:
        """Close the breaker; store what *token* shows of the provider if that has changed."""
        self._close()
        self._mark_ready(is_ready=True)
        self._write_outage(None)
        spec, observed = self._acquisition.spec, observed_in(token)
        if observed.is_like(self._acquisition.state.observed):
            return
        try:
            self._states.record_observed(spec.credential, spec.tenant, observed)
        except StoreAwayError:
            return

    def _close(self) -> None:
        if self._failure is not None:
            self._write(None)

    def record_failure(self, error: TokenVendError, of_key: Failure | None) -> Failure | None:
        """Store *error* if it opens the breaker; return the failure to store for the token's key.

        The key's item stores it in any case, because a request that waits for this key reads no
        other item. An unusable secret, a missing consent and a busy connection are no failures of
        the provider, so they do not stop the next request.
        """
        if isinstance(error, CredentialNotReadyError | ConsentRequiredError):
            self._mark_ready(is_ready=not isinstance(error, CredentialNotReadyError))
            return of_key
        if error.rule == CONNECTION_BUSY or isinstance(error, SubjectTokenError):
            return of_key
        for_user = self._acquisition.spec.user is not None
        now, concerns_all = self._clock.now(), concerns_credential(error, for_user=for_user)
        if self._is_of_one_customer:
            # A failure at one customer's host says nothing about the hosts of others.
            concerns_all = False
        elif is_provider_away(error):
            self._write_outage(outage_after(self._outage, now))
        elif concerns_all or isinstance(error, ProviderRefusedError):
            # The provider answered, so an outage is over.
            self._write_outage(None)
        failure = failure_after(
            self._failure if concerns_all else of_key,
            error,
            now=now,
            jitter=jitter_of(self._acquisition.key),
            secret_generation=self._acquisition.state.secret_generation,
        )
        if concerns_all:
            self._write(failure)
        elif isinstance(error, ProviderRefusedError):
            # The provider refused something else, so it accepts the credential again.
            self._close()
        return failure

    def _mark_ready(self, *, is_ready: bool) -> None:
        """Store whether a schedule could use the secret: no caller would be told of it."""
        reader, state = ScheduledReader.RENEWAL, self._acquisition.state
        if not self._acquisition.is_renewal or is_ready == (reader not in state.not_ready_for):
            return
        spec = self._acquisition.spec
        try:
            self._states.mark_ready(spec.credential, spec.tenant, reader, is_ready=is_ready)
        except StoreAwayError:
            return

    @property
    def _is_of_one_customer(self) -> bool:
        """Whether a connection is asked for that has a host of its own."""
        acquisition = self._acquisition
        return acquisition.spec.connection is not None and bool(
            acquisition.definition.tenant_values
        )

    @property
    def _outage(self) -> ProviderOutage | None:
        return self._acquisition.state.outage

    def _write_outage(self, after: ProviderOutage | None) -> None:
        """Store it for the operator; if another environment has written since, its word stands."""
        if after == self._outage:
            return
        spec = self._acquisition.spec
        try:
            self._states.replace_outage(
                spec.credential, spec.tenant, before=self._outage, after=after
            )
        except StoreAwayError:
            return

    def _write(self, after: Failure | None) -> bool:
        spec = self._acquisition.spec
        try:
            written = self._states.replace_failure(
                spec.credential, spec.tenant, before=self._failure, after=after
            )
        except StoreAwayError:
            return False
        if written:
            self._failure = after
        return written
