"""Send a bounded number of requests to a provider, and describe the answers without secrets."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import Protocol

from tokenvend.adapters.clock import SystemClock
from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.credential_definition import CredentialDefinition, ScopeMode
from tokenvend.domain.oauth.error_code import error_code
from tokenvend.domain.oauth.refresh import build_refresh_request
from tokenvend.domain.oauth.refresh_token import refresh_token_of
from tokenvend.domain.oauth.response_description import ReadAnswer
from tokenvend.domain.oauth.token_request import (
    ProviderRequest,
    ProviderSecret,
    build_authenticated_request,
    build_token_request,
    to_token_endpoint,
)
from tokenvend.domain.oauth.token_response import (
    ProviderResponse,
    answer_of,
    is_success,
    jwt_claims,
)
from tokenvend.domain.scopes import NO_SCOPES, Scopes
from tokenvend.domain.secret import Secret
from tokenvend.ports import Clock, OAuthEndpointClient, ProviderAwayError
from tokenvend_cli.problems import CommandError

#: A probe never asks more often than this, whatever the provider answers.
MOST_REQUESTS = 10
_MOST_NAMES = 6


@dataclass(frozen=True)
class ProviderAnswer:
    """An answer, read by the description of its provider. It may hold tokens: never shown."""

    response: ProviderResponse = field(repr=False)
    definition: CredentialDefinition = field(repr=False)
    requested_at: datetime

    @cached_property
    def answer(self) -> ReadAnswer:
        """The answer, with the paths by which it is read."""
        return answer_of(self.response, self.definition)

    @property
    def token(self) -> str | None:
        """The access token, if there is one and nothing says that the request failed."""
        value = self.answer.token
        failed = self.answer.error is not None or self.answer.lacks_success
        if failed or not is_success(self.response):
            return None
        return value if isinstance(value, str) and value else None

    @property
    def refresh_token(self) -> Secret | None:
        """The refresh token, if there is one."""
        return refresh_token_of(self.response, self.definition)

    @property
    def shape(self) -> str:
        """Return the status of the answer, and its error code if that is safe to show."""
        error = error_code(self.answer.error, sent=self.response.sent)
        if error is not None:
            return f"{self.response.status} {error}"
        is_object = isinstance(self.answer.document, Mapping) and self.answer.document
        return f"{self.response.status}" if is_object else f"{self.response.status}, not JSON"

    @property
    def names(self) -> list[str]:
        """The names of its outermost fields, as far as they are words that quote nothing sent."""
        document = self.answer.document
        names = document if isinstance(document, Mapping) else {}
        answer = (error_code(name, sent=self.response.sent) for name in names)
        return [name for name in answer if name is not None][:_MOST_NAMES]

    def scopes(self) -> Scopes | None:
        """The scopes that the answer or the token itself names; `None` if neither does."""
        separator = self.definition.scope_separator
        claims = jwt_claims(self.token or "")
        stated = self.answer.at(self.answer.described.scope)
        besides = (self.answer.beside_token.get("scp"), claims.get("scope"), claims.get("scp"))
        for value in (stated, *besides):
            if isinstance(value, str):
                return frozenset(filter(None, value.split(separator)))
            if isinstance(value, list):
                return frozenset(str(each) for each in value)
        return None


class TokenSource(Protocol):
    """Where a probe's tokens come from: the credential itself, or a user's consent."""

    def token(self, scopes: Scopes = NO_SCOPES, *, names_scope: bool = False) -> ProviderAnswer:
        """Ask for a token, with `scope` where *names_scope* says so."""


class CredentialRequester:
    """Requests tokens for one credential; `definition` says how, and a probe may change it."""

    def __init__(
        self,
        client: OAuthEndpointClient,
        definition: CredentialDefinition,
        secret: ProviderSecret,
        *,
        clock: Clock | None = None,
    ) -> None:
        self._client = client
        self.definition = definition
        self.secret = secret
        self._clock = clock or SystemClock()
        self.requests = 0

    @property
    def left(self) -> int:
        """Return how many requests may still be sent."""
        return MOST_REQUESTS - self.requests

    def token(self, scopes: Scopes = NO_SCOPES, *, names_scope: bool = False) -> ProviderAnswer:
        """Ask for a token as vending does, or with `scope` where *names_scope* says so."""
        definition = self.definition
        if names_scope:
            definition = replace(definition, scope_mode=ScopeMode.NARROWS)
        spec = TokenSpec(
            credential=definition.name, definition=definition.fingerprint, scopes=scopes
        )
        return self._send(build_token_request(definition, spec, self.secret))

    def refreshed(self, refresh_token: Secret, scopes: Scopes = NO_SCOPES) -> ProviderAnswer:
        """Redeem *refresh_token*, for *scopes* if there are any."""
        return self._send(
            build_refresh_request(
                self.definition, refresh_token, self.secret, requested_scopes=scopes or None
            )
        )

    def mistaken(self) -> ProviderAnswer:
        """Ask for a token by a grant type that no provider has."""
        form = {"grant_type": "urn:tokenvend:probe:no-such-grant-type"}
        return self._send(to_token_endpoint(self.definition, form, self.secret))

    def introspected(self, endpoint: str, token: str) -> Mapping[str, object]:
        """Return the provider's introspection of *token* (RFC 7662)."""
        form = {"token": token, "token_type_hint": "access_token"}
        answer = self._send(
            build_authenticated_request(self.definition, endpoint, form, self.secret)
        )
        document = answer.answer.document
        return document if isinstance(document, Mapping) else {}

    def _send(self, request: ProviderRequest) -> ProviderAnswer:
        if not self.left:
            raise CommandError(f"the provider was asked {MOST_REQUESTS} times, which is the most")
        self.requests += 1
        requested_at = self._clock.now()
        try:
            response = self._client.send(request)
        except ProviderAwayError as error:
            raise CommandError(f"the provider does not answer: {error}") from None
        return ProviderAnswer(response, self.definition, requested_at)


class ConsentRequester:
    """Requests tokens under one user's consent: each is a refresh."""

    def __init__(self, asker: CredentialRequester, refresh_token: Secret) -> None:
        self._asker = asker
        self.refresh_token = refresh_token

    def token(self, scopes: Scopes = NO_SCOPES, *, names_scope: bool = False) -> ProviderAnswer:
        """Redeem the current refresh token, and remember the next one."""
        answer = self._asker.refreshed(self.refresh_token, scopes if names_scope else NO_SCOPES)
        self.refresh_token = answer.refresh_token or self.refresh_token
        return answer
