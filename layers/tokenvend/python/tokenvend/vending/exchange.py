"""One token request to a token endpoint (RFC 6749 §4.4), or two if the secret changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_definition import (
    CredentialDefinition,
    CredentialKind,
    Rotation,
)
from tokenvend.domain.errors import (
    CredentialNotReadyError,
    ProviderRefusedError,
    SubjectTokenError,
    TemporarilyUnavailableError,
    TokenVendError,
    provider_away,
)
from tokenvend.domain.oauth.token_request import (
    ProviderRequest,
    ProviderSecret,
    build_revocation_request,
    build_token_request,
)
from tokenvend.domain.oauth.token_response import ProviderResponse, parse_token_response
from tokenvend.domain.token import AccessToken, SecretStage
from tokenvend.ports import (
    AssertionSigner,
    Clock,
    OAuthEndpointClient,
    ProviderAwayError,
    SecretStore,
)
from tokenvend.vending.provider_secret import read_secret, token_presenter

if TYPE_CHECKING:  # few requests are a user's
    from tokenvend.domain.users import UserToken

_EXPECTED_AT_FIRST = timedelta(milliseconds=300)
#: A second request must end within the time of one slow one, so the first must have been quick.
_QUICK_SECONDS = 2.0
_INVALID_CLIENT = frozenset({"invalid_client", "http_401"})


@dataclass(frozen=True, slots=True)
class ExchangeRequest:
    """What to request from a provider: credential, token, time limit, user.

    `secret_generation` is that of the secret as just read. `deadline` is the end of this
    invocation, in the clock's monotonic seconds. `user_token` is that of the user on whose behalf
    the token is requested.
    """

    definition: CredentialDefinition
    spec: TokenSpec
    secret_generation: str = ""
    deadline: float = 0.0
    user_token: UserToken | None = None


class Exchange(Protocol):
    """Gets a new token from a provider."""

    @property
    def expected_duration(self) -> timedelta:
        """How long the newest exchange took. Waiting requests sleep that long before they poll."""

    def run(self, exchange_request: ExchangeRequest) -> AccessToken:
        """Return a new token.

        Raises:
            TokenVendError: there is none, or not now.
        """


class ClientExchange:
    """The exchange of the client's own credentials for a token, without a user.

    *signer* signs the tokens of a credential that has no token endpoint.
    """

    def __init__(
        self,
        *,
        secrets: SecretStore,
        provider: OAuthEndpointClient,
        signer: AssertionSigner,
        clock: Clock,
    ) -> None:
        self._secrets = secrets
        self._provider = provider
        self._signer = signer
        self._clock = clock
        #: How long an exchange takes, by the newest one: waiters sleep until then.
        self.expected_duration = _EXPECTED_AT_FIRST

    def run(self, exchange_request: ExchangeRequest) -> AccessToken:
        """Return a new token.

        Raises:
            CredentialNotReadyError: the secret is missing or may not go to this host.
            ProviderRefusedError: the provider refuses, or gave more than was asked for.
            TemporarilyUnavailableError: the provider or Secrets Manager is away.
        """
        token, stage = self.with_secret(
            exchange_request.definition,
            exchange_request.spec.tenant,
            lambda secret: self._ask(exchange_request, secret),
        )
        return replace(token, secret_stage=stage)

    def with_secret[T](
        self,
        definition: CredentialDefinition,
        tenant: str | None,
        ask: Callable[[ProviderSecret], T],
    ) -> tuple[T, SecretStage]:
        """Call *ask* with the credential's secret; return its answer, and the secret's stage.

        If the provider refuses the client, *ask* is called once more, provided that the secret has
        changed meanwhile or its next version (`AWSPENDING`) is waiting.

        Raises:
            CredentialNotReadyError: the secret is missing or may not go to this host.
            TemporarilyUnavailableError: Secrets Manager does not answer.
            ProviderRefusedError: *ask* raised it for either secret.
        """
        started = self._clock.monotonic()
        secret = read_secret(self._secrets, definition, tenant)
        try:
            got = ask(secret), SecretStage.CURRENT
        except ProviderRefusedError as refused:
            if refused.provider_error not in _INVALID_CLIENT:
                raise
            if self._clock.monotonic() - started > _QUICK_SECONDS:
                raise
            other, stage = self._another_secret(definition, tenant, secret) or (None, None)
            if other is None or stage is None:
                raise
            got = ask(other), stage
        self.expected_duration = timedelta(seconds=self._clock.monotonic() - started)
        return got

    def _another_secret(
        self, definition: CredentialDefinition, tenant: str | None, refused: ProviderSecret
    ) -> tuple[ProviderSecret, SecretStage] | None:
        stages = [SecretStage.CURRENT]
        if definition.rotation is Rotation.STAGED:
            stages.append(SecretStage.PENDING)
        for stage in stages:
            try:
                secret = read_secret(self._secrets, definition, tenant, stage=stage)
            except (CredentialNotReadyError, TemporarilyUnavailableError):
                continue
            if secret.version != refused.version:
                return secret, stage
        return None

    def _ask(self, exchange_request: ExchangeRequest, secret: ProviderSecret) -> AccessToken:
        presented = token_presenter(exchange_request.definition, secret)
        if exchange_request.definition.kind is CredentialKind.SIGNED_JWT:
            return presented(self._signed(exchange_request, secret))
        requested_at = self._clock.now()
        user = exchange_request.user_token
        request = build_token_request(
            exchange_request.definition,
            exchange_request.spec,
            secret,
            user_token=user.token if user else None,
        )
        response = self._send(request)
        token = parse_token_response(
            response,
            exchange_request.definition,
            requested_scopes=exchange_request.spec.scopes,
            requested_at=requested_at,
            secret_generation=exchange_request.secret_generation,
        )
        self._refuse_wider(token, exchange_request, secret)
        if exchange_request.definition.api_request:
            # Imported here: the API of most providers takes a bearer token.
            from tokenvend.domain.oauth.answer_values import with_answer_values

            token = with_answer_values(token, response, exchange_request.definition)
        token = presented(token)
        return token if user is None else _ending_with(user, token, self._clock.now())

    def _signed(self, exchange_request: ExchangeRequest, secret: ProviderSecret) -> AccessToken:
        # Imported here: few credentials have no token endpoint.
        from tokenvend.vending.signed_token import sign_token

        return sign_token(
            exchange_request.definition,
            exchange_request.spec,
            secret,
            signer=self._signer,
            clock=self._clock,
            secret_generation=exchange_request.secret_generation,
        )

    def _send(self, request: ProviderRequest) -> ProviderResponse:
        try:
            return self._provider.send(request)
        except ProviderAwayError:
            raise provider_away() from None

    def _refuse_wider(
        self, token: AccessToken, exchange_request: ExchangeRequest, secret: ProviderSecret
    ) -> None:
        # If neither the request nor the credential names scopes, the grant has full access.
        unnamed = not exchange_request.spec.scopes and not exchange_request.definition.scopes
        if unnamed or token.scopes <= exchange_request.spec.scopes:
            return
        self._revoke_best_effort(token, exchange_request.definition, secret)
        raise ProviderRefusedError(
            "The provider gave a token with more scopes than requested, so it was not used.",
            provider_error="scope_widened",
        )

    def _revoke_best_effort(
        self, token: AccessToken, definition: CredentialDefinition, secret: ProviderSecret
    ) -> None:
        request = build_revocation_request(definition, token.access_token, secret)
        if request is None:
            return
        try:
            self._provider.send(request)
        except (ProviderAwayError, TokenVendError):
            return


def _ending_with(user: UserToken, token: AccessToken, now: datetime) -> AccessToken:
    """*token*, which ends with the user's own at the latest.

    Raises:
        SubjectTokenError: that has expired since it was verified.
    """
    if now >= user.expires_at:
        raise SubjectTokenError("The user's token has expired.", rule="subject_token.expired")
    return replace(token, expires_at=min(token.expires_at, user.expires_at))
