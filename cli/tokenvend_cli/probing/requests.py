"""A provider that is asked a bounded number of times, and what may be told of its answers."""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

from tokenvend.domain.cache_key import TokenSpec
from tokenvend.domain.oauth.error_code import error_code
from tokenvend.domain.oauth.token_request import (
    ProviderRequest,
    ProviderSecret,
    build_authenticated_request,
    build_token_request,
)
from tokenvend.domain.oauth.token_response import ProviderResponse
from tokenvend.domain.registry import CredentialDefinition, ScopeMode
from tokenvend.domain.scopes import NO_SCOPES, Scopes, format_scope
from tokenvend.domain.secret import Secret
from tokenvend.ports import ProviderAwayError, ProviderClient
from tokenvend_cli.problems import CommandError

#: A probe never asks more often than this, whatever the provider answers.
MOST_REQUESTS = 10


@dataclass(frozen=True, slots=True)
class ProviderAnswer:
    """An answer. `fields` may hold tokens, so they are never shown."""

    status: int
    fields: Mapping[str, Any] = field(repr=False)
    sent: tuple[Secret, ...] = field(default=(), repr=False)

    @property
    def token(self) -> str | None:
        """The access token, if there is one."""
        value = self.fields.get("access_token")
        return value if isinstance(value, str) and value else None

    @property
    def shape(self) -> str:
        """What kind of answer it is: nothing that a provider wrote but its error code."""
        error = error_code(self.fields.get("error"), sent=self.sent)
        if error is not None:
            return f"{self.status} {error}"
        return f"{self.status}" if self.fields else f"{self.status}, not JSON"

    def scopes(self) -> Scopes | None:
        """The scopes that the answer or the token itself names; `None` if neither does."""
        for fields in (self.fields, _claims(self.token)):
            for name in ("scope", "scp"):
                value = fields.get(name)
                if isinstance(value, str):
                    return frozenset(value.split())
                if isinstance(value, list):
                    return frozenset(str(each) for each in value)
        return None


class TokenSource(Protocol):
    """Where a probe's tokens come from: the credential itself, or a user's consent."""

    def token(self, scopes: Scopes = NO_SCOPES, *, names_scope: bool = False) -> ProviderAnswer:
        """Ask for a token, with `scope` where *names_scope* says so."""


class CredentialRequester:
    """Asks on behalf of one credential."""

    def __init__(
        self, client: ProviderClient, definition: CredentialDefinition, secret: ProviderSecret
    ) -> None:
        self._client = client
        self._definition = definition
        self._secret = secret
        self.requests = 0

    def token(self, scopes: Scopes = NO_SCOPES, *, names_scope: bool = False) -> ProviderAnswer:
        """Ask for a token as vending does, or with `scope` where *names_scope* says so."""
        definition = self._definition
        if names_scope:
            definition = replace(definition, scope_mode=ScopeMode.NARROWS)
        spec = TokenSpec(
            credential=definition.name, definition=definition.fingerprint, scopes=scopes
        )
        return self._send(build_token_request(definition, spec, self._secret))

    def refreshed(self, refresh_token: Secret, scopes: Scopes = NO_SCOPES) -> ProviderAnswer:
        """Spend *refresh_token*, for *scopes* if there are any."""
        form = {"grant_type": "refresh_token", "refresh_token": refresh_token.reveal()}
        if scopes:
            form["scope"] = format_scope(scopes, separator=self._definition.scope_separator)
        return self._post(self._definition.token_endpoint, form)

    def introspected(self, endpoint: str, token: str) -> ProviderAnswer:
        """What the provider says of *token* (RFC 7662)."""
        return self._post(endpoint, {"token": token, "token_type_hint": "access_token"})

    def _post(self, url: str, form: dict[str, str]) -> ProviderAnswer:
        return self._send(build_authenticated_request(self._definition, url, form, self._secret))

    def _send(self, request: ProviderRequest) -> ProviderAnswer:
        if self.requests >= MOST_REQUESTS:
            raise CommandError(f"the provider was asked {MOST_REQUESTS} times, which is the most")
        self.requests += 1
        try:
            response = self._client.send(request)
        except ProviderAwayError as error:
            raise CommandError(f"the provider does not answer: {error}") from None
        return ProviderAnswer(response.status, _json(response), response.sent)


class ConsentRequester:
    """Asks on behalf of one user's consent: each token is a refresh."""

    def __init__(self, asker: CredentialRequester, refresh_token: Secret) -> None:
        self._asker = asker
        self.refresh_token = refresh_token

    def token(self, scopes: Scopes = NO_SCOPES, *, names_scope: bool = False) -> ProviderAnswer:
        """Spend the refresh token that is good now, and keep the next one."""
        answer = self._asker.refreshed(self.refresh_token, scopes if names_scope else NO_SCOPES)
        successor = answer.fields.get("refresh_token")
        if isinstance(successor, str) and successor:
            self.refresh_token = Secret(successor)
        return answer


def _json(response: ProviderResponse) -> Mapping[str, Any]:
    try:
        fields = json.loads(response.body)
    except (ValueError, RecursionError):
        return {}
    return fields if isinstance(fields, dict) else {}


def _claims(token: str | None) -> Mapping[str, Any]:
    """What a JWT says of itself. Nobody relies on it: it only tells what the provider does."""
    parts = (token or "").split(".")
    if len(parts) != 3:
        return {}
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return {}
    return claims if isinstance(claims, dict) else {}
