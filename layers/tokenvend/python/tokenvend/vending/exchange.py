"""One token request to a provider's token endpoint (RFC 6749 §4.4)."""

from datetime import timedelta

from tokenvend.domain.decision import Decision
from tokenvend.domain.errors import (
    CredentialNotReadyError,
    ProviderRefusedError,
    TemporarilyUnavailableError,
    TokenVendError,
)
from tokenvend.domain.failure import Failure, failure_after
from tokenvend.domain.oauth.token_request import (
    ProviderRequest,
    ProviderSecret,
    build_revocation_request,
    build_token_request,
    host_of,
)
from tokenvend.domain.oauth.token_response import ProviderResponse, parse_token_response
from tokenvend.domain.token import AccessToken, jitter_of
from tokenvend.ports import (
    Clock,
    ProviderAwayError,
    ProviderClient,
    SecretStore,
)
from tokenvend.vending.secret import read_secret

_EXPECTED_AT_FIRST = timedelta(milliseconds=300)


class Exchange:
    """Reads the secret, asks the provider, and judges the answer."""

    def __init__(self, *, secrets: SecretStore, provider: ProviderClient, clock: Clock) -> None:
        self._secrets = secrets
        self._provider = provider
        self._clock = clock
        #: How long an exchange takes, by the newest one: waiters sleep until then.
        self.expected = _EXPECTED_AT_FIRST

    def run(self, decision: Decision, *, epoch: str) -> AccessToken:
        """A new token for *decision*.

        Raises:
            CredentialNotReadyError: the secret is missing or may not go to this host.
            ProviderRefusedError: the provider refuses, or gave more than was asked for.
            TemporarilyUnavailableError: the provider or Secrets Manager is away.
        """
        started = self._clock.monotonic()
        secret = read_secret(self._secrets, decision.definition, decision.spec.tenant)
        requested_at = self._clock.now()
        request = build_token_request(decision.definition, decision.spec, secret)
        token = parse_token_response(
            self._send(request),
            decision.definition,
            asked=decision.spec.scopes,
            requested_at=requested_at,
            epoch=epoch,
        )
        self.expected = timedelta(seconds=self._clock.monotonic() - started)
        self._refuse_wider(token, decision, secret)
        return token

    def failure_to_record(
        self, previous: Failure | None, error: TokenVendError, *, key: str
    ) -> Failure | None:
        """What the other environments must know of *error*.

        A secret that is not ready is not the provider's failure: once it is put, the next
        request may try.
        """
        if isinstance(error, CredentialNotReadyError):
            return previous
        return failure_after(previous, error, now=self._clock.now(), jitter=jitter_of(key))

    def _send(self, request: ProviderRequest) -> ProviderResponse:
        try:
            return self._provider.send(request)
        except ProviderAwayError:
            raise TemporarilyUnavailableError(
                "The provider did not answer in time.", rule="provider.away"
            ) from None

    def _refuse_wider(self, token: AccessToken, decision: Decision, secret: ProviderSecret) -> None:
        # The token is kept for whoever may ask for the same scopes, so full access excuses a
        # wider one only where none were named: such a token goes to full access alone.
        unnamed = not decision.spec.scopes and not decision.definition.scopes
        if decision.grant.full_access and unnamed:
            return
        if token.scopes <= decision.spec.scopes:
            return
        self._revoke_quietly(token, decision, secret)
        raise ProviderRefusedError(
            "The provider gave a token with more scopes than were asked for; it was not used.",
            provider_error="scope_widened",
        )

    def _revoke_quietly(
        self, token: AccessToken, decision: Decision, secret: ProviderSecret
    ) -> None:
        request = build_revocation_request(decision.definition, token.access_token, secret)
        # The secret goes only to the host recorded with it, for this endpoint too.
        if request is None or host_of(request.url) != secret.allowed_host.lower():
            return
        try:
            self._provider.send(request)
        except ProviderAwayError:
            return
